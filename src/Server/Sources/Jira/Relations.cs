using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using ValueStream.Core.Events;

namespace ValueStream.Server.Sources.Jira;

/// <summary>What an issue belongs to.</summary>
internal static partial class Relations
{
    private const int Most = 100;

    // What the cloud calls the epic's field wherever nobody made it anew; on servers its number differs, and the history tells.
    private const string EpicLinkField = "customfield_10014";

    /// <summary>Of a subtask, the issue that it is a part of.</summary>
    public static string? ParentOf(Delivery delivery) =>
        Identity.Issue(delivery.Fields["parent"]["key"].Text) is { } parent && parent != delivery.Run && !IsGroup(delivery.Fields) ? parent.Rendering : null;

    /// <summary>What it is linked with, and the key that it had in another project.</summary>
    public static ImmutableArray<RunLink> LinksOf(Delivery delivery, RunId? old) =>
    [
        .. old is not null && old != delivery.Run ? [new RunLink(LinkKinds.Follows, old.Rendering)] : Enumerable.Empty<RunLink>(),
        .. delivery.Fields["issuelinks"].Items
            .Select(static l => Identity.Issue(l["outwardIssue"]["key"].Text ?? l["inwardIssue"]["key"].Text)).OfType<RunId>().Where(r => r != delivery.Run)
            .Distinct().Take(Most).Select(static r => new RunLink(LinkKinds.References, r.Rendering)),
    ];

    /// <summary>The sprints and epics that hold it: their links, since what groups holds what it groups.</summary>
    public static IEnumerable<ToolEvent> ContainersOf(Delivery delivery, DateTimeOffset? at) =>
        SprintsOf(delivery).Concat(EpicsOf(delivery)).Where(r => r != delivery.Run).Distinct().Take(Most)
            .Select(r => new ToolEvent(EventKind.Linked, r, at, new() { Links = [new RunLink(LinkKinds.Contains, delivery.Run.Rendering)] }));

    /// <summary>Whether they were changed.</summary>
    public static bool Changed(Delivery delivery) => delivery.Change(Sprint, EpicLink, "Parent", "IssueParentAssociation").Exists;

    /// <summary>What a history calls the sprints of an issue.</summary>
    public const string Sprint = "Sprint";

    /// <summary>What a history calls the epic of an issue.</summary>
    public const string EpicLink = "Epic Link";

    private static IEnumerable<RunId> SprintsOf(Delivery delivery)
    {
        var fields = delivery.Fields;
        var custom = fields.Members.Where(static m => m.Name.StartsWith("customfield_", StringComparison.Ordinal)).SelectMany(static m => m.Value.Items);
        return custom.Concat(fields["closedSprints"].Items).Append(fields["sprint"]).Select(SprintIn)
            .Concat(delivery.Change(Sprint)["to"].Text?.Split(',').Select(static id => long.TryParse(id, NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture, out var n) ? (long?)n : null) ?? [])
            .Select(Identity.Sprint).OfType<RunId>();
    }

    /// <summary>The number of a sprint: of an object, or of the text that older versions write. Null where it is something else.</summary>
    private static long? SprintIn(Payload value) =>
        value.IsObject ? (value["state"].Text?.ToLowerInvariant() is "active" or "closed" or "future" ? value["id"].Integer : null)
        : value.Text is { } text && Written().Match(text) is { Success: true } match ? long.Parse(match.Groups["id"].ValueSpan, CultureInfo.InvariantCulture)
        : null;

    private static IEnumerable<RunId> EpicsOf(Delivery delivery)
    {
        var fields = delivery.Fields;
        string?[] keys = [IsGroup(fields) ? fields["parent"]["key"].Text : null, fields["epic"]["key"].Text, fields[EpicLinkField].Text, delivery.Change(EpicLink)["toString"].Text];
        return keys.Select(Identity.Issue).OfType<RunId>();
    }

    /// <summary>Whether its parent stands a level above what is worked on, as epics do: a subtask's does not.</summary>
    private static bool IsGroup(Payload fields)
    {
        var above = fields["parent"]["fields"]["issuetype"];
        return fields["issuetype"]["subtask"].Boolean is { } isSubtask ? !isSubtask : above["hierarchyLevel"].Integer > 0 || above["name"].Text == "Epic";
    }

    [GeneratedRegex(@"greenhopper\.service\.sprint\.Sprint@\w*\[(?:[^\]]*?,)?id=(?<id>[0-9]{1,18}),", RegexOptions.CultureInvariant)]
    private static partial Regex Written();
}
