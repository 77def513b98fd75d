using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Server.Forwarding;
using ValueStream.Store.Forwarding;

namespace ValueStream.Server.Tests.Forwarding;

/// <summary>What receivers that others wrote read of our spans: tests/Peers/receivers, by node.</summary>
public sealed class ReceiverTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("autotel", true, false)]
    [InlineData("genkit", true, true)]
    [InlineData("official", false, true)]
    public async Task Our_spans_read_back_with_the_same_ids_parents_times_and_attributes(string receiver, bool isJson, bool isCompressed)
    {
        var folder = await FolderAsync();
        using var process = Process.Start(new ProcessStartInfo("node", ["receive.mjs", receiver]) { WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var talk = process.StandardError.ReadToEndAsync(Cancel);
        try
        {
            var url = await process.StandardOutput.ReadLineAsync(Cancel).AsTask().WaitAsync(Patience, Cancel);
            var settings = new TracerSettings { Name = "peer", Endpoint = new(url + "/v1/traces"), IsJson = isJson, IsCompressed = isCompressed };
            using var client = new OtlpClient(settings, TimeProvider.System);
            var runs = Runs();
            Assert.Equal(new OtlpAnswer.Accepted(0, null), await client.SendAsync(SpanMapping.Request(runs, "1"), Cancel));

            await process.StandardInput.WriteLineAsync(runs[0].Ids.TraceId.AsMemory(), Cancel);
            await process.StandardInput.FlushAsync(Cancel);
            var answer = await process.StandardOutput.ReadLineAsync(Cancel).AsTask().WaitAsync(Patience, Cancel);
            var read = JsonElement.Parse(answer!).EnumerateArray().ToDictionary(static s => s.GetProperty("spanId").GetString()!);
            Assert.Equal(runs.Count, read.Count);
            foreach (var run in runs)
            {
                var span = read[run.Ids.SpanId];
                Assert.Equal((run.Ids.TraceId, run.Ids.ParentSpanId ?? ""), (span.GetProperty("traceId").GetString(), span.TryGetProperty("parentSpanId", out var parent) ? parent.GetString() ?? "" : ""));
                Assert.Equal((run.Run.StartedAt!.Value.ToUnixTimeMilliseconds(), run.Run.EndedAt!.Value.ToUnixTimeMilliseconds()), (span.GetProperty("start").GetInt64(), span.GetProperty("end").GetInt64()));
                Assert.Equal(SpanMapping.Span(run).Name, span.GetProperty("name").GetString());
                var attributes = span.GetProperty("attributes");
                Assert.All(SpanMapping.Span(run).Attributes, a => Assert.Equal(
                    a.Value.HasStringValue ? a.Value.StringValue : a.Value.HasIntValue ? a.Value.IntValue.ToString(System.Globalization.CultureInfo.InvariantCulture) : a.Value.HasBoolValue ? "True" : "0.5",
                    attributes.GetProperty(a.Key).ToString()));
            }
        }
        finally
        {
            process.StandardInput.Close();
            if (!process.WaitForExit(5_000))
            {
                process.Kill(entireProcessTree: true);
            }
            await talk;
        }
    }

    /// <summary>A root, and below it what failed; now, because some receivers keep nothing that is old.</summary>
    private static List<ExportedRun> Runs()
    {
        var began = DateTimeOffset.FromUnixTimeMilliseconds(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()).AddMinutes(-1);
        var (trace, root, child) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "00f067aa0ba902b7");
        var tags = Event.NoTags.Add("vcs.ref.head.name", "main – ünïcode \"quoted\"").Add("deployment.environment.name", "production")
            .Add("count", new("12", JsonValueKind.Number)).Add("share", new("0.5", JsonValueKind.Number)).Add("dry", new("true", JsonValueKind.True));
        return
        [
            new(1, Run("deploy", "deploy", root, "success", began, began.AddSeconds(5)) with { Tags = tags, Stages = [new("plan", began, null)] }, new(trace, root, null), true, [], [new(began, "a note")]),
            new(2, Run("build", "build", child, "failure", began.AddSeconds(1), began.AddSeconds(2.25)), new(trace, child, root), false, [new("follows", "vstrace-x", trace, root)], []),
        ];
    }

    private static RunView Run(string name, string type, string span, string outcome, DateTimeOffset from, DateTimeOffset to) => new()
    {
        Key = "0000000000000",
        Id = name,
        Attempt = 1,
        Source = SourceNames.CustomHttp,
        Namespace = "default",
        Type = type,
        Name = name,
        Operation = "0000000000001",
        SpanId = span,
        State = "ended",
        Outcome = outcome,
        StartedAt = from,
        EndedAt = to,
        Submitter = "loopback",
        Links = [],
        Tags = Event.NoTags,
        Flags = [],
    };

    /// <summary>The folder of the receivers, with what they need; where that is not there and npm cannot fetch it, the test is skipped.</summary>
    private static async Task<string> FolderAsync([CallerFilePath] string here = "")
    {
        var folder = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../Peers/receivers"));
        if (!Directory.Exists(Path.Combine(folder, "node_modules")))
        {
            Assert.SkipUnless(Environment.GetEnvironmentVariable("CI") == "true", "The receivers are not installed: npm ci --ignore-scripts in tests/Peers/receivers does it.");
            try
            {
                using var npm = Process.Start(new ProcessStartInfo("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-timeout=20000", "--fetch-retries=1"]) { WorkingDirectory = folder })!;
                await npm.WaitForExitAsync(Cancel);
                Assert.SkipUnless(npm.ExitCode == 0, "npm cannot install tests/Peers/receivers.");
            }
            catch (Win32Exception)
            {
                Assert.Skip("npm is not installed here.");
            }
        }
        return folder;
    }
}
