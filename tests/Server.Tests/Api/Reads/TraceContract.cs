using System.Text.Json;

namespace ValueStream.Server.Tests.Api.Reads;

/// <summary>A trace: its runs, its edges, its critical path.</summary>
public abstract class TraceContract(ApiServer server)
{
    private readonly string _ns = Sent.Unique();

    private ApiClient Client => server.Client;

    /// <summary>A pipeline: build, then test and lint side by side, then a deploy after both.</summary>
    private string[] Pipeline =>
    [
        Sent.Start(_ns, "p", 0, "pipeline"), Sent.Start(_ns, "b", 0, more: Below("p")), Sent.End(_ns, "b", 10),
        Sent.Start(_ns, "t", 11, more: Below("p", "b")), Sent.Start(_ns, "l", 11, more: Below("p", "b")),
        Sent.End(_ns, "l", 15), Sent.End(_ns, "t", 20), Sent.Start(_ns, "d", 25, more: Below("p", "t", "l")),
        Sent.End(_ns, "d", 30), Sent.End(_ns, "p", 32, "pipeline"),
    ];

    [Fact]
    public async Task The_trace_of_any_of_its_runs_is_the_whole_trace()
    {
        var items = await Client.RecordAsync(Pipeline);

        var traces = new List<JsonElement>();
        foreach (var item in items.DistinctBy(static i => i.Text("key")))
        {
            traces.Add(await Client.RunAsync(item, "/trace"));
        }

        Assert.Equal(5, traces.Count);
        Assert.All(traces, trace => Assert.Equal(traces[0].GetRawText(), trace.GetRawText()));
        Assert.Equal((32.0, false), (traces[0].GetProperty("duration").GetDouble(), traces[0].GetProperty("truncated").GetBoolean()));
        Assert.Equal(["p", "b", "t", "l", "d"], traces[0].GetProperty("runs").EnumerateArray().Select(static r => r.Text("id")).OrderBy(static id => "pbtld".IndexOf(id![0])));
        Assert.Equal("p", traces[0].GetProperty("runs")[0].Text("id"));
        Assert.Matches("^[0-9a-f]{32}$", traces[0].Text("traceId"));
        Assert.All(traces[0].GetProperty("runs").EnumerateArray(), r => Assert.Equal(traces[0].Text("traceId"), r.Text("traceId")));
    }

    [Fact]
    public async Task Edges_are_the_parents_and_the_links_among_its_runs()
    {
        var items = await Client.RecordAsync(Pipeline);

        Assert.Equal(
            ["d follows l", "d follows t", "l follows b", "p parent b", "p parent d", "p parent l", "p parent t", "t follows b"],
            Edges(await Client.RunAsync(items[0], "/trace")));
    }

    [Fact]
    public async Task Waits_say_their_stage_and_the_lead_time_is_told_by_type_and_stage()
    {
        var items = await Client.RecordAsync([.. Pipeline, Sent.Event("transition", _ns, "p", 0, "pipeline", """ "stage":"build" """), Sent.Event("transition", _ns, "p", 22, "pipeline", """ "stage":"ship" """)]);
        var trace = await Client.RunAsync(items[0], "/trace");

        Assert.Equal(["build", "build", "ship", "ship"], trace.GetProperty("criticalPath").EnumerateArray().Where(static p => p.Text("kind") == "wait").Select(static p => p.Text("stage")));
        var lead = trace.GetProperty("leadTime");
        Assert.Equal((32.0, 24.0, 8.0), (lead.GetProperty("duration").GetDouble(), lead.GetProperty("atWork").GetDouble(), lead.GetProperty("waiting").GetDouble()));
        Assert.Equal(["build 24 24"], lead.GetProperty("types").EnumerateArray().Select(static t => $"{t.Text("type")} {t.GetProperty("time").GetDouble()} {t.GetProperty("onPath").GetDouble()}"));
        Assert.Equal(["build 22 3", "ship 10 5"], lead.GetProperty("stages").EnumerateArray().Select(static s => $"{s.Text("stage")} {s.GetProperty("time").GetDouble()} {s.GetProperty("waiting").GetDouble()}"));
    }

    [Fact]
    public async Task The_critical_path_is_what_decided_when_the_root_ended()
    {
        var items = await Client.RecordAsync(Pipeline);
        var trace = await Client.RunAsync(items[0], "/trace");
        var ids = Ids(trace);

        var path = trace.GetProperty("criticalPath").EnumerateArray()
            .Select(s => $"{s.Text("kind")} {ids[s.Text("run")!]} {Seconds(s, "from")}-{Seconds(s, "to")}");

        Assert.Equal(["run b 0-10", "wait p 10-11", "run t 11-20", "wait p 20-25", "run d 25-30", "wait p 30-32"], path);
    }

    [Fact]
    public async Task The_order_of_arrival_leaves_no_trace()
    {
        await Client.RecordAsync(Pipeline);
        foreach (var e in Pipeline.Select(e => e.Replace(_ns, $"{_ns}r", StringComparison.Ordinal)).Reverse())
        {
            await Client.RecordAsync(e);
        }

        var forward = await TraceOfAsync(_ns);
        var backward = await TraceOfAsync($"{_ns}r");

        Assert.Equal(Edges(forward), Edges(backward));
        Assert.Equal(forward.GetProperty("runs").EnumerateArray().Select(static r => (r.Text("id"), r.Text("state"), r.GetProperty("duration").GetDouble())).Order(),
            backward.GetProperty("runs").EnumerateArray().Select(static r => (r.Text("id"), r.Text("state"), r.GetProperty("duration").GetDouble())).Order());
    }

    [Fact]
    public async Task A_child_whose_parent_has_not_reported_is_a_root_until_it_does()
    {
        var child = (await Client.RecordAsync(Sent.Start(_ns, "c", 1, more: Below("p"))))[0];
        var alone = await Client.RunAsync(child, "/trace");
        var parent = (await Client.RecordAsync(Sent.Start(_ns, "p", 0, "pipeline")))[0];
        var joined = await Client.RunAsync(child, "/trace");

        Assert.Equal("c", Assert.Single(alone.GetProperty("runs").EnumerateArray()).Text("id"));
        Assert.Equal(["p", "c"], joined.GetProperty("runs").EnumerateArray().Select(static r => r.Text("id")));
        Assert.Equal(joined.Text("traceId"), (await Client.RunAsync(parent)).Text("traceId"));
        Assert.Equal(Sent.Rendering(_ns, "p", "pipeline"), (await Client.RunAsync(child)).Text("parent"));
    }

    [Fact]
    public async Task Links_lead_to_other_traces_without_joining_them()
    {
        var items = await Client.RecordAsync(
            Sent.Start(_ns, "1", 0), Sent.Event("link", _ns, "1", 1, more: $$""" "links":[{"kind":"contains","run":"{{Sent.Rendering(_ns, "2")}}"}] """), Sent.Start(_ns, "2", 0));

        Assert.Single((await Client.RunAsync(items[0], "/trace")).GetProperty("runs").EnumerateArray());
        var link = (await Client.RunAsync(items[0])).GetProperty("links")[0];
        Assert.Equal(("contains", Sent.Rendering(_ns, "2"), true), (link.Text("kind"), link.Text("run"), link.GetProperty("resolved").GetBoolean()));
    }

    [Fact]
    public async Task Parents_in_a_circle_are_cut_at_the_latest_start_and_said_so()
    {
        var items = await Client.RecordAsync(
            Sent.Start(_ns, "1", 0, more: $$""" "parents":["{{Sent.Rendering(_ns, "2")}}"] """),
            Sent.Start(_ns, "2", 1, more: $$""" "parents":["{{Sent.Rendering(_ns, "1")}}"] """));

        var trace = await Client.RunAsync(items[0], "/trace");

        Assert.Equal(["2 references 1", "2 parent 1"], Edges(trace).OrderByDescending(static e => e.Contains("references", StringComparison.Ordinal)));
        Assert.Equal("2", Ids(trace)[Assert.Single(trace.GetProperty("refused").EnumerateArray()).GetString()!]);
    }

    [Fact]
    public async Task Runs_of_one_W3C_trace_belong_together_though_their_parent_never_reports()
    {
        var traceId = Guid.NewGuid().ToString("n");
        var items = await Client.RecordAsync(
            Sent.Start(_ns, "1", 0, more: $$""" "traceparent":"00-{{traceId}}-b7ad6b7169203331-01" """),
            Sent.Start(_ns, "2", 1, more: $$""" "traceparent":"00-{{traceId}}-b7ad6b7169203332-01" """));

        var trace = await Client.RunAsync(items[1], "/trace");

        Assert.Equal((traceId, 2), (trace.Text("traceId"), trace.GetProperty("runs").GetArrayLength()));
    }

    private async Task<JsonElement> TraceOfAsync(string ns) =>
        await Client.RunAsync((await Client.ReadAsync($"/api/v1/runs?id={Sent.Rendering(ns, "p", "pipeline")}")).GetProperty("items")[0], "/trace");

    private static List<string> Edges(JsonElement trace)
    {
        var ids = Ids(trace);
        return [.. trace.GetProperty("edges").EnumerateArray().Select(e => $"{ids[e.Text("from")!]} {e.Text("kind")} {ids[e.Text("to")!]}").Order(StringComparer.Ordinal)];
    }

    private static Dictionary<string, string?> Ids(JsonElement trace) =>
        trace.GetProperty("runs").EnumerateArray().ToDictionary(static r => r.Text("spanId")!, static r => r.Text("id"));

    private static double Seconds(JsonElement piece, string name) => (piece.GetProperty(name).GetDateTimeOffset() - Sent.Noon).TotalSeconds;

    private string Below(string parent, params string[] after) =>
        $$""" "parents":[{{string.Join(',', after.Select(a => Sent.Rendering(_ns, a)).Prepend(Sent.Rendering(_ns, parent, "pipeline")).Select(static r => $"\"{r}\""))}}] """;
}

[Collection(OnPostgres.Name)]
public sealed class PostgresTraceTests(PostgresServer server) : TraceContract(server);

[Collection(OnSqlite.Name)]
public sealed class SqliteTraceTests(SqliteServer server) : TraceContract(server);
