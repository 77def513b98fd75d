using ValueStream.Core.Numbers;

namespace ValueStream.Core.Tests.Numbers;

public sealed class TimeSharesTests
{
    [Fact]
    public void Each_trace_counts_alike_however_long_it_took()
    {
        var shares = TimeShares.Of<string>([Trace(("build", 5), ("wait", 5)), Trace(("build", 90), ("wait", 0), ("deploy", 10))]);

        Assert.Equal([("build", 0.7, 2, 95.0), ("wait", 0.25, 1, 5.0), ("deploy", 0.05, 1, 10.0)], shares.Select(static s => (s.Part, Math.Round(s.MeanShare, 9), s.Traces, s.Total.TotalSeconds)));
    }

    [Fact]
    public void The_same_part_twice_in_a_trace_is_one() => Assert.Equal(
        [("test", 0.8, 1), ("wait", 0.2, 1)], TimeShares.Of<string>([Trace(("test", 3), ("wait", 2), ("test", 5))]).Select(static s => (s.Part, s.MeanShare, s.Traces)));

    [Fact]
    public void The_95th_percentile_is_of_all_traces_those_without_the_part_too()
    {
        // Shares 0 (18 times), 0.5 and 1: at rank 18.05, so 0.5 + 0.05 x 0.5.
        var traces = Enumerable.Range(0, 18).Select(static _ => Trace(("a", 1))).Append(Trace(("a", 1), ("b", 1))).Append(Trace(("b", 1))).ToList();

        Assert.Equal(0.525, TimeShares.Of(traces).Single(static s => s.Part == "b").P95Share, 9);
    }

    [Fact]
    public void Of_one_trace_mean_and_percentile_are_its_own_shares() =>
        Assert.Equal([("a", 0.75, 0.75), ("b", 0.25, 0.25)], TimeShares.Of<string>([Trace(("a", 3), ("b", 1))]).Select(static s => (s.Part, s.MeanShare, s.P95Share)));

    [Fact]
    public void Of_no_traces_there_are_no_shares() => Assert.Empty(TimeShares.Of<string>([]));

    private static (TimeSpan, IEnumerable<(string, TimeSpan)>) Trace(params (string Part, int Seconds)[] parts) =>
        (TimeSpan.FromSeconds(parts.Sum(static p => p.Seconds)), parts.Select(static p => (p.Part, TimeSpan.FromSeconds(p.Seconds))));
}
