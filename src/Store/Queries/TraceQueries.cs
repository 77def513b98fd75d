using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using ValueStream.Core.Wire;
using Microsoft.EntityFrameworkCore;

namespace ValueStream.Store.Queries;

/// <summary>Reads traces.</summary>
public sealed class TraceQueries
{
    /// <summary>How many runs of a trace are loaded.</summary>
    public const int MostRuns = 10_000;

    private readonly Snapshot.Source _snapshots;
    private readonly TimeProvider _time;

    internal TraceQueries(Snapshot.Source snapshots, TimeProvider time) => (_snapshots, _time) = (snapshots, time);

    /// <summary>The trace that one attempt of a run belongs to, the newest attempt where none is named; null when it is not there or not to be seen.</summary>
    public async Task<TraceView?> OfAsync(ShortKey key, int? attempt, Visible visible, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        var number = await visible.Of(snapshot.Runs).Where(r => r.Key == key.Value && (attempt == null || r.Attempt == attempt))
            .MaxAsync(static r => (int?)r.Attempt, cancellationToken);
        if (number is null)
        {
            return null;
        }
        await snapshot.LookUpAsync(cancellationToken);
        var rows = await RunViews.TraceRows(snapshot, key.Value, MostRuns + 1).ToListAsync(cancellationToken);
        var beside = await RunDetails.LoadAsync(snapshot, rows, rows, cancellationToken);
        var run = RunViews.Id(rows.First(r => r.Key == key.Value));
        var trace = Trace.Of([.. rows.Select(r => RunViews.ToTraceRun(
            // Another team's stages are not for telling, nor when they changed.
            r, beside.Meanings.NamedParentOf(r), beside.Meanings.ResolvedLinksOf(r, beside.Links[(r.Key, r.Attempt)]), visible.Includes(r.Namespace) ? beside.Stages[(r.Key, r.Attempt)] : null))],
            run, number.Value);

        var byAttempt = rows.ToDictionary(static r => (r.Key, r.Attempt));
        var views = trace.Runs.Select(t => byAttempt[(t.Id.Key.Value, t.Attempt)]).Select(r =>
        {
            var view = RunViews.View(r, beside, visible) with { TraceId = trace.TraceId };
            return visible.Includes(r.Namespace) ? view : RunViews.Hide(view);
        }).ToList();
        var now = _time.GetUtcNow();
        var path = CriticalPath.Of(trace, now);
        var end = trace.Runs.Max(r => r.EndedAt ?? now);
        return new TraceView
        {
            TraceId = trace.TraceId,
            Root = views[0].SpanId,
            Duration = Math.Max(0, (end - trace.Runs.Min(static r => r.StartedAt)).TotalSeconds),
            Runs = views,
            Edges = [.. trace.Edges.Select(e => new EdgeView(views[e.From].SpanId, views[e.To].SpanId, e.Kind))],
            CriticalPath = [.. path.Select(p => new PathView(p.IsWait ? "wait" : "run", views[p.Run].SpanId, p.From, p.To, p.Stage))],
            LeadTime = PathQueries.View(LeadTime.Of(trace, path, now, i => views[i].Hidden is true ? RunViews.Elsewhere : views[i].Type)),
            Refused = [.. trace.Refused.Select(r => views[r].SpanId)],
            Truncated = rows.Count > MostRuns,
        };
    }

    /// <summary>The position of the last event that any run of a trace has seen: when it grows, the trace has changed. 0 for a run
    /// that is not there or not to be seen.</summary>
    public async Task<long> VersionAsync(ShortKey key, Visible visible, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        await snapshot.LookUpAsync(cancellationToken);
        return await visible.Of(snapshot.Runs).AnyAsync(r => r.Key == key.Value, cancellationToken)
            ? await RunViews.TraceRows(snapshot, key.Value, MostRuns + 1).MaxAsync(static r => r.LastPosition, cancellationToken)
            : 0;
    }
}
