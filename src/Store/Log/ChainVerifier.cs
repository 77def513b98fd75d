using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Store.Engines;
using ValueStream.Store.Queries;

namespace ValueStream.Store.Log;

/// <summary>
/// Checks that the log is what was appended: every digest, the chain of batches, the head; and, against a head that was kept
/// elsewhere, that nothing was cut off or written anew. It reads the archive's files, then the tables, in pieces of some thousand events, and holds no lock.
/// </summary>
public sealed class ChainVerifier
{
    private const int PieceEvents = 5_000;
    private const int PieceBatches = 1_000;

    private readonly IEngine _engine;
    private readonly Snapshot.Source _snapshots;
    private readonly IDbContextFactory<Database> _databases;
    private readonly LogReader _reader;

    internal ChainVerifier(IEngine engine, Snapshot.Source snapshots, IDbContextFactory<Database> databases, LogReader reader) =>
        (_engine, _snapshots, _databases, _reader) = (engine, snapshots, databases, reader);

    /// <summary>Reads the log and tells how far it has come. The last item is done: all is well, or it names the first position that fails.</summary>
    /// <param name="request">Where to begin, and the head kept elsewhere.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async IAsyncEnumerable<VerifyProgress> VerifyAsync(VerifyRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var database = await _databases.CreateDbContextAsync(cancellationToken);
        var head = await HeadAsync(database, cancellationToken);
        var known = request.Head;
        if (known is not null && known.LogId != head.LogId)
        {
            yield return Failed(0, head, 0, $"This is another log ({head.LogId}) than the head was taken from ({known.LogId}).");
            yield break;
        }

        // Positions of erased events for which no redacted event was seen.
        var erased = new SortedSet<long>();
        var (next, hash, wrong) = await StartAsync(head, request.From ?? 1, known, cancellationToken);
        if (wrong is not null)
        {
            yield return Failed(next - 1, head, wrong.Position, wrong.Problem);
            yield break;
        }
        var reading = ReadAsync(next);
        try
        {
            while (await reading is var (piece, unreadable))
            {
                if (unreadable is not null)
                {
                    yield return Failed(next - 1, head, unreadable.Position, unreadable.Problem);
                    yield break;
                }
                if (piece.Count == 0)
                {
                    break;
                }
                // The next piece comes from the disk while this one is hashed.
                reading = ReadAsync(piece[^1].Row.Last + 1);
                foreach (var (batch, events) in piece)
                {
                    if ((Fault(batch, events, next, hash) ?? Differs(batch, known, head)) is { } fault)
                    {
                        yield return Failed(next - 1, head, fault.Position, fault.Problem);
                        yield break;
                    }
                    (next, hash) = (batch.Last + 1, batch.Hash);
                    erased.UnionWith(events.Where(static e => e.IsErased).Select(static e => e.Position));
                    erased.ExceptWith(events.Where(static e => (EventKind)e.Kind == EventKind.Redacted && !e.IsErased).SelectMany(Erasures));
                }
                yield return new(next - 1, head.Position, false, null);
            }
        }
        finally
        {
            // Whoever gave up reading waits for nothing; what fails then concerns nobody.
            await ((Task)reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        if (erased.Count > 0)
        {
            // What was erased meanwhile is accounted for behind the head that is checked.
            var since = await database.Events.AsNoTracking()
                .Where(e => e.Position > head.Position && e.Kind == (short)EventKind.Redacted && e.Data != "").ToListAsync(cancellationToken);
            erased.ExceptWith(since.SelectMany(Erasures));
        }
        yield return await EndAsync(database, head, next, hash, known, cancellationToken) is { } end
            ? Failed(next - 1, head, end.Position, end.Problem)
            : erased.Count > 0 ? Failed(erased.Min - 1, head, erased.Min, "The event's data was erased, and no redacted event says by whom.")
            : new(next - 1, head.Position, true, null, head.ToView());

        Task<(List<LoggedBatch> Batches, VerifyFault? Fault)> ReadAsync(long from) =>
            Task.Run(() => ReadPieceAsync(from, head.Position, cancellationToken), cancellationToken);
    }

    /// <summary>The first position that fails; null when all is well.</summary>
    public async Task<long?> FirstFaultAsync(CancellationToken cancellationToken) =>
        (await VerifyAsync(new VerifyRequest(), cancellationToken).LastAsync(cancellationToken)).Fault?.Position;

    private static VerifyProgress Failed(long verified, LogHeadRow head, long position, string problem) =>
        new(verified, head.Position, true, new VerifyFault(position, problem));

    private static Task<LogHeadRow> HeadAsync(Database database, CancellationToken cancellationToken) =>
        database.LogHead.AsNoTracking().SingleAsync(cancellationToken);

    /// <summary>The first position to check and the hash that its batch is chained to, or why there is none; and whether a head that lies before it is in the log.</summary>
    private async Task<(long First, byte[] Hash, VerifyFault? Fault)> StartAsync(LogHeadRow head, long from, HeadView? known, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        var database = snapshot.Database;
        try
        {
            var first = from <= 1 ? 1
                : await LogReader.SegmentAtAsync(database, from, cancellationToken) is { } segment
                    ? (await _reader.FromDiskAsync(segment, cancellationToken)).First(b => b.Row.Last >= from).Row.First
                : await database.Batches.Where(b => b.Last >= from).OrderBy(static b => b.Last).Select(static b => (long?)b.First).FirstOrDefaultAsync(cancellationToken) ?? head.Position + 1;
            if (await HashAtAsync(database, head, first - 1, cancellationToken) is not { } hash)
            {
                return (first, [], new(first, "The batch before it is missing, so the chain cannot be followed from here."));
            }
            // As a batch, which is all that can be asked of one that lies before the first position to check.
            return known is not null && known.Position > 0 && known.Position < first
                && (await HashAtAsync(database, head, known.Position, cancellationToken) is not { } was || Convert.ToHexStringLower(was) != known.Hash)
                ? (first, hash, new(known.Position, WrittenAnew(known, head))) : (first, hash, null);
        }
        catch (SegmentException e)
        {
            return (from, [], new(e.Position, e.Message));
        }
    }

    /// <summary>The hash of the batch that ends at a position, the genesis hash for 0; null where none does.</summary>
    private async Task<byte[]?> HashAtAsync(Database database, LogHeadRow head, long last, CancellationToken cancellationToken) =>
        last == 0 ? HashChain.Genesis(head.LogId)
        : await LogReader.SegmentAtAsync(database, last, cancellationToken) is { } segment
            ? segment.Last == last ? segment.Hash : (await _reader.FromDiskAsync(segment, cancellationToken)).Select(static b => b.Row).FirstOrDefault(b => b.Last == last)?.Hash
        : await database.Batches.Where(b => b.Last == last).Select(static b => b.Hash).SingleOrDefaultAsync(cancellationToken);

    private static string WrittenAnew(HeadView known, LogHeadRow head) =>
        $"The log was written anew: at position {known.Position} its hash is not that of the head kept elsewhere.{Since(known, head)}";

    /// <summary>The positions that a redacted event accounts for: the one it erased, and where that was itself a redacted event, that one's.</summary>
    private static IEnumerable<long> Erasures(EventRow e)
    {
        for (var redaction = EventData.FromJson(e.Data).Redaction; redaction is not null; redaction = redaction.Data.Redaction)
        {
            yield return redaction.Position;
        }
    }

    /// <summary>Batches from a position on with the events that lie within them: of a segment, or of the tables.</summary>
    private async Task<(List<LoggedBatch> Batches, VerifyFault? Fault)> ReadPieceAsync(long from, long to, CancellationToken cancellationToken)
    {
        // As of one moment: what is archived meanwhile is in it once.
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        if (await LogReader.SegmentAtAsync(snapshot.Database, from, cancellationToken) is { } segment)
        {
            try
            {
                var archived = (await _reader.FromDiskAsync(segment, cancellationToken)).FindAll(b => b.Row.Last >= from);
                return (archived, await ForgottenAsync(snapshot.Database, archived, cancellationToken));
            }
            catch (SegmentException e)
            {
                return ([], new(e.Position, e.Message));
            }
        }
        var batches = await snapshot.Database.Batches.AsNoTracking().Where(b => b.Last >= from && b.Last <= to).OrderBy(static b => b.Last)
            .Take(PieceBatches).ToListAsync(cancellationToken);
        var piece = new List<LoggedBatch>();
        foreach (var batch in batches.TakeWhile(b => b == batches[0] || b.Last < from + PieceEvents))
        {
            piece.Add(new(batch, []));
        }
        if (piece.Count == 0)
        {
            return (piece, null);
        }
        await using var command = snapshot.Database.Database.GetDbConnection().Command(snapshot.Database.Database.CurrentTransaction!.GetDbTransaction(),
            $"SELECT {EventSql.Columns} FROM events WHERE position >= @from AND position <= @to ORDER BY position",
            ("@from", from), ("@to", piece[^1].Row.Last));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        for (var i = 0; await reader.ReadAsync(cancellationToken);)
        {
            var e = EventSql.Read(reader);
            while (e.Position > piece[i].Row.Last)
            {
                i++;
            }
            piece[i].Events.Add(e);
        }
        return (piece, null);
    }

    /// <summary>The first archived event that would not be known if it were sent again, or not be found with its run.</summary>
    private async Task<VerifyFault?> ForgottenAsync(Database database, List<LoggedBatch> archived, CancellationToken cancellationToken)
    {
        var events = archived.SelectMany(static b => b.Events).ToList();
        await using var command = database.Database.GetDbConnection().Command(database.Database.CurrentTransaction!.GetDbTransaction(),
            $"SELECT {ArchivedSql.Columns} FROM archived_events WHERE {_engine.AnyId("event_id", "ids")}", ("ids", _engine.Array(events.Select(static e => e.EventId))));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var known = new HashSet<(Guid, long, long)>();
        while (await reader.ReadAsync(cancellationToken))
        {
            var row = ArchivedSql.Read(reader);
            known.Add((row.EventId, row.Position, row.Run));
        }
        return events.Find(e => !known.Contains((e.EventId, e.Position, e.Run))) is { } forgotten
            ? new(forgotten.Position, "The event is archived, and the database has lost its id or its run.") : null;
    }

    /// <summary>What is wrong with a batch that must follow a hash; null where nothing is.</summary>
    internal static VerifyFault? Fault(BatchRow batch, List<EventRow> events, long next, byte[] hash)
    {
        if (batch.First != next)
        {
            return new(next, batch.First > next ? "The batch that held it is missing." : "The batches overlap here.");
        }
        foreach (var e in events)
        {
            if (e.Position != next)
            {
                return new(next, "The event is missing.");
            }
            if (!Enum.IsDefined((EventKind)e.Kind) || !HashChain.Digest(e).AsSpan().SequenceEqual(e.Digest))
            {
                return new(next, "The event is not what was appended: its digest does not match.");
            }
            next++;
        }
        return next <= batch.Last ? new(next, "The event is missing.")
            : !HashChain.Batch(hash, batch.First, batch.Last, events.Select(static e => e.Digest)).AsSpan().SequenceEqual(batch.Hash)
                ? new(batch.First, $"The batch {batch.First} to {batch.Last} does not follow from what is before it.")
            : null;
    }

    private static VerifyFault? Differs(BatchRow batch, HeadView? known, LogHeadRow head) =>
        known is not null && known.Position >= batch.First && known.Position <= batch.Last
            && (known.Position != batch.Last || Convert.ToHexStringLower(batch.Hash) != known.Hash)
            ? new(batch.First, WrittenAnew(known, head)) : null;

    /// <summary>What explains a difference from a head that was kept.</summary>
    private static string Since(HeadView known, LogHeadRow head) =>
        known.Epoch < head.Epoch ? $" The log was restored since, and somebody accepted that: its epoch is {head.Epoch}, the kept head's {known.Epoch}." : "";

    private static async Task<VerifyFault?> EndAsync(
        Database database, LogHeadRow head, long next, byte[] hash, HeadView? known, CancellationToken cancellationToken)
    {
        if (next <= head.Position)
        {
            return new(next, "The batch that held it is missing.");
        }
        if (next == head.Position + 1 && !hash.AsSpan().SequenceEqual(head.Hash))
        {
            return new(head.Position, "The head's hash is not that of the last batch.");
        }
        if (known is not null && known.Position > head.Position)
        {
            return new(head.Position + 1, $"The tail is missing: the head kept elsewhere is at position {known.Position}.{Since(known, head)}");
        }
        var archived = await LogReader.ArchivedAsync(database, cancellationToken);
        if (await database.Events.Where(e => e.Position <= archived).MinAsync(static e => (long?)e.Position, cancellationToken) is { } twice)
        {
            return new(twice, "The event is archived, and stands in the table as well.");
        }
        // In this order: what is appended meanwhile is covered by the head that is read after it.
        var last = await database.Events.MaxAsync(static e => (long?)e.Position, cancellationToken) ?? 0;
        var covered = (await HeadAsync(database, cancellationToken)).Position;
        return last > covered ? new(covered + 1, "The event was not appended by the log: the head does not cover it.") : null;
    }
}
