using System.Diagnostics.Metrics;
using Npgsql;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using ValueStream.Store.Log;

namespace ValueStream.Server.Operations;

/// <summary>The service's own metrics and traces.</summary>
internal static class Telemetry
{
    /// <summary>Collects them, and exports them by OTLP when the standard OTEL_* variables name an endpoint.</summary>
    public static IServiceCollection AddTelemetry(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<ServerMetrics>();
        var telemetry = services.AddOpenTelemetry()
            .ConfigureResource(static r => r.AddService("valuestream"))
            .WithTracing(static t => t.AddAspNetCoreInstrumentation().AddNpgsql())
            .WithMetrics(static m => m.AddAspNetCoreInstrumentation().AddRuntimeInstrumentation().AddMeter(ServerMetrics.MeterName));
        string[] endpoints = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"];
        if (endpoints.Any(e => !string.IsNullOrEmpty(configuration[e])))
        {
            telemetry.UseOtlpExporter();
        }
        return services;
    }
}

/// <summary>What the server counts of its own work.</summary>
internal sealed class ServerMetrics
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "ValueStream";

    private readonly Counter<long> _events;

    public ServerMetrics(IMeterFactory meters) =>
        _events = meters.Create(MeterName).CreateCounter<long>("valuestream.events", "{event}", "Events received, by what became of them");

    /// <summary>Counts what became of events.</summary>
    public void Count(IReadOnlyList<AppendResult> results)
    {
        foreach (var group in results.CountBy(static r => r switch { AppendResult.Accepted => "accepted", AppendResult.Duplicate => "duplicate", _ => "rejected" }))
        {
            _events.Add(group.Value, new KeyValuePair<string, object?>("status", group.Key));
        }
    }
}
