using System.Text;

namespace ValueStream.Cli;

/// <summary>
/// What a query command writes on stdout, in large pieces. An answer that could not be written is no answer: it throws, and the
/// command ends with 2.
/// </summary>
internal sealed class Output : IDisposable
{
    private const int Stdout = 1;
    private const int Enough = 32 << 10;

    private readonly MemoryStream _waiting = new();

    /// <summary>The columns of the terminal that stdout is; null when it is none.</summary>
    public static int? Columns => Native.Columns(Stdout) is { } columns ? columns > 0 ? columns : 80 : null;

    /// <summary>A text as it is.</summary>
    public void Text(string text) => Bytes(Encoding.UTF8.GetBytes(text));

    /// <summary>A line.</summary>
    public void Line(string text) => Text(text + "\n");

    /// <summary>Bytes as they are.</summary>
    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        _waiting.Write(bytes);
        if (_waiting.Length >= Enough)
        {
            Flush();
        }
    }

    /// <summary>Writes what waits.</summary>
    /// <exception cref="CouldNotException">stdout takes no more.</exception>
    public void Flush()
    {
        if (!Native.Write(Stdout, _waiting.GetBuffer().AsSpan(0, (int)_waiting.Length)))
        {
            // Whoever reads the first lines alone (head) has what it wants.
            throw new CouldNotException(Native.IsNobodyReading ? "" : "stdout takes no more: is the disk full?");
        }
        _waiting.SetLength(0);
    }

    /// <summary>Nothing: what waits when something fails is not written.</summary>
    public void Dispose() => _waiting.Dispose();
}

/// <summary>A query command could not do what it was asked; its message says why and what to do, or is empty when nobody wants to know.</summary>
internal sealed class CouldNotException(string why) : Exception(why);
