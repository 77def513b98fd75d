using System.Text.Json;
using ValueStream.Core.Wire;
using ValueStream.Server.Ingest;

namespace ValueStream.Server.Demo;

/// <summary>Plays the demo's history into the log, by the way that every event takes, and then goes on living.</summary>
internal sealed partial class DemoPlayer(Ingestor ingestor, TimeProvider time, ILogger<DemoPlayer> logger) : BackgroundService
{
    /// <summary>What every page of a demo says.</summary>
    public const string Notice = "This is a demo: people, hosts and runs are made up, and the next start of the demo begins anew.";

    private const int Seed = 20_26;
    private const int BatchEvents = 500;

    // Between one deployment of the living demo and the next.
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(40);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var began = time.GetUtcNow();
        var count = 0;
        foreach (var batch in DemoHistory.Generate(Seed, began).Chunk(BatchEvents))
        {
            await TakeAsync(batch, stoppingToken);
            count += batch.Length;
        }
        var took = time.GetUtcNow() - began;
        LogPlayed(count, took);
        while (!stoppingToken.IsCancellationRequested)
        {
            foreach (var e in DemoHistory.Live(Seed, time.GetUtcNow()))
            {
                await WaitUntilAsync(e.OccurredAt!.Value, stoppingToken);
                await TakeAsync([e], stoppingToken);
            }
            await WaitUntilAsync(time.GetUtcNow() + Rest, stoppingToken);
        }
    }

    private async Task WaitUntilAsync(DateTimeOffset when, CancellationToken cancellationToken)
    {
        var wait = when - time.GetUtcNow();
        if (wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, time, cancellationToken);
        }
    }

    private async Task TakeAsync(EventRequest[] batch, CancellationToken cancellationToken)
    {
        using var json = JsonDocument.Parse(JsonSerializer.SerializeToUtf8Bytes(batch, WireJson.Default.EventRequestArray));
        var answers = await ingestor.TakeAsync([.. json.RootElement.EnumerateArray()], new Sending("loopback", time.GetUtcNow(), null), cancellationToken);
        if (answers.FirstOrDefault(static a => a.Item.Status == "rejected").Item is { } rejected)
        {
            throw new InvalidOperationException($"The demo's history has an event that the log refuses: {rejected.Problem}");
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Played {Count} events in {Took}")]
    private partial void LogPlayed(int count, TimeSpan took);
}
