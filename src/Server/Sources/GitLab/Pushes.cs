using System.Text;
using ValueStream.Core.Events;
using ValueStream.Server.Ingest;

namespace ValueStream.Server.Sources.GitLab;

/// <summary>Pushes of branches and tags: runs that are over when they are heard of. GitLab does not say when it was, so it is when the webhook came.</summary>
internal static class Pushes
{
    private static readonly (string Prefix, string Type)[] Kinds = [("refs/heads/", "branch"), ("refs/tags/", "tag")];

    public static Told Read(Hook hook)
    {
        var push = hook.Payload;
        if (push["ref"].Text is not { } whole || push["after"].Text is not { } after)
        {
            throw new NotUnderstoodException("The push does not say what was pushed where (ref, after).");
        }
        if (IsNothing(after))
        {
            return Told.Nothing("That a branch or a tag was deleted is not recorded.");
        }
        var (prefix, type) = Kinds.FirstOrDefault(k => whole.StartsWith(k.Prefix, StringComparison.Ordinal));
        var name = prefix is null ? whole : whole[prefix.Length..];
        var commits = push["commits"].Items.ToList();
        var head = commits.FirstOrDefault(c => c["id"].Text == after);
        var tags = hook.Tags();
        tags.Add("vcs.ref.head.name", name);
        tags.Add("vcs.ref.head.type", type);
        // An annotated tag is an object of its own; the commit is what is checked out of it.
        tags.Add("vcs.ref.head.revision", push["checkout_sha"].Text ?? after);
        tags.Add("vcs.ref.base.revision", push["before"].Text is { } before && !IsNothing(before) ? before : null);
        tags.Add("vcs.push.commits_count", push["total_commits_count"]);
        AddRevisions(tags, [.. commits.Select(static c => c["id"].Text).OfType<string>()], push["total_commits_count"].Integer);
        var story = new Story(hook.Run("push", $"{name}-{after}")) { Attempt = 1 };
        return story
            .Starts(null, new EventData { Actor = hook.Actor, Reason = Hook.FirstLine(head["message"].Text ?? push["message"].Text), Tags = tags.ToTags() })
            .Notes(null, hook.Note(commits.Select(static c => c["message"].Text).Append(push["message"].Text)))
            .Ends(null, Outcome.Success, new EventData()).Told();
    }

    /// <summary>All the commits that were pushed, as far as they are listed (GitLab lists 20) and fit.</summary>
    private static void AddRevisions(Tagging tags, List<string> revisions, long? total)
    {
        var listed = new StringBuilder();
        var count = 0;
        foreach (var revision in revisions.TakeWhile(r => listed.Length + r.Length + 1 <= Limits.TagValue))
        {
            listed.Append(count++ == 0 ? "" : " ").Append(revision);
        }
        if (count > 0)
        {
            tags.Add("vcs.push.revisions", listed.ToString());
            tags.Add("vcs.push.revisions.complete", count == revisions.Count && count >= (total ?? count) ? "true" : "false");
        }
    }

    private static bool IsNothing(string sha) => sha.All(static c => c == '0');
}
