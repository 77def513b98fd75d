using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Store.Queries;

namespace ValueStream.Store.Tests.Queries;

/// <summary>The search of the log, on each database.</summary>
public abstract class EventSearchContract
{
    private protected abstract Task<StoreFixture> NewStoreAsync();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("hotfix", "2 1")]
    [InlineData("HOTFIX login", "2 1")]
    [InlineData("login-hotfix", "2 1")]
    [InlineData("log", "")]
    [InlineData("log*", "2 1")]
    [InlineData("ali* shop", "2 1")]
    [InlineData("müller", "4 3")]
    [InlineData("MÜLL*", "4 3")]
    [InlineData("production", "4 3 2 1")]
    [InlineData("environment production alice", "2 1")]
    [InlineData("rolled", "5")]
    [InlineData("rolled production", "")]
    [InlineData("rolled docs", "5")]
    [InlineData("success", "")]
    public async Task All_words_must_stand_in_actor_reason_name_note_or_tags_of_the_event_or_its_run(string words, string positions)
    {
        await using var store = await NewStoreAsync();
        await RecordAsync(store);

        Assert.Equal(positions, Text(await ListAsync(store, new() { Text = words })));
    }

    [Fact]
    public async Task Tags_must_all_be_there_with_actor_outcome_and_operation_on_one_attempt()
    {
        await using var store = await NewStoreAsync();
        await RecordAsync(store);

        Assert.Equal("4 3 2 1", Text(await ListAsync(store, new() { Tags = ["environment:production"] })));
        Assert.Equal("2 1", Text(await ListAsync(store, new() { Tags = ["environment=production", "region:eu"] })));
        Assert.Equal("", Text(await ListAsync(store, new() { Tags = ["environment=staging"] })));
        Assert.Equal("2", Text(await ListAsync(store, new() { Tags = ["environment:production"], Actor = "alice", Outcome = "failure", Kind = "ended" })));
        Assert.Equal("", Text(await ListAsync(store, new() { Tags = ["environment:production"], Actor = "alice", Outcome = "success" })));
        Assert.Equal("5", Text(await ListAsync(store, new() { Operation = ShortKey.Of("default", "pipeline", "docs") })));
    }

    [Fact]
    public async Task What_an_answer_says_to_be_as_of_gives_the_same_answer_later()
    {
        await using var store = await NewStoreAsync();
        await RecordAsync(store);
        var before = await ListAsync(store, new() { Tags = ["environment:production"] });
        await store.AppendAsync(Given.Start(Given.Run("9"), 90, Data("alice", "again", "shop", ("environment", "production"))));
        await store.CatchUpAsync();

        var after = await ListAsync(store, new() { Tags = ["environment:production"] });
        var again = await ListAsync(store, new() { Tags = ["environment:production"], AsOf = before.AsOf });

        Assert.Equal((5, 5, 5), (before.AsOf, before.Head.Position, before.Projected));
        Assert.Equal(("6 4 3 2 1", 6), (Text(after), after.AsOf));
        Assert.Equal((Text(before), before.AsOf, after.Head), (Text(again), again.AsOf, again.Head));
        Assert.Empty((await ListAsync(store, new() { AsOf = 0 })).Items);
        await Assert.ThrowsAsync<NotYetException>(() => ListAsync(store, new() { AsOf = 7 }));
    }

    [Fact]
    public async Task Times_are_the_servers_or_those_at_which_it_happened()
    {
        await using var store = await NewStoreAsync();
        await RecordAsync(store);
        var eleven = StoreFixture.Noon.AddHours(-1);

        Assert.Equal("", Text(await ListAsync(store, new() { To = StoreFixture.Noon })));
        Assert.Equal("3 2", Text(await ListAsync(store, new() { From = eleven.AddSeconds(10), To = eleven.AddSeconds(30), ByOccurrence = true })));
        Assert.Equal("5 4", Text(await ListAsync(store, new() { From = eleven.AddSeconds(30), ByOccurrence = true })));
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("environment:production", null)]
    [InlineData(null, "alice")]
    [InlineData("environment:production", "alice")]
    public async Task An_export_has_all_that_match_whatever_comes_meanwhile_and_the_pages_have_the_same(string? tag, string? word)
    {
        await using var store = await NewStoreAsync();
        for (var batch = 0; batch < 3; batch++)
        {
            await store.AppendAsync([.. Enumerable.Range(0, 900).Select(i => Given.Start(Given.Run($"{batch}.{i}"), i,
                i % 3 == 0 ? Data("alice", "to see", "shop", ("environment", "production")) : Data("bob", "no", "web")))]);
        }
        await store.CatchUpAsync();
        var filter = new EventFilter { Tags = tag is null ? [] : [tag], Text = word, Limit = 400 };
        var expected = Enumerable.Range(1, 2700).Where(p => (tag ?? word) is null || p % 3 == 1).Reverse().Select(static p => (long)p).ToList();

        var export = await store.Get<EventQueries>().ExportAsync(filter, Visible.Everything, Cancel);
        await store.AppendAsync(Given.Start(Given.Run("late"), 1, Data("alice", "late", "shop", ("environment", "production"))));
        await store.CatchUpAsync();
        var (exported, paged) = (new List<long>(), new List<long>());
        await foreach (var slice in export.Slices)
        {
            Assert.InRange(slice.Count, 1, 1000);
            exported.AddRange(slice.Select(static e => e.Position));
        }
        for (var page = await ListAsync(store, filter with { AsOf = export.AsOf }); ; page = await ListAsync(store, filter with { AsOf = export.AsOf, Cursor = page.Next }))
        {
            paged.AddRange(page.Items.Select(static e => e.Position));
            if (page.Next is null)
            {
                break;
            }
        }

        Assert.Equal(expected, exported);
        Assert.Equal(expected, paged);
        Assert.Equal(2700, export.AsOf);
    }

    [Fact]
    public async Task A_run_that_may_not_be_seen_is_found_by_nothing()
    {
        await using var store = await NewStoreAsync();
        await RecordAsync(store);
        await store.AppendAsync(Given.Start(Given.Run("1", @namespace: "other"), 1, Data("alice", "secret", "shop", ("environment", "production"))));
        await store.CatchUpAsync();
        var mine = Visible.Namespaces("default");

        Assert.Equal("4 3 2 1", Text(await ListAsync(store, new() { Tags = ["environment:production"] }, mine)));
        Assert.Equal("", Text(await ListAsync(store, new() { Text = "secret" }, mine)));
        Assert.Equal("6", Text(await ListAsync(store, new() { Text = "secret" })));
    }

    /// <summary>alice's deploy of the shop that failed, Müller's of the web site, and a note.</summary>
    private static async Task RecordAsync(StoreFixture store)
    {
        await store.AppendAsync(
            Given.Start(Given.Run("1"), 0, Data("alice", "hotfix for login", "shop", ("environment", "production"), ("region", "eu"))),
            Given.End(Given.Run("1"), 10, new EventData { Outcome = "failure" }),
            Given.Start(Given.Run("2"), 20, Data("Jörg Müller", null, "web", ("environment", "production"))),
            Given.End(Given.Run("2"), 30, new EventData { Outcome = "success" }),
            Given.End(Given.Run("3"), 40, new EventData { Name = "docs", Outcome = "success", Reason = "rolled back" }));
        await store.CatchUpAsync();
    }

    private static EventData Data(string? actor, string? reason, string name, params (string Key, string Value)[] tags) => new()
    {
        Actor = actor,
        Reason = reason,
        Name = name,
        Tags = Event.NoTags.AddRange(tags.Select(static t => KeyValuePair.Create(t.Key, (TagValue)t.Value))),
    };

    private static Task<EventsView> ListAsync(StoreFixture store, EventFilter filter, Visible? visible = null) =>
        store.Get<EventQueries>().ListAsync(filter, visible ?? Visible.Everything, Cancel);

    private static string Text(EventsView events) => string.Join(' ', events.Items.Select(static e => e.Position));
}

public sealed class PostgresEventSearchTests : EventSearchContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.PostgresAsync();
}

public sealed class SqliteEventSearchTests : EventSearchContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.SqliteAsync();
}
