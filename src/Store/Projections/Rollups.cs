using ValueStream.Core.Numbers;
using ValueStream.Store.Engines;
using static ValueStream.Store.Engines.Column<ValueStream.Store.RollupRow>;

namespace ValueStream.Store.Projections;

/// <summary>What one transaction changes of the rollups: collected run by run, written once for each rollup.</summary>
/// <param name="zone">The reporting zone.</param>
/// <param name="tags">Gives the ids of tags.</param>
internal sealed class Rollups(TimeZoneInfo zone, TagDictionary tags)
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
    /// <param name="after">What it contributes now; null for nothing.</param>
    public void Change(Contribution? before, Contribution? after)
    {
        var gained = after?.Shares(zone, tags.Id).ToList() ?? [];
        if (before is not null)
        {
            foreach (var lost in before.Shares(zone, tags.IdOnly))
            {
                if (!gained.Remove(lost))
                {
                    Change(lost.Key, lost.Share, -1);
                }
            }
        }
        foreach (var (key, share) in gained)
        {
            Change(key, share, 1);
        }
    }

    /// <summary>Writes what was collected.</summary>
    public async Task WriteAsync(Session session, string slot, CancellationToken cancellationToken)
    {
        // In the table's order, so that neighbours are written together.
        var keys = _changes.Keys.OrderBy(static k => k.Series).ThenBy(static k => k.At).ThenBy(static k => k.Operation).ThenBy(static k => k.Tag).ToList();
        var stored = (await session.FindAsync(Keys, keys, "t.series, t.at, t.operation, t.tag, t.data", slot,
            static r => (Key: new RollupKey(r.GetInt16(0), r.GetInt32(1), r.GetInt64(2), r.GetInt64(3)), Data: r.GetFieldValue<byte[]>(4)), cancellationToken))
            .ToDictionary(static r => r.Key, static r => r.Data);
        var (added, changed, gone) = (new List<RollupRow>(), new List<RollupRow>(), new List<RollupKey>());
        foreach (var key in keys)
        {
            var tally = new Tally();
            var known = stored.GetValueOrDefault(key);
            if (known is not null)
            {
                tally.AddBytes(known);
            }
            // What is added first: the sum may pass through what is not yet there.
            foreach (var (share, sign) in _changes[key].OrderByDescending(static c => c.Sign))
            {
                tally.Add(share, sign);
            }
            if (tally.IsEmpty)
            {
                gone.Add(key);
            }
            else
            {
                (known is null ? added : changed).Add(new() { Series = key.Series, At = key.At, Operation = key.Operation, Tag = key.Tag, Data = tally.ToBytes() });
            }
        }
        await session.DeleteAsync(Keys, gone, slot, cancellationToken);
        await session.InsertAsync(Rows, changed, "ON CONFLICT (series, at, operation, tag) DO UPDATE SET data = excluded.data", slot, cancellationToken);
        await session.InsertNewAsync(Rows, added, slot, cancellationToken);
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
