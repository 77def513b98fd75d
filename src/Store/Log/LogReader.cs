using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using ValueStream.Store.Engines;

namespace ValueStream.Store.Log;

/// <summary>
/// Reads the log wherever it is: in the archive's files up to a position, in the tables after it. Events move from the tables to the archive in one transaction, so whoever
/// looks into the tables first and into the archive after that, or at both as of one moment, misses none.
/// </summary>
internal sealed class LogReader(IEngine engine, IDbContextFactory<Database> databases, SegmentFiles files)
{
    /// <summary>Segments that are kept unpacked: runs that live long come back to theirs.</summary>
    private const int MostKept = 4;

    /// <summary>So many archived events of some runs are looked at at once, going back.</summary>
    private const int Piece = 1_000;

    private readonly Lock _keeping = new();
    private readonly LinkedList<(string Name, List<LoggedBatch> Batches)> _kept = [];
    private readonly ConcurrentDictionary<string, (SegmentRow Segment, string Problem)> _faulty = new();

    /// <summary>What is wrong with a file of the archive, of those that were looked at; null where nothing is known to be.</summary>
    public string? Problem => _faulty.Values.Select(static f => f.Problem).FirstOrDefault();

    /// <summary>The events after a position, oldest first. Fewer than the limit does not mean that there are no more; none does.</summary>
    /// <exception cref="SegmentException">They are archived, and cannot be read.</exception>
    public async Task<List<EventRow>> AfterAsync(long after, int limit, CancellationToken cancellationToken)
    {
        var events = await engine.EventsAsync(after, limit, cancellationToken);
        if (events is [var first, ..] && first.Position == after + 1)
        {
            return events;
        }
        await using var database = await databases.CreateDbContextAsync(cancellationToken);
        return await ArchivedAfterAsync(database, after, limit, cancellationToken) is { Count: > 0 } archived ? archived : events;
    }

    /// <summary>The events of some runs up to a position, each run's oldest first, at most <paramref name="limit"/> of each.</summary>
    /// <exception cref="SegmentException">Some are archived, and cannot be read.</exception>
    public async Task<List<EventRow>> HistoryAsync(IReadOnlyList<long> runs, long upTo, int limit, CancellationToken cancellationToken)
    {
        var events = await engine.HistoryAsync(runs, upTo, limit, cancellationToken);
        await using var database = await databases.CreateDbContextAsync(cancellationToken);
        // What was archived between the two looks is in both.
        return await ArchivedOfAsync(database, runs, upTo, limit, cancellationToken) is { Count: > 0 } archived
            ? [.. archived.UnionBy(events, static e => e.Position).GroupBy(static e => e.Run).SelectMany(run => run.OrderBy(static e => e.Position).Take(limit))]
            : events;
    }

    /// <summary>The last archived position; 0 where nothing is.</summary>
    public static async Task<long> ArchivedAsync(Database database, CancellationToken cancellationToken) =>
        await database.Segments.MaxAsync(static s => (long?)s.Last, cancellationToken) ?? 0;

    /// <summary>The segment that holds a position; null where it is not archived.</summary>
    public static Task<SegmentRow?> SegmentAtAsync(Database database, long position, CancellationToken cancellationToken) =>
        database.Segments.AsNoTracking().Where(s => s.Last >= position && s.First <= position).OrderBy(static s => s.Last).FirstOrDefaultAsync(cancellationToken);

    /// <summary>The event at a position, as of the moment that a database is read at; null where there is none.</summary>
    public async Task<EventRow?> AtAsync(Database database, long position, CancellationToken cancellationToken) =>
        await SegmentAtAsync(database, position, cancellationToken) is { } segment
            ? EventsOf(await ReadAsync(segment, cancellationToken)).Single(e => e.Position == position)
            : await database.Events.AsNoTracking().SingleOrDefaultAsync(e => e.Position == position, cancellationToken);

    /// <summary>All events of some runs, oldest first, as of the moment that a database is read at.</summary>
    public async Task<List<EventRow>> OfAsync(Database database, long[] runs, CancellationToken cancellationToken) =>
    [
        .. await ArchivedOfAsync(database, runs, long.MaxValue, int.MaxValue, cancellationToken),
        .. await database.Events.AsNoTracking().Where(e => runs.Contains(e.Run)).OrderBy(static e => e.Position).ToListAsync(cancellationToken),
    ];

    /// <summary>Archived events after a position, oldest first; none where the next one is not archived.</summary>
    public async Task<List<EventRow>> ArchivedAfterAsync(Database database, long after, int limit, CancellationToken cancellationToken) =>
        await SegmentAtAsync(database, after + 1, cancellationToken) is { } segment
            ? [.. EventsOf(await ReadAsync(segment, cancellationToken)).SkipWhile(e => e.Position <= after).Take(limit)] : [];

    /// <summary>Archived events of some runs up to a position, oldest first, at most <paramref name="limit"/> of each run.</summary>
    public async Task<List<EventRow>> ArchivedOfAsync(Database database, IReadOnlyList<long> runs, long upTo, int limit, CancellationToken cancellationToken)
    {
        if (!await database.Segments.AnyAsync(cancellationToken))
        {
            return [];
        }
        var positions = await database.ArchivedEvents.Where(a => runs.Contains(a.Run) && a.Position <= upTo).OrderBy(static a => a.Position)
            .Select(static a => new { a.Run, a.Position }).ToListAsync(cancellationToken);
        return await AtAsync(database, [.. positions.GroupBy(static a => a.Run).SelectMany(r => r.Take(limit)).Select(static a => a.Position).Order()], cancellationToken);
    }

    /// <summary>The archived events at some positions, in ascending order.</summary>
    public async Task<List<EventRow>> AtAsync(Database database, IReadOnlyList<long> positions, CancellationToken cancellationToken)
    {
        var events = new List<EventRow>();
        for (var i = 0; i < positions.Count;)
        {
            var segment = await SegmentAtAsync(database, positions[i], cancellationToken) ?? throw new InvalidOperationException($"Position {positions[i]} is in no segment.");
            var all = EventsOf(await ReadAsync(segment, cancellationToken)).ToList();
            for (; i < positions.Count && positions[i] <= segment.Last; i++)
            {
                events.Add(all[(int)(positions[i] - segment.First)]);
            }
        }
        return events;
    }

    /// <summary>Archived events before a position and from another one on, newest first, piece by piece: all of them, or those of some runs.</summary>
    public async IAsyncEnumerable<List<EventRow>> BackAsync(
        Database database, long before, long from, IReadOnlyList<long>? runs, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        before = Math.Min(before, await ArchivedAsync(database, cancellationToken) + 1);
        while (before > from)
        {
            List<EventRow> piece;
            if (runs is null)
            {
                piece = EventsOf(await ReadAsync((await SegmentAtAsync(database, before - 1, cancellationToken))!, cancellationToken))
                    .Where(e => e.Position < before && e.Position >= from).ToList();
            }
            else
            {
                var (to, first) = (before, from);
                var positions = await database.ArchivedEvents.Where(a => runs.Contains(a.Run) && a.Position < to && a.Position >= first)
                    .OrderByDescending(static a => a.Position).Take(Piece).Select(static a => a.Position).ToListAsync(cancellationToken);
                positions.Reverse();
                piece = await AtAsync(database, positions, cancellationToken);
            }
            if (piece.Count == 0)
            {
                yield break;
            }
            before = piece[0].Position;
            piece.Reverse();
            yield return piece;
        }
    }

    /// <summary>A segment's batches, held against the chain.</summary>
    /// <exception cref="SegmentException">Its file is missing or damaged.</exception>
    public async Task<List<LoggedBatch>> ReadAsync(SegmentRow segment, CancellationToken cancellationToken)
    {
        var name = SegmentFiles.NameOf(segment);
        lock (_keeping)
        {
            if (_kept.FirstOrDefault(k => k.Name == name) is { Batches: { } kept } found)
            {
                _kept.Remove(found);
                _kept.AddFirst(found);
                return kept;
            }
        }
        var batches = await FromDiskAsync(segment, cancellationToken);
        lock (_keeping)
        {
            _kept.AddFirst((name, batches));
            while (_kept.Count > MostKept)
            {
                _kept.RemoveLast();
            }
        }
        return batches;
    }

    /// <summary>A segment's batches, from the file as it is now.</summary>
    /// <exception cref="SegmentException">Its file is missing or damaged.</exception>
    public async Task<List<LoggedBatch>> FromDiskAsync(SegmentRow segment, CancellationToken cancellationToken)
    {
        try
        {
            var batches = SegmentFormat.Read(await files.ReadAsync(segment, cancellationToken), segment);
            _faulty.TryRemove(SegmentFiles.NameOf(segment), out _);
            return batches;
        }
        catch (SegmentException e)
        {
            // Since the moment that the caller reads at, something in it may have been erased: then another file has taken its place.
            await using var database = await databases.CreateDbContextAsync(cancellationToken);
            if (await SegmentAtAsync(database, segment.First, cancellationToken) is { } now && !now.Sha256.AsSpan().SequenceEqual(segment.Sha256))
            {
                return await FromDiskAsync(now, cancellationToken);
            }
            _faulty[e.File] = (segment, e.Message);
            throw;
        }
    }

    /// <summary>Forgets what is kept unpacked: what was erased must not be served from memory.</summary>
    public void Forget(SegmentRow segment)
    {
        lock (_keeping)
        {
            if (_kept.FirstOrDefault(k => k.Name == SegmentFiles.NameOf(segment)) is { Batches: not null } found)
            {
                _kept.Remove(found);
            }
        }
        _faulty.TryRemove(SegmentFiles.NameOf(segment), out _);
    }

    /// <summary>Looks whether all files are there; what is not, <see cref="Problem"/> tells.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        await using var database = await databases.CreateDbContextAsync(cancellationToken);
        await foreach (var segment in database.Segments.AsNoTracking().OrderBy(static s => s.Last).AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            if (!files.Exists(segment))
            {
                _faulty[SegmentFiles.NameOf(segment)] = (segment, SegmentException.Missing(segment).Message);
            }
        }
        foreach (var (name, (segment, _)) in _faulty)
        {
            try
            {
                await files.CheckAsync(segment, cancellationToken);
                _faulty.TryRemove(name, out _);
            }
            catch (SegmentException e)
            {
                _faulty[name] = (segment, e.Message);
            }
        }
    }

    /// <summary>Checks that the log can be read from its beginning on: that every file is the one that was archived.</summary>
    /// <exception cref="SegmentException">A file is missing or damaged; it is named.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        await using var database = await databases.CreateDbContextAsync(cancellationToken);
        foreach (var segment in await database.Segments.AsNoTracking().OrderBy(static s => s.Last).ToListAsync(cancellationToken))
        {
            try
            {
                await files.CheckAsync(segment, cancellationToken);
            }
            catch (SegmentException e)
            {
                _faulty[SegmentFiles.NameOf(segment)] = (segment, e.Message);
                throw;
            }
        }
    }

    private static IEnumerable<EventRow> EventsOf(List<LoggedBatch> batches) => batches.SelectMany(static b => b.Events);
}
