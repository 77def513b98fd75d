using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Store.Queries;
using ValueStream.Web.Charts;
using ValueStream.Web.Pages.Shared;

namespace ValueStream.Web.Pages.Operations;

/// <summary>Operation: how is it doing, since when, and for whom?</summary>
internal sealed class OperationModel(
    OperationQueries operations, MetricQueries metrics, PathQueries paths, RetryQueries retries, RunQueries runs, GlanceQueries glances, CorrelationQueries correlations, ChangeQueries changes,
    AdministrationQueries administration, Administering administering, Clock clock) : PageModel
{
    /// <summary>The tags that runs are added up by as they come: the picker names them.</summary>
    public static readonly IReadOnlyList<(string Key, string Text)> Tags =
    [
        ("service", "service"), ("deployment.environment.name", "environment"), ("host.name", "host"), ("user.name", "user"), ("vcs.repository.name", "repository"), ("vcs.ref.head.name", "branch"),
    ];

    /// <summary>So many values of a tag are listed unless all are asked for.</summary>
    public const int FewValues = 15;

    private const int LatestRuns = 10;

    private const int MostDeploys = 500;

    private static readonly string[] StepColumns =
        ["from", "to", "finished", "success", "failure", "error", "timeout", "cancellation", "error_rate", "p50_seconds", "p95_seconds", "previous_from", "previous_p50_seconds", "deploys"];

    private static readonly string[] BinColumns = ["from_seconds", "to_seconds", "runs", "previous_runs"];

    private static readonly string[] TagColumns = ["value", "finished", "success", "failure", "error", "timeout", "error_rate", "p50_seconds", "p95_seconds", "durations", "seconds", "failed_seconds", "from", "to"];

    private static readonly string[] RunColumns = ["key", "attempt", "name", "state", "outcome", "started_at", "ended_at", "duration_seconds", "actor", "reason"];

    /// <summary>The operation's key, as in the address.</summary>
    public string Key { get; private set; } = "";

    /// <summary>The operation; null when there is none of that key.</summary>
    public OperationView? Operation { get; private set; }

    /// <summary>Its numbers in the period.</summary>
    public MetricsView Numbers { get; private set; } = null!;

    /// <summary>The period.</summary>
    public Period Period { get; private set; } = null!;

    /// <summary>Into what the period is cut: <c>hour</c>, <c>day</c> or <c>week</c>.</summary>
    public string Interval { get; private set; } = "day";

    /// <summary>The steps of the trend.</summary>
    public IReadOnlyList<TrendStep> Steps { get; private set; } = [];

    /// <summary>The successful deploys of the operation's namespace in the period; null where its runs are deploys themselves.</summary>
    public IReadOnlyList<(DateTimeOffset At, string Name)>? Deploys { get; private set; }

    /// <summary>The tag by which the runs are grouped.</summary>
    public string By { get; private set; } = "user.name";

    /// <summary>The newest runs of the period.</summary>
    public ListView<RunView> Latest { get; private set; } = null!;

    /// <summary>Where the time of its newest runs goes; null unless it is asked for.</summary>
    public PathSharesView? Paths { get; private set; }

    /// <summary>What was tried again and what it came to; null unless it is asked for.</summary>
    public RetriesView? Retried { get; private set; }

    /// <summary>What its failed or slow runs share; null where nobody asks.</summary>
    public CorrelationsView? Correlations { get; private set; }

    /// <summary>What changed with its newest runs; null where nothing did.</summary>
    public OperationChangeView? Change { get; private set; }

    /// <summary>Whether only the part that changes is asked for.</summary>
    public bool IsFragment { get; private set; }

    /// <summary>What is set of it, where the caller may set something; else null.</summary>
    public OperationSetting? Setting { get; private set; }

    /// <summary>What became of the settings that were sent before this page was asked for; null where none were.</summary>
    public SettingsAnswer? Answer { get; private set; }

    /// <summary>The page.</summary>
    /// <param name="key">The operation's key.</param>
    /// <param name="by">The key of a tag.</param>
    /// <param name="show">What is added up on demand: <c>path</c> or <c>retries</c>.</param>
    /// <param name="table">Which of the tables is wanted as CSV.</param>
    /// <param name="of">Whether it is asked what the <c>failed</c> or the <c>slow</c> runs share.</param>
    /// <param name="cancellationToken">The request's end.</param>
    public async Task<IActionResult> OnGetAsync(string key, string? by, string? show, string? table, string? of, CancellationToken cancellationToken)
    {
        Key = key;
        IsFragment = Request.Query.ContainsKey("fragment");
        By = by?.Trim() is { Length: > 0 } tag ? tag : By;
        var visible = Viewer.MaySee(User);
        Period = Period.Of(Request.Query, clock, "28d");
        if (!ShortKey.TryParse(key, out var operation) || await operations.FindAsync(operation, null, null, visible, cancellationToken) is not { } found)
        {
            Response.StatusCode = 404;
            return Page();
        }
        Operation = found;
        try
        {
            Numbers = await MeasureAsync(operation, visible, cancellationToken);
        }
        catch (BadArgumentException e)
        {
            Period = Period.Of(new QueryCollection(), clock, "28d") with { Problem = $"“{e.Argument}”: {e.Message} The last 28 days are shown." };
            Numbers = await MeasureAsync(operation, visible, cancellationToken);
        }
        Steps = TrendChart.Steps(Numbers, Interval, clock);
        Deploys = found.Type == "deploy" ? null : await glances.DeploysAsync(found.Namespace, Numbers.Window, MostDeploys, visible, cancellationToken);
        Latest = await runs.ListAsync(new() { Operation = operation, From = Numbers.Window.From, To = Numbers.Window.To, Limit = LatestRuns }, visible, cancellationToken);
        if (Csv.IsAskedFor(Request))
        {
            return File(table);
        }
        Change = await changes.OfAsync(operation, visible, cancellationToken);
        if (!IsFragment)
        {
            // Many runs are read for these, so not until somebody wants them, and not anew with every event.
            Paths = show == "path" ? await paths.OfAsync(operation, Numbers.Window.From, Numbers.Window.To, visible, cancellationToken) : null;
            Retried = show == "retries" ? await retries.OfAsync(operation, Numbers.Window.From, Numbers.Window.To, visible, cancellationToken) : null;
            Correlations = CorrelationGroups.Parse(of) is { } group and not CorrelationGroup.These
                ? await correlations.OfAsync(operation, group, Numbers.Window.From, Numbers.Window.To, visible, cancellationToken) : null;
            // From the log: what was set a moment ago is not in the read models yet.
            Setting = administering.Refusal(User) is null ? (await administration.FindAsync(operation, visible, cancellationToken))?.Setting : null;
            Answer = Setting is null ? null : SettingsAnswer.Take(TempData);
        }
        return Page();
    }

    /// <summary>How it is doing, in a sentence or two.</summary>
    public string Lead
    {
        get
        {
            var (totals, change) = (Numbers.Totals, Numbers.Change);
            if (totals.Finished == 0)
            {
                return $"None of its runs finished in {Period.Text(clock)}.";
            }
            var runs = $"{totals.Finished:n0} {(totals.Finished == 1 ? "run" : "runs")} finished in {Period.Text(clock)}";
            var duration = change.P50 switch
            {
                { Verdict: "change", Relative: { } relative } => $" They take {Math.Abs(relative) * 100:0} % {(relative > 0 ? "longer" : "less time")} than before.",
                { Verdict: "noise" } => " They take about as long as before.",
                _ when Numbers.Previous.Duration.Sample == 0 => " None succeeded before that they could be compared with.",
                _ => " There are too few to say whether they take longer than before.",
            };
            var errors = change.ErrorRate is { Verdict: "change", Absolute: { } absolute }
                ? $" They fail {(absolute > 0 ? "more" : "less")} often: {Shared.Numbers.Percent(Numbers.Previous.ErrorRate)} before, {Shared.Numbers.Percent(totals.ErrorRate)} now." : "";
            return $"{runs}.{duration}{errors} ";
        }
    }

    /// <summary>The names of what was deployed in a step of the trend, one for each deploy.</summary>
    public IEnumerable<string> DeploysIn(StepView step) => (Deploys ?? []).Where(d => d.At >= step.At && d.At < step.To).Select(static d => d.Name);

    /// <summary>Whether what changed with its newest runs began in a step of the trend.</summary>
    public bool BeganIn(StepView step) => Change is { } change && change.Since >= step.At && change.Since < step.To;

    /// <summary>What the failed or slow ones share, and the ways to ask for it.</summary>
    public Findings Findings => new("What do the failed (slow) ones share?",
    [
        .. new[] { ("failed", "Failed runs"), ("slow", "Slow runs") }.Select(o => (o.Item2, Here.With(Request, ("of", o.Item1)), Correlations?.Of == o.Item1)),
    ], Correlations);

    /// <summary>The runs behind a number.</summary>
    public string Runs(params (string Name, string Value)[] more) => Links.Runs(Key, Numbers.Window, more);

    /// <summary>The runs with a value of the tag.</summary>
    public string RunsWith(string value) => Links.Runs(Key, Numbers.GroupsWindow!, ("tag", $"{By}={value}"));

    /// <summary>The runs of a revision.</summary>
    public string RunsOf(string revision) => Runs(("tag", $"vcs.ref.head.revision={revision}"));

    /// <summary>The same of the API.</summary>
    public string ApiOf(string what) => Here.To($"/api/v1/operations/{Key}/{what}", [("from", Durations.Iso(Numbers.Window.From)), ("to", Durations.Iso(Numbers.Window.To))]);

    /// <summary>Days of the runs that the table by tag is of; null where not all of the interval were read.</summary>
    public double? GroupDays => Numbers.Sampled is { } sampled && sampled.Read < sampled.Of ? null : (Numbers.GroupsWindow!.To - Numbers.GroupsWindow.From).TotalDays;

    /// <summary>The address of a table as CSV.</summary>
    public string Table(string name) => Here.With(Request, ("format", "csv"), ("table", name));

    /// <summary>The same numbers of the API.</summary>
    public string Api => Here.To($"/api/v1/operations/{Key}/metrics",
        [("from", Durations.Iso(Numbers.Window.From)), ("to", Durations.Iso(Numbers.Window.To)), ("interval", Interval), ("by", By), .. Zone is { } zone ? [("zone", zone)] : Array.Empty<(string, string)>()]);

    /// <summary>Why something is left out, as the rest of a sentence that begins with how many.</summary>
    public static string Explain(string why) => why switch
    {
        "implausible" => "took over five years by their clocks: counted, but not in durations",
        "orphan" => "ended without a known start: counted, but not in durations",
        "cancellation" => "were cancelled: neither in durations nor in the error rate",
        "skip" => "were skipped: nothing was run",
        "abandoned" => "were given up: nobody knows how they ended",
        "running" => "still run",
        "excluded" => "were taken out of the numbers by an administrator",
        _ => why,
    };

    private string? Zone => clock.IsLocal && Period.Length.TotalDays <= 91 ? clock.Zone.Id : null;

    private async Task<MetricsView> MeasureAsync(ShortKey operation, Visible visible, CancellationToken cancellationToken)
    {
        Interval = TrendChart.Interval(Period.Length);
        return (await metrics.OfAsync(operation, new()
        {
            From = Period.From,
            To = Period.To,
            By = By,
            Zone = Zone,
            Interval = Interval switch { "hour" => Store.Queries.Interval.Hour, "week" => Store.Queries.Interval.Week, _ => Store.Queries.Interval.Day },
        }, visible, cancellationToken))!;
    }

    private FileContentResult File(string? table) => table switch
    {
        "distribution" => Csv.File("distribution", BinColumns, Numbers.Distribution.Zip(Numbers.PreviousDistribution, static (now, before) => new object?[] { now.From, now.To, now.Count, before.Count })),
        "tags" => Csv.File("by-tag", TagColumns, Numbers.Groups!.Select(g => new object?[]
        {
            g.Value, g.Finished, g.Success, g.Failure, g.Error, g.Timeout, g.ErrorRate, g.Duration.P50, g.Duration.P95, g.Duration.Sample, g.Time, g.FailedTime, Numbers.GroupsWindow!.From, Numbers.GroupsWindow.To,
        })),
        "runs" => Csv.File("latest-runs", RunColumns, Latest.Items.Where(static r => r.Hidden is not true).Select(static r => new object?[]
        {
            r.Key, r.Attempt, r.Name, r.State, r.Outcome, r.StartedAt, r.EndedAt, r.Duration, r.Actor, r.Reason,
        })),
        _ => Csv.File("by-" + Interval, StepColumns, Steps.Select(s => new object?[]
        {
            s.Numbers.At, s.Numbers.To, s.Numbers.Finished, s.Numbers.Success, s.Numbers.Failure, s.Numbers.Error, s.Numbers.Timeout, s.Numbers.Cancellation, s.Numbers.ErrorRate,
            s.Numbers.Duration.P50, s.Numbers.Duration.P95, s.Before?.At, s.Before?.Duration.P50, Deploys is null ? null : DeploysIn(s.Numbers).Count(),
        })),
    };
}
