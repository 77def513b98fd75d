using ValueStream.Core.Numbers;
using ValueStream.Store.Engines;
using static ValueStream.Store.Engines.Column<ValueStream.Store.RollupRow>;

namespace ValueStream.Store.Projections;

/// <summary>What one transaction changes of the rollups: collected run by run, written once for each rollup.</summary>
/// <param name="zone">The reporting zone.</param>
/// <param name="tags">Knows tags.</param>
internal sealed class Rollups(TimeZoneInfo zone, KnownTags tags)
{
    private static readonly Bulk<RollupRow> Rows = new("rollups_",
        Short("series", static r => r.Series), Int("at", static r => r.At), Long("operation", static r => r.Operation), Long("tag", static r => r.Tag),
        Bytes("data", static r => r.Data));

    private static readonly Bulk<RollupKey> Keys = new("rollups_",
        Column<RollupKey>.Short("series", static r => r.Series), Column<RollupKey>.Int("at", static r => r.At),
        Column<RollupKey>.Long("operation", static r => r.Operation), Column<RollupKey>.Long("tag", static r => r.Tag));

    private readonly Dictionary<RollupKey, List<(Share Share, int Sign)>> _changes = [];

    /// <summary>An attempt contributes something else than before.</summary>
    /// <param name="before">What it contributed; null for nothing.</param>
    /// <param name="after">What it contributes now.</param>
    public void Change(Contribution? before, IReadOnlyList<(RollupKey Key, Share Share)> after)
    {
        if (before is not null)
        {
            var gained = after.ToList();
            foreach (var lost in before.Shares(zone, tags))
            {
                if (!gained.Remove(lost))
                {
                    Change(lost.Key, lost.Share, -1);
                }
            }
            after = gained;
        }
        foreach (var (key, share) in after)
        {
            Change(key, share, 1);
        }
    }

    /// <summary>Reads what there is of the rollups that change, and begins to add up on another thread: what is written meanwhile hides it.</summary>
    public async Task<Task<Sums>> SumAsync(Session session, string slot, CancellationToken cancellationToken)
    {
        // In the table's order, so that neighbours are written together.
        var keys = _changes.Keys.ToList();
        keys.Sort(static (a, b) => a.Series.CompareTo(b.Series) is not 0 and var bySeries ? bySeries : a.At.CompareTo(b.At) is not 0 and var byTime ? byTime
            : a.Operation.CompareTo(b.Operation) is not 0 and var byOperation ? byOperation : a.Tag.CompareTo(b.Tag));
        var stored = (await session.FindAsync(Keys, keys, "t.series, t.at, t.operation, t.tag, t.data", slot,
            static r => (Key: new RollupKey(r.GetInt16(0), r.GetInt32(1), r.GetInt64(2), r.GetInt64(3)), Data: r.GetFieldValue<byte[]>(4)), cancellationToken))
            .ToDictionary(static r => r.Key, static r => r.Data);
        return Task.Run(() => Sum(keys, stored), cancellationToken);
    }

    /// <summary>Writes the sums.</summary>
    public static async Task WriteAsync(Sums sums, Session session, string slot, CancellationToken cancellationToken)
    {
        await session.DeleteAsync(Keys, sums.Gone, slot, cancellationToken);
        await session.InsertAsync(Rows, sums.Changed, "ON CONFLICT (series, at, operation, tag) DO UPDATE SET data = excluded.data", slot, cancellationToken);
        await session.InsertNewAsync(Rows, sums.Added, slot, cancellationToken);
    }

    private Sums Sum(List<RollupKey> keys, Dictionary<RollupKey, byte[]> stored)
    {
        var sums = new Sums([], [], []);
        foreach (var key in keys)
        {
            var tally = new Tally();
            var known = stored.GetValueOrDefault(key);
            if (known is not null)
            {
                tally.AddBytes(known);
            }
            // What is added first: the sum may pass through what is not yet there.
            var changes = _changes[key];
            foreach (var (share, sign) in changes)
            {
                if (sign > 0)
                {
                    tally.Add(share);
                }
            }
            foreach (var (share, sign) in changes)
            {
                if (sign < 0)
                {
                    tally.Add(share, sign);
                }
            }
            if (tally.IsEmpty)
            {
                sums.Gone.Add(key);
            }
            else
            {
                (known is null ? sums.Added : sums.Changed).Add(new() { Series = key.Series, At = key.At, Operation = key.Operation, Tag = key.Tag, Data = tally.ToBytes() });
            }
        }
        return sums;
    }

    private void Change(RollupKey key, Share share, int sign)
    {
        if (!_changes.TryGetValue(key, out var changes))
        {
            _changes.Add(key, changes = []);
        }
        changes.Add((share, sign));
    }
}

/// <summary>What rollups add up to after a change.</summary>
/// <param name="Added">Those that were not there.</param>
/// <param name="Changed">Those that were.</param>
/// <param name="Gone">Those of which nothing is left.</param>
internal sealed record Sums(List<RollupRow> Added, List<RollupRow> Changed, List<RollupKey> Gone);
