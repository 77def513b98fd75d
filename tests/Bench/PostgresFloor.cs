using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Npgsql;
using NpgsqlTypes;

namespace ValueStream.Bench;

/// <summary>What the database itself can do with rows of the log's shape: the figures that ingest is held against.</summary>
internal static partial class PostgresFloor
{
    private const string Data = """
        {"actor":"alice","tags":{"deployment.environment.name":"production","host.name":"ci-runner-3","os.type":"linux","service":"api","source":"gcloud","user.name":"alice"},"derived":{"name":"api"}}
        """;

    /// <summary>Rows a second that pgbench commits one at a time, prepared, with 8 clients, into a table of the log's columns and indexes; the median of three rounds.</summary>
    /// <param name="connectionString">A database that has the log's tables.</param>
    /// <param name="seconds">For how long each round.</param>
    /// <param name="size">Rows that the table has before.</param>
    public static async Task<double> OneRowCommitsAsync(string connectionString, int seconds, int size)
    {
        await FillAsync(connectionString, "floor_one", size);
        await ExecuteAsync(connectionString, $"CREATE SEQUENCE floor_position START {size + 1}");
        var script = Path.GetTempFileName();
        await File.WriteAllTextAsync(script, $"""
            {Insert("floor_one")} nextval('floor_position') AS n;
            """);
        try
        {
            var database = new NpgsqlConnectionStringBuilder(connectionString);
            var pgbench = Directory.EnumerateFiles("/usr/lib/postgresql", "pgbench", SearchOption.AllDirectories).Order().Last();
            var rounds = new List<double>();
            for (var round = 0; round < 3; round++)
            {
                var output = await Tool.RunAsync(pgbench, "-h", database.Host!, "-p", $"{database.Port}", "-U", database.Username!, "-n", "-M", "prepared", "-c", "8", "-j", "2",
                    "-T", $"{seconds}", "-f", script, database.Database!);
                rounds.Add(double.Parse(Tps().Match(output).Groups[1].Value, CultureInfo.InvariantCulture));
            }
            return rounds.Order().ElementAt(1);
        }
        finally
        {
            File.Delete(script);
            await ExecuteAsync(connectionString, "DROP TABLE floor_one");
        }
    }

    /// <summary>Rows a second of one binary COPY into such a table; the median of three, one after the other.</summary>
    /// <param name="connectionString">A database that has the log's tables.</param>
    /// <param name="rows">Rows to copy each time.</param>
    /// <param name="size">Rows that the table has before.</param>
    public static async Task<double> CopyAsync(string connectionString, int rows, int size)
    {
        await FillAsync(connectionString, "floor_copy", size);
        var rounds = new List<double>();
        for (var round = 0; round < 3; round++)
        {
            rounds.Add(await CopyOnceAsync(connectionString, rows, size + (long)round * rows));
        }
        await ExecuteAsync(connectionString, "DROP TABLE floor_copy");
        return rounds.Order().ElementAt(1);
    }

    private static async Task<double> CopyOnceAsync(string connectionString, int rows, long after)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        var salt = RandomNumberGenerator.GetBytes(16);
        var digest = RandomNumberGenerator.GetBytes(32);
        var began = Stopwatch.GetTimestamp();
        await using (var copy = await connection.BeginBinaryImportAsync(
            "COPY floor_copy (position, event_id, kind, source, type, namespace, id, run, submitter, occurred_at, recorded_at, effective_at, salt, data, digest) FROM STDIN (FORMAT BINARY)"))
        {
            for (var i = after + 1; i <= after + rows; i++)
            {
                await copy.StartRowAsync();
                await copy.WriteAsync(i, NpgsqlDbType.Bigint);
                await copy.WriteAsync(Guid.CreateVersion7(), NpgsqlDbType.Uuid);
                await copy.WriteAsync((short)0, NpgsqlDbType.Smallint);
                await copy.WriteAsync("customhttp", NpgsqlDbType.Text);
                await copy.WriteAsync("pipeline", NpgsqlDbType.Text);
                await copy.WriteAsync("default", NpgsqlDbType.Text);
                await copy.WriteAsync("d4kq2v0m5l3c7s1n9p8g", NpgsqlDbType.Text);
                // Anywhere in the index of runs, as a hash.
                await copy.WriteAsync(unchecked(i * -7046029254386353131), NpgsqlDbType.Bigint);
                await copy.WriteAsync("loopback", NpgsqlDbType.Text);
                await copy.WriteAsync(1772452800123456, NpgsqlDbType.Bigint);
                await copy.WriteAsync(1772452800123456, NpgsqlDbType.Bigint);
                await copy.WriteAsync(1772452800123456, NpgsqlDbType.Bigint);
                await copy.WriteAsync(salt, NpgsqlDbType.Bytea);
                await copy.WriteAsync(Data, NpgsqlDbType.Text);
                await copy.WriteAsync(digest, NpgsqlDbType.Bytea);
            }
            await copy.CompleteAsync();
        }
        return rows / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    /// <summary>Rows a second that one connection reads of the log, in order, every column.</summary>
    public static async Task<double> ReadAsync(string connectionString)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT * FROM events ORDER BY position", connection);
        var began = Stopwatch.GetTimestamp();
        await using var reader = await command.ExecuteReaderAsync();
        var (rows, values) = (0L, new object[reader.FieldCount]);
        for (; await reader.ReadAsync(); rows++)
        {
            reader.GetValues(values);
        }
        return rows / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    /// <summary>Bytes on disk of some tables with their indexes and long values; of all where none is named.</summary>
    public static async Task<long> SizeAsync(string connectionString, params string[] tables)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            "SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND (cardinality($1) = 0 OR relname = ANY($1))", connection);
        command.Parameters.AddWithValue(tables);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Has the operating system read every table and index, so that it keeps what its memory holds of them.</summary>
    public static Task ReadAllAsync(string connectionString) => ExecuteAsync(connectionString, """
        CREATE EXTENSION IF NOT EXISTS pg_prewarm;
        SELECT pg_prewarm(oid, 'read') FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i');
        """);

    /// <summary>A table of the log's columns and indexes that is as large as the log is when it is measured.</summary>
    private static Task FillAsync(string connectionString, string table, int rows) =>
        ExecuteAsync(connectionString, $"CREATE TABLE {table} (LIKE events INCLUDING ALL); {Insert(table)} generate_series(1, {rows}) AS n");

    // Runs as the log has them: the first 64 bits of a hash, which lie anywhere in their index.
    private static string Insert(string table) => $"""
        INSERT INTO {table} (position, event_id, kind, source, type, namespace, id, run, submitter, occurred_at, recorded_at, effective_at, salt, data, digest)
        SELECT n, ('0198c0de-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 0, 'customhttp', 'pipeline', 'default', 'd4kq2v0m5l3c7s1n9p8g', hashint8extended(n, 0),
          'loopback', 1772452800123456, 1772452800123456, 1772452800123456, '\x000102030405060708090a0b0c0d0e0f', '{Data}',
          '\x000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f' FROM
        """;

    private static async Task ExecuteAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync();
    }

    [GeneratedRegex(@"tps = ([\d.]+)")]
    private static partial Regex Tps();
}
