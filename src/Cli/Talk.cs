using System.Text;

namespace ValueStream.Cli;

/// <summary>The two channels: stdout is data, stderr is talk. Neither may ever fail the script.</summary>
internal static class Talk
{
    private const int Stdout = 1;
    private const int Stderr = 2;

    /// <summary>The columns of the terminal that stderr is; null when it is none, 0 when the terminal does not know them.</summary>
    public static int? Columns => Native.Columns(Stderr);

    /// <summary>A line of data on stdout.</summary>
    public static void Data(string text) => Native.Write(Stdout, Encoding.UTF8.GetBytes(text + "\n"));

    /// <summary>A line of talk on stderr, marked as ours. It may quote what others wrote: nothing in it can steer the terminal.</summary>
    public static void Say(string text) => Plain("vscli: " + Printable.Clean(text));

    /// <summary>A text on stderr as it is.</summary>
    public static void Plain(string text) => Draw(text + "\n");

    /// <summary>Characters on stderr, and no end of line.</summary>
    public static void Draw(string text) => Native.Write(Stderr, Encoding.UTF8.GetBytes(text));
}
