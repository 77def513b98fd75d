using ValueStream.Core.Events;
using ValueStream.Store.Queries;

namespace ValueStream.Store.Tests.Queries;

/// <summary>Why runs ran that do not say so, and the list of those of which nobody knows, on each database.</summary>
public abstract class FoundReasonContract
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static readonly RunId Issue = new("jira", "issue", "default", "SHOP-7");

    private static readonly RunId Change = new("github", "pull_request", "default", "shop-12");

    private protected abstract Task<StoreFixture> NewStoreAsync();

    [Fact]
    public async Task What_the_sender_says_stands_whatever_else_is_known()
    {
        await using var store = await TitledAsync();
        await store.AppendAsync(Given.Start(Given.Run("r", "job"), 1, Tagged("vcs.ref.head.message", "tidy up") with { Reason = "asked to", Parents = [Issue.Rendering] }));

        Assert.Equal(("asked to", null), await ReasonAsync(store, "r"));
    }

    [Fact]
    public async Task A_linked_issue_or_change_gives_its_title_before_the_commit_its_message()
    {
        await using var store = await TitledAsync();
        await store.AppendAsync(
            Given.Start(Given.Run("of issue", "job"), 1, Tagged("vcs.ref.head.message", "tidy up") with { Links = [new RunLink(LinkKinds.References, Issue.Rendering)] }),
            Given.Start(Given.Run("of change", "job"), 1, Tagged("vcs.ref.head.message", "tidy up") with { Parents = [Change.Rendering] }),
            Given.Start(Given.Run("of both", "job"), 1, new EventData { Tags = Event.NoTags.Add("vcs.change.title", "its own"), Parents = [Issue.Rendering] }),
            Given.Start(Given.Run("of commit", "job"), 1, Tagged("vcs.ref.head.message", " tidy up \n\nand more")));

        Assert.Equal(("Baskets overflow", "issue"), await ReasonAsync(store, "of issue"));
        Assert.Equal(("Weigh baskets", "change"), await ReasonAsync(store, "of change"));
        Assert.Equal(("its own", "change"), await ReasonAsync(store, "of both"));
        Assert.Equal(("tidy up", "commit"), await ReasonAsync(store, "of commit"));
    }

    [Fact]
    public async Task What_is_far_below_an_issue_has_its_title()
    {
        await using var store = await TitledAsync();
        var (pipeline, step) = (Given.Run("pipeline", "pipeline"), Given.Run("step", "job"));
        await store.AppendAsync(
            Given.Start(pipeline, 1, new EventData { Parents = [Issue.Rendering] }),
            Given.Start(step, 2, new EventData { Parents = [pipeline.Rendering] }),
            Given.Start(Given.Run("last", "job"), 3, new EventData { Parents = [step.Rendering] }));

        Assert.Equal(("Baskets overflow", "issue"), await ReasonAsync(store, "last"));
    }

    [Fact]
    public async Task A_title_that_the_reader_may_not_see_gives_no_reason()
    {
        await using var store = await TitledAsync();
        await store.AppendAsync(Given.Start(Given.Run("r", "job") with { Namespace = "shop" }, 1, new EventData { Parents = [Issue.Rendering] }));
        await store.CatchUpAsync();

        var seen = (await store.Get<RunQueries>().ListAsync(new(), Visible.Of(["shop"]), Cancel)).Items.Single();

        Assert.Equal((null, null), (seen.Reason, seen.ReasonFrom));
    }

    [Fact]
    public async Task Runs_that_are_each_others_parents_have_no_reason()
    {
        await using var store = await TitledAsync();
        var (a, b) = (Given.Run("a", "job"), Given.Run("b", "job"));
        await store.AppendAsync(Given.Start(a, 1, new EventData { Parents = [b.Rendering] }), Given.Start(b, 1, new EventData { Parents = [a.Rendering] }));

        Assert.Equal((null, null), await ReasonAsync(store, "a"));
    }

    [Fact]
    public async Task Those_without_a_reason_are_listed_of_operations_that_ask_for_one()
    {
        await using var store = await TitledAsync();
        await store.AppendAsync(
            Given.Start(Given.Run("silent", "deploy"), 1, new EventData { Name = "roll out" }),
            Given.Start(Given.Run("said", "deploy"), 2, new EventData { Name = "roll out", Reason = "asked to" }),
            Given.Start(Given.Run("found", "deploy"), 3, new EventData { Name = "roll out", Parents = [Issue.Rendering] }),
            Given.Start(Given.Run("merged", "deploy"), 4, new EventData { Name = "ship" }),
            Given.Start(Given.Run("other", "deploy"), 5, new EventData { Name = "rehearse" }));
        Assert.Empty(await SilentAsync(store, new()));

        await SetAsync(store, "roll out", new() { ReasonRequired = true });
        await SetAsync(store, "ship", new() { MergedInto = KeyOf("roll out").ToString() });

        Assert.Equal(["merged", "silent"], await SilentAsync(store, new()));
        Assert.Equal(["merged", "silent"], await SilentAsync(store, new() { Operation = KeyOf("roll out") }));
        Assert.Empty(await SilentAsync(store, new() { Operation = KeyOf("rehearse") }));
        // A page of which every run has a reason after all is no end.
        Assert.Equal(["merged"], await SilentAsync(store, new() { Limit = 1 }));
        var first = await store.Get<RunQueries>().ListAsync(new() { WithoutReason = true, Limit = 1 }, Visible.Everything, Cancel);
        Assert.Equal(["silent"], await SilentAsync(store, new() { Limit = 1, Cursor = first.Next }));
    }

    private async Task<StoreFixture> TitledAsync()
    {
        var store = await NewStoreAsync();
        await store.AppendAsync(Given.Start(Issue, 0, Tagged("issue.title", "Baskets overflow")), Given.Start(Change, 0, Tagged("vcs.change.title", "Weigh baskets")));
        return store;
    }

    private static EventData Tagged(string key, string value) => new() { Tags = Event.NoTags.Add(key, value) };

    private static ShortKey KeyOf(string name) => ShortKey.Of("default", "deploy", name);

    private static async Task SetAsync(StoreFixture store, string name, OperationSetting setting) =>
        await store.AppendAsync(Given.Event(EventKind.Administered, OperationSetting.IdOf("default", KeyOf(name)), 60, new EventData { OperationSetting = setting }));

    private static async Task<(string?, string?)> ReasonAsync(StoreFixture store, string id)
    {
        await store.CatchUpAsync();
        var run = (await store.Get<RunQueries>().ListAsync(new() { Limit = 1_000 }, Visible.Everything, Cancel)).Items.Single(r => r.Id == id);
        return (run.Reason, run.ReasonFrom);
    }

    private static async Task<IEnumerable<string>> SilentAsync(StoreFixture store, RunFilter filter)
    {
        await store.CatchUpAsync();
        return (await store.Get<RunQueries>().ListAsync(filter with { WithoutReason = true }, Visible.Everything, Cancel)).Items.Select(static r => r.Id);
    }
}

public sealed class SqliteFoundReasonTests : FoundReasonContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.SqliteAsync();
}

public sealed class PostgresFoundReasonTests : FoundReasonContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.PostgresAsync();
}
