using ValueStream.Store.Engines;

namespace ValueStream.Store.Log;

/// <summary>
/// The only writer of events. Every append moves the one <c>log_head</c> row, so commit order is position order, positions
/// have no gaps, and "position &gt; checkpoint" is a complete read for every consumer. One caller at a time, but for one that has
/// given up waiting: what its append still does in the database no other append can mistake.
/// </summary>
internal sealed class EventLog(IEngine engine, KnownHead known, TimeProvider time)
{
    // The head as this process left it; null when it must be read. Another process may have moved it since: the database tells.
    private LogHeadRow? _head;

    /// <summary>Appends events in their order, in one transaction.</summary>
    /// <param name="events">The events. Their salts tell ours from another's when a commit's answer was lost and the append is tried again.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>A result for each event, in the same order.</returns>
    public async Task<AppendResult[]> AppendAsync(IReadOnlyList<Entry> events, CancellationToken cancellationToken)
    {
        // What fails may have been committed: only a look under the lock can tell.
        var head = Interlocked.Exchange(ref _head, null);
        if (head is not null)
        {
            var (results, rows, deliveries) = Plan(events, [], [], head, Now);
            var batch = BatchOf(rows, head);
            if (await engine.TryAppendAsync(head, batch, rows, deliveries, cancellationToken))
            {
                _head = HeadAfter(batch, rows, head);
                known.Reached(_head);
                return results;
            }
        }
        return await AppendCarefullyAsync(events, cancellationToken);
    }

    /// <summary>Appends events within a transaction that does something else as well.</summary>
    public async Task<AppendResult[]> AppendAsync(IReadOnlyList<Entry> events, Session session, CancellationToken cancellationToken) =>
        (await AppendCarefullyAsync(events, session, cancellationToken)).Results;

    private async Task<AppendResult[]> AppendCarefullyAsync(IReadOnlyList<Entry> events, CancellationToken cancellationToken)
    {
        await using var session = await engine.BeginAsync(cancellationToken);
        var (results, head) = await AppendCarefullyAsync(events, session, cancellationToken);
        await session.CommitAsync(cancellationToken);
        _head = head;
        known.Reached(head);
        return results;
    }

    /// <summary>With the head locked: looks up which ids are known, then appends the rest.</summary>
    private async Task<(AppendResult[] Results, LogHeadRow Head)> AppendCarefullyAsync(
        IReadOnlyList<Entry> events, Session session, CancellationToken cancellationToken)
    {
        var head = (await session.QueryAsync(
            $"SELECT {KnownHead.Columns}, {engine.Durable} FROM log_head WHERE id = 1{engine.ForUpdate}", KnownHead.Read, cancellationToken)).Single();
        await known.CheckAsync(head, session, cancellationToken);
        // Read under the head's lock, so that no other append can add one of these ids until this one is done.
        var ids = engine.Array(events.Select(static e => e.Event.EventId).Distinct());
        var stored = await session.QueryAsync(
            $"SELECT {EventSql.Columns} FROM events WHERE {engine.AnyId("event_id", "ids")}", EventSql.Read, cancellationToken, ("ids", ids));
        // Not in the statement that waited for the lock, which sees what was there before it waited.
        head.HasArchive = (await session.QueryAsync("SELECT last FROM segments LIMIT 1", static r => r.GetInt64(0), cancellationToken)).Count > 0;
        var archived = !head.HasArchive ? [] : await session.QueryAsync(
            $"SELECT {ArchivedSql.Columns} FROM archived_events WHERE {engine.AnyId("event_id", "ids")}", ArchivedSql.Read, cancellationToken, ("ids", ids));

        var (results, rows, deliveries) = Plan(events, stored, archived, head, Now);
        if (rows.Count == 0)
        {
            // "Stored" is a promise too. What is seen may have missed its standby (its wait was cancelled, or this server crashed in it):
            // a commit that changes something waits for everything before it.
            await session.ExecuteAsync("UPDATE log_head SET position = position WHERE id = 1", cancellationToken);
            return (results, head);
        }
        var batch = BatchOf(rows, head);
        await session.InsertAsync(EventSql.Insert, rows, "", "", cancellationToken);
        await session.InsertAsync(DeliverySql.Insert, deliveries, DeliverySql.OnConflict, "", cancellationToken);
        await session.ExecuteAsync("INSERT INTO batches (last, first, hash) VALUES (@last, @first, @hash)", cancellationToken,
            ("last", batch.Last), ("first", batch.First), ("hash", batch.Hash));
        await session.ExecuteAsync("UPDATE log_head SET position = @position, hash = @hash, recorded_at = @recordedAt WHERE id = 1", cancellationToken,
            ("position", batch.Last), ("hash", batch.Hash), ("recordedAt", Micros.Of(rows[^1].RecordedAt)));
        return (results, HeadAfter(batch, rows, head));
    }

    private DateTimeOffset Now => Micros.Truncate(time.GetUtcNow());

    private static BatchRow BatchOf(List<EventRow> rows, LogHeadRow head) => new()
    {
        First = rows[0].Position,
        Last = rows[^1].Position,
        Hash = HashChain.Batch(head.Hash, rows[0].Position, rows[^1].Position, rows.Select(static r => r.Digest)),
    };

    private static LogHeadRow HeadAfter(BatchRow batch, List<EventRow> rows, LogHeadRow head) =>
        new() { LogId = head.LogId, Epoch = head.Epoch, Position = batch.Last, Hash = batch.Hash, RecordedAt = rows[^1].RecordedAt, HasArchive = head.HasArchive };

    /// <summary>Decides, without touching anything, what becomes of each event.</summary>
    private static (AppendResult[] Results, List<EventRow> Rows, IReadOnlyList<DeliveryRow> Deliveries) Plan(
        IReadOnlyList<Entry> events, List<EventRow> known, List<ArchivedEventRow> archived, LogHeadRow head, DateTimeOffset now)
    {
        var byId = known.ToDictionary(static r => r.EventId);
        var archivedById = archived.ToDictionary(static r => r.EventId);
        var recordedAt = now > head.RecordedAt ? now : head.RecordedAt;
        var results = new AppendResult[events.Count];
        var rows = new List<EventRow>(events.Count);
        List<DeliveryRow>? deliveries = null;
        for (var i = 0; i < results.Length; i++)
        {
            var entry = events[i];
            if (byId.TryGetValue(entry.Event.EventId, out var stored))
            {
                results[i] =
                    stored.Salt.AsSpan().SequenceEqual(entry.Salt) ? new AppendResult.Accepted(stored.Position)
                    : entry.HasContentOf(stored) ? new AppendResult.Duplicate(stored.Position)
                    : new AppendResult.Conflict(stored.Position);
                continue;
            }
            if (archivedById.TryGetValue(entry.Event.EventId, out var gone))
            {
                results[i] = entry.HasContentOf(gone) ? new AppendResult.Duplicate(gone.Position) : new AppendResult.Conflict(gone.Position);
                continue;
            }
            var row = entry.ToRow(head.Position + rows.Count + 1, recordedAt);
            byId.Add(row.EventId, row);
            rows.Add(row);
            results[i] = new AppendResult.Accepted(row.Position);
            // Only of what is stored now: one that comes again must not bring back what was erased.
            if (entry.Event.Delivery is { } delivery)
            {
                (deliveries ??= []).Add(delivery.Row);
            }
        }
        return (results, rows, deliveries is null ? [] : [.. deliveries.DistinctBy(static d => Convert.ToHexString(d.Sha256))]);
    }
}
