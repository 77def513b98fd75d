using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using ValueStream.Testing;

namespace ValueStream.Bench;

/// <summary>
/// <c>vscli</c> as a whole process, timed by hyperfine: <c>event start</c> against curl posting the same body to the same server, and what <c>run</c>
/// adds to a command that does nothing.
/// </summary>
internal static class CliBench
{
    private const string Start = "`vscli event start`, whole process, against `curl` posting the same body";
    private const string StartBudget = "0.7 x";
    private const string Run = "`vscli run -- true` more than `true`, the server up";
    private const string RunBudget = "10 ms";
    private const string Refused = "`vscli run -- true` more than `true`, the address refusing";
    private const string RefusedBudget = "5 ms";

    public static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        var vscli = Environment.GetEnvironmentVariable("VALUESTREAM_TEST_VSCLI");
        if (vscli is null || !File.Exists("/usr/bin/hyperfine") || !File.Exists("/usr/bin/curl"))
        {
            const string why = "it needs hyperfine, curl, and VALUESTREAM_TEST_VSCLI naming a published vscli";
            yield return Figure.Missing(Start, StartBudget, why);
            yield return Figure.Missing(Run, RunBudget, why);
            yield return Figure.Missing(Refused, RefusedBudget, why);
            yield break;
        }
        var folder = Directory.CreateTempSubdirectory("valuestream-bench-").FullName;
        try
        {
            // Before there is a server, whose work afterwards would be in the figure. Each call is the first that the address refuses, the dearest:
            // the next ones would leave it alone for 30 s.
            var (run, alone) = await MediansAsync(folder, RefusingAddress(), prepare: $"rm -rf '{State(folder)}'", $"'{vscli}' run -- true", "true");
            yield return new(Refused, RefusedBudget, Figure.Ms(run - alone), $"median {Figure.Ms(run)} and {Figure.Ms(alone)}");

            using var database = TestDatabase.Sqlite();
            await using var server = await ServerProcess.StartAsync(database.ConnectionString);
            (run, alone) = await MediansAsync(folder, server.Url, prepare: null, $"'{vscli}' run -- true", "true");
            yield return new(Run, RunBudget, Figure.Ms(run - alone), $"median {Figure.Ms(run)} and {Figure.Ms(alone)}");

            // What vscli sends, without the event's id: with it every request of curl but the first would be a duplicate.
            var body = Path.Combine(folder, "body.json");
            await File.WriteAllTextAsync(body, $$$"""
                {"action":"start","run":{"type":"pipeline","namespace":"default","id":"d4kq2v0m5l3c7s1n9p8g"},"occurredAt":"{{{DateTimeOffset.UtcNow:O}}}","actor":"{{{Environment.UserName}}}","tags":{"service":"api","user.name":"{{{Environment.UserName}}}","host.name":"{{{Environment.MachineName}}}","os.type":"linux"}}
                """);
            var (tool, curl) = await MediansAsync(folder, server.Url, prepare: null,
                $"'{vscli}' event -type=pipeline -tag='service|api' start",
                $"curl -s -o /dev/null -H 'Content-Type: application/json' --data-binary '@{body}' {server.Url}/api/v1/events");
            yield return new(Start, StartBudget, string.Create(CultureInfo.InvariantCulture, $"{tool / curl:0.00} x"), $"median {Figure.Ms(tool)} and {Figure.Ms(curl)}");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The medians of two commands in seconds.</summary>
    /// <param name="folder">For files.</param>
    /// <param name="url">The server.</param>
    /// <param name="prepare">What runs before each run, untimed; null for nothing.</param>
    /// <param name="first">A command.</param>
    /// <param name="second">Another.</param>
    private static async Task<(double First, double Second)> MediansAsync(string folder, string url, string? prepare, string first, string second)
    {
        var times = Path.Combine(folder, "times.json");
        string[] options = ["-N", "--warmup", "30", "--runs", prepare is null ? "400" : "200", "--style", "none", "--export-json", times];
        await Tool.RunAsync("hyperfine", new Dictionary<string, string> { ["VALUESTREAM_URL"] = url, ["VALUESTREAM_SPOOL"] = State(folder) },
            [.. options, .. prepare is null ? Array.Empty<string>() : ["--prepare", prepare], first, second]);
        using var json = JsonDocument.Parse(await File.ReadAllBytesAsync(times));
        return json.RootElement.GetProperty("results").EnumerateArray().Select(static r => r.GetProperty("median").GetDouble()).ToArray() is [var one, var two]
            ? (one, two)
            : throw new InvalidDataException("hyperfine timed something else.");
    }

    private static string State(string folder) => Path.Combine(folder, "state");

    /// <summary>An address where nobody listens.</summary>
    private static string RefusingAddress()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return "http://" + listener.LocalEndpoint;
    }
}
