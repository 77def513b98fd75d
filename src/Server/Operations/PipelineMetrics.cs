using System.Diagnostics.Metrics;
using ValueStream.Core.Events;
using ValueStream.Store.Log;
using ValueStream.Store.Projections;
using ValueStream.Store.Queries;

namespace ValueStream.Server.Operations;

/// <summary>
/// What is told of runs to Prometheus and the like: by OpenTelemetry's names for CI/CD, and by those of the first ValueStream, whose dashboards exist. Counted as the log is
/// read, where the projector runs: a restart begins at nothing, as counters may. Imported history is not counted.
/// </summary>
internal sealed class PipelineMetrics
{
    /// <summary>So many operations have series of their own, the first that there are; the others share one.</summary>
    public const int MostOperations = 500;

    /// <summary>The name of those that share a series.</summary>
    public const string Others = "__other__";

    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 259_200, 604_800, 2_628_000],
    };

    // Milliseconds, as the first ValueStream had them.
    private static readonly InstrumentAdvice<double> Webhooks = new()
    {
        HistogramBucketBoundaries = [1.8e6, 3.6e6, 1.08e7, 2.16e7, 4.32e7, 8.64e7, 2.592e8, 6.048e8, 1.21e9, 1.814e9, 2.628e9],
    };

    private readonly Histogram<double> _duration;
    private readonly Counter<long> _errors;
    private readonly Counter<long> _starts;
    private readonly Counter<long> _ends;
    private readonly Histogram<double> _took;
    private readonly HashSet<(string, string, string)> _known = [];
    private volatile StateOfThings _state = StateOfThings.Unknown;

    public PipelineMetrics(IMeterFactory meters, ProjectorSignals signals)
    {
        var meter = meters.Create(ServerMetrics.MeterName);
        _duration = meter.CreateHistogram("cicd.pipeline.run.duration", "s", "How long runs took, and how long they were queued before, by operation", advice: Seconds);
        _errors = meter.CreateCounter<long>("cicd.pipeline.run.errors", "{error}", "Runs that failed, could not do their work, or took too long, by operation");
        meter.CreateObservableUpDownCounter("cicd.pipeline.run.active", () => _state.Running.Select(static r => new Measurement<int>(r.Value, Of(r.Key, ("cicd.pipeline.run.state", "executing")))), "{run}", "Runs under way, by operation");
        _starts = meter.CreateCounter<long>("webhooks_event_start", null, "Runs that started, by source and type");
        _ends = meter.CreateCounter<long>("webhooks_event_end", null, "Runs that ended, by source, type and whether in error");
        _took = meter.CreateHistogram("webhooks_event_duration", null, "Milliseconds that runs took, by source, type and whether they ended in error", advice: Webhooks);
        meter.CreateObservableGauge("valuestream.projector.lag.events", () => Measured(_state.LagEvents), "{event}", "Events of the log that the projections have not read yet");
        meter.CreateObservableGauge("valuestream.projector.lag", () => Measured(_state.LagSeconds), "s", "Age of the first event that the projections have not read yet");
        meter.CreateObservableGauge("valuestream.quarantine", () => Measured(_state.Quarantined), "{delivery}", "Deliveries that wait in quarantine");
        signals.Changed += Count;
    }

    /// <summary>Shows how things are, until they are said to be otherwise.</summary>
    public void Show(StateOfThings state) => _state = state with
    {
        Running = state.Running.GroupBy(r => Capped(r.Key)).ToDictionary(static g => g.Key, static g => g.Sum(static r => r.Value)),
    };

    private void Count(IReadOnlyList<RunChange> changes)
    {
        foreach (var run in changes)
        {
            var (source, type) = (KeyValuePair.Create("event_source", (object?)NameOf(run.Source)), KeyValuePair.Create("event_type", (object?)run.Type));
            if (run.HasStarted)
            {
                _starts.Add(1, source, type);
            }
            if (run.Outcome is not { } outcome)
            {
                continue;
            }
            var isWrong = outcome.IsFailed();
            var error = KeyValuePair.Create("error", (object?)(isWrong ? "true" : "false"));
            var operation = Capped((run.Namespace, run.Type, run.Name));
            _ends.Add(1, source, type, error);
            if (isWrong)
            {
                _errors.Add(1, Of(operation, ("error.type", outcome.Text())));
            }
            if (run.Duration is { } duration)
            {
                _took.Record(duration.TotalMilliseconds, source, type, error);
                _duration.Record(duration.TotalSeconds, Of(operation, [("cicd.pipeline.run.state", "executing"), ("cicd.pipeline.result", outcome.Text()), .. isWrong ? [("error.type", outcome.Text())] : Array.Empty<(string, string)>()]));
            }
            if (run.Queued is { } queued)
            {
                _duration.Record(queued.TotalSeconds, Of(operation, ("cicd.pipeline.run.state", "pending")));
            }
        }
    }

    /// <summary>What the first ValueStream called a source.</summary>
    private static string NameOf(string source) => source switch
    {
        SourceNames.CustomHttp => "custom_http",
        SourceNames.Jira => "jiracloud",
        _ => source,
    };

    private (string Namespace, string Type, string Name) Capped((string Namespace, string Type, string Name) operation)
    {
        lock (_known)
        {
            return _known.Contains(operation) || (_known.Count < MostOperations && _known.Add(operation)) ? operation : (Others, Others, Others);
        }
    }

    private static KeyValuePair<string, object?>[] Of((string Namespace, string Type, string Name) operation, params ReadOnlySpan<(string Key, string Value)> more)
    {
        var labels = new List<KeyValuePair<string, object?>> { new("cicd.pipeline.name", operation.Name), new("valuestream.namespace", operation.Namespace), new("valuestream.type", operation.Type) };
        foreach (var (key, value) in more)
        {
            labels.Add(new(key, value));
        }
        return [.. labels];
    }

    private static IEnumerable<Measurement<T>> Measured<T>(T? value)
        where T : struct => value is { } known ? [new(known)] : [];
}

/// <summary>How things are at a moment.</summary>
/// <param name="Running">Runs under way of each operation; none where another process runs the projector.</param>
/// <param name="LagEvents">Events not read yet; null where another process tells.</param>
/// <param name="LagSeconds">Age of the first of them, seconds.</param>
/// <param name="Quarantined">Deliveries in quarantine.</param>
internal sealed record StateOfThings(IReadOnlyDictionary<(string Namespace, string Type, string Name), int> Running, long? LagEvents, double? LagSeconds, long? Quarantined)
{
    /// <summary>Nothing is known.</summary>
    public static StateOfThings Unknown { get; } = new(new Dictionary<(string, string, string), int>(), null, null, null);
}

/// <summary>Looks every five seconds how things are, where the projector runs.</summary>
internal sealed partial class StateWatch(
    PipelineMetrics metrics, GlanceQueries glances, ProjectionQueries projections, Quarantine quarantine, Projector projector, TimeProvider time, ILogger<StateWatch> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        var isAway = false;
        do
        {
            try
            {
                metrics.Show(projector.Leads ? await LookAsync(stoppingToken) : StateOfThings.Unknown);
                isAway = false;
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                metrics.Show(StateOfThings.Unknown);
                if (!isAway)
                {
                    LogAway(e.GetBaseException().Message);
                }
                isAway = true;
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task<StateOfThings> LookAsync(CancellationToken cancellationToken)
    {
        var running = await glances.RunningAsync(2 * PipelineMetrics.MostOperations, cancellationToken);
        var lag = await projections.LagAsync(cancellationToken);
        return new(running.ToDictionary(static r => (r.Namespace, r.Type, r.Name), static r => r.Running), lag?.Events ?? 0, lag?.Seconds ?? 0, await quarantine.CountAsync(cancellationToken));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "How many runs are under way cannot be read, and is tried again every five seconds: {Why}")]
    private partial void LogAway(string why);
}
