using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Store.Engines;
using ValueStream.Store.Log;
using ValueStream.Store.Queries;

namespace ValueStream.Store.Tests.Queries;

/// <summary>What runs have to do with each other, on each database.</summary>
public abstract class TraceContract
{
    private static readonly RunId Pipeline = Given.Run("p");
    private static readonly RunId Build = Given.Run("b", "build");
    private static readonly RunId Deploy = Given.Run("d", "deploy");

    private protected abstract Task<StoreFixture> NewStoreAsync();

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_parent_is_found_whether_it_came_before_its_child_or_after(bool parentFirst)
    {
        await using var store = await NewStoreAsync();
        NewEvent[] events =
        [
            Given.Start(Pipeline), Given.Start(Build, 1, Below(Pipeline)), Given.End(Build, 5),
            Given.Start(Deploy, 6, Below(Pipeline, Build)), Given.End(Deploy, 9), Given.End(Pipeline, 10),
        ];
        await AppendOneByOneAsync(store, parentFirst ? events : [.. events.Reverse()]);

        var trace = await TraceAsync(store, Deploy);

        Assert.Equal(10, trace!.Duration);
        Assert.Equal(["p", "b", "d"], trace.Runs.Select(static r => r.Id));
        Assert.Equal(["parent p b", "parent p d", "follows d b"], Edges(trace));
        Assert.Equal(["wait p 0 1", "run b 1 5", "wait p 5 6", "run d 6 9", "wait p 9 10"], trace.CriticalPath.Select(p => string.Join(' ',
            p.Kind, trace.Runs.Single(r => r.SpanId == p.Run).Id, Seconds(p.From), Seconds(p.To))));
        Assert.All(trace.Runs, r => Assert.Equal(trace.TraceId, r.TraceId));
        Assert.Equal(trace.TraceId, (await store.Get<RunQueries>().FindAsync(Build.Key, null, Visible.Everything, Cancel))!.TraceId);
    }

    [Fact]
    public async Task A_parent_that_would_close_a_cycle_is_refused_and_kept_as_a_link()
    {
        await using var store = await NewStoreAsync();
        await AppendOneByOneAsync(store,
            Given.Start(Pipeline, 0, Below(Deploy)), Given.Start(Build, 1, Below(Pipeline)), Given.Start(Deploy, 2, Below(Build)));

        var trace = await TraceAsync(store, Pipeline);

        Assert.Equal(["parent d p", "parent p b", "references d b"], Edges(trace!).Order());
        Assert.Equal(["d"], trace!.Refused.Select(span => trace.Runs.Single(r => r.SpanId == span).Id));
    }

    [Fact]
    public async Task Runs_of_one_w3c_trace_belong_together_though_their_common_parent_never_reported()
    {
        await using var store = await NewStoreAsync();
        var context = new EventData { Traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
        await AppendOneByOneAsync(store, Given.Start(Build, 0, context), Given.Start(Deploy, 1, context), Given.Start(Pipeline));

        var trace = await TraceAsync(store, Build);

        Assert.Equal("0af7651916cd43dd8448eb211c80319c", trace!.TraceId);
        Assert.Equal(["b", "d"], trace.Runs.Select(static r => r.Id).Order());
    }

    [Fact]
    public async Task A_run_started_in_the_span_of_another_is_below_it()
    {
        await using var store = await NewStoreAsync();
        await AppendOneByOneAsync(store, Given.Start(Pipeline));
        var root = await store.Get<RunQueries>().FindAsync(Pipeline.Key, null, Visible.Everything, Cancel);
        await AppendOneByOneAsync(store, Given.Start(Build, 1, new EventData { Traceparent = $"00-{root!.TraceId}-{root.SpanId}-01" }));

        Assert.Equal(["parent p b"], Edges((await TraceAsync(store, Pipeline))!));
        Assert.Equal(["parent p b"], Edges((await TraceAsync(store, Build))!));
    }

    [Fact]
    public async Task A_reference_that_two_runs_share_means_the_one_of_the_childs_namespace_or_none()
    {
        await using var store = await NewStoreAsync();
        // vstrace-customhttp-a-b-c-1 is the rendering of both.
        var one = Given.Run("1", "a", "b-c");
        var other = Given.Run("c-1", "a", "b");
        Assert.Equal(one.Rendering, other.Rendering);
        var same = Given.Run("near", "job", "b");
        await AppendOneByOneAsync(store,
            Given.Start(one), Given.Start(other), Given.Start(same, 1, Below(one)), Given.Start(Build, 1, Below(one)));

        Assert.Equal(["parent c-1 near"], Edges((await TraceAsync(store, same))!));
        Assert.Empty((await TraceAsync(store, Build))!.Edges);
        Assert.Equal(2, (await store.Get<RunQueries>().ResolveAsync(one.Rendering, Visible.Everything, Cancel)).Count);
        Assert.Equal([other], await store.Get<RunQueries>().ResolveAsync(one.Rendering, Visible.Namespaces("b"), Cancel));
    }

    [Fact]
    public async Task A_child_belongs_to_the_attempt_that_was_open_when_it_started()
    {
        await using var store = await NewStoreAsync();
        await AppendOneByOneAsync(store,
            Given.Start(Pipeline), Given.End(Pipeline, 10), Given.Start(Pipeline, 20), Given.Start(Build, 21, Below(Pipeline)), Given.End(Pipeline, 30));

        Assert.Equal([("b", 1), ("p", 2)], (await TraceAsync(store, Build))!.Runs.Select(static r => (r.Id, r.Attempt)).Order());
        Assert.Equal([("p", 1)], (await TraceAsync(store, Pipeline, 1))!.Runs.Select(static r => (r.Id, r.Attempt)));
    }

    [Fact]
    public async Task Another_teams_run_is_drawn_without_saying_what_it_is_and_is_found_nowhere_else()
    {
        await using var store = await NewStoreAsync();
        var secret = Given.Run("secret", "deploy", "other.team");
        await AppendOneByOneAsync(store,
            Given.Start(Pipeline), Given.Start(secret, 1, Below(Pipeline) with { Reason = "classified", Tags = Event.NoTags.Add("service", "x") }),
            Given.Start(Build, 2, Below(secret)), Given.End(secret, 3));
        var mine = Visible.Namespaces("default");
        var runs = store.Get<RunQueries>();

        var trace = await store.Get<TraceQueries>().OfAsync(Pipeline.Key, null, mine, Cancel);
        var hidden = trace!.Runs.Single(static r => r.Hidden is true);
        Assert.Equal(("another team's run", "", "", "success"), (hidden.Name, hidden.Id, hidden.Namespace, hidden.Outcome));
        Assert.Empty(hidden.Tags);
        Assert.Null(hidden.Reason);
        Assert.Equal("another team's run", trace.Runs.Single(static r => r.Id == "b").Parent);

        Assert.Null(await store.Get<TraceQueries>().OfAsync(secret.Key, null, mine, Cancel));
        Assert.Equal(0, await store.Get<TraceQueries>().VersionAsync(secret.Key, mine, Cancel));
        Assert.Null(await runs.FindAsync(secret.Key, null, mine, Cancel));
        Assert.Empty(await runs.ResolveAsync(secret.Rendering, mine, Cancel));
        Assert.Equal(["b", "p"], (await runs.ListAsync(new RunFilter(), mine, Cancel)).Items.Select(static r => r.Id).Order());
        Assert.Equal(["secret"], (await runs.ListAsync(new RunFilter(), Visible.Namespaces("other.*"), Cancel)).Items.Select(static r => r.Id));
        Assert.DoesNotContain((await store.Get<EventQueries>().ListAsync(new EventFilter(), mine, Cancel)).Items, static e => e.Namespace != "default");
    }

    [Fact]
    public async Task The_version_of_a_trace_grows_with_every_event_of_any_of_its_runs_and_with_no_other()
    {
        await using var store = await NewStoreAsync();
        await AppendOneByOneAsync(store, Given.Start(Pipeline), Given.Start(Build, 1, Below(Pipeline)));
        var versions = new List<long>();
        foreach (var e in new[] { Given.End(Build, 2), Given.Start(Deploy), Given.End(Pipeline, 3) })
        {
            await AppendOneByOneAsync(store, e);
            versions.Add(await store.Get<TraceQueries>().VersionAsync(Pipeline.Key, Visible.Everything, Cancel));
        }

        Assert.Equal([3, 3, 5], versions);
    }

    private static EventData Below(params RunId[] parents) => new() { Parents = [.. parents.Select(static p => p.Rendering)] };

    private static async Task AppendOneByOneAsync(StoreFixture store, params NewEvent[] events)
    {
        foreach (var e in events)
        {
            await store.AppendAsync(e);
            await store.CatchUpAsync();
        }
    }

    private static Task<TraceView?> TraceAsync(StoreFixture store, RunId run, int? attempt = null) =>
        store.Get<TraceQueries>().OfAsync(run.Key, attempt, Visible.Everything, Cancel);

    private static IEnumerable<string> Edges(TraceView trace)
    {
        var ids = trace.Runs.ToDictionary(static r => r.SpanId, static r => r.Id);
        return trace.Edges.Select(e => $"{e.Kind} {ids[e.From]} {ids[e.To]}");
    }

    private static double Seconds(DateTimeOffset at) => (at - StoreFixture.Noon.AddHours(-1)).TotalSeconds;
}

public sealed class PostgresTraceTests : TraceContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.PostgresAsync();

    [Theory]
    [InlineData("nothing")]
    [InlineData("that no run has a parent")]
    [InlineData("the truth")]
    public async Task A_trace_is_read_run_by_run_whatever_the_planner_knows(string knows)
    {
        const int Runs = 200;
        await using var store = await NewStoreAsync();
        await store.AppendAsync([.. Enumerable.Range(0, Runs).Select(i => Given.Start(Given.Run($"alone-{i}")))]);
        await store.CatchUpAsync();
        await AnalyzeAsync(store, knows == "that no run has a parent");
        await store.AppendAsync([.. Enumerable.Range(0, Runs).Select(i =>
            Given.Start(Given.Run($"{i}"), i, i == 0 ? null : new EventData { Parents = [Given.Run($"{i / 8}").Rendering] }))]);
        await store.CatchUpAsync();
        await AnalyzeAsync(store, knows == "the truth");
        await using var snapshot = await store.Get<Snapshot.Source>().OpenAsync(Cancel);
        await snapshot.LookUpAsync(Cancel);

        var read = await RunViews.TraceRows(snapshot, Given.Run("7").Key.Value, 1000).ToListAsync(Cancel);

        Assert.Equal(Runs, read.Count);
        var rows = await snapshot.Database.Database.SqlQueryRaw<decimal>(
            "SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) AS \"Value\" FROM pg_stat_xact_user_tables WHERE relname LIKE 'run%'").SingleAsync(Cancel);
        Assert.InRange(rows, Runs, 10 * Runs);
    }

    private static async Task AnalyzeAsync(StoreFixture store, bool really)
    {
        if (really)
        {
            await using var session = await store.Get<IEngine>().BeginAsync(Cancel);
            await session.ExecuteAsync("ANALYZE", Cancel);
            await session.CommitAsync(Cancel);
        }
    }
}

public sealed class SqliteTraceTests : TraceContract
{
    private protected override Task<StoreFixture> NewStoreAsync() => StoreFixture.SqliteAsync();
}
