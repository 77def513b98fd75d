using System.Globalization;
using System.Text.Json;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;

namespace ValueStream.Cli.Commands;

/// <summary><c>vscli audit</c>: what stands in the log, newest first.</summary>
internal static class AuditCommand
{
    private const int DefaultLimit = 50;

    /// <summary>The flags that are sent as they are; the API has them by the same names.</summary>
    private static readonly Flag[] Filters =
    [
        new("actor"), new("submitter"), new("source"), new("namespace"), new("type"), new("operation"), new("outcome", Values: Outcomes.All.Replace(",", "")),
        new("kind", Values: "started ended transitioned annotated linked abandoned redacted administered"), new("q"), new("clock", Values: "recorded occurred"),
    ];

    /// <summary>The flags that it knows.</summary>
    public static readonly Flag[] Flags =
    [
        .. Filters, new("tag"), new("from"), new("to"), new("as-of"), new("limit"), new("format", Values: Listing.Formats), .. Settings.Flags,
    ];

    private static readonly Heading[] Headings =
    [
        new("POSITION"), new("RECORDED"), new("WHAT"), new("TYPE", Shrinks: true, Drops: 3), new("NAME", Shrinks: true, Drops: 4), new("KEY"), new("ACTOR", Shrinks: true),
        new("SUBMITTER", Shrinks: true, Drops: 2), new("REASON", Shrinks: true), new("RUN", Drops: 1),
    ];

    private static readonly (string, Func<EventView, string?>)[] Csv =
    [
        ("position", e => e.Position.ToString(CultureInfo.InvariantCulture)), ("recordedAt", e => Durations.Iso(e.RecordedAt)),
        ("occurredAt", e => e.OccurredAt is { } at ? Durations.Iso(at) : null), ("effectiveAt", e => Durations.Iso(e.EffectiveAt)), ("kind", e => e.Kind),
        ("run", e => e.Run), ("key", e => e.Key), ("attempt", e => e.Attempt?.ToString(CultureInfo.InvariantCulture)), ("source", e => e.Source),
        ("namespace", e => e.Namespace), ("type", e => e.Type), ("name", Name), ("outcome", e => e.Data.Outcome), ("actor", e => e.Actor), ("submitter", e => e.Submitter),
        ("reason", e => e.Reason), ("erased", e => e.Erased is true ? "true" : null), ("eventId", e => e.EventId.ToString()), ("digest", e => e.Digest),
        ("data", e => e.Data.ToJson()),
    ];

    public static int Run(string[] words, DateTimeOffset now)
    {
        var arguments = Query.Parse("audit", words, Flags, most: 1);
        if (arguments.Help)
        {
            Talk.Data(Help.Audit);
            return Query.Done;
        }
        var limit = Query.Limit(arguments, DefaultLimit);
        var search = Search(arguments, now);
        using var api = Api.From(arguments);
        var run = arguments.Words is [var word] ? word : null;
        var key = run is null ? null : RunReference.KeyOf(run, api);
        if (run is not null && key is null)
        {
            Talk.Say($"{api.Address}: there is no run {run}");
            return Query.Nothing;
        }
        using var output = new Output();
        var list = new Listing<EventView>(output, arguments.Last("format") ?? "table", Headings, Cells, Csv);
        foreach (var item in api.List(Query.Address(Routes.Events, [("run", key), .. search]), limit, isSearch: true))
        {
            list.Add(item, api.Read(() => item.Deserialize(WireJson.Default.EventView)));
        }
        list.End();
        Query.SayMore(api.HasMore, limit);
        if (list.Count == 0)
        {
            Talk.Say($"{api.Address}: there are no such events");
        }
        else if (search.Length > 0 && api.AsOf is { } asOf)
        {
            Talk.Say(string.Create(CultureInfo.InvariantCulture, $"as of position {asOf} of the log; -as-of {asOf} asks for the same later"));
        }
        return list.Count > 0 ? Query.Done : Query.Nothing;
    }

    /// <summary>What is asked for.</summary>
    /// <exception cref="CouldNotException">A flag is wrong.</exception>
    private static (string Name, string? Value)[] Search(Arguments arguments, DateTimeOffset now)
    {
        var asOf = arguments.Last("as-of");
        if (asOf is not null && !long.TryParse(asOf, NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            throw new CouldNotException($"-as-of={asOf} is not a position of the log");
        }
        IEnumerable<(string Name, string? Value)> all =
        [
            .. Filters.Select(f => (f.Name, arguments.Last(f.Name))), ("from", Query.Moment(arguments, "from", now)), ("to", Query.Moment(arguments, "to", now)),
            ("asOf", asOf), .. Query.Tags(arguments),
        ];
        return [.. all.Where(static p => p.Value is not null)];
    }

    /// <summary>The run's name, where the event says it.</summary>
    private static string? Name(EventView e) => e.Data.Derived?.Name ?? (e.Kind == EventKind.Started.Text() && e.Erased is not true ? e.Data.NameOr(e.Type) : e.Data.Name);

    private static string[] Cells(EventView e) =>
    [
        e.Position.ToString(CultureInfo.InvariantCulture),
        Durations.Text(e.RecordedAt),
        Printable.Clean(e.Kind + (e.Data.Outcome is { } outcome ? " " + outcome : e.Kind == EventKind.Ended.Text() && e.Data.Error is true ? " failure" : "") + (e.Erased is true ? " (erased)" : "")),
        Printable.Clean(e.Type),
        Printable.Clean(Name(e)),
        Printable.Clean(e.Key),
        Printable.Clean(e.Actor),
        Printable.Clean(e.Submitter),
        Printable.Clean(e.Reason),
        Printable.Clean(e.Run),
    ];
}
