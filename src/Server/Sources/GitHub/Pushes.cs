using ValueStream.Core.Events;

namespace ValueStream.Server.Sources.GitHub;

/// <summary>Pushes: they begin and end at one moment, and say which commits came to a branch then.</summary>
internal static class Pushes
{
    public static Told Read(Delivery delivery)
    {
        var push = delivery.Payload;
        var (before, after, name) = (push["before"].Text, push["after"].Text, push["ref"].Text);
        if (push["deleted"].Boolean is true || PushedCommits.IsNone(after))
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
        tags.Add("vcs.ref.base.revision", PushedCommits.IsNone(before) ? null : before);
        tags.Add("vcs.push.forced", push["forced"]);
        tags.Add("vcs.push.commits", $"{commits.Items.Count()}");
        tags.Add("user.name", push["pusher"]["name"].Text ?? delivery.Sender);
        PushedCommits.AddTo(tags, commits, null);
        var subject = new Subject(delivery.Run("push", PushedCommits.IdOf(after, name)), tags) { Reason = Delivery.FirstLine(head["message"].Text) };
        var at = delivery.Repository["pushed_at"].Time ?? push["head_commit"]["timestamp"].Time;
        var actor = delivery.Sender ?? (push["pusher"]["name"].Text is { } pusher ? Naming.Name(pusher) : null);
        var note = delivery.NoteOf(commits.Items.Take(MostRead).Select(static c => c["message"].Text));
        return Told.Of([subject.Started(at, actor), .. subject.Names(note, at), subject.Ended(Outcome.Success, at, actor)]);
    }

    private const int MostRead = 1000;
}
