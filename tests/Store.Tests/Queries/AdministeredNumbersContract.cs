using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Store.Queries;

namespace ValueStream.Store.Tests.Queries;

/// <summary>What administrators set, in what is listed and counted, on each database.</summary>
public abstract class AdministeredNumbersContract
{
    private protected abstract Task<StoreFixture> NewStoreAsync();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_renamed_operation_is_listed_and_found_by_its_new_name()
    {
        await using var store = await FilledAsync();
        await SetAsync(store, "deploy", new() { Name = "Ship it" });

        Assert.Equal(["Ship it", "release", "test"], (await ListAsync(store)).Items.Select(static o => o.Name));
        Assert.Equal(("Ship it", "deploy"), ((await FindAsync(store, "deploy"))!.Name, (await FindAsync(store, "deploy"))!.RunName));
        Assert.Equal(["Ship it"], (await ListAsync(store, new() { Name = "SHIP" })).Items.Select(static o => o.Name));
        Assert.Empty((await ListAsync(store, new() { Name = "deploy" })).Items);
        Assert.Null((await FindAsync(store, "test"))!.RunName);
    }

    [Fact]
    public async Task Merged_operations_are_summed_and_listed_once_until_they_are_parted()
    {
        await using var store = await FilledAsync();
        var before = (await ListAsync(store)).Items;
        await SetAsync(store, "deploy", new() { MergedInto = Story.Key("release").ToString() });
        await SetAsync(store, "release", new() { MergedInto = Story.Key("test").ToString() });

        var all = Assert.Single((await ListAsync(store)).Items);
        Assert.Equal(("test", 6L, 1L, 3), (all.Name, all.Finished, all.Failure, all.People));
        Assert.Equal((before.Sum(static o => o.TimePerWeek), before.Min(static o => o.FirstAt), before.Max(static o => o.LastAt)), (all.TimePerWeek, all.FirstAt, all.LastAt));
        Assert.Equal([6L, 1L], [all.FinishedByDay.Sum(), all.FailedByDay.Sum()]);
        Assert.Equal(new[] { Story.Key().Value, Story.Key("release").Value }.Order().Select(static k => new ShortKey(k).ToString()), all.Merged);
        Assert.Equivalent(all, await FindAsync(store, "test"));

        var metrics = (await store.Get<MetricQueries>().OfAsync(Story.Key("test"), new() { By = "host.name" }, Visible.Everything, Cancel))!;
        Assert.Equal((6L, 6L), (metrics.Totals.Finished, metrics.Series.Sum(static s => s.Finished)));
        Assert.Equal([("h", 3L), (null, 3L)], metrics.Groups!.Select(static g => (g.Value, g.Finished)));
        var sampled = (await store.Get<MetricQueries>().OfAsync(Story.Key("test"), new() { By = "team" }, Visible.Everything, Cancel))!;
        Assert.Equal(6, sampled.Groups!.Sum(static g => g.Finished));
        Assert.Equal(6, (await store.Get<RunQueries>().ListAsync(new() { Operation = Story.Key("test") }, Visible.Everything, Cancel)).Items.Count);

        var deploy = (await FindAsync(store, "deploy"))!;
        Assert.Equal((Story.Key("test").ToString(), 3L, null), (deploy.MergedInto, deploy.Finished, deploy.Merged));

        await SetAsync(store, "deploy", new() { MergedInto = "" });
        await SetAsync(store, "release", new() { MergedInto = "" });
        Assert.Equivalent(before, (await ListAsync(store)).Items);
    }

    [Fact]
    public async Task What_is_merged_into_what_the_caller_may_not_see_or_is_not_there_stands_by_itself()
    {
        await using var store = await FilledAsync();
        await new Story().Run(0, 5, @namespace: "other.team").ToAsync(store);
        await SetAsync(store, "deploy", new() { MergedInto = Story.Key(@namespace: "other.team").ToString() });
        await SetAsync(store, "test", new() { MergedInto = new ShortKey(1).ToString() });
        var (ours, theirs) = (Visible.Namespaces("default"), Visible.Namespaces("other.*"));

        Assert.Equal([("deploy", 3L), ("release", 2L), ("test", 1L)], (await ListAsync(store, visible: ours)).Items.Select(static o => (o.Name, o.Finished)));
        Assert.Null((await FindAsync(store, "deploy", ours))!.MergedInto);
        Assert.Equal([("deploy", 1L)], (await ListAsync(store, visible: theirs)).Items.Select(static o => (o.Name, o.Finished)));
        Assert.Equal([("deploy", 4L), ("release", 2L), ("test", 1L)], (await ListAsync(store)).Items.Select(static o => (o.Name, o.Finished)));
        Assert.Equal(1, (await store.Get<MetricQueries>().OfAsync(Story.Key(@namespace: "other.team"), new(), theirs, Cancel))!.Totals.Finished);
        Assert.Single((await store.Get<RunQueries>().ListAsync(new() { Operation = Story.Key(@namespace: "other.team") }, theirs, Cancel)).Items);
    }

    [Fact]
    public async Task A_hidden_operation_is_listed_and_summed_only_where_it_is_asked_for()
    {
        await using var store = await FilledAsync();
        await SetAsync(store, "deploy", new() { Hidden = true });

        Assert.Equal(["release", "test"], (await ListAsync(store)).Items.Select(static o => o.Name));
        Assert.Equal((1, 1L), ((await ListAsync(store, new() { Limit = 1 })).Others!.Operations, (await ListAsync(store, new() { Limit = 1 })).Others!.Finished));
        Assert.Equal([true, null, null], (await ListAsync(store, new() { Hidden = true })).Items.Select(static o => o.Hidden));
        Assert.Equal(3, (await FindAsync(store, "deploy"))!.Finished);
    }

    [Fact]
    public async Task Who_answers_for_it_and_whether_it_is_over_its_limits_stands_beside_the_numbers()
    {
        await using var store = await FilledAsync();
        var plain = (await FindAsync(store, "deploy"))!;
        Assert.Equal((null, null, null), (plain.Owner, plain.IsOverDurationLimit, plain.IsOverErrorRateLimit));

        await SetAsync(store, "deploy", new() { Owner = "team a", Description = "ships it", Environment = "production", ReasonRequired = true, DurationLimit = 9, ErrorRateLimit = 0.5 });
        var set = (await FindAsync(store, "deploy"))!;
        Assert.Equal(("team a", "ships it", "production", true, 9.0, 0.5), (set.Owner, set.Description, set.Environment, set.ReasonRequired, set.DurationLimit, set.ErrorRateLimit));
        Assert.Equal((true, false), (set.IsOverDurationLimit, set.IsOverErrorRateLimit));

        await SetAsync(store, "deploy", new() { DurationLimit = 11, ErrorRateLimit = 0.3 });
        Assert.Equal((false, true), ((await FindAsync(store, "deploy"))!.IsOverDurationLimit, (await FindAsync(store, "deploy"))!.IsOverErrorRateLimit));
    }

    [Fact]
    public async Task An_inventory_that_is_kept_for_a_minute_has_what_was_set_meanwhile()
    {
        await using var store = await FilledAsync();
        using var operations = new OperationQueries(store.Get<Snapshot.Source>(), store.Time) { Expensive = 0 };
        var before = (await operations.ListAsync(new(), Visible.Everything, Cancel)).Items;

        await SetAsync(store, "deploy", new() { MergedInto = Story.Key("test").ToString() });
        Assert.Equal([4L, 2L], (await operations.ListAsync(new(), Visible.Everything, Cancel)).Items.Select(static o => o.Finished));

        await SetAsync(store, "deploy", new() { MergedInto = "" });
        Assert.Equivalent(before, (await operations.ListAsync(new(), Visible.Everything, Cancel)).Items);
    }

    /// <summary>deploy: three runs, one of which failed; release: two; test: one.</summary>
    private async Task<StoreFixture> FilledAsync()
    {
        var store = await NewStoreAsync();
        await new Story()
            .Run(-2 * Story.Day, -2 * Story.Day + 10, actor: "ann", tags: ("host.name", "h")).Run(0, 10, actor: "bob", tags: ("host.name", "h")).Run(5, 9, "failure", actor: "bob", tags: ("host.name", "h"))
            .Run(0, 20, name: "release", actor: "ann").Run(1, 22, name: "release", actor: "ann")
            .Run(3, 30, name: "test", actor: "eve").ToAsync(store);
        return store;
    }

    private static async Task SetAsync(StoreFixture store, string name, OperationSetting setting)
    {
        await store.AppendAsync(Given.Event(EventKind.Administered, OperationSetting.IdOf("default", Story.Key(name)), 0, new EventData { OperationSetting = setting }) with { OccurredAt = null });
        await store.CatchUpAsync();
    }

    private static Task<OperationsView> ListAsync(StoreFixture store, OperationFilter? filter = null, Visible? visible = null) =>
        store.Get<OperationQueries>().ListAsync(filter ?? new(), visible ?? Visible.Everything, Cancel);

    private static Task<OperationView?> FindAsync(StoreFixture store, string name, Visible? visible = null) =>
        store.Get<OperationQueries>().FindAsync(Story.Key(name), null, null, visible ?? Visible.Everything, Cancel);
}

public sealed class PostgresAdministeredNumbersTests : AdministeredNumbersContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.PostgresAsync();
}

public sealed class SqliteAdministeredNumbersTests : AdministeredNumbersContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.SqliteAsync();
}
