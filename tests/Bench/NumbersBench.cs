using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using ValueStream.Core.Wire;
using ValueStream.Testing;

namespace ValueStream.Bench;

/// <summary>What a reader waits for the numbers, over realistic history of several lengths, served by a warm server one request after the other.</summary>
internal static class NumbersBench
{
    // Until the server has compiled what it uses most.
    private const int WarmUp = 200;
    private const int Requests = 100;

    private static readonly (string What, string Path, string Budget)[] Asked =
    [
        ("numbers of the busiest operation over 30 days", $"/api/v1/operations/{MadeUpHistory.Busiest}/metrics", "p95 20 ms"),
        ("numbers of an ordinary operation over 30 days", $"/api/v1/operations/{MadeUpHistory.Ordinary}/metrics", "p95 20 ms"),
        ("the same of the busiest by service", $"/api/v1/operations/{MadeUpHistory.Busiest}/metrics?by=service", ""),
        ("the same by a tag that is no dimension, newest 20,000 runs", $"/api/v1/operations/{MadeUpHistory.Busiest}/metrics?by=team", "p95 300 ms"),
        ("all operations", "/api/v1/operations", "p95 50 ms"),
        ("newest runs", "/api/v1/runs", "p95 50 ms"),
        ("newest runs of a tag", "/api/v1/runs?tag=region:region-3", "p95 50 ms"),
        ("Now page", "/", "p95 50 ms"),
        ("Operations page", "/operations", "p95 50 ms"),
        ("Operation page of the busiest", $"/operations/{MadeUpHistory.Busiest}", "p95 50 ms"),
        ("Runs page", "/runs", "p95 50 ms"),
        ("Runs page of the failed", "/runs?outcome=failure", "p95 50 ms"),
        ("Audit page", "/audit", "p95 50 ms"),
        ("System page", "/system", "p95 50 ms"),
    ];

    /// <summary>Questions of an auditor. The number is a rank, of which there are so many: the first is the most frequent.</summary>
    private static readonly (string What, int Ranks, Func<int, string> Path)[] Audited =
    [
        ("actor", 150, static i => $"actor=user-{i}"),
        ("operation", MadeUpHistory.Operations, static i => $"operation={MadeUpHistory.Key(i)}"),
        ("tag", 300, static i => $"tag=image:image-{i}"),
        ("words", 3_000, static i => $"q=feature-{i}"),
    ];

    /// <summary>100 thousand and a million events on Postgres, a million on SQLite.</summary>
    public static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        foreach (var events in (int[])[100_000, 1_000_000])
        {
            using var postgres = await TestDatabase.PostgresAsync();
            await foreach (var figure in MeasureAsync("Postgres", postgres, events))
            {
                yield return figure;
            }
        }
        using var sqlite = TestDatabase.Sqlite();
        await foreach (var figure in MeasureAsync("SQLite", sqlite, 1_000_000))
        {
            yield return figure;
        }
    }

    /// <summary>Ten million events on Postgres: some twenty minutes; less in a database that <c>VALUESTREAM_BENCH_DATABASE</c> names, which stays and is
    /// filled once.</summary>
    public static async IAsyncEnumerable<Figure> MeasureTenMillionAsync()
    {
        using var postgres = Environment.GetEnvironmentVariable("VALUESTREAM_BENCH_DATABASE") is { Length: > 0 } kept ? TestDatabase.At(kept) : await TestDatabase.PostgresAsync();
        await foreach (var figure in MeasureAsync("Postgres", postgres, 10_000_000))
        {
            yield return figure;
        }
    }

    private static async IAsyncEnumerable<Figure> MeasureAsync(string name, TestDatabase? database, int events)
    {
        var of = string.Create(CultureInfo.InvariantCulture, $"{name}, {events:n0} events");
        if (database is null)
        {
            yield return Figure.Missing($"numbers, {of}", "", "there is no Postgres");
            yield break;
        }
        await using (var store = await Filled.StartAsync(database.ConnectionString, new MadeUpHistory(events / 2, DateTimeOffset.UtcNow), apart: 20))
        {
            var began = Stopwatch.GetTimestamp();
            var rate = await store.ProjectAsync();
            if (Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(1))
            {
                // It was there already. After being filled it would be in the machine's memory.
                await PostgresFloor.ReadAllAsync(database.ConnectionString);
            }
            else
            {
                yield return new($"projection, {of}", "", string.Create(CultureInfo.InvariantCulture, $"{rate:n0}/s"), "while nothing else happens");
            }
        }
        await using var server = await ServerProcess.StartAsync(database.ConnectionString);
        foreach (var (what, path, budget) in Asked)
        {
            var times = new List<double>();
            for (var i = 0; i < WarmUp + Requests; i++)
            {
                var began = Stopwatch.GetTimestamp();
                await server.Http.GetByteArrayAsync(path);
                times.Add(Stopwatch.GetElapsedTime(began).TotalSeconds);
            }
            var first = times[0];
            times = [.. times.Skip(WarmUp).Order()];
            yield return new($"{what}, {of}", budget, $"p95 {Figure.Ms(Figure.Quantile(times, .95))}", $"p50 {Figure.Ms(Figure.Quantile(times, .5))}, the first {Figure.Ms(first)}");
        }
        var runs = await RunsAsync(server, events);
        foreach (var (what, ranks, path) in Audited.Append(("run", runs.Count, i => $"run={runs[i]}")))
        {
            // As many of the rare as of the frequent: ranks are even on a scale of their logarithms, and no question is asked twice in a row.
            var (random, times) = (new Random(1), new List<double>());
            for (var i = 0; i < WarmUp + Requests; i++)
            {
                var rank = (int)Math.Pow(ranks, random.NextDouble()) - 1;
                var began = Stopwatch.GetTimestamp();
                await server.Http.GetByteArrayAsync($"/api/v1/events?{path(rank)}");
                times.Add(Stopwatch.GetElapsedTime(began).TotalSeconds);
            }
            times = [.. times.Skip(WarmUp).Order()];
            yield return new($"first page of an audit query by {what}, {of}", "p95 50 ms", $"p95 {Figure.Ms(Figure.Quantile(times, .95))}", $"p50 {Figure.Ms(Figure.Quantile(times, .5))}, max {Figure.Ms(times[^1])}");
        }
        yield return await ExportAsync(server, of);
    }

    /// <summary>The keys of some runs from all over the log.</summary>
    private static async Task<List<string>> RunsAsync(ServerProcess server, int events)
    {
        var (random, keys) = (new Random(2), new List<string>());
        while (keys.Count < 500)
        {
            keys.Add((await server.Http.GetFromJsonAsync($"/api/v1/events/{random.Next(1, events)}", WireJson.Default.EventView))!.Key);
        }
        return keys;
    }

    /// <summary>The newest million events as NDJSON, or all where there are fewer.</summary>
    private static async Task<Figure> ExportAsync(ServerProcess server, string of)
    {
        const int Most = 1_000_000;
        var before = Tool.Resident(server.Id);
        var (most, lines) = (before, 0);
        var began = Stopwatch.GetTimestamp();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/events");
        request.Headers.Accept.ParseAdd("application/x-ndjson");
        using var response = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.EnsureSuccessStatusCode().Content.ReadAsStreamAsync());
        for (; lines < Most && await reader.ReadLineAsync() is not null; lines++)
        {
            most = lines % 10_000 == 0 ? Math.Max(most, Tool.Resident(server.Id)) : most;
        }
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        return new($"export of {lines.ToString("n0", CultureInfo.InvariantCulture)} events as NDJSON, {of}", "30 s; 100 MB more memory",
            string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0} s; {most - before} MB"), string.Create(CultureInfo.InvariantCulture, $"{lines / seconds:n0}/s"));
    }
}
