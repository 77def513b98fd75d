using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Store.Queries;
using ValueStream.Web.Charts;
using ValueStream.Web.Pages.Shared;

namespace ValueStream.Web.Pages.Runs;

/// <summary>Run: what happened, in what order, and what made it slow or fail.</summary>
internal sealed class RunModel(
    RunQueries runs, TraceQueries traces, EventQueries events, OperationQueries operations, ITracerStatus tracers, Administering administering, Clock clock) : PageModel
{
    /// <summary>So many runs of the operation the history shows.</summary>
    public const int MostAround = 20;

    /// <summary>So many events stand beside the waterfall.</summary>
    public const int MostBeside = 6;

    /// <summary>What is usual is looked up for so many operations of a trace.</summary>
    private const int MostUsual = 60;

    /// <summary>Of fewer runs than this nothing is usual.</summary>
    private const int FewestUsual = 5;

    private IReadOnlyDictionary<string, DurationView> _usual = new Dictionary<string, DurationView>();

    /// <summary>The run's key, as in the address.</summary>
    public string Key { get; private set; } = "";

    /// <summary>The attempt shown; null when there is none of that key.</summary>
    public RunView? Run { get; private set; }

    /// <summary>Every attempt of the run, the first one first.</summary>
    public IReadOnlyList<RunView> Attempts { get; private set; } = [];

    /// <summary>Its trace; null on the view that does not draw it.</summary>
    public TraceView? Trace { get; private set; }

    /// <summary>The trace over time; null on other views.</summary>
    public Waterfall? Waterfall { get; private set; }

    /// <summary>The trace as a graph; null on other views.</summary>
    public DagLayout? Graph { get; private set; }

    /// <summary>The run's newest events; on the view of events a page of them.</summary>
    public EventsView Events { get; private set; } = null!;

    /// <summary>The runs of the operation before and after it.</summary>
    public RunNeighbours Neighbours { get; private set; } = new(null, null, null);

    /// <summary>The runs of the operation around it, the newest first; null on other views.</summary>
    public IReadOnlyList<RunView>? Around { get; private set; }

    /// <summary>What it is compared with; null on other views.</summary>
    public RunView? Other { get; private set; }

    /// <summary>The comparison; null on other views.</summary>
    public IReadOnlyList<ComparedLine>? Comparison { get; private set; }

    /// <summary>Where tracers show it.</summary>
    public IReadOnlyList<TracerLink> Tracers { get; private set; } = [];

    /// <summary><c>waterfall</c>, <c>graph</c>, <c>history</c>, <c>events</c> or <c>compare</c>.</summary>
    public string Tab { get; private set; } = "waterfall";

    /// <summary>Whether the caller may leave the run out of the numbers.</summary>
    public bool MayExclude => administering.Refusal(User) is null;

    /// <summary>What became of the exclusion that was sent before this page was asked for; null where none was.</summary>
    public SettingsAnswer? Answer { get; private set; }

    /// <summary>Groups of the waterfall that are open.</summary>
    public IReadOnlySet<string> Open { get; private set; } = new HashSet<string>();

    /// <summary>The page.</summary>
    /// <param name="key">The run's short key.</param>
    /// <param name="attempt">Which attempt; the newest where absent or no number.</param>
    /// <param name="view">Which view.</param>
    /// <param name="open">Groups to open.</param>
    /// <param name="compare">The run to compare with: its key, and behind a dot the attempt.</param>
    /// <param name="cursor">Where the events begin.</param>
    /// <param name="cancellationToken">The request's end.</param>
    public async Task<IActionResult> OnGetAsync(
        string key, int? attempt, string? view, string[] open, string? compare, string? cursor, CancellationToken cancellationToken)
    {
        Key = key;
        var visible = Viewer.MaySee(User);
        if (!ShortKey.TryParse(key, out var shortKey)
            || await runs.FindAsync(shortKey, attempt, visible, cancellationToken) is not { } run)
        {
            Response.StatusCode = 404;
            return Page();
        }
        Run = run;
        Answer = MayExclude ? SettingsAnswer.Take(TempData) : null;
        Tab = compare is { Length: > 0 } ? "compare" : view is "graph" or "history" or "events" ? view : "waterfall";
        Open = open.ToHashSet(StringComparer.Ordinal);
        Tracers = await tracers.LinksAsync(shortKey, run.Attempt, run.Namespace, run.Name, cancellationToken);
        var same = await runs.ListAsync(new() { Id = Show.Rendering(run), Limit = 200 }, visible, cancellationToken);
        Attempts = [.. same.Items.Where(r => r.Key == run.Key).OrderBy(static r => r.Attempt)];
        Neighbours = await runs.NeighboursAsync(shortKey, run.Attempt, visible, cancellationToken) ?? Neighbours;
        try
        {
            var filter = new EventFilter { Run = shortKey };
            Events = await events.ListAsync(Tab == "events" ? filter with { Cursor = cursor } : filter with { Limit = MostBeside }, visible, cancellationToken);
        }
        catch (BadCursorException)
        {
            return Redirect(At("events") + (clock.IsLocal ? $"&{Clock.Parameter}={Uri.EscapeDataString(clock.Zone.Id)}" : ""));
        }
        if (Tab is "waterfall" or "graph" or "compare")
        {
            Trace = await traces.OfAsync(shortKey, run.Attempt, visible, cancellationToken);
        }
        if (Trace is not null && Tab == "graph")
        {
            Graph = DagLayout.Of(Trace, run.SpanId);
        }
        else if (Trace is not null && Tab == "waterfall")
        {
            Waterfall = Waterfall.Of(Trace, run.SpanId, Open, clock.Now);
        }
        else if (Trace is not null)
        {
            await CompareAsync(compare!, visible, cancellationToken);
        }
        else if (Tab == "history")
        {
            Around = await runs.AroundAsync(shortKey, run.Attempt, MostAround, visible, cancellationToken);
        }
        var drawn = Waterfall?.Lines.Select(static l => l.Line.First.Operation) ?? [];
        _usual = await operations.UsualAsync(drawn.Prepend(run.Operation).Distinct().Where(static o => o.Length > 0).Take(MostUsual), visible, cancellationToken);
        return Page();
    }

    private async Task CompareAsync(string compare, Visible visible, CancellationToken cancellationToken)
    {
        var parts = compare.Split('.');
        int? attempt = parts is [_, var number] && int.TryParse(number, out var parsed) ? parsed : null;
        if (ShortKey.TryParse(parts[0], out var key)
            && await runs.FindAsync(key, attempt, visible, cancellationToken) is { } other
            && await traces.OfAsync(key, other.Attempt, visible, cancellationToken) is { } trace)
        {
            Other = other;
            Comparison = TraceComparison.Of(Trace!, Run!.SpanId, trace, other.SpanId, clock.Now);
        }
    }

    /// <summary>How long runs of an operation usually take; null where too few are known.</summary>
    public DurationView? Usual(string operation) => _usual.TryGetValue(operation, out var usual) && usual.Sample >= FewestUsual ? usual : null;

    /// <summary>Whether a run took longer than 95 of 100 of its operation do.</summary>
    public bool IsSlow(RunView run) => Usual(run.Operation)?.P95 is { } p95 && Look.Took(run, clock.Now)?.TotalSeconds > p95;

    /// <summary>What is usual, as a title: from what it is known.</summary>
    public static string SaidOf(DurationView usual) =>
        string.Create(CultureInfo.InvariantCulture, $"half of them take up to {Numbers.Duration(usual.P50)}, 95 of 100 up to {Numbers.Duration(usual.P95)}; n = {usual.Sample:n0} successful runs of the last 28 days");

    /// <summary>What people call a pull request or an issue, where a tag has it.</summary>
    public static string? Title(RunView run) =>
        run.Type is "issue" or "pull_request" && (run.Tags.TryGetValue("issue.title", out var title) || run.Tags.TryGetValue("vcs.change.title", out title)) && title.Text.Length > 0 ? title.Text : null;

    /// <summary>The address of another run of the trace, with the same groups open.</summary>
    public string Beside(RunView run) => Show.Address(run) + string.Concat(Open.Select(static o => "&open=" + Uri.EscapeDataString(o)));

    /// <summary>The address of the comparison with another run.</summary>
    public string Against(RunView other) => $"{Show.Address(Run!)}&compare={other.Key}.{other.Attempt}";

    /// <summary>The address of another view of this run.</summary>
    public string At(string view) => Show.Address(Run!) + (view == "waterfall" ? "" : "&view=" + view);

    /// <summary>The address with one group opened, or closed if it is open.</summary>
    public string Toggled(string group) =>
        Show.Address(Run!) + string.Concat(Open.Where(o => o != group).Concat(Open.Contains(group) ? [] : [group])
            .Select(static o => "&open=" + Uri.EscapeDataString(o))) + "#g-" + group;

    /// <summary>The run that a reference means, where it is in the trace at hand; then its page can be linked to directly.</summary>
    /// <param name="kind">The edge that the reference became.</param>
    /// <param name="rendering">The reference.</param>
    public RunView? InTrace(string kind, string rendering) =>
        Trace?.Edges
            .Where(e => e.Kind == kind && (kind == "parent" ? e.To : e.From) == Run!.SpanId)
            .Select(e => Trace.Runs.FirstOrDefault(r => r.SpanId == (kind == "parent" ? e.From : e.To)))
            .FirstOrDefault(r => r is not null && r.Hidden is not true && (kind == "parent" || Show.Rendering(r) == rendering));

    /// <summary>Where the run's time went; null where it is not its trace's root, or has neither parts nor stages.</summary>
    public LeadTimeView? LeadTime =>
        Trace is { LeadTime: { Duration: > 0 } lead } && Trace.Root == Run!.SpanId && lead.Types.Count + lead.Stages.Count > 0 ? lead : null;

    /// <summary>Whether the run's parent was refused because it would have closed a cycle.</summary>
    public bool IsParentRefused => Trace?.Refused.Contains(Run!.SpanId) is true;

    /// <summary>What a flag means.</summary>
    public static string Explain(string flag) => flag switch
    {
        "skewed" => "its end or its first stage was reported before its start: the clocks of two machines differ, and it is taken to have started there",
        "implausible" => "it took more than five years by its senders' clocks, and is left out of statistics",
        "joinedLate" => "its start was never reported; it begins with the first that was heard of it",
        "excluded" => "an administrator left it out of the numbers",
        _ => flag,
    };

    /// <summary>What an event says, in few words.</summary>
    public static string Tell(EventView e)
    {
        var data = e.Data;
        string?[] parts =
        [
            data.Name is { } name ? $"“{Show.Short(name, 60)}”" : null,
            e.Kind == "ended" ? data.Outcome ?? (data.Error is true ? "failure" : "success") : null,
            data.Note is { } note ? Show.Short(note, 200) : null,
            data.RunSetting?.Excluded switch { true => "left out of the numbers", false => "counts again", null => null },
            data.Parents is { Length: > 0 } parents ? "in " + Show.Short(string.Join(", ", parents), 120) : null,
            data.Links is { Length: > 0 } links ? Show.Short(string.Join(", ", links.Select(static l => $"{l.Kind} {l.Run}")), 160) : null,
            data.Tags is { Count: > 0 } tags
                ? Show.Short(string.Join(", ", tags.Take(4).Select(static t => $"{t.Key}={Show.Short(t.Value.Text, 40)}")), 160)
                    + (tags.Count > 4 ? $" and {tags.Count - 4} more tags" : "")
                : null,
        ];
        return string.Join(" · ", parts.Where(static p => p is not null).DefaultIfEmpty("no more than that"));
    }
}
