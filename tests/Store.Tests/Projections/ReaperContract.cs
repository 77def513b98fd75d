using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using ValueStream.Core.Events;
using ValueStream.Core.Numbers;
using ValueStream.Core.Wire;
using ValueStream.Store.Log;
using ValueStream.Store.Projections;
using ValueStream.Store.Queries;

namespace ValueStream.Store.Tests.Projections;

/// <summary>Which runs are given up, when, and how they come back, on each database.</summary>
public abstract class ReaperContract
{
    private static readonly RunId Run = Given.Run();

    private protected abstract Task<StoreFixture> NewStoreAsync();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_is_abandoned_when_it_has_been_silent_for_24_hours_and_not_before()
    {
        await using var store = await NewStoreAsync();
        await TellAsync(store, Run, EventKind.Started);

        store.Time.Advance(TimeSpan.FromHours(23));
        await TellAsync(store, Run, EventKind.Annotated);
        store.Time.Advance(TimeSpan.FromHours(24) - TimeSpan.FromMilliseconds(1));
        Assert.Equal(0, await ReapAsync(store));
        Assert.Equal("running", (await ViewAsync(store)).State);

        store.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, await ReapAsync(store));
        var run = await ViewAsync(store);
        Assert.Equal(("abandoned", store.Time.GetUtcNow(), null, null, null), (run.State, run.AbandonedAt, run.EndedAt, run.Duration, run.Outcome));
        var last = await LastEventAsync(store);
        Assert.Equal(("abandoned", "server", 1, (DateTimeOffset?)null), (last.Kind, last.Submitter, last.Attempt, last.OccurredAt));
        Assert.Equal(0, await ReapAsync(store));
    }

    [Fact]
    public async Task A_lease_that_ran_out_tells_sooner_but_not_in_the_first_15_minutes()
    {
        await using var store = await NewStoreAsync();
        await TellAsync(store, Run, EventKind.Started, lease: 60);

        store.Time.Advance(TimeSpan.FromMinutes(15) - TimeSpan.FromMilliseconds(1));
        Assert.Equal(0, await ReapAsync(store));

        store.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, await ReapAsync(store));
    }

    [Fact]
    public async Task A_lease_that_is_renewed_keeps_a_silent_run_alive()
    {
        await using var store = await NewStoreAsync();
        await TellAsync(store, Run, EventKind.Started, lease: 60);
        for (var hour = 0; hour < 30; hour++)
        {
            store.Time.Advance(TimeSpan.FromHours(1));
            await store.Get<Leases>().RenewAsync([(Run.Key, TimeSpan.FromSeconds(60))], Cancel);
            Assert.Equal(0, await ReapAsync(store));
        }

        store.Time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(1, await ReapAsync(store));
    }

    [Fact]
    public async Task The_laptop_that_slept_through_its_lease_comes_back_and_its_end_counts()
    {
        await using var store = await NewStoreAsync();
        await TellAsync(store, Run, EventKind.Started, lease: 60);
        store.Time.Advance(TimeSpan.FromHours(8));
        Assert.Equal(1, await ReapAsync(store));

        store.Time.Advance(TimeSpan.FromSeconds(1));
        // What ingest makes of a heartbeat of a run that is abandoned.
        Assert.Equal([Run.Key], await store.Get<RunQueries>().AbandonedAsync([Run.Key, Given.Run("2").Key], Cancel));
        await TellAsync(store, Run, EventKind.Annotated, lease: 60);
        Assert.Equal(("running", null), ((await ViewAsync(store)).State, (await ViewAsync(store)).AbandonedAt));
        Assert.Empty(await store.Get<RunQueries>().AbandonedAsync([Run.Key], Cancel));
        Assert.Equal(0, await ReapAsync(store));

        store.Time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(1, await ReapAsync(store));
        await TellAsync(store, Run, EventKind.Ended);
        var run = await ViewAsync(store);
        Assert.Equal(("ended", "success", 8 * 3600 + 301.0), (run.State, run.Outcome, run.Duration));
        Assert.Equal(0, await ReapAsync(store));
    }

    [Fact]
    public async Task A_true_end_wins_also_when_it_happened_before_the_run_was_given_up_and_came_after()
    {
        await using var store = await NewStoreAsync();
        await TellAsync(store, Run, EventKind.Started);
        store.Time.Advance(TimeSpan.FromHours(24));
        Assert.Equal(1, await ReapAsync(store));

        await TellAsync(store, Run, EventKind.Ended, occurredAt: StoreFixture.Noon.AddSeconds(5));

        Assert.Equal(("ended", 5), ((await ViewAsync(store)).State, (await ViewAsync(store)).Duration));
    }

    [Fact]
    public async Task A_run_is_abandoned_5_minutes_after_its_parents_end()
    {
        await using var store = await NewStoreAsync();
        var (child, byTrace) = (Given.Run("child", "job"), Given.Run("traced", "job"));
        await TellAsync(store, Run, EventKind.Started);
        await TellAsync(store, child, EventKind.Started, data: new EventData { Parents = [Run.Rendering] });
        await TellAsync(store, byTrace, EventKind.Started, data: new EventData { Traceparent = $"00-{Core.Spans.SpanIds.TraceId(Run, 1)}-{Core.Spans.SpanIds.SpanId(Run, 1)}-01" });
        store.Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(0, await ReapAsync(store));
        await TellAsync(store, Run, EventKind.Ended);

        store.Time.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromMilliseconds(1));
        Assert.Equal(0, await ReapAsync(store));
        store.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(2, await ReapAsync(store));

        Assert.Equal(["abandoned", "abandoned"], [(await ViewAsync(store, child)).State, (await ViewAsync(store, byTrace)).State]);
    }

    [Theory]
    [InlineData(SourceNames.GitHub, "issue", false)]
    [InlineData(SourceNames.GitHub, "pull_request", false)]
    [InlineData(SourceNames.GitLab, "merge_request", false)]
    [InlineData(SourceNames.Jira, "story", false)]
    [InlineData(SourceNames.CustomHttp, "sprint", false)]
    [InlineData(SourceNames.CustomHttp, "pipeline", true)]
    public async Task Work_items_and_imported_history_are_never_abandoned(string source, string type, bool import)
    {
        await using var store = await NewStoreAsync();
        await TellAsync(store, new RunId(source, type, "default", "1"), EventKind.Started, data: new EventData { Import = import ? true : null });

        store.Time.Advance(TimeSpan.FromDays(1000));

        Assert.Equal(0, await ReapAsync(store));
    }

    [Fact]
    public async Task A_CI_systems_run_is_waited_for_35_days()
    {
        await using var store = await NewStoreAsync();
        var run = new RunId(SourceNames.Jenkins, "build", "default", "1");
        await TellAsync(store, run, EventKind.Started);
        store.Time.Advance(TimeSpan.FromDays(34));
        Assert.Equal(0, await ReapAsync(store));

        store.Time.Advance(TimeSpan.FromDays(1));

        Assert.Equal(1, await ReapAsync(store));
    }

    [Fact]
    public async Task Nothing_is_abandoned_while_a_sign_of_life_may_still_be_unread()
    {
        await using var store = await NewStoreAsync();
        await TellAsync(store, Run, EventKind.Started);
        store.Time.Advance(TimeSpan.FromHours(24));
        await store.AppendAsync(At(store, Run, EventKind.Annotated));

        Assert.Equal(0, await store.Get<Reaper>().RunOnceAsync(Cancel));
        await store.CatchUpAsync();
        Assert.Equal(0, await store.Get<Reaper>().RunOnceAsync(Cancel));

        store.Time.Advance(TimeSpan.FromHours(24));
        Assert.Equal(1, await ReapAsync(store));
    }

    [Fact]
    public async Task Where_events_come_without_a_pause_runs_are_abandoned_as_of_what_has_been_read()
    {
        await using var store = await NewStoreAsync();
        await TellAsync(store, Run, EventKind.Started);
        store.Time.Advance(TimeSpan.FromHours(24));
        await store.AppendAsync(At(store, Given.Run("2"), EventKind.Started));
        Assert.Equal(0, await store.Get<Reaper>().RunOnceAsync(Cancel));

        await store.CatchUpAsync();
        await store.AppendAsync(At(store, Given.Run("3"), EventKind.Started));

        Assert.Equal(1, await store.Get<Reaper>().RunOnceAsync(Cancel));
        await store.CatchUpAsync();
        Assert.Equal("abandoned", (await ViewAsync(store)).State);
    }

    [Fact]
    public async Task Two_that_look_at_once_tell_it_once()
    {
        await using var store = await NewStoreAsync();
        var runs = Enumerable.Range(0, 5).Select(static i => Given.Run($"{i}")).ToArray();
        await store.AppendAsync([.. runs.Select(r => At(store, r, EventKind.Started))]);
        await store.CatchUpAsync();
        store.Time.Advance(TimeSpan.FromHours(24));
        var other = new Reaper(store.Get<Snapshot.Source>(), store.Projector, store.Log, store.Time, NullLogger<Reaper>.Instance);

        var both = await Task.WhenAll(store.Get<Reaper>().RunOnceAsync(Cancel), other.RunOnceAsync(Cancel));

        Assert.Equal(5, both.Sum());
        await store.CatchUpAsync();
        Assert.Equal(10, (await store.Get<EventQueries>().HeadAsync(Cancel)).Position);
    }

    [Fact]
    public async Task Runs_of_one_rendering_are_each_abandoned()
    {
        await using var store = await NewStoreAsync();
        var (one, other) = (Given.Run("b-c", "a"), Given.Run("c", "a", "default-b"));
        Assert.Equal(one.Rendering, other.Rendering);
        await store.AppendAsync(At(store, one, EventKind.Started), At(store, other, EventKind.Started));
        await store.CatchUpAsync();
        store.Time.Advance(TimeSpan.FromHours(24));

        Assert.Equal(2, await ReapAsync(store));
    }

    [Fact]
    public async Task What_is_abandoned_is_counted_apart_until_it_lives_again_and_a_rebuild_counts_the_same()
    {
        await using var store = await NewStoreAsync();
        await TellAsync(store, Run, EventKind.Started);
        Assert.Equal((1, 0, 0), await CountsAsync(store));
        store.Time.Advance(TimeSpan.FromHours(24));
        await ReapAsync(store);
        Assert.Equal((1, 1, 0), await CountsAsync(store));
        await RebuildAsync(store);

        store.Time.Advance(TimeSpan.FromSeconds(1));
        await TellAsync(store, Run, EventKind.Annotated);
        Assert.Equal((1, 0, 0), await CountsAsync(store));
        await RebuildAsync(store);

        store.Time.Advance(TimeSpan.FromHours(24));
        await ReapAsync(store);
        await TellAsync(store, Run, EventKind.Ended);
        Assert.Equal((1, 0, 1), await CountsAsync(store));
        await RebuildAsync(store);
    }

    private static async Task RebuildAsync(StoreFixture store)
    {
        var live = await SlotText.LiveAsync(store);
        Assert.True(await store.Projector.BeginRebuildAsync(Cancel));
        await store.CatchUpAsync();
        Assert.Equal(live, await SlotText.LiveAsync(store));
    }

    /// <summary>Started, abandoned and successful, by hours; by days it is the same.</summary>
    private static async Task<(long Started, long Abandoned, long Success)> CountsAsync(StoreFixture store)
    {
        await using var snapshot = await store.Get<Snapshot.Source>().OpenAsync(Cancel);
        var (hours, days) = (new Tally(), new Tally());
        foreach (var row in await snapshot.Rollups.Where(static r => r.Tag == 0).ToListAsync(Cancel))
        {
            (row.Series == RollupSeries.Hours ? hours : days).AddBytes(row.Data);
        }
        Assert.Equal((days[Counted.Started], days[Counted.Abandoned], days[Counted.Success]), (hours[Counted.Started], hours[Counted.Abandoned], hours[Counted.Success]));
        return (hours[Counted.Started], hours[Counted.Abandoned], hours[Counted.Success]);
    }

    private static async Task<int> ReapAsync(StoreFixture store)
    {
        var abandoned = await store.Get<Reaper>().RunOnceAsync(Cancel);
        await store.CatchUpAsync();
        return abandoned;
    }

    private static async Task TellAsync(
        StoreFixture store, RunId run, EventKind kind, int? lease = null, EventData? data = null, DateTimeOffset? occurredAt = null)
    {
        await store.AppendAsync(At(store, run, kind, data) with { OccurredAt = occurredAt ?? store.Time.GetUtcNow() });
        if (lease is { } seconds)
        {
            await store.Get<Leases>().RenewAsync([(run.Key, TimeSpan.FromSeconds(seconds))], Cancel);
        }
        await store.CatchUpAsync();
    }

    private static NewEvent At(StoreFixture store, RunId run, EventKind kind, EventData? data = null) =>
        Given.Event(kind, run, 0, data) with { OccurredAt = store.Time.GetUtcNow(), ReceivedAt = store.Time.GetUtcNow() };

    private static async Task<RunView> ViewAsync(StoreFixture store, RunId? run = null) =>
        (await store.Get<RunQueries>().FindAsync((run ?? Run).Key, null, Visible.Everything, Cancel))!;

    private static async Task<EventView> LastEventAsync(StoreFixture store) =>
        (await store.Get<EventQueries>().ListAsync(new EventFilter { Limit = 1 }, Visible.Everything, Cancel)).Items[0];
}

public sealed class PostgresReaperTests : ReaperContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.PostgresAsync();
}

public sealed class SqliteReaperTests : ReaperContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.SqliteAsync();
}
