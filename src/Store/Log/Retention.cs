using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ValueStream.Store.Engines;

namespace ValueStream.Store.Log;

/// <summary>Takes away, every hour, what is kept beside the log for a while only: raw deliveries, quarantined requests, leases that ran out. The log itself is not touched.</summary>
public sealed partial class Retention : BackgroundService
{
    /// <summary>How long they are kept.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromDays(90);

    // A lease that ran out long ago tells nothing more.
    private static readonly TimeSpan LeasesKeptFor = TimeSpan.FromDays(1);

    // At a time: a transaction stays short, and appends do not wait for it.
    private const int Piece = 100;

    private static readonly TimeSpan Every = TimeSpan.FromHours(1);

    private readonly IEngine _engine;
    private readonly TimeProvider _time;
    private readonly ILogger<Retention> _logger;

    internal Retention(IEngine engine, TimeProvider time, ILogger<Retention> logger) => (_engine, _time, _logger) = (engine, time, logger);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, _time);
        try
        {
            do
            {
                try
                {
                    await RunOnceAsync(stoppingToken);
                }
                catch (Exception e) when (!stoppingToken.IsCancellationRequested)
                {
                    LogFailed(e);
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    /// <summary>Takes away what is too old now; how much it was.</summary>
    internal async Task<int> RunOnceAsync(CancellationToken cancellationToken) =>
        await RunOnceAsync("deliveries", "sha256", "received_at", KeptFor, cancellationToken)
        + await RunOnceAsync("quarantine", "id", "received_at", KeptFor, cancellationToken)
        + await RunOnceAsync("leases", "run", "expires_at", LeasesKeptFor, cancellationToken);

    private async Task<int> RunOnceAsync(string table, string key, string since, TimeSpan keptFor, CancellationToken cancellationToken)
    {
        var before = Micros.Of(_time.GetUtcNow() - keptFor);
        for (var total = 0; ;)
        {
            await using var session = await _engine.BeginAsync(cancellationToken, derived: true);
            var gone = await session.ExecuteAsync(
                $"DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} WHERE {since} < @before ORDER BY {since} LIMIT {Piece})",
                cancellationToken, ("before", before));
            await session.CommitAsync(cancellationToken);
            total += gone;
            if (gone < Piece)
            {
                return total;
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "What is too old beside the log could not be taken away; it is tried again in an hour")]
    private partial void LogFailed(Exception exception);
}
