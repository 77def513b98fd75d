using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ValueStream.Server.Operations;
using ValueStream.Testing;

namespace ValueStream.Server.Tests.Api.Operations;

/// <summary>The server's own metrics and traces.</summary>
public sealed class TelemetryTests
{
    [Fact]
    public async Task Metrics_and_traces_go_where_the_standard_variables_say_and_what_is_left_goes_at_a_clean_stop()
    {
        var received = new ConcurrentDictionary<string, string>();
        await using var receiver = await ReceiverAsync(received);
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartAsync(folder.Database, null, new Dictionary<string, string>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = receiver.Urls.First(),
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_METRIC_EXPORT_INTERVAL"] = "200",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "600000",
        });
        Assert.Equal(200, (await new ApiClient(server.Http).PostAsync("/api/v1/events", Sent.Start("default", "1", more: """ "tags":{"password":"hunter2"} """))).Status);

        // Protobuf keeps texts as they are.
        await Until.HoldsAsync("metrics have arrived", () => Task.FromResult(
            received.TryGetValue("/v1/metrics", out var metrics) && metrics.Contains("valuestream.events", StringComparison.Ordinal)));
        Assert.DoesNotContain("/v1/traces", received.Keys);
        await server.StopAsync();

        Assert.Equal(["/v1/metrics", "/v1/traces"], received.Keys.Order());
        Assert.Contains("accepted", received["/v1/metrics"], StringComparison.Ordinal);
        Assert.Contains("http.server.request.duration", received["/v1/metrics"], StringComparison.Ordinal);
        Assert.Contains("/api/v1/events", received["/v1/traces"], StringComparison.Ordinal);
        Assert.All(received.Values, static body => Assert.Contains("valuestream", body, StringComparison.Ordinal));
        Assert.All(received.Values, static body => Assert.DoesNotContain("hunter2", body, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_receiver_that_is_not_there_disturbs_nothing()
    {
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartAsync(folder.Database, null, new Dictionary<string, string>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:1",
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_METRIC_EXPORT_INTERVAL"] = "50",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "50",
        });

        await new ApiClient(server.Http).RecordAsync(Sent.Start("default", "1"), Sent.End("default", "1", 5));
    }

    /// <remarks>Nobody can watch for what does not come: it is enough that nothing is there that could send.</remarks>
    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf", false)]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "", false)]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318", true)]
    [InlineData("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://127.0.0.1:4318/v1/traces", true)]
    [InlineData("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://127.0.0.1:4318/v1/metrics", true)]
    public void Without_an_endpoint_there_is_no_exporter(string variable, string value, bool exports)
    {
        var services = new ServiceCollection();

        services.AddTelemetry(new ConfigurationBuilder().AddInMemoryCollection([new(variable, value)]).Build());

        Assert.Equal(exports, services.Any(static s => s.ServiceType.FullName?.Contains("Otlp", StringComparison.Ordinal) is true));
    }

    private static async Task<WebApplication> ReceiverAsync(ConcurrentDictionary<string, string> received)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body, Encoding.Latin1);
            var body = await reader.ReadToEndAsync(context.RequestAborted);
            received.AddOrUpdate(context.Request.Path, body, (_, before) => before + body);
            context.Response.ContentType = "application/x-protobuf";
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }
}
