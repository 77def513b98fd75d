using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ValueStream.Store.Engines;
using ValueStream.Store.Projections;

namespace ValueStream.Store.Log;

/// <summary>
/// Collects what concurrent requests append and writes it as one batch after another, each as large as the load makes it,
/// with no added wait when idle. A request is answered when its batch is durable.
/// </summary>
public sealed partial class GroupCommit : BackgroundService
{
    /// <summary>Requests that may wait; more are refused at once, with nothing half accepted.</summary>
    internal const int QueueLength = 4096;

    // Characters of data that may wait: what is in memory for the log has a bound, whatever the requests are.
    private const int QueueSize = 16 << 20;

    // A batch ends with the request that reaches this many events or characters: a transaction stays short.
    private const int BatchEvents = 2000;
    private const int BatchSize = 4 << 20;

    // A request of so many events is given its places ahead; for a smaller one that is no work worth beginning early.
    private const int LargeRequest = 100;

    // How long after it came a request whose fate is unknown (connection lost while committing) is looked after before its sender hears 503.
    private static readonly TimeSpan SettleTime = TimeSpan.FromSeconds(5);

    // What even a request that has waited longer than that is given: the database may have come back while it waited.
    private static readonly TimeSpan LeastTime = TimeSpan.FromSeconds(2);

    private readonly EventLog _log;
    private readonly KnownHead _known;
    private readonly IEngine _engine;
    private readonly ProjectorSignals _signals;
    private readonly ILogger<GroupCommit> _logger;
    private readonly Channel<Request> _queue = Channel.CreateBounded<Request>(new BoundedChannelOptions(QueueLength) { SingleReader = true });

    // Characters of data that wait, those of requests that are about to be refused included: many at once are more than an int holds.
    private long _waiting;

    internal GroupCommit(EventLog log, KnownHead known, IEngine engine, ProjectorSignals signals, ILogger<GroupCommit> logger) =>
        (_log, _known, _engine, _signals, _logger) = (log, known, engine, signals, logger);

    /// <summary>Whether the queue has room; when not, the server is not ready.</summary>
    public bool HasRoom => _queue.Reader.Count < QueueLength && Volatile.Read(ref _waiting) <= QueueSize;

    /// <summary>Why nothing is appended though the database would take it: the log in it was restored to an older state; null otherwise.</summary>
    public string? Restored => _known.Problem;

    /// <summary>Events that are neither durable nor refused yet.</summary>
    public int Waiting => _signals.Appending;

    /// <summary>A batch became durable: how many events it has, and how long the first of its requests took from its coming.</summary>
    public event Action<int, TimeSpan>? Committed;

    /// <summary>Appends events, all of them in one transaction and in their order.</summary>
    /// <returns>A result for each event once it is durable, in the order given. A caller that goes away does not take them back.</returns>
    /// <exception cref="LogUnavailableException">The queue is full, the database does not answer, or the server is stopping.</exception>
    public Task<IReadOnlyList<AppendResult>> AppendAsync(IReadOnlyList<NewEvent> events)
    {
        if (events.Count == 0)
        {
            return Task.FromResult<IReadOnlyList<AppendResult>>([]);
        }
        var request = new Request(ReadyOf(events), Stopwatch.GetTimestamp(), new(TaskCreationOptions.RunContinuationsAsynchronously));
        if (Interlocked.Add(ref _waiting, request.Size) - request.Size > QueueSize || !_queue.Writer.TryWrite(request))
        {
            Interlocked.Add(ref _waiting, -request.Size);
            throw new LogUnavailableException("More events are waiting than the log can take. Send them again in a moment.");
        }
        _signals.Append(request.Events.Length);
        return request.Answer.Task;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var settling = Task.CompletedTask;
        try
        {
            while (await _queue.Reader.WaitToReadAsync(stoppingToken))
            {
                var batch = new Batch();
                await DraftAsync(batch, settling);
                await settling;
                Fill(batch);
                settling = SettleAsync(batch, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
        finally
        {
            // However it ended: what waits behind it is none of its business.
            await settling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            // What was queued when the server was told to stop is still written: its senders wait for the answer.
            _queue.Writer.TryComplete();
            for (var rest = Fill(new Batch()); rest.Requests.Count > 0; rest = Fill(new Batch()))
            {
                await SettleAsync(rest, CancellationToken.None);
            }
        }
    }

    /// <summary>
    /// While a batch is on its way, gives large requests their places behind it. Small ones are left to wait: the later the next batch begins, the more of them it takes.
    /// </summary>
    private async Task DraftAsync(Batch batch, Task settling)
    {
        while (!settling.IsCompleted && batch.HasRoom && _queue.Reader.TryPeek(out var next) && next.Events.Length >= LargeRequest && (batch.Draft ??= _log.Ahead()) is not null)
        {
            Take(batch);
            await Task.WhenAny(settling, _queue.Reader.WaitToReadAsync().AsTask());
        }
    }

    /// <summary>Adds what waits to a batch, as far as it has room.</summary>
    private Batch Fill(Batch batch)
    {
        while (batch.HasRoom && Take(batch))
        {
        }
        return batch;
    }

    private bool Take(Batch batch)
    {
        if (!_queue.Reader.TryRead(out var request))
        {
            return false;
        }
        batch.Add(request);
        if (batch.Draft is { } draft)
        {
            _log.Add(draft, request.Events);
        }
        return true;
    }

    private static Entry[] ReadyOf(IReadOnlyList<NewEvent> events)
    {
        var ready = new Entry[events.Count];
        for (var i = 0; i < ready.Length; i++)
        {
            ready[i] = new Entry(events[i]);
        }
        return ready;
    }

    private async Task SettleAsync(Batch batch, CancellationToken stoppingToken)
    {
        await WriteAsync(batch.Requests, batch.Draft, stoppingToken);
        Interlocked.Add(ref _waiting, -batch.Size);
        _signals.Append(-batch.Events);
    }

    private async Task WriteAsync(List<Request> batch, Draft? draft, CancellationToken stoppingToken)
    {
        Entry[] events = batch is [var only] ? only.Events : [.. batch.SelectMany(static r => r.Events)];
        Exception? failure = null;
        for (var attempt = 0; failure is null || (!_engine.IsRefusal(failure) && Left(batch) > TimeSpan.Zero); attempt++)
        {
            try
            {
                if (attempt > 0)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(50 << Math.Min(attempt, 5), 1000)), stoppingToken);
                }
                // A database that hangs is left alone with what it was sent. It is not told to cancel: Postgres would cut short the wait for
                // its standby, and call that a success.
                var left = Left(batch);
                var results = await _log.AppendAsync(events, attempt == 0 ? draft : null, CancellationToken.None).WaitAsync(left > LeastTime ? left : LeastTime, CancellationToken.None);
                var at = 0;
                foreach (var request in batch)
                {
                    request.Answer.TrySetResult(results.GetRange(at, request.Events.Length));
                    at += request.Events.Length;
                }
                _signals.Appended.Set();
                Committed?.Invoke(events.Length, Stopwatch.GetElapsedTime(batch[0].CameAt));
                return;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (LogRestoredException e)
            {
                LogFailed(batch.Count, e);
                batch.ForEach(r => r.Answer.TrySetException(e));
                return;
            }
            catch (Exception e)
            {
                failure = e;
            }
        }

        if (failure is not null && _engine.IsRefusal(failure))
        {
            await SplitAsync(batch, failure, stoppingToken);
            return;
        }
        LogFailed(batch.Count, failure);
        batch.ForEach(r => r.Answer.TrySetException(new LogUnavailableException(
            "The database does not take events now. Send them again in a moment, with the same event ids: what was stored is not stored twice.", failure)));
    }

    private static TimeSpan Left(List<Request> batch) => SettleTime - Stopwatch.GetElapsedTime(batch[0].CameAt);

    /// <summary>The database refused something in the batch: each request goes by itself, so that nobody fails for a neighbour.</summary>
    private async Task SplitAsync(List<Request> batch, Exception failure, CancellationToken stoppingToken)
    {
        if (batch is [var only])
        {
            LogRefused(failure);
            only.Answer.TrySetResult([.. only.Events.Select(static _ => new AppendResult.Refused("The database refused this request's events."))]);
            return;
        }
        foreach (var request in batch)
        {
            await WriteAsync([request], null, stoppingToken);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Count} requests could not be appended")]
    private partial void LogFailed(int count, Exception? exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The database refused a request's events")]
    private partial void LogRefused(Exception exception);

    private sealed class Batch
    {
        public List<Request> Requests { get; } = [];

        public int Events { get; private set; }

        /// <summary>Characters of data.</summary>
        public int Size { get; private set; }

        /// <summary>All of its events with their places, where it was begun while the batch before it was on its way.</summary>
        public Draft? Draft { get; set; }

        public bool HasRoom => Events < BatchEvents && Size < BatchSize;

        public void Add(Request request)
        {
            Requests.Add(request);
            Events += request.Events.Length;
            Size += request.Size;
        }
    }

    private sealed record Request(Entry[] Events, long CameAt, TaskCompletionSource<IReadOnlyList<AppendResult>> Answer)
    {
        /// <summary>Characters of data.</summary>
        public int Size { get; } = Events.Sum(static e => e.Size);
    }
}
