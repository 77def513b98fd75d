using ValueStream.Core.Events;

namespace ValueStream.Server.Sources.GitLab;

/// <summary>Releases, by their tag: of one moment, or from when they were made to when they were announced for.</summary>
internal static class Releases
{
    public static Told Read(Hook hook)
    {
        var release = hook.Payload;
        if (release["tag"].Text is not { } tag)
        {
            throw new NotUnderstoodException("The release has no tag.");
        }
        var released = release["released_at"].Time ?? release["created_at"].Time;
        var created = release["created_at"].Time is { } made && made < released ? made : released;
        var title = release["name"].Text ?? tag;
        var data = new EventData { Actor = hook.Actor ?? Hook.UserOf(release["author"]), Reason = Hook.FirstLine(title), Tags = Tags(hook).ToTags() };
        var note = hook.Note(title, release["description"].Text);
        var story = new Story(hook.Run("release", tag)) { Attempt = 1, AboutWhen = release["updated_at"].Time ?? released };
        return (release["action"].Text ?? "create") switch
        {
            "create" => story.Starts(created, data).Notes(created, note).Ends(released, Outcome.Success, new EventData()).Told(),
            // Without a time of their own they count as of when they come.
            "update" => story.Says(null, data with { Note = note }).Told(),
            "delete" => story.Says(null, data).Told(),
            _ => Told.Nothing("What happened to the release (action) is not recorded."),
        };
    }

    private static Tagging Tags(Hook hook)
    {
        var release = hook.Payload;
        var tags = hook.Tags();
        tags.Add("event.action", release["action"]);
        tags.Add("release.id", release["id"]);
        tags.Add("release.tag", release["tag"]);
        tags.Add("release.name", release["name"]);
        tags.Add("release.url", release["url"]);
        tags.Add("release.assets_count", release["assets"]["count"]);
        tags.Add("vcs.ref.head.name", release["tag"]);
        tags.Add("vcs.ref.head.type", "tag");
        tags.Add("vcs.ref.head.revision", release["commit"]["id"]);
        return tags;
    }
}
