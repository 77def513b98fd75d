using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Wire;
using ValueStream.Store.Log;

namespace ValueStream.Store.Queries;

/// <summary>Reads where the projections stand.</summary>
public sealed class ProjectionQueries
{
    private readonly Snapshot.Source _snapshots;
    private readonly LogReader _reader;
    private readonly TimeProvider _time;

    internal ProjectionQueries(Snapshot.Source snapshots, LogReader reader, TimeProvider time) => (_snapshots, _reader, _time) = (snapshots, reader, time);

    /// <summary>The position that the live slot has reached.</summary>
    public async Task<long> PositionAsync(CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        return snapshot.Live.Position;
    }

    /// <summary>How far the live slot is behind the log: events, the seconds since the first of them was recorded, and up to when it has read; null where it is not behind.</summary>
    public async Task<(long Events, double Seconds, DateTimeOffset? DataTo)?> LagAsync(CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        var head = await HeadAsync(snapshot, cancellationToken);
        if (head == snapshot.Live.Position)
        {
            return null;
        }
        var (dataTo, seconds) = await LagAsync(snapshot, cancellationToken);
        return (head - snapshot.Live.Position, seconds, dataTo);
    }

    /// <summary>Every projection with its position and lag.</summary>
    public async Task<ListView<ProjectionView>> ListAsync(Visible visible, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        var seen = visible.Of(snapshot.Database.Events);
        var live = snapshot.Live;
        var head = await HeadAsync(snapshot, cancellationToken);
        var (dataTo, lag) = await LagAsync(snapshot, cancellationToken);
        var rebuilding = await snapshot.Database.Checkpoints.AsNoTracking().Where(static c => c.Building)
            .Select(static c => (long?)c.Position).SingleOrDefaultAsync(cancellationToken);
        var archived = await LogReader.ArchivedAsync(snapshot.Database, cancellationToken);
        var setAside = await snapshot.Database.SetAside.AsNoTracking().Where(s => s.Slot == live.Slot && (visible.All || s.Position <= archived || seen.Any(e => e.Position == s.Position)))
            .OrderByDescending(static s => s.Position).Take(100).Select(static s => new SetAsideView(s.Position, s.Problem)).ToListAsync(cancellationToken);
        if (!visible.All && setAside.FindAll(s => s.Position <= archived).ConvertAll(static s => s.Position) is { Count: > 0 } old)
        {
            old.Reverse();
            var hidden = (await _reader.AtAsync(snapshot.Database, old, cancellationToken)).Where(e => !visible.Includes(e.Namespace)).Select(static e => e.Position).ToHashSet();
            setAside.RemoveAll(s => hidden.Contains(s.Position));
        }
        return new([new ProjectionView
        {
            Name = "runs",
            Version = live.Version,
            Zone = live.Zone,
            Slot = live.Slot,
            Position = live.Position,
            DataTo = dataTo,
            LagEvents = head - live.Position,
            LagSeconds = lag,
            Rebuilding = rebuilding,
            RebuildProgress = rebuilding is { } position ? head == 0 ? 1 : Math.Min(1, (double)position / head) : null,
            SetAside = setAside,
        }], null);
    }

    private static Task<long> HeadAsync(Snapshot snapshot, CancellationToken cancellationToken) =>
        snapshot.Database.LogHead.AsNoTracking().Select(static h => h.Position).SingleAsync(cancellationToken);

    private async Task<(DateTimeOffset? DataTo, double Seconds)> LagAsync(Snapshot snapshot, CancellationToken cancellationToken)
    {
        var position = snapshot.Live.Position;
        // The last that was read and the first that was not: two look-ups by position, however long the log is.
        var recorded = await snapshot.Database.Events.AsNoTracking().Where(e => e.Position == position || e.Position == position + 1)
            .Select(static e => new { e.Position, e.RecordedAt }).ToDictionaryAsync(static e => e.Position, static e => e.RecordedAt, cancellationToken);
        return (recorded.TryGetValue(position, out var dataTo) ? dataTo : null,
            recorded.TryGetValue(position + 1, out var next) ? Math.Max(0, (_time.GetUtcNow() - next).TotalSeconds) : 0);
    }
}
