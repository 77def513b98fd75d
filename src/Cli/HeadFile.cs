using System.Buffers;
using System.Text.Json;
using ValueStream.Core.Wire;

namespace ValueStream.Cli;

/// <summary>A head of the log that is kept in a file: the JSON of a <see cref="HeadView"/>, as the API gives it.</summary>
internal static class HeadFile
{
    private static readonly SearchValues<char> Hexadecimal = SearchValues.Create("0123456789abcdef");

    /// <summary>Reads a head; null, and why, when there is none.</summary>
    public static HeadView? Read(string path, out string problem)
    {
        problem = $"{path} holds no head: `vscli verify --save-head FILE` writes one, and GET /api/v1/log/head gives one";
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), WireJson.Default.HeadView) is { } head && IsHead(head) ? head : null;
        }
        catch (JsonException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = e.Message.TrimEnd('.') + ": `vscli verify --save-head FILE` writes one";
            return null;
        }
    }

    /// <summary>Whether it is one: members that a text does not have are read as nothing.</summary>
    public static bool IsHead(HeadView head) =>
        head.LogId != Guid.Empty && head.Position >= 0 && head.Hash is { Length: 64 } hash && !hash.AsSpan().ContainsAnyExcept(Hexadecimal);

    /// <summary>
    /// Why a head could not be kept there, asked before the minutes that a check takes; null when it can. What is there already must be
    /// a head, and goes only when the log is checked against it or a later one: else the one proof of a cut tail could be lost.
    /// </summary>
    public static string? WhyNot(string path, HeadView? known)
    {
        var target = Target(path);
        var folder = Path.GetDirectoryName(target);
        return folder is null || Directory.Exists(target) ? $"{path} is a folder"
            : !Native.CanWriteTo(folder) ? $"no file can be written in {folder}"
            : !Path.Exists(target) ? null
            : Read(target, out _) is not { } there ? $"{path} is there already and holds no head: name another file"
            : known is null ? $"{path} holds a head already: add --head {path} to check against it, or name another file"
            : there.LogId != known.LogId || there.Position > known.Position
                ? $"{path} holds a later head than that of --head, or another log's: check against it, or name another file"
            : null;
    }

    /// <summary>Keeps a head: written aside, synced, renamed. Null when it is safely on disk, else why it is not.</summary>
    public static string? Write(string path, HeadView head)
    {
        var target = Target(path);
        var aside = $"{target}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (var file = new FileStream(aside, FileMode.CreateNew, FileAccess.Write))
            {
                file.Write(JsonSerializer.SerializeToUtf8Bytes(head, WireJson.Default.HeadView));
                file.WriteByte((byte)'\n');
                file.Flush(flushToDisk: true);
            }
            File.Move(aside, target, overwrite: true);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            File.Delete(aside);
            return e.Message.TrimEnd('.');
        }
    }

    /// <summary>The file itself where the path is a link, so that the link stays one.</summary>
    private static string Target(string path) =>
        new FileInfo(path) is { LinkTarget: not null } link
            ? link.ResolveLinkTarget(returnFinalTarget: true)!.FullName
            : Path.GetFullPath(path);
}
