using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ValueStream.Store.Engines;
using ValueStream.Store.Log;

namespace ValueStream.Store.Projections;

/// <summary>
/// Reads the log after its checkpoint, folds the runs that events belong to, and writes rows and checkpoint in one transaction.
/// One process does this for a database; a paused one that wakes finds its checkpoint moved, and its transaction fails.
/// </summary>
public sealed partial class Projector : BackgroundService
{
    private static readonly TimeSpan RenewEvery = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);

    // Ingest goes first. While so many events wait to be durable, a pass is short, and followed by a pause so many times as long;
    // what was accepted shows a little later. A pass keeps one processor busy, which is half of a machine of two: there passes have a
    // thirteenth of its time, of one among eight a quarter. On SQLite it is a pass that lets a crowd wait, for it holds the write lock;
    // so a pause is no longer than some of the engine's longest passes.
    private const int Crowd = 8;
    private static readonly double PausePasses = 24.0 / Environment.ProcessorCount;
    private const int LongestPausePasses = 6;
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CrowdedPass = TimeSpan.FromMilliseconds(50);

    private const int FewestEvents = 20;

    // A rebuild that a missing file of the archive keeps from beginning is tried again after a while.
    private static readonly TimeSpan RefusedFor = TimeSpan.FromMinutes(1);

    private readonly string _holder = $"{Environment.MachineName}/{Environment.ProcessId}/{Guid.NewGuid():n}";
    private readonly IEngine _engine;
    private readonly IDbContextFactory<Database> _databases;
    private readonly ProjectorSignals _signals;
    private readonly LogReader _reader;
    private readonly ILogger<Projector> _logger;
    private readonly TimeZoneInfo _zone;
    private readonly KnownTags _tags = new();
    private readonly TagDictionary _dictionary = new();
    private long? _epoch;
    private long _renewedAt;
    private long? _refusedAt;

    // What comes after a pass that was full, on its way.
    private (string Slot, long From, Task<Pass> Pass)? _ahead;

    // Events read in one pass. It adapts to the time that a pass may take.
    private int _passEvents = 100;

    internal Projector(IEngine engine, IDbContextFactory<Database> databases, LogReader reader, ProjectorSignals signals, ILogger<Projector> logger, TimeZoneInfo zone) =>
        (_engine, _databases, _reader, _signals, _logger, _zone) = (engine, databases, reader, signals, logger, zone);

    /// <summary>Whether this process runs the projector.</summary>
    public bool Leads => _epoch is not null;

    /// <summary>The most events that are read in one pass.</summary>
    internal int MostEvents { get; init; } = 1000;

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
        var checkpoints = await CheckpointsAsync(cancellationToken);
        var live = checkpoints.Single(static c => c.Live);
        var building = checkpoints.Find(static c => c.Building);
        if (IsStale(building ?? live) && (_refusedAt is not { } refusedAt || Stopwatch.GetElapsedTime(refusedAt) > RefusedFor))
        {
            try
            {
                // Made by other rules, or in the days of another zone. It answers until its successor has caught up.
                return await BeginRebuildAsync(anew: true, cancellationToken) ? 1 : 0;
            }
            catch (SegmentException e)
            {
                // It goes on answering and following meanwhile.
                _refusedAt = Stopwatch.GetTimestamp();
                LogNotRebuilt(e.Message);
            }
        }
        var read = 0;
        // The live one first: a file that only the other one needs is none of its business.
        foreach (var checkpoint in checkpoints.Where(static c => c.Live || c.Building).OrderByDescending(static c => c.Live))
        {
            read += await AdvanceAsync(checkpoint, cancellationToken);
        }
        if (building?.Position >= live.Position)
        {
            await FlipAsync(building, cancellationToken);
            read++;
        }
        return read;
    }

    /// <summary>Begins to fill the slot that is not live from the whole log. It takes over when it has caught up.</summary>
    /// <returns>False when a rebuild is under way already.</returns>
    /// <exception cref="SegmentException">A part of the log is archived in a file that is missing or damaged. Nothing was touched.</exception>
    public Task<bool> BeginRebuildAsync(CancellationToken cancellationToken) => BeginRebuildAsync(anew: false, cancellationToken);

    private async Task<bool> BeginRebuildAsync(bool anew, CancellationToken cancellationToken)
    {
        await _reader.CheckAsync(cancellationToken);
        await using var session = await _engine.BeginAsync(cancellationToken);
        var idle = await session.QueryAsync(
            $"SELECT slot FROM checkpoints WHERE NOT live AND (NOT building OR @anew){_engine.ForUpdate}", static r => r.GetString(0), cancellationToken, ("anew", anew));
        if (idle is not [var slot])
        {
            return false;
        }
        await RunsProjection.ClearAsync(session, slot, cancellationToken);
        await session.ExecuteAsync("DELETE FROM set_aside WHERE slot = @slot", cancellationToken, ("slot", slot));
        await session.ExecuteAsync("UPDATE checkpoints SET position = 0, version = @version, zone = @zone, building = @yes WHERE slot = @slot", cancellationToken,
            ("slot", slot), ("version", RunsProjection.Version), ("zone", _zone.Id), ("yes", true));
        await session.CommitAsync(cancellationToken);
        _signals.Appended.Set();
        return true;
    }

    private bool IsCrowded => _signals.Appending >= Crowd;

    private bool IsStale(CheckpointRow checkpoint) => checkpoint.Version < RunsProjection.Version || checkpoint.Zone != _zone.Id;

    private async Task<List<CheckpointRow>> CheckpointsAsync(CancellationToken cancellationToken)
    {
        await using var database = await _databases.CreateDbContextAsync(cancellationToken);
        return await database.Checkpoints.AsNoTracking().ToListAsync(cancellationToken);
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
                else if (IsCrowded)
                {
                    var pause = PausePasses * Stopwatch.GetElapsedTime(began);
                    var longest = LongestPausePasses * _engine.PassTime;
                    await Task.Delay(new[] { pause, longest, LongestPause }.Min(), stoppingToken);
                }
                failures = 0;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception e)
            {
                Resign();
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
        if (_epoch is null && (await CheckpointsAsync(cancellationToken)).Exists(static c => c.Version > RunsProjection.Version))
        {
            // A newer version is at work, or was: it will be back.
            return false;
        }
        if (_epoch is null || Stopwatch.GetElapsedTime(_renewedAt) >= RenewEvery)
        {
            _renewedAt = Stopwatch.GetTimestamp();
            _epoch = await _engine.HoldLeadershipAsync(_holder, cancellationToken);
        }
        return _epoch is not null;
    }

    private async Task<int> AdvanceAsync(CheckpointRow checkpoint, CancellationToken cancellationToken)
    {
        var limit = Math.Min(_passEvents, MostEvents);
        var slot = new Slot(checkpoint.Slot, TimeZoneInfo.FindSystemTimeZoneById(checkpoint.Zone));
        var pass = await TakeAheadAsync(checkpoint);
        if (pass is not { Events: > 0 })
        {
            pass = await ReadAsync(checkpoint.Position, limit, slot.Zone, cancellationToken);
        }
        if (pass.Events == 0)
        {
            return 0;
        }
        if (pass.IsFull)
        {
            // What comes next is read and folded while this is written: it depends on the log alone.
            _ahead = (checkpoint.Slot, pass.To, ReadAsync(pass.To, limit, slot.Zone, cancellationToken));
        }

        await using var session = await _engine.BeginAsync(cancellationToken, derived: true);
        var began = Stopwatch.GetTimestamp();
        if (await session.ExecuteAsync("UPDATE checkpoints SET position = @to WHERE slot = @slot AND position = @from AND epoch = @epoch", cancellationToken,
            ("to", pass.To), ("slot", checkpoint.Slot), ("from", checkpoint.Position), ("epoch", _epoch)) == 0)
        {
            // Another process leads now, or a rebuild has just begun anew.
            Resign();
            return 0;
        }
        var changes = await RunsProjection.WriteAsync(_engine, session, slot, pass.Folded, _tags, _dictionary, cancellationToken);
        foreach (var (position, problem) in pass.SetAside)
        {
            if (await session.ExecuteAsync(
                "INSERT INTO set_aside (slot, position, problem) VALUES (@slot, @position, @problem) ON CONFLICT (slot, position) DO NOTHING",
                cancellationToken, ("slot", checkpoint.Slot), ("position", position), ("problem", problem)) > 0)
            {
                LogSetAside(position, problem);
            }
        }
        await session.CommitAsync(cancellationToken);
        _dictionary.Stored();
        if (pass.IsFull)
        {
            // Half way to what would have fitted, so that one slow pass does not make ten small ones.
            var time = IsCrowded && _engine.PassTime > CrowdedPass ? CrowdedPass : _engine.PassTime;
            var fitting = pass.Events * (time / Stopwatch.GetElapsedTime(began));
            _passEvents = (int)Math.Clamp((pass.Events + fitting) / 2, FewestEvents, Math.Max(FewestEvents, MostEvents));
        }
        checkpoint.Position = pass.To;
        if (checkpoint.Live)
        {
            _signals.Tell(changes);
            _signals.Advanced.Set();
        }
        return pass.Events;
    }

    /// <summary>What was read ahead for a checkpoint, if that is what it needs.</summary>
    private async Task<Pass?> TakeAheadAsync(CheckpointRow checkpoint)
    {
        if (_ahead is not { } ahead || (ahead.Slot, ahead.From) != (checkpoint.Slot, checkpoint.Position))
        {
            return null;
        }
        _ahead = null;
        return await ahead.Pass;
    }

    /// <summary>Reads the events after a position and folds the runs that they belong to.</summary>
    private async Task<Pass> ReadAsync(long from, int limit, TimeZoneInfo zone, CancellationToken cancellationToken)
    {
        var events = await _reader.AfterAsync(from, limit, cancellationToken);
        if (events.Count == 0)
        {
            return new Pass(from, 0, false, [], []);
        }
        // Up to the last one read, whatever else has been appended: the rows at a checkpoint are a function of the log up to it.
        var runs = events.GroupBy(static e => e.Run).ToList();
        var older = (await _reader.HistoryAsync([.. runs.Select(static r => r.Key)], from, RunFold.MostEvents + 1, cancellationToken)).ToLookup(static e => e.Run);
        var setAside = new List<(long Position, string Problem)>();
        var folded = runs.ConvertAll(run => older.Contains(run.Key)
            ? RunFold.Fold([.. older[run.Key], .. run], isNew: false, zone, _tags, setAside)
            : RunFold.Fold([.. run], isNew: true, zone, _tags, setAside));
        var isFull = events.Count == limit || events.Sum(static e => (long)e.Data.Length) > EventSql.MostRead;
        return new Pass(events[^1].Position, events.Count, isFull, folded, setAside);
    }

    private void Resign()
    {
        _epoch = null;
        _ahead = null;
        _dictionary.Forget();
        _tags.Forget();
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

    /// <param name="To">The last position read.</param>
    /// <param name="Events">How many events were read.</param>
    /// <param name="IsFull">Whether they were as many as were asked for, or as large as are read at once.</param>
    /// <param name="Folded">The runs that they belong to.</param>
    /// <param name="SetAside">Those that could not be read, and why.</param>
    private sealed record Pass(long To, int Events, bool IsFull, IReadOnlyList<Folded> Folded, IReadOnlyList<(long Position, string Problem)> SetAside);

    [LoggerMessage(Level = LogLevel.Error, Message = "A pass of the projector failed ({Failures} in a row)")]
    private partial void LogFailed(int failures, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The event at position {Position} is set aside: {Problem}")]
    private partial void LogSetAside(long position, string problem);

    [LoggerMessage(Level = LogLevel.Error, Message = "The projections cannot be made anew: {Problem} Those of before go on answering; it is tried again in a minute")]
    private partial void LogNotRebuilt(string problem);

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

    /// <summary>Runs started or ended, by what this process has projected. Whoever is told must be quick.</summary>
    public event Action<IReadOnlyList<RunChange>>? Changed;

    /// <summary>Events that requests to this process wait for: neither durable nor refused yet.</summary>
    internal int Appending => Volatile.Read(ref _appending);

    /// <summary>Tells what has changed.</summary>
    internal void Tell(IReadOnlyList<RunChange> changes) => Changed?.Invoke(changes);

    /// <summary>So many more events wait, or fewer.</summary>
    internal void Append(int more) => Interlocked.Add(ref _appending, more);
}
