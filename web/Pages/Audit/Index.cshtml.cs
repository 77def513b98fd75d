using System.Globalization;
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
    private const int Listed = 50;

    private static readonly string[] Fields = ["actor", "kind", "outcome", "type", "namespace", "source", "submitter", "run", "operation", "tag", "q", "from", "to", "clock", "asOf"];

    private readonly List<string> _problems = [];

    /// <summary>What the host knows of the log's check.</summary>
    public ISystemStatus Status => status;

    /// <summary>The events.</summary>
    public EventsView Events { get; private set; } = null!;

    /// <summary>The names of the runs that they are about, by key.</summary>
    public IReadOnlyDictionary<string, string> Names { get; private set; } = new Dictionary<string, string>();

    /// <summary>The event beside the list; null where none is chosen.</summary>
    public EventView? Chosen { get; private set; }

    /// <summary>Whether an event was chosen that is not there.</summary>
    public bool IsMissing { get; private set; }

    /// <summary>What could not be understood and was left out, in words.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>Whether only the part that changes is asked for.</summary>
    public bool IsFragment { get; private set; }

    /// <summary>A field as typed.</summary>
    public string this[string field] => Request.Query[field].ToString().Trim();

    /// <summary>The tags that are asked for.</summary>
    public IEnumerable<string> Tags => Request.Query["tag"].Select(static t => t?.Trim() ?? "").Where(static t => t.Length > 0);

    /// <summary>What is asked for, a name and a value each.</summary>
    public IEnumerable<(string Field, string Value)> Active =>
        Fields.SelectMany(f => f == "tag" ? Tags.Select(t => (f, t)) : [(f, this[f])]).Where(static a => a.Item2.Length > 0);

    /// <summary>The address of this page without one of what is asked for.</summary>
    public string Without(string field, string value) =>
        field == "tag" ? Here.To(Here.With(Request, ("tag", null)), "tag", Tags.Where(t => t != value)) : Here.With(Request, (field, null));

    /// <summary>The address of this very answer, whatever the log holds when it is opened.</summary>
    public string Permanent => Here.With(Request, ("asOf", Events.AsOf.ToString(CultureInfo.InvariantCulture)), ("cursor", Cursor));

    /// <summary>The address of all of this answer as a file.</summary>
    public string File(string format) => Here.With(Request, ("asOf", Events.AsOf.ToString(CultureInfo.InvariantCulture)), ("event", null), ("format", format));

    /// <summary>Every kind of event.</summary>
    public static IEnumerable<string> Kinds => Enum.GetValues<EventKind>().Select(static k => k.Text());

    /// <summary>The address of the API for the same events.</summary>
    public string Api => Here.To(Routes.Events, Asked);

    /// <summary>The arguments of vscli for them.</summary>
    public IReadOnlyList<string> Vscli =>
        ["audit", .. Asked.Where(static a => a.Field == "run").Select(static a => a.Value), .. Asked.Where(static a => a.Field != "run").SelectMany(static a => new[] { a.Field == "asOf" ? "-as-of" : "-" + a.Field, a.Value })];

    private IEnumerable<(string Field, string Value)> Asked =>
        Active.Select(a => (a.Field, a.Field is "from" or "to" && Period.Time(a.Value, clock) is { } time ? Durations.Iso(time) : a.Value));

    /// <summary>The page.</summary>
    public async Task<IActionResult> OnGetAsync(CancellationToken cancellationToken)
    {
        IsFragment = Request.Query.ContainsKey("fragment");
        var visible = Viewer.MaySee(User);
        var streamed = Csv.IsAskedFor(Request) ? EventStream.Csv : this["format"] == "ndjson" ? Routes.Ndjson : null;
        try
        {
            var filter = Filter();
            if (streamed is not null)
            {
                return new EventStream(await events.ExportAsync(filter, visible, cancellationToken), streamed, glances, visible, "audit");
            }
            Events = await events.ListAsync(filter, visible, cancellationToken);
        }
        catch (BadCursorException)
        {
            return Redirect(Here.With(Request));
        }
        catch (NotYetException)
        {
            return Redirect(Here.With(Request, ("asOf", null)));
        }
        Names = await glances.NamesAsync(Events.Items.Select(static e => e.Key), visible, cancellationToken);
        if (long.TryParse(this["event"], out var position))
        {
            Chosen = await events.FindAsync(position, visible, cancellationToken);
            IsMissing = Chosen is null;
        }
        return Page();
    }

    /// <summary>An event's data as JSON that people can read.</summary>
    public static string Json(EventData data) => System.Text.Json.JsonSerializer.Serialize(data, Readable.EventData);

    private static readonly WireJson Readable = new(new System.Text.Json.JsonSerializerOptions(WireJson.Default.Options)
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    private EventFilter Filter()
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
            ByOccurrence = Known("clock", ["recorded", "occurred"]) == "occurred",
            Tags = [.. Tags.Where(t => Understood(RunFilter.IsTag(t), $"“{t}” is no tag such as service:api. It was left out."))],
            Text = Text("q") is { } q && Understood(EventFilter.IsText(q), "There is no word in what was to be found. It was left out.") ? q : null,
            AsOf = Text("asOf") is { } text && Understood(long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _), "“asOf” is a position of the log. It was left out.")
                ? long.Parse(text, CultureInfo.InvariantCulture) : null,
            Limit = Listed,
            Cursor = Cursor,
        };
    }

    /// <summary>Where the list begins; null where that is the newest.</summary>
    public string? Cursor => Request.Query["cursor"] is [{ Length: > 0 } cursor] ? cursor : null;

    private bool Understood(bool isUnderstood, string problem)
    {
        if (!isUnderstood)
        {
            _problems.Add(problem);
        }
        return isUnderstood;
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
