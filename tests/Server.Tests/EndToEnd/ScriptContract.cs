using System.Globalization;
using System.Net.Http.Json;
using ValueStream.Core.Wire;
using ValueStream.Server.Tests.Cli;
using ValueStream.Testing;

namespace ValueStream.Server.Tests.EndToEnd;

/// <summary>The whole way: real scripts in real shells, the published vscli, the real server, each database.</summary>
public abstract class ScriptContract
{
    /// <summary>The script that the original was made for, unchanged.</summary>
    private const string Seed = """
        #!/usr/bin/env bash
        TRACEID="$(vscli event -tag='source|gcloud' -tag='service|api' -type=pipeline start)"

        BUILD="$(vscli event -type=build -tag='type|docker' start -parent-event-id=vstrace-customhttp-pipeline-default-${TRACEID})"
        docker build -t gcr.io/acme/api .
        vscli event -type=build end -event-id=${BUILD}

        PUSH="$(vscli event -type=push -tag='type|docker' start -parent-event-id=vstrace-customhttp-pipeline-default-${TRACEID})"
        docker push gcr.io/acme/api
        vscli event -type=push end -event-id=${PUSH}

        DEPLOY="$(vscli event -type=deploy -tag='type|gae' start -parent-event-id=vstrace-customhttp-pipeline-default-${TRACEID})"
        gcloud app deploy --image-url=gcr.io/acme/api
        vscli event -type=deploy end -event-id=${DEPLOY}

        vscli event -type=pipeline end -event-id=${TRACEID}
        echo ${TRACEID} ${BUILD} ${PUSH} ${DEPLOY}
        """;

    // What the stand-ins take: long enough to tell from the rest, short enough for a test.
    private static readonly (string Type, double Seconds)[] Steps = [("build", .3), ("push", .2), ("deploy", .4)];

    private protected abstract Task<TestDatabase> NewDatabaseAsync();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_seeds_script_gives_one_trace_of_a_pipeline_and_its_steps()
    {
        using var database = await NewDatabaseAsync();
        await using var server = await ServerProcess.StartAsync(database.ConnectionString);
        using var vscli = new Vscli(server.Url);
        WriteStandIns(vscli);

        var ran = await vscli.Script("bash", Seed);

        Assert.Equal((0, ""), (ran.ExitCode, ran.Error));
        await AssertTraceAsync(server, ran.Out, DateTimeOffset.UtcNow);
    }

    [Fact]
    public async Task With_the_server_down_the_script_is_not_hurt_and_a_later_flush_gives_the_same_trace_with_its_own_times()
    {
        using var database = await NewDatabaseAsync();
        var url = ScriptedServer.Nobody();
        using var vscli = new Vscli(url);
        WriteStandIns(vscli);

        var ran = await vscli.Script("bash", Seed);
        var ended = DateTimeOffset.UtcNow;

        Assert.Equal(0, ran.ExitCode);
        Assert.True(ran.Took < TimeSpan.FromSeconds(5) + TimeSpan.FromSeconds(Steps.Sum(static s => s.Seconds)), $"took {ran.Took}");

        await using var server = await ServerProcess.StartAsync(database.ConnectionString, url);
        var flushed = await vscli.Run("flush");
        Assert.Equal((0, "vscli: 8 sent, 0 refused, 0 left\n"), (flushed.ExitCode, flushed.Error));
        await AssertTraceAsync(server, ran.Out, ended);
    }

    [Fact]
    public async Task In_the_trap_form_a_step_that_fails_ends_the_pipeline_as_failure_with_the_scripts_exit_code()
    {
        using var database = await NewDatabaseAsync();
        await using var server = await ServerProcess.StartAsync(database.ConnectionString);
        using var vscli = new Vscli(server.Url);
        vscli.Command("docker", "exit 7");

        var ran = await vscli.Script("bash", """
            set -e
            eval "$(vscli trap -type=pipeline -tag='service|api')"
            BUILD="$(vscli event -type=build start)"
            docker build -t gcr.io/acme/api .
            vscli event end -event-id=${BUILD}
            """);

        Assert.Equal(7, ran.ExitCode);
        var pipeline = await EndedPipelineAsync(server);
        Assert.Equal(("failure", "api"), (pipeline.Outcome, pipeline.Name));
        Assert.Equal("7", pipeline.Tags["process.exit.code"].Text);
        var trace = await server.Http.GetFromJsonAsync($"/api/v1/runs/{pipeline.Key}/trace", WireJson.Default.TraceView, Cancel);
        Assert.Equal([("pipeline", "ended"), ("build", "running")], trace!.Runs.Select(static r => (r.Type, r.State)));
    }

    private static void WriteStandIns(Vscli vscli)
    {
        string Sleep(string type) => "sleep " + Steps.Single(s => s.Type == type).Seconds.ToString(CultureInfo.InvariantCulture);
        vscli.Command("docker", $"case $1 in build) {Sleep("build")} ;; push) {Sleep("push")} ;; esac");
        vscli.Command("gcloud", Sleep("deploy"));
    }

    private static async Task AssertTraceAsync(ServerProcess server, string printed, DateTimeOffset ended)
    {
        var ids = printed.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        var pipeline = await EndedPipelineAsync(server);
        var trace = await server.Http.GetFromJsonAsync($"/api/v1/runs/{pipeline.Key}/trace", WireJson.Default.TraceView, Cancel);

        Assert.Equal(["pipeline", "build", "push", "deploy"], trace!.Runs.Select(static r => r.Type));
        Assert.Equal(ids, trace.Runs.Select(static r => r.Id));
        Assert.All(trace.Runs, static r => Assert.Equal(("api", "success", "default"), (r.Name, r.Outcome, r.Namespace)));
        Assert.Equal(("gcloud", "api"), (trace.Runs[0].Tags["source"].Text, trace.Runs[0].Tags["service"].Text));
        Assert.Equal(["docker", "docker", "gae"], trace.Runs.Skip(1).Select(static r => r.Tags["type"].Text));

        var root = trace.Runs[0].SpanId;
        Assert.Equal(trace.Runs.Skip(1).Select(r => new EdgeView(root, r.SpanId, "parent")), trace.Edges);
        Assert.All(trace.Runs.Skip(1), r => Assert.Equal($"vstrace-customhttp-pipeline-default-{ids[0]}", r.Parent));

        // A step takes what its command took, and what it costs to start two processes on a busy machine.
        Assert.All(trace.Runs.Skip(1).Zip(Steps), static s => Assert.InRange(s.First.Duration!.Value, s.Second.Seconds, s.Second.Seconds + 1));
        Assert.InRange(trace.Runs[0].Duration!.Value, trace.Runs.Skip(1).Sum(static r => r.Duration!.Value), (ended - trace.Runs[0].StartedAt!.Value).TotalSeconds);
        Assert.Equal(trace.Runs.Skip(1).Select(static r => r.StartedAt), trace.Runs.Skip(1).Select(static r => r.StartedAt).Order());
        Assert.All(trace.Runs, r => Assert.InRange(r.EndedAt!.Value, r.StartedAt!.Value, ended));
    }

    private static async Task<RunView> EndedPipelineAsync(ServerProcess server)
    {
        var found = await Until.AsksAsync(
            async () => (await server.Http.GetFromJsonAsync("/api/v1/runs?type=pipeline&state=ended", WireJson.Default.ListViewRunView, Cancel))!.Items,
            static runs => runs.Count > 0, TimeSpan.FromSeconds(30));
        return Assert.Single(found);
    }
}

public sealed class PostgresScriptTests : ScriptContract
{
    private protected override Task<TestDatabase> NewDatabaseAsync() => Databases.PostgresAsync();
}

public sealed class SqliteScriptTests : ScriptContract
{
    private protected override Task<TestDatabase> NewDatabaseAsync() => Databases.SqliteAsync();
}
