using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ValueStream.Core.Wire;

namespace ValueStream.Server.Tests.Api.Intake;

/// <summary>The intake that upstream's scripts and its vscli use, unchanged.</summary>
public abstract class CustomHttpContract(ApiServer server)
{
    private readonly string _id = Sent.Unique("bq");

    private ApiClient Client => server.Client;

    [Fact]
    public async Task Upstreams_vscli_makes_a_trace_with_its_own_bodies()
    {
        // As the Go program wrote them: its fields' names, a content type of its own, null for no parent.
        await TakeAsync($$"""{"ID":"{{_id}}","Action":"start","ParentID":null,"Error":false,"Namespace":"default","Type":"pipeline","Metadata":{"source":"gcloud","service":"api","user.name":"Ann"} }""");
        await TakeAsync($$"""{"ID":"{{_id}}b","Action":"start","ParentID":"vstrace-customhttp-pipeline-default-{{_id}}","Error":false,"Namespace":"default","Type":"build","Metadata":{"type":"docker"} }""");
        await TakeAsync($$"""{"ID":"{{_id}}b","Action":"end","ParentID":null,"Error":false,"Namespace":"default","Type":"build","Metadata":null}""");
        await TakeAsync($$"""{"ID":"{{_id}}","Action":"end","ParentID":null,"Error":false,"Namespace":"default","Type":"pipeline","Metadata":{} }""");
        await Client.CaughtUpAsync();

        var pipeline = await FindAsync("pipeline", _id);
        var trace = await Client.ReadAsync($"/api/v1/runs/{pipeline.Text("key")}/trace");

        Assert.Equal(("api", "ended", "success"), (pipeline.Text("name"), pipeline.Text("state"), pipeline.Text("outcome")));
        Assert.Equal("""{"service":"api","source":"gcloud","user.name":"Ann"}""", pipeline.GetProperty("tags").GetRawText());
        Assert.Equal([(_id, "ended"), ($"{_id}b", "ended")],
            trace.GetProperty("runs").EnumerateArray().Select(static r => (r.Text("id")!, r.Text("state")!)));
        Assert.Equal("parent", trace.GetProperty("edges")[0].Text("kind"));
        Assert.Equal("""{"type":"docker"}""", trace.GetProperty("runs")[1].GetProperty("tags").GetRawText());
    }

    [Theory]
    [InlineData("id", "action", "parentid", "error", "namespace", "type", "metadata")]
    [InlineData("id", "action", "parentId", "error", "namespace", "type", "metadata")]
    [InlineData("ID", "ACTION", "PARENTID", "ERROR", "NAMESPACE", "TYPE", "METADATA")]
    [InlineData("Id", "aCTION", "ParentId", "Error", "NameSpace", "tYpE", "MetaData")]
    public async Task Keys_may_be_written_in_any_case(string id, string action, string parent, string error, string ns, string type, string metadata)
    {
        await TakeAsync($$$"""{"{{{id}}}":"{{{_id}}}","{{{action}}}":"start","{{{parent}}}":"some parent","{{{ns}}}":"team a","{{{type}}}":"my deploy","{{{metadata}}}":{"K":"v"}}""");
        await TakeAsync($$$"""{"{{{id}}}":"{{{_id}}}","{{{action}}}":"end","{{{error}}}":true,"{{{ns}}}":"team a","{{{type}}}":"my deploy"}""");
        await Client.CaughtUpAsync();

        var run = await FindAsync("my deploy", _id, "team a");

        Assert.Equal(("some parent", "failure", """{"K":"v"}"""), (run.Text("parent"), run.Text("outcome"), run.GetProperty("tags").GetRawText()));
    }

    [Theory]
    [InlineData("application/javascript")]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("text/plain")]
    [InlineData(null)]
    public async Task The_content_type_does_not_matter(string? contentType) =>
        await TakeAsync($$"""{"id":"{{_id}}","action":"start","type":"deploy"}""", contentType);

    [Theory]
    [InlineData("true", "failure")]
    [InlineData("false", "success")]
    [InlineData("null", "success")]
    public async Task An_error_at_the_end_is_a_failure(string error, string outcome)
    {
        await TakeAsync($$"""{"id":"{{_id}}","action":"start","type":"deploy"}""");
        await TakeAsync($$"""{"id":"{{_id}}","action":"end","type":"deploy","error":{{error}}}""");
        await Client.CaughtUpAsync();

        Assert.Equal(outcome, (await FindAsync("deploy", _id)).Text("outcome"));
    }

    [Fact]
    public async Task Metadata_of_every_kind_become_tags()
    {
        await TakeAsync($$"""{"id":"{{_id}}","action":"start","type":"deploy","metadata":{"n":1.5,"t":true,"o":{"a":[1]},"x":null,"s":"ü"} }""");
        await Client.CaughtUpAsync();

        var tags = (await FindAsync("deploy", _id)).GetProperty("tags");
        Assert.Equal(["n", "o", "s", "t"], tags.EnumerateObject().Select(static t => t.Name));
        Assert.Equal((1.5, """{"a":[1]}""", "ü", true), (tags.GetProperty("n").GetDouble(), tags.Text("o"), tags.Text("s"), tags.GetProperty("t").GetBoolean()));
    }

    [Fact]
    public async Task Type_namespace_and_action_may_be_missing_and_an_unknown_action_annotates()
    {
        await TakeAsync($$"""{"id":"{{_id}}","action":"start"}""");
        await TakeAsync($$"""{"id":"{{_id}}","action":"deployed","metadata":{"a":"1"},"somethingNew":[1,2]}""");
        await TakeAsync($$"""{"id":"{{_id}}","metadata":{"b":"2"} }""");
        await Client.CaughtUpAsync();

        var run = await FindAsync("deploy", _id);

        Assert.Equal(("running", """{"a":"1","b":"2"}"""), (run.Text("state"), run.GetProperty("tags").GetRawText()));
    }

    [Fact]
    public async Task A_key_that_stands_twice_counts_as_it_was_written_last()
    {
        await TakeAsync($$"""{"id":"another","ID":"{{_id}}","action":"end","action":"start","type":"deploy"}""");
        await Client.CaughtUpAsync();

        Assert.Equal("running", (await FindAsync("deploy", _id)).Text("state"));
    }

    [Fact]
    public async Task Every_sending_is_an_event_of_its_own_and_a_repeat_changes_nothing()
    {
        var head = await Client.HeadAsync();
        await TakeAsync($$"""{"id":"{{_id}}","action":"start","type":"deploy"}""");
        await TakeAsync($$"""{"id":"{{_id}}","action":"start","type":"deploy"}""");
        await Client.CaughtUpAsync();

        Assert.Equal(head + 2, await Client.HeadAsync());
        Assert.Equal(1, (await FindAsync("deploy", _id)).GetProperty("attempt").GetInt32());
    }

    [Fact]
    public async Task The_event_shows_the_body_that_it_came_in_byte_by_byte()
    {
        var body = $$"""{ "ID":"{{_id}}", "action" : "start", "passedOver":"ü" }""";
        await TakeAsync(body);

        var e = await Client.ReadAsync($"/api/v1/events/{await Client.HeadAsync()}");

        Assert.Equal(body, e.GetProperty("delivery").Text("text"));
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(body)));
        Assert.Equal((sha256, sha256), (e.GetProperty("delivery").Text("sha256"), e.GetProperty("data").GetProperty("derived").Text("delivery")));
        Assert.False((await Client.LastEventAsync()).TryGetProperty("delivery", out _));
    }

    [Theory]
    [InlineData("", "$", "empty")]
    [InlineData("hello", "$", "JSON")]
    [InlineData("[]", "$", "object")]
    [InlineData("{}", "id", "missing")]
    [InlineData("""{"id":"","action":"start"}""", "id", "missing")]
    [InlineData("""{"id":7,"action":"start"}""", "id", "string")]
    [InlineData("""{"id":"1\u0000","action":"start"}""", "id", "NUL")]
    [InlineData("""{"id":"\ud800","action":"start"}""", "id", "Unicode")]
    [InlineData("""{"id":"1","action":7}""", "action", "string")]
    [InlineData("""{"id":"1","action":"end","error":"true"}""", "error", "true or false")]
    [InlineData("""{"id":"1","action":"start","metadata":[]}""", "metadata", "object")]
    [InlineData("""{"id":"1","action":"start","metadata":{"k":{"\ud800":1}}}""", "metadata.k", "Unicode")]
    [InlineData("""{"id":"1","action":"start","metadata":{"\ud800":1}}""", "metadata", "Unicode")]
    [InlineData("""{"id":"1","action":"start","\ud800":1}""", "$", "Unicode")]
    [InlineData("""{"id":"1","action":"start","parentId":{}}""", "parentid", "string")]
    public async Task A_bad_body_is_refused_as_on_the_API(string body, string field, string says)
    {
        var head = await Client.HeadAsync();

        (await Client.PostAsync(Routes.CustomHttp, body)).IsProblem(400, says, field);

        Assert.Equal(head, await Client.HeadAsync());
    }

    private async Task TakeAsync(string body, string? contentType = "application/javascript")
    {
        var answer = await Client.SendAsync(HttpMethod.Post, Routes.CustomHttp, Encoding.UTF8.GetBytes(body), contentType);
        Assert.Equal((200, "text/plain", "success"), (answer.Status, answer.ContentType, answer.Text));
    }

    private async Task<JsonElement> FindAsync(string type, string id, string ns = "default") =>
        Assert.Single((await Client.ReadAsync($"/api/v1/runs?id={Uri.EscapeDataString(Sent.Rendering(ns, id, type))}")).GetProperty("items").EnumerateArray());
}

[Collection(OnPostgres.Name)]
public sealed class PostgresCustomHttpTests(PostgresServer server) : CustomHttpContract(server);

[Collection(OnSqlite.Name)]
public sealed class SqliteCustomHttpTests(SqliteServer server) : CustomHttpContract(server);
