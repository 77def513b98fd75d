using System.Diagnostics.Metrics;
using Npgsql;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using ValueStream.Store.Log;

namespace ValueStream.Server.Operations;

/// <summary>The service's own metrics and traces.</summary>
internal static class Telemetry
{
    /// <summary>Exports them by OTLP where the standard OTEL_* variables name an endpoint, for both or for one; what nobody wants is not collected.</summary>
    public static IServiceCollection AddTelemetry(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<ServerMetrics>();
        if (Exports("TRACES"))
        {
            services.AddOpenTelemetry().ConfigureResource(Name).WithTracing(static t => t.AddAspNetCoreInstrumentation().AddNpgsql().AddOtlpExporter());
        }
        if (Exports("METRICS"))
        {
            services.AddOpenTelemetry().ConfigureResource(Name).WithMetrics(static m =>
                m.AddAspNetCoreInstrumentation().AddRuntimeInstrumentation().AddMeter(ServerMetrics.MeterName).AddOtlpExporter());
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
        foreach (var result in results)
        {
            _events.Add(1, new KeyValuePair<string, object?>("status", result switch { AppendResult.Accepted => "accepted", AppendResult.Duplicate => "duplicate", _ => "rejected" }));
        }
    }
}
