using System.Buffers;

namespace ValueStream.Cli.Context;

/// <summary>
/// Repository, branch and commit, read from <c>.git</c>: a handful of small files, no process, no look at the work tree. What is there may be
/// anything: nothing is waited for, nothing is read whole that may be large, and only what looks like a branch, a commit or an address is told.
/// </summary>
internal static class GitContext
{
    private const int OneLine = 4 << 10;
    private const int Config = 256 << 10;
    private const int MostLinks = 5; // as git itself

    private static readonly SearchValues<char> NeverInARef = SearchValues.Create(" ~^:?*[\\\u007f");

    /// <summary>Finds the repository of a folder and reads it.</summary>
    /// <param name="folder">The folder, absolute; those above it are searched as git does.</param>
    /// <param name="variable">The environment: <c>GIT_DIR</c> and <c>GIT_CEILING_DIRECTORIES</c> count as they do for git.</param>
    /// <param name="found">Where to put what is found.</param>
    public static void Read(string folder, Func<string, string?> variable, Found found)
    {
        var own = variable("GIT_DIR") is { } given ? Path.Combine(folder, given) : Find(folder, variable);
        if (own is null)
        {
            return;
        }
        // A work tree beside the first one has a HEAD of its own; the rest is in the first one's folder.
        var common = SmallFile.Text(Path.Combine(own, "commondir"), OneLine) is { } text ? Path.Combine(own, text.Trim()) : own;
        var (reference, commit) = Head(own, common);
        const string branches = "refs/heads/";
        if (reference is not null && reference.StartsWith(branches, StringComparison.Ordinal))
        {
            found.NoteHead("branch", reference[branches.Length..]);
        }
        if (reference is not null || commit is not null)
        {
            found.Note("vcs.ref.head.revision", commit);
            found.NoteRepository(GitConfig.RemoteUrl(SmallFile.Text(Path.Combine(common, "config"), Config)));
        }
    }

    private static string? Find(string folder, Func<string, string?> variable)
    {
        var ceilings = variable("GIT_CEILING_DIRECTORIES")?.Split(':');
        for (var at = folder; at is not null; at = Path.GetDirectoryName(at))
        {
            if (at != folder && ceilings?.Contains(at) == true)
            {
                return null;
            }
            var path = Path.Combine(at, ".git");
            switch (Native.KindOf(path))
            {
                // A folder of that name may be anything else; then git goes on upwards, and so do we.
                case PathKind.Folder when Native.KindOf(Path.Combine(path, "HEAD")) == PathKind.File:
                    return path;
                // A submodule or another work tree. One that leads nowhere is not a part of what is above it.
                case PathKind.File:
                    const string link = "gitdir:";
                    return SmallFile.Text(path, OneLine) is { } text && text.StartsWith(link, StringComparison.Ordinal)
                        ? Path.Combine(at, text[link.Length..].Trim())
                        : null;
                default:
                    break;
            }
        }
        return null;
    }

    /// <summary>The ref that HEAD stands for (null when it is a commit itself) and the commit (null before the first one).</summary>
    private static (string? Reference, string? Commit) Head(string own, string common)
    {
        var path = Path.Combine(own, "HEAD");
        string? reference = null;
        for (var links = 0; links <= MostLinks; links++)
        {
            if (SmallFile.Text(path, OneLine)?.Trim() is not { } text)
            {
                return (reference, reference is null ? null : Commit(PackedRefs.Find(Path.Combine(common, "packed-refs"), reference)));
            }
            const string link = "ref:";
            if (!text.StartsWith(link, StringComparison.Ordinal))
            {
                return (reference, Commit(text));
            }
            reference = text[link.Length..].Trim();
            if (!IsReference(reference))
            {
                break;
            }
            path = Path.Combine(common, reference);
        }
        return (null, null);
    }

    private static string? Commit(string? text) =>
        text is { Length: 40 or 64 } && !text.AsSpan().ContainsAnyExcept(LowerHex) ? text : null;

    private static readonly SearchValues<char> LowerHex = SearchValues.Create("0123456789abcdef");

    /// <summary>Whether a text is the name of a ref (git's rules), and so of nothing outside the folder of refs.</summary>
    private static bool IsReference(string name) =>
        name.StartsWith("refs/", StringComparison.Ordinal)
        && !name.AsSpan().ContainsAny(NeverInARef) && !name.AsSpan().ContainsAnyInRange('\0', '\u001f')
        && !name.Contains("..", StringComparison.Ordinal) && !name.Contains("/.", StringComparison.Ordinal)
        && !name.Contains("//", StringComparison.Ordinal) && name[^1] is not ('/' or '.');
}
