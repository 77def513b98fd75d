using System.Text.Json;
using ValueStream.Server.Tests.Api;

namespace ValueStream.Server.Tests.Sources;

/// <summary>Webhooks at a server that nobody has configured, which takes them from this machine.</summary>
public abstract class IntakeContract(ApiServer server)
{
    private readonly string _repository = $"acme/{Sent.Unique("web")}";

    private ApiClient Client => server.Client;

    private string Namespace => _repository.Replace('/', '.');

    private protected abstract Task<int> ExecuteAsync(string sql);

    [Fact]
    public async Task An_issue_is_a_run_with_the_times_that_GitHub_says()
    {
        Assert.Equal((200, "success"), await DeliverAsync(Issue("opened"), "issues"));
        Assert.Equal((200, "success"), await DeliverAsync(Issue("closed"), "issues"));

        var run = await RunAsync("issue", "12");

        Assert.Equal(("github", Namespace, "ended", "success"), (run.Text("source"), run.Text("namespace"), run.Text("state"), run.Text("outcome")));
        Assert.Equal(3 * 86_400, run.GetProperty("duration").GetDouble());
        Assert.Equal("loopback", run.Text("submitter"));
        Assert.Equal("2026-03-02T08:00:00+00:00", run.Text("startedAt"));
    }

    [Fact]
    public async Task A_delivery_that_comes_again_changes_nothing_and_is_told_so()
    {
        await DeliverAsync(Issue("opened"), "issues", "again" + _repository);
        var head = await Client.HeadAsync();

        Assert.Equal((200, "success"), await DeliverAsync(Issue("opened"), "issues", "again" + _repository));

        Assert.Equal(head, await Client.HeadAsync());
    }

    [Fact]
    public async Task Spans_in_quarantine_are_taken_when_they_are_understood_at_last()
    {
        var trace = Otlp.Exports.Trace();
        var body = System.Text.Encoding.UTF8.GetBytes(Otlp.Exports.Json(Otlp.Exports.Of(Otlp.Exports.Span(trace, 1))));
        Assert.Equal(400, (await Client.SendAsync(HttpMethod.Post, "/v1/traces", body, "application/x-protobuf")).Status);
        var id = (await Client.ReadAsync("/api/v1/quarantine?source=otlp&limit=1")).GetProperty("items")[0].Text("id");
        // What a newer server would know by itself.
        await ExecuteAsync("UPDATE quarantine SET headers = replace(headers, 'x-protobuf', 'json') WHERE source = 'otlp'");

        var answer = (await Client.PostAsync($"/api/v1/quarantine/{id}/replay", "")).Json;

        Assert.Equal(2, answer.GetProperty("events").GetInt32());
        Assert.Equal(404, (await Client.GetAsync($"/api/v1/quarantine/{id}")).Status);
        await Client.CaughtUpAsync();
        Assert.Single((await Client.ReadAsync($"/api/v1/runs?id=vstrace-otlp-{trace}-{Otlp.Exports.Hex(1)}")).GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task A_form_is_taken_like_JSON()
    {
        var form = "payload=" + Uri.EscapeDataString(Issue("opened"));
        var answer = await Client.SendAsync(HttpMethod.Post, "/github", System.Text.Encoding.UTF8.GetBytes(form), "application/x-www-form-urlencoded", ("X-GitHub-Event", "issues"));

        Assert.Equal((200, "success"), (answer.Status, answer.Text));
        Assert.Equal("running", (await RunAsync("issue", "12")).Text("state"));
    }

    [Fact]
    public async Task What_is_not_recorded_is_answered_as_ignored_and_counted()
    {
        var before = await SourceAsync("github");

        var (status, text) = await DeliverAsync("""{"zen":"Keep it logically awesome.","hook_id":1}""", "ping");
        var (other, _) = await DeliverAsync("""{"action":"started","repository":{"full_name":"a/b"}}""", "watch");

        Assert.Equal((200, 200), (status, other));
        Assert.StartsWith("ignored: ", text, StringComparison.Ordinal);
        var after = await SourceAsync("github");
        Assert.Equal(before.GetProperty("ignored").GetInt64() + 2, after.GetProperty("ignored").GetInt64());
        Assert.NotNull(after.Text("lastDelivery"));
        Assert.NotNull(after.GetProperty("lastNotTaken").Text("why"));
        Assert.Equal(["loopback"], after.GetProperty("ways").EnumerateArray().Select(static w => w.GetString()));
        Assert.Contains("valuestream_deliveries_total{", (await Client.GetAsync("/metrics")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_understood_is_kept_with_its_reason_until_it_is()
    {
        // Without the header that says what it is.
        var answer = await Client.PostAsync("/github", Issue("opened"), ("X-GitHub-Delivery", "q" + _repository), ("Authorization", "Basic c2VjcmV0"), ("X-Hub-Signature-256", "sha256=00"));
        Assert.Equal(202, answer.Status);

        var listed = (await Client.ReadAsync("/api/v1/quarantine?source=github&limit=1")).GetProperty("items")[0];
        var id = listed.Text("id")!;
        Assert.Contains(id, answer.Text, StringComparison.Ordinal);
        var kept = await Client.ReadAsync($"/api/v1/quarantine/{id}");
        Assert.Equal(Issue("opened"), kept.Text("body"));
        Assert.Equal(Issue("opened").Length, listed.GetProperty("bytes").GetInt32());
        Assert.Equal(["Content-Type", "X-GitHub-Delivery"], kept.GetProperty("headers").EnumerateObject().Select(static h => h.Name).Order());

        var still = await Client.PostAsync($"/api/v1/quarantine/{id}/replay", "");
        still.IsProblem(422);
        Assert.Contains(kept.Text("reason")!, still.Text, StringComparison.Ordinal);

        // As a mended server would understand it.
        Assert.Equal(1, await ExecuteAsync($$"""UPDATE quarantine SET headers = '{"X-GitHub-Event":"issues","X-GitHub-Delivery":"q{{_repository}}"}' WHERE reason = '{{kept.Text("reason")}}' AND headers LIKE '%q{{_repository}}%'"""));
        var replayed = await Client.PostAsync($"/api/v1/quarantine/{id}/replay", "");
        Assert.True(replayed.Status == 200 && replayed.Json.GetProperty("events").GetInt32() > 0, replayed.Text);
        (await Client.GetAsync($"/api/v1/quarantine/{id}")).IsProblem(404);
        Assert.Equal("running", (await RunAsync("issue", "12")).Text("state"));
        // And what comes again by itself is the same.
        var head = await Client.HeadAsync();
        await DeliverAsync(Issue("opened"), "issues", "q" + _repository);
        Assert.Equal(head, await Client.HeadAsync());
    }

    [Theory]
    [InlineData("/github", "")]
    [InlineData("/github", "null")]
    [InlineData("/gitlab", "[]")]
    [InlineData("/gitlab", """{"object_kind":"merge_request"}""")]
    [InlineData("/jenkins", "{\"a\":")]
    [InlineData("/jira", """{"webhookEvent":"jira:issue_updated"}""")]
    [InlineData("/jira", "\"\\ud800\"")]
    public async Task Whatever_comes_is_kept_and_never_a_fault(string address, string body)
    {
        var answer = await Client.PostAsync(address, body, ("X-GitHub-Event", "issues"));

        Assert.True(answer.Status == 202, answer.Text);
    }

    [Fact]
    public async Task Bytes_that_are_no_text_are_kept_as_they_are() =>
        Assert.Equal(202, (await Client.SendAsync(HttpMethod.Post, "/github", [0xff, 0xfe, 0x00], "application/json", ("X-GitHub-Event", "issues"))).Status);

    [Fact]
    public async Task Saved_deliveries_are_taken_as_history_and_once_only()
    {
        var saved = $$"""{"headers":{"X-GitHub-Event":"issues","X-GitHub-Delivery":"saved{{_repository}}"},"payload":{{Issue("closed")}}}""";

        var dry = await Client.PostAsync("/api/v1/import/github?dryRun=true", saved);
        var first = await Client.PostAsync("/api/v1/import/github", saved);
        var again = await Client.PostAsync("/api/v1/import/github", saved);
        var live = await DeliverAsync(Issue("closed"), "issues", "saved" + _repository);

        var events = first.Json.GetProperty("events").GetInt32();
        Assert.True(events > 1, first.Text);
        Assert.Equal(events, dry.Json.GetProperty("events").GetInt32());
        Assert.Equal((0, events), (again.Json.GetProperty("events").GetInt32(), again.Json.GetProperty("duplicates").GetInt32()));
        Assert.Equal((200, "success"), live);
        var run = await RunAsync("issue", "12");
        Assert.Equal(("ended", 3 * 86_400), (run.Text("state"), run.GetProperty("duration").GetDouble()));
        Assert.True((await Client.ReadAsync($"/api/v1/runs/{run.Text("key")}/events")).GetProperty("items").EnumerateArray().All(static e => e.GetProperty("data").GetProperty("import").GetBoolean()));
    }

    [Fact]
    public async Task A_body_that_was_saved_under_the_name_of_its_event_is_known_by_it()
    {
        var body = Issue("opened").Insert(1, "\"sender\":{\"login\":\"ann\"},");

        var answer = await Client.PostAsync("/api/v1/import/github", body, ("X-Saved-As", "issues.opened.json"));

        Assert.True(answer.Status == 200 && answer.Json.GetProperty("events").GetInt32() > 0, answer.Text);
        Assert.Equal("running", (await RunAsync("issue", "12")).Text("state"));
    }

    [Fact]
    public async Task Of_saved_deliveries_one_that_is_broken_is_said_and_the_others_are_taken()
    {
        var (opened, closed) = (Saved(Issue("opened"), "a"), Saved(Issue("closed"), "b"));

        var answer = await Client.PostAsync("/api/v1/import/github", $$"""[{{opened}},{"headers":{"X-GitHub-Event":"issues"},"payload":"{broken"},{{closed}}]""");

        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal((1, 1), (answer.Json.GetProperty("notUnderstood").GetInt32(), answer.Json.GetProperty("problems").GetArrayLength()));
        Assert.Equal("ended", (await RunAsync("issue", "12")).Text("state"));

        string Saved(string body, string id) => $$"""{"headers":{"X-GitHub-Event":"issues","X-GitHub-Delivery":"{{id}}{{_repository}}"},"payload":{{body}}}""";
    }

    [Fact]
    public async Task Of_a_page_what_is_no_item_is_said_and_half_a_character_costs_its_member_alone()
    {
        string Item(int number, string title) => $$"""
            {"iid":{{number}},"title":"{{title}}","state":"opened","created_at":"2026-03-02T10:00:00Z","web_url":"https://git.example.com/{{_repository}}/-/issues/{{number}}","references":{"full":"{{_repository}}#{{number}}"} }
            """;

        var answer = await Client.PostAsync("/api/v1/import/gitlab", $"[{Item(1, "x")},7,{Item(2, "\\ud800")},{{\"no\":1}},{Item(3, "y")}]");

        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal((3, 2), (answer.Json.GetProperty("events").GetInt32(), answer.Json.GetProperty("notUnderstood").GetInt32()));
        await Client.CaughtUpAsync();
        var run = (await Client.ReadAsync($"/api/v1/runs?id=vstrace-gitlab-issue-{Namespace}-2")).GetProperty("items").EnumerateArray().Single();
        Assert.Equal("running", run.Text("state"));
    }

    [Fact]
    public async Task What_cannot_be_imported_is_said_and_an_unknown_source_is_not_found()
    {
        (await Client.PostAsync("/api/v1/import/github", "no json")).IsProblem(400);
        (await Client.PostAsync("/api/v1/import/githup", "{}")).IsProblem(404);
        var answer = await Client.PostAsync("/api/v1/import/jira", """[{"headers":{},"payload":{"webhookEvent":"jira:issue_updated"}}]""");
        Assert.Equal((200, 1, 1), (answer.Status, answer.Json.GetProperty("notUnderstood").GetInt32(), answer.Json.GetProperty("problems").GetArrayLength()));
    }

    [Fact]
    public async Task From_an_issue_over_its_pull_request_its_pipeline_and_its_jobs_to_the_deploy_and_the_script_it_is_one_trace_in_any_order()
    {
        var repository = $$"""{"id":5,"name":"{{_repository.Split('/')[1]}}","full_name":"{{_repository}}"}""";
        (string Kind, string Body)[] deliveries =
        [
            ("issues", Issue("opened")),
            ("pull_request", $$"""
                {"action":"opened","number":13,"pull_request":{"id":9001,"number":13,"title":"Log in","body":"Fixes #12","created_at":"2026-03-03T08:00:00Z",
                 "updated_at":"2026-03-03T08:00:00Z","user":{"login":"bob"},"head":{"ref":"login","sha":"abc"},"base":{"ref":"main","sha":"def"} },"repository":{{repository}}}
                """),
            ("workflow_run", $$"""
                {"action":"completed","workflow_run":{"id":77,"name":"ci","run_attempt":1,"head_branch":"login","head_sha":"abc","status":"completed","conclusion":"success",
                 "created_at":"2026-03-03T08:01:00Z","run_started_at":"2026-03-03T08:01:00Z","updated_at":"2026-03-03T08:09:00Z","pull_requests":[{"number":13,"base":{"repo":{"id":5} } }],
                 "repository":{{repository}} },"workflow":{"name":"ci"},"repository":{{repository}}}
                """),
            ("workflow_job", $$"""
                {"action":"completed","workflow_job":{"id":770,"run_id":77,"run_attempt":1,"name":"test","workflow_name":"ci","status":"completed","conclusion":"success","head_branch":"login","head_sha":"abc",
                 "created_at":"2026-03-03T08:01:10Z","started_at":"2026-03-03T08:02:00Z","completed_at":"2026-03-03T08:08:00Z",
                 "steps":[{"name":"build","number":1,"status":"completed","conclusion":"success","started_at":"2026-03-03T08:02:10Z","completed_at":"2026-03-03T08:05:00Z"}]},"repository":{{repository}}}
                """),
            ("deployment_status", $$"""
                {"action":"created","deployment_status":{"id":1,"state":"success","environment":"production","created_at":"2026-03-03T09:05:00Z","updated_at":"2026-03-03T09:05:00Z"},
                 "deployment":{"id":500,"task":"deploy","ref":"login","sha":"abc","environment":"production","created_at":"2026-03-03T09:00:00Z","updated_at":"2026-03-03T09:05:00Z"},
                 "workflow_run":{"id":77},"repository":{{repository}}}
                """),
        ];
        foreach (var (kind, body) in deliveries.Reverse().Concat(deliveries))
        {
            Assert.Equal((200, "success"), await DeliverAsync(body, kind));
        }
        // A script names the pull request as upstream did, by its database id.
        await Client.RecordAsync($$"""{"action":"start","run":{"type":"notify","id":"{{_repository}}"},"parents":["vstrace-github-pull_request-{{_repository.Split('/')[1]}}-9001"]}""");

        var issue = await RunAsync("issue", "12");
        var trace = await Client.ReadAsync($"/api/v1/runs/{issue.Text("key")}/trace");

        var runs = trace.GetProperty("runs").EnumerateArray().ToDictionary(static r => r.Text("spanId")!, static r => r.Text("type")!);
        Assert.Equal(["issue pull_request", "job step", "pipeline deploy", "pipeline job", "pull_request notify", "pull_request pipeline"],
            trace.GetProperty("edges").EnumerateArray().Where(static e => e.Text("kind") == "parent").Select(e => $"{runs[e.Text("from")!]} {runs[e.Text("to")!]}").Order(StringComparer.Ordinal));
        Assert.Equal("deploy production", trace.GetProperty("runs").EnumerateArray().Single(static r => r.Text("type") == "deploy").Text("name"));
    }

    private async Task<(int, string)> DeliverAsync(string body, string kind, string? id = null)
    {
        (string, string)[] headers = id is null ? [("X-GitHub-Event", kind)] : [("X-GitHub-Event", kind), ("X-GitHub-Delivery", id)];
        var answer = await Client.PostAsync("/github", body, headers);
        return (answer.Status, answer.Text);
    }

    private async Task<JsonElement> RunAsync(string type, string id)
    {
        await Client.CaughtUpAsync();
        return (await Client.ReadAsync($"/api/v1/runs?id=vstrace-github-{type}-{Namespace}-{id}")).GetProperty("items").EnumerateArray().Single();
    }

    private async Task<JsonElement> SourceAsync(string name) =>
        (await Client.ReadAsync("/api/v1/sources")).GetProperty("items").EnumerateArray().Single(s => s.Text("source") == name);

    private string Issue(string action) => JsonSerializer.Serialize(new
    {
        action,
        issue = new
        {
            number = 12,
            title = "Log in",
            state = action == "closed" ? "closed" : "open",
            state_reason = action == "closed" ? "completed" : null,
            created_at = "2026-03-02T08:00:00Z",
            updated_at = action == "closed" ? "2026-03-05T08:00:00Z" : "2026-03-02T08:00:00Z",
            closed_at = action == "closed" ? "2026-03-05T08:00:00Z" : null,
            user = new { login = "ann", id = 7 },
        },
        repository = new { id = 5, name = _repository.Split('/')[1], full_name = _repository },
    });
}

[Collection(OnPostgres.Name)]
public sealed class PostgresIntakeTests(PostgresServer server) : IntakeContract(server)
{
    private readonly PostgresServer _server = server;

    private protected override async Task<int> ExecuteAsync(string sql)
    {
        await using var source = Npgsql.NpgsqlDataSource.Create(_server.ConnectionString);
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}

[Collection(OnSqlite.Name)]
public sealed class SqliteIntakeTests(SqliteServer server) : IntakeContract(server)
{
    private readonly SqliteServer _server = server;

    private protected override async Task<int> ExecuteAsync(string sql)
    {
        await using var connection = new Microsoft.Data.Sqlite.SqliteConnection(_server.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
