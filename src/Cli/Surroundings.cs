using System.Text;

namespace ValueStream.Cli;

/// <summary>What vscli sees around it.</summary>
internal static class Surroundings
{
    /// <summary>The user's name; null when the machine knows none.</summary>
    public static string? User => Environment.UserName is { Length: > 0 } name ? name : Settings.Variable("USER");

    /// <summary>The machine's name.</summary>
    public static string Host => Environment.MachineName;

    /// <summary>OpenTelemetry's value of <c>os.type</c>.</summary>
    public static string System => OperatingSystem.IsMacOS() ? "darwin" : "linux";

    /// <summary>The base name of the script that called vscli; null for an interactive shell and where it cannot be told.</summary>
    public static string? CallingScript()
    {
        try
        {
            var line = File.ReadAllBytes($"/proc/{Native.ParentProcess()}/cmdline");
            return ScriptOf(Encoding.UTF8.GetString(line).TrimEnd('\0').Split('\0'));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The base name of the script that a command line runs: <c>bash -e ./deploy.sh</c> runs <c>deploy.sh</c>.</summary>
    public static string? ScriptOf(ReadOnlySpan<string> command)
    {
        if (!IsInterpreter(Path.GetFileName(command[0])))
        {
            return null;
        }
        for (var i = 1; i < command.Length; i++)
        {
            var word = command[i];
            if (word is "sh" or "ash" && i == 1)
            {
                continue; // busybox sh deploy.sh
            }
            if (word.Length < 2 || word[0] is not ('-' or '+'))
            {
                // CI runners write each step to a file of a new name, and bash <(...) runs a descriptor: no names to be known by.
                var isNamed = word.Length > 1 && !word.StartsWith("/dev/", StringComparison.Ordinal)
                    && !word.StartsWith("/proc/", StringComparison.Ordinal)
                    && !Guid.TryParse(Path.GetFileNameWithoutExtension(word), out _);
                return isNamed ? Path.GetFileName(word) : null;
            }
            if (word is "--rcfile" or "--init-file" || !word.StartsWith("--", StringComparison.Ordinal) && word[^1] is 'o' or 'O')
            {
                i++;
            }
            else if (word[1] != '-' && word.AsSpan(1).ContainsAny('c', 's', 'm')
                || word.Contains('e', StringComparison.Ordinal) && !IsShell(Path.GetFileName(command[0])))
            {
                return null; // the program is not in a file
            }
        }
        return null;
    }

    private static bool IsShell(string name) => name is "sh" or "bash" or "dash" or "ash" or "zsh" or "ksh" or "mksh" or "busybox";

    private static bool IsInterpreter(string name) =>
        IsShell(name) || name is "perl" or "ruby" or "node" || name.StartsWith("python", StringComparison.Ordinal);
}
