using System.Globalization;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ValueStream.Core.Events;
using ValueStream.Store.Engines;
using ValueStream.Store.Projections;
using ValueStream.Store.Queries;

namespace ValueStream.Store.Log;

/// <summary>What is archived, and where to.</summary>
/// <param name="Folder">The folder of the files; null for <c>archive</c> beside an SQLite database, <c>./data/archive</c> with Postgres.</param>
/// <param name="After">What was recorded longer ago is archived by itself; null where nothing is.</param>
/// <param name="Tracers">The tracers that are forwarded to: what one of them has not read stays.</param>
public sealed record ArchiveSettings(string? Folder = null, TimeSpan? After = null, IReadOnlyList<string>? Tracers = null);

/// <summary>What was archived.</summary>
/// <param name="Position">Everything up to here is archived by now; 0 where nothing is.</param>
/// <param name="Segments">How many files were written.</param>
/// <param name="Events">How many events they hold.</param>
public sealed record Archived(long Position, int Segments, long Events);

/// <summary>
/// Moves whole batches from the front of the log into compressed files. A file is written, read again and held against the chain before anything is deleted; then it is registered,
/// its rows are deleted and the log says so, in one transaction. Killed at any point it leaves the log as it was, or archived.
/// </summary>
public sealed partial class Archiver : BackgroundService
{
    /// <summary>A segment ends with the batch that reaches so many characters of data.</summary>
    private const int SegmentSize = 16 << 20;

    /// <summary>What is left over for a whole segment is archived when it is so much older than it must be: a quiet log makes one a day.</summary>
    private static readonly TimeSpan LeftOver = TimeSpan.FromDays(1);

    /// <summary>So often in a row somebody else may change what is being archived; then it is left to another time.</summary>
    private const int MostMissed = 5;

    private static readonly TimeSpan Every = TimeSpan.FromHours(1);

    private readonly IEngine _engine;
    private readonly Snapshot.Source _snapshots;
    private readonly EventLog _log;
    private readonly LogReader _reader;
    private readonly SegmentFiles _files;
    private readonly SegmentClaims _claims;
    private readonly Projector _projector;
    private readonly ProjectorSignals _signals;
    private readonly ArchiveSettings _settings;
    private readonly TimeProvider _time;
    private readonly ILogger<Archiver> _logger;

    internal Archiver(IEngine engine, Snapshot.Source snapshots, EventLog log, LogReader reader, SegmentFiles files, SegmentClaims claims, Projector projector, ProjectorSignals signals,
        ArchiveSettings settings, TimeProvider time, ILogger<Archiver> logger)
    {
        (_engine, _snapshots, _log, _reader, _files, _claims, _projector, _signals, _settings, _time, _logger) =
            (engine, snapshots, log, reader, files, claims, projector, signals, settings, time, logger);
        SegmentEvents = engine.SegmentEvents;
    }

    /// <summary>What is wrong with a file of the archive, as far as this server has looked; null where nothing is known to be.</summary>
    public string? Problem => _reader.Problem;

    /// <summary>A segment ends with the batch that reaches so many events.</summary>
    internal int SegmentEvents { get; set; }

    /// <summary>Told of each step, before the next is taken; for tests that end it there.</summary>
    internal Action<ArchiveStep> Took { get; set; } = static _ => { };

    /// <summary>Archives the whole batches up to a position that were recorded before a time, as far as projections and tracers have read them.</summary>
    /// <param name="upTo">The last position that may go.</param>
    /// <param name="before">The time before which it was recorded.</param>
    /// <param name="submitter">Who the server saw asking for it.</param>
    /// <param name="actor">Who asks for it, as claimed.</param>
    /// <param name="reason">Why.</param>
    /// <param name="cancellationToken">Ends it between two segments at the latest; what is archived stays so.</param>
    /// <exception cref="LogDamagedException">The log is not what was appended. What is damaged is not archived.</exception>
    /// <exception cref="SegmentException">A file could not be read as it was written.</exception>
    public async Task<Archived> ArchiveAsync(long upTo, DateTimeOffset before, string submitter, string? actor, string? reason, CancellationToken cancellationToken) =>
        await ArchiveAsync(upTo, before, before, new EventData { Actor = actor, Reason = reason }, submitter, cancellationToken);

    /// <summary>One pass of what is done by itself: cleans up, and archives what is old enough.</summary>
    internal async Task<Archived> RunOnceAsync(CancellationToken cancellationToken)
    {
        await _claims.CleanAsync(cancellationToken);
        if (_settings.After is not { } after)
        {
            return new(0, 0, 0);
        }
        var before = _time.GetUtcNow() - after;
        return await ArchiveAsync(long.MaxValue, before, before - LeftOver, new EventData(), "server", cancellationToken);
    }

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
                    await _reader.LookAsync(stoppingToken);
                    if (_projector.Leads)
                    {
                        await RunOnceAsync(stoppingToken);
                    }
                    if (Problem is { } problem)
                    {
                        LogProblem(problem);
                    }
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

    private async Task<Archived> ArchiveAsync(
        long upTo, DateTimeOffset before, DateTimeOffset leftOverBefore, EventData why, string submitter, CancellationToken cancellationToken)
    {
        var (segments, events) = (0, 0L);
        for (var missed = 0; ;)
        {
            // Asked anew for each: what this writes into the log itself is not to be archived by it.
            var (from, previous, batches) = await NextAsync(upTo, before, cancellationToken);
            var isWhole = batches.Sum(static b => b.Events.Count) >= SegmentEvents || batches.Sum(SizeOf) >= SegmentSize;
            if (batches.Count == 0 || missed == MostMissed || (!isWhole && batches[0].Events is [var oldest, ..] && oldest.RecordedAt >= leftOverBefore))
            {
                return new(from, segments, events);
            }
            if (await MoveAsync(previous, batches, why, submitter, cancellationToken))
            {
                segments++;
                events += batches[^1].Row.Last - from;
                missed = 0;
            }
            else
            {
                missed++;
            }
        }
    }

    /// <summary>The last archived position, the hash there, and the next batches, as many as make a segment.</summary>
    private async Task<(long From, byte[] Previous, List<LoggedBatch> Batches)> NextAsync(long upTo, DateTimeOffset before, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        var database = snapshot.Database;
        var segment = await database.Segments.AsNoTracking().OrderByDescending(static s => s.Last).FirstOrDefaultAsync(cancellationToken);
        var from = segment?.Last ?? 0;
        var previous = segment?.Hash ?? HashChain.Genesis(await database.LogHead.Select(static h => h.LogId).SingleAsync(cancellationToken));
        var to = Math.Min(upTo, await ReadByAllAsync(database, cancellationToken));
        var rows = await database.Batches.AsNoTracking().Where(b => b.Last > from && b.Last <= to).OrderBy(static b => b.Last).Take(SegmentEvents).ToListAsync(cancellationToken);
        var batches = rows.TakeWhile(b => b.First <= from + SegmentEvents).Select(static b => new LoggedBatch(b, [])).ToList();
        if (batches.Count == 0)
        {
            return (from, previous, batches);
        }
        var last = batches[^1].Row.Last;
        var (at, size) = (0, 0);
        await foreach (var e in database.Events.AsNoTracking().Where(e => e.Position > from && e.Position <= last).OrderBy(static e => e.Position).AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            if (e.Position > batches[at].Row.Last)
            {
                at++;
                if (size >= SegmentSize)
                {
                    break;
                }
            }
            batches[at].Events.Add(e);
            size += e.Data.Length;
        }
        // One without its last event was not read whole, or is damaged; the check of the first tells.
        return (from, previous, [.. batches.TakeWhile((b, i) => (i == 0 || b.Events.Count > 0) && (b.Events.Count == 0 || b.Events[^1].RecordedAt < before))]);
    }

    /// <summary>The last position that may go: all before the one at which the slowest reader stands. So the last event that was read stays, and with it a batch of the chain.</summary>
    private async Task<long> ReadByAllAsync(Database database, CancellationToken cancellationToken)
    {
        var names = _settings.Tracers ?? [];
        var slots = await database.Checkpoints.Where(static c => c.Live || c.Building).Select(static c => c.Position).ToListAsync(cancellationToken);
        var tracers = await database.Tracers.Where(t => names.Contains(t.Name)).Select(static t => t.Position).ToListAsync(cancellationToken);
        return slots.Concat(tracers).Min() - 1;
    }

    private static int SizeOf(LoggedBatch batch) => batch.Events.Sum(static e => e.Data.Length);

    /// <summary>Moves batches into a file; false where something of it has changed meanwhile and nothing was done.</summary>
    private async Task<bool> MoveAsync(byte[] previous, List<LoggedBatch> batches, EventData why, string submitter, CancellationToken cancellationToken)
    {
        var (first, last) = (batches[0].Row.First, batches[^1].Row.Last);
        Check(batches, previous);
        var bytes = SegmentFormat.Write(previous, batches);
        var segment = new SegmentRow
        {
            First = first,
            Last = last,
            PreviousHash = previous,
            Hash = batches[^1].Row.Hash,
            RecordedAt = batches[^1].Events[^1].RecordedAt,
            Sha256 = SHA256.HashData(bytes),
        };
        var name = SegmentFiles.NameOf(segment);
        await WriteAsync(segment, bytes, cancellationToken);
        if (await RegisterAsync(segment, name, batches, why, submitter, cancellationToken))
        {
            Took(ArchiveStep.Registered);
            _signals.Appended.Set();
            LogArchived(first, last, name);
            return true;
        }
        // What was written may hold what was erased meanwhile: it goes at once.
        await DropAsync(segment, cancellationToken);
        return false;
    }

    /// <summary>Claims a file, writes it, and reads it again as any reader will.</summary>
    internal async Task WriteAsync(SegmentRow segment, byte[] bytes, CancellationToken cancellationToken)
    {
        await _claims.ClaimAsync(segment, cancellationToken);
        Took(ArchiveStep.Claimed);
        await _files.WriteAsync(segment, bytes, cancellationToken);
        Took(ArchiveStep.Written);
        SegmentFormat.Read(await _files.ReadAsync(segment, cancellationToken), segment);
        Took(ArchiveStep.Checked);
    }

    /// <summary>Deletes a file that was written and is not used.</summary>
    internal async Task DropAsync(SegmentRow segment, CancellationToken cancellationToken)
    {
        await using (var session = await _engine.BeginAsync(cancellationToken))
        {
            await _claims.RetireAsync(session, segment, cancellationToken);
            await session.CommitAsync(cancellationToken);
        }
        await _claims.CleanAsync(cancellationToken);
    }

    private static void Check(List<LoggedBatch> batches, byte[] previous)
    {
        var (next, hash) = (batches[0].Row.First, previous);
        foreach (var (batch, events) in batches)
        {
            if (ChainVerifier.Fault(batch, events, next, hash) is { } fault)
            {
                throw new LogDamagedException(fault.Position, fault.Problem);
            }
            (next, hash) = (batch.Last + 1, batch.Hash);
        }
    }

    private async Task<bool> RegisterAsync(SegmentRow segment, string name, List<LoggedBatch> batches, EventData why, string submitter, CancellationToken cancellationToken)
    {
        var events = batches.SelectMany(static b => b.Events).ToList();
        await using var session = await _engine.BeginAsync(cancellationToken);
        if (!await SegmentClaims.TakeAsync(session, segment.Sha256, cancellationToken))
        {
            return false;
        }
        // The triggers let through only what lies in a segment, and only a segment that goes on where the one before ends and ends with a batch.
        if (await session.ExecuteAsync("""
            INSERT INTO segments (last, first, previous_hash, hash, recorded_at, sha256) SELECT @last, @first, @previousHash, @hash, @recordedAt, @sha256
            WHERE COALESCE((SELECT max(last) FROM segments), 0) = @first - 1
            """, cancellationToken, ("last", segment.Last), ("first", segment.First), ("previousHash", segment.PreviousHash), ("hash", segment.Hash),
            ("recordedAt", Micros.Of(segment.RecordedAt)), ("sha256", segment.Sha256)) == 0)
        {
            return false;
        }
        await session.InsertNewAsync(ArchivedSql.Insert, events.ConvertAll(static e => new ArchivedEventRow
        {
            EventId = e.EventId,
            Position = e.Position,
            Run = e.Run,
            Content = Entry.ContentDigest(e),
        }), "", cancellationToken);
        // One that was erased since it was read stays, and with it everything: the file would still hold it.
        if (await _engine.DeleteArchivedAsync(session, segment, events.Where(static e => e.IsErased).Select(static e => e.Position), cancellationToken) != (events.Count, batches.Count))
        {
            return false;
        }
        // It moves the head: every server that appends looks anew under the head's lock, and finds that something is archived. Last, so that appends wait for little.
        var now = _time.GetUtcNow();
        await _log.AppendAsync([new Entry(new NewEvent
        {
            EventId = Guid.CreateVersion7(now),
            Kind = EventKind.Administered,
            Run = new RunId(SourceNames.ValueStream, "segment", "valuestream", segment.First.ToString(CultureInfo.InvariantCulture)),
            Submitter = submitter,
            ReceivedAt = now,
            Data = why with { Note = string.Create(CultureInfo.InvariantCulture, $"archived: positions {segment.First} to {segment.Last}, in {name}") },
        })], session, cancellationToken);
        Took(ArchiveStep.Deleted);
        await session.CommitAsync(cancellationToken);
        return true;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Positions {First} to {Last} are archived in {File}")]
    private partial void LogArchived(long first, long last, string file);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Problem}")]
    private partial void LogProblem(string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What is old could not be archived; it is tried again in an hour")]
    private partial void LogFailed(Exception exception);
}

/// <summary>The steps of archiving a segment, in their order.</summary>
internal enum ArchiveStep
{
    /// <summary>The file is claimed.</summary>
    Claimed,

    /// <summary>It is written and on the disk.</summary>
    Written,

    /// <summary>It was read again and held against the chain.</summary>
    Checked,

    /// <summary>It is registered and its rows are deleted, in a transaction that is not committed.</summary>
    Deleted,

    /// <summary>The transaction is committed.</summary>
    Registered,
}

/// <summary>A part of the log is not what was appended.</summary>
public sealed class LogDamagedException(long position, string problem) : Exception($"Position {position}: {problem}")
{
    /// <summary>The first position that fails.</summary>
    public long Position => position;
}
