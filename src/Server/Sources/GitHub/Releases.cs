using ValueStream.Core.Events;

namespace ValueStream.Server.Sources.GitHub;

/// <summary>Releases: from the commit that they are of to their publication, with what their notes list.</summary>
internal static class Releases
{
    public static Told Read(Delivery delivery)
    {
        if (delivery.Action != "published")
        {
            return Told.Nothing("Of releases only the publication is recorded.");
        }
        var release = delivery.Payload["release"];
        var tag = release["tag_name"].Text ?? throw new NotUnderstoodException("The release has no tag.");
        var tags = delivery.Tags();
        tags.Add("release.id", release["id"]);
        tags.Add("release.tag", tag);
        tags.Add("release.name", release["name"]);
        tags.Add("release.html_url", release["html_url"]);
        tags.Add("release.prerelease", release["prerelease"]);
        tags.Add("release.branch", release["target_commitish"]);
        tags.Add("user.name", release["author"]["login"]);
        var subject = new Subject(delivery.Run("release", tag), tags)
        {
            Reason = Delivery.FirstLine(release["name"].Text),
            // Links rather than a note: what it holds is no cause of it.
            Links = delivery.NoteOf(release["body"].Text) is { } note ? [.. Mention.In(note).Select(static m => new RunLink(LinkKinds.Contains, m.Text))] : [],
        };
        var (created, published) = (release["created_at"].Time, release["published_at"].Time);
        var actor = Delivery.Login(release["author"]) ?? delivery.Sender;
        return Told.Of(subject.Started(created < published ? created : published, actor), subject.Ended(Outcome.Success, published, actor));
    }
}
