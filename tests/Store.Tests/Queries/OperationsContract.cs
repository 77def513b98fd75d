using ValueStream.Core.Wire;
using ValueStream.Store.Queries;

namespace ValueStream.Store.Tests.Queries;

/// <summary>The inventory, on each database. It is noon, so today's window ends at one.</summary>
public abstract class OperationsContract
{
    private const double Day = Story.Day;

    private static readonly DateTimeOffset Midnight = StoreFixture.Noon.AddHours(-12);

    private protected abstract Task<StoreFixture> NewStoreAsync();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_operation_is_there_with_its_numbers_the_busiest_first()
    {
        await using var store = await NewStoreAsync();
        await new Story()
            .Run(-3 * Day, -3 * Day + 60, actor: "ann", tags: ("host.name", "h1"))
            .Run(-Day, -Day + 20, "failure", actor: "bob", tags: ("host.name", "h1"))
            .Run(0, 40, "cancellation", actor: "ann", tags: [("host.name", "h2"), ("container.image.id", "sha256:1")])
            .Run(10, 15, "skip").Running(20).Running(30)
            .Run(0, 10, name: "build").Run(-28 * Day, -28 * Day + 10, name: "build").ToAsync(store);

        var list = await ListAsync(store, new());

        Assert.Equal(new WindowView(Midnight.AddDays(-27), Midnight.AddHours(13), "UTC"), list.Window);
        Assert.Null(list.Others);
        Assert.Equal(["deploy", "build"], list.Items.Select(static o => o.Name));
        var deploy = list.Items[0];
        Assert.Equal((Story.Key().ToString(), "default", "job"), (deploy.Key, deploy.Namespace, deploy.Type));
        Assert.Equal((Story.Eleven.AddDays(-3), Story.Eleven.AddSeconds(30), null), (deploy.FirstAt, deploy.LastAt, deploy.DormantSince));
        Assert.Equal((6, 3, 1, 1, 1, 1, 2), (deploy.Started, deploy.Finished, deploy.Success, deploy.Failure, deploy.Cancellation, deploy.Skip, deploy.Running));
        Assert.Equal((0.5, 1, 60.0), (deploy.ErrorRate, deploy.Duration.Sample, deploy.Duration.Mean));
        var days = 27 + 13 / 24.0;
        Assert.Equal(3 / days, deploy.PerDay!.Value, 1e-9);
        Assert.Equal(3 / days * 7, deploy.RunsPerWeek, 1e-9);
        Assert.Equal((60 + 20 + 40 + 5) / days * 7, deploy.TimePerWeek, 1e-6);
        Assert.Equal((2, 2, 1), (deploy.People, deploy.Hosts, deploy.Digests));
        Assert.Equal(28, deploy.FinishedByDay.Count);
        Assert.Equal([1, 0, 1, 1], deploy.FinishedByDay.Skip(24));
        Assert.Equal([0, 0, 1, 0], deploy.FailedByDay.Skip(24));
        Assert.Equal((1, 1L), (list.Items[1].Finished, list.Items[1].FinishedByDay.Sum()));
        Assert.Equal(deploy.TimePerWeek, (await FindAsync(store))!.TimePerWeek);
    }

    [Fact]
    public async Task A_filter_finds_what_matches_and_the_sum_of_what_is_beyond_the_limit()
    {
        await using var store = await NewStoreAsync();
        await new Story()
            .Runs(3, 0, 10, name: "Deploy shop").Runs(2, 0, 20, name: "deploy blog").Runs(1, 0, 30, "failure", name: "Build shop")
            .Runs(4, 0, 40, name: "deploy", @namespace: "other.team").ToAsync(store);

        Assert.Equal(["deploy", "Deploy shop", "deploy blog", "Build shop"], Names(await ListAsync(store, new())));
        Assert.Equal(["Deploy shop", "Build shop"], Names(await ListAsync(store, new() { Name = "SHOP" })));
        Assert.Equal(["deploy"], Names(await ListAsync(store, new() { Namespace = "other.team" })));
        Assert.Empty((await ListAsync(store, new() { Type = "pipeline" })).Items);

        var limited = await ListAsync(store, new() { Limit = 2, Namespace = "default" });
        Assert.Equal(["Deploy shop", "deploy blog"], Names(limited));
        Assert.Equal((1, 1, 1.0), (limited.Others!.Operations, limited.Others.Failure, limited.Others.ErrorRate));
    }

    [Fact]
    public async Task What_the_caller_may_not_see_is_neither_listed_nor_summed()
    {
        await using var store = await NewStoreAsync();
        await new Story().Runs(1, 0, 10).Runs(2, 0, 10, name: "mine").Runs(4, 0, 10, @namespace: "other.team").ToAsync(store);
        var operations = store.Get<OperationQueries>();

        var mine = await operations.ListAsync(new() { Limit = 1 }, Visible.Namespaces("default"), Cancel);

        Assert.Equal(["mine"], Names(mine));
        Assert.Equal((1, 1), (mine.Others!.Operations, mine.Others.Finished));
        var key = Story.Key(@namespace: "other.team");
        Assert.Null(await operations.FindAsync(key, null, null, Visible.Namespaces("default"), Cancel));
        Assert.Equal(4, (await operations.FindAsync(key, null, null, Visible.Namespaces("other.*"), Cancel))!.Finished);
    }

    [Fact]
    public async Task People_are_counted_over_ninety_days_and_an_operation_that_nobody_ran_since_is_dormant()
    {
        await using var store = await NewStoreAsync();
        await new Story()
            .Run(-100 * Day, -100 * Day + 1, actor: "carl").Run(-89 * Day, -89 * Day + 1, actor: "ann").Run(-40 * Day, -40 * Day + 1, actor: "bob").Run(0, 1, actor: "bob")
            .Run(-91 * Day, -91 * Day + 1, name: "old", actor: "ann").ToAsync(store);

        var list = await ListAsync(store, new());

        Assert.Equal([("deploy", 2, false), ("old", 0, true)], list.Items.Select(static o => (o.Name, o.People, o.DormantSince is not null)));
        Assert.Equal(Story.Eleven.AddDays(-91), list.Items[1].DormantSince);
        // A window so long that it and the one before reach further than the ninety days.
        Assert.Equal(2, (await ListAsync(store, new() { From = Midnight.AddDays(-60) })).Items[0].People);
        Assert.Equal(2, (await FindAsync(store))!.People);
    }

    [Fact]
    public async Task Verdicts_are_corrected_for_all_that_is_listed()
    {
        await using var store = await NewStoreAsync();
        var story = new Story().Runs(7, -30 * Day, 10).Runs(7, 0, 13);
        for (var i = 0; i < 20; i++)
        {
            story.Runs(7, -30 * Day, 10, name: $"other {i}").Runs(7, 0, 10, name: $"other {i}");
        }
        await story.ToAsync(store);

        var alone = (await ListAsync(store, new() { Name = "deploy" })).Items.Single().Change!;
        var among = (await ListAsync(store, new())).Items.Single(static o => o.Name == "deploy").Change!;

        Assert.Equal(("change", "noise"), (alone.P50.Verdict, alone.ErrorRate.Verdict));
        Assert.Equal(alone.P50.Relative, among.P50.Relative);
        Assert.True(among.P50.P > 5 * alone.P50.P);
    }

    [Fact]
    public async Task Those_who_ran_it_most_are_named_and_its_last_run_stands_beside_it()
    {
        await using var store = await NewStoreAsync();
        await new Story()
            .Run(-50 * Day, -50 * Day + 1, actor: "ann").Run(-40 * Day, -40 * Day + 1, actor: "ann").Run(-Day, -Day + 1, actor: "ann").Run(-Day, -Day + 1, actor: "bob")
            .Run(-2 * Day, -2 * Day + 1, tags: ("user.name", "carl")).Run(-2 * Day, -2 * Day + 1, actor: "bob").Run(-3 * Day, -3 * Day + 1, actor: "dan")
            .Run(5, 9, "timeout", name: "build").Run(0, 20, name: "build").Running(-3, name: "watch").ToAsync(store);

        var list = (await ListAsync(store, new())).Items.ToDictionary(static o => o.Name);

        Assert.Equal((4, 3), (list["deploy"].People, list["deploy"].PeopleNames.Count));
        Assert.Equal(["ann", "bob"], list["deploy"].PeopleNames.Take(2));
        Assert.Empty(list["build"].PeopleNames);
        Assert.Equal((Story.Eleven.AddSeconds(5), "ended", "timeout", 1), (list["build"].LastRun!.At, list["build"].LastRun!.State, list["build"].LastRun!.Outcome, list["build"].LastRun!.Attempt));
        Assert.Equal(("running", null), (list["watch"].LastRun!.State, list["watch"].LastRun!.Outcome));
        Assert.Equal(list["build"].LastRun, (await store.Get<OperationQueries>().FindAsync(Story.Key("build"), null, null, Visible.Everything, Cancel))!.LastRun);
    }

    [Theory]
    [InlineData("-runs", "b a c d")]
    [InlineData("runs", "d c a b")]
    [InlineData("name", "a b c d")]
    [InlineData("-p50", "c a b d")]
    [InlineData("p95", "b a c d")]
    [InlineData("-errors", "b a c d")]
    [InlineData("-time", "c a b d")]
    [InlineData("people", "d a c b")]
    [InlineData("-last", "d b a c")]
    [InlineData("-owner", "b a c d")]
    public async Task They_come_in_the_order_that_is_asked_for_and_those_without_last(string sort, string order)
    {
        await using var store = await NewStoreAsync();
        await new Story()
            .Run(-20, 0, name: "a", actor: "ann").Run(-19, 1, name: "a", actor: "ann")
            .Run(-5, 0, name: "b", actor: "ann").Run(-4, 0, name: "b", actor: "bob").Run(-4, 0, "failure", name: "b", actor: "ann")
            .Run(-Day, -Day + 100, name: "c", actor: "ann").Running(10, name: "d").ToAsync(store);

        Assert.Equal(order.Split(' '), Names(await ListAsync(store, new OperationFilter().In(sort)!)));
    }

    [Fact]
    public async Task What_is_a_change_comes_before_what_is_noise_and_the_summary_counts_it()
    {
        await using var store = await NewStoreAsync();
        await new Story()
            .Runs(9, -30 * Day, 10, name: "slower").Runs(9, 0, 13, name: "slower").Runs(9, -30 * Day, 10, name: "faster").Runs(9, 0, 7, name: "faster")
            .Run(-30 * Day, -30 * Day + 1, name: "new").Run(0, 100, name: "new", actor: "ann")
            .Runs(9, -30 * Day, 10, name: "same").Runs(9, 0, 10, name: "same").ToAsync(store);

        var worst = await ListAsync(store, new OperationFilter().In("-change")!);

        Assert.Equal(["slower", "faster", "same", "new"], Names(worst));
        Assert.Equal(["faster", "slower", "same", "new"], Names(await ListAsync(store, new OperationFilter().In("change")!)));
        Assert.Equal((4, 1, 0, 0, 1), (worst.Summary.Operations, worst.Summary.Slower, worst.Summary.FailingMore, worst.Summary.OverLimit, worst.Summary.ByOnePerson));
        Assert.Equal(worst.Items.Sum(static o => o.RunsPerWeek), worst.Summary.RunsPerWeek, 1e-9);
        Assert.Equal(worst.Items.Sum(static o => o.TimePerWeek), worst.Summary.TimePerWeek, 1e-6);
        // On another page of the list it is thought of in the same way.
        Assert.Equal(worst.Items[1].Change, (await ListAsync(store, new OperationFilter { Skip = 1, Limit = 1 }.In("-change")!)).Items.Single().Change);
    }

    [Fact]
    public async Task A_page_of_the_list_has_what_stands_there_and_groups_are_of_all_that_match()
    {
        await using var store = await NewStoreAsync();
        await new Story()
            .Runs(3, 0, 10, name: "a").Runs(2, 0, 10, name: "b").Runs(4, 0, 10, name: "c", @namespace: "team").Runs(1, 0, 10, name: "d").ToAsync(store);

        var page = await ListAsync(store, new() { GroupBy = "namespace", Skip = 1, Limit = 2 });

        Assert.Equal(["b", "d"], Names(page));
        Assert.Equal((2, 7), (page.Others!.Operations, page.Others.Finished));
        Assert.Equal([("default", 3)], page.Groups!.Select(static g => (g.Value!, g.Summary.Operations)));
        Assert.Equal(4, page.Summary.Operations);
        Assert.Equal(["default", "team"], (await ListAsync(store, new() { GroupBy = "namespace" })).Groups!.Select(static g => g.Value));
        Assert.Equal([null], (await ListAsync(store, new() { GroupBy = "owner" })).Groups!.Select(static g => g.Value));
        Assert.Empty((await ListAsync(store, new() { Skip = 9 })).Items);
    }

    [Fact]
    public async Task They_are_put_together_by_a_tag_of_the_last_run_of_each()
    {
        await using var store = await NewStoreAsync();
        await new Story()
            .Run(0, 10, name: "a", tags: ("service", "old")).Run(100, 110, name: "a", tags: ("service", "api")).Run(0, 10, name: "b", tags: ("service", "api"))
            .Run(0, 10, name: "c", tags: ("service", "Web")).Run(0, 10, name: "d", tags: ("services", "api")).ToAsync(store);

        var list = await ListAsync(store, new OperationFilter { GroupBy = "tag:service" }.In("name")!);

        Assert.Equal([("api", 2), ("Web", 1), (null, 1)], list.Groups!.Select(static g => (g.Value, g.Summary.Operations)));
        Assert.Equal([("a", "api"), ("b", "api"), ("c", "Web"), ("d", null)], list.Items.Select(static o => (o.Name, o.Group)));
    }

    [Fact]
    public async Task A_window_is_of_whole_days_and_no_longer_than_ninety_two()
    {
        await using var store = await NewStoreAsync();
        await new Story().Run(-Day, -Day + 1).Run(0, 1).ToAsync(store);

        var yesterday = await ListAsync(store, new() { From = Midnight.AddHours(-10), To = Midnight });

        Assert.Equal((Midnight.AddDays(-1), Midnight), (yesterday.Window.From, yesterday.Window.To));
        Assert.Equal((1, 1.0), (yesterday.Items[0].Finished, yesterday.Items[0].PerDay));
        Assert.Equal("from", (await Assert.ThrowsAsync<BadArgumentException>(() => ListAsync(store, new() { From = Midnight.AddDays(-93) }))).Argument);
    }

    [Fact]
    public async Task An_expensive_inventory_is_kept_for_a_minute_and_shown_to_nobody_who_may_not_see_it()
    {
        await using var store = await NewStoreAsync();
        using var operations = new OperationQueries(store.Get<Snapshot.Source>(), store.Time) { Expensive = 1 };
        async Task<int> CountAsync(Visible visible) => (await operations.ListAsync(new(), visible, Cancel)).Items.Count;
        await new Story().Run(0, 1).Run(0, 1, @namespace: "other").ToAsync(store);

        Assert.Equal(2, await CountAsync(Visible.Everything));
        await store.AppendAsync(Given.Start(Given.Run("new", "build")));
        await store.CatchUpAsync();
        Assert.Equal((2, 1), (await CountAsync(Visible.Everything), await CountAsync(Visible.Namespaces("other"))));
        Assert.Equal(3, (await ListAsync(store, new())).Items.Count);

        store.Time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(3, await CountAsync(Visible.Everything));
    }

    [Fact]
    public async Task What_is_usual_is_of_successful_runs_of_those_one_may_see_in_the_last_28_days()
    {
        await using var store = await NewStoreAsync();
        await new Story().Runs(3, 0, 10).Run(0, 90, "failure").Run(-30 * Day, -30 * Day + 500).Run(0, 5, "failure", name: "never well").Runs(1, 0, 7, @namespace: "other").ToAsync(store);
        string[] asked = [Story.Key().ToString(), Story.Key("never well").ToString(), Story.Key(@namespace: "other").ToString(), "nonsense", Story.Key("unknown").ToString()];
        async Task<string[]> UsualAsync(Visible visible) => [.. (await store.Get<OperationQueries>().UsualAsync(asked, visible, Cancel)).Values
            .Select(static d => FormattableString.Invariant($"{d.Sample} in {d.P50:0}, {d.P95:0} s")).Order()];

        Assert.Equal(["1 in 7, 7 s", "3 in 10, 10 s"], await UsualAsync(Visible.Everything));
        Assert.Equal(["1 in 7, 7 s"], await UsualAsync(Visible.Namespaces("other")));
    }

    private static Task<OperationsView> ListAsync(StoreFixture store, OperationFilter filter) => store.Get<OperationQueries>().ListAsync(filter, Visible.Everything, Cancel);

    private static Task<OperationView?> FindAsync(StoreFixture store) => store.Get<OperationQueries>().FindAsync(Story.Key(), null, null, Visible.Everything, Cancel);

    private static IEnumerable<string> Names(OperationsView list) => list.Items.Select(static o => o.Name);
}

public sealed class PostgresOperationsTests : OperationsContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.PostgresAsync();
}

public sealed class SqliteOperationsTests : OperationsContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.SqliteAsync();
}
