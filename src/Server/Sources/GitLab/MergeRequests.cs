using System.Globalization;
using System.Text.RegularExpressions;
using ValueStream.Core.Events;

namespace ValueStream.Server.Sources.GitLab;

/// <summary>Merge requests: runs of the type <c>pull_request</c>, in the stages <c>draft</c>, <c>review</c> and <c>approved</c>.</summary>
internal static partial class MergeRequests
{
    public static Told Read(Hook hook)
    {
        var change = hook.Attributes;
        if (change["iid"].Integer is not (> 0 and var number))
        {
            throw new NotUnderstoodException("The merge request has no number (object_attributes.iid).");
        }
        var (created, updated) = (change["created_at"].Time, change["updated_at"].Time);
        var data = new EventData { Actor = hook.Actor, Tags = Tags(hook).ToTags() };
        var note = hook.Note(change["title"].Text, change["description"].Text, change["last_commit"]["message"].Text);
        var story = new Story(hook.Run("pull_request", number.ToString(CultureInfo.InvariantCulture)));
        switch (change["action"].Text ?? change["state"].Text)
        {
            case "open" or "opened":
                story.Starts(created, data).Enters(StageOf(change), created, new EventData()).Notes(created, note);
                break;
            case "reopen" or "reopened":
                story.Starts(updated, data).Enters(StageOf(change), updated, new EventData());
                break;
            case "merge" or "merged":
                Close(Outcome.Success, change["merged_at"].Time ?? change["closed_at"].Time ?? updated);
                break;
            case "close" or "closed":
                Close(Outcome.Cancellation, change["closed_at"].Time ?? updated);
                break;
            case null:
                throw new NotUnderstoodException("The merge request has neither an action nor a state.");
            case "approved" when IsOpen(change):
                story.Enters("approved", After(created, updated, 1), data);
                break;
            case "unapproved" when IsOpen(change):
                story.Enters(StageOf(change), After(created, updated, 2), data);
                break;
            case "update" when IsOpen(change) && BecameDraftOrReady(hook.Payload["changes"]):
                story.Enters(StageOf(change), After(created, updated, 0), data).Notes(updated, note);
                break;
            default:
                story.Says(updated, data with { Note = Issues.WasRewritten(hook) || change["oldrev"].Exists ? note : null });
                break;
        }
        return story.Told();

        void Close(Outcome outcome, DateTimeOffset? ended) =>
            story.HadStarted(created, ended, Hook.UserOf(change["author"])).Notes(created, note).Ends(ended, outcome, data);
    }

    private static string StageOf(Payload change) => IsDraft(change) ? "draft" : "review";

    private static bool IsDraft(Payload change) => change["draft"].Boolean ?? change["work_in_progress"].Boolean ?? IsDraft(change["title"].Text);

    private static bool IsDraft(string? title) => title is not null && Draft().IsMatch(title);

    // One that was merged or closed may still be approved; that opens nothing.
    private static bool IsOpen(Payload change) => change["state"].Text is null or "opened" or "reopened" or "locked";

    private static bool BecameDraftOrReady(Payload changes) => changes["draft"].Exists || changes["work_in_progress"].Exists
        || (changes["title"] is { Exists: true } title && IsDraft(title["previous"].Text) != IsDraft(title["current"].Text));

    // An approval need not touch the merge request: that it was later than the last update is all that is known. It comes after the opening, and after what that update was.
    private static DateTimeOffset? After(DateTimeOffset? created, DateTimeOffset? updated, int milliseconds) =>
        updated > created || created is null ? Hook.Later(updated, milliseconds / 1000.0) : Hook.Later(created, (1 + milliseconds) / 1000.0);

    private static Tagging Tags(Hook hook)
    {
        var change = hook.Attributes;
        var tags = hook.Tags();
        tags.Add("event.state", change["state"]);
        tags.Add("event.action", change["action"]);
        tags.Add("vcs.change.id", change["iid"]);
        tags.Add("vcs.change.title", change["title"]);
        tags.Add("vcs.change.state", StateOf(change));
        tags.Add("vcs.ref.head.name", change["source_branch"]);
        tags.Add("vcs.ref.head.revision", change["last_commit"]["id"].Exists ? change["last_commit"]["id"] : change["sha"]);
        tags.Add("vcs.ref.base.name", change["target_branch"]);
        tags.Add("merge_request.id", change["id"]);
        tags.Add("merge_request.url", change["url"].Exists ? change["url"] : change["web_url"]);
        tags.Add("merge_request.source_project", change["source"]["path_with_namespace"]);
        tags.Add("vcs.change.merge.revision", change["merge_commit_sha"]);
        tags.Add("merge_request.merge_status", change["detailed_merge_status"].Exists ? change["detailed_merge_status"] : change["merge_status"]);
        tags.Add("merge_request.labels", Hook.Titles(change["labels"]) ?? Hook.Titles(hook.Payload["labels"]));
        tags.Add("merge_request.assignees", Hook.Titles(hook.Payload["assignees"]) ?? Hook.Titles(change["assignees"]));
        tags.Add("merge_request.reviewers", Hook.Titles(hook.Payload["reviewers"]) ?? Hook.Titles(change["reviewers"]));
        return tags;
    }

    private static string? StateOf(Payload change) => change["state"].Text switch
    {
        "opened" or "reopened" or "locked" => IsDraft(change) ? "wip" : "open",
        "closed" => "closed",
        "merged" => "merged",
        _ => null,
    };

    [GeneratedRegex(@"^\s*(?:\[(?:draft|wip)\]|\(draft\)|(?:draft|wip):)", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Draft();
}
