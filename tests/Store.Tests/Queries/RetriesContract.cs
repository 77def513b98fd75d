using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Store.Queries;

namespace ValueStream.Store.Tests.Queries;

/// <summary>What was tried again and what it came to, on each database.</summary>
public abstract class RetriesContract
{
    private static readonly DateTimeOffset Eleven = Story.Eleven;
    private static readonly DateTimeOffset Noon = StoreFixture.Noon;

    private protected abstract Task<StoreFixture> NewStoreAsync();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_same_revision_tells_chance_from_what_is_broken_and_what_both_cost()
    {
        await using var store = await NewStoreAsync();
        await new Story()
            // Flaky: 10 s failed and 20 s to try again.
            .Run(0, 10, "failure", tags: Revision("aaa")).Run(20, 40, tags: Revision("aaa"))
            // Broken: 30 s failed, of which 15 s was a retry.
            .Run(100, 115, "failure", tags: Revision("bbb")).Run(120, 135, "timeout", tags: Revision("bbb"))
            .Run(200, 205, tags: Revision("ccc")).Run(210, 215, tags: Revision("ccc"))
            .Run(300, 310, "error", tags: Revision("ddd"))
            .Run(400, 401, "failure").Run(410, 411).Run(420, 421, "cancellation", tags: Revision("ccc"))
            .ToAsync(store);

        var view = await AskAsync(store, Eleven, Noon);

        Assert.Equal((20_000, 9, 5, 7, 6), (view!.Newest, view.Runs, view.Failures, view.WithRevision, view.Subjects));
        // First: aaa, bbb, ddd and the one without; last: bbb, ddd and that one.
        Assert.Equal((4 / 6.0, 3 / 6.0), (view.FirstErrorRate, view.FinalErrorRate));
        Assert.Equal((1, 1, 1), (view.Flaky, view.FlakyFailures, view.Broken));
        Assert.Equal((82.0, 51.0, 35.0), (view.Time, view.FailedTime, view.RetryTime));
        // 10 + 20, 15 + 15, 10 and 1, in an hour.
        Assert.Equal(71.0 * 24 * 7, view.CostPerWeek!.Value, 6);
        Assert.Equal(
            [("flaky", "aaa", 2, 1, 30.0), ("broken", "bbb", 2, 2, 30.0)], view.Items.Select(static i => (i.Verdict, i.Revision, i.Runs, i.Failed, i.Lost)));
        Assert.Equal(Given.Run("1", "job").Key.ToString(), view.Items[0].Last);
    }

    [Fact]
    public async Task Another_environment_or_service_is_another_thing()
    {
        await using var store = await NewStoreAsync();
        await new Story()
            .Run(0, 10, "failure", tags: [.. Revision("aaa"), ("deployment.environment.name", "staging")]).Run(20, 40, tags: [.. Revision("aaa"), ("deployment.environment.name", "production")])
            .Run(50, 60, "failure", tags: [.. Revision("aaa"), ("service", "web")]).ToAsync(store);

        var view = await AskAsync(store, Eleven, Noon);

        Assert.Equal((3, 0, 0, 0.0), (view!.Subjects, view.Flaky, view.Broken, view.RetryTime));
    }

    [Fact]
    public async Task The_next_attempt_of_a_run_is_a_retry_of_it()
    {
        await using var store = await NewStoreAsync();
        var run = Given.Run("again", "job");
        var name = new EventData { Name = "deploy" };
        await store.AppendAsync(
            Given.Start(run, 0, name), Given.End(run, 10, new EventData { Outcome = "failure" }), Given.Start(run, 20, name), Given.End(run, 25));
        await store.CatchUpAsync();

        var view = await AskAsync(store, Eleven, Noon);

        Assert.Equal((2, 1, 1, 1.0, 0.0, 5.0), (view!.Runs, view.Subjects, view.Flaky, view.FirstErrorRate, view.FinalErrorRate, view.RetryTime));
        Assert.Equal((run.Key.ToString(), 2, null), (view.Items[0].Last, view.Items[0].Attempt, view.Items[0].Revision));
    }

    [Fact]
    public async Task What_ended_outside_of_the_window_is_not_known_of()
    {
        await using var store = await NewStoreAsync();
        await new Story().Run(-10, -0.000001, "failure", tags: Revision("aaa")).Run(0, 3599.999999, tags: Revision("aaa")).Run(3599, 3600, "failure", tags: Revision("aaa")).ToAsync(store);

        var view = await AskAsync(store, Eleven, Noon);

        Assert.Equal((1, 0.0, 0), (view!.Runs, view.FirstErrorRate, view.Flaky));
        Assert.Equal((3, 1.0, 1), (await AskAsync(store)) is { } all ? (all.Runs, all.FirstErrorRate, all.Flaky) : default);
    }

    [Fact]
    public async Task Of_more_runs_than_are_read_the_newest_count_and_no_cost_a_week_is_told()
    {
        await using var store = await NewStoreAsync();
        await new Story().Runs(5, 0, 10, "failure").Runs(2, 100, 10).ToAsync(store);

        var view = await new RetryQueries(store.Get<Snapshot.Source>(), store.Time) { Newest = 3 }.OfAsync(Story.Key(), Eleven, Noon, Visible.Everything, Cancel);

        Assert.Equal((3, 3, null), (view!.Newest, view.Runs, view.CostPerWeek));
    }

    [Fact]
    public async Task An_operation_of_another_namespace_is_not_there_and_its_runs_do_not_count()
    {
        await using var store = await NewStoreAsync();
        await new Story().Run(0, 10, "failure", tags: Revision("aaa")).Run(20, 30, @namespace: "other.team", tags: Revision("aaa")).ToAsync(store);

        Assert.Equal((1, 0), (await AskAsync(store)) is { } mine ? (mine.Runs, mine.Flaky) : default);
        Assert.Null(await AskAsync(store, visible: Visible.Namespaces("other.*")));
        Assert.Null(await store.Get<RetryQueries>().OfAsync(new ShortKey(1), null, null, Visible.Everything, Cancel));
    }

    [Fact]
    public async Task Nothing_was_tried_and_there_is_no_rate()
    {
        await using var store = await NewStoreAsync();
        await new Story().Running(0).ToAsync(store);

        var view = await AskAsync(store);

        Assert.Equal((0, 0, null, null, 0.0), (view!.Runs, view.Subjects, view.FirstErrorRate, view.FinalErrorRate, view.CostPerWeek));
    }

    private static (string, TagValue)[] Revision(string sha) => [("vcs.ref.head.revision", sha)];

    private static Task<RetriesView?> AskAsync(StoreFixture store, DateTimeOffset? from = null, DateTimeOffset? to = null, Visible? visible = null) =>
        store.Get<RetryQueries>().OfAsync(Story.Key(), from, to, visible ?? Visible.Everything, Cancel);
}

public sealed class PostgresRetriesTests : RetriesContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.PostgresAsync();
}

public sealed class SqliteRetriesTests : RetriesContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.SqliteAsync();
}
