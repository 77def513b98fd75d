using System.Collections.Immutable;

namespace ValueStream.Core.Numbers;

/// <summary>How much of the time of several traces one of their parts is.</summary>
/// <param name="Part">The part.</param>
/// <param name="MeanShare">Mean over all traces of its share in each, 0..1; those without it count with 0.</param>
/// <param name="P95Share">95th percentile of these shares, as <c>PERCENTILE_CONT</c>, 0..1.</param>
/// <param name="Traces">How many traces have it.</param>
/// <param name="Total">Its time in all of them.</param>
public sealed record TimeShare<T>(T Part, double MeanShare, double P95Share, int Traces, TimeSpan Total);

/// <summary>
/// Shares of time over many traces. Each trace counts alike, however long it took: the mean of shares, not the share of sums, so that one trace that
/// lay for months does not stand for all. Where the parts of each trace add up to its whole, the mean shares add up to 1.
/// </summary>
public static class TimeShares
{
    /// <summary>Works them out, the largest mean share first.</summary>
    /// <param name="traces">Each trace's whole, longer than nothing, and the time of its parts.</param>
    public static ImmutableArray<TimeShare<T>> Of<T>(IReadOnlyCollection<(TimeSpan Whole, IEnumerable<(T Part, TimeSpan Time)> Parts)> traces) where T : notnull =>
    [
        .. traces
            .SelectMany(static t => t.Parts.GroupBy(static p => p.Part, static p => p.Time.Ticks)
                .Select(g => (g.Key, Ticks: g.Sum(), Share: (double)g.Sum() / t.Whole.Ticks)))
            .GroupBy(static p => p.Key)
            .Select(g =>
            {
                var shares = g.Select(static p => p.Share).Order().ToArray();
                return new TimeShare<T>(g.Key, shares.Sum() / traces.Count, Quantiles.Of(shares, 0.95, traces.Count - shares.Length), g.Count(static p => p.Ticks > 0), new(g.Sum(static p => p.Ticks)));
            })
            .OrderByDescending(static s => s.MeanShare),
    ];
}
