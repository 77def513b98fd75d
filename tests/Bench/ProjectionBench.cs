using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using ValueStream.Store;
using ValueStream.Store.Log;
using ValueStream.Store.Projections;
using ValueStream.Store.Queries;
using ValueStream.Testing;

namespace ValueStream.Bench;

/// <summary>How fast the log becomes what people look at, against how fast it grows.</summary>
internal static class ProjectionBench
{
    private const int Runs = 150_000;
    // As ingest is warmed up until the just-in-time compiler is done, so is this.
    private const int RunsToWarmUp = 30_000;
    private const int Seconds = 10;

    public static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        var ingest = await IngestAsync();
        await WarmUpAsync();
        foreach (var (what, apart, budget) in ((string, int, string)[])[("ends soon after starts", 20, "1.2 x"), ("ends far from starts", Runs, "0.7 x")])
        {
            using var database = await TestDatabase.PostgresAsync();
            if (database is null || ingest is null)
            {
                yield return Figure.Missing($"projection, 15 tags a run, {what}", budget, "it needs Postgres and wrk");
                continue;
            }
            await using var store = await Filled.StartAsync(database.ConnectionString, new MadeUpHistory(Runs, DateTimeOffset.UtcNow), apart);
            var rate = await store.ProjectAsync();
            yield return new($"projection, all projections, 15 tags a run, {what}, against one-event ingest at 64 connections", budget,
                string.Create(CultureInfo.InvariantCulture, $"{rate / ingest.Value:0.00} x"), $"{Count(rate)}/s against {Count(ingest.Value)}/s, {Count(2 * Runs)} events");
            var size = await PostgresFloor.SizeAsync(database.ConnectionString);
            var log = await PostgresFloor.SizeAsync(database.ConnectionString, "events", "batches");
            yield return new($"bytes an event on disk, all tables and indexes, 15 tags a run, {what}", "1.5 kB", $"{Count(size / (2.0 * Runs))} B", $"{Count(log / (2.0 * Runs))} B of it the log");
            yield return new($"rebuild, {what}", "", $"{Count(await store.RebuildAsync())}/s", "while nothing else happens");
        }
    }

    private static async Task WarmUpAsync()
    {
        using var database = await TestDatabase.PostgresAsync();
        if (database is not null)
        {
            await using var store = await Filled.StartAsync(database.ConnectionString, new MadeUpHistory(RunsToWarmUp, DateTimeOffset.UtcNow), RunsToWarmUp);
            await store.ProjectAsync();
        }
    }

    /// <summary>Events a second of one-event ingest with the projector at work; null where it cannot be measured.</summary>
    private static async Task<double?> IngestAsync()
    {
        using var database = await TestDatabase.PostgresAsync();
        if (database is null || !File.Exists("/usr/bin/wrk"))
        {
            return null;
        }
        await using var server = await ServerProcess.StartAsync(database.ConnectionString);
        await Wrk.PostAsync(server.Url, "one", 64, 2 * Seconds);
        return (await Wrk.PostAsync(server.Url, "one", 64, Seconds)).PerSecond;
    }

    private static string Count(double number) => string.Create(CultureInfo.InvariantCulture, $"{number:n0}");
}

/// <summary>A store in this process whose log was filled and whose projections wait to be told.</summary>
internal sealed class Filled : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly long _events;

    private Filled(ServiceProvider services, long events) => (_services, _events) = (services, events);

    /// <summary>Fills a new database's log; what is in it already is taken to be this history.</summary>
    public static Task<Filled> StartAsync(string connectionString, MadeUpHistory history, int apart) => StartAsync(connectionString, history.Events(apart));

    /// <summary>Fills a new database's log; what is in it already is taken to be this history.</summary>
    public static async Task<Filled> StartAsync(string connectionString, IEnumerable<NewEvent> history)
    {
        var services = new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System).AddStore(connectionString).BuildServiceProvider();
        await services.GetRequiredService<Migrator>().MigrateAsync(CancellationToken.None);
        var log = services.GetRequiredService<GroupCommit>();
        await log.StartAsync(CancellationToken.None);
        var events = (await services.GetRequiredService<EventQueries>().HeadAsync(CancellationToken.None)).Position;
        var writing = new Queue<Task>();
        foreach (var chunk in (events > 0 ? [] : history).Chunk(1_000))
        {
            writing.Enqueue(log.AppendAsync(chunk));
            events += chunk.Length;
            while (writing.Count > 4)
            {
                await writing.Dequeue();
            }
        }
        await Task.WhenAll(writing);
        await log.StopAsync(CancellationToken.None);
        return new Filled(services, events);
    }

    /// <summary>Projects the whole log; events a second.</summary>
    public async Task<double> ProjectAsync()
    {
        var projector = _services.GetRequiredService<Projector>();
        var began = Stopwatch.GetTimestamp();
        while (await projector.RunOnceAsync(CancellationToken.None) > 0)
        {
        }
        return _events / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    /// <summary>Projects it again into the other slot; events a second.</summary>
    public async Task<double> RebuildAsync()
    {
        await _services.GetRequiredService<Projector>().BeginRebuildAsync(CancellationToken.None);
        return await ProjectAsync();
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
