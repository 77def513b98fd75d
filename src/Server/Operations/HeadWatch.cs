using ValueStream.Store.Queries;

namespace ValueStream.Server.Operations;

/// <summary>
/// Says the head of the log at the start and every hour, to the service's log and to <c>/metrics</c>: only a head that is kept elsewhere
/// proves that the log's tail was not cut.
/// </summary>
internal sealed partial class HeadWatch(EventQueries events, TimeProvider time, ILogger<HeadWatch> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromHours(1);
    private static readonly TimeSpan RetryEvery = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var gauge = new HeadGauge(ServerMetrics.MeterName);
        using var timer = new PeriodicTimer(Every, time);
        do
        {
            try
            {
                var head = await events.HeadAsync(stoppingToken);
                timer.Period = Every;
                gauge.Show(head);
                LogHead(head.Position, head.Hash, head.LogId);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                if (timer.Period != RetryEvery)
                {
                    timer.Period = RetryEvery;
                    LogAway(e.GetBaseException().Message);
                }
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The log's head: position {Position}, hash {Hash}, log {LogId}")]
    private partial void LogHead(long position, string hash, Guid logId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The log's head cannot be read, and is tried again each minute: {Why}")]
    private partial void LogAway(string why);
}
