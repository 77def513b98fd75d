using Microsoft.EntityFrameworkCore;
using ValueStream.Store.Queries;

namespace ValueStream.Store.Log;

/// <summary>Checks that the log is what was appended: every digest, the chain of batches, the head.</summary>
public sealed class ChainVerifier
{
    private readonly Snapshot.Source _snapshots;

    internal ChainVerifier(Snapshot.Source snapshots) => _snapshots = snapshots;

    /// <summary>Reads the whole log, in one snapshot.</summary>
    /// <returns>The first position that fails; null when all is well.</returns>
    public async Task<long?> FirstFaultAsync(CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        var database = snapshot.Database;
        var head = await database.LogHead.AsNoTracking().SingleAsync(cancellationToken);
        var hash = HashChain.Genesis(head.LogId);
        var next = 1L;
        var batches = await database.Batches.AsNoTracking().OrderBy(static b => b.Last).ToListAsync(cancellationToken);
        foreach (var batch in batches)
        {
            var events = await database.Events.AsNoTracking()
                .Where(e => e.Position >= next && e.Position <= batch.Last).OrderBy(static e => e.Position).ToListAsync(cancellationToken);
            foreach (var e in events)
            {
                if (e.Position != next || !HashChain.Digest(e).AsSpan().SequenceEqual(e.Digest))
                {
                    return next;
                }
                next++;
            }
            hash = HashChain.Batch(hash, batch.First, batch.Last, events.Select(static e => e.Digest));
            if (next != batch.Last + 1 || !hash.AsSpan().SequenceEqual(batch.Hash))
            {
                return batch.First;
            }
        }
        return head.Position == next - 1 && head.Hash.AsSpan().SequenceEqual(hash) ? null : next;
    }
}
