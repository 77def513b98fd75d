using Microsoft.AspNetCore.Http;
using ValueStream.Core.Events;
using ValueStream.Server.Otlp;
using ValueStream.Server.Tests.EndToEnd;
using ValueStream.Testing;
using static ValueStream.Server.Tests.Forwarding.ForwardedStore;

namespace ValueStream.Server.Tests.Forwarding;

/// <summary>Tracers that do not do what they should: nothing is lost, nothing goes out under another id, the order holds, on each database.</summary>
public abstract class TroubleContract
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private protected abstract Task<TestDatabase> NewDatabaseAsync();

    [Fact]
    public async Task A_tracer_that_is_away_busy_or_breaks_off_gets_everything_in_order_when_it_is_back()
    {
        await using var store = await OnAsync(await NewDatabaseAsync());
        await using var tracer = await FakeTracer.StartAsync();
        var loop = await store.FollowAsync(tracer.Settings());
        await RunSomeAsync(store, 5);
        tracer.Answers.Enqueue(FakeTracer.Status(503));
        tracer.Answers.Enqueue(FakeTracer.Resets);
        tracer.Answers.Enqueue(FakeTracer.Status(502));
        tracer.Answers.Enqueue(FakeTracer.Status(504));
        var waits = new List<double>();
        for (var i = 0; i < 4; i++)
        {
            waits.Add((await DrainAsync(loop))!.Value.TotalSeconds);
        }

        Assert.All(waits.Index(), static w => Assert.InRange(w.Item, 0.5 * (1 << w.Index), 1 << w.Index));
        Assert.Empty(tracer.Taken);
        Assert.Equal(0, (await store.Tracers.FindAsync("fake", Cancel))!.Position);
        Assert.Null(await DrainAsync(loop));
        Assert.Equal(["RUN 0", "RUN 1", "RUN 2", "RUN 3", "RUN 4"], tracer.Names);
        Assert.Equal((10, 5), ((await store.Tracers.FindAsync("fake", Cancel)) is var state ? (state!.Position, state.Sent) : default));
    }

    [Fact]
    public async Task A_tracer_that_nobody_answers_for_is_waited_for_up_to_a_minute_at_a_time_for_ever()
    {
        await using var store = await OnAsync(await NewDatabaseAsync());
        var tracer = await FakeTracer.StartAsync();
        var loop = await store.FollowAsync(tracer.Settings());
        await tracer.DisposeAsync();
        await RunSomeAsync(store, 1);
        for (var i = 0; i < 80; i++)
        {
            Assert.InRange((await DrainAsync(loop))!.Value.TotalSeconds, i < 6 ? 0.5 : 30, 60);
        }
        Assert.Equal((0, 2), (await store.Tracers.FindAsync("fake", Cancel)) is var state ? (state!.Position, state.LagEvents) : default);
    }

    [Fact]
    public async Task Who_asks_to_be_left_alone_is_for_so_many_seconds_or_until_a_date()
    {
        await using var store = await OnAsync(await NewDatabaseAsync());
        await using var tracer = await FakeTracer.StartAsync();
        var loop = await store.FollowAsync(tracer.Settings());
        await RunSomeAsync(store, 1);
        tracer.Answers.Enqueue(FakeTracer.Status(429, "slow down", ("Retry-After", "17")));
        tracer.Answers.Enqueue(FakeTracer.Status(503, "", ("Retry-After", store.Time.GetUtcNow().AddSeconds(90).ToString("r"))));

        Assert.Equal(17, (await DrainAsync(loop))!.Value.TotalSeconds);
        Assert.Contains("429", (await store.Tracers.FindAsync("fake", Cancel))!.LastError, StringComparison.Ordinal);
        Assert.Contains("slow down", (await store.Tracers.FindAsync("fake", Cancel))!.LastError, StringComparison.Ordinal);
        Assert.InRange((await DrainAsync(loop))!.Value.TotalSeconds, 89, 91);
        Assert.Null(await DrainAsync(loop));
        Assert.Single(tracer.Taken);
    }

    [Fact]
    public async Task A_span_that_a_tracer_refuses_is_found_and_set_aside_and_the_others_arrive()
    {
        await using var store = await OnAsync(await NewDatabaseAsync());
        await using var tracer = await FakeTracer.StartAsync();
        tracer.Always = (context, spans) => FakeTracer.SaysAsync(context, spans.Any(static s => s.Name == "RUN 7") ? 400 : 200, new RpcStatus { Message = "no sevens" });
        var loop = await store.FollowAsync(tracer.Settings());
        await RunSomeAsync(store, 20);

        Assert.Null(await DrainAsync(loop));
        Assert.Equal(Enumerable.Range(0, 20).Where(static i => i != 7).Select(static i => $"RUN {i}"), tracer.Names);
        Assert.True(tracer.Sizes.Count < 20, $"{tracer.Sizes.Count} requests");
        var aside = Assert.Single(await store.Tracers.SetAsideAsync("fake", Store.Queries.Visible.Everything, Cancel));
        Assert.Equal(("7", 1, "400 Bad Request: no sevens"), (aside.Name, aside.Attempt, aside.Reason));
        Assert.Equal((19, 1), (await store.Tracers.FindAsync("fake", Cancel)) is var state ? (state!.Sent, state.SetAside) : default);
    }

    [Fact]
    public async Task A_tracer_that_refuses_one_span_after_the_other_is_taken_to_be_wrong_itself()
    {
        await using var store = await OnAsync(await NewDatabaseAsync());
        await using var tracer = await FakeTracer.StartAsync();
        tracer.Always = FakeTracer.Status(400);
        var loop = await store.FollowAsync(tracer.Settings());
        await RunSomeAsync(store, 60);

        Assert.Equal(60, (await DrainAsync(loop))!.Value.TotalSeconds);
        Assert.Equal(50, (await store.Tracers.FindAsync("fake", Cancel))!.SetAside);
        tracer.Always = null;
        Assert.Null(await DrainAsync(loop));
        Assert.Equal(10, tracer.Taken.Count);
    }

    [Fact]
    public async Task A_tracer_that_finds_it_too_much_gets_less_at_once()
    {
        await using var store = await OnAsync(await NewDatabaseAsync());
        await using var tracer = await FakeTracer.StartAsync();
        tracer.Always = (context, spans) => FakeTracer.SaysAsync(context, spans.Count > 3 ? 413 : 200);
        var loop = await store.FollowAsync(tracer.Settings());
        await RunSomeAsync(store, 12);

        Assert.Null(await DrainAsync(loop));
        Assert.Equal(Enumerable.Range(0, 12).Select(static i => $"RUN {i}"), tracer.Names);
        Assert.Equal(0, (await store.Tracers.FindAsync("fake", Cancel))!.SetAside);
    }

    [Theory]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(302)]
    public async Task Wrong_credentials_and_addresses_are_no_fault_of_the_spans(int status)
    {
        await using var store = await OnAsync(await NewDatabaseAsync());
        await using var tracer = await FakeTracer.StartAsync();
        tracer.Answers.Enqueue(FakeTracer.Status(status, "who are you?"));
        var loop = await store.FollowAsync(tracer.Settings());
        await RunSomeAsync(store, 2);

        Assert.Equal(60, (await DrainAsync(loop))!.Value.TotalSeconds);
        Assert.Equal(0, (await store.Tracers.FindAsync("fake", Cancel))!.SetAside);
        Assert.Null(await DrainAsync(loop));
        Assert.Equal(2, tracer.Taken.Count);
    }

    [Fact]
    public async Task What_a_tracer_throws_away_of_what_it_accepts_is_noted_and_not_sent_again()
    {
        await using var store = await OnAsync(await NewDatabaseAsync());
        await using var tracer = await FakeTracer.StartAsync();
        tracer.Answers.Enqueue(static (context, _) => FakeTracer.SaysAsync(context, 200, new ExportTraceServiceResponse { PartialSuccess = new() { RejectedSpans = 2, ErrorMessage = "too old" } }));
        var loop = await store.FollowAsync(tracer.Settings());
        await RunSomeAsync(store, 3);

        Assert.Null(await DrainAsync(loop));
        Assert.Single(tracer.Sizes);
        var state = await store.Tracers.FindAsync("fake", Cancel);
        Assert.Equal((6, 3, 2, "it threw 2 spans away: too old"), (state!.Position, state.Sent, state.Rejected, state.LastError));
    }

    [Fact]
    public async Task A_tracer_that_says_200_and_means_something_else_is_believed_and_it_is_noted()
    {
        await using var store = await OnAsync(await NewDatabaseAsync());
        await using var tracer = await FakeTracer.StartAsync();
        tracer.Answers.Enqueue(static async (context, _) =>
        {
            await context.Response.WriteAsync("<html>Welcome!</html>");
            return true;
        });
        var loop = await store.FollowAsync(tracer.Settings());
        await RunSomeAsync(store, 1);

        Assert.Null(await DrainAsync(loop));
        Assert.Single(tracer.Sizes);
        Assert.Contains("cannot be read", (await store.Tracers.FindAsync("fake", Cancel))!.LastError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tracer_that_hangs_is_given_up_after_a_while_and_holds_back_no_append_and_no_other_tracer()
    {
        await using var store = await OnAsync(await NewDatabaseAsync());
        await using var hanging = await FakeTracer.StartAsync();
        await using var other = await FakeTracer.StartAsync();
        hanging.Answers.Enqueue(static async (context, _) =>
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(static _ => { }, TaskScheduler.Default);
            return false;
        });
        var (slow, quick) = (await store.FollowAsync(hanging.Settings("slow")), await store.FollowAsync(other.Settings("quick")));
        await RunSomeAsync(store, 1);
        var waiting = DrainAsync(slow);
        await hanging.RequestedAsync();

        await store.RunAsync("meanwhile");
        Assert.Null(await DrainAsync(quick));
        Assert.Equal(["RUN 0", "RUN meanwhile"], other.Names);
        Assert.False(waiting.IsCompleted);
        store.Time.Advance(TimeSpan.FromSeconds(31));
        Assert.NotNull(await waiting);
        Assert.Contains("no answer within 30 s", (await store.Tracers.FindAsync("slow", Cancel))!.LastError, StringComparison.Ordinal);
        // What it had at hand, then what came meanwhile.
        Assert.Null(await DrainAsync(slow));
        Assert.Null(await DrainAsync(slow));
        Assert.Equal(["RUN 0", "RUN meanwhile"], hanging.Names);
    }

    private static async Task RunSomeAsync(ForwardedStore store, int count)
    {
        for (var i = 0; i < count; i++)
        {
            await store.RunAsync(i.ToString(System.Globalization.CultureInfo.InvariantCulture), new EventData());
        }
    }
}

public sealed class PostgresTroubleTests : TroubleContract
{
    private protected override Task<TestDatabase> NewDatabaseAsync() => Databases.PostgresAsync();
}

public sealed class SqliteTroubleTests : TroubleContract
{
    private protected override Task<TestDatabase> NewDatabaseAsync() => Databases.SqliteAsync();
}
