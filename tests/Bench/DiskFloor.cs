using System.Diagnostics;
using Microsoft.Data.Sqlite;

namespace ValueStream.Bench;

/// <summary>What the disk and SQLite do by themselves.</summary>
internal static class DiskFloor
{
    /// <summary>The median time of writing 4 kB and having it on disk, in seconds.</summary>
    public static double SyncSeconds()
    {
        var path = Path.Combine(Path.GetTempPath(), $"valuestream-bench-{Environment.ProcessId}");
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
        var block = new byte[4096];
        var times = new List<double>();
        for (var i = 0; i < 200; i++)
        {
            var began = Stopwatch.GetTimestamp();
            file.Write(block);
            file.Flush(flushToDisk: true);
            times.Add(Stopwatch.GetElapsedTime(began).TotalSeconds);
        }
        return Figure.Quantile([.. times.Order()], .5);
    }

    /// <summary>Rows a second committed one at a time, durably, into a table of the log's columns in the same file.</summary>
    public static double SqliteCommitsPerSecond(string connectionString, int seconds)
    {
        using var connection = new SqliteConnection(connectionString);
        connection.Open();
        Execute("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000");
        Execute("CREATE TABLE floor_one AS SELECT * FROM events LIMIT 0; CREATE UNIQUE INDEX floor_position ON floor_one (position); CREATE UNIQUE INDEX floor_id ON floor_one (event_id); CREATE INDEX floor_run ON floor_one (run, position)");
        using var insert = connection.CreateCommand();
        insert.CommandText = """
            INSERT INTO floor_one (position, event_id, kind, source, type, namespace, id, run, submitter, occurred_at, recorded_at, effective_at, salt, data, digest)
            SELECT @n, @id, kind, source, type, namespace, id, @run, submitter, occurred_at, recorded_at, effective_at, salt, data, digest FROM events WHERE position = 1
            """;
        var n = insert.Parameters.Add("@n", SqliteType.Integer);
        var id = insert.Parameters.Add("@id", SqliteType.Blob);
        var run = insert.Parameters.Add("@run", SqliteType.Integer);
        var rows = 0L;
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began).TotalSeconds < seconds)
        {
            n.Value = ++rows;
            id.Value = Guid.CreateVersion7().ToByteArray(bigEndian: true);
            run.Value = rows * 7919;
            insert.ExecuteNonQuery();
        }
        return rows / Stopwatch.GetElapsedTime(began).TotalSeconds;

        void Execute(string sql)
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            command.ExecuteNonQuery();
        }
    }
}
