namespace ValueStream.Server.Sources.GitHub;

/// <summary>Reviews: an approval moves the pull request on, a refusal or a dismissal back.</summary>
internal static class Reviews
{
    public static Told Read(Delivery delivery)
    {
        var (pull, review) = (delivery.Payload["pull_request"], delivery.Payload["review"]);
        var subject = PullRequests.SubjectOf(delivery, pull);
        var state = review["state"].Text?.ToLowerInvariant();
        subject.Tags.Add("review.state", state);
        subject.Tags.Add("review.user.name", review["user"]["login"]);
        // A review keeps the time at which it was submitted when it is edited or dismissed.
        var at = delivery.Action == "submitted" ? review["submitted_at"].Time ?? pull["updated_at"].Time : pull["updated_at"].Time;
        var stage = (delivery.Action, state) switch
        {
            ("submitted", "approved") => PullRequests.Approved,
            ("submitted", "changes_requested") or ("dismissed", _) => PullRequests.Waiting(pull),
            _ => null,
        };
        return stage is null || PullRequests.IsOver(pull, at)
            ? Told.Of(subject.Annotated(at))
            : Told.Of([.. subject.StartedEarlier(pull["created_at"].Time, Delivery.Login(pull["user"])), subject.Enters(stage, at, Delivery.Login(review["user"]))]);
    }
}
