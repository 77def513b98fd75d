using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using ValueStream.Core.Wire;
using ValueStream.Testing;

namespace ValueStream.Bench;

/// <summary>How long after an event was accepted an open page hears of it, while others send 500 a second.</summary>
internal static class LagBench
{
    private const int Seconds = 15;
    private const string Budget = "p99 250 ms";

    public static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        using (var sqlite = TestDatabase.Sqlite())
        {
            yield return await MeasureAsync("SQLite", sqlite);
        }
        using var postgres = await TestDatabase.PostgresAsync();
        yield return await MeasureAsync("Postgres", postgres);
    }

    private static async Task<Figure> MeasureAsync(string name, TestDatabase? database)
    {
        var what = $"lag, event accepted to told on an open page, at 500 events a second, {name}";
        if (database is null || !File.Exists("/usr/bin/wrk"))
        {
            return Figure.Missing(what, Budget, "it needs wrk, and Postgres");
        }
        await using var server = await ServerProcess.StartAsync(database.ConnectionString);
        await Wrk.PostAsync(server.Url, "one", 10, Seconds, "19");
        using var stop = new CancellationTokenSource();
        var accepted = new Queue<(long Position, long At)>();
        var lags = new List<double>();
        var page = ListenAsync(server.Http, accepted, lags, stop.Token);
        var load = Wrk.PostAsync(server.Url, "one", 10, Seconds, "19");
        while (!load.IsCompleted)
        {
            var run = new RunRequest { Type = "job", Id = $"{Guid.NewGuid():n}" };
            using var response = await server.Http.PostAsJsonAsync(Routes.Events, new[] { new EventRequest { Action = "start", Run = run } }, WireJson.Default.EventRequestArray);
            var answer = (await response.Content.ReadFromJsonAsync(WireJson.Default.IngestAnswer))!;
            lock (accepted)
            {
                accepted.Enqueue((answer.Items[0].Position!.Value, Stopwatch.GetTimestamp()));
            }
            await Task.Delay(30);
        }
        await Task.Delay(1_000);
        await stop.CancelAsync();
        await page;
        lags.Sort();
        return new(what, Budget, $"p99 {Figure.Ms(Figure.Quantile(lags, .99))}", $"p50 {Figure.Ms(Figure.Quantile(lags, .5))}, n = {lags.Count}");
    }

    private static async Task ListenAsync(HttpClient http, Queue<(long Position, long At)> accepted, List<double> lags, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = await http.GetStreamAsync(new Uri("/live?view=runs", UriKind.Relative), cancellationToken);
            using var lines = new StreamReader(stream);
            while (await lines.ReadLineAsync(cancellationToken) is { } line)
            {
                if (!line.StartsWith("id: ", StringComparison.Ordinal))
                {
                    continue;
                }
                var position = long.Parse(line.AsSpan(4), CultureInfo.InvariantCulture);
                lock (accepted)
                {
                    while (accepted.TryPeek(out var first) && first.Position <= position)
                    {
                        lags.Add(Stopwatch.GetElapsedTime(accepted.Dequeue().At).TotalSeconds);
                    }
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }
}
