using System.Data;
using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace ValueStream.Store.Engines;

/// <summary>Postgres: many servers, coordinated by rows on the database's clock.</summary>
internal sealed class PostgresEngine(string connectionString) : IEngine
{
    /// <summary>How long a lease holds without renewal.</summary>
    public static readonly TimeSpan LeaseTime = TimeSpan.FromSeconds(6);

    private const string Now = "(extract(epoch from clock_timestamp()) * 1000000)::bigint";

    private readonly NpgsqlDataSource _source = new NpgsqlDataSourceBuilder(connectionString).Build();

    public string Name => "Postgres";

    public string ForUpdate => " FOR UPDATE";

    public string AnyOf(string column, string parameter) => $"{column} = ANY(@{parameter})";

    public string AnyId(string column, string parameter) => AnyOf(column, parameter);

    public object Array(IEnumerable<long> values) => values.ToArray();

    public object Array(IEnumerable<Guid> values) => values.ToArray();

    public void Configure(DbContextOptionsBuilder options) =>
        options.UseNpgsql(_source, static o => o.MigrationsAssembly("ValueStream.Migrations.Postgres"));

    public Task PrepareAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<Session> BeginAsync(CancellationToken cancellationToken)
    {
        var connection = await _source.OpenConnectionAsync(cancellationToken);
        try
        {
            var transaction = await connection.BeginTransactionAsync(cancellationToken);
            // A process that is paused between two statements loses its transaction, and with it the rows it has locked.
            await connection.ExecuteAsync(transaction, "SET LOCAL idle_in_transaction_session_timeout = '3s'", cancellationToken);
            return new PostgresSession(connection, transaction);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public ValueTask<DbTransaction> BeginReadAsync(DbConnection connection, CancellationToken cancellationToken) =>
        connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);

    public async Task<List<EventRow>> HistoryAsync(IReadOnlyList<long> runs, long upTo, int limit, CancellationToken cancellationToken)
    {
        await using var command = _source.CreateCommand($"""
            SELECT e.* FROM unnest(@runs) AS r(run) CROSS JOIN LATERAL (
              SELECT {EventSql.Columns} FROM events WHERE events.run = r.run AND position <= @upTo ORDER BY position LIMIT @limit) AS e
            """);
        command.Parameters.AddWithValue("runs", runs.ToArray());
        command.Parameters.AddWithValue("upTo", upTo);
        command.Parameters.AddWithValue("limit", limit);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var events = new List<EventRow>();
        while (await reader.ReadAsync(cancellationToken))
        {
            events.Add(EventSql.Read(reader));
        }
        return events;
    }

    /// <remarks>The database decides who leads, by its own clock. A leader that sleeps past its lease is kept from writing by the
    /// epoch in the checkpoints, which the next leader has moved before it reads.</remarks>
    public async Task<long?> HoldLeadershipAsync(string holder, CancellationToken cancellationToken)
    {
        await using var session = await BeginAsync(cancellationToken);
        var taken = await session.QueryAsync($"""
            UPDATE leadership SET holder = @holder, expires_at = {Now} + @time, epoch = CASE WHEN holder = @holder THEN epoch ELSE epoch + 1 END
            WHERE id = 1 AND (holder = @holder OR expires_at < {Now}) RETURNING epoch
            """, static r => r.GetInt64(0), cancellationToken, ("holder", holder), ("time", LeaseTime.Ticks / TimeSpan.TicksPerMicrosecond));
        if (taken.Count == 0)
        {
            return null;
        }
        await session.ExecuteAsync("UPDATE checkpoints SET epoch = @epoch WHERE epoch < @epoch", cancellationToken, ("epoch", taken[0]));
        await session.CommitAsync(cancellationToken);
        return taken[0];
    }

    public async Task ReleaseLeadershipAsync(string holder, CancellationToken cancellationToken)
    {
        await using var command = _source.CreateCommand("UPDATE leadership SET expires_at = 0 WHERE id = 1 AND holder = @holder");
        command.Parameters.AddWithValue("holder", holder);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <remarks>Class 22 is bad data, 23 a broken constraint, 54 a limit exceeded.</remarks>
    public bool IsRefusal(Exception exception) => exception is PostgresException { SqlState: ['2', '2' or '3', ..] or ['5', '4', ..] };

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    private sealed class PostgresSession(NpgsqlConnection connection, DbTransaction transaction) : Session(connection, transaction)
    {
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
    }
}
