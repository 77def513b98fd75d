using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Store.Log;
using ValueStream.Store.Queries;

namespace ValueStream.Store.Tests.Queries;

/// <summary>What failed and slow runs share: histories of which the cause is known, on each database.</summary>
public abstract class CorrelationsContract
{
    private protected abstract Task<StoreFixture> NewStoreAsync();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_image_version_fails_and_is_found_with_all_that_selects_the_same_runs()
    {
        await using var store = await NewStoreAsync();
        var story = new Story();
        for (var i = 0; i < 60; i++)
        {
            story.Run(i, i + 10, i % 3 == 0 && i % 4 != 1 ? "failure" : "success", actor: $"user{i % 7}", tags:
                [("image", i % 3 == 0 ? "v2" : "v1"), ("base", i % 3 == 0 ? "debian" : "alpine"), ("host.name", $"h{i % 5}"), ("error.type", i % 3 == 0 ? "boom" : "none"), ("os", "linux")]);
        }
        await story.ToAsync(store);

        var view = await AskAsync(store, CorrelationGroup.Failed);

        Assert.Equal((15, 45, 60), (view.Group, view.Rest, view.Group + view.Rest));
        Assert.Equal(["own base=debian, own image=v2", "own base=alpine, own image=v1"], view.Items.Select(Text));
        Assert.Equal((1.0, 5 / 45.0, 15, 5, 20), (view.Items[0].GroupShare, view.Items[0].RestShare, view.Items[0].InGroup, view.Items[0].InRest, view.Items[0].Support));
        Assert.Equal(1 - 5 / 45.0, view.Items[0].Score, 1e-12);
        Assert.True(view.Items[0].P is > 0 and < 1e-6);
        Assert.Equal(["error.type"], view.KeysLeftOut);
        Assert.Equal($"/api/v1/runs?operation={Story.Key()}&from=2026-01-31T13%3A00%3A00Z&to=2026-03-02T13%3A00%3A00Z&tag=image%3Dv2", view.Items[0].Traits[1].Runs);
        Assert.Null(view.TooFew);
        Assert.Null(view.LeftOut);
    }

    [Fact]
    public async Task One_host_is_slow_and_what_failed_is_left_out_of_that()
    {
        await using var store = await NewStoreAsync();
        var story = new Story();
        for (var i = 0; i < 400; i++)
        {
            story.Run(i, i + (i % 40 == 0 ? 100 + i : 10 + i % 3), i % 10 == 5 ? "failure" : i % 10 == 6 ? "cancellation" : "success",
                tags: [("host.name", i % 40 == 0 ? "bad" : $"h{i % 3}"), ("team", $"t{i % 7}")]);
        }
        await story.ToAsync(store);

        var view = await AskAsync(store, CorrelationGroup.Slow);

        Assert.Equal([new("cancellation", 40), new("failed", 40)], view.LeftOut);
        // 304 of the 320 that succeeded take no longer than 12 s.
        Assert.Equal((10, 310), (view.Group, view.Rest));
        Assert.Equal(("own host.name=bad", 1.0), (Text(view.Items[0]), view.Items[0].Score));
        Assert.DoesNotContain(view.Items.SelectMany(static c => c.Traits), static t => t.Key == "team");
    }

    [Fact]
    public async Task Two_causes_at_once_are_found_and_nothing_else()
    {
        await using var store = await NewStoreAsync();
        var story = new Story();
        var random = new Random(3);
        for (var i = 0; i < 300; i++)
        {
            var (host, branch) = (random.Next(6), random.Next(5));
            story.Run(i, i + 10, (host == 2 || branch == 3 ? random.Next(10) < 8 : random.Next(30) == 0) ? "failure" : "success",
                tags: [("host.name", $"h{host}"), ("vcs.ref.head.name", $"b{branch}"), ("user.name", $"u{random.Next(9)}"), ("vcs.ref.head.revision", $"sha{host}{branch}")]);
        }
        await story.ToAsync(store);

        var view = await AskAsync(store, CorrelationGroup.Failed);

        Assert.Equal(["own host.name=h2", "own vcs.ref.head.name=b3"], view.Items.Where(static c => c.Score > 0).Select(Text).Order());
        Assert.Equal(["vcs.ref.head.revision"], view.KeysLeftOut);
    }

    [Fact]
    public async Task Without_a_cause_nothing_is_found_and_the_samples_say_of_how_many()
    {
        await using var store = await NewStoreAsync();
        var story = new Story();
        var random = new Random(5);
        for (var i = 0; i < 200; i++)
        {
            story.Run(i, i + 10, random.Next(5) == 0 ? "failure" : "success", tags: [("host.name", $"h{random.Next(6)}"), ("user.name", $"u{random.Next(9)}"), ("build", $"{i}")]);
        }
        await story.ToAsync(store);

        var view = await AskAsync(store, CorrelationGroup.Failed);

        Assert.Empty(view.Items);
        Assert.Equal((200, 15, 0), (view.Group + view.Rest, view.Tried, view.Found));
        Assert.Equal(["build"], view.KeysLeftOut);
    }

    [Fact]
    public async Task Too_few_runs_say_so()
    {
        await using var store = await NewStoreAsync();
        await new Story().Runs(40, 0, 10).Runs(4, 100, 10, "failure").ToAsync(store);

        var view = await AskAsync(store, CorrelationGroup.Failed);

        Assert.Equal((true, 4, 40, 0), (view.TooFew, view.Group, view.Rest, view.Tried));
        Assert.Null(await store.Get<CorrelationQueries>().OfAsync(Story.Key("unknown"), CorrelationGroup.Failed, null, null, Visible.Everything, Cancel));
    }

    [Fact]
    public async Task A_cause_in_the_build_above_or_in_a_step_below_is_found_as_such()
    {
        await using var store = await NewStoreAsync();
        await store.AppendAsync([.. Enumerable.Range(0, 40).SelectMany(i => Tree(i, "default"))]);
        await store.CatchUpAsync();

        var view = await AskAsync(store, CorrelationGroup.Failed);

        Assert.Equal((10, 30, 40, 40), (view.Relatives.Group, view.Relatives.Rest, view.Relatives.Ancestors, view.Relatives.Descendants));
        Assert.Equal("ancestor builder=kaniko, descendant engine=old", Text(view.Items[0]));
        Assert.Equal((1.0, "/api/v1/runs?tag=builder%3Dkaniko"), (view.Items[0].Score, view.Items[0].Traits[0].Runs));
        // What is found are the causes and their mirror images, nothing of the runs' own.
        Assert.All(view.Items.SelectMany(static c => c.Traits), static t => Assert.NotEqual("own", t.Level));
    }

    [Fact]
    public async Task Runs_and_relatives_of_other_namespaces_are_not_seen()
    {
        await using var store = await NewStoreAsync();
        await store.AppendAsync([.. Enumerable.Range(0, 40).SelectMany(i => Tree(i, "theirs"))]);
        await store.CatchUpAsync();
        var ours = Visible.Namespaces("default");

        var view = await AskAsync(store, CorrelationGroup.Failed, ours);
        var none = await store.Get<CorrelationQueries>().OfAsync(new RunFilter { Type = "build" }, CorrelationGroup.Failed, ours, Cancel);

        Assert.Equal((10, 30, 0, 0), (view.Group, view.Rest, view.Relatives.Ancestors, view.Relatives.Descendants));
        Assert.Empty(view.Items);
        Assert.Equal((0, 0), (none.Group, none.Rest));
        Assert.Null(await store.Get<CorrelationQueries>().OfAsync(Story.Key(), CorrelationGroup.Failed, null, null, Visible.Namespaces("theirs"), Cancel));
    }

    [Fact]
    public async Task What_a_search_finds_is_compared_with_others_of_the_same_operations()
    {
        await using var store = await NewStoreAsync();
        var story = new Story().Runs(50, 0, 10, name: "another");
        for (var i = 0; i < 100; i++)
        {
            story.Run(i, i + 10, tags: [("service", i < 30 ? "api" : "web"), ("team", i < 30 ? "blue" : i % 2 == 0 ? "blue" : "green")]);
        }
        await story.ToAsync(store);

        var view = await store.Get<CorrelationQueries>().OfAsync(new RunFilter { Tags = ["service:api"] }, CorrelationGroup.These, Visible.Everything, Cancel);

        Assert.Equal(("these", 30, 70), (view.Of, view.Group, view.Rest));
        // What it was searched by is no finding.
        Assert.Equal(["own team=blue", "own team=green"], view.Items.Select(Text));
        Assert.Equal("/api/v1/runs?tag=service%3Aapi&tag=team%3Dblue", view.Items[0].Traits[0].Runs);
    }

    [Fact]
    public async Task A_slow_operation_is_no_finding_among_the_slow_runs_of_several()
    {
        await using var store = await NewStoreAsync();
        var story = new Story();
        for (var i = 0; i < 200; i++)
        {
            story.Run(i, i + 10 + i % 7, name: "quick", tags: [("host.name", i % 7 == 6 ? "bad" : "good")]).Run(i, i + 1000 + i % 7, name: "long", tags: [("host.name", i % 7 == 6 ? "bad" : "good")]);
        }
        await story.Run(0, 10, name: "seldom").ToAsync(store);

        var view = await store.Get<CorrelationQueries>().OfAsync(new RunFilter { Type = "job" }, CorrelationGroup.Slow, Visible.Everything, Cancel);

        Assert.DoesNotContain(view.Items.SelectMany(static c => c.Traits), static t => t.Key == "operation");
        Assert.Equal([new("few", 1)], view.LeftOut);
    }

    [Fact]
    public async Task Of_more_runs_than_are_read_the_newest_count_and_the_answer_says_so()
    {
        await using var store = await NewStoreAsync();
        await new Story().Runs(20, 0, 10, "failure").Runs(30, 100, 10).Runs(10, 200, 10, "failure").ToAsync(store);
        var queries = new CorrelationQueries(store.Get<Snapshot.Source>(), store.Time) { Newest = 40 };

        var view = (await queries.OfAsync(Story.Key(), CorrelationGroup.Failed, null, null, Visible.Everything, Cancel))!;

        Assert.Equal((10, 30, true, 40), (view.Group, view.Rest, view.More, view.Newest));
    }

    /// <summary>A build, a deploy that it started and a step of that. One in four was built in another way and fails.</summary>
    private static IEnumerable<NewEvent> Tree(int i, string relatives)
    {
        var (build, deploy, step) = (Given.Run($"b{i}", "build", relatives), Given.Run($"d{i}", "job"), Given.Run($"s{i}", "step", relatives));
        var fails = i % 4 == 0;
        yield return Given.Start(build, i, Tagged("build", ("builder", fails ? "kaniko" : "docker"), ("number", $"{i}")));
        yield return Given.Start(deploy, i + 1, Tagged("deploy", ("host.name", $"h{i % 3}")) with { Parents = [build.Rendering] });
        yield return Given.Start(step, i + 2, Tagged("step", ("engine", fails ? "old" : "new")) with { Parents = [deploy.Rendering] });
        yield return Given.End(step, i + 3, new EventData { Outcome = "success" });
        yield return Given.End(deploy, i + 4, new EventData { Outcome = fails ? "failure" : "success" });
        yield return Given.End(build, i + 5, new EventData { Outcome = "success" });
    }

    private static EventData Tagged(string name, params (string Key, TagValue Value)[] tags) =>
        new() { Name = name, Tags = Event.NoTags.AddRange(tags.Select(static t => KeyValuePair.Create(t.Key, t.Value))) };

    private static string Text(CorrelationView c) => string.Join(", ", c.Traits.Select(static t => $"{t.Level} {t.Key}={t.Value}"));

    private static async Task<CorrelationsView> AskAsync(StoreFixture store, CorrelationGroup of, Visible? visible = null) =>
        (await store.Get<CorrelationQueries>().OfAsync(Story.Key(), of, null, null, visible ?? Visible.Everything, Cancel))!;
}

public sealed class PostgresCorrelationsTests : CorrelationsContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.PostgresAsync();
}

public sealed class SqliteCorrelationsTests : CorrelationsContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.SqliteAsync();
}
