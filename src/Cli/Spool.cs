using System.Text;
using System.Text.Json;
using ValueStream.Core.Wire;

namespace ValueStream.Cli;

/// <summary>An event on its way to the server.</summary>
/// <param name="Id">The event's id.</param>
/// <param name="Json">Its JSON, the same at every attempt to send it.</param>
internal sealed record Pending(Guid Id, byte[] Json)
{
    /// <summary>An event as it is sent.</summary>
    /// <param name="request">The event.</param>
    /// <param name="lease">For how many seconds its run may be silent, where it promises a sign of life.</param>
    public static Pending Of(EventRequest request, int? lease = null) => new(request.EventId!.Value, EventJson.Write(request, lease));

    /// <summary>The event read back.</summary>
    public EventRequest? Event => JsonSerializer.Deserialize(Json, WireJson.Default.EventRequest);
}

/// <summary>What a spool holds.</summary>
/// <param name="Events">How many events wait.</param>
/// <param name="Bytes">How much they take.</param>
/// <param name="Oldest">When the oldest was kept.</param>
/// <param name="Broken">Files that hold no event.</param>
/// <param name="Refused">Ids and reasons of what the server can never take, the newest first.</param>
internal sealed record SpoolState(int Events, long Bytes, DateTimeOffset Oldest, int Broken, IReadOnlyList<(string Id, string Reason)> Refused);

/// <summary>
/// Events that could not be sent: one file each, named by the event's UUIDv7, so that names sort by time. A file appears whole
/// (written aside, synced, renamed) or not at all, and goes only when the server has its event; sending one twice does no harm.
/// An event on its way may lie here too, under another name and locked by its sender: the kernel frees it when the sender dies, and
/// then it waits like the others.
/// </summary>
/// <param name="folder">The state folder; null when there is none, and then nothing is kept.</param>
internal sealed class Spool(string? folder)
{
    /// <summary>Above this many bytes no further start is taken.</summary>
    public const long Limit = 10 << 20;

    private const string Finished = ".json";
    private const string Unfinished = ".tmp";
    private const string Reason = ".reason";
    private const string Sending = ".sending";

    private readonly Dictionary<string, FileStream> _held = [];
    private readonly HashSet<Guid> _added = [];

    private string Waiting => Path.Combine(folder!, "spool");

    /// <summary>Where events lie that the server can never take, with the reasons beside them.</summary>
    public string Refused => Path.Combine(Waiting, "refused");

    /// <summary>Where files lie that hold no event.</summary>
    public string Broken => Path.Combine(Waiting, "broken");

    private string Unreachable => Path.Combine(folder!, "unreachable");

    /// <summary>Whether events wait; a matter of microseconds.</summary>
    public bool HasEvents
    {
        get
        {
            if (folder is not null && Directory.Exists(Waiting))
            {
                foreach (var path in Directory.EnumerateFiles(Waiting))
                {
                    if (!_held.ContainsKey(path))
                    {
                        return true;
                    }
                }
            }
            return false;
        }
    }

    /// <summary>How many events wait.</summary>
    public int Count => folder is not null && Directory.Exists(Waiting) ? Directory.GetFiles(Waiting, "*" + Finished).Length : 0;

    /// <summary>Whether the spool has reached its limit.</summary>
    public bool IsFull => folder is not null && Look(Waiting).Sum(Size) >= Limit;

    /// <summary>What is in it.</summary>
    public SpoolState Look()
    {
        if (folder is null)
        {
            return new SpoolState(0, 0, default, 0, []);
        }
        var waiting = Look(Waiting);
        return new SpoolState(
            waiting.Count(static f => f.Name.EndsWith(Finished, StringComparison.Ordinal)), waiting.Sum(Size),
            waiting.Count == 0 ? default : waiting.Min(static f => f.LastWriteTimeUtc), Look(Broken).Count,
            [.. Look(Refused).Where(static f => f.Name.EndsWith(Reason, StringComparison.Ordinal)).OrderByDescending(static f => f.Name, StringComparer.Ordinal)
                .Select(static f => (Path.GetFileNameWithoutExtension(f.Name), File.ReadAllText(f.FullName).Trim()))]);
    }

    // Another vscli may be sending what is looked at.
    private static long Size(FileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (FileNotFoundException)
        {
            return 0;
        }
    }

    private static List<FileInfo> Look(string folder) => Directory.Exists(folder) ? [.. new DirectoryInfo(folder).EnumerateFiles()] : [];

    /// <summary>
    /// Has an event outlive this process while it is sent, until it is added, refused or released. It is not synced: a machine that
    /// goes down meanwhile is not worth a disk's delay. What fails here fails again, and is told, when the event is added.
    /// </summary>
    public void Hold(Pending pending)
    {
        if (folder is null)
        {
            return;
        }
        var path = Path.Combine(Waiting, pending.Id + Sending);
        if (_held.ContainsKey(path) || _added.Contains(pending.Id))
        {
            return;
        }
        try
        {
            StateFolder.Make(Waiting);
            var file = StateFolder.NewFile(path);
            _held[path] = file;
            file.Write(pending.Json);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Release(pending);
        }
    }

    /// <summary>Gives up the file of an event that was held or added here.</summary>
    public void Release(Pending pending)
    {
        if (_added.Remove(pending.Id))
        {
            Remove(pending);
        }
        if (folder is not null && _held.Remove(Path.Combine(Waiting, pending.Id + Sending), out var file))
        {
            Attempt(() => File.Delete(file.Name));
            file.Dispose();
        }
    }

    /// <summary>Keeps an event for later. Null when it is safely on disk, else why it is not.</summary>
    public string? Add(Pending pending)
    {
        if (folder is null)
        {
            return "there is no folder to keep it in";
        }
        if (_added.Contains(pending.Id))
        {
            return null;
        }
        var path = Path.Combine(Waiting, pending.Id.ToString());
        try
        {
            if (_held.TryGetValue(path + Sending, out var held))
            {
                held.Flush(flushToDisk: true);
                File.Move(path + Sending, path + Finished, overwrite: true);
                _held.Remove(path + Sending);
                held.Dispose();
                _added.Add(pending.Id);
                return null;
            }
            StateFolder.Make(Waiting);
            using (var file = StateFolder.NewFile(path + Unfinished))
            {
                file.Write(pending.Json);
                file.Flush(flushToDisk: true);
            }
            File.Move(path + Unfinished, path + Finished, overwrite: true);
            _added.Add(pending.Id);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Attempt(() => File.Delete(path + Unfinished));
            return e.Message;
        }
    }

    /// <summary>
    /// The right to send what waits, until disposed; null when another vscli has it. The kernel frees it when its holder dies.
    /// </summary>
    public IDisposable? Lock()
    {
        try
        {
            return folder is null
                ? null
                : new FileStream(Path.Combine(folder, "flush.lock"), FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, 1);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The oldest events that wait. Files that hold no event are moved to <c>spool/broken</c>, never deleted.</summary>
    /// <param name="count">At most so many.</param>
    /// <param name="bytes">And at most about so many bytes of JSON.</param>
    public List<Pending> Take(int count, int bytes)
    {
        var taken = new List<Pending>();
        if (folder is null || !Directory.Exists(Waiting))
        {
            return taken;
        }
        var paths = Directory.GetFiles(Waiting);
        Array.Sort(paths, StringComparer.Ordinal);
        foreach (var path in paths)
        {
            if (taken.Count == count || bytes <= 0)
            {
                break;
            }
            // Its writer may still be at it; left for a minute, the writer is gone.
            if (path.EndsWith(Unfinished, StringComparison.Ordinal) && IsYoung(path)
                || path.EndsWith(Sending, StringComparison.Ordinal) && IsBeingSent(path))
            {
                continue;
            }
            if (Read(path) is { } pending)
            {
                taken.Add(pending);
                bytes -= pending.Json.Length;
            }
        }
        return taken;
    }

    /// <summary>Forgets an event that the server has.</summary>
    public void Remove(Pending pending) => Attempt(() => File.Delete(Path.Combine(Waiting, pending.Id + Finished)));

    /// <summary>Puts an event that the server refused, kept or just made, into <c>spool/refused</c> with the reason beside it.</summary>
    public void Refuse(Pending pending, string reason) => Attempt(() =>
    {
        if (folder is null)
        {
            return;
        }
        StateFolder.Make(Refused);
        var path = Path.Combine(Refused, pending.Id.ToString());
        using (var file = StateFolder.NewFile(path + Finished))
        {
            file.Write(pending.Json);
        }
        using (var file = StateFolder.NewFile(path + Reason))
        {
            file.Write(Encoding.UTF8.GetBytes(reason + "\n"));
        }
        Remove(pending);
        Release(pending);
    });

    /// <summary>Remembers that a server did not answer, or that it did. Where several do so at once, one is enough.</summary>
    public void MarkUnreachable(string server, bool unreachable)
    {
        if (folder is null)
        {
            return;
        }
        try
        {
            if (!unreachable)
            {
                File.Delete(Unreachable);
                return;
            }
            using var file = StateFolder.NewFile(Unreachable);
            file.Write(Encoding.UTF8.GetBytes(server));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Then the next call finds out for itself.
        }
    }

    /// <summary>Whether this server did not answer within the last 30 seconds.</summary>
    public bool WasUnreachable(string server)
    {
        if (folder is null)
        {
            return false;
        }
        try
        {
            var age = DateTime.UtcNow - File.GetLastWriteTimeUtc(Unreachable);
            return age >= TimeSpan.Zero && age < TimeSpan.FromSeconds(30) && File.ReadAllText(Unreachable) == server;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private Pending? Read(string path)
    {
        try
        {
            var pending = new Pending(Guid.Parse(Path.GetFileNameWithoutExtension(path)), File.ReadAllBytes(path));
            if (pending.Event?.EventId == pending.Id)
            {
                if (!path.EndsWith(Finished, StringComparison.Ordinal))
                {
                    File.Move(path, Path.ChangeExtension(path, Finished), overwrite: true);
                }
                return pending;
            }
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            // Handled below: it is no event.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
        Attempt(() =>
        {
            StateFolder.Make(Broken);
            File.Move(path, Path.Combine(Broken, Path.GetFileName(path)), overwrite: true);
            Talk.Say($"{path} holds no event; moved to {Broken}");
        });
        return null;
    }

    private static bool IsYoung(string path) => DateTime.UtcNow - File.GetLastWriteTimeUtc(path) < TimeSpan.FromMinutes(1);

    // Its sender makes it, locks it, and only then writes to it.
    private bool IsBeingSent(string path) =>
        _held.ContainsKey(path) || Native.IsLocked(path) || IsYoung(path) && new FileInfo(path) is { Exists: true, Length: 0 };

    private static void Attempt(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Talk.Say(e.Message);
        }
    }
}
