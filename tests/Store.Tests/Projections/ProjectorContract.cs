using Microsoft.EntityFrameworkCore;
using Npgsql;
using ValueStream.Core.Events;
using ValueStream.Store.Engines;
using ValueStream.Store.Log;
using ValueStream.Store.Queries;
using ValueStream.Testing;

namespace ValueStream.Store.Tests.Projections;

/// <summary>How the projector reads, on each database.</summary>
public abstract class ProjectorContract
{
    private protected abstract Task<StoreFixture> NewStoreAsync();

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_pass_reads_one_batch_and_says_how_much()
    {
        await using var store = await NewStoreAsync();
        await store.RestartProjectorAsync(batchEvents: 2);
        await store.AppendAsync(Given.Start(Given.Run("1")), Given.Start(Given.Run("2")), Given.Start(Given.Run("3")));

        Assert.Equal(2, await store.Projector.RunOnceAsync(Cancel));
        Assert.Equal(1, (await ProjectionAsync(store)).LagEvents);
        Assert.Equal(1, await store.Projector.RunOnceAsync(Cancel));
        Assert.Equal(0, await store.Projector.RunOnceAsync(Cancel));
        Assert.Equal((3, 0), ((await ProjectionAsync(store)).Position, (await ProjectionAsync(store)).LagEvents));
    }

    [Fact]
    public async Task A_pass_reads_few_events_where_they_are_large_and_misses_none()
    {
        await using var store = await NewStoreAsync();
        var large = new EventData { Note = new string('x', 250_000) };
        foreach (var some in Enumerable.Range(0, 50).Chunk(10))
        {
            await store.AppendAsync([.. some.Select(i => Given.Start(Given.Run($"{i}"), i, large))]);
        }

        Assert.Equal(34, await store.Projector.RunOnceAsync(Cancel));
        Assert.Equal(16, await store.Projector.RunOnceAsync(Cancel));
        Assert.Equal(0, await store.Projector.RunOnceAsync(Cancel));
        Assert.Equal((50, 0), ((await ProjectionAsync(store)).Position, (await ProjectionAsync(store)).LagEvents));
    }

    [Fact]
    public async Task An_event_that_cannot_be_read_is_set_aside_and_does_not_stop_the_rest()
    {
        await using var store = await NewStoreAsync();
        await store.AppendAsync(Given.Start(Given.Run("1")), Given.Start(Given.Run("2")));
        await SpoilAsync(store, position: 1);

        await store.CatchUpAsync();
        await store.AppendAsync(Given.End(Given.Run("1"), 5));
        await store.CatchUpAsync();

        var projection = await ProjectionAsync(store);
        Assert.Equal([1L], projection.SetAside.Select(static s => s.Position));
        Assert.Equal(3, projection.Position);
        var runs = await store.Get<RunQueries>().ListAsync(new RunFilter(), Visible.Everything, Cancel);
        Assert.Equal([("1", "orphan"), ("2", "running")], runs.Items.Select(static r => (r.Id, r.State)).Order());
    }

    [Fact]
    public async Task A_rebuild_answers_from_the_old_rows_until_it_has_caught_up()
    {
        await using var store = await NewStoreAsync();
        await store.RestartProjectorAsync(batchEvents: 2);
        await store.AppendAsync([.. Enumerable.Range(0, 5).Select(static i => Given.Start(Given.Run($"{i}")))]);
        await store.CatchUpAsync();
        var before = await ProjectionAsync(store);

        Assert.True(await store.Projector.BeginRebuildAsync(Cancel));
        Assert.False(await store.Projector.BeginRebuildAsync(Cancel));
        await store.Projector.RunOnceAsync(Cancel);
        await store.AppendAsync(Given.End(Given.Run("0"), 1));

        var under = await ProjectionAsync(store);
        Assert.Equal((before.Slot, 2L), (under.Slot, under.Rebuilding));
        Assert.Equal(5, (await store.Get<RunQueries>().ListAsync(new RunFilter(), Visible.Everything, Cancel)).Items.Count);

        await store.CatchUpAsync();
        var after = await ProjectionAsync(store);
        Assert.NotEqual(before.Slot, after.Slot);
        Assert.Equal((6, 0, null), (after.Position, after.LagEvents, after.Rebuilding));
        Assert.True(await store.Projector.BeginRebuildAsync(Cancel));
    }

    [Fact]
    public async Task A_run_with_more_events_than_are_folded_says_so()
    {
        await using var store = await NewStoreAsync();
        var run = Given.Run();
        await store.AppendAsync([Given.Start(run), .. Enumerable.Range(0, 10_000).Select(i => Given.Event(EventKind.Annotated, run, 1))]);

        await store.CatchUpAsync();

        var view = await store.Get<RunQueries>().FindAsync(run.Key, null, Visible.Everything, Cancel);
        Assert.Equal(["truncated"], view!.Flags);
    }

    [Fact]
    public async Task What_is_read_goes_up_to_the_time_at_which_the_last_event_read_was_recorded()
    {
        await using var store = await NewStoreAsync();
        await store.RestartProjectorAsync(batchEvents: 1);
        var empty = await ProjectionAsync(store);
        Assert.Equal((0, null, 0, 0), (empty.Position, empty.DataTo, empty.LagEvents, empty.LagSeconds));
        await store.AppendAsync(Given.Start(Given.Run("1")));
        store.Time.Advance(TimeSpan.FromSeconds(10));
        await store.AppendAsync(Given.Start(Given.Run("2")), Given.Start(Given.Run("3")));
        store.Time.Advance(TimeSpan.FromSeconds(30));

        var unread = await ProjectionAsync(store);
        Assert.Equal((null, 3, 40), (unread.DataTo, unread.LagEvents, unread.LagSeconds));
        await store.Projector.RunOnceAsync(Cancel);
        var behind = await ProjectionAsync(store);
        Assert.Equal((StoreFixture.Noon, 2, 30), (behind.DataTo, behind.LagEvents, behind.LagSeconds));
        await store.CatchUpAsync();
        var current = await ProjectionAsync(store);
        Assert.Equal((StoreFixture.Noon.AddSeconds(10), 0, 0), (current.DataTo, current.LagEvents, current.LagSeconds));
    }

    [Theory]
    [InlineData("version = 1")]
    [InlineData("zone = 'Asia/Tokyo'")]
    public async Task Rows_made_by_older_rules_or_in_another_zone_answer_until_the_projector_has_made_them_anew(string stale)
    {
        await using var store = await NewStoreAsync();
        await store.AppendAsync([.. Enumerable.Range(0, 5).Select(static i => Given.Start(Given.Run($"{i}")))]);
        await store.CatchUpAsync();
        await SqlAsync(store, $"UPDATE checkpoints SET {stale} WHERE live");
        var before = await ProjectionAsync(store);

        await store.RestartProjectorAsync(batchEvents: 2);
        await store.Projector.RunOnceAsync(Cancel);
        await store.Projector.RunOnceAsync(Cancel);
        await store.AppendAsync(Given.Start(Given.Run("5")));
        await store.Projector.RunOnceAsync(Cancel);

        var under = await ProjectionAsync(store);
        Assert.Equal((before.Slot, before.Version, before.Zone, 6), (under.Slot, under.Version, under.Zone, under.Position));
        Assert.Equal((4L, 4.0 / 6), (under.Rebuilding, under.RebuildProgress));
        await store.CatchUpAsync();
        var after = await ProjectionAsync(store);
        Assert.Equal((Store.Projections.RunsProjection.Version, "UTC", 6, null), (after.Version, after.Zone, after.Position, after.Rebuilding));
        Assert.NotEqual(before.Slot, after.Slot);
        Assert.Equal(6, (await store.Get<RunQueries>().ListAsync(new RunFilter(), Visible.Everything, Cancel)).Items.Count);
    }

    [Fact]
    public async Task A_rebuild_begins_anew_when_the_zone_changes_meanwhile()
    {
        await using var store = await NewStoreAsync();
        // 20:00 in UTC, the next day in Tokyo.
        var evening = StoreFixture.Noon.AddDays(-1).AddHours(8);
        await store.AppendAsync([.. Enumerable.Range(0, 5).Select(i => Given.Start(Given.Run($"{i}")) with { OccurredAt = evening })]);
        await store.CatchUpAsync();
        var day = Assert.Single(await DaysAsync(store));
        await store.RestartProjectorAsync(batchEvents: 2, TimeZoneInfo.FindSystemTimeZoneById("Asia/Kolkata"));
        await store.Projector.RunOnceAsync(Cancel);
        await store.Projector.RunOnceAsync(Cancel);
        Assert.Equal(2, (await ProjectionAsync(store)).Rebuilding);

        await store.RestartProjectorAsync(batchEvents: 2, TimeZoneInfo.FindSystemTimeZoneById("Asia/Tokyo"));
        await store.Projector.RunOnceAsync(Cancel);
        Assert.Equal(0, (await ProjectionAsync(store)).Rebuilding);
        await store.CatchUpAsync();

        Assert.Equal(("Asia/Tokyo", null), ((await ProjectionAsync(store)).Zone, (await ProjectionAsync(store)).Rebuilding));
        Assert.Equal(day + 1, Assert.Single(await DaysAsync(store)));
    }

    [Fact]
    public async Task A_node_of_a_lower_version_leaves_the_projections_to_the_newer_ones()
    {
        await using var store = await NewStoreAsync();
        await SqlAsync(store, "UPDATE checkpoints SET version = 99 WHERE NOT live");
        await store.AppendAsync(Given.Start(Given.Run("1")));

        await store.RestartProjectorAsync();
        Assert.Equal(0, await store.Projector.RunOnceAsync(Cancel));

        Assert.False(store.Projector.Leads);
        Assert.Equal(1, (await ProjectionAsync(store)).LagEvents);
    }

    [Fact]
    public async Task A_rebuild_after_the_mend_takes_in_what_was_set_aside()
    {
        await using var store = await NewStoreAsync();
        await store.AppendAsync(Given.Start(Given.Run("1")), Given.Start(Given.Run("2")));
        var data = await SpoilAsync(store, position: 1);
        await store.CatchUpAsync();
        var setAside = Assert.Single((await ProjectionAsync(store)).SetAside);
        Assert.Equal(1, setAside.Position);
        Assert.NotEmpty(setAside.Problem);

        await SqlAsync(store, "UPDATE events SET data = @data WHERE position = 1", ("data", data));
        Assert.True(await store.Projector.BeginRebuildAsync(Cancel));
        await store.CatchUpAsync();

        Assert.Empty((await ProjectionAsync(store)).SetAside);
        Assert.Equal(["1", "2"], (await store.Get<RunQueries>().ListAsync(new RunFilter(), Visible.Everything, Cancel)).Items.Select(static r => r.Id).Order());
    }

    private protected static async Task<Core.Wire.ProjectionView> ProjectionAsync(StoreFixture store) =>
        Assert.Single((await store.Get<ProjectionQueries>().ListAsync(Visible.Everything, Cancel)).Items);

    private static async Task<List<int>> DaysAsync(StoreFixture store)
    {
        await using var snapshot = await store.Get<Snapshot.Source>().OpenAsync(Cancel);
        return await snapshot.Rollups.Where(static r => r.Series == Store.Projections.RollupSeries.Days).Select(static r => r.At).ToListAsync(Cancel);
    }

    /// <summary>Makes an event unreadable; what it said.</summary>
    private static async Task<string> SpoilAsync(StoreFixture store, long position)
    {
        await SqlAsync(store, store.Get<IEngine>().Name == "Postgres" ? "ALTER TABLE events DISABLE TRIGGER ALL" : "DROP TRIGGER events_no_update");
        await using var session = await store.Get<IEngine>().BeginAsync(Cancel);
        var data = (await session.QueryAsync("SELECT data FROM events WHERE position = @position", static r => r.GetString(0), Cancel, ("position", position))).Single();
        await session.ExecuteAsync("UPDATE events SET data = '{\"tags\":7}' WHERE position = @position", Cancel, ("position", position));
        await session.CommitAsync(Cancel);
        return data;
    }

    private static async Task SqlAsync(StoreFixture store, string sql, params (string Name, object? Value)[] parameters)
    {
        await using var session = await store.Get<IEngine>().BeginAsync(Cancel);
        await session.ExecuteAsync(sql, Cancel, parameters);
        await session.CommitAsync(Cancel);
    }
}

public sealed class PostgresProjectorTests : ProjectorContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.PostgresAsync();

    [Fact]
    public async Task A_paused_leader_that_wakes_changes_nothing()
    {
        await using var store = await NewStoreAsync();
        var paused = store.Projector;
        await store.AppendAsync(Given.Start(Given.Run("1")));
        await store.CatchUpAsync();

        // It believes that it leads: it renews every two seconds only.
        await store.ExpireLeaseAsync();
        var next = store.NewProjector();
        Assert.Equal(0, await next.RunOnceAsync(Cancel));
        await store.AppendAsync(Given.Start(Given.Run("2")));

        Assert.True(paused.Leads);
        Assert.Equal(0, await paused.RunOnceAsync(Cancel));
        Assert.False(paused.Leads);
        Assert.Equal(1, (await ProjectionAsync(store)).LagEvents);
        Assert.Equal(0, await paused.RunOnceAsync(Cancel));
        Assert.Equal(1, await next.RunOnceAsync(Cancel));
    }

    [Fact]
    public async Task A_paused_leader_cannot_finish_a_rebuild()
    {
        await using var store = await NewStoreAsync();
        var paused = store.Projector;
        await store.AppendAsync(Given.Start(Given.Run("1")));
        await store.CatchUpAsync();
        await store.ExpireLeaseAsync();
        Assert.Equal(0, await store.NewProjector().RunOnceAsync(Cancel));

        Assert.True(await paused.BeginRebuildAsync(Cancel));
        var before = await ProjectionAsync(store);
        await paused.RunOnceAsync(Cancel);

        Assert.Equal((before.Slot, before.Rebuilding), ((await ProjectionAsync(store)).Slot, (await ProjectionAsync(store)).Rebuilding));
    }

    [Fact]
    public async Task A_clean_stop_hands_over_at_once()
    {
        await using var store = await NewStoreAsync();
        await store.AppendAsync(Given.Start(Given.Run("1")));
        await store.Projector.StartAsync(Cancel);
        await Until.AsksAsync(() => ProjectionAsync(store), static p => p.LagEvents == 0, TimeSpan.FromSeconds(30));
        var next = store.NewProjector();
        Assert.Equal(0, await next.RunOnceAsync(Cancel));

        await store.Projector.StopAsync(Cancel);
        await store.AppendAsync(Given.Start(Given.Run("2")));

        Assert.NotEqual(0, await next.RunOnceAsync(Cancel));
    }

    [Fact]
    public async Task A_process_paused_within_its_transaction_does_not_hold_the_head()
    {
        await using var store = await NewStoreAsync();
        await using var paused = await store.Get<IEngine>().BeginAsync(Cancel);
        await paused.QueryAsync("SELECT position FROM log_head WHERE id = 1 FOR UPDATE", static r => r.GetInt64(0), Cancel);

        // Longer than the three seconds after which the database ends the transaction, far less than forever.
        var appended = await store.AppendAsync(Given.Start(Given.Run())).WaitAsync(TimeSpan.FromSeconds(20), Cancel);

        Assert.Equal([new AppendResult.Accepted(1)], appended);
    }

    [Fact]
    public async Task A_leader_paused_while_it_sends_rows_does_not_hold_the_next_one_up()
    {
        await using var store = await NewStoreAsync();
        await store.AppendAsync(Given.Start(Given.Run()));
        // While rows are awaited the transaction is not idle, so no time that Postgres sets for idle ones ends it.
        await using var paused = new NpgsqlConnection(store.ConnectionString);
        await paused.OpenAsync(Cancel);
        await using (var locking = new NpgsqlCommand("BEGIN; UPDATE checkpoints SET position = position", paused))
        {
            await locking.ExecuteNonQueryAsync(Cancel);
        }
        await using var sending = await paused.BeginTextImportAsync("COPY set_aside (slot, position, problem) FROM STDIN", Cancel);
        await store.ExpireLeaseAsync();

        var read = await store.NewProjector().RunOnceAsync(Cancel).WaitAsync(TimeSpan.FromSeconds(20), Cancel);

        Assert.NotEqual(0, read);
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => sending.DisposeAsync().AsTask());
    }
}

public sealed class SqliteProjectorTests : ProjectorContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.SqliteAsync();

    [Fact]
    public async Task A_second_process_is_told_that_the_database_is_in_use()
    {
        await using var store = await NewStoreAsync();
        var beside = store.Beside();

        var refusal = await Assert.ThrowsAsync<DatabaseInUseException>(() => beside.Get<Migrator>().MigrateAsync(Cancel));

        Assert.Contains("SQLite is for one server process", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_migration_lock_left_by_a_killed_process_does_not_stop_the_start()
    {
        await using var store = await NewStoreAsync();
        await using (var database = await store.Get<IDbContextFactory<Database>>().CreateDbContextAsync(Cancel))
        {
            await database.Database.ExecuteSqlRawAsync("INSERT INTO \"__EFMigrationsLock\" VALUES (1, '2026-01-01 00:00:00')", Cancel);
        }

        await store.Get<Migrator>().MigrateAsync(Cancel).WaitAsync(TimeSpan.FromSeconds(10), Cancel);
    }
}
