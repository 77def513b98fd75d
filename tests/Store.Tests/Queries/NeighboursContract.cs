using ValueStream.Core.Events;
using ValueStream.Store.Queries;

namespace ValueStream.Store.Tests.Queries;

/// <summary>A run among the runs of its operation, and the counts of a search, on each database.</summary>
public abstract class NeighboursContract
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private protected abstract Task<StoreFixture> NewStoreAsync();

    [Fact]
    public async Task Before_and_after_a_run_are_those_of_its_operation_by_their_starts()
    {
        await using var store = await NewStoreAsync();
        await new Story().Run(0, 50).Run(10, 20, "failure").Run(15, 16, name: "build").Running(20).Run(30, 31, @namespace: "other").ToAsync(store);

        Assert.Equal((null, "1", null), await AroundItAsync(store, "0"));
        Assert.Equal(("0", "3", "0"), await AroundItAsync(store, "1"));
        // The last good one is not the one before, which failed.
        Assert.Equal(("1", null, "0"), await AroundItAsync(store, "3"));
        Assert.Equal((null, null, null), await AroundItAsync(store, "2"));
    }

    [Fact]
    public async Task Runs_that_started_at_the_same_moment_each_have_their_place()
    {
        await using var store = await NewStoreAsync();
        await new Story().Run(0, 1).Run(0, 2).Run(0, 3).Run(0, 4).ToAsync(store);
        var first = (await store.Get<RunQueries>().ListAsync(new(), Visible.Everything, Cancel)).Items[^1];

        var way = new List<string> { first.Id };
        for (var at = first; at is not null && way.Count < 9; way.AddRange(at is null ? [] : [at.Id]))
        {
            at = (await store.Get<RunQueries>().NeighboursAsync(KeyOf(at.Id), 1, Visible.Everything, Cancel))!.Next;
        }

        Assert.Equal(4, way.Count);
        Assert.Equal(["0", "1", "2", "3"], way.Order());
    }

    [Fact]
    public async Task Attempts_are_neighbours_too()
    {
        await using var store = await NewStoreAsync();
        var run = Given.Run("again", "job");
        await store.AppendAsync(Given.Start(run, 0), Given.End(run, 1), Given.Start(run, 5) with { Attempt = 2 }, Given.End(run, 6, new EventData { Outcome = "failure" }) with { Attempt = 2 });
        await store.CatchUpAsync();

        var around = (await store.Get<RunQueries>().NeighboursAsync(run.Key, 2, Visible.Everything, Cancel))!;

        Assert.Equal((1, 1, null), (around.Previous!.Attempt, around.LastGood!.Attempt, around.Next));
    }

    [Fact]
    public async Task What_an_administrator_left_out_is_no_last_good_run()
    {
        await using var store = await NewStoreAsync();
        await new Story().Run(0, 1).Run(10, 11).Run(20, 21, "failure").ToAsync(store);
        await store.AppendAsync(Given.Event(EventKind.Administered, Given.Run("1", "job"), 60, new EventData { Reason = "a test", RunSetting = new RunSetting { Excluded = true } }));
        await store.CatchUpAsync();

        Assert.Equal(("1", null, "0"), await AroundItAsync(store, "2"));
    }

    [Fact]
    public async Task Runs_of_merged_operations_are_neighbours()
    {
        await using var store = await NewStoreAsync();
        await new Story().Run(0, 1, name: "roll out").Run(10, 11).Run(20, 21, name: "roll out").Run(30, 31, "failure").ToAsync(store);
        var old = Story.Key("roll out");
        await store.AppendAsync(Given.Event(EventKind.Administered, OperationSetting.IdOf("default", old), 60, new EventData { OperationSetting = new OperationSetting { MergedInto = Story.Key().ToString() } }));
        await store.CatchUpAsync();

        Assert.Equal(("2", null, "2"), await AroundItAsync(store, "3"));
        Assert.Equal(("1", "3", "1"), await AroundItAsync(store, "2"));
        Assert.Equal(["3", "2", "1", "0"], (await store.Get<RunQueries>().ListAsync(new() { Operation = Story.Key() }, Visible.Everything, Cancel)).Items.Select(static r => r.Id));
    }

    [Fact]
    public async Task Who_may_not_see_a_run_sees_nothing_around_it()
    {
        await using var store = await NewStoreAsync();
        await new Story().Run(0, 1).Run(10, 11).ToAsync(store);
        var runs = store.Get<RunQueries>();

        Assert.Null(await runs.NeighboursAsync(KeyOf("1"), 1, Visible.Namespaces("other"), Cancel));
        Assert.Empty(await runs.AroundAsync(KeyOf("1"), 1, 20, Visible.Namespaces("other"), Cancel));
        Assert.Null(await runs.NeighboursAsync(KeyOf("1"), 7, Visible.Everything, Cancel));
        Assert.Equal("0", (await runs.NeighboursAsync(KeyOf("1"), 1, Visible.Namespaces("default"), Cancel))!.Previous!.Id);
    }

    [Theory]
    [InlineData("9", "9 8 7 6")]
    [InlineData("5", "7 6 5 4")]
    [InlineData("0", "3 2 1 0")]
    public async Task Around_a_run_are_as_many_before_it_as_after_it_where_there_are(string id, string expected)
    {
        await using var store = await NewStoreAsync();
        await new Story().Runs(10, 0, 1).ToAsync(store);

        Assert.Equal(expected, string.Join(' ', (await store.Get<RunQueries>().AroundAsync(KeyOf(id), 1, 4, Visible.Everything, Cancel)).Select(static r => r.Id)));
    }

    [Fact]
    public async Task A_part_of_a_name_in_any_case_finds_runs_and_so_does_the_name_that_an_administrator_gave()
    {
        await using var store = await NewStoreAsync();
        await new Story().Run(0, 1, name: "Deploy shop").Run(1, 2, name: "deploy blog").Run(2, 3, name: "build").Run(3, 4, name: "deploy", @namespace: "other").ToAsync(store);
        await store.AppendAsync(Given.Event(EventKind.Administered, OperationSetting.IdOf("default", Story.Key("build")), 60, new EventData { OperationSetting = new OperationSetting { Name = "Compile" } }));
        await store.CatchUpAsync();

        Assert.Equal("3 1 0", await FindAsync(new() { Text = "DEPLOY" }, Visible.Everything));
        Assert.Equal("1 0", await FindAsync(new() { Text = "deploy" }, Visible.Namespaces("default")));
        Assert.Equal("2", await FindAsync(new() { Text = "compile" }, Visible.Everything));
        Assert.Equal("0", await FindAsync(new() { Text = "shop", Operation = Story.Key("Deploy shop") }, Visible.Everything));
        Assert.Equal("", await FindAsync(new() { Text = "none" }, Visible.Everything));

        async Task<string> FindAsync(RunFilter filter, Visible visible) =>
            string.Join(' ', (await store.Get<RunQueries>().ListAsync(filter, visible, Cancel)).Items.Select(static r => r.Id));
    }

    [Fact]
    public async Task Pages_of_runs_of_several_operations_follow_each_other_without_a_gap()
    {
        await using var store = await NewStoreAsync();
        await new Story().Runs(5, 0, 1, name: "deploy a").Runs(5, 2, 1, name: "deploy b").ToAsync(store);
        var (seen, cursor) = (new List<string>(), (string?)null);

        do
        {
            var page = await store.Get<RunQueries>().ListAsync(new() { Text = "deploy", Limit = 3, Cursor = cursor }, Visible.Everything, Cancel);
            seen.AddRange(page.Items.Select(static r => r.Id));
            cursor = page.Next;
        }
        while (cursor is not null);

        Assert.Equal(10, seen.Distinct().Count());
        Assert.Equal(10, seen.Count);
    }

    [Fact]
    public async Task What_ended_is_counted_with_its_end_and_what_runs_by_number()
    {
        await using var store = await NewStoreAsync();
        await new Story().Run(0, 50).Run(10, 20, "failure").Running(20).Run(25, 26, name: "build").ToAsync(store);
        var runs = store.Get<RunQueries>();

        var all = await runs.EndsAsync(new(), Visible.Everything, Cancel);
        var failed = await runs.EndsAsync(new() { Operation = Story.Key(), Outcome = "failure" }, Visible.Everything, Cancel);
        var window = await runs.EndsAsync(new() { From = Story.Eleven.AddSeconds(15), To = Story.Eleven.AddSeconds(30) }, Visible.Everything, Cancel);

        Assert.Equal((3, 1, null), (all.Items.Count, all.Running, all.Since));
        Assert.Equal([new RunEnd(Story.Eleven.AddSeconds(20), Outcome.Failure)], failed.Items);
        Assert.Equal((2, 1), (window.Items.Count, window.Running));
        Assert.Empty((await runs.EndsAsync(new(), Visible.Namespaces("other"), Cancel)).Items);
    }

    [Fact]
    public async Task Of_more_runs_than_are_counted_it_is_said_since_when_the_counted_ones_began()
    {
        await using var store = await NewStoreAsync();
        await new Story().Runs(RunQueries.Newest + 10, 0, 1).ToAsync(store);

        var ends = await store.Get<RunQueries>().EndsAsync(new(), Visible.Everything, Cancel);

        Assert.Equal((RunQueries.Newest, Story.Eleven.AddSeconds(10)), (ends.Items.Count, ends.Since));
    }

    private static ShortKey KeyOf(string id) => Given.Run(id, "job").Key;

    private static async Task<(string? Previous, string? Next, string? Good)> AroundItAsync(StoreFixture store, string id)
    {
        var around = (await store.Get<RunQueries>().NeighboursAsync(KeyOf(id), 1, Visible.Everything, Cancel))!;
        return (around.Previous?.Id, around.Next?.Id, around.LastGood?.Id);
    }
}

public sealed class PostgresNeighboursTests : NeighboursContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.PostgresAsync();
}

public sealed class SqliteNeighboursTests : NeighboursContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.SqliteAsync();
}
