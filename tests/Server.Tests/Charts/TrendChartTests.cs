using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using ValueStream.Core.Wire;
using ValueStream.Web.Charts;
using ValueStream.Web.Pages.Shared;

namespace ValueStream.Server.Tests.Charts;

public sealed class TrendChartTests
{
    private static readonly Clock Clock = new(new HttpContextAccessor(), new FakeTimeProvider(Traces.Zero));

    [Theory]
    [InlineData(1.0 / 24, "hour")]
    [InlineData(3, "hour")]
    [InlineData(7, "day")]
    [InlineData(90, "day")]
    [InlineData(365, "week")]
    public void A_window_is_cut_into_steps_that_can_be_told_apart(double days, string interval) => Assert.Equal(interval, TrendChart.Interval(TimeSpan.FromDays(days)));

    [Theory]
    [InlineData(0.003, "0|1 ms|2 ms|3 ms")]
    [InlineData(1, "0|0.2 s|0.4 s|0.6 s|0.8 s|1 s")]
    [InlineData(70, "0|15 s|30 s|45 s|1 m|1 m 15 s")]
    [InlineData(3 * 7 * 86_400, "0|7 d|14 d|21 d")]
    public void The_axis_of_durations_begins_at_zero_and_reaches_over_the_longest(double longest, string texts)
    {
        var axis = TrendChart.Axis([new("", Step(0, longest / 2, longest), null)]);

        Assert.Equal(texts.Replace("0.2 s", "200 ms", StringComparison.Ordinal).Replace("0.4 s", "400 ms", StringComparison.Ordinal).Replace("0.6 s", "600 ms", StringComparison.Ordinal).Replace("0.8 s", "800 ms", StringComparison.Ordinal),
            string.Join('|', axis.Texts));
        Assert.InRange(axis.Step * (axis.Texts.Count - 1), longest * 0.999, longest * 2);
    }

    [Fact]
    public void Without_a_duration_there_is_an_axis_all_the_same() => Assert.Equal(["0", "1 s"], TrendChart.Axis([new("", Step(0, null, null), null)]).Texts);

    [Fact]
    public void The_last_steps_of_both_intervals_stand_beside_each_other()
    {
        var metrics = new MetricsView
        {
            Definition = "", Runs = "", Window = new(Traces.Zero, Traces.Zero.AddDays(3), "UTC"), Totals = Step(0, null, null), Previous = Step(0, null, null), Change = new(None, None, None, None),
            Series = [Step(3, 1, 1), Step(4, 2, 2), Step(5, 3, 3)], PreviousSeries = [Step(1, 7, 7), Step(2, 8, 8)],
        };

        var steps = TrendChart.Steps(metrics, "day", Clock);

        Assert.Equal([("17 Oct", null), ("18 Oct", 7.0), ("19 Oct", 8.0)], steps.Select(static s => (s.Label, s.Before?.Duration.P50)));
        Assert.Equal("17 Oct 14:00", TrendChart.Steps(metrics, "hour", Clock)[0].Label);
    }

    private static readonly ChangeView None = new() { Verdict = "too few" };

    private static StepView Step(int day, double? p50, double? p95) => new()
    {
        At = Traces.Zero.AddDays(day), To = Traces.Zero.AddDays(day + 1), Finished = 0, Success = 0, Failure = 0, Error = 0, Timeout = 0, Cancellation = 0, Skip = 0, Abandoned = 0,
        Duration = new() { Sample = p50 is null ? 0 : 1, P50 = p50, P95 = p95 }, FailedDuration = new() { Sample = 0 },
    };
}
