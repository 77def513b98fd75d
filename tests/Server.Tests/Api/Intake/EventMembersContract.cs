using System.Text.Json;
using ValueStream.Core.Wire;

namespace ValueStream.Server.Tests.Api.Intake;

/// <summary>What becomes of an event's members.</summary>
public abstract class EventMembersContract(ApiServer server)
{
    private readonly string _ns = Sent.Unique();

    private ApiClient Client => server.Client;

    [Fact]
    public async Task Everything_that_was_said_of_a_run_is_read_back()
    {
        var items = await Client.RecordAsync(
            Sent.Start(_ns, "1", 0, more: $$"""
                "name":"Größe 📦 <b>","actor":"ann","reason":"a \"new\" release\nand more","parents":["{{Sent.Rendering(_ns, "p")}}","{{Sent.Rendering(_ns, "q")}}"],
                "links":[{"kind":"contains","run":"{{Sent.Rendering(_ns, "c")}}"},{"run":"{{Sent.Rendering(_ns, "r")}}"}],
                "traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
                """),
            Sent.End(_ns, "1", 12.5, more: """ "outcome":"timeout" """));

        var run = await Client.RunAsync(items[0]);

        Assert.Equal("Größe 📦 <b>", run.Text("name"));
        Assert.Equal(("ann", "a \"new\" release\nand more", "loopback"), (run.Text("actor"), run.Text("reason"), run.Text("submitter")));
        Assert.Equal(("ended", "timeout", 12.5), (run.Text("state"), run.Text("outcome"), run.GetProperty("duration").GetDouble()));
        Assert.Equal((Sent.Noon, Sent.Noon.AddSeconds(12.5)), (run.GetProperty("startedAt").GetDateTimeOffset(), run.GetProperty("endedAt").GetDateTimeOffset()));
        Assert.Equal(Sent.Rendering(_ns, "p"), run.Text("parent"));
        Assert.Equal([$"contains {Sent.Rendering(_ns, "c")}", $"follows {Sent.Rendering(_ns, "q")}", $"references {Sent.Rendering(_ns, "r")}"],
            run.GetProperty("links").EnumerateArray().Select(static l => $"{l.Text("kind")} {l.Text("run")}").Order(StringComparer.Ordinal));
        Assert.Equal("0af7651916cd43dd8448eb211c80319c", run.Text("traceId"));
        Assert.Equal(("customhttp", "build", _ns, "1", 1), (run.Text("source"), run.Text("type"), run.Text("namespace"), run.Text("id"), run.GetProperty("attempt").GetInt32()));
    }

    [Fact]
    public async Task A_tag_keeps_its_kind_and_what_is_no_text_number_or_boolean_becomes_JSON_text()
    {
        var items = await Client.RecordAsync(Sent.Start(_ns, "1", more: """
            "tags":{"text":"ä","number":1.50,"big":12345678901234567890123,"yes":true,"no":false,"none":null,"object":{ "b": [1, "é"] },"list":[1,  2],"empty":""}
            """));

        var tags = (await Client.RunAsync(items[0])).GetProperty("tags");

        Assert.Equal("""{"big":12345678901234567890123,"empty":"","list":"[1,2]","no":false,"number":1.50,"object":"{\"b\":[1,\"é\"]}","text":"ä","yes":true}""",
            JsonSerializer.Serialize(tags, Relaxed));
    }

    [Theory]
    [InlineData("success")]
    [InlineData("failure")]
    [InlineData("error")]
    [InlineData("timeout")]
    [InlineData("cancellation")]
    [InlineData("skip")]
    public async Task A_run_ends_with_the_outcome_that_was_sent(string outcome)
    {
        var items = await Client.RecordAsync(Sent.Start(_ns, "1"), Sent.End(_ns, "1", 1, more: $$""" "outcome":"{{outcome}}" """));

        Assert.Equal(outcome, (await Client.RunAsync(items[0])).Text("outcome"));
    }

    [Theory]
    [InlineData(""" "error":true """, "failure")]
    [InlineData(""" "error":false """, "success")]
    [InlineData(""" "error":null """, "success")]
    public async Task The_legacy_error_is_an_outcome(string error, string outcome)
    {
        var items = await Client.RecordAsync(Sent.Start(_ns, "1"), Sent.End(_ns, "1", 1, more: error));

        Assert.Equal(outcome, (await Client.RunAsync(items[0])).Text("outcome"));
    }

    [Fact]
    public async Task Null_is_the_same_as_absent()
    {
        var id = Guid.CreateVersion7();
        await Client.RecordAsync($$"""{"eventId":"{{id}}","action":"start","run":{"type":"build","namespace":"{{_ns}}","id":"1"} }""");

        var answer = await Client.PostAsync(Routes.Events, $$"""
            {"eventId":"{{id}}","action":"start","run":{"source":null,"type":"build","namespace":"{{_ns}}","id":"1"},"attempt":null,"name":null,"parents":null,"links":null,
             "outcome":null,"error":null,"occurredAt":null,"actor":null,"reason":null,"note":null,"tags":null,"traceparent":null,"import":null,"sentAt":null}
            """);

        Assert.Equal("duplicate", answer.Json.GetProperty("items")[0].Text("status"));
    }

    [Fact]
    public async Task Unknown_members_are_ignored()
    {
        var id = Guid.CreateVersion7();
        await Client.RecordAsync($$"""{"eventId":"{{id}}","action":"start","run":{"type":"build","namespace":"{{_ns}}","id":"1"} }""");

        var answer = await Client.PostAsync(Routes.Events, $$"""
            {"eventId":"{{id}}","action":"start","run":{"type":"build","namespace":"{{_ns}}","id":"1","colour":7},"Action":"end","future":{"a":[{}]},"lease":60}
            """);

        Assert.Equal("duplicate", answer.Json.GetProperty("items")[0].Text("status"));
    }

    [Fact]
    public async Task Namespace_and_source_have_defaults_and_a_run_without_a_name_is_called_by_its_service_or_type()
    {
        var id = Sent.Unique();
        var items = await Client.RecordAsync(
            $$"""{"action":"start","run":{"type":"build","id":"{{id}}"} }""",
            $$"""{"action":"start","run":{"type":"deploy","id":"{{id}}"},"tags":{"service":"shop"} }""");

        Assert.Equal([$"vstrace-customhttp-build-default-{id}", $"vstrace-customhttp-deploy-default-{id}"], items.Select(static i => i.Text("run")));
        Assert.Equal("build", (await Client.RunAsync(items[0])).Text("name"));
        Assert.Equal("shop", (await Client.RunAsync(items[1])).Text("name"));
    }

    [Theory]
    [InlineData("key")]
    [InlineData("run")]
    public async Task A_run_can_be_named_by_its_key_or_rendering_even_at_once(string by)
    {
        var start = await Client.PostAsync(Routes.Events, Sent.Start(_ns, "1"));
        var name = start.Json.GetProperty("items")[0].Text(by);

        var items = await Client.RecordAsync($$"""{"action":"annotate","run":"{{name}}","actor":"bob"}""");

        Assert.Equal(Sent.Rendering(_ns, "1"), items[0].Text("run"));
        Assert.Equal("bob", (await Client.RunAsync(items[0])).Text("actor"));
    }

    [Fact]
    public async Task A_text_that_means_no_run_or_two_is_refused()
    {
        await Client.RecordAsync(Sent.Start($"{_ns}-b", "1", type: "a"), Sent.Start("b", "1", type: $"a-{_ns}"));
        var shared = Sent.Rendering($"{_ns}-b", "1", "a");
        Assert.Equal(shared, Sent.Rendering("b", "1", $"a-{_ns}"));

        (await Client.PostAsync(Routes.Events, $$"""{"action":"end","run":"{{shared}}"}""")).IsProblem(400, "more than one", "run");
        (await Client.PostAsync(Routes.Events, """{"action":"end","run":"0000000000000"}""")).IsProblem(400, "0000000000000", "run");
        (await Client.PostAsync(Routes.Events, """{"action":"end","run":""}""")).IsProblem(400, field: "run");
    }

    [Theory]
    [InlineData("github")]
    [InlineData("valuestream")]
    [InlineData("CustomHttp")]
    [InlineData("")]
    public async Task Only_scripts_own_source_may_be_written(string source) =>
        (await Client.PostAsync(Routes.Events, $$"""{"action":"start","run":{"source":"{{source}}","type":"build","id":"1"} }"""))
            .IsProblem(400, "customhttp", "run.source");

    [Fact]
    public async Task A_heartbeat_is_taken_and_is_no_event_of_the_log()
    {
        var start = await Client.RecordAsync(Sent.Start(_ns, "1", more: """ "lease":90 """));
        var head = await Client.HeadAsync();

        var alone = await Client.PostAsync(Routes.Events, $$"""{"action":"heartbeat","run":"{{start[0].Text("key")}}","lease":90}""");
        var beside = await Client.PostAsync(Routes.Events, $$"""[{"action":"heartbeat","run":{"type":"build","namespace":"{{_ns}}","id":"2"},"lease":1},{{Sent.End(_ns, "1", 5)}}]""");

        Assert.Equal((200, "accepted", Sent.Rendering(_ns, "1")), (alone.Status, alone.Json.GetProperty("items")[0].Text("status"), alone.Json.GetProperty("items")[0].Text("run")));
        Assert.False(alone.Json.GetProperty("items")[0].TryGetProperty("position", out _));
        Assert.Equal((200, 2), (beside.Status, beside.Json.GetProperty("accepted").GetInt32()));
        Assert.Equal(head + 1, await Client.HeadAsync());
        Assert.False((await Client.LastEventAsync()).GetProperty("data").TryGetProperty("lease", out _));
    }

    [Theory]
    [InlineData("""{"action":"heartbeat","run":{"type":"build","id":"1"}}""", "lease", "missing")]
    [InlineData("""{"action":"heartbeat","run":{"type":"build","id":"1"},"lease":0}""", "lease", "1 to 86400")]
    [InlineData("""{"action":"start","run":{"type":"build","id":"1"},"lease":86401}""", "lease", "1 to 86400")]
    [InlineData("""{"action":"start","run":{"type":"build","id":"1"},"lease":"90"}""", "lease", "1 to 86400")]
    [InlineData("""{"action":"heartbeat","lease":90}""", "run", "missing")]
    public async Task A_lease_that_is_none_is_refused(string body, string field, string says) => (await Client.PostAsync(Routes.Events, body)).IsProblem(400, says, field);

    [Fact]
    public async Task A_transition_tells_which_stage_begins()
    {
        var items = await Client.RecordAsync(
            Sent.Start(_ns, "1", 0), Sent.Event("transition", _ns, "1", 5, more: """ "stage":"In Prüfung","actor":"ann","tags":{"board":"web"} """), Sent.End(_ns, "1", 9));

        var run = await Client.RunAsync(items[0]);
        var events = (await Client.ReadAsync($"/api/v1/runs/{items[0].Text("key")}/events")).GetProperty("items");

        Assert.Equal(("ended", "ann", "web"), (run.Text("state"), run.Text("actor"), run.GetProperty("tags").Text("board")));
        Assert.Equal([("In Prüfung", Sent.Noon.AddSeconds(5), Sent.Noon.AddSeconds(9))], run.GetProperty("stages").EnumerateArray().Select(
            static s => (s.Text("name"), s.GetProperty("from").GetDateTimeOffset(), s.GetProperty("to").GetDateTimeOffset())));
        Assert.Equal(["ended", "transitioned", "started"], events.EnumerateArray().Select(static e => e.Text("kind")));
        Assert.Equal("In Prüfung", events[1].GetProperty("data").Text("stage"));
    }

    [Fact]
    public async Task A_transition_of_a_run_that_never_started_makes_it_known_and_says_so()
    {
        var items = await Client.RecordAsync(Sent.Event("transition", _ns, "1", 5, more: """ "stage":"Doing","tags":{"service":"shop"} """));

        var run = await Client.RunAsync(items[0]);

        Assert.Equal(("running", "shop", Sent.Noon.AddSeconds(5)), (run.Text("state"), run.Text("name"), run.GetProperty("startedAt").GetDateTimeOffset()));
        Assert.Equal(["joinedLate"], run.GetProperty("flags").EnumerateArray().Select(static f => f.GetString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData(""","stage":null""")]
    [InlineData(""","stage":"" """)]
    [InlineData(""","stage":"  " """)]
    public async Task A_transition_without_a_stage_is_refused(string stage) =>
        (await Client.PostAsync(Routes.Events, $$"""{"action":"transition","run":{"type":"build","id":"1"}{{stage}} }""")).IsProblem(400, "say which stage begins", "stage");

    [Theory]
    [InlineData("abandon")]
    [InlineData("abandoned")]
    [InlineData("redact")]
    [InlineData("administer")]
    [InlineData("administered")]
    public async Task What_the_server_alone_says_is_refused(string action) =>
        (await Client.PostAsync(Routes.Events, $$"""{"action":"{{action}}","run":{"type":"build","id":"1"} }""")).IsProblem(400, "start, end, transition, annotate, link, heartbeat", "action");

    [Fact]
    public async Task A_setting_in_an_event_of_a_sender_is_none()
    {
        var items = await Client.RecordAsync(Sent.Start(_ns, "1", more: """ "runSetting":{"excluded":true},"operationSetting":{"hidden":true} """));

        Assert.Empty((await Client.RunAsync(items[0])).GetProperty("flags").EnumerateArray());
        Assert.False((await Client.LastEventAsync()).GetProperty("data").TryGetProperty("runSetting", out _));
    }

    [Fact]
    public async Task An_import_and_a_note_are_kept_in_the_log()
    {
        await Client.RecordAsync(Sent.Event("annotate", _ns, "1", 0, more: """ "import":true,"note":"by hand" """));

        var e = await Client.LastEventAsync();

        Assert.Equal("annotated", e.Text("kind"));
        Assert.True(e.GetProperty("data").GetProperty("import").GetBoolean());
        Assert.Equal("by hand", e.GetProperty("data").Text("note"));
    }

    [Fact]
    public async Task An_attempt_that_the_sender_names_is_that_attempt()
    {
        var items = await Client.RecordAsync(
            Sent.Start(_ns, "1", 0, more: """ "attempt":3 """), Sent.End(_ns, "1", 5, more: """ "attempt":3,"outcome":"failure" """), Sent.Start(_ns, "1", 9));

        Assert.Equal("failure", (await Client.RunAsync(items[0], "?attempt=3")).Text("outcome"));
        Assert.Equal(4, (await Client.RunAsync(items[0])).GetProperty("attempt").GetInt32());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/javascript")]
    public async Task The_content_type_does_not_matter(string? contentType) =>
        Assert.Equal(200, (await Client.SendAsync(HttpMethod.Post, Routes.Events, System.Text.Encoding.UTF8.GetBytes(Sent.Start(_ns, "1")), contentType)).Status);

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}

[Collection(OnPostgres.Name)]
public sealed class PostgresEventMembersTests(PostgresServer server) : EventMembersContract(server);

[Collection(OnSqlite.Name)]
public sealed class SqliteEventMembersTests(SqliteServer server) : EventMembersContract(server);
