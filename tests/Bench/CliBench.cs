using System.Globalization;
using System.Text.Json;
using ValueStream.Testing;

namespace ValueStream.Bench;

/// <summary><c>vscli event start</c> as a whole process, against curl posting the same body to the same server; timed by hyperfine.</summary>
internal static class CliBench
{
    private const string What = "`vscli event start`, whole process, against `curl` posting the same body";
    private const string Budget = "0.7 x";

    public static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        var vscli = Environment.GetEnvironmentVariable("VALUESTREAM_TEST_VSCLI");
        if (vscli is null || !File.Exists("/usr/bin/hyperfine") || !File.Exists("/usr/bin/curl"))
        {
            yield return Figure.Missing(What, Budget, "it needs hyperfine, curl, and VALUESTREAM_TEST_VSCLI naming a published vscli");
            yield break;
        }
        using var database = TestDatabase.Sqlite();
        await using var server = await ServerProcess.StartAsync(database.ConnectionString);
        var folder = Directory.CreateTempSubdirectory("valuestream-bench-").FullName;
        try
        {
            var (tool, curl) = (await TimesAsync(server.Url, vscli, folder)) is [var first, var second] ? (first, second) : throw new InvalidDataException("hyperfine timed something else.");
            yield return new(What, Budget, string.Create(CultureInfo.InvariantCulture, $"{tool / curl:0.00} x"), $"median {Figure.Ms(tool)} and {Figure.Ms(curl)}");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The medians in seconds.</summary>
    private static async Task<List<double>> TimesAsync(string url, string vscli, string folder)
    {
        // What vscli sends, without the event's id: with it every request of curl but the first would be a duplicate.
        var body = Path.Combine(folder, "body.json");
        await File.WriteAllTextAsync(body, $$$"""
            {"action":"start","run":{"type":"pipeline","namespace":"default","id":"d4kq2v0m5l3c7s1n9p8g"},"occurredAt":"{{{DateTimeOffset.UtcNow:O}}}","actor":"{{{Environment.UserName}}}","tags":{"service":"api","user.name":"{{{Environment.UserName}}}","host.name":"{{{Environment.MachineName}}}","os.type":"linux"}}
            """);
        var times = Path.Combine(folder, "times.json");
        await Tool.RunAsync("hyperfine", new Dictionary<string, string> { ["VALUESTREAM_URL"] = url, ["VALUESTREAM_SPOOL"] = Path.Combine(folder, "state") },
            "-N", "--warmup", "30", "--runs", "400", "--style", "none", "--export-json", times,
            $"'{vscli}' event -type=pipeline -tag='service|api' start",
            $"curl -s -o /dev/null -H 'Content-Type: application/json' --data-binary '@{body}' {url}/api/v1/events");
        using var json = JsonDocument.Parse(await File.ReadAllBytesAsync(times));
        return [.. json.RootElement.GetProperty("results").EnumerateArray().Select(static r => r.GetProperty("median").GetDouble())];
    }
}
