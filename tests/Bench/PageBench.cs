using System.Diagnostics;
using System.Net.Http.Json;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Testing;

namespace ValueStream.Bench;

/// <summary>The Run page of a trace of 1,000 runs, served by a warm server one request after the other.</summary>
internal static class PageBench
{
    private const int Runs = 1_000;
    private const string Budget = "100 ms";

    public static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        using (var sqlite = TestDatabase.Sqlite())
        {
            yield return await MeasureAsync("SQLite", sqlite);
        }
        using var postgres = await TestDatabase.PostgresAsync();
        yield return postgres is null ? Figure.Missing(What("Postgres"), Budget, "there is no Postgres") : await MeasureAsync("Postgres", postgres);
    }

    private static string What(string database) => $"Run page of a trace of 1,000 runs, {database}";

    private static async Task<Figure> MeasureAsync(string name, TestDatabase database)
    {
        await using var server = await ServerProcess.StartAsync(database.ConnectionString);
        var key = await WriteTraceAsync(server.Http, Runs);
        var times = new List<double>();
        for (var i = 0; i < 320; i++)
        {
            var began = Stopwatch.GetTimestamp();
            await server.Http.GetByteArrayAsync($"/runs/{key}");
            times.Add(Stopwatch.GetElapsedTime(began).TotalSeconds);
        }
        // The first two hundred let the server compile what it uses most.
        times = [.. times.Skip(200).Order()];
        return new(What(name), Budget, $"p95 {Figure.Ms(Figure.Quantile(times, .95))}", $"p50 {Figure.Ms(Figure.Quantile(times, .5))}, max {Figure.Ms(times[^1])}, n = {times.Count}");
    }

    /// <summary>A root with ten steps, and all other runs below these.</summary>
    /// <returns>The root's key.</returns>
    public static async Task<string> WriteTraceAsync(HttpClient http, int runs)
    {
        var began = DateTimeOffset.UtcNow.AddHours(-3);
        string Rendering(string id) => new RunId(SourceNames.CustomHttp, "job", "default", id).Rendering;
        var events = Enumerable.Range(0, runs).SelectMany(i =>
        {
            var run = new RunRequest { Type = "job", Id = $"{i}" };
            var start = new EventRequest
            {
                Action = "start", Run = run, Name = $"part {i % 37}", OccurredAt = began.AddSeconds(i), Actor = "alice",
                Parents = i == 0 ? null : [Rendering(i <= 10 ? "0" : $"{(i % 10) + 1}")],
                Tags = Event.NoTags.Add("service", "api").Add("host.name", $"host-{i % 5}"),
            };
            return new[] { start, new EventRequest { Action = "end", Run = run, OccurredAt = began.AddSeconds(i == 0 ? runs + 60 : i + 30), Outcome = "success" } };
        });
        foreach (var batch in events.Chunk(500))
        {
            using var response = await http.PostAsJsonAsync(Routes.Events, batch, WireJson.Default.EventRequestArray);
            response.EnsureSuccessStatusCode();
        }
        var key = new RunId(SourceNames.CustomHttp, "job", "default", "0").Key.ToString();
        await Until.AsksAsync(async () => (await http.GetFromJsonAsync("/api/v1/projections", WireJson.Default.ListViewProjectionView))!.Items[0].LagEvents,
            static lag => lag == 0, TimeSpan.FromSeconds(30));
        return key;
    }
}
