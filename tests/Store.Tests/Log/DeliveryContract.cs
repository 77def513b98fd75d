using System.Text;
using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Store.Engines;
using ValueStream.Store.Log;
using ValueStream.Store.Queries;

namespace ValueStream.Store.Tests.Log;

/// <summary>What is kept beside the log for a while, on each database.</summary>
public abstract class DeliveryContract
{
    private static readonly RunId Run = Given.Run("d");

    private protected abstract Task<StoreFixture> NewStoreAsync();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_event_of_a_delivery_shows_the_body_that_it_came_in()
    {
        await using var store = await NewStoreAsync();
        var first = Came("""{"id":"1"}""", 2);
        var second = Came("""{"id":"ä"}""");

        // The first append looks up what is known; the second, with the head in hand, does not.
        await store.AppendAsync(first);
        await store.AppendAsync([.. second, Given.Start(Given.Run("by api"))]);

        Assert.Equal(["""{"id":"1"}""", """{"id":"1"}""", """{"id":"ä"}""", null], await TextsAsync(store, 1, 2, 3, 4));
        var shown = (await FindAsync(store, 3))!;
        Assert.Equal((shown.Data.Derived!.Delivery, StoreFixture.Noon), (shown.Delivery!.Sha256, shown.Delivery.ReceivedAt));
        Assert.Null(await FindAsync(store, 5));
        Assert.Null(await store.Get<ChainVerifier>().FirstFaultAsync(Cancel));
    }

    [Fact]
    public async Task A_body_that_is_no_text_comes_out_as_it_went_in()
    {
        await using var store = await NewStoreAsync();
        byte[] body = [0xFF, 0x00, 0xC3];

        await store.AppendAsync(Of(new Delivery(body, StoreFixture.Noon)));

        var delivery = (await FindAsync(store, 1))!.Delivery!;
        Assert.Equal((null, Convert.ToBase64String(body)), (delivery.Text, delivery.Base64));
    }

    [Fact]
    public async Task What_is_not_stored_leaves_no_delivery_and_what_is_erased_takes_its_own_along()
    {
        await using var store = await NewStoreAsync();
        var events = Came("""{"password":"hunter2"}""");
        await store.AppendAsync(events);

        var redacted = await store.Get<Redactor>().RedactAsync(1, [], "token:0", null, "a password", Cancel);
        // Its sender sends it once more: that must not bring it back.
        Assert.Equal([new AppendResult.Duplicate(1)], await store.AppendAsync(events));

        Assert.Equal(0, await CountAsync(store, "deliveries"));
        Assert.Null((await FindAsync(store, redacted!.Value))!.Data.Redaction!.Data.Derived?.Delivery);
        Assert.Null(await store.Get<ChainVerifier>().FirstFaultAsync(Cancel));
    }

    [Fact]
    public async Task After_90_days_the_body_is_gone_and_the_event_stays()
    {
        await using var store = await NewStoreAsync();
        for (var i = 0; i < 120; i++)
        {
            await store.AppendAsync(Came($$"""{"id":{{i}}}"""));
        }
        store.Time.Advance(TimeSpan.FromDays(1));
        await store.AppendAsync(Of(new Delivery("""{"id":0}"""u8, store.Time.GetUtcNow())));
        await store.Get<Quarantine>().AddAsync("github", "no repository", new Dictionary<string, string>(), "{}"u8.ToArray(), Cancel);

        store.Time.Advance(TimeSpan.FromDays(89) - TimeSpan.FromSeconds(1));
        Assert.Equal(0, await store.Get<Retention>().RunOnceAsync(Cancel));
        store.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(119, await store.Get<Retention>().RunOnceAsync(Cancel));

        // The one that came again is kept from then on, for both of its events.
        Assert.Equal(["""{"id":0}""", null, """{"id":0}"""], await TextsAsync(store, 1, 2, 121));
        Assert.Null(await store.Get<ChainVerifier>().FirstFaultAsync(Cancel));
        store.Time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(2, await store.Get<Retention>().RunOnceAsync(Cancel));
        Assert.Equal((0, 0), (await CountAsync(store, "deliveries"), await CountAsync(store, "quarantine")));
    }

    [Fact]
    public async Task A_quarantined_request_is_kept_whole()
    {
        await using var store = await NewStoreAsync();
        var body = Encoding.UTF8.GetBytes(new string('x', 100_000));

        var id = await store.Get<Quarantine>().AddAsync("gitlab", "'object_kind' is missing", new Dictionary<string, string> { ["X-Gitlab-Event"] = "Push Hook" }, body, Cancel);

        var kept = await store.Get<Quarantine>().FindAsync(id, Cancel);
        Assert.NotNull(kept);
        Assert.Equal((id, StoreFixture.Noon, "gitlab", "'object_kind' is missing"), (kept.Id, kept.ReceivedAt, kept.Source, kept.Reason));
        Assert.Equal("Push Hook", kept.Headers["x-gitlab-event"]);
        Assert.Equal(body, kept.Body.ToArray());
        await using var database = await store.Get<IDbContextFactory<Database>>().CreateDbContextAsync(Cancel);
        Assert.True(Assert.Single(database.Quarantine).Body.Length < 1000);
    }

    [Fact]
    public async Task Quarantined_requests_are_listed_page_by_page_newest_first_though_some_came_at_once_and_the_last_of_a_page_is_gone()
    {
        await using var store = await NewStoreAsync();
        var quarantine = store.Get<Quarantine>();
        var ids = new List<Guid>();
        for (var i = 0; i < 7; i++)
        {
            store.Time.Advance(TimeSpan.FromSeconds(i / 3));
            ids.Add(await quarantine.AddAsync(i == 5 ? "jira" : "github", "no reason", new Dictionary<string, string>(), "{}"u8.ToArray(), Cancel));
        }

        var first = await quarantine.ListAsync(null, null, 4, Cancel);
        Assert.True(await quarantine.RemoveAsync(first[^1].Id, Cancel));
        Assert.False(await quarantine.RemoveAsync(first[^1].Id, Cancel));
        var second = await quarantine.ListAsync(null, (first[^1].ReceivedAt, first[^1].Id), 4, Cancel);

        Assert.Equal((4, 3), (first.Count, second.Count));
        Assert.Equal(ids.Order(), first.Concat(second).Select(static q => q.Id).Order());
        Assert.Equal(first.Concat(second).Select(static q => q.ReceivedAt).OrderDescending(), first.Concat(second).Select(static q => q.ReceivedAt));
        Assert.Equal([ids[5]], (await quarantine.ListAsync("jira", null, 4, Cancel)).Select(static q => q.Id));
        Assert.Null(await quarantine.FindAsync(first[^1].Id, Cancel));
    }

    [Fact]
    public async Task How_long_a_quarantined_body_is_can_be_told_without_unpacking_it()
    {
        await using var store = await NewStoreAsync();
        var quarantine = store.Get<Quarantine>();
        await quarantine.AddAsync("github", "no reason", new Dictionary<string, string>(), new byte[70_000], Cancel);
        await ExecuteAsync(store, "UPDATE quarantine SET body = (SELECT hash FROM log_head)");

        Assert.Equal(70_000, Assert.Single(await quarantine.ListAsync(null, null, 4, Cancel)).Length);
    }

    [Fact]
    public async Task What_was_put_in_quarantine_by_a_server_of_before_is_listed_with_its_length()
    {
        await using var store = await NewStoreAsync();
        var quarantine = store.Get<Quarantine>();
        await quarantine.AddAsync("github", "no reason", new Dictionary<string, string>(), new byte[70_000], Cancel);
        await ExecuteAsync(store, "UPDATE quarantine SET length = NULL");

        Assert.Equal(70_000, Assert.Single(await quarantine.ListAsync(null, null, 4, Cancel)).Length);
    }

    [Fact]
    public async Task What_a_newer_server_makes_of_a_delivery_that_comes_again_is_the_event_that_it_was()
    {
        await using var store = await NewStoreAsync();
        var before = Came("{}")[0] with { IsIdDerived = true };
        var after = before with { Kind = EventKind.Ended, OccurredAt = StoreFixture.Noon, Data = new EventData { Outcome = "failure" } };
        await store.AppendAsync(before);

        Assert.Equal(new AppendResult.Duplicate(1), Assert.Single(await store.AppendAsync(after)));
        Assert.Equal(new AppendResult.Conflict(1), Assert.Single(await store.AppendAsync(after with { IsIdDerived = false })));
    }

    [Fact]
    public async Task A_lease_counts_from_its_last_renewal_and_is_forgotten_a_day_after_it_ran_out()
    {
        await using var store = await NewStoreAsync();
        var (one, other) = (Given.Run("1").Key, Given.Run("2").Key);

        await store.Get<Leases>().RenewAsync([(one, TimeSpan.FromSeconds(90)), (other, TimeSpan.FromSeconds(5)), (other, TimeSpan.FromSeconds(60))], Cancel);
        store.Time.Advance(TimeSpan.FromSeconds(30));
        await store.Get<Leases>().RenewAsync([(one, TimeSpan.FromSeconds(90))], Cancel);

        await using var database = await store.Get<IDbContextFactory<Database>>().CreateDbContextAsync(Cancel);
        Assert.Equal(
            new Dictionary<long, DateTimeOffset> { [one.Value] = StoreFixture.Noon.AddSeconds(120), [other.Value] = StoreFixture.Noon.AddSeconds(60) },
            await database.Leases.ToDictionaryAsync(static l => l.Run, static l => l.ExpiresAt, Cancel));
        store.Time.Advance(TimeSpan.FromDays(1) + TimeSpan.FromSeconds(60));
        Assert.Equal(1, await store.Get<Retention>().RunOnceAsync(Cancel));
        Assert.Equal(0, (await store.Get<EventQueries>().HeadAsync(Cancel)).Position);
    }

    private static NewEvent[] Came(string body, int events = 1)
    {
        var delivery = new Delivery(Encoding.UTF8.GetBytes(body), StoreFixture.Noon);
        return [.. Enumerable.Range(0, events).Select(_ => Of(delivery))];
    }

    private static NewEvent Of(Delivery delivery) =>
        Given.Event(EventKind.Annotated, Run, 0, new EventData { Derived = new DerivedData { Delivery = delivery.Hash } }) with { Delivery = delivery };

    /// <summary>The body of each event's delivery.</summary>
    private static async Task<List<string?>> TextsAsync(StoreFixture store, params long[] positions)
    {
        var texts = new List<string?>();
        foreach (var position in positions)
        {
            texts.Add((await FindAsync(store, position))!.Delivery?.Text);
        }
        return texts;
    }

    private static async Task ExecuteAsync(StoreFixture store, string sql)
    {
        await using var session = await store.Get<IEngine>().BeginAsync(Cancel);
        Assert.Equal(1, await session.ExecuteAsync(sql, Cancel));
        await session.CommitAsync(Cancel);
    }

    private static async Task<long> CountAsync(StoreFixture store, string table)
    {
        await using var session = await store.Get<IEngine>().BeginAsync(Cancel);
        return (await session.QueryAsync($"SELECT count(*) FROM {table}", static r => r.GetInt64(0), Cancel)).Single();
    }

    private static Task<EventView?> FindAsync(StoreFixture store, long position) => store.Get<EventQueries>().FindAsync(position, Visible.Everything, Cancel);
}

public sealed class PostgresDeliveryTests : DeliveryContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.PostgresAsync();
}

public sealed class SqliteDeliveryTests : DeliveryContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.SqliteAsync();
}
