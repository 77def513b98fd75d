using ValueStream.Core.Numbers;
using ValueStream.Core.Wire;

namespace ValueStream.Store.Queries;

/// <summary>From what runs add up to, to the numbers that are shown.</summary>
internal static class NumberViews
{
    /// <summary>A distribution has so many bins at most.</summary>
    public const int MostBins = 40;

    /// <summary>What all these numbers have in common.</summary>
    public const string Definition =
        "Attempts that ended in the window. Finished = success + failure + error + timeout + cancellation; error rate = (failure + error + timeout) / (those + success). "
        + "Durations are of successful runs, in seconds, percentiles within 1 %.";

    /// <summary>The numbers of a tally.</summary>
    /// <param name="tally">What the runs add up to.</param>
    /// <param name="days">Over how many days; null where it is not all of them.</param>
    /// <param name="running">How many of those that started in it still run.</param>
    public static NumbersView View(Tally tally, double? days, long running = 0) => new()
    {
        Started = tally[Counted.Started],
        Finished = tally.Finished,
        Success = tally[Counted.Success],
        Failure = tally[Counted.Failure],
        Error = tally[Counted.Error],
        Timeout = tally[Counted.Timeout],
        Cancellation = tally[Counted.Cancellation],
        Skip = tally[Counted.Skip],
        Abandoned = tally[Counted.Abandoned],
        ErrorRate = tally.ErrorRate,
        ErrorRateIfAbandonedFailed = tally[Counted.Abandoned] > 0 ? tally.ErrorRateIfAbandonedFailed : null,
        PerDay = tally.Finished / days,
        Duration = Durations(tally.Successful, tally.SuccessfulMean),
        FailedDuration = Durations(tally.Failed, tally.FailedMean),
        Time = (tally.SuccessfulTime + tally.FailedTime + tally.OtherTime) / 1e6,
        FailedTime = tally.FailedTime / 1e6,
        LeftOut = LeftOut(tally, running) is { Count: > 0 } leftOut ? leftOut : null,
    };

    /// <summary>Frequency, p50, p95 and error rate of two intervals, as <see cref="Changes"/> takes them.</summary>
    public static Comparison[] Compare(Tally before, double daysBefore, Tally after, double daysAfter)
    {
        var median = Comparison.Duration(before.Successful, after.Successful, 0.5);
        return
        [
            Comparison.Frequency(before.Finished, daysBefore, after.Finished, daysAfter),
            median,
            // One test for both: see Comparison.Duration.
            median with { Before = before.Successful.Quantile(0.95), After = after.Successful.Quantile(0.95) },
            Comparison.ErrorRate(before.Wrong, before.Wrong + before[Counted.Success], after.Wrong, after.Wrong + after[Counted.Success]),
        ];
    }

    /// <summary>What is to be thought of comparisons that stand in one answer, four by four.</summary>
    public static IEnumerable<ChangesView> Changes(IEnumerable<Comparison[]> compared) =>
        Change.Judge([.. compared.SelectMany(static c => c)]).Select(View).Chunk(4).Select(static c => new ChangesView(c[0], c[1], c[2], c[3]));

    /// <summary>What is to be thought of comparisons that stand in one answer.</summary>
    public static IReadOnlyList<ChangeView> Judge(IReadOnlyList<Comparison> compared) => [.. Change.Judge(compared).Select(View)];

    /// <summary>The durations of two sketches in the same bins, each so many of the sketch's own that there are at most <see cref="MostBins"/>.</summary>
    public static (IReadOnlyList<BinView> Of, IReadOnlyList<BinView> Previous) Distributions(Sketch of, Sketch previous)
    {
        var held = of.Bins.Concat(previous.Bins).Select(static b => b.Bin).ToList();
        if (held.Count == 0)
        {
            return ([], []);
        }
        var first = held.Min();
        var joined = (held.Max() - first) / MostBins + 1;
        return (Joined(of), Joined(previous));

        List<BinView> Joined(Sketch sketch)
        {
            var counts = new long[(held.Max() - first) / joined + 1];
            foreach (var (bin, count) in sketch.Bins)
            {
                counts[(bin - first) / joined] += count;
            }
            return [.. counts.Select((count, i) => new BinView(Start(i), Start(i + 1), count))];
        }

        double Start(int i) => Sketch.StartOf(Math.Min(first + (i * joined), Sketch.LastBin + 1));
    }

    private static ChangeView View(Change change) =>
        new() { Absolute = change.Absolute, Relative = change.Relative, P = change.P, Verdict = change.Verdict.Text() };

    private static DurationView Durations(Sketch sketch, double? mean) => new()
    {
        P50 = sketch.Quantile(0.5),
        P75 = sketch.Quantile(0.75),
        P90 = sketch.Quantile(0.9),
        P95 = sketch.Quantile(0.95),
        P99 = sketch.Quantile(0.99),
        Mean = mean,
        Max = sketch.Max,
        Sample = sketch.Count,
    };

    private static List<LeftOutView> LeftOut(Tally tally, long running) =>
    [
        .. new LeftOutView[]
        {
            new("implausible", tally[Counted.Implausible]),
            new("orphan", tally[Counted.WithoutStart]),
            new("cancellation", tally[Counted.Cancellation]),
            new("skip", tally[Counted.Skip]),
            new("abandoned", tally[Counted.Abandoned]),
            new("running", running),
            new("excluded", tally[Counted.Excluded]),
        }.Where(static l => l.Count > 0),
    ];
}
