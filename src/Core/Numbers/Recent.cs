namespace ValueStream.Core.Numbers;

/// <summary>A run that succeeded or failed.</summary>
/// <param name="Failed">Whether it ended as failure, error or timeout.</param>
/// <param name="Micros">How long it took, microseconds; null where that is not known.</param>
public readonly record struct EndedRun(bool Failed, long? Micros);

/// <summary>Whether the newest runs of an operation differ from those before them, however long ago that was.</summary>
public static class Recent
{
    /// <summary>So many runs are the newest.</summary>
    public const int Newest = 20;

    /// <summary>So many before them are what they are compared with.</summary>
    public const int Before = 100;

    /// <summary>
    /// The median of the successful runs' durations by <see cref="RankSum"/>, and the error rate: by <see cref="ChiSquare"/>, which is the test of two
    /// proportions, where that is a good approximation, which it seldom is of twenty runs, else by <see cref="FisherExact"/>.
    /// </summary>
    /// <param name="runs">The newest first; what is beyond <see cref="Newest"/> and <see cref="Before"/> is not looked at.</param>
    /// <returns>As <see cref="Change.Judge"/> takes them.</returns>
    public static (Comparison P50, Comparison ErrorRate) Compare(IReadOnlyList<EndedRun> runs)
    {
        var (now, failed) = Sum(runs.Take(Newest));
        var (before, failedBefore) = Sum(runs.Skip(Newest).Take(Before));
        long of = Math.Min(runs.Count, Newest), ofBefore = Math.Clamp(runs.Count - Newest, 0, Before);
        var rate = Comparison.ErrorRate(failedBefore, ofBefore, failed, of);
        return (Comparison.Duration(before, now, 0.5), ChiSquare.Applies(failed, of - failed, failedBefore, ofBefore - failedBefore) ? rate
            : rate with { P = FisherExact.P(failed, of - failed, failedBefore, ofBefore - failedBefore) });
    }

    private static (Sketch Successful, long Failed) Sum(IEnumerable<EndedRun> runs)
    {
        var (sketch, failed) = (new Sketch(), 0L);
        foreach (var run in runs)
        {
            failed += run.Failed ? 1 : 0;
            if (run is { Failed: false, Micros: { } micros })
            {
                sketch.Add(micros);
            }
        }
        return (sketch, failed);
    }
}
