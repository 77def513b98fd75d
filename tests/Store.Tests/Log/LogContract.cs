using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Events;
using ValueStream.Store.Engines;
using ValueStream.Store.Log;
using ValueStream.Store.Queries;

namespace ValueStream.Store.Tests.Log;

/// <summary>What the log promises, on each database.</summary>
public abstract class LogContract
{
    private protected abstract Task<StoreFixture> NewStoreAsync();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Positions_are_gapless_in_the_order_of_appends()
    {
        await using var store = await NewStoreAsync();

        var first = await store.AppendAsync(Given.Start(Given.Run("1")), Given.Start(Given.Run("2")));
        var second = await store.AppendAsync(Given.End(Given.Run("1"), 5));

        Assert.Equal([new AppendResult.Accepted(1), new AppendResult.Accepted(2)], first);
        Assert.Equal([new AppendResult.Accepted(3)], second);
    }

    [Fact]
    public async Task The_same_event_sent_again_is_a_duplicate_with_its_first_position()
    {
        await using var store = await NewStoreAsync();
        var e = Given.Start(Given.Run());
        await store.AppendAsync(e);

        var again = await store.AppendAsync(e with { ReceivedAt = e.ReceivedAt.AddHours(1), Submitter = "somebody else", ClockOffset = TimeSpan.FromMinutes(1) });

        Assert.Equal([new AppendResult.Duplicate(1)], again);
        Assert.Equal(1, (await store.Get<EventQueries>().HeadAsync(Cancel)).Position);
    }

    [Fact]
    public async Task The_same_id_twice_in_one_append_is_stored_once_and_a_conflict_is_told()
    {
        await using var store = await NewStoreAsync();
        var e = Given.Start(Given.Run());

        var results = await store.AppendAsync(e, e, e with { Data = new EventData { Reason = "another" } });

        Assert.Equal([new AppendResult.Accepted(1), new AppendResult.Duplicate(1), new AppendResult.Conflict(1)], results);
    }

    [Theory]
    [InlineData("kind")]
    [InlineData("identity")]
    [InlineData("attempt")]
    [InlineData("occurredAt")]
    [InlineData("data")]
    public async Task A_known_id_with_other_content_is_a_conflict(string what)
    {
        await using var store = await NewStoreAsync();
        var e = Given.Start(Given.Run());
        await store.AppendAsync(e);

        var changed = what switch
        {
            "kind" => e with { Kind = EventKind.Ended },
            "identity" => e with { Run = Given.Run("2") },
            "attempt" => e with { Attempt = 2 },
            "occurredAt" => e with { OccurredAt = null },
            _ => e with { Data = new EventData { Actor = "mallory" } },
        };

        Assert.Equal([new AppendResult.Conflict(1)], await store.AppendAsync(changed));
    }

    [Fact]
    public async Task What_the_server_derived_is_no_part_of_the_content()
    {
        await using var store = await NewStoreAsync();
        var e = Given.Start(Given.Run(), 0, new EventData { Derived = new DerivedData { Name = "pipeline" } });
        await store.AppendAsync(e);

        Assert.Equal([new AppendResult.Duplicate(1)], await store.AppendAsync(e with { Data = new EventData() }));
    }

    [Fact]
    public async Task Recorded_time_never_goes_back_and_effective_time_is_corrected_but_never_after_the_receipt()
    {
        await using var store = await NewStoreAsync();
        var e = Given.Start(Given.Run(), -60);
        await store.AppendAsync(
            e with { ClockOffset = TimeSpan.FromMinutes(3) },
            Given.End(Given.Run(), 0) with { OccurredAt = StoreFixture.Noon.AddYears(10) },
            Given.Start(Given.Run("2")) with { OccurredAt = null });
        store.Time.AdjustTime(StoreFixture.Noon.AddDays(-1));
        await store.AppendAsync(Given.Start(Given.Run("3")));

        var events = (await store.Get<EventQueries>().ListAsync(new EventFilter(), Visible.Everything, Cancel)).Items.Reverse().ToList();

        Assert.Equal(e.OccurredAt!.Value.AddMinutes(3), events[0].EffectiveAt);
        Assert.Equal(e.OccurredAt, events[0].OccurredAt);
        Assert.Equal(StoreFixture.Noon, events[1].EffectiveAt);
        Assert.Equal(StoreFixture.Noon, events[2].EffectiveAt);
        Assert.All(events, x => Assert.Equal(StoreFixture.Noon, x.RecordedAt));
    }

    [Fact]
    public async Task The_database_itself_refuses_to_change_or_remove_what_was_appended()
    {
        await using var store = await NewStoreAsync();
        await store.AppendAsync(Given.Start(Given.Run()));
        var engine = store.Get<IEngine>();
        string[] changes =
        [
            "UPDATE events SET data = '{}'", "DELETE FROM events", "UPDATE batches SET first = 7", "DELETE FROM batches",
            .. engine.Name == "Postgres" ? new[] { "TRUNCATE events", "TRUNCATE batches" } : [],
        ];

        foreach (var change in changes)
        {
            await using var session = await engine.BeginAsync(Cancel);
            var refusal = await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => session.ExecuteAsync(change, Cancel));
            Assert.Contains("append-only", refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Text_of_every_kind_comes_back_as_it_was_and_the_chain_verifies()
    {
        await using var store = await NewStoreAsync();
        var reason = "naïve \u202Eright-to-left 👩‍🚀 \"quotes\" \\ <script> \t\n" + new string('x', 3000);
        await store.AppendAsync(Given.Start(Given.Run("ü-1")), Given.End(Given.Run("ü-1"), 1, new EventData { Reason = reason }));

        var events = await store.Get<EventQueries>().ListAsync(new EventFilter(), Visible.Everything, Cancel);

        Assert.Equal(reason, events.Items[0].Reason);
        Assert.Null(await store.Get<ChainVerifier>().FirstFaultAsync(Cancel));
    }

    [Fact]
    public async Task Twenty_writers_at_once_leave_no_gap_and_lose_nothing()
    {
        await using var store = await NewStoreAsync();

        var results = await Task.WhenAll(Enumerable.Range(0, 20).Select(writer => Task.Run(async () =>
        {
            var positions = new List<long>();
            for (var i = 0; i < 25; i++)
            {
                var result = await store.AppendAsync(Given.Start(Given.Run($"{writer}-{i}")));
                positions.Add(Assert.IsType<AppendResult.Accepted>(result[0]).Position);
            }
            return positions;
        })));

        Assert.Equal(Enumerable.Range(1, 500).Select(static i => (long)i), results.SelectMany(static p => p).Order());
        Assert.Null(await store.Get<ChainVerifier>().FirstFaultAsync(Cancel));
    }

    // Large ones are given their places while the batch before is on its way. Of an event that all of them hold these places are wrong for all but the first.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Large_requests_at_once_keep_their_order_and_store_what_they_share_once(bool isShared)
    {
        await using var store = await NewStoreAsync();
        var shared = Given.Start(Given.Run("shared"));
        await store.AppendAsync(Given.Start(Given.Run("first")));

        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(writer => Task.Run(() => store.Log.AppendAsync(
            [.. Enumerable.Range(0, 300).Select(i => isShared && i == 150 ? shared : Given.Start(Given.Run($"{writer}-{i}")))]))));

        var accepted = answers.Select(static a => a.OfType<AppendResult.Accepted>().Select(static r => r.Position).ToList()).ToList();
        Assert.All(accepted, static p => Assert.Equal(p.Order(), p));
        Assert.Equal(Enumerable.Range(2, isShared ? 12 * 299 + 1 : 12 * 300).Select(static i => (long)i), accepted.SelectMany(static p => p).Order());
        Assert.Equal(isShared ? 11 : 0, answers.Sum(static a => a.Count(static r => r is AppendResult.Duplicate)));
        Assert.Null(await store.Get<ChainVerifier>().FirstFaultAsync(Cancel));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(200)]
    public async Task A_request_that_the_database_refuses_fails_alone(int events)
    {
        await using var store = await NewStoreAsync();
        await using (var session = await store.Get<IEngine>().BeginAsync(Cancel))
        {
            await session.ExecuteAsync(store.Get<IEngine>().Name == "Postgres"
                ? "ALTER TABLE events ADD CONSTRAINT picky CHECK (id <> 'bad')"
                : "CREATE TRIGGER picky BEFORE INSERT ON events WHEN NEW.id = 'bad' BEGIN SELECT RAISE(ABORT, 'picky'); END", Cancel);
            await session.CommitAsync(Cancel);
        }

        var answers = await Task.WhenAll(new[] { "1", "bad", "2" }.Select(id =>
            store.Log.AppendAsync([Given.Start(Given.Run(id)), .. Enumerable.Range(1, events - 1).Select(i => Given.Start(Given.Run($"{id} {i}")))])));

        Assert.IsType<AppendResult.Accepted>(answers[0][0]);
        Assert.IsType<AppendResult.Refused>(answers[1][0]);
        Assert.IsType<AppendResult.Accepted>(answers[2][0]);
        Assert.Equal(2 * events, (await store.Get<EventQueries>().HeadAsync(Cancel)).Position);
    }

    [Fact]
    public async Task An_event_changed_behind_the_logs_back_is_found()
    {
        await using var store = await NewStoreAsync();
        await store.AppendAsync(Given.Start(Given.Run("1")));
        await store.AppendAsync(Given.Start(Given.Run("2"), 0, new EventData { Reason = "true" }), Given.Start(Given.Run("3")));
        await using (var session = await store.Get<IEngine>().BeginAsync(Cancel))
        {
            await session.ExecuteAsync(store.Get<IEngine>().Name == "Postgres"
                ? "ALTER TABLE events DISABLE TRIGGER ALL" : "DROP TRIGGER events_no_update", Cancel);
            await session.ExecuteAsync("UPDATE events SET data = replace(data, 'true', 'fals') WHERE position = 2", Cancel);
            await session.CommitAsync(Cancel);
        }

        Assert.Equal(2, await store.Get<ChainVerifier>().FirstFaultAsync(Cancel));
    }
}

public sealed class PostgresLogTests : LogContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.PostgresAsync();
}

public sealed class SqliteLogTests : LogContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.SqliteAsync();
}
