using System.Collections.Immutable;
using ValueStream.Core.Events;

namespace ValueStream.Server.Sources.Jira;

/// <summary>What is kept of an issue to search and group by; <c>docs/tags/jira.md</c> lists it.</summary>
internal static class IssueTags
{
    public static ImmutableSortedDictionary<string, TagValue> Of(Delivery delivery)
    {
        var (issue, fields, user, status) = (delivery.Issue, delivery.Fields, delivery.User, delivery.Status);
        var tags = new Tagging
        {
            { "issue.id", issue["id"] },
            { "issue.key", issue["key"] },
            { "issue.title", fields["summary"] },
            { "issue.url", Address(issue["self"].Text, issue["key"].Text) },
            { "issue.type.id", fields["issuetype"]["id"] },
            { "issue.type.name", fields["issuetype"]["name"] },
            { "issue.type.level", fields["issuetype"]["hierarchyLevel"] },
            { "project.id", fields["project"]["id"] },
            { "project.key", fields["project"]["key"] },
            { "project.name", fields["project"]["name"] },
            { "issue.priority.id", fields["priority"]["id"] },
            { "issue.priority.name", fields["priority"]["name"] },
            { "issue.status.id", status?.Id },
            { "issue.status.name", status?.Name },
            { "jira.status.category", status?.Category },
            { "issue.reporter", Identity.Actor(fields["reporter"]) },
            { "issue.parent", fields["parent"]["key"] },
            { "user.id", user["accountId"].Text ?? user["key"].Text ?? user["name"].Text },
            { "user.name", Identity.Actor(user) },
            { "user.account_type", user["accountType"] },
        };
        // What was just taken away is said to be away: an absent tag takes nothing away.
        tags.Add("issue.resolution", fields["resolution"]["name"].Text ?? NoneIf(delivery.Change("resolution")));
        tags.Add("issue.assignee", Identity.Actor(fields["assignee"]) ?? NoneIf(delivery.Change("assignee")));
        tags.Add("issue.labels", Join(fields["labels"].Items) ?? NoneIf(delivery.Change("labels")));
        tags.Add("issue.components", Join(Names(fields["components"])) ?? NoneIf(delivery.Change("components", "Component")));
        tags.Add("issue.fix_versions", Join(Names(fields["fixVersions"])) ?? NoneIf(delivery.Change("fixVersions", "Fix Version")));
        return tags.ToTags();
    }

    private static string? NoneIf(Payload change) => change.Exists ? "none" : null;

    private static IEnumerable<Payload> Names(Payload list) => list.Items.Select(static i => i["name"]);

    private static string? Join(IEnumerable<Payload> texts) => string.Join(", ", texts.Select(static t => t.Text).OfType<string>()) is { Length: > 0 } joined ? joined : null;

    /// <summary>Where people read it: beside the API's address.</summary>
    private static string? Address(string? self, string? key) =>
        self?.IndexOf("/rest/", StringComparison.Ordinal) is > 0 and var end && self.StartsWith("http", StringComparison.Ordinal) ? $"{self[..end]}/browse/{key}" : null;
}
