using ValueStream.Core.Wire;
using ValueStream.Server.Tests.Api.Access;
using ValueStream.Testing;

namespace ValueStream.Server.Tests.Api.Operations;

/// <summary><c>/metrics</c>, as Prometheus reads it.</summary>
public sealed class MetricsTests
{
    [Fact]
    public async Task Events_are_counted_by_what_became_of_them_beside_the_metrics_of_framework_and_runtime()
    {
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartAsync(folder.Database);
        var client = new ApiClient(server.Http);
        var known = $$"""{"eventId":"{{Guid.CreateVersion7()}}",{{Sent.Start("secretive", "1", more: """ "tags":{"password":"hunter2"} """)[1..]}}""";
        await client.PostAsync(Routes.Events, $"[{known},{Sent.End("secretive", "1", 5)}]");
        await client.PostAsync(Routes.Events, known);
        await client.PostAsync(Routes.Events, known.Replace("hunter2", "hunter3", StringComparison.Ordinal));

        var metrics = await Metrics.ReadAsync(client, static m => m.Of("valuestream_events_total").Count == 3);

        Assert.Equal(
            [("accepted", 2), ("duplicate", 1), ("rejected", 1)],
            metrics.Of("valuestream_events_total").Select(static s => (s.Labels["status"], s.Value)).Order());
        Assert.Equal(0, Assert.Single(metrics.Of("valuestream_events_waiting")).Value);
        Assert.InRange(Assert.Single(metrics.Of("valuestream_log_batch_size_sum")).Value, 1, double.MaxValue);
        Assert.InRange(Assert.Single(metrics.Of("valuestream_log_append_duration_seconds_sum")).Value, double.Epsilon, 60);
        Assert.Equal(3, metrics.Of("http_server_request_duration_seconds_count").Where(static s => s.Labels.GetValueOrDefault("http_route") == Routes.Events).Sum(static s => s.Value));
        Assert.NotEmpty(metrics.Of("dotnet_gc_collections_total"));
        Assert.All(["hunter", "password"], word => Assert.DoesNotContain(word, metrics.Text, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Runs_are_counted_by_operation_and_as_the_first_ValueStream_did()
    {
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartAsync(folder.Database);
        var client = new ApiClient(server.Http);
        await client.RecordAsync(
            Sent.Start("shop", "1"), Sent.End("shop", "1", 90), Sent.Start("shop", "2"), Sent.End("shop", "2", 5, more: """ "outcome":"failure" """), Sent.Start("shop", "3"),
            Sent.Start("shop", "4", type: "job"), Stage("queued", 0), Stage("running", 30), Sent.End("shop", "4", 60, "job"));

        var metrics = await Metrics.ReadAsync(client, static m => m.Of("cicd_pipeline_run_active").Count > 0 && m.Of("webhooks_event_end_total").Sum(static s => s.Value) == 3);

        Assert.Equal([("build", 3), ("job", 1)], metrics.Of("webhooks_event_start_total").Select(static s => (s.Labels["event_type"], s.Value)).Order());
        Assert.Equal([("build", "false", 1), ("build", "true", 1), ("job", "false", 1)], metrics.Of("webhooks_event_end_total").Select(static s => (s.Labels["event_type"], s.Labels["error"], s.Value)).Order());
        Assert.All(metrics.Of("webhooks_event_end_total"), static s => Assert.Equal("custom_http", s.Labels["event_source"]));
        Assert.Equal(90_000, metrics.Of("webhooks_event_duration_sum").Single(static s => s.Labels["event_type"] == "build" && s.Labels["error"] == "false").Value);
        var queued = metrics.Of("cicd_pipeline_run_duration_seconds_sum").Single(static s => s.Labels["cicd_pipeline_run_state"] == "pending");
        Assert.Equal(("job", 30), (queued.Labels["valuestream_type"], queued.Value));
        var durations = metrics.Of("cicd_pipeline_run_duration_seconds_sum").Where(static s => s.Labels["valuestream_type"] == "build").ToList();
        Assert.Equal([("failure", "failure", 5), ("success", null, 90)], durations.Select(static s => (s.Labels["cicd_pipeline_result"], s.Labels.GetValueOrDefault("error_type"), s.Value)).Order());
        Assert.All(durations, static s => Assert.Equal(("build", "shop", "executing"), (s.Labels["cicd_pipeline_name"], s.Labels["valuestream_namespace"], s.Labels["cicd_pipeline_run_state"])));
        Assert.Equal("failure", Assert.Single(metrics.Of("cicd_pipeline_run_errors_total")).Labels["error_type"]);
        var active = Assert.Single(metrics.Of("cicd_pipeline_run_active"));
        Assert.Equal((1, "executing"), (active.Value, active.Labels["cicd_pipeline_run_state"]));
        Assert.Equal(0, Assert.Single(metrics.Of("valuestream_quarantine")).Value);
        Assert.Equal(0, Assert.Single(metrics.Of("valuestream_projector_lag_events")).Value);
    }

    private static string Stage(string name, double seconds) => Sent.Event("transition", "shop", "4", seconds, "job", $$""" "stage":"{{name}}" """);

    [Fact]
    public async Task What_asks_for_OpenMetrics_gets_it()
    {
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartAsync(folder.Database);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        request.Headers.Add("Accept", "application/openmetrics-text; version=1.0.0");

        using var answer = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal("application/openmetrics-text", answer.Content.Headers.ContentType!.MediaType);
        Assert.EndsWith("# EOF\n", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_head_at_the_start_stands_in_the_metrics_and_in_the_servers_log()
    {
        using var folder = new TemporaryFolder();
        await using (var first = await ServerProcess.StartAsync(folder.Database))
        {
            await new ApiClient(first.Http).RecordAsync(Sent.Start("default", "1"), Sent.End("default", "1", 5));
            await first.StopAsync();
        }
        await using var server = await ServerProcess.StartAsync(folder.Database);
        var client = new ApiClient(server.Http);
        var expected = await client.ReadAsync("/api/v1/log/head");

        var metrics = await Metrics.ReadAsync(client, static m => m.Of("valuestream_log_head").Count > 0);

        var head = Assert.Single(metrics.Of("valuestream_log_head"));
        Assert.Equal(2, head.Value);
        Assert.Single(metrics.Of("valuestream_events_waiting"));
        Assert.Equal((expected.Text("logId"), expected.Text("hash")), (head.Labels["valuestream_log_id"], head.Labels["valuestream_log_hash"]));
        await Until.HoldsAsync("the server has said its head", () => Task.FromResult(
            server.Output.Contains($"position 2, hash {expected.Text("hash")}, log {expected.Text("logId")}", StringComparison.Ordinal)));
    }
}

/// <summary><c>/metrics</c> of a server with a token.</summary>
[Collection(OnTokenServer.Name)]
public sealed class MetricsTokenTests(TokenServer server)
{
    [Fact]
    public async Task They_are_for_those_who_have_the_token()
    {
        (await server.Client.GetAsync("/metrics")).IsProblem(401, "VALUESTREAM_TOKEN");
        (await server.Client.GetAsync("/metrics", ("Authorization", "Bearer wrong"))).IsProblem(401);

        var answer = await server.Client.GetAsync("/metrics", ("Authorization", $"Bearer {TokenServer.Token}"), ("Accept", "text/plain;version=0.0.4"));

        Assert.Equal((200, "text/plain"), (answer.Status, answer.ContentType));
        Assert.DoesNotContain(TokenServer.Token, answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("\"/metrics\"", (await server.Client.GetAsync("/openapi/v1.json", ("Authorization", $"Bearer {TokenServer.Token}"))).Text, StringComparison.Ordinal);
    }
}
