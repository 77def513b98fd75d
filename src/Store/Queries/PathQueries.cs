using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Events;
using ValueStream.Core.Numbers;
using ValueStream.Core.Runs;
using ValueStream.Core.Wire;

namespace ValueStream.Store.Queries;

/// <summary>Reads where the time of an operation's runs goes: many traces at once.</summary>
public sealed class PathQueries
{
    /// <summary>So many runs are looked into with all that is below them, the newest.</summary>
    public const int MostTraces = 200;

    /// <summary>So many parts of the paths, and so many steps, are listed.</summary>
    public const int MostListed = 100;

    private const string Definition =
        "The newest runs that came to success, failure, error or timeout in the window, from start to end, each with all that is below it. "
        + "Shares are means over these runs, each counts alike: those without a part count with 0.";

    private readonly Snapshot.Source _snapshots;
    private readonly TimeProvider _time;

    internal PathQueries(Snapshot.Source snapshots, TimeProvider time) => (_snapshots, _time) = (snapshots, time);

    /// <summary>The runs to look into are looked for in no more than so many.</summary>
    internal int Newest { get; init; } = 20_000;

    /// <summary>So many runs of all the traces are read; where there are more, fewer traces are looked into.</summary>
    internal int MostRuns { get; init; } = 20_000;

    /// <summary>Where the time of an operation's runs goes; null when it is not there or not to be seen.</summary>
    /// <exception cref="BadArgumentException">There is no such window.</exception>
    public async Task<PathSharesView?> OfAsync(ShortKey key, DateTimeOffset? from, DateTimeOffset? to, Visible visible, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        if (await JudgedRuns.OfAsync(snapshot, key, from, to, _time.GetUtcNow(), Newest, visible, cancellationToken) is not { } judged)
        {
            return null;
        }
        // A run of no duration has no shares.
        var tops = judged.Runs.Where(static r => r.Duration > 0).ToList();
        await snapshot.LookUpAsync(cancellationToken);
        var (taken, rows) = await ReadAsync(snapshot, tops, cancellationToken);
        var (traces, byRun) = await TracesAsync(snapshot, rows, taken, visible, cancellationToken);
        return Summed(judged, tops.Count, byRun, traces, await OperationSettings.LoadAsync(snapshot, cancellationToken), visible);
    }

    /// <summary>One root's lead time, as it is shown.</summary>
    internal static LeadTimeView View(LeadTime lead) => new()
    {
        Duration = lead.Whole.TotalSeconds,
        AtWork = lead.AtWork?.TotalSeconds,
        Waiting = lead.Waiting?.TotalSeconds,
        Types = [.. lead.Types.Select(static t => new TypeTimeView(t.Type, t.Time.TotalSeconds, t.OnPath.TotalSeconds))],
        Stages = [.. lead.Stages.Select(s => new StageTimeView(s.Stage, s.Time.TotalSeconds, lead.AtWork is null ? null : s.Waiting.TotalSeconds))],
    };

    /// <summary>The runs of as many traces as may be read.</summary>
    private async Task<(List<JudgedRun> Taken, List<RunRow> Rows)> ReadAsync(Snapshot snapshot, List<JudgedRun> tops, CancellationToken cancellationToken)
    {
        for (var count = Math.Min(MostTraces, tops.Count); count > 0; count /= 2)
        {
            var taken = tops[..count];
            var rows = await RunViews.WithDescendants(snapshot, taken.Select(static t => t.Key).Distinct(), MostRuns + 1).ToListAsync(cancellationToken);
            if (rows.Count <= MostRuns)
            {
                return (taken, rows);
            }
        }
        return ([], []);
    }

    private static async Task<(IReadOnlyList<Trace> Traces, Dictionary<TraceRun, RunRow> ByRun)> TracesAsync(
        Snapshot snapshot, List<RunRow> rows, List<JudgedRun> tops, Visible visible, CancellationToken cancellationToken)
    {
        var keys = rows.Select(static r => r.Key).Distinct().ToArray();
        var links = (await snapshot.RunLinks.Where(l => keys.Contains(l.Key)).OrderBy(static l => l.Ordinal).ToListAsync(cancellationToken))
            .ToLookup(static l => (l.Key, l.Attempt), static l => new RunLink(l.Kind, l.Target));
        var stages = (await snapshot.RunStages.Where(s => keys.Contains(s.Key)).OrderBy(static s => s.Ordinal).ToListAsync(cancellationToken))
            .ToLookup(static s => (s.Key, s.Attempt), static s => new StageView(s.Name, s.FromAt, s.ToAt));
        var meanings = await Meanings.LoadAsync(snapshot, rows, links.SelectMany(static l => l), cancellationToken);
        var byKey = rows.ToDictionary(static r => (r.Key, r.Attempt), RunViews.Id);
        var runs = rows.ConvertAll(r => RunViews.ToTraceRun(
            r, meanings.NamedParentOf(r), meanings.ResolvedLinksOf(r, links[(r.Key, r.Attempt)]), visible.Includes(r.Namespace) ? stages[(r.Key, r.Attempt)] : null));
        // A run's key is a hash, and dear to ask for again and again.
        var byRun = new Dictionary<TraceRun, RunRow>(runs.Zip(rows, KeyValuePair.Create), ReferenceEqualityComparer.Instance);
        return ([.. Trace.Below(runs, tops.Select(t => (byKey[(t.Key, t.Attempt)], t.Attempt)))], byRun);
    }

    private PathSharesView Summed(JudgedRuns judged, int of, Dictionary<TraceRun, RunRow> byRun, IReadOnlyList<Trace> traces, OperationSettings settings, Visible visible)
    {
        var now = _time.GetUtcNow();
        var operations = new Dictionary<long, (string Name, string Type)>();
        foreach (var row in byRun.Values.Where(r => visible.Includes(r.Namespace)))
        {
            operations.TryAdd(row.Operation, (settings.Of(row.Operation).Name ?? row.Name, row.Type));
        }
        var paths = traces.Select(t => (Trace: t, Path: CriticalPath.Of(t, now))).ToList();
        var leads = paths.ConvertAll(p => LeadTime.Of(p.Trace, p.Path, now, i => TypeOf(Row(p.Trace, i))));
        var held = leads.FindAll(static l => l.AtWork is not null);
        var shares = TimeShares.Of([.. paths.Zip(leads, (p, l) => (l.Whole, p.Path.Select(piece => (Part(p.Trace, piece), piece.Duration))))]);
        var work = TimeShares.Of([.. held.Select(static l => (l.Whole, new[] { ("work", l.AtWork!.Value), ("wait", l.Waiting!.Value) }.AsEnumerable()))]);
        var onPath = TimeShares.Of([.. held.Select(static l => (l.Whole, l.Types.Select(static t => (t.Type, t.OnPath))))]).ToDictionary(static s => s.Part, static s => s.MeanShare);
        var staged = leads.FindAll(static l => !l.Stages.IsEmpty);
        return new()
        {
            Definition = Definition,
            Window = judged.Window.View,
            Traces = traces.Count,
            Of = of,
            WithoutParts = leads.Count - held.Count,
            Duration = leads.Count == 0 ? null : Durations([.. leads.Select(static l => l.Whole.TotalSeconds).Order()]),
            Path = [.. shares.Take(MostListed).Select(Listed)],
            OtherShare = shares.Skip(MostListed).Sum(static s => s.MeanShare),
            Steps = Steps(),
            Types = [.. TimeShares.Of([.. held.Select(static l => (l.Whole, l.Types.Select(static t => (t.Type, t.Time))))]).Select(s => View(s.Part, s) with { OnPath = onPath[s.Part] })],
            AtWork = work.Where(static s => s.Part == "work").Select(static s => View(null, s)).FirstOrDefault(),
            Waiting = work.Where(static s => s.Part == "wait").Select(static s => View(null, s)).FirstOrDefault(),
            Stages = [.. TimeShares.Of([.. staged.Select(static l => (l.Whole, l.Stages.Select(static s => (s.Stage ?? "", s.Time))))]).Select(static s => View(s.Part is "" ? null : s.Part, s))],
        };

        RunRow Row(Trace trace, int run) => byRun[trace.Runs[run]];

        string TypeOf(RunRow row) => visible.Includes(row.Namespace) ? row.Type : RunViews.Elsewhere;

        // Another team's operations are one.
        long? OperationOf(RunRow row) => operations.ContainsKey(row.Operation) ? row.Operation : null;

        string NameOf(long? operation) => operation is { } known ? operations[known].Name : RunViews.Elsewhere;

        PathPart Part(Trace trace, PathPiece piece) => new(
            piece.IsWait, OperationOf(Row(trace, piece.Run)), piece.Stage, piece.Next is { } next ? NameOf(OperationOf(Row(trace, next))) : null);

        PathShareView Listed(TimeShare<PathPart> share) => new()
        {
            Kind = share.Part.IsWait ? "wait" : "run",
            Operation = share.Part.Operation is { } operation ? new ShortKey(operation).ToString() : null,
            Name = NameOf(share.Part.Operation),
            Type = share.Part.Operation is { } known ? operations[known].Type : null,
            Stage = share.Part.Stage,
            Next = share.Part.Next,
            MeanShare = share.MeanShare,
            P95Share = share.P95Share,
            Traces = share.Traces,
            MeanTime = MeanTime(share),
        };

        List<StepCostView> Steps() =>
        [
            .. traces.SelectMany(t => Enumerable.Range(1, t.Runs.Length - 1).Select(i => Row(t, i))).GroupBy(OperationOf)
                .Select(g => (g.Key, Runs: g.Count(), Failed: g.Where(IsFailed).ToList(), Time: g.Sum(static r => r.Duration ?? 0)))
                .OrderByDescending(static s => s.Time).Take(MostListed)
                .Select(s => new StepCostView(s.Key is { } known ? new ShortKey(known).ToString() : null, NameOf(s.Key), s.Key is { } typed ? operations[typed].Type : null,
                    s.Runs, s.Failed.Count, s.Time / 1e6, s.Failed.Sum(static r => r.Duration ?? 0) / 1e6)),
        ];
    }

    private static bool IsFailed(RunRow row) => ((Outcome?)row.Outcome)?.IsFailed() is true;

    private static double MeanTime<T>(TimeShare<T> share) => share.Traces == 0 ? 0 : share.Total.TotalSeconds / share.Traces;

    private static TimeShareView View<T>(string? name, TimeShare<T> share) => new(name, share.MeanShare, share.P95Share, share.Traces, MeanTime(share));

    private static DurationView Durations(double[] sorted) => new()
    {
        P50 = Quantiles.Of(sorted, 0.5),
        P75 = Quantiles.Of(sorted, 0.75),
        P90 = Quantiles.Of(sorted, 0.9),
        P95 = Quantiles.Of(sorted, 0.95),
        P99 = Quantiles.Of(sorted, 0.99),
        Mean = sorted.Average(),
        Max = sorted[^1],
        Sample = sorted.Length,
    };

    /// <summary>What pieces of critical paths are put together by.</summary>
    private sealed record PathPart(bool IsWait, long? Operation, string? Stage, string? Next);
}
