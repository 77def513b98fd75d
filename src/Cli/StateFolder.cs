namespace ValueStream.Cli;

/// <summary>Where vscli keeps what must outlive one call: open runs and the spool. Only its user can read it.</summary>
internal static class StateFolder
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>The variable that names the folder.</summary>
    public const string Variable = "VALUESTREAM_SPOOL";

    private static string Shared => $"/tmp/vscli-{Native.User()}";

    /// <summary>
    /// The first of <c>$VALUESTREAM_SPOOL</c>, <c>$XDG_STATE_HOME/vscli</c>, <c>~/.local/state/vscli</c> and a folder of the
    /// user's own in <c>/tmp</c> that exists or can be made, and is writable. Null, with a word about it, when none is.
    /// </summary>
    public static string? Find()
    {
        string? refused = null;
        foreach (var folder in Candidates())
        {
            if (IsUsable(folder))
            {
                if (refused is not null)
                {
                    Talk.Say($"{refused} is not writable; using {folder}");
                }
                return folder;
            }
            refused ??= folder;
        }
        Talk.Say($"{refused} is not writable, nor is /tmp: what cannot be sent now is lost. Set {Variable} to a folder that is");
        return null;
    }

    /// <summary>What named the folder that was found.</summary>
    public static string Source(string folder) =>
        Settings.Variable(Variable) is { } named && Path.GetFullPath(named) == folder ? Variable
        : folder == Shared ? "because no other can be written" : Settings.Variable("XDG_STATE_HOME") is null ? "the default" : "XDG_STATE_HOME";

    /// <summary>Makes a folder, and those above it, for the owner only.</summary>
    public static void Make(string folder)
    {
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder, OwnerOnly);
        }
    }

    /// <summary>A new file that only the owner can read.</summary>
    public static FileStream NewFile(string path) => new(path, new FileStreamOptions
    {
        Mode = FileMode.Create,
        Access = FileAccess.Write,
        Share = FileShare.None,
        BufferSize = 0,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
    });

    private static IEnumerable<string> Candidates()
    {
        if (Settings.Variable(Variable) is { } named)
        {
            yield return Path.GetFullPath(named);
        }
        if (Settings.Variable("XDG_STATE_HOME") is { } state && state[0] == '/')
        {
            yield return Path.Combine(state, "vscli");
        }
        else if (Settings.Variable("HOME") is { } home && home[0] == '/')
        {
            yield return Path.Combine(home, ".local/state/vscli");
        }
        yield return Shared;
    }

    private static bool IsUsable(string folder)
    {
        try
        {
            Make(folder);
            // In /tmp anybody may have made the folder before us, to read along or to lead us elsewhere.
            return Native.CanWriteTo(folder) && (folder != Shared
                || Native.IsOwn(folder) && File.GetUnixFileMode(folder) == OwnerOnly);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return false;
        }
    }
}
