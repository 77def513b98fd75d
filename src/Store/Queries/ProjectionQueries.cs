using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Wire;

namespace ValueStream.Store.Queries;

/// <summary>Reads where the projections stand.</summary>
public sealed class ProjectionQueries
{
    private readonly Snapshot.Source _snapshots;
    private readonly TimeProvider _time;

    internal ProjectionQueries(Snapshot.Source snapshots, TimeProvider time) => (_snapshots, _time) = (snapshots, time);

    /// <summary>The position that the live slot has reached.</summary>
    public async Task<long> PositionAsync(CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        return snapshot.Live.Position;
    }

    /// <summary>Every projection with its position and lag.</summary>
    public async Task<ListView<ProjectionView>> ListAsync(CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        var live = snapshot.Live;
        var head = await snapshot.Database.LogHead.AsNoTracking().Select(static h => h.Position).SingleAsync(cancellationToken);
        // The last that was read and the first that was not: two look-ups by position, however long the log is.
        var recorded = await snapshot.Database.Events.AsNoTracking().Where(e => e.Position == live.Position || e.Position == live.Position + 1)
            .Select(static e => new { e.Position, e.RecordedAt }).ToDictionaryAsync(static e => e.Position, static e => e.RecordedAt, cancellationToken);
        var rebuilding = await snapshot.Database.Checkpoints.AsNoTracking().Where(static c => c.Building)
            .Select(static c => (long?)c.Position).SingleOrDefaultAsync(cancellationToken);
        var setAside = await snapshot.Database.SetAside.AsNoTracking().Where(s => s.Slot == live.Slot)
            .OrderByDescending(static s => s.Position).Take(100).Select(static s => new SetAsideView(s.Position, s.Problem)).ToListAsync(cancellationToken);
        return new([new ProjectionView
        {
            Name = "runs",
            Version = live.Version,
            Zone = live.Zone,
            Slot = live.Slot,
            Position = live.Position,
            DataTo = recorded.TryGetValue(live.Position, out var dataTo) ? dataTo : null,
            LagEvents = head - live.Position,
            LagSeconds = recorded.TryGetValue(live.Position + 1, out var recordedAt) ? Math.Max(0, (_time.GetUtcNow() - recordedAt).TotalSeconds) : 0,
            Rebuilding = rebuilding,
            RebuildProgress = rebuilding is { } position ? head == 0 ? 1 : Math.Min(1, (double)position / head) : null,
            SetAside = setAside,
        }], null);
    }
}
