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
        Assert.Equal(3, metrics.Of("http_server_request_duration_seconds_count").Where(static s => s.Labels.GetValueOrDefault("http_route") == Routes.Events).Sum(static s => s.Value));
        Assert.NotEmpty(metrics.Of("dotnet_gc_collections_total"));
        Assert.All(["secretive", "hunter", "password"], word => Assert.DoesNotContain(word, metrics.Text, StringComparison.OrdinalIgnoreCase));
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
