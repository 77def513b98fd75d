using Microsoft.AspNetCore.Mvc.RazorPages;
using ValueStream.Core.Wire;
using ValueStream.Store.Queries;
using ValueStream.Web.Pages.Shared;

namespace ValueStream.Web.Pages;

/// <summary>Now: is anything running, stuck or newly worse?</summary>
internal sealed class NowModel(RunQueries runs, OperationQueries operations, ChangeQueries changes, GlanceQueries glances, Clock clock) : PageModel
{
    /// <summary>So many running runs are looked at.</summary>
    public const int MostRunning = 200;

    private const int MostLines = 12;
    private const int MostRows = 8;
    private const int MostNewest = 5;

    /// <summary>What runs and is not part of something that runs, the most overdue first.</summary>
    public IReadOnlyList<Running> All { get; private set; } = [];

    /// <summary>Those that are drawn.</summary>
    public IEnumerable<Running> Drawn => All.Take(MostLines);

    /// <summary>Whether more run than were looked at.</summary>
    public bool IsMore { get; private set; }

    /// <summary>What finished lately, and since when that is counted.</summary>
    public (DateTimeOffset Since, NumbersView Numbers) Lately { get; private set; }

    /// <summary>This week's numbers of every operation, compared with the week before.</summary>
    public OperationsView Week { get; private set; } = null!;

    /// <summary>What changed, the worst first.</summary>
    public IReadOnlyList<Changed> Changes { get; private set; } = [];

    /// <summary>Names that several of the changed operations have: their namespaces tell them apart.</summary>
    public IReadOnlySet<string> NamedAlike => Changes.Select(static c => (c.Operation.Name, c.Operation.Key)).Concat(Newest.Select(static c => (c.Name, c.Key)))
        .Distinct().GroupBy(static c => c.Name).Where(static g => g.Count() > 1).Select(static g => g.Key).ToHashSet();

    /// <summary>The operations whose newest runs differ from those before, the surest first.</summary>
    public IReadOnlyList<OperationChangeView> Newest { get; private set; } = [];

    /// <summary>The newest deploys, one for each service and environment.</summary>
    public IReadOnlyList<RunView> Deploys { get; private set; } = [];

    /// <summary>What takes most time.</summary>
    public IReadOnlyList<OperationView> Costly { get; private set; } = [];

    /// <summary>How many of those running are past what is usual for them.</summary>
    public int Stuck => All.Count(static r => r.IsStuck);

    /// <summary>Whether nothing was ever reported.</summary>
    public bool IsEmpty => Week.Items.Count == 0 && All.Count == 0;

    /// <summary>The page.</summary>
    public async Task OnGetAsync(CancellationToken cancellationToken)
    {
        var visible = Viewer.MaySee(User);
        var running = await runs.ListAsync(new() { State = "running", Limit = MostRunning }, visible, cancellationToken);
        IsMore = running.Next is not null;
        var usual = await operations.UsualAsync(running.Items.Select(static r => r.Operation), visible, cancellationToken);
        All = [.. Tops(running.Items).Select(r => new Running(r.Top, r.Within, usual.GetValueOrDefault(r.Top.Operation), clock.Now)).OrderByDescending(static r => r.Overdue).ThenBy(static r => r.Run.StartedAt)];
        Lately = await glances.LatelyAsync(visible, cancellationToken);
        Week = await operations.ListAsync(new() { From = clock.Now.AddDays(-6), Details = false }, visible, cancellationToken);
        Changes = [.. Week.Items.SelectMany(static o => Changed.Of(o)).OrderByDescending(static c => c.IsWorse).ThenByDescending(static c => c.Weight).Take(MostRows)];
        Newest = [.. (await changes.ListAsync(Week.Items.Select(static o => o.Key), visible, cancellationToken)).Items.Take(MostNewest)];
        Costly = [.. Week.Items.Where(static o => o.TimePerWeek > 0).OrderByDescending(static o => o.TimePerWeek).Take(MostRows)];
        var deploys = Week.Items.Where(static o => o.Type == "deploy").OrderByDescending(static o => o.LastAt).Take(5).Select(static o => o.Key);
        Deploys = [.. (await glances.NewestOfAsync(deploys, 24, visible, cancellationToken)).DistinctBy(static r => (r.Namespace, Of(r, "service"), Of(r, "deployment.environment.name"))).Take(MostRows)];
    }

    /// <summary>A tag's text; null where the run has no such tag.</summary>
    public static string? Of(RunView run, string tag) => run.Tags.TryGetValue(tag, out var value) ? value.Text : null;

    /// <summary>Seconds a week that failed runs took.</summary>
    public double FailedPerWeek(OperationView operation) =>
        (operation.FailedDuration.Mean ?? 0) * operation.FailedDuration.Sample / (Week.Window.To - Week.Window.From).TotalDays * 7;

    /// <summary>The running runs that are in no other running one, each with the innermost that runs within it.</summary>
    private static IEnumerable<(RunView Top, RunView? Within)> Tops(IReadOnlyList<RunView> running)
    {
        var byId = running.GroupBy(Show.Rendering).ToDictionary(static g => g.Key, static g => g.First(), StringComparer.Ordinal);
        var within = new Dictionary<RunView, RunView>();
        var tops = new List<RunView>();
        foreach (var run in running.OrderBy(static r => r.StartedAt))
        {
            var top = run;
            for (var steps = 0; steps < 50 && top.Parent is { } parent && byId.TryGetValue(parent, out var above) && above != run; steps++)
            {
                top = above;
            }
            if (top == run)
            {
                tops.Add(run);
            }
            else
            {
                within[top] = run;
            }
        }
        return tops.Select(t => (t, within.GetValueOrDefault(t)));
    }
}

/// <summary>A run under way, against what is usual for it.</summary>
/// <param name="Run">The run.</param>
/// <param name="Within">The newest part of it that runs.</param>
/// <param name="Usual">How long successful ones took; null where there were none.</param>
/// <param name="Now">Up to when it has run.</param>
internal sealed record Running(RunView Run, RunView? Within, DurationView? Usual, DateTimeOffset Now)
{
    /// <summary>With fewer runs than this nothing is called usual.</summary>
    private const int Enough = 5;

    /// <summary>What is usual, seconds; null where too few are known.</summary>
    public double? P50 => Usual is { Sample: >= Enough } ? Usual.P50 : null;

    /// <summary>What only one in twenty exceeds, seconds.</summary>
    public double? P95 => Usual is { Sample: >= Enough } ? Usual.P95 : null;

    /// <summary>Seconds so far.</summary>
    public double Elapsed => Run.StartedAt is { } start ? Math.Max(0, (Now - start).TotalSeconds) : 0;

    /// <summary>Whether it has run for longer than all but one in twenty.</summary>
    public bool IsStuck => Elapsed > P95;

    /// <summary>How often what is usual has gone by.</summary>
    public double Overdue => P95 is { } p95 && p95 > 0 ? Elapsed / p95 : 0;
}

/// <summary>A number of an operation that is another than the week before.</summary>
/// <param name="Operation">The operation.</param>
/// <param name="What">The number's name.</param>
/// <param name="Change">The change.</param>
/// <param name="MoreIsWorse">Whether more of it is worse; null where it is neither.</param>
internal sealed record Changed(OperationView Operation, string What, ChangeView Change, bool? MoreIsWorse)
{
    /// <summary>Whether it changed to the worse.</summary>
    public bool IsWorse => MoreIsWorse is { } more && Change.Absolute > 0 == more;

    /// <summary>How much it matters: a large change of what takes much time.</summary>
    public double Weight => Math.Min(10, Math.Abs(Change.Relative ?? 10)) * Math.Max(60, Operation.TimePerWeek);

    /// <summary>An error rate's value before and after: <c>2 % → 11 %</c>; null for other numbers.</summary>
    public string? FromTo => What == "errors" && Operation.ErrorRate is { } now && Change.Absolute is { } by ? $"{Numbers.Percent(now - by)} → {Numbers.Percent(now)}" : null;

    /// <summary>What changed of an operation: of its durations the median alone, where both did.</summary>
    public static IEnumerable<Changed> Of(OperationView operation)
    {
        if (operation.Change is not { } change)
        {
            yield break;
        }
        if (change.ErrorRate.Verdict == "change")
        {
            yield return new(operation, "errors", change.ErrorRate, true);
        }
        if (change.P50.Verdict == "change" || change.P95.Verdict == "change")
        {
            yield return change.P50.Verdict == "change" ? new(operation, "p50", change.P50, true) : new(operation, "p95", change.P95, true);
        }
        if (change.PerDay.Verdict == "change")
        {
            yield return new(operation, "frequency", change.PerDay, null);
        }
    }
}
