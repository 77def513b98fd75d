using Npgsql;

namespace ValueStream.Store.Engines;

/// <summary>The connection of the log's writer, with its one statement prepared.</summary>
/// <remarks>What is archived is not in the way of an event's id; so where something is, the statement looks for it. A head that was read before the first archiving
/// is no more the log's after it, because each archiving moves it: then the statement writes nothing.</remarks>
internal sealed class PostgresWriter(NpgsqlConnection connection, bool hasArchive) : IAsyncDisposable
{
    // Places of parameters, before the text that counts them.
    private const int FirstOfEvents = 6;
    private static readonly int FirstOfDeliveries = FirstOfEvents + EventSql.Insert.Count;

    // The second column of events.
    private static readonly string NotArchived = $"AND NOT EXISTS (SELECT FROM archived_events WHERE event_id = ANY(${FirstOfEvents + 2}))";

    private static string Sql(bool hasArchive) => $"""
        WITH head AS (
          UPDATE log_head SET position = $1, hash = $2, recorded_at = $3 WHERE id = 1 AND position = $4 AND hash = $5 {(hasArchive ? NotArchived : "")} RETURNING {PostgresEngine.SynchronousCommit}),
        batch AS (INSERT INTO batches (last, first, hash) SELECT $1, $6, $2 FROM head),
        kept AS (
          INSERT INTO deliveries (sha256, received_at, body)
          SELECT {DeliverySql.Insert.PostgresRows(FirstOfDeliveries + 1)} FROM head {DeliverySql.OnConflict})
        INSERT INTO events ({EventSql.Columns}) SELECT {EventSql.Insert.PostgresRows(FirstOfEvents + 1)} FROM head
        """;

    private readonly NpgsqlParameter<long> _last = new();
    private readonly NpgsqlParameter<byte[]> _hash = new();
    private readonly NpgsqlParameter<long> _recordedAt = new();
    private readonly NpgsqlParameter<long> _position = new();
    private readonly NpgsqlParameter<byte[]> _was = new();
    private readonly NpgsqlParameter<long> _first = new();
    private readonly NpgsqlCommand _command = new(Sql(hasArchive), connection);
    private readonly Replication _replication = new(connection);

    /// <summary>Whether its statement looks for ids among what is archived.</summary>
    public bool HasArchive => hasArchive;

    /// <summary>Opens a connection and prepares the statement, where nothing between here and the database would lose it.</summary>
    public static async Task<PostgresWriter> OpenAsync(NpgsqlDataSource source, bool hasArchive, CancellationToken cancellationToken)
    {
        var writer = new PostgresWriter(await source.OpenConnectionAsync(cancellationToken), hasArchive);
        await writer.PrepareAsync(cancellationToken);
        return writer;
    }

    /// <summary>Sends a batch, which the database takes if the head is still the one given; the rest is as <see cref="IEngine.TryAppendAsync"/> has it.</summary>
    public async Task<bool> AppendAsync(
        LogHeadRow head, BatchRow batch, IReadOnlyList<EventRow> rows, IReadOnlyList<DeliveryRow> deliveries, CancellationToken cancellationToken)
    {
        _last.TypedValue = batch.Last;
        _hash.TypedValue = batch.Hash;
        _recordedAt.TypedValue = Micros.Of(rows[^1].RecordedAt);
        _position.TypedValue = head.Position;
        _was.TypedValue = head.Hash;
        _first.TypedValue = batch.First;
        EventSql.Insert.FillArrays(_command.Parameters, FirstOfEvents, rows);
        DeliverySql.Insert.FillArrays(_command.Parameters, FirstOfDeliveries, deliveries);
        var appended = await _command.ExecuteNonQueryAsync(cancellationToken) > 0;
        _replication.Check();
        return appended;
    }

    private async Task PrepareAsync(CancellationToken cancellationToken)
    {
        _command.Parameters.AddRange((NpgsqlParameter[])[_last, _hash, _recordedAt, _position, _was, _first]);
        EventSql.Insert.AddArrays(_command.Parameters, []);
        DeliverySql.Insert.AddArrays(_command.Parameters, []);
        // A pooler that gives each transaction another backend (PgBouncer) loses what was prepared. It shows by the backend's id,
        // which is not the one that was told at the connection's start.
        await using var ask = new NpgsqlCommand("SELECT pg_backend_pid()", connection);
        if (await ask.ExecuteScalarAsync(cancellationToken) is int backend && backend == connection.ProcessID)
        {
            await _command.PrepareAsync(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _command.DisposeAsync();
        await connection.DisposeAsync();
    }
}
