using System.Collections.Immutable;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Reflection;
using ValueStream.Server.Operations;
using ValueStream.Store;
using ValueStream.Store.Forwarding;
using ValueStream.Store.Projections;
using ValueStream.Web;

namespace ValueStream.Server.Forwarding;

/// <summary>Forwards finished runs to every tracer that is configured, where the projector runs: each by itself, so that none waits for another, and nothing for any of them.</summary>
internal sealed partial class Forwarder(
    ImmutableArray<TracerSettings> settings, Exports exports, Tracers tracers, Projector projector, ProjectorSignals signals, ForwardingMetrics metrics, TimeProvider time, ILogger<Forwarder> logger)
    : BackgroundService
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    // What ends within it goes out together: each look costs the database something.
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan MeasureEvery = TimeSpan.FromSeconds(5);

    /// <summary>The version that spans say they are from.</summary>
    public static string Version { get; } = typeof(Forwarder).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(settings.Select(s => FollowAsync(s, stoppingToken)));

    private async Task FollowAsync(TracerSettings tracer, CancellationToken stoppingToken)
    {
        using var loop = new TracerLoop(tracer, new OtlpClient(tracer, time), exports, tracers, metrics, Version, logger);
        var failures = 0;
        var measuredAt = 0L;
        while (!stoppingToken.IsCancellationRequested)
        {
            var next = signals.Advanced.Next;
            try
            {
                var wait = await StepAsync(loop, stoppingToken);
                failures = 0;
                if (measuredAt == 0 || Stopwatch.GetElapsedTime(measuredAt) >= MeasureEvery)
                {
                    measuredAt = Stopwatch.GetTimestamp();
                    metrics.Show(tracer.Name, projector.Leads ? await tracers.FindAsync(tracer.Name, stoppingToken) : null);
                }
                if (wait is null)
                {
                    await Signal.WaitAsync(next, LookEvery, stoppingToken);
                }
                if (wait != TimeSpan.Zero)
                {
                    await Task.Delay(wait ?? Gather, time, stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception e)
            {
                loop.Forget();
                LogFailed(tracer.Name, ++failures, e);
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(500 << Math.Min(failures, 5), 10_000)), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task<TimeSpan?> StepAsync(TracerLoop loop, CancellationToken cancellationToken)
    {
        if (projector.Leads)
        {
            return await loop.RunOnceAsync(cancellationToken);
        }
        loop.Forget();
        return LookEvery;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Forwarding to tracer {Tracer} failed ({Failures} in a row), and is tried again")]
    private partial void LogFailed(string tracer, int failures, Exception exception);
}

/// <summary>What the server counts of its forwarding.</summary>
internal sealed class ForwardingMetrics
{
    private readonly Counter<long> _sent;
    private readonly Counter<long> _setAside;
    private ImmutableSortedDictionary<string, TracerState> _states = ImmutableSortedDictionary<string, TracerState>.Empty;

    public ForwardingMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(ServerMetrics.MeterName);
        _sent = meter.CreateCounter<long>("valuestream.forwarder.spans.sent", "{span}", "Spans that a tracer accepted");
        _setAside = meter.CreateCounter<long>("valuestream.forwarder.spans.set_aside", "{span}", "Spans that a tracer refused, each by itself");
        meter.CreateObservableGauge("valuestream.forwarder.lag.events", () => Measure(static s => s.LagEvents), "{event}", "Events of the log that were not forwarded to a tracer yet");
        meter.CreateObservableGauge("valuestream.forwarder.lag", () => Measure(static s => s.LagSeconds), "s", "Age of the first event that was not forwarded to a tracer yet");
    }

    /// <summary>Counts spans that were accepted.</summary>
    public void Sent(string tracer, int count) => _sent.Add(count, new KeyValuePair<string, object?>("tracer", tracer));

    /// <summary>Counts one that was set aside.</summary>
    public void SetAside(string tracer) => _setAside.Add(1, new KeyValuePair<string, object?>("tracer", tracer));

    /// <summary>Shows where a tracer stands; nothing where another process leads.</summary>
    public void Show(string tracer, TracerState? state) =>
        ImmutableInterlocked.Update(ref _states, (states, next) => next is null ? states.Remove(tracer) : states.SetItem(tracer, next), state);

    private IEnumerable<Measurement<T>> Measure<T>(Func<TracerState, T> value)
        where T : struct => _states.Select(s => new Measurement<T>(value(s.Value), new KeyValuePair<string, object?>("tracer", s.Key)));
}

/// <summary>Registers the forwarding.</summary>
internal static class ForwardingServices
{
    /// <summary>Adds it for some tracers.</summary>
    public static IServiceCollection AddForwarding(this IServiceCollection services, ImmutableArray<TracerSettings> tracers)
    {
        services.AddSingleton<ForwardingMetrics>();
        services.AddSingleton(new ConfiguredTracers(tracers));
        services.AddSingleton<TracerList>().AddSingleton<ITracerStatus>(static p => p.GetRequiredService<TracerList>());
        return services.AddHostedService(p => ActivatorUtilities.CreateInstance<Forwarder>(p, tracers));
    }
}

/// <summary>The tracers that are configured.</summary>
internal sealed record ConfiguredTracers(ImmutableArray<TracerSettings> All)
{
    /// <summary>The one of a name; null where there is none.</summary>
    public TracerSettings? Find(string name) => All.FirstOrDefault(t => t.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
}
