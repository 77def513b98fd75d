using ValueStream.Core.Wire;
using ValueStream.Store.Engines;
using ValueStream.Store.Log;
using ValueStream.Store.Queries;

namespace ValueStream.Store.Tests.Log;

/// <summary>Whatever is done to the log behind its back is found, and the first position named, on each database.</summary>
public abstract class VerifyContract
{
    private const int Events = 12;

    private protected abstract Task<StoreFixture> NewStoreAsync();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_log_that_nobody_touched_verifies_from_any_position_on_and_with_its_own_head()
    {
        await using var store = await FilledAsync();
        var head = await store.Get<EventQueries>().HeadAsync(Cancel);

        foreach (var request in new[] { new VerifyRequest(), new() { From = 2 }, new() { From = Events }, new() { From = Events + 1 }, new() { Head = head } })
        {
            Assert.Equal(new VerifyProgress(Events, Events, true, null, head), await VerifyAsync(store, request));
        }
    }

    [Fact]
    public async Task An_empty_log_verifies()
    {
        await using var store = await NewStoreAsync();

        Assert.Equal(new VerifyProgress(0, 0, true, null, await store.Get<EventQueries>().HeadAsync(Cancel)), await VerifyAsync(store, new()));
    }

    [Theory]
    [InlineData("data = replace(data, 'note 5', 'note 6')")]
    [InlineData("kind = 4")]
    [InlineData("source = 'github'")]
    [InlineData("type = 'deploy'")]
    [InlineData("namespace = 'other'")]
    [InlineData("id = 'x'")]
    [InlineData("attempt = 2")]
    [InlineData("submitter = 'token:1'")]
    [InlineData("occurred_at = occurred_at + 1")]
    [InlineData("recorded_at = recorded_at + 1")]
    [InlineData("effective_at = effective_at - 1")]
    [InlineData("salt = (SELECT e.salt FROM events AS e WHERE e.position = 6)")]
    [InlineData("digest = (SELECT e.digest FROM events AS e WHERE e.position = 6)")]
    public async Task A_changed_member_of_an_event_is_found(string change)
    {
        await using var store = await FilledAsync();

        await TamperAsync(store, $"UPDATE events SET {change} WHERE position = 5");

        Assert.Equal(5, (await VerifyAsync(store, new())).Fault?.Position);
        Assert.Equal(4, (await VerifyAsync(store, new())).Position);
        Assert.Equal(5, (await VerifyAsync(store, new() { From = 5 })).Fault?.Position);
        Assert.Null((await VerifyAsync(store, new() { From = 7 })).Fault);
    }

    [Fact]
    public async Task An_exchanged_pair_is_found()
    {
        await using var store = await FilledAsync();

        await TamperAsync(store,
            "UPDATE events SET position = 1000 WHERE position = 5", "UPDATE events SET position = 5 WHERE position = 9", "UPDATE events SET position = 9 WHERE position = 1000");

        Assert.Equal(5, (await VerifyAsync(store, new())).Fault?.Position);
    }

    [Theory]
    [InlineData("DELETE FROM events WHERE position = 5", 5)]
    [InlineData("DELETE FROM events WHERE position BETWEEN 5 AND 8; DELETE FROM batches WHERE first >= 5 AND last <= 8", 5)]
    [InlineData("DELETE FROM batches WHERE last = 4", 3)]
    [InlineData("DELETE FROM events WHERE position >= 11; DELETE FROM batches WHERE last >= 11", 11)]
    public async Task A_removed_piece_is_found(string removal, long first)
    {
        await using var store = await FilledAsync();

        await TamperAsync(store, removal.Split("; "));

        Assert.Equal(first, (await VerifyAsync(store, new())).Fault?.Position);
    }

    [Fact]
    public async Task A_tail_that_was_cut_with_the_head_set_back_is_found_by_a_head_kept_elsewhere()
    {
        await using var store = await FilledAsync();
        var head = await store.Get<EventQueries>().HeadAsync(Cancel);

        await TamperAsync(store, "DELETE FROM events WHERE position > 8", "DELETE FROM batches WHERE last > 8",
            "UPDATE log_head SET position = 8, hash = (SELECT hash FROM batches WHERE last = 8)");

        Assert.Null((await VerifyAsync(store, new())).Fault);
        Assert.Equal(9, (await VerifyAsync(store, new() { Head = head })).Fault?.Position);
    }

    [Fact]
    public async Task A_tail_that_was_written_anew_is_found_by_a_head_kept_elsewhere()
    {
        await using var store = await FilledAsync();
        var head = await store.Get<EventQueries>().HeadAsync(Cancel);
        await TamperAsync(store, "DELETE FROM events WHERE position > 10", "DELETE FROM batches WHERE last > 10",
            "UPDATE log_head SET position = 10, hash = (SELECT hash FROM batches WHERE last = 10), epoch = 2");
        await store.AppendAsync(Given.Start(Given.Run("forged")), Given.Start(Given.Run("too")), Given.Start(Given.Run("more")));

        Assert.Null((await VerifyAsync(store, new())).Fault);
        var fault = (await VerifyAsync(store, new() { Head = head })).Fault;
        Assert.Equal(11, fault?.Position);
        Assert.Contains("epoch is 2", fault?.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_head_kept_elsewhere_is_looked_for_also_where_the_check_begins_behind_it()
    {
        await using var store = await FilledAsync();
        var head = await store.Get<EventQueries>().HeadAsync(Cancel);
        await store.AppendAsync(Given.Start(Given.Run("more")));

        Assert.Null((await VerifyAsync(store, new() { From = Events + 1, Head = head })).Fault);
        var fault = (await VerifyAsync(store, new() { From = Events + 1, Head = head with { Hash = new string('0', 64) } })).Fault;
        Assert.Equal(Events, fault?.Position);
        Assert.Contains("written anew", fault!.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_head_that_was_checked_is_told_and_not_that_of_what_was_appended_meanwhile()
    {
        await using var store = await LongAsync();
        var head = await store.Get<EventQueries>().HeadAsync(Cancel);

        var last = await MeanwhileAsync(store, () => store.AppendAsync(Given.Start(Given.Run("more"))));

        Assert.Equal(head, last.Verified);
    }

    [Fact]
    public async Task An_event_erased_while_the_check_runs_is_no_fault()
    {
        await using var store = await LongAsync();
        var head = await store.Get<EventQueries>().HeadAsync(Cancel);

        var last = await MeanwhileAsync(store, () => store.Get<Redactor>().RedactAsync(head.Position, [], "token:0", null, "it named a customer", Cancel));

        Assert.Null(last.Fault);
        Assert.Equal(head, last.Verified);
    }

    [Fact]
    public async Task An_event_slipped_in_behind_the_head_is_found()
    {
        await using var store = await FilledAsync();

        await TamperAsync(store, "UPDATE log_head SET position = 10, hash = (SELECT hash FROM batches WHERE last = 10)");

        Assert.Equal(11, (await VerifyAsync(store, new())).Fault?.Position);
    }

    [Fact]
    public async Task The_head_of_another_log_is_told_apart()
    {
        await using var store = await FilledAsync();
        var head = await store.Get<EventQueries>().HeadAsync(Cancel);

        Assert.Contains("another log", (await VerifyAsync(store, new() { Head = head with { LogId = Guid.NewGuid() } })).Fault!.Problem, StringComparison.Ordinal);
    }

    /// <summary>Twelve events in batches of two.</summary>
    private async Task<StoreFixture> FilledAsync()
    {
        var store = await NewStoreAsync();
        for (var i = 1; i < Events; i += 2)
        {
            await store.AppendAsync(
                Given.Start(Given.Run($"{i}"), 0, new() { Note = $"note {i}" }), Given.Start(Given.Run($"{i + 1}"), 0, new() { Note = $"note {i + 1}" }));
        }
        return store;
    }

    /// <summary>More events than two pieces of a check.</summary>
    private async Task<StoreFixture> LongAsync()
    {
        var store = await NewStoreAsync();
        foreach (var count in (int[])[5_001, 5_001, 1])
        {
            await store.AppendAsync([.. Enumerable.Range(0, count).Select(i => Given.Start(Given.Run($"{count} {i}"), 0, new() { Note = "note" }))]);
        }
        return store;
    }

    /// <summary>The last word of a check, while which something happens once its first piece is told, and two are read at most.</summary>
    private static async Task<VerifyProgress> MeanwhileAsync(StoreFixture store, Func<Task> happens)
    {
        VerifyProgress? last = null;
        await foreach (var progress in store.Get<ChainVerifier>().VerifyAsync(new(), Cancel))
        {
            if (last is null)
            {
                await happens();
            }
            last = progress;
        }
        Assert.True(last!.Done);
        return last;
    }

    private static async Task<VerifyProgress> VerifyAsync(StoreFixture store, VerifyRequest request)
    {
        var last = await store.Get<ChainVerifier>().VerifyAsync(request, Cancel).LastAsync(Cancel);
        Assert.True(last.Done);
        return last;
    }

    private static async Task TamperAsync(StoreFixture store, params string[] statements)
    {
        await using var session = await store.Get<IEngine>().BeginAsync(Cancel);
        string[] unlock = store.Get<IEngine>().Name == "Postgres"
            ? ["ALTER TABLE events DISABLE TRIGGER ALL", "ALTER TABLE batches DISABLE TRIGGER ALL"]
            : ["DROP TRIGGER events_no_update", "DROP TRIGGER events_no_delete", "DROP TRIGGER batches_no_delete"];
        foreach (var statement in unlock.Concat(statements))
        {
            await session.ExecuteAsync(statement, Cancel);
        }
        await session.CommitAsync(Cancel);
    }
}

public sealed class PostgresVerifyTests : VerifyContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.PostgresAsync();
}

public sealed class SqliteVerifyTests : VerifyContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.SqliteAsync();
}
