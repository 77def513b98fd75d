using System.Globalization;
using System.Text.Json;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;

namespace ValueStream.Cli.Commands;

/// <summary><c>vscli audit</c>: what stands in the log, newest first.</summary>
internal static class AuditCommand
{
    private const int DefaultLimit = 50;

    /// <summary>The flags that it knows.</summary>
    public static readonly Flag[] Flags = [new("limit"), new("format", Values: Listing.Formats), .. Settings.Flags];

    private static readonly Heading[] Headings =
    [
        new("POSITION"), new("RECORDED"), new("WHAT"), new("TYPE", Shrinks: true, Drops: 3), new("KEY"), new("ACTOR", Shrinks: true),
        new("SUBMITTER", Shrinks: true, Drops: 2), new("REASON", Shrinks: true), new("RUN", Drops: 1),
    ];

    private static readonly (string, Func<EventView, string?>)[] Csv =
    [
        ("position", e => e.Position.ToString(CultureInfo.InvariantCulture)), ("recordedAt", e => Durations.Iso(e.RecordedAt)),
        ("occurredAt", e => e.OccurredAt is { } at ? Durations.Iso(at) : null), ("effectiveAt", e => Durations.Iso(e.EffectiveAt)), ("kind", e => e.Kind),
        ("run", e => e.Run), ("key", e => e.Key), ("attempt", e => e.Attempt?.ToString(CultureInfo.InvariantCulture)), ("source", e => e.Source),
        ("namespace", e => e.Namespace), ("type", e => e.Type), ("outcome", e => e.Data.Outcome), ("actor", e => e.Actor), ("submitter", e => e.Submitter),
        ("reason", e => e.Reason), ("erased", e => e.Erased is true ? "true" : null), ("eventId", e => e.EventId.ToString()), ("digest", e => e.Digest),
        ("data", e => e.Data.ToJson()),
    ];

    public static int Run(string[] words)
    {
        var arguments = Query.Parse("audit", words, Flags, most: 1);
        if (arguments.Help)
        {
            Talk.Data(Help.Audit);
            return Query.Done;
        }
        var limit = Query.Limit(arguments, DefaultLimit);
        using var api = Api.From(arguments);
        var path = Routes.Events;
        if (arguments.Words is [var run])
        {
            if (RunReference.KeyOf(run, api) is not { } key)
            {
                Talk.Say($"{api.Address}: there is no run {run}");
                return Query.Nothing;
            }
            path = $"{Routes.Runs}/{key}/events";
        }
        using var output = new Output();
        var list = new Listing<EventView>(output, arguments.Last("format") ?? "table", Headings, Cells, Csv);
        foreach (var item in api.List(path, limit))
        {
            list.Add(item, api.Read(() => item.Deserialize(WireJson.Default.EventView)));
        }
        list.End();
        Query.SayMore(api.HasMore, limit);
        if (list.Count == 0)
        {
            Talk.Say($"{api.Address}: {(arguments.Words.Count > 0 ? $"there is no run {arguments.Words[0]}" : "there are no events")}");
        }
        return list.Count > 0 ? Query.Done : Query.Nothing;
    }

    private static string[] Cells(EventView e) =>
    [
        e.Position.ToString(CultureInfo.InvariantCulture),
        Durations.Text(e.RecordedAt),
        Printable.Clean(e.Kind + (e.Data.Outcome is { } outcome ? " " + outcome : e.Kind == EventKind.Ended.Text() && e.Data.Error is true ? " failure" : "") + (e.Erased is true ? " (erased)" : "")),
        Printable.Clean(e.Type),
        Printable.Clean(e.Key),
        Printable.Clean(e.Actor),
        Printable.Clean(e.Submitter),
        Printable.Clean(e.Reason),
        Printable.Clean(e.Run),
    ];
}
