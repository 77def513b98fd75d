using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using ValueStream.Store.Log;
using ValueStream.Store.Queries;

namespace ValueStream.Store.Forwarding;

/// <summary>All that is needed to tell tracers of some attempts, read in a few statements however many they are.</summary>
internal sealed class ExportedRuns
{
    private readonly RunDetails _beside;
    private readonly ILookup<RunId, RunRow> _attempts;
    private readonly ILookup<long, ExportedEvent> _notes;

    private ExportedRuns(RunDetails beside, ILookup<RunId, RunRow> attempts, ILookup<long, ExportedEvent> notes, Identities identities) =>
        (_beside, _attempts, _notes, Identities) = (beside, attempts, notes, identities);

    /// <summary>The ids under which they go out.</summary>
    public Identities Identities { get; }

    public static async Task<ExportedRuns> LoadAsync(Snapshot snapshot, LogReader reader, List<Due> due, CancellationToken cancellationToken)
    {
        if (due.Count == 0)
        {
            return new(null!, null!, null!, new([], [], static _ => false, []));
        }
        var dueRows = due.ConvertAll(static d => d.Row);
        var keys = dueRows.Select(static r => r.Key).Distinct().ToArray();
        var rows = await RunViews.WithAncestors(snapshot, keys, keys.Length).ToListAsync(cancellationToken);
        var beside = await RunDetails.LoadAsync(snapshot, dueRows, rows, cancellationToken);
        var targets = dueRows.SelectMany(r => beside.Meanings.TargetsOf(r, beside.Links[(r.Key, r.Attempt)])).Select(static t => t.Run.Key.Value).Distinct()
            .Except(rows.Select(static r => r.Key)).ToList();
        var meanings = rows.ToDictionary(static r => (r.Key, r.Attempt), _ => beside.Meanings);
        if (targets.Count > 0)
        {
            var linked = await RunViews.WithAncestors(snapshot, targets, targets.Count).ToListAsync(cancellationToken);
            var theirs = await Meanings.LoadAsync(snapshot, linked, [], cancellationToken);
            rows.AddRange(linked.Where(r => meanings.TryAdd((r.Key, r.Attempt), theirs)));
        }
        var all = rows.Select(static r => r.Key).Distinct().ToArray();
        var frozen = await snapshot.Database.Exports.AsNoTracking().Where(e => all.Contains(e.Key)).ToListAsync(cancellationToken);
        var parents = Trace.ParentsOf(rows.ConvertAll(r => RunViews.ToTraceRun(r, meanings[(r.Key, r.Attempt)].NamedParentOf(r), [])));
        var notes = await snapshot.Database.Events.AsNoTracking().Where(e => keys.Contains(e.Run) && e.Kind == (short)EventKind.Annotated && e.Data != "")
            .Select(static e => new ExportedEvent(e.Run, e.Attempt, e.EffectiveAt, e.Data)).ToListAsync(cancellationToken);
        notes.AddRange((await reader.ArchivedOfAsync(snapshot.Database, keys, long.MaxValue, int.MaxValue, cancellationToken))
            .Where(static e => e.Kind == (short)EventKind.Annotated && !e.IsErased).Select(static e => new ExportedEvent(e.Run, e.Attempt, e.EffectiveAt, e.Data)));
        return new(beside, rows.OrderBy(static r => r.Attempt).ToLookup(RunViews.Id), notes.ToLookup(static n => n.Run),
            new(rows, parents, r => meanings[(r.Key, r.Attempt)].IsPending(r), frozen));
    }

    /// <summary>What is told of an attempt. Its ids, and those that it leads to, are frozen by this.</summary>
    public ExportedRun View(Due due)
    {
        var row = due.Row;
        var ids = Identities.Freeze(row);
        var links = new List<ExportedLink>();
        var parent = Identities.ParentOf(row);
        if (parent is not null && Identities.Freeze(parent) is var above && above.SpanId != ids.ParentSpanId)
        {
            links.Add(new(LinkKinds.Parent, RunViews.Id(parent).Rendering, above.TraceId, above.SpanId));
        }
        foreach (var (kind, run) in _beside.Meanings.TargetsOf(row, _beside.Links[(row.Key, row.Attempt)]))
        {
            if (_attempts[run].ToList() is { Count: > 0 } attempts
                && References.AttemptAt(attempts, row.At, static r => (r.At, r.EndedAt)) is var target && (target.Key, target.Attempt) != (row.Key, row.Attempt))
            {
                var linked = Identities.Glance(target);
                links.Add(new(kind, run.Rendering, linked.TraceId, linked.SpanId));
            }
        }
        return new(due.Position, RunViews.View(row, _beside, Visible.Everything) with { TraceId = ids.TraceId }, ids, parent is null || links is [{ Kind: LinkKinds.Parent }, ..], links, NotesOf(row));
    }

    private List<ExportedNote> NotesOf(RunRow row)
    {
        var notes = new List<ExportedNote>();
        foreach (var e in _notes[row.Key])
        {
            if ((e.Attempt ?? References.AttemptAt(_attempts[RunViews.Id(row)].ToList(), e.At, static r => (r.At, r.EndedAt)).Attempt) == row.Attempt
                && EventData.FromJson(e.Data).Note is { Length: > 0 } note)
            {
                notes.Add(new(e.At, note));
            }
        }
        return notes;
    }
}

/// <summary>An annotation of a run.</summary>
internal sealed record ExportedEvent(long Run, int? Attempt, DateTimeOffset At, string Data);
