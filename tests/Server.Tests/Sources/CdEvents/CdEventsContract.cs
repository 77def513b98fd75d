using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ValueStream.Server.Tests.Api;
using static ValueStream.Server.Tests.Sources.CdEvents.Occurrences;

namespace ValueStream.Server.Tests.Sources.CdEvents;

/// <summary>CDEvents at a server that nobody has configured, which takes them from this machine.</summary>
public abstract class CdEventsContract(ApiServer server)
{
    private readonly string _path = Sent.Unique("web");
    private readonly string _chain = $"\"chainId\": \"{Guid.NewGuid()}\"";

    private ApiClient Client => server.Client;

    private string Sender => $"https://ci.example.org/{_path}";

    [Fact]
    public async Task From_a_change_by_its_build_to_its_deploy_is_one_trace_whatever_comes_first()
    {
        string Event(string what, string subject, double seconds, string content = "{}", params (string, string)[] links) =>
            Json(what, subject, seconds, content, IdOf(what, subject), Sender, $"{_chain}, {Links(links)}");
        string[] story =
        [
            Event("change.created", "12", 0),
            Event("change.merged", "12", 60, "{}", ("PATH", IdOf("change.created", "12"))),
            Event("pipelinerun.queued", "9", 61, """{"pipelineName": "release"}""", ("PATH", IdOf("change.merged", "12"))),
            Event("pipelinerun.started", "9", 62, """{"pipelineName": "release"}""", ("PATH", IdOf("pipelinerun.queued", "9"))),
            Event("taskrun.started", "t", 63, """{"taskName": "compile", "pipelineRun": {"id": "9"} }""", ("PATH", IdOf("pipelinerun.started", "9"))),
            Event("taskrun.finished", "t", 70, """{"taskName": "compile", "pipelineRun": {"id": "9"}, "outcome": "success"}""", ("PATH", IdOf("taskrun.started", "t"))),
            Event("pipelinerun.finished", "9", 71, """{"pipelineName": "release", "outcome": "success"}""", ("PATH", IdOf("taskrun.finished", "t"))),
            Event("service.deployed", "web", 80, """{"environment": {"id": "production"}, "artifactId": "pkg:oci/web@1"}""", ("PATH", IdOf("pipelinerun.finished", "9"))),
        ];
        foreach (var json in story.Reverse())
        {
            Assert.Equal((200, "success"), await BinaryAsync(json));
        }

        var runs = (await TraceAsync("pipeline", "9")).GetProperty("runs").EnumerateArray().ToList();

        Assert.Equal(["pull_request", "release", "compile", "web"], runs.Select(static r => r.Text("name")));
        Assert.Equal([null, Rendering("pull_request", "12"), Rendering("pipeline", "9"), Rendering("pipeline", "9")], runs.Select(static r => r.Text("parent")));
        Assert.All(runs, static r => Assert.Equal(("ended", "success"), (r.Text("state"), r.Text("outcome"))));
        Assert.All(runs.SelectMany(static r => r.GetProperty("links").EnumerateArray(), static (run, link) => (run, link)), static l =>
            Assert.True(l.link.GetProperty("resolved").GetBoolean() && !l.link.Text("run")!.EndsWith($"-{l.run.Text("id")}", StringComparison.Ordinal), $"{l.run.Text("id")} to {l.link}"));
        Assert.Equal(20 - 10, runs[1].GetProperty("duration").GetDouble());
    }

    [Fact]
    public async Task A_chain_without_links_is_one_trace()
    {
        Assert.Equal(200, (await BinaryAsync(Json("build.started", "1", 0, source: Sender, id: IdOf("b", "1"), context: _chain))).Status);
        Assert.Equal(200, (await BinaryAsync(Json("testsuiterun.started", "2", 5, source: Sender, id: IdOf("t", "2"), context: _chain))).Status);

        Assert.Equal(["build", "test_suite"], (await TraceAsync("build", "1")).GetProperty("runs").EnumerateArray().Select(static r => r.Text("type")));
    }

    [Fact]
    public async Task The_same_event_again_changes_nothing_whichever_way_it_comes()
    {
        var json = Json("build.started", "1", 0, source: Sender, id: IdOf("b", "1"));
        await BinaryAsync(json);
        var head = await Client.HeadAsync();

        Assert.Equal((200, "success"), await BinaryAsync(json));
        Assert.Equal((200, "success"), await StructuredAsync(CloudEvent(json)));
        Assert.Equal((200, "success"), await BatchAsync(CloudEvent(json)));

        Assert.Equal(head, await Client.HeadAsync());
    }

    [Fact]
    public async Task In_a_batch_what_is_not_understood_is_kept_and_the_rest_is_taken()
    {
        var other = new JsonObject { ["specversion"] = "1.0", ["id"] = "1", ["source"] = "/" + _path, ["type"] = "com.example.thing", ["data"] = new JsonObject() };

        var (status, text) = await BatchAsync(CloudEvent(Json("build.started", "1", 0, source: Sender)), other, CloudEvent(Json("build.started", "2", 0, source: Sender)));

        Assert.Equal(202, status);
        Assert.StartsWith("success\nkept in quarantine as ", text, StringComparison.Ordinal);
        Assert.Equal("running", (await RunAsync("build", "2")).Text("state"));
        var kept = (await Client.ReadAsync("/api/v1/quarantine?source=cdevents&limit=1")).GetProperty("items")[0];
        Assert.Contains(_path, (await Client.ReadAsync($"/api/v1/quarantine/{kept.Text("id")}")).Text("body"), StringComparison.Ordinal);
        Assert.Equal((200, "ignored: It is an empty list."), await BatchAsync());
    }

    [Fact]
    public async Task What_is_not_understood_is_kept_until_it_is()
    {
        Assert.Equal(202, (await BinaryAsync("""{"context": {}}""")).Status);
        Assert.Equal(202, (await BinaryAsync("this is no JSON")).Status);
        Assert.Equal(202, (await BatchAsync("[1")).Status);
    }

    [Fact]
    public async Task The_key_in_the_address_is_taken_as_it_is_for_every_source() =>
        (await Client.PostAsync("/cdevents/a-key-that-nobody-set", Json("build.started"))).IsProblem(401, "key");

    [Fact]
    public async Task Saved_events_are_imported_as_history()
    {
        var saved = $"[{Json("build.started", "1", 0, source: Sender)}, {Json("build.finished", "1", 9, source: Sender)}, {CloudEvent(Json("build.started", "2", 0, source: Sender)).ToJsonString()}]";

        var answer = (await Client.PostAsync("/api/v1/import/cdevents", saved)).Json;

        Assert.Equal((5, 0), (answer.GetProperty("events").GetInt32(), answer.GetProperty("notUnderstood").GetInt32()));
        Assert.Equal(9, (await RunAsync("build", "1")).GetProperty("duration").GetDouble());
        Assert.Equal(5, (await Client.PostAsync("/api/v1/import/cdevents", saved)).Json.GetProperty("duplicates").GetInt32());
    }

    [Fact]
    public async Task Every_file_of_the_specification_is_accepted_in_both_bindings()
    {
        var files = Directory.GetFiles(Trial.Fixtures("cdevents"), "*.json");
        Assert.NotEmpty(files);
        foreach (var json in files.Select(File.ReadAllText))
        {
            Assert.Equal((200, "success"), await BinaryAsync(json));
            Assert.Equal((200, "success"), await StructuredAsync(CloudEvent(json)));
        }
    }

    private string IdOf(string what, string subject) => $"{_path}-{what}-{subject}";

    private Task<(int Status, string Text)> BinaryAsync(string json)
    {
        (string, string)[] headers = [("ce-specversion", "1.0")];
        try
        {
            var context = JsonNode.Parse(json)!["context"]!;
            headers = [.. headers, .. new[] { "id", "source", "type" }.Where(n => context[n] is not null).Select(n => ("ce-" + n, (string)context[n]!))];
        }
        catch (JsonException)
        {
        }
        return SendAsync(json, "application/json", headers);
    }

    private Task<(int Status, string Text)> StructuredAsync(JsonObject cloudEvent) => SendAsync(cloudEvent.ToJsonString(), "application/cloudevents+json");

    private Task<(int Status, string Text)> BatchAsync(params JsonNode[] cloudEvents) => BatchAsync(new JsonArray(cloudEvents).ToJsonString());

    private Task<(int Status, string Text)> BatchAsync(string json) => SendAsync(json, "application/cloudevents-batch+json");

    private async Task<(int Status, string Text)> SendAsync(string body, string contentType, params (string, string)[] headers)
    {
        var answer = await Client.SendAsync(HttpMethod.Post, "/cdevents", Encoding.UTF8.GetBytes(body), contentType, headers);
        return (answer.Status, answer.Text);
    }

    private string Rendering(string type, string id) => $"vstrace-cdevents-{type}-ci.example.org.{_path}-{id}";

    private async Task<JsonElement> RunAsync(string type, string id)
    {
        await Client.CaughtUpAsync();
        return Assert.Single((await Client.ReadAsync($"/api/v1/runs?id={Rendering(type, id)}")).GetProperty("items").EnumerateArray());
    }

    private async Task<JsonElement> TraceAsync(string type, string id) => await Client.ReadAsync($"/api/v1/runs/{(await RunAsync(type, id)).Text("key")}/trace");
}

[Collection(OnPostgres.Name)]
public sealed class PostgresCdEventsTests(PostgresServer server) : CdEventsContract(server);

[Collection(OnSqlite.Name)]
public sealed class SqliteCdEventsTests(SqliteServer server) : CdEventsContract(server);
