using System.Data.Common;
using Npgsql;

namespace ValueStream.Store.Engines;

/// <summary>A transaction of Postgres.</summary>
internal sealed class PostgresSession(NpgsqlConnection connection, DbTransaction transaction) : Session(connection, transaction)
{
    private readonly Replication _replication = new(connection);

    public override async Task CommitAsync(CancellationToken cancellationToken)
    {
        await base.CommitAsync(cancellationToken);
        _replication.Check();
    }

    public override async Task InsertAsync<T>(
        Bulk<T> bulk, IReadOnlyList<T> rows, string onConflict, string slot, CancellationToken cancellationToken)
    {
        if (rows.Count == 0)
        {
            return;
        }
        await using var batch = connection.CreateBatch();
        batch.Transaction = (NpgsqlTransaction)Transaction;
        batch.BatchCommands.Add(bulk.Postgres(rows, onConflict, slot));
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    public override Task InsertNewAsync<T>(Bulk<T> bulk, IReadOnlyList<T> rows, string slot, CancellationToken cancellationToken) =>
        rows.Count == 0 ? Task.CompletedTask : bulk.CopyAsync(connection, rows, slot, cancellationToken);

    public override async Task<List<TRow>> FindAsync<TKey, TRow>(
        Bulk<TKey> keys, IReadOnlyList<TKey> rows, string columns, string slot, Func<DbDataReader, TRow> read, CancellationToken cancellationToken)
    {
        var found = new List<TRow>();
        if (rows.Count == 0)
        {
            return found;
        }
        await using var command = new NpgsqlCommand(
            $"SELECT {columns} FROM unnest({keys.PostgresArrays(1)}) AS k({keys.Columns}) JOIN {keys.Table}{slot} AS t ON {keys.IsKey("t", "k")}", connection);
        keys.AddArrays(command.Parameters, rows);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            found.Add(read(reader));
        }
        return found;
    }

    public override async Task DeleteAsync<TKey>(Bulk<TKey> keys, IReadOnlyList<TKey> rows, string slot, CancellationToken cancellationToken)
    {
        if (rows.Count > 0)
        {
            await using var command = new NpgsqlCommand(
                $"DELETE FROM {keys.Table}{slot} AS t USING unnest({keys.PostgresArrays(1)}) AS k({keys.Columns}) WHERE {keys.IsKey("t", "k")}", connection);
            keys.AddArrays(command.Parameters, rows);
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }
}
