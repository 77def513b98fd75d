using ValueStream.Store.Queries;

namespace ValueStream.Store.Tests.Queries;

/// <summary>The newest runs of operations against those before them, on each database.</summary>
public abstract class ChangesContract
{
    private protected abstract Task<StoreFixture> NewStoreAsync();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_new_version_that_takes_half_as_long_again_is_told_with_its_version()
    {
        await using var store = await NewStoreAsync();
        await Tell(new Story(), "deploy", static (i, isNew) => ((isNew ? 15 : 10) + i % 3, "success", isNew ? "2.0" : "1.9")).ToAsync(store);

        var change = Assert.Single((await ListAsync(store, "deploy")).Items);

        Assert.Equal(("deploy", 20, 100, Story.Eleven.AddSeconds(100)), (change.Name, change.Newest, change.Before, change.Since));
        Assert.Equal(("change", "noise", 0.0), (change.P50Change.Verdict, change.ErrorRateChange.Verdict, change.ErrorRate));
        Assert.InRange(change.P50!.Value, 16 * 0.99, 16 * 1.01);
        Assert.InRange(change.P50Before!.Value, 11 * 0.99, 11 * 1.01);
        Assert.Equal(["version 2.0 1", "version 1.9 -1"], change.Traits.Select(static t => $"{t.Traits[0].Key} {t.Traits[0].Value} {t.Score}"));
        Assert.Equal($"/api/v1/runs?operation={Story.Key()}&from=2026-03-02T11:01:40Z", change.Runs);
        Assert.Equivalent(change.Traits, (await store.Get<ChangeQueries>().OfAsync(Story.Key(), Visible.Everything, Cancel))!.Traits);
    }

    [Fact]
    public async Task Failures_that_set_in_are_told_even_though_few_were_there_before()
    {
        await using var store = await NewStoreAsync();
        await Tell(new Story(), "deploy", static (i, isNew) => (10 + i % 3, isNew && i % 3 == 0 ? "failure" : "success", "1.9")).ToAsync(store);

        var change = Assert.Single((await ListAsync(store, "deploy")).Items);

        Assert.Equal(("noise", "change", 0.0), (change.P50Change.Verdict, change.ErrorRateChange.Verdict, change.ErrorRateBefore));
        Assert.Equal(0.3, change.ErrorRate!.Value, 0.06);
        Assert.Empty(change.Traits);
    }

    [Fact]
    public async Task What_goes_on_as_before_and_what_has_few_runs_is_not_told()
    {
        await using var store = await NewStoreAsync();
        await Tell(Tell(new Story(), "steady", static (i, _) => (10 + i % 7, i % 20 == 0 ? "failure" : "success", $"{i % 2}")), "new", static (i, isNew) => (isNew ? 100 : 10, "success", "1"), 97)
            .ToAsync(store);

        var changes = await ListAsync(store, "steady", "new");

        Assert.Equal(2, changes.Operations);
        Assert.Empty(changes.Items);
        Assert.Null(await store.Get<ChangeQueries>().OfAsync(Story.Key("steady"), Visible.Everything, Cancel));
    }

    [Fact]
    public async Task Another_namespace_is_not_looked_at_even_where_somebody_else_has_just_looked()
    {
        await using var store = await NewStoreAsync();
        await Tell(new Story(), "deploy", static (_, isNew) => (isNew ? 100 : 10, "success", "1")).ToAsync(store);
        Assert.Single((await ListAsync(store, "deploy")).Items);

        var theirs = await store.Get<ChangeQueries>().ListAsync([Story.Key().ToString(), "?"], Visible.Namespaces("theirs"), Cancel);

        Assert.Equal((0, 0), (theirs.Operations, theirs.Items.Count));
        Assert.Null(await store.Get<ChangeQueries>().OfAsync(Story.Key(), Visible.Namespaces("theirs"), Cancel));
    }

    /// <summary>120 runs one second apart, the last 20 of them new.</summary>
    private static Story Tell(Story story, string name, Func<int, bool, (double Seconds, string Outcome, string Version)> make, int first = 0)
    {
        for (var i = first; i < 120; i++)
        {
            var (seconds, outcome, version) = make(i, i >= 100);
            story.Run(i, i + seconds, outcome, name, tags: [("version", version), ("host.name", $"h{i % 4}")]);
        }
        return story;
    }

    private static Task<Core.Wire.OperationChangesView> ListAsync(StoreFixture store, params string[] names) =>
        store.Get<ChangeQueries>().ListAsync(names.Select(static n => Story.Key(n).ToString()), Visible.Everything, Cancel);
}

public sealed class PostgresChangesTests : ChangesContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.PostgresAsync();
}

public sealed class SqliteChangesTests : ChangesContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.SqliteAsync();
}
