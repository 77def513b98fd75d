using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using ValueStream.Core.Wire;
using ValueStream.Testing;

namespace ValueStream.Bench;

/// <summary>Durable ingest over HTTP, load by wrk, against what the database does by itself in the same run.</summary>
internal static partial class IngestBench
{
    private const int Seconds = 10;

    // Of what has a budget three rounds are measured, and the median counts: the machine has neighbours, and is a fifth slower for some seconds.
    internal const int RoundSeconds = 5;
    // Until the just-in-time compiler, which shares the two cores with the load, is done with the code that is hot.
    internal const int WarmUpSeconds = 20;
    private const int Lines = 1_000_000;

    public static async IAsyncEnumerable<Figure> PostgresAsync()
    {
        using var database = await TestDatabase.PostgresAsync();
        if (database is null || !File.Exists("/usr/bin/wrk"))
        {
            yield return Figure.Missing("durable ingest, Postgres", "", "it needs Postgres with pgbench, and wrk");
            yield break;
        }
        var sync = DiskFloor.SyncSeconds();
        yield return new("fdatasync of 4 kB", "", Figure.Ms(sync), "median of 200");
        await using var server = await ServerProcess.StartAsync(database.ConnectionString);
        // The server's tables are there and it has nothing to do yet. As many rows as the log has, in the middle of what is measured against each; copied are as many each time as arrays bring in a round.
        var floor = await PostgresFloor.OneRowCommitsAsync(database.ConnectionString, RoundSeconds, 500_000);
        var copy = await PostgresFloor.CopyAsync(database.ConnectionString, 300_000, 2_000_000);
        // Ten connections that pause for 20 ms after each answer; before the others, of which the projector and the database have more to do afterwards than in all this time.
        await Wrk.PostAsync(server.Url, "one", 10, WarmUpSeconds, "19");
        var calm = await Wrk.PostAsync(server.Url, "one", 10, Seconds, "19");
        yield return new("one event at 500 a second", "p99 10 ms", $"p99 {Figure.Ms(calm.P99)}", $"{Count(calm.PerSecond)}/s, p50 {Figure.Ms(calm.P50)}");

        await Wrk.PostAsync(server.Url, "one", 64, WarmUpSeconds);
        var singles = new Dictionary<int, Wrk>();
        foreach (var connections in (int[])[1, 8])
        {
            singles[connections] = await Wrk.PostAsync(server.Url, "one", connections, Seconds);
        }
        foreach (var connections in (int[])[64, 256])
        {
            singles[connections] = await MedianAsync(server.Url, "one", connections);
        }
        foreach (var (connections, wrk) in singles)
        {
            yield return new(
                $"durable ingest, one event a request, {connections} connections, against pgbench committing one prepared row at a time with 8 clients",
                connections switch { 64 => "2.0 x", 256 => "2.3 x", _ => "" }, Ratio(wrk.PerSecond / floor),
                $"{Count(wrk.PerSecond)}/s against {Count(floor)}/s; p50 {Figure.Ms(wrk.P50)}, p99 {Figure.Ms(wrk.P99)}");
        }

        await Wrk.PostAsync(server.Url, "array", 4, WarmUpSeconds);
        var arrays = await MedianAsync(server.Url, "array", 4);
        yield return new("durable ingest, arrays of 500, 4 connections, against Npgsql's binary COPY of the same rows", "0.60 x",
            Ratio(arrays.PerSecond * 500 / copy), $"{Count(arrays.PerSecond * 500)}/s against {Count(copy)}/s; p50 {Figure.Ms(arrays.P50)}, p99 {Figure.Ms(arrays.P99)}");

        yield return new("resident memory of the server under that load", "250 MB", $"{PeakMegabytes(server.Id)} MB", "the most since its start");
        await CaughtUpAsync(server);
        yield return new("resident memory of the server until all of that was projected", "300 MB", $"{PeakMegabytes(server.Id)} MB", "the most since its start");
    }

    /// <summary>A million events as one stream, sent by curl, into a database of its own.</summary>
    public static async IAsyncEnumerable<Figure> StreamAsync()
    {
        using var database = await TestDatabase.PostgresAsync();
        if (database is null)
        {
            yield return Figure.Missing("one NDJSON stream of a million events", "", "it needs Postgres");
            yield break;
        }
        await using var server = await ServerProcess.StartAsync(database.ConnectionString);
        var file = Path.GetTempFileName();
        try
        {
            await using (var lines = new StreamWriter(file))
            {
                for (var i = 0; i < Lines / 2; i++)
                {
                    var run = $"\"run\":{{\"type\":\"pipeline\",\"id\":\"{Guid.CreateVersion7():n}\"}},\"occurredAt\":\"2026-03-02T12:00:00Z\"";
                    var tags = string.Join(',', Enumerable.Range(0, 15).Select(t => $"\"tag.number.{t}\":\"value {(t < 10 ? t : i % 1000)}\""));
                    await lines.WriteLineAsync($"{{\"eventId\":\"{Guid.CreateVersion7()}\",\"action\":\"start\",{run},\"actor\":\"alice\",\"tags\":{{{tags}}}}}");
                    await lines.WriteLineAsync($"{{\"eventId\":\"{Guid.CreateVersion7()}\",\"action\":\"end\",{run}}}");
                }
            }
            var began = Stopwatch.GetTimestamp();
            var answer = await Tool.RunAsync("curl", "-sS", "-T", file, "-X", "POST", "-H", "Content-Type: application/x-ndjson", $"{server.Url}/api/v1/events");
            var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
            if (!answer.Contains($"\"accepted\":{Lines},", StringComparison.Ordinal))
            {
                throw new InvalidOperationException($"Not every line was stored: {answer}");
            }
            yield return new("one NDJSON stream of a million events (half starts with 15 tags, half ends)", "", $"{Count(Lines / seconds)}/s", $"{seconds:0.0} s, resident memory of the server {PeakMegabytes(server.Id)} MB at the most");
            var size = await PostgresFloor.SizeAsync(database.ConnectionString, "events", "batches");
            yield return new("bytes an event on disk, the log with its indexes, 15 tags a run", "", $"{Count(size / (double)Lines)} B", "events and batches");
            await CaughtUpAsync(server);
            size = await PostgresFloor.SizeAsync(database.ConnectionString);
            var checking = Stopwatch.GetTimestamp();
            var verified = await Tool.RunAsync("curl", "-sS", "-X", "POST", $"{server.Url}/api/v1/log/verify");
            var check = Lines / Stopwatch.GetElapsedTime(checking).TotalSeconds;
            if (verified.Contains("fault", StringComparison.Ordinal))
            {
                throw new InvalidOperationException(verified);
            }
            var read = await PostgresFloor.ReadAsync(database.ConnectionString);
            yield return new("checking every digest and the chain of it, against Npgsql reading the same rows", "", Ratio(check / read), $"{Count(check)}/s against {Count(read)}/s");
            yield return new("bytes an event on disk, all tables and indexes, 15 tags a run", "1.5 kB", $"{Count(size / (double)Lines)} B", "when all is projected");
        }
        finally
        {
            File.Delete(file);
        }
    }

    public static async IAsyncEnumerable<Figure> SqliteAsync()
    {
        if (!File.Exists("/usr/bin/wrk"))
        {
            yield return Figure.Missing("durable ingest, SQLite", "3 x", "it needs wrk");
            yield break;
        }
        using var database = TestDatabase.Sqlite();
        await using var server = await ServerProcess.StartAsync(database.ConnectionString);
        // The floor's rows are copies of an event.
        await Wrk.PostAsync(server.Url, "one", 1, 1);
        var floor = DiskFloor.SqliteCommitsPerSecond(database.ConnectionString, Seconds);
        await Wrk.PostAsync(server.Url, "one", 64, WarmUpSeconds);
        var wrk = await Wrk.PostAsync(server.Url, "one", 64, Seconds);
        var arrays = await Wrk.PostAsync(server.Url, "array", 4, Seconds);
        yield return new("durable ingest, SQLite, one event a request, 64 connections, against its own one-row commits", "3 x",
            Ratio(wrk.PerSecond / floor), $"{Count(wrk.PerSecond)}/s against {Count(floor)}/s; p50 {Figure.Ms(wrk.P50)}, p99 {Figure.Ms(wrk.P99)}");
        yield return new("the same, arrays of 500, 4 connections", "", Ratio(arrays.PerSecond * 500 / floor), $"{Count(arrays.PerSecond * 500)}/s");
    }

    /// <summary>Of three rounds, one after the other, the one in the middle.</summary>
    internal static async Task<Wrk> MedianAsync(string server, string script, int connections)
    {
        var rounds = new List<Wrk>();
        for (var round = 0; round < 3; round++)
        {
            rounds.Add(await Wrk.PostAsync(server, script, connections, RoundSeconds));
        }
        return rounds.OrderBy(static r => r.PerSecond).ElementAt(1);
    }

    /// <summary>Waits until all that was accepted is projected.</summary>
    private static Task<long> CaughtUpAsync(ServerProcess server) => Until.AsksAsync(
        async () => (await server.Http.GetFromJsonAsync("/api/v1/projections", WireJson.Default.ListViewProjectionView))!.Items[0].LagEvents,
        static lag => lag == 0, TimeSpan.FromMinutes(5));

    internal static string Ratio(double ratio) => string.Create(CultureInfo.InvariantCulture, $"{ratio:0.00} x");

    internal static string Count(double number) => string.Create(CultureInfo.InvariantCulture, $"{number:n0}");

    /// <summary>The most memory that a process ever had, as Linux counts it.</summary>
    private static int PeakMegabytes(int process) =>
        int.Parse(Peak().Match(File.ReadAllText($"/proc/{process}/status")).Groups[1].Value, CultureInfo.InvariantCulture) / 1024;

    [GeneratedRegex(@"VmHWM:\s+(\d+) kB")]
    private static partial Regex Peak();
}
