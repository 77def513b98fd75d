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

    // What it is when the append that is on its way is done, unless that fails.
    private LogHeadRow? _coming;

    /// <summary>Begins the next batch while one is on its way: its events are given their places behind that. Null when nobody can say where these are.</summary>
    public Draft? Ahead() => Volatile.Read(ref _coming) is { } head ? new Draft(head) : null;

    /// <summary>Appends events in their order, in one transaction.</summary>
    /// <param name="events">The events. Their salts tell ours from another's when a commit's answer was lost and the append is tried again.</param>
    /// <param name="draft">All of them, given their places before; null when they were not.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>A result for each event, in the same order.</returns>
    public async Task<List<AppendResult>> AppendAsync(IReadOnlyList<Entry> events, Draft? draft, CancellationToken cancellationToken)
    {
        // What fails may have been committed: only a look under the lock can tell.
        var head = Interlocked.Exchange(ref _head, null);
        if (head is not null)
        {
            if (draft?.Head != head)
            {
                draft = new Draft(head);
                Add(draft, events);
            }
            var batch = BatchOf(draft);
            var after = HeadAfter(batch, draft);
            Volatile.Write(ref _coming, after);
            if (await engine.TryAppendAsync(head, batch, draft.Rows, draft.Deliveries, cancellationToken))
            {
                _head = after;
                known.Reached(after);
                return draft.Results;
            }
        }
        return await AppendCarefullyAsync(events, cancellationToken);
    }

    /// <summary>Appends events within a transaction that does something else as well.</summary>
    public async Task<List<AppendResult>> AppendAsync(IReadOnlyList<Entry> events, Session session, CancellationToken cancellationToken) =>
        (await AppendCarefullyAsync(events, session, cancellationToken)).Results;

    private async Task<List<AppendResult>> AppendCarefullyAsync(IReadOnlyList<Entry> events, CancellationToken cancellationToken)
    {
        await using var session = await engine.BeginAsync(cancellationToken);
        var (results, head) = await AppendCarefullyAsync(events, session, cancellationToken);
        await session.CommitAsync(cancellationToken);
        _head = head;
        known.Reached(head);
        return results;
    }

    /// <summary>With the head locked: looks up which ids are known, then appends the rest.</summary>
    private async Task<(List<AppendResult> Results, LogHeadRow Head)> AppendCarefullyAsync(
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

        var draft = new Draft(head, stored, archived);
        Add(draft, events);
        if (draft.Rows.Count == 0)
        {
            // "Stored" is a promise too. What is seen may have missed its standby (its wait was cancelled, or this server crashed in it):
            // a commit that changes something waits for everything before it.
            await session.ExecuteAsync("UPDATE log_head SET position = position WHERE id = 1", cancellationToken);
            return (draft.Results, head);
        }
        var batch = BatchOf(draft);
        await session.InsertAsync(EventSql.Insert, draft.Rows, "", "", cancellationToken);
        await session.InsertAsync(DeliverySql.Insert, draft.Deliveries, DeliverySql.OnConflict, "", cancellationToken);
        await session.ExecuteAsync("INSERT INTO batches (last, first, hash) VALUES (@last, @first, @hash)", cancellationToken,
            ("last", batch.Last), ("first", batch.First), ("hash", batch.Hash));
        await session.ExecuteAsync("UPDATE log_head SET position = @position, hash = @hash, recorded_at = @recordedAt WHERE id = 1", cancellationToken,
            ("position", batch.Last), ("hash", batch.Hash), ("recordedAt", Micros.Of(draft.Rows[^1].RecordedAt)));
        return (draft.Results, HeadAfter(batch, draft));
    }

    /// <summary>Adds events to a batch, as recorded now.</summary>
    public void Add(Draft draft, IReadOnlyList<Entry> events) => draft.Add(events, Micros.Truncate(time.GetUtcNow()));

    private static BatchRow BatchOf(Draft draft) => new()
    {
        First = draft.Rows[0].Position,
        Last = draft.Rows[^1].Position,
        Hash = HashChain.Batch(draft.Head.Hash, draft.Rows[0].Position, draft.Rows[^1].Position, draft.Rows.Select(static r => r.Digest)),
    };

    private static LogHeadRow HeadAfter(BatchRow batch, Draft draft) => new()
    {
        LogId = draft.Head.LogId,
        Epoch = draft.Head.Epoch,
        Position = batch.Last,
        Hash = batch.Hash,
        RecordedAt = draft.Rows[^1].RecordedAt,
        HasArchive = draft.Head.HasArchive,
    };
}
