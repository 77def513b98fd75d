using System.Collections.Immutable;
using System.Globalization;
using ValueStream.Core.Events;

namespace ValueStream.Server.Sources.Jira;

/// <summary>Sprints: from started to closed.</summary>
internal static class Sprints
{
    public static Told Read(Payload payload)
    {
        var sprint = payload["sprint"];
        var run = Identity.Sprint(sprint["id"].Integer) ?? throw new NotUnderstoodException("The sprint has no id, so nobody can tell which one it is.");
        var (kind, state, at) = (payload["webhookEvent"].Text, sprint["state"].Text?.ToLowerInvariant(), payload["timestamp"].Time);
        var about = new EventData { Tags = Tags(sprint, state) };
        // The date of its start is what was planned, and may be typed.
        var begun = sprint["activatedDate"].Time ?? (sprint["startDate"].Time is { } start && !(start > at) ? start : at);
        return kind switch
        {
            "sprint_deleted" when state == "active" => Told.Of(Start(run, begun), End(run, at, about, Outcome.Cancellation)),
            "sprint_deleted" => Told.Nothing("The sprint that was deleted was not running."),
            "sprint_closed" or "sprint_updated" when kind == "sprint_closed" || state == "closed" =>
                Told.Of(Start(run, begun), End(run, sprint["completeDate"].Time ?? at, about, Outcome.Success)),
            "sprint_started" => Told.Of(new ToolEvent(EventKind.Started, run, begun, about)),
            "sprint_updated" when state == "active" && Was(payload, "closed") => Told.Of(new ToolEvent(EventKind.Started, run, at, about)),
            "sprint_updated" when state == "active" => Told.Of(Start(run, begun), new ToolEvent(EventKind.Annotated, run, at, about)),
            _ => Told.Of(new ToolEvent(EventKind.Annotated, run, at, about)),
        };
    }

    private static bool Was(Payload payload, string state) => string.Equals(payload["oldValue"]["state"].Text, state, StringComparison.OrdinalIgnoreCase);

    private static ToolEvent Start(RunId run, DateTimeOffset? at) => new(EventKind.Started, run, at, new());

    private static ToolEvent End(RunId run, DateTimeOffset? at, EventData about, Outcome outcome) => new(EventKind.Ended, run, at, about with { Outcome = outcome.Text() });

    private static ImmutableSortedDictionary<string, TagValue> Tags(Payload sprint, string? state) => new Tagging
    {
        { "state", state },
        { "sprint.id", sprint["id"] },
        { "sprint.name", sprint["name"] },
        { "sprint.goal", sprint["goal"] },
        { "sprint.start_date", Date(sprint["startDate"]) },
        { "sprint.end_date", Date(sprint["endDate"]) },
        { "sprint.complete_date", Date(sprint["completeDate"]) },
        { "sprint.origin_board_id", sprint["originBoardId"] },
    }.ToTags();

    private static string? Date(Payload value) => value.Time?.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture);
}
