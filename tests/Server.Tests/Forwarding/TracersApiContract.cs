using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using ValueStream.Server.Tests.Api;
using ValueStream.Server.Tests.Api.Access;
using ValueStream.Server.Tests.EndToEnd;
using ValueStream.Testing;

namespace ValueStream.Server.Tests.Forwarding;

/// <summary>Forwarding by the real server, on each database: what people and scripts see of it, and that it is killed.</summary>
public abstract partial class TracersApiContract
{
    private const string Token = "a token that nobody guesses";
    private const string Key = "s3cr3t-key-of-the-tracer";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private protected abstract Task<TestDatabase> NewDatabaseAsync();

    [Fact]
    public async Task A_run_goes_out_shows_where_it_is_and_is_sent_again_when_an_administrator_asks()
    {
        using var database = await NewDatabaseAsync();
        await using var tracer = await FakeTracer.StartAsync();
        await using var server = await StartAsync(database, tracer);
        var client = new ApiClient(server.Http);
        var run = (await RunAsync(client, "1")).Text("key");
        await SentAsync(client, 1);

        Assert.Equal(Key, tracer.LastHeaders["x-key"]);
        var span = tracer.Taken.Single();
        var page = await client.GetAsync($"/runs/{run}");
        Assert.Contains($"href=\"http://jaeger.example/trace/{span.TraceId}?uiFind={span.SpanId}\"", page.Text, StringComparison.Ordinal);
        Assert.Contains("Open in jaeger", page.Text, StringComparison.Ordinal);
        var system = await client.GetAsync("/system");
        Assert.Contains("/system/tracers/jaeger/resend", system.Text, StringComparison.Ordinal);
        var list = await client.GetAsync("/api/v1/tracers");
        Assert.Equal((0, 1, "http/protobuf"), (list.Json.GetProperty("items")[0].GetProperty("lagEvents").GetInt32(), list.Json.GetProperty("items")[0].GetProperty("sent").GetInt32(), list.Json.GetProperty("items")[0].Text("protocol")));
        Assert.All([list.Text, system.Text, page.Text, server.Output], static text => Assert.DoesNotContain(Key, text, StringComparison.Ordinal));

        var answer = await client.PostAsync("/api/v1/tracers/jaeger/resend", """{"position":0,"reason":"it lost its disk","actor":"grace"}""");
        Assert.Equal((200, 0), (answer.Status, answer.Json.GetProperty("position").GetInt32()));
        await SentAsync(client, 2);
        Assert.Equal(span.Span, tracer.Taken.Last().Span);
        var e = await client.ReadAsync($"/api/v1/events/{answer.Json.GetProperty("event").GetInt64()}");
        Assert.Equal(("administered", "valuestream", "tracer", "grace", "it lost its disk", "everything after position 0 is sent to tracer jaeger again"),
            (e.Text("kind"), e.Text("source"), e.Text("type"), e.Text("actor"), e.Text("reason"), e.GetProperty("data").Text("note")));
        Assert.Equal(200, (await client.PostAsync("/api/v1/tracers/jaeger/resend", """{"since":"2100-01-01T00:00:00Z"}""")).Status);
        Assert.Equal(400, (await client.PostAsync("/api/v1/tracers/jaeger/resend", "{}")).Status);
        Assert.Equal(400, (await client.PostAsync("/api/v1/tracers/jaeger/resend", """{"position":1,"since":"2100-01-01T00:00:00Z"}""")).Status);
        Assert.Equal(400, (await client.PostAsync("/api/v1/tracers/jaeger/resend", """{"position":-1}""")).Status);
        Assert.Equal(404, (await client.PostAsync("/api/v1/tracers/zipkin/resend", """{"position":0}""")).Status);
        Assert.Empty((await client.ReadAsync("/api/v1/tracers/jaeger/set-aside")).GetProperty("items").EnumerateArray());
        Assert.Contains("valuestream_forwarder_spans_sent_total", (await client.GetAsync("/metrics")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_form_of_the_System_page_sends_again_and_needs_the_pages_token()
    {
        using var database = await NewDatabaseAsync();
        await using var tracer = await FakeTracer.StartAsync();
        await using var server = await StartAsync(database, tracer);
        await RunAsync(new(server.Http), "1");
        await SentAsync(new(server.Http), 1);
        using var browser = new HttpClient { BaseAddress = new(server.Url) };
        await LoginForm.SendAsync(browser, "/login?then=%2Fsystem", Token);
        var page = await browser.GetStringAsync("/system", Cancel);
        var field = Hidden().Match(page[page.IndexOf("/system/tracers/jaeger/resend", StringComparison.Ordinal)..]).Groups[1].Value;

        Assert.Equal(HttpStatusCode.BadRequest, (await browser.PostAsync("/system/tracers/jaeger/resend", new FormUrlEncodedContent([new("from", "0")]), Cancel)).StatusCode);
        var unclear = await (await browser.PostAsync("/system/tracers/jaeger/resend", new FormUrlEncodedContent([new("from", "yesterday"), new("__RequestVerificationToken", field)]), Cancel)).Content.ReadAsStringAsync(Cancel);
        Assert.Contains("Nothing is sent again", unclear, StringComparison.Ordinal);
        var said = await (await browser.PostAsync("/system/tracers/jaeger/resend", new FormUrlEncodedContent([new("from", "0"), new("__RequestVerificationToken", field)]), Cancel)).Content.ReadAsStringAsync(Cancel);
        Assert.Contains("It is sent again, under the same ids.", said, StringComparison.Ordinal);
        await SentAsync(new(server.Http), 2);
    }

    [Fact]
    public async Task A_server_killed_between_send_and_checkpoint_sends_the_same_spans_again_and_not_new_ones()
    {
        using var database = await NewDatabaseAsync();
        await using var tracer = await FakeTracer.StartAsync();
        var first = new TaskCompletionSource<IReadOnlyList<TakenSpan>>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (var server = await StartAsync(database, tracer))
        {
            // Taken, and the answer never comes.
            tracer.Answers.Enqueue(async (context, spans) =>
            {
                first.TrySetResult(spans);
                await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(static _ => { }, TaskScheduler.Default);
                return true;
            });
            await RunAsync(new(server.Http), "1");
            await first.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
            await server.KillAsync();
        }
        await using var next = await StartAsync(database, tracer);
        await SentAsync(new(next.Http), 1);

        Assert.Equal((await first.Task).Single().Span, tracer.Taken.Last().Span);
    }

    private static async Task<System.Text.Json.JsonElement> RunAsync(ApiClient client, string id) =>
        (await client.RecordAsync($$"""{"action":"start","run":{"type":"deploy","id":"{{id}}"},"name":"api"}""", $$"""{"action":"end","run":{"type":"deploy","id":"{{id}}"},"outcome":"success"}"""))[0];

    private static Task SentAsync(ApiClient client, int count) => Until.HoldsAsync($"{count} spans are sent", async () =>
        (await client.ReadAsync("/api/v1/tracers")).GetProperty("items")[0] is var t && t.GetProperty("sent").GetInt32() >= count && t.GetProperty("lagEvents").GetInt32() == 0);

    private static async Task<ServerProcess> StartAsync(TestDatabase database, FakeTracer tracer)
    {
        var server = await ServerProcess.StartAsync(database.ConnectionString, null, new Dictionary<string, string>
        {
            ["VALUESTREAM_BOOTSTRAP_TOKEN"] = Token,
            ["Tracers__jaeger__Endpoint"] = tracer.Url,
            ["Tracers__jaeger__Headers__x-key"] = Key,
            ["Tracers__jaeger__Link"] = "http://jaeger.example/trace/{traceId}?uiFind={spanId}",
        });
        server.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        // A tracer begins with what comes after it is known: so it must be.
        await Until.HoldsAsync("the server follows for the tracer", async () => (await server.Http.GetStringAsync("/metrics", Cancel)).Contains("valuestream_forwarder_lag_events", StringComparison.Ordinal));
        return server;
    }

    [GeneratedRegex("<input[^>]*name=\"__RequestVerificationToken\"[^>]*value=\"([^\"]*)\"")]
    private static partial Regex Hidden();
}

public sealed class PostgresTracersApiTests : TracersApiContract
{
    private protected override Task<TestDatabase> NewDatabaseAsync() => Databases.PostgresAsync();
}

public sealed class SqliteTracersApiTests : TracersApiContract
{
    private protected override Task<TestDatabase> NewDatabaseAsync() => Databases.SqliteAsync();
}
