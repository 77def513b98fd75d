using System.Text;

namespace ValueStream.Cli;

/// <summary>The two channels: stdout is data, stderr is talk. Neither may ever fail the script.</summary>
internal static class Talk
{
    private const int Stdout = 1;
    private const int Stderr = 2;

    private static readonly List<string> Held = [];
    private static bool _isHeld;

    /// <summary>The columns of the terminal that stderr is; null when it is none, 0 when the terminal does not know them.</summary>
    public static int? Columns => Native.Columns(Stderr);

    /// <summary>A line of data on stdout.</summary>
    public static void Data(string text) => Native.Write(Stdout, Encoding.UTF8.GetBytes(text + "\n"));

    /// <summary>A line of talk on stderr, marked as ours. It may quote what others wrote: nothing in it can steer the terminal.</summary>
    public static void Say(string text)
    {
        var line = "vscli: " + Printable.Clean(text);
        lock (Held)
        {
            if (_isHeld)
            {
                Held.Add(line);
                return;
            }
        }
        Plain(line);
    }

    /// <summary>Keeps what is said to itself until <see cref="Release"/>: the terminal belongs to somebody else for now.</summary>
    public static void Hold()
    {
        lock (Held)
        {
            _isHeld = true;
        }
    }

    /// <summary>Says what was held back.</summary>
    public static void Release()
    {
        lock (Held)
        {
            _isHeld = false;
            foreach (var line in Held)
            {
                Plain(line);
            }
            Held.Clear();
        }
    }

    /// <summary>A text on stderr as it is.</summary>
    public static void Plain(string text) => Draw(text + "\n");

    /// <summary>Characters on stderr, and no end of line.</summary>
    public static void Draw(string text) => Native.Write(Stderr, Encoding.UTF8.GetBytes(text));
}
