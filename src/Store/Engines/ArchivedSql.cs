using System.Data.Common;
using static ValueStream.Store.Engines.Column<ValueStream.Store.ArchivedEventRow>;

namespace ValueStream.Store.Engines;

/// <summary>The <c>archived_events</c> table in SQL.</summary>
internal static class ArchivedSql
{
    public const string Columns = "event_id, position, run, content";

    public static readonly Bulk<ArchivedEventRow> Insert = new("archived_events",
        Uuid("event_id", static e => e.EventId), Long("position", static e => e.Position), Long("run", static e => e.Run), Long("content", static e => e.Content));

    /// <summary>Reads a row of <see cref="Columns"/>.</summary>
    public static ArchivedEventRow Read(DbDataReader r) => new()
    {
        EventId = r.GetGuidOfEngine(0),
        Position = r.GetInt64(1),
        Run = r.GetInt64(2),
        Content = r.IsDBNull(3) ? null : r.GetInt64(3),
    };
}
