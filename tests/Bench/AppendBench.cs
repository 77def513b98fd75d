using System.Diagnostics;
using System.Globalization;
using Npgsql;
using NpgsqlTypes;
using ValueStream.Core.Events;
using ValueStream.Store;
using ValueStream.Store.Engines;
using ValueStream.Store.Log;
using ValueStream.Testing;

namespace ValueStream.Bench;

/// <summary>One writer that appends batch after batch to the log on Postgres: with the log's one statement over arrays, and with COPY in its place.</summary>
internal static class AppendBench
{
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(3);

    public static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        using var database = await TestDatabase.PostgresAsync();
        if (database is null)
        {
            yield return Figure.Missing("append by arrays against COPY", "", "it needs Postgres");
            yield break;
        }
        // A server makes the tables.
        var (exitCode, output) = await ServerProcess.RunAsync(database.ConnectionString, null, null, "--migrate-only");
        if (exitCode != 0)
        {
            throw new InvalidOperationException(output);
        }
        await using var engine = new PostgresEngine(database.ConnectionString);
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync();
        var head = await HeadAsync(connection);
        foreach (var size in (int[])[1, 8, 32, 128, 500, 2000])
        {
            var arrays = await RateAsync(size, (h, b, rows) => engine.TryAppendAsync(h, b, rows, [], CancellationToken.None));
            var copy = await RateAsync(size, (h, b, rows) => CopyAsync(connection, h, b, rows));
            yield return new($"appending batches of {size}, one writer: arrays against COPY", "",
                string.Create(CultureInfo.InvariantCulture, $"{arrays / copy:0.00} x"), string.Create(CultureInfo.InvariantCulture, $"{arrays:n0} against {copy:n0} events/s"));
        }

        async Task<double> RateAsync(int size, Func<LogHeadRow, BatchRow, List<EventRow>, Task<bool>> append)
        {
            var events = 0;
            TimeSpan spent = default;
            // The first second warms up.
            for (var total = TimeSpan.Zero; spent < Time;)
            {
                var rows = Enumerable.Range(1, size).Select(i => Row(head.Position + i)).ToList();
                var batch = new BatchRow { First = rows[0].Position, Last = rows[^1].Position, Hash = HashChain.Batch(head.Hash, rows[0].Position, rows[^1].Position, rows.Select(static r => r.Digest)) };
                var began = Stopwatch.GetTimestamp();
                if (!await append(head, batch, rows))
                {
                    throw new InvalidOperationException("The head was moved by somebody else.");
                }
                var took = Stopwatch.GetElapsedTime(began);
                head = new LogHeadRow { LogId = head.LogId, Position = batch.Last, Hash = batch.Hash, RecordedAt = rows[^1].RecordedAt };
                total += took;
                if (total > TimeSpan.FromSeconds(1))
                {
                    spent += took;
                    events += size;
                }
            }
            return events / spent.TotalSeconds;
        }
    }

    private static async Task<LogHeadRow> HeadAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand($"SELECT {KnownHead.Columns} FROM log_head", connection);
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return KnownHead.Read(reader);
    }

    private static EventRow Row(long position)
    {
        var now = DateTimeOffset.UtcNow;
        return new Entry(new NewEvent
        {
            EventId = Guid.CreateVersion7(),
            Kind = EventKind.Started,
            Run = new RunId(SourceNames.CustomHttp, "pipeline", "default", position.ToString(CultureInfo.InvariantCulture)),
            Submitter = "loopback",
            OccurredAt = now,
            ReceivedAt = now,
            Data = new EventData
            {
                Actor = "alice",
                Tags = Event.NoTags.Add("deployment.environment.name", "production").Add("host.name", "ci-runner-3").Add("os.type", "linux")
                    .Add("service", "api").Add("source", "gcloud").Add("user.name", "alice"),
            },
        }).ToRow(position, now);
    }

    /// <summary>The same transaction with COPY: head and batch in one round trip, then the rows, then the commit.</summary>
    private static async Task<bool> CopyAsync(NpgsqlConnection connection, LogHeadRow head, BatchRow batch, List<EventRow> rows)
    {
        await using var transaction = await connection.BeginTransactionAsync();
        await using var command = new NpgsqlCommand(
            "WITH head AS (UPDATE log_head SET position = $1, hash = $2, recorded_at = $3 WHERE id = 1 AND position = $4 AND hash = $5 RETURNING id) "
            + "INSERT INTO batches (last, first, hash) SELECT $1, $6, $2 FROM head", connection, transaction)
        {
            Parameters =
            {
                new() { Value = batch.Last }, new() { Value = batch.Hash }, new() { Value = Micros.Of(rows[^1].RecordedAt) },
                new() { Value = head.Position }, new() { Value = head.Hash }, new() { Value = batch.First },
            },
        };
        await command.PrepareAsync();
        if (await command.ExecuteNonQueryAsync() != 1)
        {
            return false;
        }
        await using (var copy = await connection.BeginBinaryImportAsync($"COPY events ({EventSql.Columns}) FROM STDIN (FORMAT BINARY)"))
        {
            foreach (var r in rows)
            {
                await copy.StartRowAsync();
                await copy.WriteAsync(r.Position, NpgsqlDbType.Bigint);
                await copy.WriteAsync(r.EventId, NpgsqlDbType.Uuid);
                await copy.WriteAsync(r.Kind, NpgsqlDbType.Smallint);
                await copy.WriteAsync(r.Source, NpgsqlDbType.Text);
                await copy.WriteAsync(r.Type, NpgsqlDbType.Text);
                await copy.WriteAsync(r.Namespace, NpgsqlDbType.Text);
                await copy.WriteAsync(r.Id, NpgsqlDbType.Text);
                await copy.WriteAsync(r.Run, NpgsqlDbType.Bigint);
                await copy.WriteNullAsync();
                await copy.WriteAsync(r.Submitter, NpgsqlDbType.Text);
                await copy.WriteAsync(Micros.Of(r.OccurredAt!.Value), NpgsqlDbType.Bigint);
                await copy.WriteAsync(Micros.Of(r.RecordedAt), NpgsqlDbType.Bigint);
                await copy.WriteAsync(Micros.Of(r.EffectiveAt), NpgsqlDbType.Bigint);
                await copy.WriteAsync(r.Salt, NpgsqlDbType.Bytea);
                await copy.WriteAsync(r.Data, NpgsqlDbType.Text);
                await copy.WriteAsync(r.Digest, NpgsqlDbType.Bytea);
            }
            await copy.CompleteAsync();
        }
        await transaction.CommitAsync();
        return true;
    }
}
