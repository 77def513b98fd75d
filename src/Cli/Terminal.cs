using System.Text;

namespace ValueStream.Cli;

/// <summary>The person at the terminal, where there is one: reached past redirections, as passwords are asked for.</summary>
internal static class Terminal
{
    private const int Patience = 60_000;
    private const int LongestLine = 4096;

    /// <summary>
    /// Asks for a line. Null when nobody can be asked (no terminal, or in its background, where reading would stop this process), when
    /// nothing is answered within a minute, and when the answer is empty.
    /// </summary>
    public static string? Ask(string question)
    {
        try
        {
            using var terminal = File.OpenHandle("/dev/tty", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            var descriptor = (int)terminal.DangerousGetHandle();
            if (!Native.IsInForeground(descriptor))
            {
                return null;
            }
            Native.Write(descriptor, Encoding.UTF8.GetBytes(question + " "));
            var line = new byte[LongestLine];
            if (!Native.Poll(descriptor, Native.PollIn, Patience))
            {
                Native.Write(descriptor, "\n"u8);
                return null;
            }
            return Encoding.UTF8.GetString(line.AsSpan(0, Math.Max(Native.Read(descriptor, line), 0))).Trim() is { Length: > 0 } answer ? answer : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
