using ValueStream.Core.Events;
using ValueStream.Store.Queries;

namespace ValueStream.Store.Tests.Queries;

/// <summary>Which tags there are, on each database.</summary>
public abstract class TagsContract
{
    private protected abstract Task<StoreFixture> NewStoreAsync();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Keys_and_values_are_completed_from_their_beginning()
    {
        await using var store = await NewStoreAsync();
        await StoryAsync(store);

        Assert.Equal(["Team", "secret", "service", "team"], await KeysAsync(store, ""));
        Assert.Equal(["secret", "service"], await KeysAsync(store, "se"));
        Assert.Equal(["Team", "secret"], await KeysAsync(store, "", 2));
        Assert.Empty(await KeysAsync(store, "%"));
        Assert.Equal(["a_pi", "api", "web"], await ValuesAsync(store, "service", ""));
        Assert.Equal(["a_pi"], await ValuesAsync(store, "service", "a_"));
        Assert.Equal(["1.50", "true"], await ValuesAsync(store, "team", ""));
        Assert.Equal(["1.50"], await ValuesAsync(store, "team", "", 1));
        Assert.Empty(await ValuesAsync(store, "serv", ""));
    }

    [Fact]
    public async Task Only_tags_of_runs_that_the_caller_may_see_are_told()
    {
        await using var store = await NewStoreAsync();
        await StoryAsync(store);
        var mine = Visible.Namespaces("default");
        var tags = store.Get<TagQueries>();

        Assert.Equal(["Team", "service", "team"], (await tags.KeysAsync("", 100, mine, Cancel)).Items);
        Assert.Equal(["a_pi", "api"], (await tags.ValuesAsync("service", "", 100, mine, Cancel)).Items);
        Assert.Equal(["a_pi"], (await tags.ValuesAsync("service", "a_", 100, mine, Cancel)).Items);
        Assert.Empty((await tags.ValuesAsync("secret", "", 100, mine, Cancel)).Items);
        Assert.Empty((await tags.KeysAsync("", 100, Visible.Namespaces(), Cancel)).Items);
    }

    private static Task StoryAsync(StoreFixture store) => new Story()
        .Run(0, 1, tags: [("service", "api"), ("team", new TagValue("1.50", System.Text.Json.JsonValueKind.Number))])
        .Run(0, 1, tags: [("service", "a_pi"), ("team", new TagValue("true", System.Text.Json.JsonValueKind.True)), ("Team", "x")])
        .Run(0, 1, name: "hidden", @namespace: "other.team", tags: [("service", "web"), ("secret", "s")]).ToAsync(store);

    private static async Task<IEnumerable<string>> KeysAsync(StoreFixture store, string beginning, int limit = 100) =>
        (await store.Get<TagQueries>().KeysAsync(beginning, limit, Visible.Everything, Cancel)).Items;

    private static async Task<IEnumerable<string>> ValuesAsync(StoreFixture store, string key, string beginning, int limit = 100) =>
        (await store.Get<TagQueries>().ValuesAsync(key, beginning, limit, Visible.Everything, Cancel)).Items;
}

public sealed class PostgresTagsTests : TagsContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.PostgresAsync();
}

public sealed class SqliteTagsTests : TagsContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.SqliteAsync();
}
