using System.Diagnostics;
using System.Globalization;
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
            var rate = await store.ProjectAsync();
            yield return new($"projection, {of}", "", string.Create(CultureInfo.InvariantCulture, $"{rate:n0}/s"), "while nothing else happens");
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
    }
}
