using System.Data;
using System.Data.Common;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Win32.SafeHandles;

namespace ValueStream.Store.Engines;

/// <summary>SQLite: one server process, kept so by an OS lock on a file beside the database.</summary>
internal sealed class SqliteEngine : IEngine
{
    private const int UniqueViolation = 2067;

    // A log id, two numbers and a hash, with room.
    private const int HeadLength = 160;

    private readonly string _connectionString;
    private readonly string _path;

    // SQLite has one writer; waiting here is first come, first served, which its own busy handler is not.
    private readonly SemaphoreSlim _writing = new(1, 1);
    private FileStream? _lock;
    private Writer? _writer;

    public SqliteEngine(string connectionString)
    {
        var builder = new SqliteConnectionStringBuilder(connectionString) { DefaultTimeout = 30 };
        _path = Path.GetFullPath(builder.DataSource);
        builder.DataSource = _path;
        _connectionString = builder.ConnectionString;
    }

    public string Name => "SQLite";

    public string ArchiveFolder => Path.Combine(Path.GetDirectoryName(_path)!, "archive");

    /// <remarks>Appends wait while they are deleted, about 20 ms.</remarks>
    public int SegmentEvents => 1_000;

    /// <remarks>It keeps appends waiting, and 25 ms are the most.</remarks>
    public TimeSpan PassTime => TimeSpan.FromMilliseconds(20);

    public string ForUpdate => "";

    /// <remarks>Every commit does: see <see cref="OpenAsync"/>.</remarks>
    public string Durable => "NULL";

    public string Place => "''";

    /// <remarks>In the file that holds the lock, which no backup of the database brings back. It is written after the commit and not
    /// waited for: what it says is durable, though perhaps not the last.</remarks>
    public LogHeadRow? Recall()
    {
        var text = new byte[HeadLength];
        text = text[..RandomAccess.Read(Lock, text, 0)];
        return Encoding.ASCII.GetString(text).Split(' ') is [var id, var epoch, var position, var hash, ..]
            && Guid.TryParse(id, out var logId) && long.TryParse(epoch, CultureInfo.InvariantCulture, out var e) && long.TryParse(position, CultureInfo.InvariantCulture, out var p)
            && hash.Length == 64 && hash.All(char.IsAsciiHexDigit)
            ? new LogHeadRow { LogId = logId, Epoch = e, Position = p, Hash = Convert.FromHexString(hash) } : null;
    }

    public void Keep(LogHeadRow head) =>
        RandomAccess.Write(Lock, Encoding.ASCII.GetBytes($"{head.LogId} {head.Epoch} {head.Position} {Convert.ToHexStringLower(head.Hash)} ".PadRight(HeadLength)), 0);

    public string AnyOf(string column, string parameter) => $"{column} IN (SELECT value FROM json_each(@{parameter}))";

    public string AnyId(string column, string parameter) => $"{column} IN (SELECT unhex(value) FROM json_each(@{parameter}))";

    public object Array(IEnumerable<long> values) => JsonSerializer.Serialize(values);

    /// <remarks>JSON has no bytes: ids travel as hexadecimal text.</remarks>
    public object Array(IEnumerable<Guid> values) => JsonSerializer.Serialize(values.Select(static v => Convert.ToHexString(v.ToByteArray(true))));

    /// <remarks>A list is one parameter: as one each, five thousand keys take four times as long to prepare and bind as to look up.</remarks>
    public void Configure(DbContextOptionsBuilder options) =>
        options.UseSqlite(_connectionString, static o => o.MigrationsAssembly("ValueStream.Migrations.Sqlite").UseParameterizedCollectionMode(ParameterTranslationMode.Parameter));

    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
        try
        {
            _lock ??= new FileStream(_path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new DatabaseInUseException(
                $"Another server uses {_path} ({e.Message}). SQLite is for one server process: stop the other one, or give this one "
                + "a database of its own with ConnectionStrings__ValueStream='Data Source=other.db', or use Postgres for both.");
        }
        await using var connection = await OpenAsync(cancellationToken);
        await connection.ExecuteAsync(null, "PRAGMA journal_mode = WAL", cancellationToken);
        // A process killed while migrating leaves EF Core's lock behind. Nobody else can hold it: the file lock is ours.
        await using var exists = connection.Command(null, "SELECT count(*) FROM sqlite_master WHERE name = '__EFMigrationsLock'");
        if (await exists.ExecuteScalarAsync(cancellationToken) is > 0L)
        {
            await connection.ExecuteAsync(null, "DELETE FROM \"__EFMigrationsLock\"", cancellationToken);
        }
    }

    public async Task<Session> BeginAsync(CancellationToken cancellationToken, bool derived = false)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            var connection = await OpenAsync(cancellationToken, derived);
            return new SqliteSession(connection, connection.BeginTransaction(IsolationLevel.Serializable, deferred: false), _writing);
        }
        catch
        {
            _writing.Release();
            throw;
        }
    }

    public async Task<bool> TryAppendAsync(
        LogHeadRow head, BatchRow batch, IReadOnlyList<EventRow> rows, IReadOnlyList<DeliveryRow> deliveries, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            _writer ??= new Writer(await OpenAsync(cancellationToken));
            return _writer.Append(head, batch, rows, deliveries);
        }
        catch (SqliteException e) when (e.SqliteExtendedErrorCode == UniqueViolation)
        {
            return false;
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <remarks>Deferred, because the provider's own default would take the one write lock.</remarks>
    public ValueTask<DbTransaction> BeginReadAsync(DbConnection connection, CancellationToken cancellationToken) =>
        ValueTask.FromResult<DbTransaction>(((SqliteConnection)connection).BeginTransaction(deferred: true));

    /// <remarks>There is no LATERAL, but any number of recursive parts. CROSS JOIN keeps the order.</remarks>
    public string Walk(string seeds, IEnumerable<Step> steps) => $"""
        WITH RECURSIVE member(key, trace) AS ({seeds}
          {string.Join("\n  ", steps.Select(static s =>
              $"UNION SELECT {s.To} FROM member AS m CROSS JOIN {(s.By is { } by ? $"{by} AS r CROSS JOIN " : "")}{s.Next} AS next WHERE {(s.By is null ? "" : "r.key = m.key AND ")}{s.On}"))})
        """;

    public string? LookUps => null;

    public string Tagged(string slot, string parameter) =>
        $"SELECT DISTINCT key, attempt FROM run_tag_index_{slot} WHERE tag_id IN (SELECT value FROM json_each({parameter}))";

    public string Found(string slot, string parameter) => $"run_tag_index_{slot} AS t WHERE t.tag_id IN (SELECT value FROM json_each({parameter}))";

    public string IsFound(string slot, string parameter) =>
        $"EXISTS (SELECT 1 FROM run_tag_index_{slot} AS i WHERE i.tag_id IN (SELECT value FROM json_each({parameter})) AND i.key = t.key AND i.attempt = t.attempt)";

    public object TagArray(long[] tags) => JsonSerializer.Serialize(tags);

    public async Task<(long Events, long Batches)> DeleteArchivedAsync(Session session, SegmentRow segment, IEnumerable<long> erased, CancellationToken cancellationToken) =>
        (await session.ExecuteAsync($"DELETE FROM events WHERE position BETWEEN @first AND @last AND (data <> '' OR {AnyOf("position", "erased")})", cancellationToken,
            ("first", segment.First), ("last", segment.Last), ("erased", Array(erased))),
        await session.ExecuteAsync("DELETE FROM batches WHERE last BETWEEN @first AND @last", cancellationToken, ("first", segment.First), ("last", segment.Last)));

    public async Task<List<EventRow>> EventsAsync(long after, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(cancellationToken);
        await using var command = connection.Command(null, EventSql.After, ("@after", after), ("@limit", limit));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await EventSql.ReadAsync(reader, cancellationToken, EventSql.MostRead);
    }

    public async Task<List<EventRow>> HistoryAsync(IReadOnlyList<long> runs, long upTo, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(cancellationToken);
        await using var command = connection.Command(null,
            $"SELECT {EventSql.Columns} FROM events WHERE run = @run AND position <= @upTo ORDER BY position LIMIT @limit",
            ("@run", 0L), ("@upTo", upTo), ("@limit", limit));
        var events = new List<EventRow>();
        foreach (var run in runs)
        {
            command.Parameters[0].Value = run;
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                events.Add(EventSql.Read(reader));
            }
        }
        return events;
    }

    /// <remarks>The file lock has already decided.</remarks>
    public Task<long?> HoldLeadershipAsync(string holder, CancellationToken cancellationToken) => Task.FromResult<long?>(0);

    public Task ReleaseLeadershipAsync(string holder, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <remarks>18 is too big, 19 a broken constraint, 20 a wrong type.</remarks>
    public bool IsRefusal(Exception exception) => exception is SqliteException { SqliteErrorCode: 18 or 19 or 20 };

    public async ValueTask DisposeAsync()
    {
        _writer?.Dispose();
        using (var connection = new SqliteConnection(_connectionString))
        {
            SqliteConnection.ClearPool(connection);
        }
        if (_lock is not null)
        {
            await _lock.DisposeAsync();
        }
        _writing.Dispose();
    }

    private SafeFileHandle Lock => _lock?.SafeFileHandle ?? throw new InvalidOperationException("The database is not prepared.");

    private async Task<SqliteConnection> OpenAsync(CancellationToken cancellationToken, bool derived = false)
    {
        var connection = new SqliteConnection(_connectionString);
        await connection.OpenAsync(cancellationToken);
        // FULL: a commit is on disk before it is answered; NORMAL: with the next that is, in order. Larger checkpoints: fewer of them in ingest's way.
        await connection.ExecuteAsync(null, $"PRAGMA synchronous = {(derived ? "NORMAL" : "FULL")}; PRAGMA wal_autocheckpoint = 4000", cancellationToken);
        return connection;
    }

    /// <summary>The connection of the log's writer, with its statements prepared.</summary>
    private sealed class Writer : IDisposable
    {
        private readonly SqliteConnection _connection;
        private readonly SqliteCommand _head;
        private readonly SqliteCommand _batch;
        private readonly SqliteCommand _event;
        private readonly SqliteCommand _delivery;
        private readonly SqliteCommand _archived;

        public Writer(SqliteConnection connection)
        {
            _connection = connection;
            _head = Prepared("UPDATE log_head SET position = @last, hash = @hash, recorded_at = @recordedAt WHERE id = 1 AND position = @position AND hash = @was",
                "@last", "@hash", "@recordedAt", "@position", "@was");
            _batch = Prepared("INSERT INTO batches (last, first, hash) VALUES (@last, @first, @hash)", "@last", "@first", "@hash");
            _event = EventSql.Insert.SqliteCommand(connection);
            _delivery = DeliverySql.Insert.SqliteCommand(connection, DeliverySql.OnConflict);
            _archived = Prepared("SELECT 1 FROM archived_events WHERE event_id = @id", "@id");
        }

        public bool Append(LogHeadRow head, BatchRow batch, IReadOnlyList<EventRow> rows, IReadOnlyList<DeliveryRow> deliveries)
        {
            using var transaction = _connection.BeginTransaction(IsolationLevel.Serializable, deferred: false);
            if (head.HasArchive && rows.Any(r => IsArchived(r, transaction)))
            {
                return false;
            }
            if (Run(_head, transaction, batch.Last, batch.Hash, Micros.Of(rows[^1].RecordedAt), head.Position, head.Hash) == 0)
            {
                return false;
            }
            Run(_batch, transaction, batch.Last, batch.First, batch.Hash);
            EventSql.Insert.Sqlite(_event, transaction, rows);
            DeliverySql.Insert.Sqlite(_delivery, transaction, deliveries);
            transaction.Commit();
            return true;
        }

        public void Dispose()
        {
            _head.Dispose();
            _batch.Dispose();
            _event.Dispose();
            _delivery.Dispose();
            _archived.Dispose();
            _connection.Dispose();
        }

        private bool IsArchived(EventRow row, SqliteTransaction transaction)
        {
            _archived.Transaction = transaction;
            _archived.Parameters[0].Value = row.EventId.ToByteArray(bigEndian: true);
            return _archived.ExecuteScalar() is not null;
        }

        private SqliteCommand Prepared(string sql, params ReadOnlySpan<string> parameters)
        {
            var command = _connection.CreateCommand();
            command.CommandText = sql;
            foreach (var parameter in parameters)
            {
                command.Parameters.Add(new SqliteParameter { ParameterName = parameter });
            }
            command.Prepare();
            return command;
        }

        private static int Run(SqliteCommand command, SqliteTransaction transaction, params ReadOnlySpan<object> values)
        {
            command.Transaction = transaction;
            for (var i = 0; i < values.Length; i++)
            {
                command.Parameters[i].Value = values[i];
            }
            return command.ExecuteNonQuery();
        }
    }

    private sealed class SqliteSession(SqliteConnection connection, DbTransaction transaction, SemaphoreSlim writing) : Session(connection, transaction)
    {
        public override Task InsertAsync<T>(
            Bulk<T> bulk, IReadOnlyList<T> rows, string onConflict, string slot, CancellationToken cancellationToken)
        {
            if (rows.Count > 0)
            {
                using var command = bulk.SqliteCommand(connection, onConflict, slot);
                bulk.Sqlite(command, (SqliteTransaction)Transaction, rows);
            }
            return Task.CompletedTask;
        }

        public override Task InsertNewAsync<T>(Bulk<T> bulk, IReadOnlyList<T> rows, string slot, CancellationToken cancellationToken) =>
            InsertAsync(bulk, rows, "", slot, cancellationToken);

        public override async Task<List<TRow>> FindAsync<TKey, TRow>(
            Bulk<TKey> keys, IReadOnlyList<TKey> rows, string columns, string slot, Func<DbDataReader, TRow> read, CancellationToken cancellationToken)
        {
            await using var command = keys.Prepared(connection, $"SELECT {columns} FROM {keys.Table}{slot} AS t WHERE {keys.IsParameters}");
            command.Transaction = (SqliteTransaction)Transaction;
            var found = new List<TRow>();
            foreach (var row in rows)
            {
                keys.Fill(command, row);
                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                while (await reader.ReadAsync(cancellationToken))
                {
                    found.Add(read(reader));
                }
            }
            return found;
        }

        public override Task DeleteAsync<TKey>(Bulk<TKey> keys, IReadOnlyList<TKey> rows, string slot, CancellationToken cancellationToken)
        {
            if (rows.Count > 0)
            {
                using var command = keys.Prepared(connection, $"DELETE FROM {keys.Table}{slot} WHERE {keys.IsParameters}");
                keys.Sqlite(command, (SqliteTransaction)Transaction, rows);
            }
            return Task.CompletedTask;
        }

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            writing.Release();
        }
    }
}
