using System.Diagnostics;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using ValueStream.Core.Wire;
using ValueStream.Server.Tests.Cli;
using ValueStream.Testing;

namespace ValueStream.Server.Tests.EndToEnd;

/// <summary>The examples as they stand in the repository, with the published vscli and a real server; docker and gcloud are stand-ins.</summary>
public sealed class ExamplesTests
{
    private static readonly string[] Steps = ["build", "push", "deploy"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string, bool> Scripts => new()
    {
        { "two-lines.sh", false }, { "stages.sh", true }, { "trap.sh", true }, { "run.sh", true },
    };

    [Theory]
    [MemberData(nameof(Scripts))]
    public async Task A_script_that_works_gives_a_pipeline_that_works(string name, bool hasSteps)
    {
        using var vscli = NewVscli(name);
        using var database = TestDatabase.Sqlite();
        await using var server = await WarmAsync(database);
        vscli.Variables["VALUESTREAM_URL"] = server.Url;
        var ran = await vscli.Script("sh", "exec " + Example(name));
        Assert.Equal((0, "", "build\npush\napp\n"), (ran.ExitCode, ran.Error, ran.Out));

        var trace = await TraceAsync(server, "pipeline");
        Assert.Equal(hasSteps ? ["pipeline", .. Steps] : ["pipeline"], trace.Runs.Select(static r => r.Type));
        Assert.All(trace.Runs, static r => Assert.Equal(("api", "ended", "success"), (r.Name, r.State, r.Outcome)));
        Assert.Equal("gcloud", trace.Runs[0].Tags["source"].Text);
        Assert.All(trace.Runs.Skip(1), r => Assert.Contains(trace.Edges, e => (e.From, e.To) == (trace.Runs[0].SpanId, r.SpanId)));
        Assert.All(trace.Runs, static r => Assert.NotEqual("", r.Tags["host.name"].Text));
    }

    [Theory]
    [InlineData("two-lines.sh", 7, "pipeline failure")]
    [InlineData("stages.sh", 0, "pipeline success, build success, push failure, deploy success")]
    [InlineData("trap.sh", 7, "pipeline failure, build success, push failure")]
    [InlineData("run.sh", 7, "pipeline failure, build success, push failure")]
    public async Task A_step_that_fails_is_told_and_the_script_does_what_it_would_have_done(string name, int exitCode, string expected)
    {
        using var vscli = NewVscli(name);
        using var database = TestDatabase.Sqlite();
        await using var server = await WarmAsync(database);
        vscli.Variables["VALUESTREAM_URL"] = server.Url;
        vscli.Command("docker", "echo \"$1\"; [ \"$1\" = build ] || exit 7");
        var ran = await vscli.Script("sh", "exec " + Example(name));
        Assert.Equal((exitCode, ""), (ran.ExitCode, ran.Error));
        Assert.Equal(expected, Told(await TraceAsync(server, "pipeline")));
    }

    [Theory]
    [InlineData("true", 0, "release success, build success, push success, deploy success")]
    [InlineData("[ $1 = build ] || exit 7", 2, "release failure, build success, push failure")]
    public async Task Make_gives_a_run_for_each_target_below_that_from_which_it_was_called(string docker, int exitCode, string expected)
    {
        Find("make");
        using var vscli = NewVscli("Makefile");
        using var database = TestDatabase.Sqlite();
        await using var server = await WarmAsync(database);
        vscli.Variables["VALUESTREAM_URL"] = server.Url;
        vscli.Command("docker", docker);
        var ran = await vscli.Script("sh", $"set -eu\neval \"$(vscli trap -type=release -name=api)\"\nmake -s -f {Example("Makefile")} deploy");
        Assert.Equal(exitCode, ran.ExitCode);
        Assert.DoesNotContain("vscli", ran.Error, StringComparison.Ordinal);
        Assert.Equal(expected, Told(await TraceAsync(server, "release")));
    }

    [Fact]
    public async Task The_scripts_pass_shellcheck()
    {
        var shellcheck = Find("shellcheck");
        var scripts = Directory.GetFiles(Path.GetDirectoryName(Example("README.md"))!, "*.sh");
        Assert.NotEmpty(scripts);
        using var process = Process.Start(new ProcessStartInfo(shellcheck, scripts) { RedirectStandardOutput = true })!;
        var says = await process.StandardOutput.ReadToEndAsync(Cancel);
        await process.WaitForExitAsync(Cancel);
        Assert.Equal((0, ""), (process.ExitCode, says));
    }

    /// <summary>A server that has taken an event: its first takes longest, and vscli does not wait for a slow machine.</summary>
    private static async Task<ServerProcess> WarmAsync(TestDatabase database)
    {
        var server = await ServerProcess.StartAsync(database.ConnectionString);
        var first = new EventRequest { Action = "start", Run = new() { Type = "warming", Id = "1" } };
        using var response = await server.Http.PostAsJsonAsync(Routes.Events, first, WireJson.Default.EventRequest, Cancel);
        response.EnsureSuccessStatusCode();
        return server;
    }

    private static string Find(string tool)
    {
        var path = Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(f => Path.Combine(f, tool)).FirstOrDefault(File.Exists);
        Assert.SkipUnless(path is not null || Environment.GetEnvironmentVariable("CI") == "true", $"there is no {tool}");
        return path ?? throw new InvalidOperationException($"there is no {tool}");
    }

    private static string Example(string name, [CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../examples", name));

    private static Vscli NewVscli(string example)
    {
        Assert.True(File.Exists(Example(example)));
        var vscli = new Vscli(ScriptedServer.Nobody());
        vscli.Command("docker", "echo \"$1\"");
        vscli.Command("gcloud", "echo \"$1\"");
        return vscli;
    }

    private static async Task<TraceView> TraceAsync(ServerProcess server, string type)
    {
        var found = await Until.AsksAsync(
            async () => (await server.Http.GetFromJsonAsync($"/api/v1/runs?type={type}&state=ended", WireJson.Default.ListViewRunView, Cancel))!.Items,
            static runs => runs.Count > 0, TimeSpan.FromSeconds(30));
        return (await server.Http.GetFromJsonAsync($"/api/v1/runs/{Assert.Single(found).Key}/trace", WireJson.Default.TraceView, Cancel))!;
    }

    private static string Told(TraceView trace) => string.Join(", ", trace.Runs.Select(static r => $"{r.Type} {r.Outcome}"));
}
