using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Events;
using ValueStream.Core.Numbers;
using ValueStream.Core.Wire;
using ValueStream.Store.Projections;
using ValueStream.Store.Queries;

namespace ValueStream.Store.Tests.Queries;

/// <summary>The numbers of an operation, on each database.</summary>
public abstract class MetricsContract
{
    private static readonly DateTimeOffset Eleven = Story.Eleven;
    private static readonly DateTimeOffset Noon = StoreFixture.Noon;

    private protected abstract Task<StoreFixture> NewStoreAsync();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_numbers_of_a_window_are_those_of_the_runs_that_ended_in_it()
    {
        await using var store = await NewStoreAsync();
        await new Story()
            .Run(0, 10).Run(60, 80).Run(100, 140, "failure").Run(150, 160, "timeout").Run(200, 205, "cancellation").Run(210, 211, "skip").Running(300).Orphan(400)
            .Run(0, 1, name: "another").Running(5, name: "another").ToAsync(store);

        var metrics = await AskAsync(store, Eleven, Noon);
        var totals = metrics.Totals;

        Assert.Equal(new WindowView(Eleven, Noon, "UTC"), metrics.Window);
        Assert.Equal(
            (7, 6, 3, 1, 0, 1, 1, 1, 0),
            (totals.Started, totals.Finished, totals.Success, totals.Failure, totals.Error, totals.Timeout, totals.Cancellation, totals.Skip, totals.Abandoned));
        Assert.Equal((0.4, null, 144.0), (totals.ErrorRate, totals.ErrorRateIfAbandonedFailed, totals.PerDay!.Value), Near);
        Assert.Equal((2, 15.0), (totals.Duration.Sample, totals.Duration.Mean));
        Assert.Equal((86.0, 50.0), (totals.Time, totals.FailedTime));
        Assert.Equal((2, 25.0), (totals.FailedDuration.Sample, totals.FailedDuration.Mean));
        Assert.InRange(totals.Duration.P50!.Value, 15 * 0.99, 15 * 1.01);
        Assert.InRange(totals.Duration.P75!.Value, 17.5 * 0.99, 17.5 * 1.01);
        Assert.InRange(totals.Duration.P95!.Value, 19.5 * 0.99, 19.5 * 1.01);
        Assert.InRange(totals.Duration.Max!.Value, 20 * 0.99, 20 * 1.01);
        Assert.Equal([new("orphan", 1), new("cancellation", 1), new("skip", 1), new("running", 1)], totals.LeftOut);
        Assert.Equal($"/api/v1/runs?operation={Story.Key()}&from=2026-03-02T11:00:00Z&to=2026-03-02T12:00:00Z", metrics.Runs);
    }

    [Fact]
    public async Task Nothing_ran_and_the_numbers_say_so()
    {
        await using var store = await NewStoreAsync();
        await new Story().Run(-5 * Story.Day, -5 * Story.Day + 10).ToAsync(store);

        var metrics = await AskAsync(store, Eleven, Noon);

        Assert.Equal((0, 0, 0.0, 0), (metrics.Totals.Started, metrics.Totals.Finished, metrics.Totals.PerDay, metrics.Totals.Duration.Sample));
        Assert.Equal((null, null, null), (metrics.Totals.ErrorRate, metrics.Totals.Duration.P50, metrics.Totals.Duration.Mean));
        Assert.Null(metrics.Totals.LeftOut);
        Assert.Equal(["too few", "too few", "too few", "too few"], Verdicts(metrics.Change));
    }

    [Fact]
    public async Task Durations_of_both_intervals_are_counted_in_the_same_bins_forty_at_most()
    {
        await using var store = await NewStoreAsync();
        await new Story().Runs(4, 0, 10).Run(0, 1_000).Run(0, 5, "failure").Runs(2, -3_000, 1).ToAsync(store);

        var metrics = await AskAsync(store, Eleven, Noon);

        Assert.InRange(metrics.Distribution.Count, 20, 40);
        Assert.Equal(metrics.Distribution.Select(static b => (b.From, b.To)), metrics.PreviousDistribution.Select(static b => (b.From, b.To)));
        Assert.All(metrics.Distribution.Zip(metrics.Distribution.Skip(1)), static b => Assert.Equal(b.First.To, b.Second.From));
        Assert.Equal((5, 2), (metrics.Distribution.Sum(static b => b.Count), metrics.PreviousDistribution.Sum(static b => b.Count)));
        Assert.Equal([4, 1], metrics.Distribution.Where(static b => b.Count > 0).Select(static b => b.Count));
        Assert.All([(1.0, metrics.PreviousDistribution), (10.0, metrics.Distribution), (1_000.0, metrics.Distribution)],
            static d => Assert.Contains(d.Item2, b => b.Count > 0 && b.From <= d.Item1 && d.Item1 < b.To));
        var alone = await AskAsync(store, Eleven.AddHours(-1), Eleven);
        Assert.Equal((1, 2), (alone.Distribution.Count, alone.Distribution[0].Count));
        Assert.Empty((await AskAsync(store, Eleven.AddDays(-5), Eleven.AddDays(-4))).Distribution);
    }

    [Fact]
    public async Task The_interval_before_is_cut_into_steps_as_well()
    {
        await using var store = await NewStoreAsync();
        await new Story().Run(0, 10).Run(-3_600, -3_580).Run(-7_200, -7_170).Run(-4 * 3_600, -4 * 3_600 + 40).ToAsync(store);

        var metrics = await AskAsync(store, Eleven.AddHours(-1), Noon, Interval.Hour);

        Assert.Equal([Eleven.AddHours(-3), Eleven.AddHours(-2)], metrics.PreviousSeries.Select(static s => s.At));
        Assert.Equal([0, 1], metrics.PreviousSeries.Select(static s => s.Finished));
        Assert.Equal([1, 1], metrics.Series.Select(static s => s.Finished));
        Assert.Equal(metrics.Previous.Finished, metrics.PreviousSeries.Sum(static s => s.Finished));
    }

    [Fact]
    public async Task A_run_that_ends_on_an_edge_belongs_to_the_window_that_begins_there()
    {
        await using var store = await NewStoreAsync();
        await new Story().Run(-10, 0).Run(3590, 3599.999999).Run(3590, 3600).ToAsync(store);

        Assert.Equal(0, (await AskAsync(store, Eleven.AddHours(-1), Eleven)).Totals.Finished);
        Assert.Equal(2, (await AskAsync(store, Eleven, Noon)).Totals.Finished);
        Assert.Equal(1, (await AskAsync(store, Noon, Noon.AddHours(1))).Totals.Finished);
    }

    [Fact]
    public async Task Edges_are_snapped_outward_to_the_hour_and_end_with_the_hour_that_has_begun()
    {
        await using var store = await NewStoreAsync();
        await new Story().Run(0, 10).ToAsync(store);

        Assert.Equal(new(Eleven, Noon, "UTC"), (await AskAsync(store, Eleven.AddMinutes(20), Eleven.AddMinutes(40))).Window);
        Assert.Equal(new(Eleven.AddHours(-1), Noon.AddHours(1), "UTC"), (await AskAsync(store, Eleven.AddMicroseconds(-1), Noon.AddYears(1))).Window);
        Assert.Equal(new(Noon.AddHours(1).AddDays(-30), Noon.AddHours(1), "UTC"), (await AskAsync(store)).Window);
    }

    [Fact]
    public async Task A_late_event_moves_a_run_to_the_hour_in_which_it_really_ended()
    {
        await using var store = await NewStoreAsync();
        var run = Given.Run("late", "job");
        var name = new EventData { Name = "deploy" };
        await store.AppendAsync(Given.Start(run, -7200, name), Given.End(run, 600));
        await store.CatchUpAsync();
        Assert.Equal(1, (await AskAsync(store, Eleven, Noon)).Totals.Success);

        await store.AppendAsync(Given.End(run, -1800, new EventData { Outcome = "failure" }));
        await store.CatchUpAsync();

        Assert.Equal(0, (await AskAsync(store, Eleven, Noon)).Totals.Finished);
        var before = await AskAsync(store, Eleven.AddHours(-1), Eleven);
        Assert.Equal((0, 1, 5400.0), (before.Totals.Started, before.Totals.Failure, before.Totals.FailedDuration.Mean));
    }

    [Fact]
    public async Task What_takes_longer_than_five_years_counts_but_has_no_duration()
    {
        await using var store = await NewStoreAsync();
        await new Story().Run(-6 * 365.25 * Story.Day, 5).Run(0, 10).ToAsync(store);

        var totals = (await AskAsync(store, Eleven, Noon)).Totals;

        Assert.Equal((2, 1, 10.0), (totals.Success, totals.Duration.Sample, totals.Duration.Mean));
        Assert.Equal([new("implausible", 1)], totals.LeftOut);
    }

    [Fact]
    public async Task What_was_given_up_or_excluded_is_in_no_rate_and_is_named()
    {
        await using var store = await NewStoreAsync();
        await new Story().Run(-3000, -2990).Run(0, 5, "failure").Runs(3, 0, 10).ToAsync(store);
        await AddAsync(store, Eleven.AddHours(-1), Counted.Abandoned, Counted.Excluded, Counted.Excluded);

        var totals = (await AskAsync(store, Eleven.AddHours(-1), Noon)).Totals;

        Assert.Equal((4, 1, 0.25, 0.4), (totals.Finished, totals.Abandoned, totals.ErrorRate, totals.ErrorRateIfAbandonedFailed));
        Assert.Equal([new("abandoned", 1), new("excluded", 2)], totals.LeftOut);
    }

    [Fact]
    public async Task A_series_has_a_step_for_every_day_of_the_zone_and_all_steps_make_the_window()
    {
        await using var store = await NewStoreAsync();
        // Half an hour before and after midnight UTC, both on the first of March in Berlin.
        await new Story().Run(-36.5 * 3600 + 3590, -36.5 * 3600 + 3600).Runs(2, -34.5 * 3600 - 100, 10).ToAsync(store);
        var from = new DateTimeOffset(2026, 2, 28, 12, 0, 0, TimeSpan.Zero);

        var utc = await AskAsync(store, from, Noon);
        var berlin = await AskAsync(store, from, Noon, zone: "Europe/Berlin");

        Assert.Equal([("28T12", "01T00", 1L), ("01T00", "02T00", 2L), ("02T00", "02T12", 0L)], Steps(utc));
        Assert.Equal([("28T12", "28T23", 0L), ("28T23", "01T23", 3L), ("01T23", "02T12", 0L)], Steps(berlin));
        Assert.Equal("Europe/Berlin", berlin.Window.Zone);
        Assert.Equal(3, berlin.Totals.Finished);
        Assert.Equal([0.0, 3.0, 0.0], berlin.Series.Select(static s => s.PerDay!.Value), static (a, b) => Math.Abs(a - b) < 1e-9);
        Assert.Equal(48, (await AskAsync(store, from, Noon, Interval.Hour)).Series.Count);
        // The second of March is a Monday.
        Assert.Equal([("28T12", "02T00", 3L), ("02T00", "02T12", 0L)], Steps(await AskAsync(store, from, Noon, Interval.Week)));
    }

    [Theory]
    [InlineData("UTC")]
    [InlineData("Europe/Berlin")]
    [InlineData("Asia/Kolkata")]
    public async Task Whole_days_that_stand_for_their_hours_change_no_number(string reporting)
    {
        await using var store = await NewStoreAsync();
        await store.RestartProjectorAsync(zone: TimeZoneInfo.FindSystemTimeZoneById(reporting));
        var story = new Story();
        for (var i = 0; i < 150; i++)
        {
            // Every 100 minutes: no edge of an hour, a day or a window is left out.
            story.Run(-i * 6000 - 30 * i, -i * 6000, i % 7 == 0 ? "failure" : "success");
        }
        await story.ToAsync(store);
        var from = Noon.AddDays(-5).AddHours(-3);

        var days = await AskAsync(store, from, Noon, Interval.Day);
        var hours = await AskAsync(store, from, Noon, Interval.Hour);

        Assert.Equal(JsonSerializer.Serialize((hours.Totals, hours.Previous), Fields), JsonSerializer.Serialize((days.Totals, days.Previous), Fields));
        Assert.Equal(hours.Totals.Finished, days.Series.Sum(static s => s.Finished));
        Assert.True(days.Totals.Finished > 60 && days.Previous.Finished > 60);
    }

    [Fact]
    public async Task A_long_window_is_of_whole_days_of_the_reporting_zone()
    {
        await using var store = await NewStoreAsync();
        await store.RestartProjectorAsync(zone: TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin"));
        await new Story().Run(-100 * Story.Day, -100 * Story.Day + 10).Run(0, 20).ToAsync(store);

        var metrics = await AskAsync(store, Noon.AddDays(-120), Noon, Interval.Week);

        // A day of Berlin's winter begins at 23 o'clock; today's ends with the hour that has begun.
        Assert.Equal(new(Noon.AddDays(-121).AddHours(11), Noon.AddHours(1), "Europe/Berlin"), metrics.Window);
        Assert.Equal((2, 15.0), (metrics.Totals.Finished, metrics.Totals.Duration.Mean));
        Assert.Equal(2, metrics.Series.Sum(static s => s.Finished));
        Assert.Equal("zone", (await Assert.ThrowsAsync<BadArgumentException>(() => AskAsync(store, Noon.AddDays(-120), Noon, zone: "UTC"))).Argument);
        Assert.Equal("interval", (await Assert.ThrowsAsync<BadArgumentException>(() => AskAsync(store, Noon.AddDays(-120), Noon, Interval.Hour))).Argument);
    }

    [Fact]
    public async Task The_previous_interval_is_as_long_and_a_change_is_told_from_noise()
    {
        await using var store = await NewStoreAsync();
        await new Story().Runs(20, -3000, 10).Runs(20, 0, 20).Run(-7300, -7290).ToAsync(store);

        var metrics = await AskAsync(store, Eleven, Noon);

        Assert.Equal((20, 10.0), (metrics.Previous.Finished, metrics.Previous.Duration.Mean));
        Assert.Equal(["noise", "change", "change", "noise"], Verdicts(metrics.Change));
        Assert.InRange(metrics.Change.P50.Absolute!.Value, 9.7, 10.3);
        Assert.InRange(metrics.Change.P50.Relative!.Value, 0.97, 1.03);
        Assert.Equal((0.0, 0.0, 1.0), (metrics.Change.PerDay.Absolute, metrics.Change.PerDay.Relative, metrics.Change.PerDay.P));
        Assert.Equal((0.0, null), (metrics.Change.ErrorRate.Absolute, metrics.Change.ErrorRate.Relative));
    }

    [Fact]
    public async Task Groups_by_a_dimension_are_of_all_runs_of_whole_days()
    {
        await using var store = await NewStoreAsync();
        await new Story()
            .Run(0, 10, tags: ("service", "api")).Run(0, 30, "failure", tags: ("service", "api")).Run(0, 20, tags: ("service", "web")).Run(0, 5)
            .Run(-7200, -7190, tags: ("service", "web")).Run(-7200, -7190, tags: ("service", "web"))
            .Run(-2 * Story.Day, -2 * Story.Day + 1, tags: ("service", "old")).Run(0, 1, name: "another", tags: ("service", "another")).ToAsync(store);

        var metrics = await AskAsync(store, Eleven, Noon, by: "service");

        Assert.Equal(4, metrics.Totals.Finished);
        Assert.Equal(new WindowView(Noon.AddHours(-12), Noon, "UTC") with { To = Noon.AddHours(1) }, metrics.GroupsWindow);
        Assert.Null(metrics.Sampled);
        Assert.Equal([("web", 3, 0.0), ("api", 2, 0.5), (null, 1, 0.0)], metrics.Groups!.Select(static g => (g.Value, (int)g.Finished, g.ErrorRate!.Value)));
        Assert.Equal([40.0 / 3, 10.0, 5.0], metrics.Groups!.Select(static g => g.Duration.Mean!.Value), static (a, b) => Math.Abs(a - b) < 1e-6);
        Assert.All(metrics.Groups!, static g => Assert.Null(g.Started));
        Assert.Equal(3 / (13 / 24.0), metrics.Groups![0].PerDay!.Value, 1e-9);
    }

    [Fact]
    public async Task Groups_by_any_other_tag_are_of_the_newest_runs_and_say_so()
    {
        await using var store = await NewStoreAsync();
        await new Story()
            .Run(0, 10, tags: [("team", "red"), ("x", "team")]).Run(1, 31, "failure", tags: ("team", "red")).Run(2, 22, tags: ("team", "blü")).Run(3, 8).Running(4)
            .Run(-7200, -7190, tags: ("team", "red")).ToAsync(store);

        var all = await AskAsync(store, Eleven, Noon, by: "team");
        var newest = await AskAsync(store, Eleven, Noon, by: "team", newest: 3);

        Assert.Equal(new SampledView(20_000, 4, 4), all.Sampled);
        Assert.Equal(all.Window, all.GroupsWindow);
        Assert.Equal([("red", 2, 0.5), ("blü", 1, 0.0), (null, 1, 0.0)], all.Groups!.Select(static g => (g.Value, (int)g.Finished, g.ErrorRate!.Value)));
        Assert.Equal((10.0, 30.0, 48.0), (all.Groups![0].Duration.Mean, all.Groups![0].FailedDuration.Mean, all.Groups![0].PerDay!.Value), Near);

        // Of the three newest one runs still.
        Assert.Equal(new SampledView(3, 2, 4), newest.Sampled);
        Assert.Equal([("blü", 1), (null, 1)], newest.Groups!.Select(static g => (g.Value, (int)g.Finished)));
        Assert.All(newest.Groups!, static g => Assert.Null(g.PerDay));
    }

    [Theory]
    [InlineData("service")]
    [InlineData("team")]
    public async Task A_hundred_values_are_listed_and_the_rest_is_summed(string by)
    {
        await using var store = await NewStoreAsync();
        var story = new Story().Run(0, 10).Run(0, 10, tags: (by, "v050")).Run(0, 10, "skip", tags: (by, "v000"));
        for (var i = 0; i < 103; i++)
        {
            story.Run(i, i + 10, tags: (by, $"v{i:000}"));
        }
        await story.ToAsync(store);

        var groups = (await AskAsync(store, Eleven, Noon, by: by)).Groups!;

        Assert.Equal(102, groups.Count);
        Assert.Equal([("v050", 2), ("v000", 1)], groups.Take(2).Select(static g => (g.Value, (int)g.Finished)));
        Assert.Equal([(GroupView.Other, 3), (null, 1)], groups.Skip(100).Select(static g => (g.Value, (int)g.Finished)));
    }

    [Fact]
    public async Task Numbers_of_operations_that_the_caller_may_not_see_do_not_exist()
    {
        await using var store = await NewStoreAsync();
        await new Story().Run(0, 10, @namespace: "other.team").ToAsync(store);
        var metrics = store.Get<MetricQueries>();
        var key = Story.Key(@namespace: "other.team");

        Assert.NotNull(await metrics.OfAsync(key, new(), Visible.Namespaces("other.*"), Cancel));
        Assert.Null(await metrics.OfAsync(key, new(), Visible.Namespaces("default"), Cancel));
        Assert.Null(await metrics.OfAsync(Story.Key(), new(), Visible.Everything, Cancel));
    }

    private static readonly JsonSerializerOptions Fields = new() { IncludeFields = true };

    private static async Task<MetricsView> AskAsync(
        StoreFixture store, DateTimeOffset? from = null, DateTimeOffset? to = null, Interval interval = Interval.Day, string? by = null, string? zone = null, int newest = 20_000) =>
        (await new MetricQueries(store.Get<Snapshot.Source>(), store.Time) { Newest = newest }.OfAsync(
            Story.Key(), new() { From = from, To = to, Interval = interval, By = by, Zone = zone }, Visible.Everything, Cancel))!;

    private static IEnumerable<string> Verdicts(ChangesView change) => [change.PerDay.Verdict, change.P50.Verdict, change.P95.Verdict, change.ErrorRate.Verdict];

    private static IEnumerable<(string, string, long)> Steps(MetricsView metrics) =>
        metrics.Series.Select(static s => (s.At.ToString("dd'T'HH", null), s.To.ToString("dd'T'HH", null), s.Finished));

    private static bool Near((double?, double?, double) a, (double?, double?, double) b) => Math.Abs(a.Item3 - b.Item3) < 1e-9 && (a.Item1, a.Item2) == (b.Item1, b.Item2);

    /// <summary>Counts that nothing of this version writes.</summary>
    private static async Task AddAsync(StoreFixture store, DateTimeOffset at, params Counted[] counted)
    {
        var tally = new Tally();
        await using var database = await store.Get<IDbContextFactory<Database>>().CreateDbContextAsync(Cancel);
        var hour = RollupSeries.Hour(at);
        var row = await database.Set<RollupRow>("rollups_a").AsTracking().SingleAsync(r => r.Series == RollupSeries.Hours && r.At == hour && r.Operation == Story.Key().Value, Cancel);
        tally.AddBytes(row.Data);
        tally.Add(Share.Of(Counted.Success), -1);
        tally.Add(Share.Of(Outcome.Success, 10_000_000), -1);
        foreach (var one in counted)
        {
            tally.Add(Share.Of(one));
        }
        row.Data = tally.ToBytes();
        await database.SaveChangesAsync(Cancel);
    }
}

public sealed class PostgresMetricsTests : MetricsContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.PostgresAsync();
}

public sealed class SqliteMetricsTests : MetricsContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.SqliteAsync();
}
