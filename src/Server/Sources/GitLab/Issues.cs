using System.Globalization;
using ValueStream.Core.Events;

namespace ValueStream.Server.Sources.GitLab;

/// <summary>Issues, and the other work items, which are hooked as issues.</summary>
internal static class Issues
{
    public static Told Read(Hook hook)
    {
        var issue = hook.Attributes;
        if (issue["iid"].Integer is not (> 0 and var number))
        {
            throw new NotUnderstoodException("The issue has no number (object_attributes.iid).");
        }
        var (created, updated) = (issue["created_at"].Time, issue["updated_at"].Time);
        var data = new EventData { Actor = hook.Actor, Tags = Tags(hook).ToTags() };
        var note = hook.Note(issue["title"].Text, issue["description"].Text);
        var story = new Story(hook.Run("issue", number.ToString(CultureInfo.InvariantCulture)));
        switch (issue["action"].Text ?? issue["state"].Text)
        {
            case "open" or "opened":
                story.Starts(created, data).Notes(created, note);
                break;
            case "reopen" or "reopened":
                story.Starts(updated, data);
                break;
            case "close" or "closed":
                var ended = issue["closed_at"].Time ?? updated;
                story.HadStarted(created, ended, Hook.UserOf(issue["author"])).Notes(created, note).Ends(ended, OutcomeOf(issue), data);
                break;
            case null:
                throw new NotUnderstoodException("The issue has neither an action nor a state.");
            default:
                story.Says(updated, data with { Note = WasRewritten(hook) ? note : null });
                break;
        }
        return story.Told();
    }

    /// <summary>Whether an update changed what names other runs.</summary>
    public static bool WasRewritten(Hook hook) => hook.Payload["changes"] is var changes && (changes["title"].Exists || changes["description"].Exists);

    // It goes on elsewhere.
    private static Outcome OutcomeOf(Payload issue) => issue["duplicated_to_id"].Exists || issue["moved_to_id"].Exists ? Outcome.Cancellation : Outcome.Success;

    private static Tagging Tags(Hook hook)
    {
        var issue = hook.Attributes;
        var isConfidential = issue["confidential"].Boolean is true;
        var tags = hook.Tags();
        tags.Add("event.state", issue["state"]);
        tags.Add("event.action", issue["action"]);
        tags.Add("issue.id", issue["id"]);
        tags.Add("issue.number", issue["iid"]);
        tags.Add("issue.url", issue["url"].Exists ? issue["url"] : issue["web_url"]);
        tags.Add("issue.milestone_id", issue["milestone_id"].Exists ? issue["milestone_id"] : issue["milestone"]["id"]);
        tags.Add("issue.branch_name", issue["branch_name"]);
        tags.Add("issue.type", (issue["type"].Text ?? issue["issue_type"].Text)?.ToLowerInvariant());
        tags.Add("issue.severity", issue["severity"]);
        tags.Add("issue.weight", issue["weight"]);
        tags.Add("issue.due_date", issue["due_date"]);
        tags.Add("issue.labels", Hook.Titles(issue["labels"]) ?? Hook.Titles(hook.Payload["labels"]));
        tags.Add("issue.assignees", Hook.Titles(hook.Payload["assignees"]) ?? Hook.Titles(issue["assignees"]));
        if (isConfidential)
        {
            // Who may see the project's runs need not be allowed to read it.
            tags.Add("issue.confidential", issue["confidential"]);
        }
        else
        {
            tags.Add("issue.title", issue["title"]);
        }
        return tags;
    }
}
