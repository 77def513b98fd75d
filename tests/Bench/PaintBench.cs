using System.Globalization;
using System.Net.Http.Json;
using Microsoft.Playwright;
using ValueStream.Core.Wire;
using ValueStream.Testing;

namespace ValueStream.Bench;

/// <summary>What a person waits for a page: in Debian's Chromium on the server's machine, with what the browser keeps of pages kept.</summary>
internal static class PaintBench
{
    private const string Chromium = "/usr/bin/chromium";
    private const int Requests = 200;
    private const int WarmUp = 5;
    private const int Visits = 20;

    // From the click to the first text or picture, and to the end of the document.
    private const string Times = """
        () => new Promise(done => {
          const tell = () => {
            const paint = performance.getEntriesByName('first-contentful-paint')[0];
            const whole = performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd;
            paint && whole ? done([paint.startTime / 1000, Math.max(paint.startTime, whole) / 1000]) : setTimeout(tell, 20);
          };
          tell();
        })
        """;

    public static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        if (!File.Exists(Chromium))
        {
            yield return Figure.Missing("first paint of each page", "300 ms", "there is no Chromium");
            yield break;
        }
        using var database = TestDatabase.Sqlite();
        await using var server = await ServerProcess.StartAsync(database.ConnectionString, null, null, "--demo");
        await Until.AsksAsync(async () => await server.Http.GetStringAsync("/api/v1/operations"), static all => all.Contains("deploy", StringComparison.Ordinal), TimeSpan.FromSeconds(60));
        await PlayedAsync(server);
        var trace = await PageBench.WriteTraceAsync(server.Http, 5_000);
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Chromium, Args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run"] });
        await using var context = await browser.NewContextAsync(new() { BaseURL = server.Url, ViewportSize = new() { Width = 1440, Height = 900 } });
        var page = await context.NewPageAsync();
        await page.GotoAsync("/operations");
        var operation = await page.Locator("main table a[href^='/operations/']").First.GetAttributeAsync("href");
        await page.GotoAsync("/runs");
        var run = await page.Locator("main table a[href^='/runs/']").First.GetAttributeAsync("href");
        (string Name, string Path)[] pages = [("Now", "/"), ("Operations", "/operations"), ("Operation", operation!), ("Runs", "/runs"), ("Run", run!), ("Audit", "/audit"), ("System", "/system")];
        foreach (var (name, path) in pages)
        {
            var times = await VisitAsync(server, page, path);
            yield return Of($"first paint of {name}", "300 ms", [.. times.Select(static t => t.Paint)]);
        }
        yield return Of("a trace of 5,000 runs, drawn whole", "1 s", [.. (await VisitAsync(server, page, $"/runs/{trace}")).Select(static t => t.Whole)]);
    }

    /// <summary>Waits until the demo's history is in and projected: what comes after it comes one by one.</summary>
    private static async Task PlayedAsync(ServerProcess server)
    {
        var position = 0L;
        await Until.AsksAsync(
            async () =>
            {
                await Task.Delay(1000);
                var (before, now) = (position, (await server.Http.GetFromJsonAsync("/api/v1/projections", WireJson.Default.ListViewProjectionView))!.Items[0]);
                position = now.Position;
                return now.LagEvents + position - before;
            },
            static moved => moved < 50, TimeSpan.FromMinutes(2));
    }

    private static async Task<List<(double Paint, double Whole)>> VisitAsync(ServerProcess server, IPage page, string path)
    {
        // The browser's first visits warm itself; these let the server compile what the page uses, and then it is given time to be done with that: it has one of two cores for it.
        for (var i = 0; i < Requests; i++)
        {
            await server.Http.GetByteArrayAsync(path);
        }
        await Task.Delay(2_000);
        var times = new List<(double, double)>();
        for (var i = 0; i < WarmUp + Visits; i++)
        {
            await page.GotoAsync(path, new() { WaitUntil = WaitUntilState.DOMContentLoaded });
            if (await page.EvaluateAsync<double[]>(Times) is [var paint, var whole] && i >= WarmUp)
            {
                times.Add((paint, whole));
            }
        }
        return times;
    }

    private static Figure Of(string what, string budget, List<double> times)
    {
        times.Sort();
        return new(what, budget, $"p95 {Figure.Ms(Figure.Quantile(times, .95))}", string.Create(CultureInfo.InvariantCulture, $"p50 {Figure.Ms(Figure.Quantile(times, .5))}, max {Figure.Ms(times[^1])}, n = {times.Count}"));
    }
}
