using ValueStream.Core.Events;
using ValueStream.Server.Ingest;

namespace ValueStream.Server.Sources.GitHub;

/// <summary>Pushes: they begin and end at one moment, and say which commits came to a branch then.</summary>
internal static class Pushes
{
    public static Told Read(Delivery delivery)
    {
        var push = delivery.Payload;
        var (before, after, name) = (push["before"].Text, push["after"].Text, push["ref"].Text);
        if (push["deleted"].Boolean is true || IsZero(after))
        {
            return Told.Nothing("A branch or a tag was deleted; nothing was pushed.");
        }
        if (after is null || name is null)
        {
            throw new NotUnderstoodException("The push does not say what was pushed where.");
        }
        var (type, shortName) = name.Split('/', 3) switch
        {
            ["refs", "heads", var branch] => ("branch", branch),
            ["refs", "tags", var tag] => ("tag", tag),
            _ => (null, name),
        };
        var commits = push["commits"];
        // A branch made of what was there has no commits of its own, and its head is another's, of another time.
        var head = commits.Items.Any() ? push["head_commit"] : default;
        var tags = delivery.Tags();
        tags.Add("vcs.ref.head.name", shortName);
        tags.Add("vcs.ref.head.type", type);
        tags.Add("vcs.ref.head.revision", after);
        tags.Add("vcs.ref.head.message", head["message"]);
        tags.Add("vcs.ref.base.revision", IsZero(before) ? null : before);
        tags.Add("vcs.push.forced", push["forced"]);
        tags.Add("vcs.push.commits", $"{commits.Items.Count()}");
        tags.Add("user.name", push["pusher"]["name"].Text ?? delivery.Sender);
        AddRevisions(tags, commits);
        // One commit may be pushed to many refs, and each is a push of its own.
        var subject = new Subject(delivery.Run("push", $"{Payload.Cut(after, LongestRevision)}-{Hashes.First64(name):x16}"), tags) { Reason = Delivery.FirstLine(head["message"].Text) };
        var at = delivery.Repository["pushed_at"].Time ?? head["timestamp"].Time;
        var actor = delivery.Sender ?? (push["pusher"]["name"].Text is { } pusher ? Naming.Name(pusher) : null);
        var note = delivery.NoteOf(commits.Items.Take(MostRead).Select(static c => c["message"].Text));
        return Told.Of([subject.Started(at, actor), .. subject.Names(note, at), subject.Ended(Outcome.Success, at, actor)]);
    }

    private const int LongestRevision = 64;
    private const int MostRead = 1000;

    private static bool IsZero(string? revision) => revision?.All(static c => c == '0') is true;

    /// <summary>The commits, oldest first, as far as a tag's value holds whole ones.</summary>
    private static void AddRevisions(Tagging tags, Payload commits)
    {
        var revisions = "";
        var isComplete = commits.IsArray;
        foreach (var commit in commits.Items)
        {
            var next = commit["id"].Text is { } id ? $"{revisions} {id}".TrimStart() : null;
            if (next is null or { Length: > Limits.TagValue })
            {
                isComplete = false;
                break;
            }
            revisions = next;
        }
        tags.Add("vcs.push.revisions", revisions);
        tags.Add("vcs.push.revisions.complete", isComplete ? "true" : "false");
    }
}
