using System.Text;

namespace ValueStream.Cli;

/// <summary>The two channels: stdout is data, stderr is talk. Neither may ever fail the script.</summary>
internal static class Talk
{
    /// <summary>A line of data on stdout.</summary>
    public static void Data(string text) => Write(Console.OpenStandardOutput, text);

    /// <summary>A line of talk on stderr, marked as ours.</summary>
    public static void Say(string text) => Plain("vscli: " + text);

    /// <summary>A text on stderr as it is.</summary>
    public static void Plain(string text) => Write(Console.OpenStandardError, text);

    // The streams are written to directly: Console's writers cost more than the rest of the start.
    private static void Write(Func<Stream> open, string text)
    {
        try
        {
            using var stream = open();
            stream.Write(Encoding.UTF8.GetBytes(text + "\n"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            // Closed or full: there is nobody to tell.
        }
    }
}
