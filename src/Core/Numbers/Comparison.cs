namespace ValueStream.Core.Numbers;

/// <summary>One number in two intervals, with the p of the test that fits it. <see cref="Change.Judge"/> says what it means.</summary>
/// <param name="Before">The number in the earlier interval; null where it has none.</param>
/// <param name="After">The number in the later interval; null where it has none.</param>
/// <param name="SampleBefore">How many runs the earlier number is of.</param>
/// <param name="SampleAfter">How many runs the later number is of.</param>
/// <param name="P">Two-sided, not yet corrected for how many comparisons there are.</param>
public sealed record Comparison(double? Before, double? After, long SampleBefore, long SampleAfter, double P)
{
    /// <summary>Runs per day, by <see cref="PoissonRates"/>.</summary>
    /// <param name="before">Finished runs of the earlier interval, from 0.</param>
    /// <param name="daysBefore">Its length in days, above 0.</param>
    /// <param name="after">Finished runs of the later interval, from 0.</param>
    /// <param name="daysAfter">Its length in days, above 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">A count is below 0, or a length is not above 0 or not finite.</exception>
    public static Comparison Frequency(long before, double daysBefore, long after, double daysAfter) =>
        new(before / daysBefore, after / daysAfter, before, after, PoissonRates.P(before, daysBefore, after, daysAfter));

    /// <summary>
    /// A quantile of durations in seconds. Its p is that of <see cref="RankSum"/>, so the same for every quantile: it says that the
    /// runs as a whole became longer or shorter, and the quantile by how much.
    /// </summary>
    /// <param name="before">The durations of the earlier interval.</param>
    /// <param name="after">The durations of the later interval.</param>
    /// <param name="quantile">From 0 to 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="quantile"/> is not within 0 and 1.</exception>
    public static Comparison Duration(Sketch before, Sketch after, double quantile) =>
        new(before.Quantile(quantile), after.Quantile(quantile), before.Count, after.Count, RankSum.P(before, after));

    /// <summary>An error rate, 0 to 1, by <see cref="Proportions"/>.</summary>
    /// <param name="failedBefore">Failed runs of the earlier interval.</param>
    /// <param name="ofBefore">Those among which they are counted.</param>
    /// <param name="failedAfter">Failed runs of the later interval.</param>
    /// <param name="ofAfter">Those among which they are counted.</param>
    /// <exception cref="ArgumentOutOfRangeException">A share is not within 0 and 1.</exception>
    public static Comparison ErrorRate(long failedBefore, long ofBefore, long failedAfter, long ofAfter) =>
        new(Share(failedBefore, ofBefore), Share(failedAfter, ofAfter), ofBefore, ofAfter, Proportions.P(failedBefore, ofBefore, failedAfter, ofAfter));

    private static double? Share(long part, long of) => of == 0 ? null : (double)part / of;
}
