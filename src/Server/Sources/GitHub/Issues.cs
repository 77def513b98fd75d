using System.Collections.Immutable;
using ValueStream.Core.Events;

namespace ValueStream.Server.Sources.GitHub;

/// <summary>Issues: from opened to closed, each reopening another attempt.</summary>
internal static class Issues
{
    public static Told Read(Delivery delivery)
    {
        var issue = delivery.Payload["issue"];
        var subject = new Subject(delivery.Run("issue", Delivery.Number(issue["number"], "The issue's number")), Tags(delivery, issue))
        {
            Parents = ParentOf(issue["parent_issue_url"].Text) is { } parent ? [parent] : [],
            Links = delivery.Action is "opened" or "transferred" ? Moved(delivery) : [],
        };
        var (created, updated) = (issue["created_at"].Time, issue["updated_at"].Time);
        var author = Delivery.Login(issue["user"]);
        var note = delivery.NoteOf(issue["title"].Text, issue["body"].Text);
        return delivery.Action switch
        {
            "opened" => Told.Of([subject.Started(created, author ?? delivery.Sender), .. subject.Names(note, created)]),
            "reopened" => Told.Of(subject.StartedAgain(updated, delivery.Sender)),
            "closed" => Told.Of([
                .. subject.StartedEarlier(created, author),
                .. subject.Names(note, created ?? updated),
                subject.Ended(OutcomeOf(issue), issue["closed_at"].Time ?? updated, delivery.Sender)]),
            // Its last update may be long ago, and GitHub gives no time for this; of one that was closed before, that was the end. Transferred it lives on
            // there, all its time with it: here it neither goes on nor counts.
            "deleted" or "transferred" when issue["state"].Text != "closed" => Told.Of([
                .. subject.StartedEarlier(created, author),
                subject.Ended(delivery.Action == "deleted" ? Outcome.Cancellation : Outcome.Skip, null, delivery.Sender) with { AboutWhen = updated }]),
            "" => throw new NotUnderstoodException("The delivery does not say what happened to the issue."),
            "edited" => Told.Of(subject.Annotated(updated, note)),
            _ => Told.Of(subject.Annotated(updated)),
        };
    }

    /// <summary>Labels, assignees and milestone of an issue or a pull request. Where the last one was just taken away the tag says so, for an absent one takes nothing away.</summary>
    public static void AddPlanning(Tagging tags, string type, Payload of, string action)
    {
        tags.Add($"{type}.labels", Delivery.Join(of["labels"], "name") is { Length: > 0 } labels ? labels : action == "unlabeled" ? None : null);
        tags.Add($"{type}.assignees", Delivery.Join(of["assignees"], "login") is { Length: > 0 } assignees ? assignees : action == "unassigned" ? None : null);
        tags.Add($"{type}.milestone", of["milestone"]["title"].Text ?? (action == "demilestoned" ? None : null));
    }

    private const string None = "none";

    private static Tagging Tags(Delivery delivery, Payload issue)
    {
        var tags = delivery.Tags();
        tags.Add("issue.number", issue["number"]);
        tags.Add("issue.title", issue["title"]);
        tags.Add("issue.url", issue["url"]);
        tags.Add("issue.html_url", issue["html_url"]);
        tags.Add("issue.type", issue["type"]["name"]);
        tags.Add("issue.state", issue["state"]);
        tags.Add("issue.state_reason", issue["state_reason"]);
        tags.Add("issue.comments_count", issue["comments"]);
        tags.Add("user.name", issue["user"]["login"]);
        tags.Add("user.id", issue["user"]["id"]);
        tags.Add("user.url", issue["user"]["url"]);
        AddPlanning(tags, "issue", issue, delivery.Action);
        return tags;
    }

    private static Outcome OutcomeOf(Payload issue) => issue["state_reason"].Text is "not_planned" or "duplicate" ? Outcome.Cancellation : Outcome.Success;

    /// <summary>The issue that this one is a part of: <c>https://api.github.com/repos/owner/repository/issues/12</c>.</summary>
    private static string? ParentOf(string? url) =>
        url?.Split('/') is [.., "repos", var owner, var repository, "issues", var number] && long.TryParse(number, out var n) && n > 0
            ? new RunId(SourceNames.GitHub, "issue", Naming.Namespace($"{owner}/{repository}"), $"{n}").Rendering
            : null;

    /// <summary>An issue goes on in another repository under another number: the one there follows the one here.</summary>
    private static ImmutableArray<RunLink> Moved(Delivery delivery)
    {
        var changes = delivery.Payload["changes"];
        return delivery.Action == "opened" ? Link(LinkKinds.Follows, "old") : Link(LinkKinds.References, "new");

        ImmutableArray<RunLink> Link(string kind, string side) =>
            changes[$"{side}_repository"]["full_name"].Text is { } path && changes[$"{side}_issue"]["number"].Integer is > 0 and var number
                ? [new RunLink(kind, new RunId(SourceNames.GitHub, "issue", Naming.Namespace(path), $"{number}").Rendering)]
                : [];
    }
}
