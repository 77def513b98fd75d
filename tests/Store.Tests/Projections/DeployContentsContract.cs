using ValueStream.Core.Events;
using ValueStream.Store.Log;
using ValueStream.Store.Projections;
using ValueStream.Store.Queries;

namespace ValueStream.Store.Tests.Projections;

/// <summary>Which pull requests a deploy brought, on each database.</summary>
public abstract class DeployContentsContract
{
    private const string Namespace = "acme.web";

    private protected abstract Task<StoreFixture> NewStoreAsync();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_deploy_contains_the_pull_requests_that_were_pushed_since_the_one_before()
    {
        await using var store = await NewStoreAsync();
        await AppendAsync(store, [.. Pull("1", 1, "a9", "a1"), .. Pull("2", 2, "b9", "b"), .. Pull("3", 3, "c9", "c"), .. Pull("4", 4, "d9", "d")]);
        await AppendAsync(store, [.. Push("b", "0", "a1 b", 5), .. Push("c", "b", "c", 6), .. Push("d", "c", "d", 7)]);
        // The first deploy is of a commit within a push.
        await AppendAsync(store, [.. Deploy("1", "a1", 10), .. Deploy("2", "c", 20)]);

        Assert.Equal(2, await LookAsync(store));

        Assert.Equal(("first", "0", ""), await ContentsAsync(store, "1"));
        Assert.Equal(("complete", "2", "2 3"), await ContentsAsync(store, "2"));
        Assert.Equal(0, await LookAsync(store));
    }

    [Fact]
    public async Task A_push_that_is_heard_of_late_tells_what_was_not_known_before()
    {
        await using var store = await NewStoreAsync();
        await AppendAsync(store, [.. Pull("2", 2, "b9", "b"), .. Pull("3", 3, "c9", "c"), .. Push("c", "b", "c", 6), .. Deploy("1", "a", 10), .. Deploy("2", "c", 20)]);
        await LookAsync(store);
        Assert.Equal(("none", "0", ""), await ContentsAsync(store, "2"));

        await AppendAsync(store, [.. Push("b", "a", "b", 5)]);
        await LookAsync(store);

        Assert.Equal(("complete", "2", "2 3"), await ContentsAsync(store, "2"));
    }

    [Fact]
    public async Task Where_a_push_was_not_recorded_whole_what_is_known_of_it_is_partial()
    {
        await using var store = await NewStoreAsync();
        await AppendAsync(store, [.. Pull("2", 2, "b9", "b"), .. Push("b", "a", "b", 5, isWhole: false), .. Deploy("1", "a", 10), .. Deploy("2", "b", 20)]);
        await LookAsync(store);

        Assert.Equal(("partial", "1", "2"), await ContentsAsync(store, "2"));
    }

    [Fact]
    public async Task A_revision_that_nobody_recorded_a_push_of_is_said_to_be_so_and_an_older_one_brings_nothing()
    {
        await using var store = await NewStoreAsync();
        await AppendAsync(store, [.. Pull("2", 2, "b9", "b"), .. Push("b", "a", "b", 5), .. Deploy("1", "b", 10), .. Deploy("2", "x", 20), .. Deploy("3", "b", 30), .. Deploy("4", "a", 40)]);
        await LookAsync(store);

        Assert.Equal(("none", "0", ""), await ContentsAsync(store, "2"));
        // The way from b does not lead to x, which may be a branch beside it: 2 may have been deployed long before.
        Assert.Equal(("none", "0", ""), await ContentsAsync(store, "3"));
        Assert.Equal(("rollback", "0", ""), await ContentsAsync(store, "4"));
    }

    [Fact]
    public async Task The_same_revision_again_contains_nothing_a_failed_deploy_is_not_asked_nor_is_any_before_a_push_was_heard_of()
    {
        await using var store = await NewStoreAsync();
        await AppendAsync(store, [.. Deploy("1", "b", 10), .. Deploy("2", "b", 20), .. Deploy("3", "b", 30, "failure")]);
        Assert.Equal(0, await LookAsync(store));
        await AppendAsync(store, [.. Push("b", "a", "b", 5)]);

        Assert.Equal(2, await LookAsync(store));

        Assert.Equal(("complete", "0", ""), await ContentsAsync(store, "2"));
    }

    private static async Task<int> LookAsync(StoreFixture store)
    {
        store.Time.Advance(TimeSpan.FromSeconds(10));
        var found = await store.Get<DeployContents>().RunOnceAsync(Cancel);
        await store.CatchUpAsync();
        return found;
    }

    private static async Task AppendAsync(StoreFixture store, NewEvent[] events)
    {
        await store.AppendAsync(events);
        await store.CatchUpAsync();
    }

    /// <summary>A deploy's coverage, how many pull requests it has, and which.</summary>
    private static async Task<(string, string, string)> ContentsAsync(StoreFixture store, string id)
    {
        var view = await store.Get<RunQueries>().FindAsync(Run("deploy", id).Key, null, Visible.Everything, Cancel);
        Assert.NotNull(view);
        Assert.All(view.Links, static l => Assert.True(l.Kind == LinkKinds.Contains && l.Resolved));
        return (view.Tags[DeployContents.Coverage].Text, view.Tags[DeployContents.Changes].Text, string.Join(' ', view.Links.Select(static l => l.Run.Split('-')[^1]).Order(StringComparer.Ordinal)));
    }

    private static RunId Run(string type, string id) => new(SourceNames.GitHub, type, Namespace, id);

    private static IEnumerable<NewEvent> Pull(string number, int second, string head, string merge) =>
        Ran(Run("pull_request", number), second, ("vcs.ref.head.revision", head), ("vcs.change.merge.revision", merge));

    private static IEnumerable<NewEvent> Push(string head, string previous, string revisions, int second, bool isWhole = true) => Ran(Run("push", head), second,
        ("vcs.ref.head.revision", head), ("vcs.ref.base.revision", previous), ("vcs.push.revisions", revisions), ("vcs.push.revisions.complete", isWhole ? "true" : "false"));

    private static IEnumerable<NewEvent> Deploy(string id, string revision, int second, string outcome = "success") =>
        Ran(Run("deploy", id), second, outcome, ("vcs.ref.head.revision", revision));

    private static IEnumerable<NewEvent> Ran(RunId run, int second, params (string Key, string Value)[] tags) => Ran(run, second, "success", tags);

    private static IEnumerable<NewEvent> Ran(RunId run, int second, string outcome, params (string Key, string Value)[] tags) =>
    [
        Given.Start(run, second, new EventData { Name = run.Type, Tags = Event.NoTags.AddRange(tags.Select(static t => KeyValuePair.Create(t.Key, (TagValue)t.Value))) }),
        Given.End(run, second + 1, new EventData { Outcome = outcome }),
    ];
}

public sealed class PostgresDeployContentsTests : DeployContentsContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.PostgresAsync();
}

public sealed class SqliteDeployContentsTests : DeployContentsContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.SqliteAsync();
}
