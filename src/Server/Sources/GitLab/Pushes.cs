using ValueStream.Core.Events;

namespace ValueStream.Server.Sources.GitLab;

/// <summary>Pushes of branches and tags: runs that are over when they are heard of. GitLab does not say when it was, so it is when the webhook came; of an import, when the last commit was made.</summary>
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
        if (PushedCommits.IsNone(after))
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
        tags.Add("vcs.ref.base.revision", push["before"].Text is { } before && !PushedCommits.IsNone(before) ? before : null);
        tags.Add("vcs.push.commits_count", push["total_commits_count"]);
        PushedCommits.AddTo(tags, push["commits"], push["total_commits_count"].Integer);
        var made = (head.Exists ? head : commits.FirstOrDefault(c => c["id"].Text == push["checkout_sha"].Text))["timestamp"].Time;
        var story = new Story(hook.Run("push", PushedCommits.IdOf(after, whole))) { Attempt = 1, AboutWhen = made };
        return story
            .Starts(null, new EventData { Actor = hook.Actor, Reason = Hook.FirstLine(head["message"].Text ?? push["message"].Text), Tags = tags.ToTags() })
            .Notes(null, hook.Note(commits.Select(static c => c["message"].Text).Append(push["message"].Text)))
            .Ends(null, Outcome.Success, new EventData()).Told();
    }
}
