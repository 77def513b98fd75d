using ValueStream.Core.Events;
using ValueStream.Store.Queries;

namespace ValueStream.Store.Tests.Queries;

/// <summary>Which runs are taken to have died, on each database.</summary>
public abstract class AbandonedContract
{
    private protected abstract Task<StoreFixture> NewStoreAsync();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Only_runs_whose_open_attempt_is_abandoned_are_named()
    {
        await using var store = await NewStoreAsync();
        var runs = new[] { "dead", "alive", "ended", "revived", "again", "unknown" }.ToDictionary(static id => id, static id => Given.Run(id));
        await store.AppendAsync(
        [
            .. runs.Values.SkipLast(1).Select(static r => Given.Start(r)),
            .. runs.Values.SkipLast(1).Where(static r => r.Id != "alive").Select(static r => Given.Event(EventKind.Abandoned, r, 100)),
            Given.End(runs["ended"], 200), Given.Event(EventKind.Annotated, runs["revived"], 200),
            Given.Start(runs["again"], 200) with { Attempt = 2 },
        ]);
        await store.CatchUpAsync();
        var queries = store.Get<RunQueries>();

        var abandoned = await queries.AbandonedAsync([.. runs.Values.Select(static r => r.Key)], Cancel);

        Assert.Equal([runs["dead"].Key], abandoned);
        Assert.Empty(await queries.AbandonedAsync([], Cancel));
        Assert.Equal("abandoned", (await queries.FindAsync(runs["dead"].Key, null, Visible.Everything, Cancel))!.State);
        Assert.Equal("abandoned", (await queries.FindAsync(runs["again"].Key, 1, Visible.Everything, Cancel))!.State);
    }
}

public sealed class PostgresAbandonedTests : AbandonedContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.PostgresAsync();
}

public sealed class SqliteAbandonedTests : AbandonedContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.SqliteAsync();
}
