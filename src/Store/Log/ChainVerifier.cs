using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Store.Engines;

namespace ValueStream.Store.Log;

/// <summary>
/// Checks that the log is what was appended: every digest, the chain of batches, the head; and, against a head that was kept
/// elsewhere, that nothing was cut off or written anew. It reads in pieces of some thousand events and holds no lock.
/// </summary>
public sealed class ChainVerifier
{
    private const int PieceEvents = 5_000;
    private const int PieceBatches = 1_000;

    private readonly IDbContextFactory<Database> _databases;

    internal ChainVerifier(IDbContextFactory<Database> databases) => _databases = databases;

    /// <summary>Reads the log and tells how far it has come. The last item is done: all is well, or it names the first position that fails.</summary>
    /// <param name="request">Where to begin, and the head kept elsewhere.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async IAsyncEnumerable<VerifyProgress> VerifyAsync(VerifyRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var database = await _databases.CreateDbContextAsync(cancellationToken);
        await database.Database.OpenConnectionAsync(cancellationToken);
        var head = await HeadAsync(database, cancellationToken);
        var known = request.Head;
        if (known is not null && known.LogId != head.LogId)
        {
            yield return Failed(0, head, 0, $"This is another log ({head.LogId}) than the head was taken from ({known.LogId}).");
            yield break;
        }

        // Positions of erased events for which no redacted event was seen.
        var erased = new SortedSet<long>();
        var (next, hash) = await StartAsync(database, head, request.From ?? 1, cancellationToken);
        if (hash is null)
        {
            yield return Failed(next - 1, head, next, "The batch before it is missing, so the chain cannot be followed from here.");
            yield break;
        }
        if (known is not null && known.Position > 0 && known.Position < next && !await HoldsAsync(database, known, cancellationToken))
        {
            yield return Failed(next - 1, head, known.Position, WrittenAnew(known, head));
            yield break;
        }
        var reading = ReadAsync(next);
        try
        {
            while (await reading is { Count: > 0 } piece)
            {
                // The next piece comes from the disk while this one is hashed.
                reading = ReadAsync(piece[^1].Batch.Last + 1);
                foreach (var (batch, events) in piece)
                {
                    if (Fault(batch, events, next, hash, known, head) is { } fault)
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
            // It uses the connection that is about to be closed.
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

        Task<List<(BatchRow Batch, List<EventRow> Events)>> ReadAsync(long from) =>
            Task.Run(() => ReadPieceAsync(database, from, head.Position, cancellationToken), cancellationToken);
    }

    /// <summary>The first position that fails; null when all is well.</summary>
    public async Task<long?> FirstFaultAsync(CancellationToken cancellationToken) =>
        (await VerifyAsync(new VerifyRequest(), cancellationToken).LastAsync(cancellationToken)).Fault?.Position;

    private static VerifyProgress Failed(long verified, LogHeadRow head, long position, string problem) =>
        new(verified, head.Position, true, new VerifyFault(position, problem));

    private static Task<LogHeadRow> HeadAsync(Database database, CancellationToken cancellationToken) =>
        database.LogHead.AsNoTracking().SingleAsync(cancellationToken);

    /// <summary>The first position to check and the hash that its batch is chained to; no hash where the batch before is missing.</summary>
    private static async Task<(long First, byte[]? Hash)> StartAsync(Database database, LogHeadRow head, long from, CancellationToken cancellationToken)
    {
        var first = from <= 1 ? 1 : await database.Batches.Where(b => b.Last >= from).OrderBy(static b => b.Last)
            .Select(static b => (long?)b.First).FirstOrDefaultAsync(cancellationToken) ?? head.Position + 1;
        return first == 1
            ? (1, HashChain.Genesis(head.LogId))
            : (first, await database.Batches.Where(b => b.Last == first - 1).Select(static b => b.Hash).SingleOrDefaultAsync(cancellationToken));
    }

    /// <summary>Whether the log has a head as a batch, which is all that can be asked of one that lies before the first position to check.</summary>
    private static async Task<bool> HoldsAsync(Database database, HeadView known, CancellationToken cancellationToken) =>
        await database.Batches.Where(b => b.Last == known.Position).Select(static b => b.Hash).SingleOrDefaultAsync(cancellationToken) is { } hash
            && Convert.ToHexStringLower(hash) == known.Hash;

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

    /// <summary>Batches from a position on with the events that lie within them.</summary>
    private static async Task<List<(BatchRow Batch, List<EventRow> Events)>> ReadPieceAsync(
        Database database, long from, long to, CancellationToken cancellationToken)
    {
        var batches = await database.Batches.AsNoTracking().Where(b => b.Last >= from && b.Last <= to).OrderBy(static b => b.Last)
            .Take(PieceBatches).ToListAsync(cancellationToken);
        var piece = new List<(BatchRow Batch, List<EventRow> Events)>();
        foreach (var batch in batches.TakeWhile(b => b == batches[0] || b.Last < from + PieceEvents))
        {
            piece.Add((batch, []));
        }
        if (piece.Count == 0)
        {
            return piece;
        }
        await using var command = database.Database.GetDbConnection().Command(null,
            $"SELECT {EventSql.Columns} FROM events WHERE position >= @from AND position <= @to ORDER BY position",
            ("@from", from), ("@to", piece[^1].Batch.Last));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        for (var i = 0; await reader.ReadAsync(cancellationToken);)
        {
            var e = EventSql.Read(reader);
            while (e.Position > piece[i].Batch.Last)
            {
                i++;
            }
            piece[i].Events.Add(e);
        }
        return piece;
    }

    private static VerifyFault? Fault(BatchRow batch, List<EventRow> events, long next, byte[] hash, HeadView? known, LogHeadRow head)
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
            : known is not null && known.Position >= batch.First && known.Position <= batch.Last
                && (known.Position != batch.Last || Convert.ToHexStringLower(batch.Hash) != known.Hash)
                ? new(batch.First, WrittenAnew(known, head))
            : null;
    }

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
        // In this order: what is appended meanwhile is covered by the head that is read after it.
        var last = await database.Events.MaxAsync(static e => (long?)e.Position, cancellationToken) ?? 0;
        var covered = (await HeadAsync(database, cancellationToken)).Position;
        return last > covered ? new(covered + 1, "The event was not appended by the log: the head does not cover it.") : null;
    }
}
