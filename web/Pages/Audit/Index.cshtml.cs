using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Store.Queries;
using ValueStream.Web.Pages.Shared;

namespace ValueStream.Web.Pages.Audit;

/// <summary>Audit: who did what, when, and why?</summary>
internal sealed class IndexModel(EventQueries events, GlanceQueries glances, ISystemStatus status, Clock clock) : PageModel
{
    /// <summary>So many events are exported at once.</summary>
    public const int MostExported = 1_000;

    private const int Listed = 50;

    private static readonly string[] Fields = ["actor", "kind", "outcome", "type", "namespace", "source", "submitter", "run", "operation"];

    private readonly List<string> _problems = [];

    /// <summary>What the host knows of the log's check.</summary>
    public ISystemStatus Status => status;

    /// <summary>The events.</summary>
    public ListView<EventView> Events { get; private set; } = null!;

    /// <summary>The names of the runs that they are about, by key.</summary>
    public IReadOnlyDictionary<string, string> Names { get; private set; } = new Dictionary<string, string>();

    /// <summary>The event beside the list; null where none is chosen.</summary>
    public EventView? Chosen { get; private set; }

    /// <summary>Whether an event was chosen that is not there.</summary>
    public bool IsMissing { get; private set; }

    /// <summary>The end of the log.</summary>
    public HeadView Head { get; private set; } = null!;

    /// <summary>What could not be understood and was left out, in words.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>Whether only the part that changes is asked for.</summary>
    public bool IsFragment { get; private set; }

    /// <summary>A field as typed.</summary>
    public string this[string field] => Request.Query[field].ToString().Trim();

    /// <summary>What is asked for, a name and a value each.</summary>
    public IEnumerable<(string Field, string Value)> Active => Fields.Concat(["from", "to"]).Select(f => (f, this[f])).Where(static a => a.Item2.Length > 0);

    /// <summary>Every kind of event.</summary>
    public static IEnumerable<string> Kinds => Enum.GetValues<EventKind>().Select(static k => k.Text());

    /// <summary>The address of the API for the same events.</summary>
    public string Api => Here.To(Routes.Events, Active.Select(a => (a.Field, a.Field is "from" or "to" && Period.Time(a.Value, clock) is { } time ? Durations.Iso(time) : a.Value)));

    /// <summary>The page.</summary>
    public async Task<IActionResult> OnGetAsync(CancellationToken cancellationToken)
    {
        IsFragment = Request.Query.ContainsKey("fragment");
        var visible = Viewer.MaySee(User);
        var asCsv = Csv.IsAskedFor(Request);
        var asNdjson = this["format"] == "ndjson";
        try
        {
            Events = await events.ListAsync(Filter(asCsv || asNdjson ? MostExported : Listed), visible, cancellationToken);
        }
        catch (BadCursorException)
        {
            return Redirect(Here.With(Request));
        }
        if (asNdjson)
        {
            return new NdjsonResult(Events.Items);
        }
        Names = await glances.NamesAsync(Events.Items.Select(static e => e.Key), visible, cancellationToken);
        if (asCsv)
        {
            return Csv.File("audit", ["position", "recordedAt", "occurredAt", "actor", "submitter", "kind", "run", "name", "type", "namespace", "source", "outcome", "reason", "digest"],
                Events.Items.Select(e => new object?[]
                {
                    e.Position, e.RecordedAt, e.OccurredAt, e.Actor, e.Submitter, e.Kind, e.Run, Names.GetValueOrDefault(e.Key), e.Type, e.Namespace, e.Source, Outcome(e), e.Reason, e.Digest,
                }));
        }
        if (long.TryParse(this["event"], out var position))
        {
            Chosen = await events.FindAsync(position, visible, cancellationToken);
            IsMissing = Chosen is null;
        }
        Head = await events.HeadAsync(cancellationToken);
        return Page();
    }

    /// <summary>How a run ended, where the event says it.</summary>
    public static string? Outcome(EventView e) => e.Kind == "ended" ? e.Data.Outcome ?? (e.Data.Error is true ? "failure" : "success") : null;

    /// <summary>An event's data as JSON that people can read.</summary>
    public static string Json(EventData data) => System.Text.Json.JsonSerializer.Serialize(data, Readable.EventData);

    private static readonly WireJson Readable = new(new System.Text.Json.JsonSerializerOptions(WireJson.Default.Options)
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    private EventFilter Filter(int limit)
    {
        return new()
        {
            Actor = Text("actor"),
            Type = Text("type"),
            Namespace = Text("namespace"),
            Source = Text("source"),
            Submitter = Text("submitter"),
            Kind = Known("kind", [.. Kinds]),
            Outcome = Known("outcome", Outcomes.All.Split(", ")),
            From = Time("from"),
            To = Time("to"),
            Run = Key("run"),
            Operation = Key("operation"),
            Limit = limit,
            Cursor = Request.Query["cursor"] is [{ Length: > 0 } cursor] ? cursor : null,
        };
    }

    private string? Text(string field) => this[field] is { Length: > 0 } text ? text : null;

    private string? Known(string field, string[] known)
    {
        if (Text(field) is not { } text || known.Contains(text))
        {
            return Text(field);
        }
        _problems.Add($"“{field}” is one of {string.Join(", ", known)}. It was left out.");
        return null;
    }

    private DateTimeOffset? Time(string field)
    {
        var time = Period.Time(this[field], clock);
        if (time is null && Text(field) is not null)
        {
            _problems.Add($"“{field}” is a time such as 2026-10-14T14:02. It was left out.");
        }
        return time;
    }

    private ShortKey? Key(string field)
    {
        if (ShortKey.TryParse(this[field], out var key))
        {
            return key;
        }
        if (Text(field) is not null)
        {
            _problems.Add($"“{field}” is a key of 13 characters. It was left out.");
        }
        return null;
    }
}
