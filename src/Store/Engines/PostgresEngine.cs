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

    /// <summary>Only <c>off</c> is overruled: with any other setting a commit is on the disk, and which standbys it waits for is the operator's
    /// choice. For the transaction alone, and within a statement that is sent anyway: a setting of the session would not survive a pooler.</summary>
    public const string SynchronousCommit =
        "CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', true) END";

    /// <summary>The projector looks up what it has the keys of, thousands at a time. A planner would read whole tables for it while they are small, or
    /// it has no statistics, with as many processes as it may.</summary>
    private const string Derived = "; SET LOCAL synchronous_commit = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_seqscan = off"
        + "; SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL jit = off";

    private const string Now = "(extract(epoch from clock_timestamp()) * 1000000)::bigint";

    /// <summary>Ends the transactions that have changed a checkpoint: those of the leader before. Postgres ends an idle one by itself, but not
    /// one whose process sleeps with a message half sent, which it waits for.</summary>
    private const string EndDeposed = """
        SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
        WHERE l.relation = 'checkpoints'::regclass AND l.mode = 'RowExclusiveLock' AND l.granted AND l.pid <> pg_backend_pid()
            AND a.datname = current_database() AND a.usename = current_user
        """;

    private readonly NpgsqlDataSource _source = SourceOf(connectionString);
    private PostgresWriter? _writer;

    public string Name => "Postgres";

    /// <remarks>The database is elsewhere; this is where a server without settings has its data.</remarks>
    public string ArchiveFolder => Path.Combine("data", "archive");

    public int SegmentEvents => 5_000;

    /// <remarks>Nobody waits for it but whoever looks at the pages, and the more runs it has, the more of them share a rollup's row.</remarks>
    public TimeSpan PassTime => TimeSpan.FromMilliseconds(300);

    public string ForUpdate => " FOR UPDATE";

    public string Durable => SynchronousCommit;

    /// <remarks>The cluster, the database and the table within it. A dump that is read in makes another table at least. A base backup does
    /// not, wherever it is restored.</remarks>
    public string Place =>
        "(SELECT system_identifier FROM pg_control_system()) || '/' || (SELECT oid FROM pg_database WHERE datname = current_database()) || '/' || 'log_head'::regclass::oid";

    public LogHeadRow? Recall() => null;

    /// <remarks>A server need not have a disk; while it runs, it knows.</remarks>
    public void Keep(LogHeadRow head)
    {
    }

    public string AnyOf(string column, string parameter) => $"{column} = ANY(@{parameter})";

    public string AnyId(string column, string parameter) => AnyOf(column, parameter);

    public object Array(IEnumerable<long> values) => values.ToArray();

    public object Array(IEnumerable<Guid> values) => values.ToArray();

    public void Configure(DbContextOptionsBuilder options) =>
        options.UseNpgsql(_source, static o => o.MigrationsAssembly("ValueStream.Migrations.Postgres"));

    public Task PrepareAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<Session> BeginAsync(CancellationToken cancellationToken, bool derived = false)
    {
        var connection = await _source.OpenConnectionAsync(cancellationToken);
        try
        {
            var transaction = await connection.BeginTransactionAsync(cancellationToken);
            // A process that is paused between two statements loses its transaction, and with it the rows it has locked.
            await connection.ExecuteAsync(transaction,
                $"SET LOCAL idle_in_transaction_session_timeout = '3s'{(derived ? Derived : "")}", cancellationToken);
            return new PostgresSession(connection, transaction);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <remarks>One statement, so one round trip and one transaction: it moves the head where that is still the one known, and
    /// inserts what hangs on it.</remarks>
    public async Task<bool> TryAppendAsync(
        LogHeadRow head, BatchRow batch, IReadOnlyList<EventRow> rows, IReadOnlyList<DeliveryRow> deliveries, CancellationToken cancellationToken)
    {
        // Nobody else's while it is in use: an append that was given up may still be waiting for its answer.
        var writer = Interlocked.Exchange(ref _writer, null);
        if (writer is not null && writer.HasArchive != head.HasArchive)
        {
            await writer.DisposeAsync();
            writer = null;
        }
        writer ??= await PostgresWriter.OpenAsync(_source, head.HasArchive, cancellationToken);
        bool appended;
        try
        {
            appended = await writer.AppendAsync(head, batch, rows, deliveries, cancellationToken);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            appended = false;
        }
        catch
        {
            // Whatever state the connection is in, the next append opens another.
            await writer.DisposeAsync();
            throw;
        }
        if (Interlocked.CompareExchange(ref _writer, writer, null) is not null)
        {
            await writer.DisposeAsync();
        }
        return appended;
    }

    /// <remarks>
    /// How far a walk goes is not to be foreseen. Taken for a long one it would be compiled, for a second, before it runs for a millisecond. And rows of old days lie far apart on a disk that
    /// can read many at once: of what nobody has set, the usual 1 before Postgres 18, more are asked for ahead. Where it cannot, it is 0.
    /// </remarks>
    public async ValueTask<DbTransaction> BeginReadAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        await connection.ExecuteAsync(transaction, """
            SELECT set_config('jit', 'off', true),
              CASE current_setting('effective_io_concurrency') WHEN '1' THEN set_config('effective_io_concurrency', '100', true) END
            """, cancellationToken);
        return transaction;
    }

    /// <remarks>Only one part may name what is recursive. OFFSET 0 keeps each look-up by itself and in this order, whatever the planner knows of
    /// the tables: of ones that were empty when it last looked, or never looked at, it would read all for every member.</remarks>
    public string Walk(string seeds, IEnumerable<Step> steps) => $"""
        WITH RECURSIVE member(key, trace) AS ({seeds} UNION SELECT step.key, step.trace FROM member AS m CROSS JOIN LATERAL (
          {string.Join("\n  UNION ALL ", steps.GroupBy(static s => s.By, static s => $"(SELECT {s.To} FROM {s.Next} AS next WHERE {s.On} OFFSET 0)").Select(static from =>
              from.Key is { } by
                  ? $"SELECT found.* FROM (SELECT * FROM {by} WHERE key = m.key OFFSET 0) AS r CROSS JOIN LATERAL ({string.Join("\n    UNION ALL ", from)}) AS found"
                  : string.Join("\n  UNION ALL ", from)))}) AS step(key, trace))
        """;

    /// <remarks>With old statistics or none, as after many spans at once, a look-up of many keys would read whole tables, and gather workers for it.</remarks>
    public string LookUps => """
        SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;
        SET LOCAL max_parallel_workers_per_gather = 0
        """;

    public string Tagged(string slot, string parameter) => $"SELECT key, attempt FROM run_tags_{slot} WHERE ids && {parameter}";

    public string Found(string slot, string parameter) => $"run_tags_{slot} AS t WHERE {IsFound(slot, parameter)}";

    public string IsFound(string slot, string parameter) => $"t.ids && {parameter}";

    public object TagArray(long[] tags) => tags;

    /// <remarks>By a function of the schema's owner: a server's role may delete nothing by itself.</remarks>
    public async Task<(long Events, long Batches)> DeleteArchivedAsync(Session session, SegmentRow segment, IEnumerable<long> erased, CancellationToken cancellationToken) =>
        (await session.QueryAsync("SELECT gone_events, gone_batches FROM delete_archived(@segment, @erased)", static r => (r.GetInt64(0), r.GetInt64(1)), cancellationToken,
            ("segment", segment.Last), ("erased", Array(erased)))).Single();

    public Task<List<EventRow>> EventsAsync(long after, int limit, CancellationToken cancellationToken) =>
        ReadEventsAsync(EventSql.After.Replace("@after", "$1", StringComparison.Ordinal).Replace("@limit", "$2", StringComparison.Ordinal), EventSql.MostRead, cancellationToken, after, limit);

    /// <remarks>By <c>position + 0</c>, which no index is in the order of: a planner without statistics would walk the whole log in order of
    /// position to find a run's few events.</remarks>
    public Task<List<EventRow>> HistoryAsync(IReadOnlyList<long> runs, long upTo, int limit, CancellationToken cancellationToken) => ReadEventsAsync($"""
        SELECT e.* FROM unnest($1) AS r(run) CROSS JOIN LATERAL (
          SELECT {EventSql.Columns} FROM events WHERE events.run = r.run AND position <= $2 ORDER BY position + 0 LIMIT $3) AS e
        """, int.MaxValue, cancellationToken, runs.ToArray(), upTo, limit);

    private async Task<List<EventRow>> ReadEventsAsync(string sql, int most, CancellationToken cancellationToken, params object[] parameters)
    {
        await using var batch = _source.CreateBatch();
        // In one round trip and one transaction: compiling what looks like much work would take longer than the work.
        batch.BatchCommands.Add(new NpgsqlBatchCommand("SELECT set_config('jit', 'off', true)"));
        var command = new NpgsqlBatchCommand(sql);
        command.Parameters.AddRange(System.Array.ConvertAll(parameters, static p => new NpgsqlParameter { Value = p }));
        batch.BatchCommands.Add(command);
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        return await EventSql.ReadAsync(reader, cancellationToken, most);
    }

    /// <remarks>The database decides who leads, by its own clock. A leader that sleeps past its lease is kept from writing by the
    /// epoch in the checkpoints, which the next leader has moved before it reads. One that sleeps within a pass has them locked:
    /// its transaction is ended.</remarks>
    public async Task<long?> HoldLeadershipAsync(string holder, CancellationToken cancellationToken)
    {
        await using var session = await BeginAsync(cancellationToken);
        var taken = await session.QueryAsync($"""
            UPDATE leadership SET holder = @holder, expires_at = {Now} + @time, epoch = CASE WHEN holder = @holder THEN epoch ELSE epoch + 1 END
            WHERE id = 1 AND (holder = @holder OR expires_at < {Now}) RETURNING epoch, (SELECT holder <> @holder FROM leadership WHERE id = 1)
            """, static r => (Epoch: r.GetInt64(0), IsNew: r.GetBoolean(1)), cancellationToken, ("holder", holder), ("time", LeaseTime.Ticks / TimeSpan.TicksPerMicrosecond));
        if (taken is not [var (epoch, isNew)])
        {
            return null;
        }
        if (isNew)
        {
            await session.QueryAsync(EndDeposed, static r => r.GetBoolean(0), cancellationToken);
        }
        await session.ExecuteAsync("UPDATE checkpoints SET epoch = @epoch WHERE epoch < @epoch", cancellationToken, ("epoch", epoch));
        await session.CommitAsync(cancellationToken);
        return epoch;
    }

    public async Task ReleaseLeadershipAsync(string holder, CancellationToken cancellationToken)
    {
        await using var command = _source.CreateCommand("UPDATE leadership SET expires_at = 0 WHERE id = 1 AND holder = @holder");
        command.Parameters.AddWithValue("holder", holder);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <remarks>Class 22 is bad data, 23 a broken constraint, 54 a limit exceeded.</remarks>
    public bool IsRefusal(Exception exception) => exception is PostgresException { SqlState: ['2', '2' or '3', ..] or ['5', '4', ..] };

    public async ValueTask DisposeAsync()
    {
        await (_writer?.DisposeAsync() ?? ValueTask.CompletedTask);
        await _source.DisposeAsync();
    }

    private static NpgsqlDataSource SourceOf(string connectionString)
    {
        var builder = new NpgsqlDataSourceBuilder(connectionString);
        var settings = builder.ConnectionStringBuilder;
        // The driver would take 15 s: longer than anybody waits for an answer.
        settings.Timeout = Given("Timeout", settings.Timeout, 5);
        // The driver would take 10 s to notice that a standby was promoted.
        settings.HostRecheckSeconds = Given("Host Recheck Seconds", settings.HostRecheckSeconds, 2);
        // The server writes: of several hosts only the primary will do, whatever else was asked for.
        settings.TargetSessionAttributes = null;
        return settings.Host!.Contains(',', StringComparison.Ordinal)
            ? builder.BuildMultiHost().WithTargetSession(TargetSessionAttributes.Primary)
            : builder.Build();

        int Given(string name, int given, int otherwise) => settings.ShouldSerialize(name) ? given : otherwise;
    }
}
