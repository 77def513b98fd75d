using ValueStream.Core.Events;

namespace ValueStream.Server.Sources.GitHub;

/// <summary>Pull requests: from opened to merged or closed, in the stages <c>draft</c>, <c>review</c> and <c>approved</c>.</summary>
internal static class PullRequests
{
    public const string Draft = "draft";
    public const string Review = "review";
    public const string Approved = "approved";

    public static Told Read(Delivery delivery)
    {
        var pull = delivery.Payload["pull_request"];
        var subject = SubjectOf(delivery, pull);
        var (created, updated) = (pull["created_at"].Time, pull["updated_at"].Time);
        var author = Delivery.Login(pull["user"]);
        var note = delivery.NoteOf(pull["title"].Text, pull["body"].Text);
        return delivery.Action switch
        {
            "opened" => Told.Of([
                subject.Started(created, author ?? delivery.Sender),
                subject.Enters(Waiting(pull), created),
                .. subject.Names(note, created)]),
            "reopened" => Told.Of(subject.StartedAgain(updated, delivery.Sender), subject.Enters(Waiting(pull), Subject.Again(updated))),
            // A draft can be declared ready after it was closed: that opens nothing.
            "ready_for_review" or "converted_to_draft" when IsOver(pull, updated) => Told.Of(subject.Annotated(updated)),
            "ready_for_review" => Told.Of([.. subject.StartedEarlier(created, author), subject.Enters(Review, updated, delivery.Sender)]),
            "converted_to_draft" => Told.Of([.. subject.StartedEarlier(created, author), subject.Enters(Draft, updated, delivery.Sender)]),
            "closed" => Told.Of([
                .. subject.StartedEarlier(created, author),
                .. subject.Names(note, created ?? updated),
                subject.Ended(IsMerged(pull) ? Outcome.Success : Outcome.Cancellation, ClosedAt(pull) ?? updated, Delivery.Login(pull["merged_by"]) ?? delivery.Sender)]),
            "" => throw new NotUnderstoodException("The delivery does not say what happened to the pull request."),
            "edited" => Told.Of(subject.Annotated(updated, note)),
            _ => Told.Of(subject.Annotated(updated)),
        };
    }

    /// <summary>The pull request of a delivery.</summary>
    public static Subject SubjectOf(Delivery delivery, Payload pull)
    {
        // People know the number. Of one that comes without it the database's id is at least its own.
        var id = pull["number"].Integer is > 0 and var inside ? $"{inside}"
            : delivery.Payload["number"].Integer is > 0 and var outside ? $"{outside}"
            : Delivery.Number(pull["id"], "The pull request's number");
        return new(delivery.Run("pull_request", id), Tags(delivery, pull, id));
    }

    /// <summary>The stage of one that nobody has approved.</summary>
    public static string Waiting(Payload pull) => pull["draft"].Boolean is true ? Draft : Review;

    /// <summary>When it was merged or closed; null while it is open.</summary>
    public static DateTimeOffset? ClosedAt(Payload pull) => pull["merged_at"].Time ?? pull["closed_at"].Time;

    /// <summary>Whether something happened after the end: it must not open another attempt.</summary>
    public static bool IsOver(Payload pull, DateTimeOffset? at) => pull["state"].Text == "closed" && !(at < ClosedAt(pull));

    private static bool IsMerged(Payload pull) => pull["merged"].Boolean is true || pull["merged_at"].Exists;

    private static Tagging Tags(Delivery delivery, Payload pull, string id)
    {
        var tags = delivery.Tags();
        tags.Add("vcs.change.id", id);
        tags.Add("vcs.change.title", pull["title"]);
        tags.Add("vcs.change.state", IsMerged(pull) ? "merged" : pull["state"].Text == "closed" ? "closed" : pull["draft"].Boolean is true ? "wip" : "open");
        tags.Add("vcs.ref.head.name", pull["head"]["ref"]);
        tags.Add("vcs.ref.head.revision", pull["head"]["sha"]);
        tags.Add("vcs.ref.base.name", pull["base"]["ref"]);
        tags.Add("vcs.ref.base.revision", pull["base"]["sha"]);
        if (IsMerged(pull))
        {
            // Before that it is a trial merge, which nobody ever deploys.
            tags.Add("vcs.change.merge.revision", pull["merge_commit_sha"]);
        }
        tags.Add("scm.head.label", pull["head"]["label"]);
        tags.Add("scm.head.repo.full_name", pull["head"]["repo"]["full_name"]);
        tags.Add("scm.base.label", pull["base"]["label"]);
        tags.Add("scm.base.repo.id", pull["base"]["repo"]["id"]);
        tags.Add("scm.base.repo.name", pull["base"]["repo"]["name"]);
        tags.Add("scm.base.repo.full_name", pull["base"]["repo"]["full_name"]);
        tags.Add("scm.base.repo.private", pull["base"]["repo"]["private"]);
        tags.Add("user.name", pull["user"]["login"]);
        tags.Add("user.id", pull["user"]["id"]);
        tags.Add("user.url", pull["user"]["url"]);
        tags.Add("pull_request.id", pull["id"]);
        tags.Add("pull_request.html_url", pull["html_url"]);
        tags.Add("pull_request.commits", pull["commits"]);
        tags.Add("pull_request.additions", pull["additions"]);
        tags.Add("pull_request.deletions", pull["deletions"]);
        tags.Add("pull_request.changed_files", pull["changed_files"]);
        tags.Add("pull_request.comments_count", pull["comments"]);
        tags.Add("pull_request.review_comments_count", pull["review_comments"]);
        tags.Add("pull_request.requested_reviewers", Delivery.Join(pull["requested_reviewers"], "login"));
        tags.Add("pull_request.merged_by", pull["merged_by"]["login"]);
        Issues.AddPlanning(tags, "pull_request", pull, delivery.Action);
        return tags;
    }
}
