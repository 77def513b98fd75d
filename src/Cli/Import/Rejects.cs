using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace ValueStream.Cli.Import;

/// <summary>What was not taken: the first lines or documents are told, all of them are kept where a file is named.</summary>
internal sealed class Rejects : IDisposable
{
    private const int Told = 20;

    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Action<string> _tell;
    private readonly FileStream? _file;
    private long _count;

    private Rejects(FileStream? file, Action<string> tell) => (_file, _tell) = (file, tell);

    /// <summary>Begins.</summary>
    /// <param name="path">Where to keep them: a new file, or one of an earlier import; null when nowhere.</param>
    /// <param name="tell">Says a word to the user.</param>
    /// <exception cref="CouldNotException">No such file can be written there.</exception>
    public static Rejects To(string? path, Action<string> tell)
    {
        try
        {
            return path is null ? new(null, tell)
                // For itself alone: a file that is being imported is not overwritten, whatever it is called here.
                : IsOurs(path) ? new(new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None), tell)
                : throw new CouldNotException($"{path} is there already and is no file of -rejects: name another");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CouldNotException($"-rejects={path}: {e.Message.TrimEnd('.')}");
        }
    }

    /// <summary>Takes a line.</summary>
    public void Add(long number, string problem, string text) => Add(string.Create(CultureInfo.InvariantCulture, $"line {number} was not taken: {problem}"), writer =>
    {
        writer.WriteNumber("line"u8, number);
        writer.WriteString("problem"u8, problem);
        writer.WriteString("text"u8, text);
    });

    /// <summary>Takes a document.</summary>
    /// <param name="file">The file that it is from.</param>
    /// <param name="part">Which document of that file, or which line; null where the file is one document.</param>
    /// <param name="says">What is told of it.</param>
    /// <param name="problem">Why.</param>
    public void Add(string file, long? part, string says, string problem) => Add(says, writer =>
    {
        writer.WriteString("file"u8, file);
        if (part is { } number)
        {
            writer.WriteNumber("part"u8, number);
        }
        writer.WriteString("problem"u8, problem);
    });

    /// <summary>Says how many more there were.</summary>
    /// <param name="one">What one of them is called, with its verb.</param>
    /// <param name="many">What more of them are called.</param>
    public void End(string one = "line was", string many = "lines were")
    {
        _file?.Flush();
        if (_count > Told)
        {
            _tell(string.Create(CultureInfo.InvariantCulture, $"and {_count - Told:N0} more {(_count - Told == 1 ? one : many)} not taken")
                + (_file is null ? "; -rejects FILE keeps all of them" : $"; all of them are in {_file.Name}"));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();

    private void Add(string says, Action<Utf8JsonWriter> write)
    {
        if (++_count <= Told)
        {
            _tell(says);
        }
        if (_file is null)
        {
            return;
        }
        using (var writer = new Utf8JsonWriter(_file, Readable))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }
        _file.WriteByte((byte)'\n');
    }

    /// <summary>Whether nothing is lost when it is overwritten: it is not there, empty, or was written here.</summary>
    private static bool IsOurs(string path)
    {
        if (!Path.Exists(path))
        {
            return true;
        }
        using var file = File.OpenRead(path);
        var start = new byte["{\"line\":"u8.Length];
        var read = file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        return read == 0 || start.AsSpan(0, read).SequenceEqual("{\"line\":"u8) || start.AsSpan(0, read).SequenceEqual("{\"file\":"u8);
    }
}
