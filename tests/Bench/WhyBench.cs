using System.Diagnostics;
using System.Globalization;
using ValueStream.Core.Events;
using ValueStream.Core.Tests.Numbers;
using ValueStream.Store.Log;
using ValueStream.Testing;

namespace ValueStream.Bench;

/// <summary>
/// How often correlations and changes find what is there, and what is not, over histories whose cause is known; and how long correlations over 20,000 runs with 40
/// tags each take, half of them with a pipeline above and a step below.
/// </summary>
internal static class WhyBench
{
    private const int Runs = 20_000;
    private const int Tags = 40;
    private const int WarmUp = 5;
    private const int Requests = 20;

    public static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        using var postgres = await TestDatabase.PostgresAsync();
        await foreach (var figure in MeasureAsync("Postgres", postgres))
        {
            yield return figure;
        }
        using var sqlite = TestDatabase.Sqlite();
        await foreach (var figure in MeasureAsync("SQLite", sqlite))
        {
            yield return figure;
        }
        foreach (var (runs, failing) in new[] { (200, 0.1), (500, 0.1), (2_000, 0.1), (200, 0.3), (500, 0.3), (500, 0.5), (2_000, 0.2) })
        {
            var (power, any, falseShare) = SimulatedHistories.Correlations(runs, failing);
            var what = string.Create(CultureInfo.InvariantCulture, $"correlations, {runs:n0} runs, 40 keys, ");
            yield return failing == 0.1
                ? new(what + "no cause", "any finding 5 %", $"{Percent(any)}", "share of 1,000 histories with any finding")
                : new(what + $"one value fails in {Percent(failing)} instead of 10 %", "false findings 5 %", Percent(falseShare), $"the cause found in {Percent(power)} of 1,000 histories");
        }
        foreach (var (operations, factor, longer, spread) in new[]
            { (1, 1.0, 20, 0.5), (30, 1.0, 20, 0.5), (1, 1.5, 20, 0.3), (30, 1.5, 20, 0.3), (1, 1.5, 20, 0.5), (30, 1.5, 20, 0.5), (30, 1.5, 10, 0.3), (30, 1.5, 20, 0.85) })
        {
            var (power, any, falseShare) = SimulatedHistories.Changes(operations, factor, longer, spread);
            var what = string.Create(CultureInfo.InvariantCulture, $"changes, {operations} operations, log-normal with sigma {spread}, ");
            yield return factor == 1
                ? new(what + "no change", "any finding 5 %", Percent(any), "share of 1,000 looks with any finding")
                : new(what + $"one takes 1.5 times as long for {longer} runs", "false findings 5 %", Percent(falseShare), $"found in {Percent(power)} of 1,000 histories");
        }
    }

    private static async IAsyncEnumerable<Figure> MeasureAsync(string name, TestDatabase? database)
    {
        if (database is null)
        {
            yield return Figure.Missing($"correlations, {name}", "p95 1 s", "there is no Postgres");
            yield break;
        }
        await using (var store = await Filled.StartAsync(database.ConnectionString, History(DateTimeOffset.UtcNow)))
        {
            await store.ProjectAsync();
        }
        await using var server = await ServerProcess.StartAsync(database.ConnectionString);
        var key = ShortKey.Of("default", "job", "job");
        foreach (var (what, path) in new[]
        {
            ("the failed of one operation", $"/api/v1/operations/{key}/correlations?of=failed"), ("the slow of one operation", $"/api/v1/operations/{key}/correlations?of=slow"),
            ("these, by a tag", "/api/v1/runs/correlations?of=these&tag=key3:value3-1"), ("changes of all operations, kept for a minute", "/api/v1/operations/changes"),
        })
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
            yield return new($"{what}, 20,000 runs with 40 tags, {name}", "p95 1 s", $"p95 {Figure.Ms(Figure.Quantile(times, .95))}", $"p50 {Figure.Ms(Figure.Quantile(times, .5))}, the first {Figure.Ms(first)}");
        }
    }

    /// <summary>Runs of one operation, one in ten of which fails; every second one below a pipeline and above a step.</summary>
    private static IEnumerable<NewEvent> History(DateTimeOffset end)
    {
        var random = new Random(20_260_615);
        for (var i = 0; i < Runs; i++)
        {
            var at = end.AddDays(-20) + i * TimeSpan.FromSeconds(80);
            var (pipeline, run, step) = (Id("pipeline", i), Id("job", i), Id("step", i));
            if (i % 2 == 0)
            {
                yield return Make(EventKind.Started, pipeline, at, new EventData { Name = "pipeline", Tags = TagsOf(random, 10) });
                yield return Make(EventKind.Started, step, at.AddSeconds(2), new EventData { Name = "step", Parents = [run.Rendering], Tags = TagsOf(random, 10) });
                yield return Make(EventKind.Ended, step, at.AddSeconds(3), new EventData { Outcome = "success" });
                yield return Make(EventKind.Ended, pipeline, at.AddSeconds(70), new EventData { Outcome = "success" });
            }
            yield return Make(EventKind.Started, run, at.AddSeconds(1), new EventData { Name = "job", Parents = i % 2 == 0 ? [pipeline.Rendering] : null, Tags = TagsOf(random, Tags) });
            yield return Make(EventKind.Ended, run, at.AddSeconds(5 + 40 * random.NextDouble()), new EventData { Outcome = random.Next(10) == 0 ? "failure" : "success" });
        }
    }

    /// <summary>The more values, the later the key: two of the first, some hundreds of the last, each run its own of one.</summary>
    private static System.Collections.Immutable.ImmutableSortedDictionary<string, TagValue> TagsOf(Random random, int count)
    {
        var tags = Event.NoTags.ToBuilder();
        for (var key = 0; key < count; key++)
        {
            tags[$"key{key}"] = $"value{key}-{random.Next(key == 39 ? 1_000_000_000 : 2 + key * key / 3)}";
        }
        return tags.ToImmutable();
    }

    private static RunId Id(string type, int i) => new(SourceNames.CustomHttp, type, "default", $"{i:x}");

    private static NewEvent Make(EventKind kind, RunId run, DateTimeOffset at, EventData data) => new()
    {
        EventId = Guid.CreateVersion7(at),
        Kind = kind,
        Run = run,
        Submitter = "loopback",
        OccurredAt = at,
        ReceivedAt = at,
        Data = data,
    };

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.0} %");
}
