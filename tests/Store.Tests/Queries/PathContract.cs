using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Store.Log;
using ValueStream.Store.Queries;

namespace ValueStream.Store.Tests.Queries;

/// <summary>Where the time of many traces goes, on each database. Seconds count from 11 o'clock, the hour before the server's noon.</summary>
public abstract class PathContract
{
    private const string Team = "other.team";

    private static readonly ShortKey Ship = ShortKey.Of("default", "pipeline", "ship");

    private readonly List<NewEvent> _events = [];

    private protected abstract Task<StoreFixture> NewStoreAsync();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_step_and_each_wait_has_its_mean_and_p95_share_and_the_shares_add_up_to_one()
    {
        await using var store = await NewStoreAsync();
        Pipeline("1", 0, 10);
        Step("build", "1", 0, 4);
        Step("push", "1", 6, 10);
        Pipeline("2", 100, 120);
        Step("build", "2", 100, 118);
        Pipeline("3", 200, 210);
        await RecordAsync(store);

        var view = await AskAsync(store);

        Assert.Equal((3, 3, 1), (view!.Traces, view.Of, view.WithoutParts));
        Assert.Equal((10.0, 40 / 3.0), (view.Duration!.P50!.Value, view.Duration.Mean!.Value), Near);
        Assert.Equal(
            ["run build 0.433 2 11", "run ship 0.333 1 10", "run push 0.133 1 4", "wait ship, for push 0.067 1 2", "wait ship 0.033 1 2"], view.Path.Select(Text));
        Assert.Equal(1, view.Path.Sum(static p => p.MeanShare) + view.OtherShare, 9);
        // Of 0, 0.4 and 0.9 at rank 1.9.
        Assert.Equal(0.85, view.Path[0].P95Share, 9);
    }

    [Fact]
    public async Task By_type_by_work_and_waiting_and_by_stage()
    {
        await using var store = await NewStoreAsync();
        Pipeline("1", 0, 10);
        Stage("1", 0, "build it");
        Stage("1", 5, "ship it");
        Step("build", "1", 0, 4);
        Step("lint", "1", 1, 3, type: "build");
        Step("push", "1", 6, 8, type: "deploy");
        await RecordAsync(store);

        var view = await AskAsync(store);

        Assert.Equal(["build 0.4 4", "deploy 0.2 2"], view!.Types.Select(static t => $"{t.Name} {t.MeanShare} {t.MeanTime}"));
        Assert.Equal([0.4, 0.2], view.Types.Select(static t => t.OnPath!.Value));
        Assert.Equal((0.6, 0.4), (view.AtWork!.MeanShare, view.Waiting!.MeanShare));
        Assert.Equal(["build it 0.5", "ship it 0.5"], view.Stages.Select(static s => $"{s.Name} {s.MeanShare}").Order());
        Assert.Equal(["run build 0.4 1 4", "run push 0.2 1 2", "wait ship in ship it 0.2 1 2", "wait ship in build it, for push 0.1 1 1", "wait ship in ship it, for push 0.1 1 1"],
            view.Path.Select(Text).OrderBy(static t => t.Split(" 0.")[1][0] switch { '4' => 0, '2' => 1, _ => 2 }).ThenBy(static t => t, StringComparer.Ordinal));
        Assert.Equal([("build", 1, 0, 4.0, 0.0), ("lint", 1, 0, 2.0, 0.0), ("push", 1, 0, 2.0, 0.0)],
            view.Steps.OrderBy(static s => s.Name, StringComparer.Ordinal).Select(static s => (s.Name, s.Runs, s.Failed, s.Time, s.FailedTime)));
    }

    [Fact]
    public async Task A_run_that_is_part_of_a_larger_trace_is_looked_into_by_itself_and_its_other_attempts_are_others()
    {
        await using var store = await NewStoreAsync();
        var issue = Given.Run("i", "issue");
        _events.Add(Given.Start(issue, -100));
        Pipeline("1", 0, 10, parent: issue);
        Step("build", "1", 0, 4, "failure");
        Pipeline("1", 20, 30);
        Step("push", "1", 20, 30);
        await RecordAsync(store);

        var view = await AskAsync(store);

        Assert.Equal(2, view!.Traces);
        Assert.Equal(["run push 0.5 1 10", "wait ship 0.3 1 6", "run build 0.2 1 4"], view.Path.Select(Text));
        Assert.Equal(["push 1 0 10 0", "build 1 1 4 4"], view.Steps.Select(static s => $"{s.Name} {s.Runs} {s.Failed} {s.Time} {s.FailedTime}"));
        // The trace has the lead time of its own root, which is the issue.
        var trace = await store.Get<TraceQueries>().OfAsync(issue.Key, null, Visible.Everything, Cancel);
        Assert.Equal(["build", "pipeline"], trace!.LeadTime!.Types.Select(static t => t.Type).Order());
    }

    [Fact]
    public async Task A_run_counts_in_the_window_in_which_it_ended_and_only_what_came_to_an_end_by_itself()
    {
        await using var store = await NewStoreAsync();
        Pipeline("before", -10, 0 - 0.000001);
        Pipeline("first", -10, 0);
        Pipeline("last", 0, 3599.999999);
        Pipeline("after", 0, 3600);
        Pipeline("cancelled", 1, 2, "cancellation");
        Pipeline("skipped", 1, 2, "skip");
        Pipeline("of no duration", 1, 1);
        Pipeline("failed", 1, 3, "failure");
        _events.Add(Given.Start(Given.Run("runs"), 5, new EventData { Name = "ship" }));
        await RecordAsync(store);

        var view = await AskAsync(store, Story.Eleven, StoreFixture.Noon);

        Assert.Equal((3, new WindowView(Story.Eleven, StoreFixture.Noon, "UTC")), (view!.Traces, view.Window));
        Assert.Equal([2.0, 10.0, 3599.999999], [view.Duration!.Sample - 1, view.Duration.P50!.Value, view.Duration.Max!.Value]);
    }

    [Fact]
    public async Task The_newest_are_looked_into_and_fewer_where_they_have_too_many_parts()
    {
        await using var store = await NewStoreAsync();
        for (var i = 0; i < 8; i++)
        {
            Pipeline($"{i}", i * 10, i * 10 + 5);
            Step("build", $"{i}", i * 10, i * 10 + 5, i < 6 ? "failure" : "success");
        }
        await RecordAsync(store);
        var queries = new PathQueries(store.Get<Snapshot.Source>(), store.Time) { MostRuns = 5 };

        var view = await queries.OfAsync(Ship, null, null, Visible.Everything, Cancel);

        Assert.Equal((2, 8), (view!.Traces, view.Of));
        Assert.Equal("build 2 0 10 0", view.Steps.Select(static s => $"{s.Name} {s.Runs} {s.Failed} {s.Time} {s.FailedTime}").Single());
        Assert.Equal(3, (await new PathQueries(store.Get<Snapshot.Source>(), store.Time) { Newest = 3 }.OfAsync(Ship, null, null, Visible.Everything, Cancel))!.Traces);
    }

    [Fact]
    public async Task Another_teams_runs_are_steps_without_a_name_and_their_stages_are_not_told()
    {
        await using var store = await NewStoreAsync();
        Pipeline("1", 0, 10);
        Step("secret", "1", 0, 6, @namespace: Team);
        _events.Add(Given.Event(EventKind.Transitioned, Given.Run("secret-1", "secret", Team), 1, new EventData { Stage = "classified" }));
        _events.Add(Given.Start(Given.Run("deep", "job", Team), 2, new EventData { Name = "hidden", Parents = [Given.Run("secret-1", "secret", Team).Rendering] }));
        _events.Add(Given.End(Given.Run("deep", "job", Team), 4));
        Step("push", "1", 6, 8);
        await RecordAsync(store);
        var mine = Visible.Namespaces("default");

        var view = await AskAsync(store, visible: mine);
        var all = await AskAsync(store);

        Assert.Equal(["wait another team's run 0.4 1 4", "run another team's run 0.2 1 2", "run push 0.2 1 2", "wait ship 0.2 1 2"],
            view!.Path.GroupBy(static p => (p.Kind, p.Name)).Select(static g => Text(g.First() with { MeanShare = g.Sum(static p => p.MeanShare), MeanTime = g.Sum(static p => p.MeanTime), Next = null })));
        Assert.Equal(["another team's run", "push"], view.Types.Select(static t => t.Name));
        Assert.All(view.Path.Where(static p => p.Name == RunViews.Elsewhere), static p => Assert.Equal((null, null, null), (p.Operation, p.Type, p.Stage)));
        Assert.Contains(all!.Path, static p => p.Stage == "classified");
        Assert.DoesNotContain("classified", string.Join(' ', (await store.Get<TraceQueries>().OfAsync(Given.Run("1").Key, null, mine, Cancel))!.CriticalPath), StringComparison.Ordinal);
        Assert.Null(await AskAsync(store, visible: Visible.Namespaces(Team)));
        Assert.Null(await store.Get<PathQueries>().OfAsync(new ShortKey(1), null, null, Visible.Everything, Cancel));
    }

    [Fact]
    public async Task A_link_between_steps_is_followed_and_what_was_excluded_is_left_out()
    {
        await using var store = await NewStoreAsync();
        Pipeline("1", 0, 10);
        Step("checks", "1", 0, 1);
        var scan = Given.Run("scan", "scan");
        _events.Add(Given.Start(scan, 2, new EventData { Name = "scan", Parents = [Given.Run("checks-1", "checks").Rendering] }));
        _events.Add(Given.End(scan, 7));
        _events.Add(Given.Start(Given.Run("d", "deploy"), 8, new EventData { Name = "deploy", Parents = [Given.Run("1").Rendering, scan.Rendering] }));
        _events.Add(Given.End(Given.Run("d", "deploy"), 10));
        Pipeline("2", 20, 30);
        _events.Add(Given.Event(EventKind.Administered, Given.Run("2"), 40, new EventData { RunSetting = new() { Excluded = true } }));
        await RecordAsync(store);

        var view = await AskAsync(store);

        Assert.Equal(1, view!.Traces);
        Assert.Equal(["run scan 0.5 1 5", "run deploy 0.2 1 2", "wait checks 0.1 1 1", "wait ship, for deploy 0.1 1 1", "wait ship, for scan 0.1 1 1"],
            view.Path.Select(Text).OrderBy(static t => t.Contains("0.1", StringComparison.Ordinal)).ThenBy(static t => t.Contains("0.1", StringComparison.Ordinal) ? t : ""));
    }

    private void Pipeline(string id, double from, double to, string outcome = "success", RunId? parent = null)
    {
        _events.Add(Given.Start(Given.Run(id), from, new EventData { Name = "ship", Parents = parent is null ? null : [parent.Rendering] }));
        _events.Add(Given.End(Given.Run(id), to, new EventData { Outcome = outcome }));
    }

    private void Step(string name, string pipeline, double from, double to, string outcome = "success", string? type = null, string @namespace = "default")
    {
        var run = Given.Run($"{name}-{pipeline}", type ?? name, @namespace);
        _events.Add(Given.Start(run, from, new EventData { Name = name, Parents = [Given.Run(pipeline).Rendering] }));
        _events.Add(Given.End(run, to, new EventData { Outcome = outcome }));
    }

    private void Stage(string pipeline, double at, string stage) => _events.Add(Given.Event(EventKind.Transitioned, Given.Run(pipeline), at, new EventData { Stage = stage }));

    private async Task RecordAsync(StoreFixture store)
    {
        await store.AppendAsync([.. _events]);
        await store.CatchUpAsync();
    }

    private static Task<PathSharesView?> AskAsync(StoreFixture store, DateTimeOffset? from = null, DateTimeOffset? to = null, Visible? visible = null) =>
        store.Get<PathQueries>().OfAsync(Ship, from, to, visible ?? Visible.Everything, Cancel);

    private static string Text(PathShareView p) =>
        FormattableString.Invariant($"{p.Kind} {p.Name}{(p.Stage is null ? "" : $" in {p.Stage}")}{(p.Next is null ? "" : $", for {p.Next}")} {p.MeanShare:0.###} {p.Traces} {p.MeanTime:0.###}");

    private static bool Near((double, double) a, (double, double) b) => Math.Abs(a.Item1 - b.Item1) + Math.Abs(a.Item2 - b.Item2) < 1e-9;
}

public sealed class PostgresPathTests : PathContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.PostgresAsync();
}

public sealed class SqlitePathTests : PathContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.SqliteAsync();
}
