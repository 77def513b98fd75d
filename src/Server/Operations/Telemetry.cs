using System.Diagnostics;
using System.Diagnostics.Metrics;
using Npgsql;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using ValueStream.Server.Access;
using ValueStream.Server.Sources;
using ValueStream.Store.Log;

namespace ValueStream.Server.Operations;

/// <summary>The service's own metrics and traces.</summary>
internal static class Telemetry
{
    private static readonly string[] Get = ["GET"];

    // Not all that it has: authentication, authorization and routing measure at each request what its status says, too.
    private static readonly string[] OfTheFramework =
    [
        "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.AspNetCore.Diagnostics", "Microsoft.AspNetCore.RateLimiting", "Microsoft.AspNetCore.MemoryPool",
    ];

    /// <summary>
    /// Collects metrics for <see cref="MapMetrics"/>. By OTLP metrics and traces go where the standard OTEL_* variables name an endpoint, for
    /// both or for one; traces that nobody wants are not collected.
    /// </summary>
    public static IServiceCollection AddTelemetry(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<ServerMetrics>();
        services.AddSingleton<PipelineMetrics>();
        services.AddHostedService<HeadWatch>().AddHostedService<StateWatch>();
        var telemetry = services.AddOpenTelemetry().ConfigureResource(Name).WithMetrics(m =>
        {
            m.AddMeter(OfTheFramework).AddRuntimeInstrumentation().AddMeter(ServerMetrics.MeterName).AddPrometheusExporter();
            if (Exports("METRICS"))
            {
                m.AddOtlpExporter();
            }
        });
        if (Exports("TRACES"))
        {
            telemetry.WithTracing(static t => t.AddAspNetCoreInstrumentation(static o => o.EnrichWithHttpRequest = WithoutKey).AddNpgsql().AddOtlpExporter());
        }
        return services;

        bool Exports(string signal) =>
            !string.IsNullOrEmpty(configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]) || !string.IsNullOrEmpty(configuration[$"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"]);

        void Name(ResourceBuilder resource)
        {
            if (string.IsNullOrEmpty(configuration["OTEL_SERVICE_NAME"]))
            {
                resource.AddService("valuestream");
            }
        }
    }

    /// <summary>A source's address may hold a key, which no trace must show.</summary>
    private static void WithoutKey(Activity activity, HttpRequest request)
    {
        if (SourceSettings.RouteOf(request.Path) is { } route && request.Path != route)
        {
            activity.SetTag("url.path", route + "/…");
        }
    }

    /// <summary>Maps <c>/metrics</c>: every metric as Prometheus reads it, for whoever may read every namespace: its labels name them.</summary>
    public static void MapMetrics(this IEndpointRouteBuilder app)
    {
        // Made now, so that what it shows is there before the first event is.
        app.ServiceProvider.GetRequiredService<ServerMetrics>();
        app.ServiceProvider.GetRequiredService<PipelineMetrics>();
        app.MapPrometheusScrapingEndpoint("/metrics").RequireAuthorization(AccessControl.ReadEverything).WithMetadata(new HttpMethodMetadata(Get));
    }
}

/// <summary>What the server counts of its own work.</summary>
internal sealed class ServerMetrics
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "ValueStream";

    private readonly Counter<long> _events;

    public ServerMetrics(IMeterFactory meters, GroupCommit log)
    {
        var meter = meters.Create(MeterName);
        _events = meter.CreateCounter<long>("valuestream.events", "{event}", "Events received, by what became of them");
        meter.CreateObservableUpDownCounter("valuestream.events.waiting", () => log.Waiting, "{event}", "Events that are neither durable nor refused yet");
        var size = meter.CreateHistogram("valuestream.log.batch.size", "{event}", "Events that were made durable together",
            advice: new InstrumentAdvice<long> { HistogramBucketBoundaries = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000] });
        var took = meter.CreateHistogram("valuestream.log.append.duration", "s", "From the coming of events until they were durable, of the first request of each batch",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5] });
        log.Committed += (events, time) =>
        {
            size.Record(events);
            took.Record(time.TotalSeconds);
        };
    }

    /// <summary>Counts what became of events.</summary>
    public void Count(IReadOnlyList<AppendResult> results)
    {
        var (accepted, duplicate) = (0, 0);
        foreach (var result in results)
        {
            accepted += result is AppendResult.Accepted ? 1 : 0;
            duplicate += result is AppendResult.Duplicate ? 1 : 0;
        }
        Add("accepted", accepted);
        Add("duplicate", duplicate);
        Add("rejected", results.Count - accepted - duplicate);
    }

    private void Add(string status, int count)
    {
        if (count > 0)
        {
            _events.Add(count, new KeyValuePair<string, object?>("status", status));
        }
    }
}
