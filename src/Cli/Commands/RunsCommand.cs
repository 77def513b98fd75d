using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;

namespace ValueStream.Cli.Commands;

/// <summary><c>vscli runs</c>: searches runs.</summary>
internal static class RunsCommand
{
    private const int DefaultLimit = 50;

    /// <summary>The flags that are sent as they are; the API has them by the same names.</summary>
    private static readonly Flag[] Filters =
    [
        new("source"), new("namespace"), new("type"), new("name"), new("operation"), new("state", Values: "running ended orphan abandoned"),
        new("outcome", Values: Outcomes.All.Replace(",", "")), new("actor"), new("reason", Values: "missing"),
    ];

    /// <summary>The flags that it knows.</summary>
    public static readonly Flag[] Flags =
    [
        .. Filters, new("id"), new("tag"), new("min-duration"), new("max-duration"), new("from"), new("to"), new("limit"),
        new("format", Values: Listing.Formats), .. Settings.Flags,
    ];

    private static readonly Heading[] Headings =
    [
        new("STARTED"), new("DURATION"), new("OUTCOME"), new("TYPE", Shrinks: true), new("NAME", Shrinks: true), 
        new("NAMESPACE", Shrinks: true, Drops: 1), new("ACTOR", Shrinks: true, Drops: 2), new("KEY"),
    ];

    private static readonly (string, Func<RunView, string?>)[] Csv =
    [
        ("key", r => r.Key), ("id", r => r.Id), ("attempt", r => r.Attempt.ToString(CultureInfo.InvariantCulture)), ("source", r => r.Source),
        ("namespace", r => r.Namespace), ("type", r => r.Type), ("name", r => r.Name), ("operation", r => r.Operation), ("traceId", r => r.TraceId),
        ("spanId", r => r.SpanId), ("state", r => r.State), ("outcome", r => r.Outcome), ("startedAt", r => Iso(r.StartedAt)), ("endedAt", r => Iso(r.EndedAt)),
        ("duration", r => r.Duration?.ToString(CultureInfo.InvariantCulture)), ("actor", r => r.Actor), ("reason", r => r.Reason), ("reasonFrom", r => r.ReasonFrom),
        ("submitter", r => r.Submitter), ("parent", r => r.Parent),
        ("tags", r => r.Tags.Count == 0 ? null : EventData.TagsJson(r.Tags.ToImmutableSortedDictionary(StringComparer.Ordinal))),
    ];

    public static int Run(string[] words, DateTimeOffset now)
    {
        var arguments = Query.Parse("runs", words, Flags);
        if (arguments.Help)
        {
            Talk.Data(Help.Runs);
            return Query.Done;
        }
        var path = Path(arguments, now);
        var limit = Query.Limit(arguments, DefaultLimit);
        using var api = Api.From(arguments);
        using var output = new Output();
        var list = new Listing<RunView>(output, arguments.Last("format") ?? "table", Headings, Cells, Csv);
        foreach (var item in api.List(path, limit))
        {
            list.Add(item, api.Read(() => item.Deserialize(WireJson.Default.RunView)));
        }
        list.End();
        Query.SayMore(api.HasMore, limit);
        if (list.Count == 0)
        {
            Talk.Say($"{api.Address}: there are no such runs");
        }
        return list.Count > 0 ? Query.Done : Query.Nothing;
    }

    /// <summary>The search's address.</summary>
    /// <exception cref="CouldNotException">A flag is wrong.</exception>
    private static string Path(Arguments arguments, DateTimeOffset now) => Query.Address(Routes.Runs,
    [
        .. Filters.Select(f => (f.Name, arguments.Last(f.Name))),
        ("id", arguments.Last("id") is { } id && Token.Is(id) && new OpenRuns(StateFolder.Find()).Find(id) is { } run ? OpenRuns.Rendering(run) : arguments.Last("id")),
        ("minDuration", Seconds(arguments, "min-duration")), ("maxDuration", Seconds(arguments, "max-duration")),
        ("from", Query.Moment(arguments, "from", now)), ("to", Query.Moment(arguments, "to", now)), .. Query.Tags(arguments),
    ]);

    private static string? Seconds(Arguments arguments, string flag) =>
        arguments.Last(flag) is not { } text ? null
        : Durations.Parse(text)?.ToString(CultureInfo.InvariantCulture)
            ?? throw new CouldNotException($"-{flag}={text} is not a duration like 90s, 5m, 1h30m or 2d");

    private static string[] Cells(RunView run) =>
    [
        run.StartedAt is { } start ? Durations.Text(start) : "-",
        run.Duration is { } duration ? Durations.Text(duration) : "-",
        Printable.Clean(run.Outcome ?? run.State),
        Printable.Clean(run.Type),
        run.Hidden is true ? "(hidden)" : Printable.Clean(run.Name) + (run.Attempt > 1 ? string.Create(CultureInfo.InvariantCulture, $" #{run.Attempt}") : ""),
        Printable.Clean(run.Namespace),
        Printable.Clean(run.Actor),
        Printable.Clean(run.Key),
    ];

    private static string? Iso(DateTimeOffset? time) => time is { } known ? Durations.Iso(known) : null;
}
