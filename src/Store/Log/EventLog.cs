using System.Security.Cryptography;
using ValueStream.Core.Events;
using ValueStream.Store.Engines;

namespace ValueStream.Store.Log;

/// <summary>
/// The only writer of events. Every append moves the one <c>log_head</c> row, so commit order is position order, positions
/// have no gaps, and "position &gt; checkpoint" is a complete read for every consumer. One caller at a time.
/// </summary>
internal sealed class EventLog(IEngine engine, TimeProvider time)
{
    // The head as this process left it; null when it must be read. Another process may have moved it since: the database tells.
    private LogHeadRow? _head;

    /// <summary>Appends events in their order, in one transaction.</summary>
    /// <param name="events">The events, with the salts they will be stored with: they tell ours from another's when a commit's
    /// answer was lost and the append is tried again.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>A result for each event, in the same order.</returns>
    public async Task<IReadOnlyList<AppendResult>> AppendAsync(IReadOnlyList<Salted> events, CancellationToken cancellationToken)
    {
        // What fails may have been committed: only a look under the lock can tell.
        var head = Interlocked.Exchange(ref _head, null);
        if (head is not null)
        {
            var (results, rows) = Plan(events, [], head, Now);
            var batch = BatchOf(rows, head);
            if (await engine.TryAppendAsync(head, batch, rows, cancellationToken))
            {
                _head = HeadAfter(batch, rows, head);
                return results;
            }
        }
        return await AppendCarefullyAsync(events, cancellationToken);
    }

    /// <summary>With the head locked: looks up which ids are known, then appends the rest.</summary>
    private async Task<IReadOnlyList<AppendResult>> AppendCarefullyAsync(IReadOnlyList<Salted> events, CancellationToken cancellationToken)
    {
        await using var session = await engine.BeginAsync(cancellationToken);
        var head = (await session.QueryAsync($"SELECT position, hash, recorded_at, log_id FROM log_head WHERE id = 1{engine.ForUpdate}", static r =>
            new LogHeadRow
            {
                Position = r.GetInt64(0),
                Hash = r.GetFieldValue<byte[]>(1),
                RecordedAt = Micros.ToTime(r.GetInt64(2)),
                LogId = r.GetGuidOfEngine(3),
            }, cancellationToken)).Single();
        // Read under the head's lock, so that no other append can add one of these ids until this one is done.
        var known = await session.QueryAsync(
            $"SELECT {EventSql.Columns} FROM events WHERE {engine.AnyId("event_id", "ids")}", EventSql.Read, cancellationToken,
            ("ids", engine.Array(events.Select(static e => e.Event.EventId).Distinct())));

        var (results, rows) = Plan(events, known, head, Now);
        if (rows.Count > 0)
        {
            var batch = BatchOf(rows, head);
            await session.InsertAsync(EventSql.Insert, rows, "", "", cancellationToken);
            await session.ExecuteAsync("INSERT INTO batches (last, first, hash) VALUES (@last, @first, @hash)", cancellationToken,
                ("last", batch.Last), ("first", batch.First), ("hash", batch.Hash));
            await session.ExecuteAsync("UPDATE log_head SET position = @position, hash = @hash, recorded_at = @recordedAt WHERE id = 1", cancellationToken,
                ("position", batch.Last), ("hash", batch.Hash), ("recordedAt", Micros.Of(rows[^1].RecordedAt)));
            await session.CommitAsync(cancellationToken);
            head = HeadAfter(batch, rows, head);
        }
        _head = head;
        return results;
    }

    private DateTimeOffset Now => Micros.Truncate(time.GetUtcNow());

    private static BatchRow BatchOf(List<EventRow> rows, LogHeadRow head) => new()
    {
        First = rows[0].Position,
        Last = rows[^1].Position,
        Hash = HashChain.Batch(head.Hash, rows[0].Position, rows[^1].Position, rows.Select(static r => r.Digest)),
    };

    private static LogHeadRow HeadAfter(BatchRow batch, List<EventRow> rows, LogHeadRow head) =>
        new() { LogId = head.LogId, Position = batch.Last, Hash = batch.Hash, RecordedAt = rows[^1].RecordedAt };

    /// <summary>Decides, without touching anything, what becomes of each event.</summary>
    private static (List<AppendResult> Results, List<EventRow> Rows) Plan(
        IReadOnlyList<Salted> events, List<EventRow> known, LogHeadRow head, DateTimeOffset now)
    {
        var byId = known.ToDictionary(static r => r.EventId);
        var recordedAt = now > head.RecordedAt ? now : head.RecordedAt;
        var results = new List<AppendResult>(events.Count);
        var rows = new List<EventRow>(events.Count);
        foreach (var (e, salt) in events)
        {
            if (byId.TryGetValue(e.EventId, out var stored))
            {
                results.Add(
                    stored.Salt.AsSpan().SequenceEqual(salt) ? new AppendResult.Accepted(stored.Position)
                    : SameContent(e, stored) ? new AppendResult.Duplicate(stored.Position)
                    : new AppendResult.Conflict(stored.Position));
                continue;
            }
            var row = ToRow(e, salt, head.Position + rows.Count + 1, recordedAt);
            byId.Add(row.EventId, row);
            rows.Add(row);
            results.Add(new AppendResult.Accepted(row.Position));
        }
        return (results, rows);
    }

    private static EventRow ToRow(NewEvent e, byte[] salt, long position, DateTimeOffset recordedAt)
    {
        var row = new EventRow
        {
            Position = position,
            EventId = e.EventId,
            Kind = (short)e.Kind,
            Source = e.Run.Source,
            Type = e.Run.Type,
            Namespace = e.Run.Namespace,
            Id = e.Run.Id,
            Run = e.Run.Key.Value,
            Attempt = e.Attempt,
            Submitter = e.Submitter,
            OccurredAt = e.OccurredAt is { } occurredAt ? Micros.Truncate(occurredAt) : null,
            RecordedAt = recordedAt,
            EffectiveAt = Micros.Truncate(e.EffectiveAt),
            Salt = salt,
            Data = e.Data.ToJson(),
            Digest = [],
        };
        row.Digest = HashChain.Digest(row);
        return row;
    }

    /// <summary>Content is what the sender said: kind, identity, attempt, its time and its data.</summary>
    private static bool SameContent(NewEvent e, EventRow stored) =>
        (short)e.Kind == stored.Kind
        && e.Run.Equals(new RunId(stored.Source, stored.Type, stored.Namespace, stored.Id))
        && e.Attempt == stored.Attempt
        && (e.OccurredAt is { } occurredAt ? Micros.Truncate(occurredAt) : null) == stored.OccurredAt
        && e.Data.ContentJson() == EventData.FromJson(stored.Data).ContentJson();
}

/// <summary>An event with the random bytes that keep its erased data from being guessed from its digest.</summary>
/// <param name="Event">The event.</param>
/// <param name="Salt">16 random bytes.</param>
internal readonly record struct Salted(NewEvent Event, byte[] Salt)
{
    /// <summary>Salts an event.</summary>
    public static Salted Of(NewEvent e) => new(e, RandomNumberGenerator.GetBytes(HashChain.SaltLength));
}
