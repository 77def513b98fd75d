using System.Text;

namespace ValueStream.Cli;

/// <summary>What vscli remembers of a run that it started.</summary>
/// <param name="Id">Its token.</param>
/// <param name="Type">Its type.</param>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Name">The name it goes by, which its children take; null when it goes by its type.</param>
internal sealed record OpenRun(string Id, string Type, string Namespace, string? Name);

/// <summary>
/// One small file per open run, named by its token, so that <c>end</c> needs no type, a bare token can stand for a parent,
/// and children take the name. An ended run's file is kept aside until it is a week old: the run may still be named as a parent.
/// </summary>
/// <param name="folder">The state folder; null when there is none, and then nothing is remembered.</param>
internal sealed class OpenRuns(string? folder)
{
    private string Open => Path.Combine(folder!, "open");

    private string Ended => Path.Combine(folder!, "ended");

    /// <summary>How many runs are open.</summary>
    public int Count => folder is not null && Directory.Exists(Open) ? Directory.GetFiles(Open).Length : 0;

    /// <summary>Remembers a run.</summary>
    public void Save(OpenRun run)
    {
        if (folder is null)
        {
            return;
        }
        var path = Path.Combine(Open, run.Id);
        try
        {
            StateFolder.Make(Open);
            // Arguments cannot hold a NUL, so it parts the members whatever is in them.
            using var file = StateFolder.NewFile(path);
            file.Write(Encoding.UTF8.GetBytes($"{run.Type}\0{run.Namespace}\0{run.Name}\0"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Talk.Say($"could not remember the run ({e.Message}): end it with -type={run.Type} -namespace={run.Namespace}");
        }
    }

    /// <summary>The run of a token; null when it is not known here.</summary>
    public OpenRun? Find(string token)
    {
        if (folder is null || !Token.Is(token))
        {
            return null;
        }
        return Read(Path.Combine(Open, token)) ?? Read(Path.Combine(Ended, token));
    }

    /// <summary>The run that a parent reference means, a token or a rendering that ends in one; null when it is not known here.</summary>
    public OpenRun? FindReferenced(string reference)
    {
        if (reference.Length <= Token.Length)
        {
            return Find(reference);
        }
        var run = Find(reference[^Token.Length..]);
        return run is not null && Rendering(run) == reference ? run : null;
    }

    /// <summary>The text by which other runs refer to a run of vscli's.</summary>
    public static string Rendering(OpenRun run) =>
        new Core.Events.RunId(Core.Events.SourceNames.CustomHttp, run.Type, run.Namespace, run.Id).Rendering;

    /// <summary>Closes a run: its file is put aside.</summary>
    public void Close(string token) => Try(() =>
    {
        if (folder is not null && Token.Is(token) && File.Exists(Path.Combine(Open, token)))
        {
            StateFolder.Make(Ended);
            File.Move(Path.Combine(Open, token), Path.Combine(Ended, token), overwrite: true);
        }
    });

    /// <summary>Forgets a run that was not recorded.</summary>
    public void Forget(string token) => Try(() =>
    {
        if (folder is not null && Token.Is(token))
        {
            File.Delete(Path.Combine(Open, token));
        }
    });

    /// <summary>Once a day, removes the files of runs that never ended within 30 days, and of ended ones after a week.</summary>
    public void Tidy(DateTimeOffset now) => Try(() =>
    {
        if (folder is null)
        {
            return;
        }
        var mark = Path.Combine(folder, "tidied");
        if (now.UtcDateTime - File.GetLastWriteTimeUtc(mark) < TimeSpan.FromDays(1))
        {
            return;
        }
        StateFolder.NewFile(mark).Dispose();
        RemoveOlder(Open, now.AddDays(-30));
        RemoveOlder(Ended, now.AddDays(-7));
    });

    private static void RemoveOlder(string folder, DateTimeOffset than)
    {
        if (!Directory.Exists(folder))
        {
            return;
        }
        foreach (var path in Directory.EnumerateFiles(folder))
        {
            if (File.GetLastWriteTimeUtc(path) < than.UtcDateTime)
            {
                File.Delete(path);
            }
        }
    }

    private static OpenRun? Read(string path)
    {
        try
        {
            if (!File.Exists(path))
            {
                return null;
            }
            var members = Encoding.UTF8.GetString(File.ReadAllBytes(path)).Split('\0');
            // A file cut short by a full disk has fewer members.
            return members.Length == 4
                ? new OpenRun(Path.GetFileName(path), members[0], members[1], members[2].Length == 0 ? null : members[2])
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static void Try(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A file that stays behind does no harm.
        }
    }
}
