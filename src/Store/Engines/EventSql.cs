using System.Data.Common;
using static ValueStream.Store.Engines.Column<ValueStream.Store.EventRow>;

namespace ValueStream.Store.Engines;

/// <summary>The <c>events</c> table in SQL: one list of columns for writing and for reading.</summary>
internal static class EventSql
{
    public const string Columns =
        "position, event_id, kind, source, type, namespace, id, run, attempt, submitter, occurred_at, recorded_at, effective_at, salt, data, digest";

    public static readonly Bulk<EventRow> Insert = new("events",
        Long("position", static e => e.Position), Uuid("event_id", static e => e.EventId), Short("kind", static e => e.Kind),
        Text("source", static e => e.Source), Text("type", static e => e.Type), Text("namespace", static e => e.Namespace),
        Text("id", static e => e.Id), Long("run", static e => e.Run), Int("attempt", static e => e.Attempt),
        Text("submitter", static e => e.Submitter), Time("occurred_at", static e => e.OccurredAt),
        Time("recorded_at", static e => e.RecordedAt), Time("effective_at", static e => e.EffectiveAt),
        Bytes("salt", static e => e.Salt), Text("data", static e => e.Data), Bytes("digest", static e => e.Digest));

    /// <summary>SQL: the events after a position.</summary>
    public const string After = $"SELECT {Columns} FROM events WHERE position > @after ORDER BY position LIMIT @limit";

    /// <summary>Characters of data after which no more events are read at once: a few thousand of 256 kB each would be gigabytes.</summary>
    public const int MostRead = 8 << 20;

    /// <summary>Reads rows of <see cref="Columns"/>.</summary>
    /// <param name="reader">The rows.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <param name="most">It stops with the event by which their data exceed so many characters.</param>
    public static async Task<List<EventRow>> ReadAsync(DbDataReader reader, CancellationToken cancellationToken, int most = int.MaxValue)
    {
        var events = new List<EventRow>();
        for (var size = 0L; size <= most && await reader.ReadAsync(cancellationToken); size += events[^1].Data.Length)
        {
            events.Add(Read(reader));
        }
        return events;
    }

    /// <summary>Reads a row of <see cref="Columns"/>.</summary>
    public static EventRow Read(DbDataReader r) => new()
    {
        Position = r.GetInt64(0),
        EventId = r.GetGuidOfEngine(1),
        Kind = r.GetInt16(2),
        Source = r.GetString(3),
        Type = r.GetString(4),
        Namespace = r.GetString(5),
        Id = r.GetString(6),
        Run = r.GetInt64(7),
        Attempt = r.IsDBNull(8) ? null : r.GetInt32(8),
        Submitter = r.GetString(9),
        OccurredAt = r.IsDBNull(10) ? null : Micros.ToTime(r.GetInt64(10)),
        RecordedAt = Micros.ToTime(r.GetInt64(11)),
        EffectiveAt = Micros.ToTime(r.GetInt64(12)),
        Salt = r.GetFieldValue<byte[]>(13),
        Data = r.GetString(14),
        Digest = r.GetFieldValue<byte[]>(15),
    };

    /// <summary>A UUID: a type of its own on Postgres, 16 bytes on SQLite.</summary>
    public static Guid GetGuidOfEngine(this DbDataReader reader, int column) =>
        reader.GetFieldType(column) == typeof(Guid) ? reader.GetGuid(column) : new Guid(reader.GetFieldValue<byte[]>(column), bigEndian: true);
}
