using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Events;
using ValueStream.Core.Numbers;
using ValueStream.Core.Wire;
using ValueStream.Store.Log;
using ValueStream.Store.Queries;
using ValueStream.Store.Tests.Projections;

namespace ValueStream.Store.Tests.Queries;

/// <summary>What administrators set, from the log to what is read, on each database.</summary>
public abstract class AdministrationContract
{
    private const string Secret = "hunter2-äöü";

    private static readonly RunId Run = Given.Run();
    private static readonly ShortKey Operation = ShortKey.Of("default", "pipeline", "deploy");

    private protected abstract Task<StoreFixture> NewStoreAsync();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_excluded_run_leaves_every_number_and_comes_back_when_it_counts_again()
    {
        await using var store = await FilledAsync();
        var before = await NumbersAsync(store);
        Assert.Equal((2, 2, 0), (before[Counted.Started], before[Counted.Success], before[Counted.Excluded]));

        await ExcludeAsync(store, true, "a load test");
        var without = await NumbersAsync(store);
        Assert.Equal((1, 1, 1), (without[Counted.Started], without[Counted.Success], without[Counted.Excluded]));
        Assert.Equal(1, without.Successful.Count);
        Assert.Equal(before.SuccessfulTime - 5_000_000, without.SuccessfulTime);
        Assert.Equal([1L, 1L], without.Facts.Values);
        var run = await ViewAsync(store);
        Assert.Equal((true, "a load test"), (run.Flags.Contains("excluded"), run.ExcludedBecause));
        Assert.Equal(2, (await store.Get<RunQueries>().ListAsync(new RunFilter(), Visible.Everything, Cancel)).Items.Count);
        await RebuildAsync(store);

        await ExcludeAsync(store, false, null);
        Assert.Equal(before.ToBytes(), (await NumbersAsync(store)).ToBytes());
        Assert.Equal((0, null), ((await ViewAsync(store)).Flags.Count, (await ViewAsync(store)).ExcludedBecause));
        await RebuildAsync(store);
    }

    [Fact]
    public async Task One_attempt_may_be_left_out_and_what_names_none_is_of_all_of_them_also_of_later_ones()
    {
        await using var store = await FilledAsync();
        await store.AppendAsync(Given.Start(Run, 10, Named), Given.End(Run, 12));

        await store.AppendAsync(Exclusion(true, "flaky") with { Attempt = 1 });
        await store.CatchUpAsync();
        Assert.Equal(["flaky", null], [(await ViewAsync(store, 1)).ExcludedBecause, (await ViewAsync(store, 2)).ExcludedBecause]);

        await ExcludeAsync(store, true, "all of it");
        await store.AppendAsync(Given.Start(Run, 20, Named), Given.End(Run, 21));
        await store.CatchUpAsync();
        Assert.Equal(["all of it", "all of it", "all of it"], [(await ViewAsync(store, 1)).ExcludedBecause, (await ViewAsync(store, 2)).ExcludedBecause, (await ViewAsync(store, 3)).ExcludedBecause]);
        Assert.Equal((1, 3), ((await NumbersAsync(store))[Counted.Success], (await NumbersAsync(store))[Counted.Excluded]));
    }

    [Fact]
    public async Task Settings_add_up_and_a_rebuild_gives_the_same()
    {
        await using var store = await FilledAsync();
        await SetAsync(store, new() { Name = "Deploy", Owner = "team a", DurationLimit = 60 });
        await SetAsync(store, new() { Owner = "", DurationLimit = -1, Hidden = true });

        var expected = new OperationSetting { Name = "Deploy", Hidden = true };
        Assert.Equal(expected, (await SettingsAsync(store)).Of(Operation.Value));
        Assert.True(await store.Projector.BeginRebuildAsync(Cancel));
        await store.CatchUpAsync();
        Assert.Equal(expected, (await SettingsAsync(store)).Of(Operation.Value));
        Assert.Equal(new OperationSetting(), (await SettingsAsync(store)).Of(1));
    }

    [Fact]
    public async Task What_was_set_a_moment_ago_counts_for_the_next_act_before_it_is_projected()
    {
        await using var store = await FilledAsync();
        await store.AppendAsync(Setting(new() { Name = "Deploy" }));

        var found = await store.Get<AdministrationQueries>().FindAsync(Operation, Visible.Everything, Cancel);

        Assert.Equal(new AdministeredOperation("default", new() { Name = "Deploy" }), found);
        Assert.Null(await store.Get<AdministrationQueries>().FindAsync(Operation, Visible.Namespaces("acme.*"), Cancel));
        Assert.Null(await store.Get<AdministrationQueries>().FindAsync(new ShortKey(1), Visible.Everything, Cancel));
    }

    [Fact]
    public async Task A_circle_of_merges_is_seen_before_it_is_closed()
    {
        await using var store = await FilledAsync();
        var test = ShortKey.Of("default", "job", "test");
        await store.AppendAsync(Setting(new() { MergedInto = test.ToString() }));

        Assert.True(await store.Get<AdministrationQueries>().LeadsToAsync(Operation, test, Cancel));
        Assert.False(await store.Get<AdministrationQueries>().LeadsToAsync(test, Operation, Cancel));
    }

    [Fact]
    public async Task The_texts_of_an_erased_act_are_nowhere_any_more()
    {
        await using var store = await FilledAsync();
        await ExcludeAsync(store, true, $"asked for by {Secret}");
        await SetAsync(store, new() { Name = Secret, Description = $"of {Secret}", Hidden = true }, Secret);
        // So that the slot that nobody reads holds the secret too.
        Assert.True(await store.Projector.BeginRebuildAsync(Cancel));
        await store.CatchUpAsync();
        Assert.NotEqual(0, await MentionsAsync(store));

        foreach (var position in new[] { 5, 6 })
        {
            Assert.NotNull(await store.Get<Redactor>().RedactAsync(position, [], "token:0", null, "it named a customer", Cancel));
        }
        await store.CatchUpAsync();

        Assert.Equal(0, await MentionsAsync(store));
        Assert.Equal(new OperationSetting(), (await SettingsAsync(store)).Of(Operation.Value));
        // That it does not count stays: only why is gone.
        Assert.Equal((true, null), ((await ViewAsync(store)).Flags.Contains("excluded"), (await ViewAsync(store)).ExcludedBecause));
        await RebuildAsync(store);
        Assert.Null(await store.Get<ChainVerifier>().FirstFaultAsync(Cancel));
    }

    [Fact]
    public async Task What_else_was_set_of_an_operation_outlives_an_erased_act()
    {
        await using var store = await FilledAsync();
        await SetAsync(store, new() { Owner = "team a" });
        await SetAsync(store, new() { Name = Secret });

        await store.Get<Redactor>().RedactAsync(6, [], "token:0", null, "why", Cancel);
        await store.CatchUpAsync();

        Assert.Equal(new OperationSetting { Owner = "team a" }, (await SettingsAsync(store)).Of(Operation.Value));
    }

    private static EventData Named => new() { Name = "deploy", Actor = "alice" };

    private static NewEvent Exclusion(bool excluded, string? reason) =>
        Given.Event(EventKind.Administered, Run, 0, new EventData { Reason = reason, RunSetting = new() { Excluded = excluded } }) with { OccurredAt = null };

    private static NewEvent Setting(OperationSetting setting, string? reason = null) =>
        Given.Event(EventKind.Administered, OperationSetting.IdOf("default", Operation), 0, new EventData { Reason = reason, OperationSetting = setting }) with { OccurredAt = null };

    private static async Task ExcludeAsync(StoreFixture store, bool excluded, string? reason)
    {
        await store.AppendAsync(Exclusion(excluded, reason));
        await store.CatchUpAsync();
    }

    private static async Task SetAsync(StoreFixture store, OperationSetting setting, string? reason = null)
    {
        await store.AppendAsync(Setting(setting, reason));
        await store.CatchUpAsync();
    }

    private async Task<StoreFixture> FilledAsync()
    {
        var store = await NewStoreAsync();
        var other = Given.Run("2", "job");
        await store.AppendAsync(Given.Start(Run, 0, Named), Given.End(Run, 5),
            Given.Start(other, 0, new EventData { Name = "test", Actor = "bob", Tags = Event.NoTags.Add("host.name", "h") }), Given.End(other, 7));
        await store.CatchUpAsync();
        return store;
    }

    /// <summary>All days together; hours must say the same.</summary>
    private static async Task<Tally> NumbersAsync(StoreFixture store)
    {
        await using var snapshot = await store.Get<Snapshot.Source>().OpenAsync(Cancel);
        var (hours, days) = (new Tally(), new Tally());
        foreach (var row in await snapshot.Rollups.Where(static r => r.Tag == 0).ToListAsync(Cancel))
        {
            (row.Series == Store.Projections.RollupSeries.Hours ? hours : days).AddBytes(row.Data);
        }
        Assert.Equal(Enum.GetValues<Counted>().Select(c => hours[c]), Enum.GetValues<Counted>().Select(c => days[c]));
        return days;
    }

    private static async Task RebuildAsync(StoreFixture store)
    {
        var live = await SlotText.LiveAsync(store);
        Assert.True(await store.Projector.BeginRebuildAsync(Cancel));
        await store.CatchUpAsync();
        Assert.Equal(live, await SlotText.LiveAsync(store));
    }

    private static async Task<RunView> ViewAsync(StoreFixture store, int? attempt = null) =>
        (await store.Get<RunQueries>().FindAsync(Run.Key, attempt, Visible.Everything, Cancel))!;

    private static async Task<OperationSettings> SettingsAsync(StoreFixture store)
    {
        await using var snapshot = await store.Get<Snapshot.Source>().OpenAsync(Cancel);
        return await OperationSettings.LoadAsync(snapshot, Cancel);
    }

    /// <summary>In how many rows of any table the secret still stands.</summary>
    private static async Task<long> MentionsAsync(StoreFixture store)
    {
        await using var database = await store.Get<IDbContextFactory<Database>>().CreateDbContextAsync(Cancel);
        var count = await database.Events.LongCountAsync(static e => e.Data.Contains(Secret), Cancel);
        foreach (var slot in Database.Slots)
        {
            count += await database.Runs(slot).LongCountAsync(static r => r.ExcludedBecause!.Contains(Secret) || r.Reason!.Contains(Secret), Cancel)
                + await database.OperationSettings(slot).LongCountAsync(static s => s.Data.Contains(Secret), Cancel);
        }
        return count;
    }
}

public sealed class PostgresAdministrationTests : AdministrationContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.PostgresAsync();
}

public sealed class SqliteAdministrationTests : AdministrationContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.SqliteAsync();
}
