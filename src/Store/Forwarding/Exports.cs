using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Events;
using ValueStream.Store.Engines;
using ValueStream.Store.Log;
using ValueStream.Store.Queries;

namespace ValueStream.Store.Forwarding;

/// <summary>
/// Reads from the log which finished runs a tracer is to be told of, and freezes the ids under which it is. A run is due where its last event
/// is, so that of a backlog each is told once, as it is now; one that changes later is due again there.
/// </summary>
public sealed class Exports
{
    /// <summary>So long after its end a run waits for a parent that it names and that is not known yet.</summary>
    public static readonly TimeSpan ParentWait = TimeSpan.FromSeconds(30);

    private static readonly Bulk<ExportRow> Insert = new("exports",
        Column<ExportRow>.Long("key", static e => e.Key), Column<ExportRow>.Int("attempt", static e => e.Attempt), Column<ExportRow>.Bytes("trace_id", static e => e.TraceId),
        Column<ExportRow>.Bytes("span_id", static e => e.SpanId), Column<ExportRow>.Bytes("parent_span_id", static e => e.ParentSpanId));

    private static readonly Bulk<ExportRow> Keys = new("exports",
        Column<ExportRow>.Long("key", static e => e.Key), Column<ExportRow>.Int("attempt", static e => e.Attempt));

    private readonly Snapshot.Source _snapshots;
    private readonly LogReader _reader;
    private readonly IEngine _engine;
    private readonly TimeProvider _time;

    internal Exports(Snapshot.Source snapshots, LogReader reader, IEngine engine, TimeProvider time) => (_snapshots, _reader, _engine, _time) = (snapshots, reader, engine, time);

    /// <summary>What comes after a position, as far as the projections have read.</summary>
    /// <param name="after">The position.</param>
    /// <param name="limit">How many events are looked at, at most.</param>
    /// <param name="filter">Which runs count.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<ExportBatch> ReadAsync(long after, int limit, ExportFilter filter, CancellationToken cancellationToken)
    {
        while (true)
        {
            ExportBatch batch;
            IReadOnlyList<ExportRow> fresh;
            await using (var snapshot = await _snapshots.OpenAsync(cancellationToken))
            {
                (batch, fresh) = await ReadAsync(snapshot, after, limit, filter, cancellationToken);
            }
            if (await FreezeAsync(fresh, cancellationToken))
            {
                return batch;
            }
            // Another reader was first, with other ids: its ids hold.
        }
    }

    /// <summary>The ids under which an attempt went out, or will; null where nothing of it did.</summary>
    public async Task<SpanIdentity?> FindAsync(ShortKey run, int attempt, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        return await snapshot.Database.Exports.AsNoTracking().SingleOrDefaultAsync(e => e.Key == run.Value && e.Attempt == attempt, cancellationToken) is { } row
            ? Identities.Of(row) : null;
    }

    private async Task<(ExportBatch Batch, IReadOnlyList<ExportRow> Fresh)> ReadAsync(
        Snapshot snapshot, long after, int limit, ExportFilter filter, CancellationToken cancellationToken)
    {
        await snapshot.LookUpAsync(cancellationToken);
        var to = snapshot.Live.Position;
        var archived = await _reader.ArchivedAfterAsync(snapshot.Database, after, limit, cancellationToken);
        var events = archived.Count > 0 ? archived.ConvertAll(static e => new { e.Position, e.Run, e.RecordedAt })
            : await snapshot.Database.Events.AsNoTracking().Where(e => e.Position > after && e.Position <= to).OrderBy(static e => e.Position).Take(limit)
                .Select(static e => new { e.Position, e.Run, e.RecordedAt }).ToListAsync(cancellationToken);
        if (events.Count == 0)
        {
            return (new(after, after, [], false, false), []);
        }
        // After what is archived there is always more.
        var isFull = events.Count == limit || archived.Count > 0;
        if (isFull && events.FindIndex(e => e.RecordedAt == events[^1].RecordedAt) is > 0 and var whole)
        {
            // What was recorded at one time is looked at together, so that a run is not due twice.
            events.RemoveRange(whole, events.Count - whole);
        }
        to = events[^1].Position;
        // What was recorded last of an attempt is at one of these positions, or at a later one where it will be due.
        var positions = events.GroupBy(static e => (e.Run, e.RecordedAt)).ToDictionary(static g => g.Key, static g => g.Max(static e => e.Position));
        var keys = events.Select(static e => e.Run).Distinct().ToArray();
        var due = (await snapshot.Runs.Where(r => keys.Contains(r.Key) && r.EndedAt != null).ToListAsync(cancellationToken))
            .Where(r => filter.Includes(r.Namespace, r.Name, r.IsImported))
            .Select(r => new Due(r, positions.GetValueOrDefault((r.Key, r.LastSignAt)))).Where(static d => d.Position > 0).ToList();
        due.AddRange(await LateChildrenAsync(snapshot, due, filter, cancellationToken));
        due = [.. due.DistinctBy(static d => (d.Row.Key, d.Row.Attempt)).OrderBy(static d => d.Position)];
        var runs = await ExportedRuns.LoadAsync(snapshot, _reader, due, cancellationToken);
        var now = _time.GetUtcNow();
        var waits = due.FindIndex(d => d.Row.EndRecordedAt + ParentWait > now && runs.Identities.IsPending(d.Row));
        if (waits >= 0)
        {
            to = due[waits].Position - 1;
            due = due.FindAll(d => d.Position <= to);
        }
        var batch = new ExportBatch(after, to, due.ConvertAll(runs.View), isFull && waits < 0, waits >= 0);
        return (batch, runs.Identities.Fresh);
    }

    /// <summary>Of runs that ended before their parent was heard of, those that went out without it: with their parent they go again, to be linked.</summary>
    private static async Task<IEnumerable<Due>> LateChildrenAsync(Snapshot snapshot, List<Due> due, ExportFilter filter, CancellationToken cancellationToken)
    {
        var parents = due.Select(static d => d.Row.Key).Distinct().ToArray();
        var names = snapshot.Runs.Where(p => parents.Contains(p.Key)).Select(static p => new { p.Reference, p.Key, p.StartRecordedAt })
            .Concat(snapshot.RunAliases.Where(a => parents.Contains(a.Key)).Join(snapshot.Runs, static a => a.Key, static p => p.Key, static (a, p) => new { a.Reference, p.Key, p.StartRecordedAt }));
        var children = await names.Join(snapshot.Runs, static n => n.Reference, static c => c.ParentReference, static (n, c) => new { Parent = n.Key, n.StartRecordedAt, Row = c })
            .Where(c => c.Row.EndRecordedAt < c.StartRecordedAt && snapshot.Database.Exports.Any(e => e.Key == c.Row.Key && e.Attempt == c.Row.Attempt)).ToListAsync(cancellationToken);
        var positions = due.ToLookup(static d => d.Row.Key, static d => d.Position);
        return children.Where(c => filter.Includes(c.Row.Namespace, c.Row.Name, c.Row.IsImported)).Select(c => new Due(c.Row, positions[c.Parent].Max()));
    }

    /// <summary>Writes ids; false where others stand there.</summary>
    private async Task<bool> FreezeAsync(IReadOnlyList<ExportRow> rows, CancellationToken cancellationToken)
    {
        if (rows.Count == 0)
        {
            return true;
        }
        await using var session = await _engine.BeginAsync(cancellationToken);
        await session.InsertAsync(Insert, rows, "ON CONFLICT (key, attempt) DO NOTHING", "", cancellationToken);
        var frozen = (await session.FindAsync(Keys, rows, "t.key, t.attempt, t.trace_id, t.span_id, t.parent_span_id", "", Read, cancellationToken)).ToDictionary(static e => (e.Key, e.Attempt), Identities.Of);
        await session.CommitAsync(cancellationToken);
        return rows.All(r => frozen[(r.Key, r.Attempt)] == Identities.Of(r));
    }

    private static ExportRow Read(DbDataReader row) => new()
    {
        Key = row.GetInt64(0),
        Attempt = row.GetInt32(1),
        TraceId = row.GetFieldValue<byte[]>(2),
        SpanId = row.GetFieldValue<byte[]>(3),
        ParentSpanId = row.IsDBNull(4) ? null : row.GetFieldValue<byte[]>(4),
    };
}

/// <summary>An attempt that is to be told, and the position because of which it is.</summary>
internal sealed record Due(RunRow Row, long Position);
