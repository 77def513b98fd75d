using ValueStream.Core.Events;
using ValueStream.Core.Spans;
using ValueStream.Server.Forwarding;
using ValueStream.Server.Otlp;
using ValueStream.Server.Tests.EndToEnd;
using ValueStream.Store.Forwarding;
using ValueStream.Testing;
using static ValueStream.Server.Tests.Forwarding.ForwardedStore;

namespace ValueStream.Server.Tests.Forwarding;

/// <summary>Which runs go out, when, and under which ids, on each database.</summary>
public abstract class ForwardingContract
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private protected abstract Task<TestDatabase> NewDatabaseAsync();

    [Fact]
    public async Task A_pipeline_goes_out_as_one_trace_once()
    {
        await using var store = await OnAsync(await NewDatabaseAsync());
        await using var tracer = await FakeTracer.StartAsync();
        var loop = await store.FollowAsync(tracer.Settings());
        await store.AppendAsync(Start("deploy"), Start("build", Below("deploy")), End("build", new() { Outcome = "success" }));
        Assert.Null(await DrainAsync(loop));
        await store.AppendAsync(End("deploy", new() { Outcome = "failure" }));
        Assert.Null(await DrainAsync(loop));

        var spans = tracer.Taken.ToList();
        Assert.Equal(["build", "RUN deploy"], tracer.Names);
        Assert.All(spans, static s => Assert.Equal(SpanIds.TraceId(Run("deploy"), 1), s.TraceId));
        Assert.Equal((SpanIds.SpanId(Run("build"), 1), SpanIds.SpanId(Run("deploy"), 1), ""), (spans[0].SpanId, spans[0].Parent, spans[1].Parent));
        Assert.Equal((Span.Types.SpanKind.Internal, Span.Types.SpanKind.Server), (spans[0].Span.Kind, spans[1].Span.Kind));
        Assert.Equal((null, Status.Types.StatusCode.Error), (spans[0].Span.Status, spans[1].Span.Status.Code));
    }

    [Fact]
    public async Task Of_a_backlog_each_run_goes_out_once_in_the_order_of_its_last_event()
    {
        await using var store = await OnAsync(await NewDatabaseAsync());
        await using var tracer = await FakeTracer.StartAsync();
        var loop = await store.FollowAsync(tracer.Settings());
        var ids = Enumerable.Range(0, 150).Select(static i => $"r{i}").ToList();
        await store.AppendAsync([.. ids.Select(static i => Start(i))]);
        await store.AppendAsync([.. ids.Select(static i => End(i))]);
        await store.AppendAsync(Make(EventKind.Annotated, "r3", new() { Note = "late" }));

        Assert.Null(await DrainAsync(loop));
        Assert.Equal([.. ids.Where(static i => i != "r3").Select(static i => "RUN " + i), "RUN r3"], tracer.Names);
        Assert.Equal("late", tracer.Taken.Last().Span.Events.Single().Attributes.Single().Value.StringValue);
    }

    [Fact]
    public async Task A_run_that_changes_goes_out_again_under_the_same_ids_and_an_exclusion_is_no_change()
    {
        await using var store = await OnAsync(await NewDatabaseAsync());
        await using var tracer = await FakeTracer.StartAsync();
        var loop = await store.FollowAsync(tracer.Settings());
        await store.RunAsync("1");
        await DrainAsync(loop);
        await store.AppendAsync(Make(EventKind.Annotated, "1", new() { Tags = Event.NoTags.Add("ticket", "A-1") }));
        await DrainAsync(loop);
        await store.AppendAsync(Make(EventKind.Administered, "1", new() { RunSetting = new() { Excluded = true }, Reason = "noise" }));
        await DrainAsync(loop);
        await store.AppendAsync(Start("1"));
        await DrainAsync(loop);

        Assert.Equal(2, tracer.Taken.Count);
        var (before, after) = (tracer.Taken.First(), tracer.Taken.Last());
        Assert.Equal((before.TraceId, before.SpanId, before.Parent), (after.TraceId, after.SpanId, after.Parent));
        Assert.Equal((null, "A-1"), (before.Attribute("ticket"), after.Attribute("ticket")));
        Assert.Equal(0, (await store.Tracers.FindAsync("fake", Cancel))!.LagEvents);
    }

    [Fact]
    public async Task What_was_accepted_and_not_noted_is_sent_again_as_it_was()
    {
        await using var store = await OnAsync(await NewDatabaseAsync());
        await using var tracer = await FakeTracer.StartAsync();
        var loop = await store.FollowAsync(tracer.Settings());
        await store.AppendAsync(Start("deploy"), Start("build", Below("deploy")), End("build"), End("deploy"));
        await DrainAsync(loop);
        var first = tracer.Taken.ToList();
        // As a server leaves it that is killed between the two.
        await store.Tracers.RewindAsync("fake", 0, Cancel);
        Assert.Null(await DrainAsync(await store.FollowAsync(tracer.Settings())));

        Assert.Equal(first.Select(static s => s.Span), tracer.Taken.Skip(2).Select(static s => s.Span));
        Assert.False(await store.Tracers.MoveAsync("fake", 2, 3, 1, 0, null, Cancel));
        Assert.Equal(4, (await store.Tracers.FindAsync("fake", Cancel))!.Position);
        // The one that went on meanwhile sees that it is behind, and sends nothing.
        Assert.Null(await DrainAsync(loop));
        Assert.Equal(4, tracer.Taken.Count);
    }

    [Fact]
    public async Task A_run_waits_half_a_minute_for_its_parent_and_with_it_what_comes_after()
    {
        await using var store = await OnAsync(await NewDatabaseAsync());
        await using var tracer = await FakeTracer.StartAsync();
        var loop = await store.FollowAsync(tracer.Settings());
        await store.RunAsync("before");
        await store.RunAsync("child", Below("late"));
        await store.RunAsync("after");
        Assert.Equal(1, (await DrainAsync(loop))!.Value.TotalSeconds);
        Assert.Equal(["RUN before"], tracer.Names);

        await store.AppendAsync(Start("late"));
        Assert.Null(await DrainAsync(loop));
        Assert.Equal(["RUN before", "child", "RUN after"], tracer.Names);
        Assert.Equal(SpanIds.SpanId(Run("late"), 1), tracer.Taken.ElementAt(1).Parent);
    }

    [Fact]
    public async Task A_parent_that_comes_after_its_child_went_out_is_a_link_of_it_and_gives_no_new_trace()
    {
        await using var store = await OnAsync(await NewDatabaseAsync());
        await using var tracer = await FakeTracer.StartAsync();
        var loop = await store.FollowAsync(tracer.Settings());
        await store.RunAsync("child", Below("late"));
        store.Time.Advance(TimeSpan.FromSeconds(31));
        Assert.Null(await DrainAsync(loop));
        await store.RunAsync("late");
        Assert.Null(await DrainAsync(loop));

        var spans = tracer.Taken.ToList();
        Assert.Equal(["RUN child", "RUN child", "RUN late"], spans.Select(static s => s.Name).Order());
        var (first, again) = (spans[0], spans.Last(static s => s.Name == "RUN child"));
        Assert.Empty(first.Span.Links);
        Assert.Equal((first.TraceId, first.SpanId, ""), (again.TraceId, again.SpanId, again.Parent));
        var (link, late) = (Assert.Single(again.Span.Links), spans.Single(static s => s.Name == "RUN late"));
        Assert.Equal((late.Span.TraceId, late.Span.SpanId, "parent"), (link.TraceId, link.SpanId, link.Attributes[0].Value.StringValue));
    }

    [Fact]
    public async Task What_a_child_was_sent_with_holds_for_those_above_it_too()
    {
        await using var store = await OnAsync(await NewDatabaseAsync());
        await using var tracer = await FakeTracer.StartAsync();
        var loop = await store.FollowAsync(tracer.Settings());
        await store.AppendAsync(Start("middle", Below("top")), Start("child", Below("middle")), End("child"));
        store.Time.Advance(TimeSpan.FromSeconds(31));
        await DrainAsync(loop);
        await store.AppendAsync(Start("top"), End("middle"), End("top"));
        await DrainAsync(loop);

        var (child, middle) = (tracer.Taken.Single(static s => s.Name == "child"), tracer.Taken.Single(static s => s.Name.EndsWith("middle", StringComparison.Ordinal)));
        Assert.Equal((child.TraceId, child.Parent), (middle.TraceId, middle.SpanId));
        Assert.Equal(SpanIds.TraceId(Run("middle"), 1), middle.TraceId);
        Assert.Equal(SpanIds.SpanId(Run("top"), 1), Convert.ToHexStringLower(Assert.Single(middle.Span.Links).SpanId.Span));
    }

    [Fact]
    public async Task A_rebuild_changes_no_ids()
    {
        await using var store = await OnAsync(await NewDatabaseAsync());
        await using var tracer = await FakeTracer.StartAsync();
        var loop = await store.FollowAsync(tracer.Settings());
        await store.RunAsync("child", Below("late"));
        store.Time.Advance(TimeSpan.FromSeconds(31));
        await DrainAsync(loop);
        await store.AppendAsync(Start("late"));
        Assert.True(await store.Projector.BeginRebuildAsync(Cancel));
        await store.ProjectAsync();
        await store.Tracers.RewindAsync("fake", 0, Cancel);
        await DrainAsync(loop);

        Assert.Equal(2, tracer.Taken.Count);
        Assert.Equal((tracer.Taken.First().TraceId, ""), (tracer.Taken.Last().TraceId, tracer.Taken.Last().Parent));
    }

    [Fact]
    public async Task A_trace_context_that_came_with_the_start_is_used()
    {
        await using var store = await OnAsync(await NewDatabaseAsync());
        await using var tracer = await FakeTracer.StartAsync();
        var loop = await store.FollowAsync(tracer.Settings());
        await store.RunAsync("1", new() { Traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" });
        await DrainAsync(loop);

        var span = tracer.Taken.Single();
        Assert.Equal(("0af7651916cd43dd8448eb211c80319c", SpanIds.SpanId(Run("1"), 1), "b7ad6b7169203331"), (span.TraceId, span.SpanId, span.Parent));
        Assert.Equal(Span.Types.SpanKind.Server, span.Span.Kind);
    }

    [Fact]
    public async Task Only_what_a_tracer_is_to_be_told_of_goes_to_it_and_history_only_where_it_is_asked_for()
    {
        await using var store = await OnAsync(await NewDatabaseAsync());
        await using var all = await FakeTracer.StartAsync();
        await using var some = await FakeTracer.StartAsync();
        await using var history = await FakeTracer.StartAsync();
        TracerLoop[] loops =
        [
            await store.FollowAsync(all.Settings("all")), await store.FollowAsync(With(some, new(["def*"], ["deploy-*"], false))), await store.FollowAsync(With(history, new([], [], true))),
        ];
        await store.RunAsync("deploy-api");
        await store.RunAsync("lint");
        await store.RunAsync("old", new() { Import = true }, new() { Import = true });
        await Task.WhenAll(loops.Select(DrainAsync));

        Assert.Equal(["RUN deploy-api", "RUN lint"], all.Names);
        Assert.Equal(["RUN deploy-api"], some.Names);
        Assert.Equal(["RUN deploy-api", "RUN lint", "RUN old"], history.Names);
        Assert.All(await Task.WhenAll(new[] { "all", "some", "history" }.Select(n => store.Tracers.FindAsync(n, Cancel))), static s => Assert.Equal(6, s!.Position));

        TracerSettings With(FakeTracer tracer, ExportFilter filter) => new() { Name = tracer == some ? "some" : "history", Endpoint = new(tracer.Url + "/v1/traces"), Filter = filter };
    }

    [Fact]
    public async Task A_new_tracer_begins_with_what_comes_and_gets_what_was_when_it_is_asked_for()
    {
        await using var store = await OnAsync(await NewDatabaseAsync());
        await using var tracer = await FakeTracer.StartAsync();
        await store.RunAsync("old");
        var loop = await store.FollowAsync(tracer.Settings());
        await store.RunAsync("new");
        await DrainAsync(loop);
        Assert.Equal(["RUN new"], tracer.Names);

        Assert.Equal(0, await store.Tracers.RewindAsync("fake", 0, Cancel));
        await DrainAsync(loop);
        Assert.Equal(["RUN new", "RUN old", "RUN new"], tracer.Names);
    }

    [Fact]
    public async Task An_end_without_a_start_is_a_moment_until_its_start_is_known()
    {
        await using var store = await OnAsync(await NewDatabaseAsync());
        await using var tracer = await FakeTracer.StartAsync();
        var loop = await store.FollowAsync(tracer.Settings());
        await store.AppendAsync(End("1"));
        await DrainAsync(loop);
        await store.AppendAsync(Start("1") with { OccurredAt = store.Time.GetUtcNow().AddMinutes(-2) });
        await DrainAsync(loop);

        Assert.Equal(tracer.Taken.First().Span.StartTimeUnixNano, tracer.Taken.First().Span.EndTimeUnixNano);
        Assert.Equal(2, tracer.Taken.Count);
        Assert.Equal(tracer.Taken.First().SpanId, tracer.Taken.Last().SpanId);
        Assert.True(tracer.Taken.Last().Span.StartTimeUnixNano < tracer.Taken.Last().Span.EndTimeUnixNano);
    }

    [Fact]
    public async Task A_link_leads_to_the_span_of_what_it_names()
    {
        await using var store = await OnAsync(await NewDatabaseAsync());
        await using var tracer = await FakeTracer.StartAsync();
        var loop = await store.FollowAsync(tracer.Settings());
        await store.AppendAsync(Start("first"));
        await store.RunAsync("second", new() { Links = [new(LinkKinds.Follows, Run("first").Rendering)] });
        await store.AppendAsync(End("first"));
        await DrainAsync(loop);

        var (second, first) = (tracer.Taken.First(), tracer.Taken.Last());
        var link = Assert.Single(second.Span.Links);
        Assert.Equal((first.Span.TraceId, first.Span.SpanId, "follows"), (link.TraceId, link.SpanId, link.Attributes[0].Value.StringValue));
    }
}

public sealed class PostgresForwardingTests : ForwardingContract
{
    private protected override Task<TestDatabase> NewDatabaseAsync() => Databases.PostgresAsync();
}

public sealed class SqliteForwardingTests : ForwardingContract
{
    private protected override Task<TestDatabase> NewDatabaseAsync() => Databases.SqliteAsync();
}
