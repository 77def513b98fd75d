using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ValueStream.Store.Engines;

namespace ValueStream.Store.Projections;

/// <summary>
/// Reads the log after its checkpoint, folds the runs that events belong to, and writes rows and checkpoint in one transaction.
/// One process does this for a database; a paused one that wakes finds its checkpoint moved, and its transaction fails.
/// </summary>
public sealed partial class Projector : BackgroundService
{
    private static readonly TimeSpan RenewEvery = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);

    // Ingest goes first. While so many events wait to be durable, a pass is followed by a pause so many times as long, and what was
    // accepted shows a little later.
    private const int Crowd = 8;
    private const int PausePasses = 6;
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    // What a transaction is to take: on SQLite it keeps appends waiting, and 25 ms are the most.
    private static readonly TimeSpan PassTime = TimeSpan.FromMilliseconds(20);
    private const int FewestEvents = 20;

    private readonly string _holder = $"{Environment.MachineName}/{Environment.ProcessId}/{Guid.NewGuid():n}";
    private readonly IEngine _engine;
    private readonly IDbContextFactory<Database> _databases;
    private readonly ProjectorSignals _signals;
    private readonly ILogger<Projector> _logger;
    private long? _epoch;
    private long _renewedAt;

    // Events read in one pass. It adapts to PassTime.
    private int _passEvents = 100;

    internal Projector(IEngine engine, IDbContextFactory<Database> databases, ProjectorSignals signals, ILogger<Projector> logger) =>
        (_engine, _databases, _signals, _logger) = (engine, databases, signals, logger);

    /// <summary>Whether this process runs the projector.</summary>
    public bool Leads => _epoch is not null;

    /// <summary>The most events that are read in one pass.</summary>
    internal int MostEvents { get; init; } = 2000;

    /// <summary>
    /// One pass: takes or renews the lease, then reads one batch for the live slot and one for a slot that is being rebuilt.
    /// </summary>
    /// <returns>How many events were read; 0 when there is nothing to do or another process leads.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        if (!await LeadAsync(cancellationToken))
        {
            return 0;
        }
        await using var database = await _databases.CreateDbContextAsync(cancellationToken);
        var checkpoints = await database.Checkpoints.AsNoTracking().Where(static c => c.Live || c.Building).ToListAsync(cancellationToken);
        var read = 0;
        foreach (var checkpoint in checkpoints)
        {
            read += await AdvanceAsync(database, checkpoint, cancellationToken);
        }
        if (checkpoints.Find(static c => c.Building) is { } built && built.Position >= checkpoints.First(static c => c.Live).Position)
        {
            await FlipAsync(built, cancellationToken);
            read++;
        }
        return read;
    }

    /// <summary>Begins to fill the slot that is not live from the whole log. It takes over when it has caught up.</summary>
    /// <returns>False when a rebuild is under way already.</returns>
    public async Task<bool> BeginRebuildAsync(CancellationToken cancellationToken)
    {
        await using var session = await _engine.BeginAsync(cancellationToken);
        var idle = await session.QueryAsync(
            $"SELECT slot FROM checkpoints WHERE NOT live AND NOT building{_engine.ForUpdate}", static r => r.GetString(0), cancellationToken);
        if (idle is not [var slot])
        {
            return false;
        }
        await RunsProjection.ClearAsync(session, slot, cancellationToken);
        await session.ExecuteAsync("DELETE FROM set_aside WHERE slot = @slot", cancellationToken, ("slot", slot));
        await session.ExecuteAsync("UPDATE checkpoints SET position = 0, version = @version, building = @yes WHERE slot = @slot", cancellationToken,
            ("slot", slot), ("version", RunsProjection.Version), ("yes", true));
        await session.CommitAsync(cancellationToken);
        _signals.Appended.Set();
        return true;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var failures = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            var next = _signals.Appended.Next;
            var began = Stopwatch.GetTimestamp();
            try
            {
                if (await RunOnceAsync(stoppingToken) == 0)
                {
                    await Signal.WaitAsync(next, LookEvery, stoppingToken);
                }
                else if (_signals.Appending >= Crowd)
                {
                    var pause = PausePasses * Stopwatch.GetElapsedTime(began);
                    await Task.Delay(pause < LongestPause ? pause : LongestPause, stoppingToken);
                }
                failures = 0;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception e)
            {
                _epoch = null;
                LogFailed(++failures, e);
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(100 << Math.Min(failures, 6), 5000)), stoppingToken)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        await HandOverAsync();
    }

    private async Task HandOverAsync()
    {
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
            await _engine.ReleaseLeadershipAsync(_holder, limit.Token);
        }
        catch (Exception e)
        {
            LogNotReleased(e);
        }
    }

    private async Task<bool> LeadAsync(CancellationToken cancellationToken)
    {
        if (_epoch is null || Stopwatch.GetElapsedTime(_renewedAt) >= RenewEvery)
        {
            _renewedAt = Stopwatch.GetTimestamp();
            _epoch = await _engine.HoldLeadershipAsync(_holder, cancellationToken);
        }
        return _epoch is not null;
    }

    private async Task<int> AdvanceAsync(Database database, CheckpointRow checkpoint, CancellationToken cancellationToken)
    {
        var events = await database.Events.AsNoTracking().Where(e => e.Position > checkpoint.Position).OrderBy(static e => e.Position)
            .Take(Math.Min(_passEvents, MostEvents)).Select(static e => new { e.Position, e.Run }).ToListAsync(cancellationToken);
        if (events.Count == 0)
        {
            return 0;
        }
        var from = checkpoint.Position;
        var to = events[^1].Position;
        // As of the checkpoint to come, whatever else has been appended: the rows at a checkpoint are a function of the log up to it.
        var history = await _engine.HistoryAsync([.. events.Select(static e => e.Run).Distinct()], to, RunsProjection.MostEvents + 1, cancellationToken);
        var setAside = new List<(long Position, string Problem)>();
        var folded = history.GroupBy(static e => e.Run).Select(g => RunsProjection.Fold([.. g], setAside)).ToList();

        await using var session = await _engine.BeginAsync(cancellationToken, derived: true);
        var began = Stopwatch.GetTimestamp();
        if (await session.ExecuteAsync("UPDATE checkpoints SET position = @to WHERE slot = @slot AND position = @from AND epoch = @epoch", cancellationToken,
            ("to", to), ("slot", checkpoint.Slot), ("from", from), ("epoch", _epoch)) == 0)
        {
            // Another process leads now, or a rebuild has just begun anew.
            _epoch = null;
            return 0;
        }
        await RunsProjection.WriteAsync(_engine, session, checkpoint.Slot, folded, cancellationToken);
        foreach (var (position, problem) in setAside)
        {
            if (await session.ExecuteAsync(
                "INSERT INTO set_aside (slot, position, problem) VALUES (@slot, @position, @problem) ON CONFLICT (slot, position) DO NOTHING",
                cancellationToken, ("slot", checkpoint.Slot), ("position", position), ("problem", problem)) > 0)
            {
                LogSetAside(position, problem);
            }
        }
        await session.CommitAsync(cancellationToken);
        if (events.Count == _passEvents)
        {
            // Half way to what would have fitted, so that one slow pass does not make ten small ones.
            var fitting = _passEvents * (PassTime / Stopwatch.GetElapsedTime(began));
            _passEvents = (int)Math.Clamp((_passEvents + fitting) / 2, FewestEvents, Math.Max(FewestEvents, MostEvents));
        }
        checkpoint.Position = to;
        if (checkpoint.Live)
        {
            _signals.Advanced.Set();
        }
        return events.Count;
    }

    private async Task FlipAsync(CheckpointRow built, CancellationToken cancellationToken)
    {
        await using var session = await _engine.BeginAsync(cancellationToken);
        // One statement, so that no snapshot sees two live slots or none.
        if (await session.ExecuteAsync("UPDATE checkpoints SET live = (slot = @slot), building = @no WHERE epoch = @epoch", cancellationToken,
            ("slot", built.Slot), ("no", false), ("epoch", _epoch)) > 0)
        {
            await session.CommitAsync(cancellationToken);
            _signals.Advanced.Set();
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A pass of the projector failed ({Failures} in a row)")]
    private partial void LogFailed(int failures, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The event at position {Position} is set aside: {Problem}")]
    private partial void LogSetAside(long position, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The projector's lease could not be given back; it ends by itself")]
    private partial void LogNotReleased(Exception exception);
}

/// <summary>What wakes the projector, what it wakes, and what it makes way for.</summary>
public sealed class ProjectorSignals
{
    private int _appending;

    /// <summary>Events were appended by this process.</summary>
    public Signal Appended { get; } = new();

    /// <summary>The live slot moved, by this process.</summary>
    public Signal Advanced { get; } = new();

    /// <summary>Events that requests to this process wait for: neither durable nor refused yet.</summary>
    internal int Appending => Volatile.Read(ref _appending);

    /// <summary>So many more events wait, or fewer.</summary>
    internal void Append(int more) => Interlocked.Add(ref _appending, more);
}
