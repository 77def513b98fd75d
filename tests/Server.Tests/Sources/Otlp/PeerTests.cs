using System.Diagnostics;
using System.Text.Json;
using ValueStream.Server.Tests.Api;
using ValueStream.Server.Tests.Cli;

namespace ValueStream.Server.Tests.Sources.Otlp;

/// <summary>The official exporters of OpenTelemetry for JavaScript, as npm has them, send to a server. Skipped where there is no npm, or no registry that it reaches.</summary>
[Collection(OnSqlite.Name)]
public sealed class PeerTests(SqliteServer server)
{
    private static readonly Lazy<Task<string>> Peers = new(InstallAsync);

    [Theory]
    [InlineData("proto", "none")]
    [InlineData("proto", "gzip")]
    [InlineData("http", "none")]
    [InlineData("http", "gzip")]
    public async Task Spans_of_the_official_exporters_come_out_whole(string exporter, string compression)
    {
        var ns = Sent.Unique("peers");
        var (code, output, error) = await RunAsync("node", await Peers.Value, new()
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = server.Process.Url,
            ["OTEL_EXPORTER_OTLP_COMPRESSION"] = compression,
        }, "send-spans.js", exporter, ns);
        Assert.True(code == 0, error);
        var sent = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static l => JsonElement.Parse(l)).ToList();
        Assert.Equal(3, sent.Count);
        await server.Client.CaughtUpAsync();

        foreach (var span in sent)
        {
            var run = await RunAsync(span.Text("traceId")!, span.Text("spanId")!);
            Assert.Equal((ns, span.Text("traceId"), span.Text("spanId"), span.Text("type"), span.Text("outcome")), (run.Text("namespace"), run.Text("traceId"), run.Text("spanId"), run.Text("type"), run.Text("outcome")));
            Assert.Equal((span.GetProperty("start").GetDouble(), span.GetProperty("end").GetDouble()), (Micros(run, "startedAt"), Micros(run, "endedAt")));
            Assert.Equal(span.Text("parent"), run.Text("parent")?.Split('-')[^1]);
            foreach (var tag in span.GetProperty("tags").EnumerateObject())
            {
                Assert.Equal((tag.Name, tag.Value.GetRawText()), (tag.Name, JsonSerializer.Serialize(run.GetProperty("tags").GetProperty(tag.Name)) is var text && tag.Value.ValueKind == JsonValueKind.String
                    ? JsonSerializer.Serialize(run.GetProperty("tags").Text(tag.Name), Plain) : text));
            }
            if (span.Text("link") is { } link)
            {
                var linked = Assert.Single(run.GetProperty("links").EnumerateArray());
                Assert.Equal((link, true), (linked.Text("run")!.Split('-')[^1], linked.GetProperty("resolved").GetBoolean()));
            }
            if (span.Text("note") is { } note)
            {
                var events = await server.Client.ReadAsync($"/api/v1/runs/{run.Text("key")}/events");
                Assert.Contains(events.GetProperty("items").EnumerateArray(), e => e.GetProperty("data").Text("note") == note);
            }
        }
        var trace = await server.Client.ReadAsync($"/api/v1/runs/{(await RunAsync(sent[0].Text("traceId")!, sent[0].Text("spanId")!)).Text("key")}/trace");
        Assert.Equal(["release", "release / compile", "mocha"], trace.GetProperty("runs").EnumerateArray().Select(static r => r.Text("name")).Select(static n => n == "compile" ? "release / compile" : n));
    }

    private static readonly JsonSerializerOptions Plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private async Task<JsonElement> RunAsync(string trace, string span) =>
        Assert.Single((await server.Client.ReadAsync($"/api/v1/runs?id=vstrace-otlp-{trace}-{span}")).GetProperty("items").EnumerateArray());

    private static double Micros(JsonElement run, string name) => (run.GetProperty(name).GetDateTimeOffset() - DateTimeOffset.UnixEpoch).TotalMicroseconds;

    /// <summary>The folder of the peers, with what they need installed by their lock file.</summary>
    private static async Task<string> InstallAsync()
    {
        var folder = Folder();
        try
        {
            var (code, _, error) = await RunAsync("npm", folder, [], "ci", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-timeout=20000", "--fetch-retries=1");
            Vscli.SkipUnless(code == 0, $"npm cannot install tests/Peers: {error}");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Vscli.SkipUnless(false, "npm is not installed here");
        }
        return folder;
    }

    private static string Folder()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (Path.Combine(at.FullName, "tests", "Peers") is var found && Directory.Exists(found))
            {
                return found;
            }
        }
        throw new DirectoryNotFoundException("tests/Peers is not above the tests.");
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(string command, string folder, Dictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(command, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(2));
        return (process.ExitCode, await output, await error);
    }
}
