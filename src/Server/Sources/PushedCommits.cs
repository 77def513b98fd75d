using System.Text;
using ValueStream.Core.Events;
using ValueStream.Server.Ingest;

namespace ValueStream.Server.Sources;

/// <summary>What pushes have in common, whoever hosts the code.</summary>
internal static class PushedCommits
{
    private const int LongestRevision = 64;

    /// <summary>Whether a revision is none: what stands before the first of a branch, and after its last.</summary>
    public static bool IsNone(string? revision) => revision?.All(static c => c == '0') is true;

    /// <summary>The id of a push. One commit may be pushed to many refs, and a branch and a tag may have one name: each is a push of its own.</summary>
    /// <param name="after">What was pushed.</param>
    /// <param name="wholeRef">Where to, as in <c>refs/heads/main</c>.</param>
    public static string IdOf(string after, string wholeRef) => $"{Payload.Cut(after, LongestRevision)}-{Hashes.First64(wholeRef):x16}";

    /// <summary>Adds the commits, oldest first, as far as a tag's value holds whole ones, and whether these are all; of none at all, none are all.</summary>
    /// <param name="tags">Where to.</param>
    /// <param name="commits">The commits that are listed.</param>
    /// <param name="total">How many there are, where that is said.</param>
    public static void AddTo(Tagging tags, Payload commits, long? total)
    {
        var listed = new StringBuilder();
        var count = 0;
        foreach (var commit in commits.Items)
        {
            if (commit["id"].Text is not { } id || listed.Length + 1 + id.Length > Limits.TagValue)
            {
                break;
            }
            listed.Append(count++ == 0 ? "" : " ").Append(id);
        }
        tags.Add("vcs.push.revisions", listed.ToString());
        tags.Add("vcs.push.revisions.complete", commits.IsArray && count >= Math.Max(total ?? 0, commits.Items.Count()) ? "true" : "false");
    }
}
