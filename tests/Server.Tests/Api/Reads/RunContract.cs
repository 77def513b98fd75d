namespace ValueStream.Server.Tests.Api.Reads;

/// <summary>One run: its attempts and its history.</summary>
public abstract class RunContract(ApiServer server)
{
    private readonly string _ns = Sent.Unique();

    private ApiClient Client => server.Client;

    [Fact]
    public async Task A_runs_newest_attempt_is_the_run_and_another_can_be_named()
    {
        var items = await Client.RecordAsync(
            Sent.Start(_ns, "1", 0, more: """ "name":"first" """), Sent.End(_ns, "1", 5, more: """ "outcome":"failure" """),
            Sent.Start(_ns, "1", 10, more: """ "name":"second" """), Sent.End(_ns, "1", 12));

        var newest = await Client.RunAsync(items[0]);
        var first = await Client.RunAsync(items[0], "?attempt=1");

        Assert.Equal((2, "second", "success", 2.0),
            (newest.GetProperty("attempt").GetInt32(), newest.Text("name"), newest.Text("outcome"), newest.GetProperty("duration").GetDouble()));
        Assert.Equal((1, "first", "failure", 5.0),
            (first.GetProperty("attempt").GetInt32(), first.Text("name"), first.Text("outcome"), first.GetProperty("duration").GetDouble()));
        Assert.Equal(newest.Text("key"), first.Text("key"));
        Assert.NotEqual(newest.Text("spanId"), first.Text("spanId"));
    }

    [Fact]
    public async Task A_running_run_has_no_end()
    {
        var items = await Client.RecordAsync(Sent.Start(_ns, "1"));

        var run = await Client.RunAsync(items[0]);

        Assert.Equal("running", run.Text("state"));
        Assert.All(["endedAt", "duration", "outcome", "parent", "actor", "reason"], name => Assert.False(run.TryGetProperty(name, out _), name));
        Assert.Equal((0, 0, 0), (run.GetProperty("links").GetArrayLength(), run.GetProperty("flags").GetArrayLength(), run.GetProperty("tags").EnumerateObject().Count()));
    }

    [Fact]
    public async Task An_end_that_comes_first_is_an_orphan_until_its_start_arrives()
    {
        var items = await Client.RecordAsync(Sent.End(_ns, "1", 5, more: """ "outcome":"failure" """));
        var orphan = await Client.RunAsync(items[0]);
        await Client.RecordAsync(Sent.Start(_ns, "1", 0));
        var run = await Client.RunAsync(items[0]);

        Assert.Equal("orphan", orphan.Text("state"));
        Assert.False(orphan.TryGetProperty("startedAt", out _));
        Assert.Equal(("ended", "failure", 5.0), (run.Text("state"), run.Text("outcome"), run.GetProperty("duration").GetDouble()));
    }

    [Fact]
    public async Task A_runs_history_is_its_events_newest_first_as_they_were_recorded()
    {
        var items = await Client.RecordAsync(
            Sent.Start(_ns, "1", 0, more: """ "actor":"ann","tags":{"k":"v"} """), Sent.Start(_ns, "another"),
            Sent.Event("annotate", _ns, "1", 1, more: """ "note":"so far so good" """), Sent.End(_ns, "1", 5));

        var events = (await Client.RunAsync(items[0], "/events")).GetProperty("items").EnumerateArray().ToList();

        Assert.Equal(["ended", "annotated", "started"], events.Select(static e => e.Text("kind")));
        Assert.Equal(new[] { items[3], items[2], items[0] }.Select(static i => i.GetProperty("position").GetInt64()), events.Select(static e => e.GetProperty("position").GetInt64()));
        Assert.Equal(items[0].GetProperty("eventId").GetGuid(), events[2].GetProperty("eventId").GetGuid());
        Assert.Equal(("ann", "loopback", Sent.Rendering(_ns, "1"), items[0].Text("key")),
            (events[2].Text("actor"), events[2].Text("submitter"), events[2].Text("run"), events[2].Text("key")));
        Assert.Equal((Sent.Noon, Sent.Noon), (events[2].GetProperty("occurredAt").GetDateTimeOffset(), events[2].GetProperty("effectiveAt").GetDateTimeOffset()));
        Assert.Equal("v", events[2].GetProperty("data").GetProperty("tags").Text("k"));
        Assert.All(events, static e => Assert.Matches("^[0-9a-f]{64}$", e.Text("digest")));
    }

    [Fact]
    public async Task A_history_is_read_page_by_page()
    {
        var items = await Client.RecordAsync([.. Enumerable.Range(0, 5).Select(i => Sent.Event("annotate", _ns, "1", i, more: $$""" "note":"{{i}}" """))]);
        var notes = new List<string?>();
        for (string? cursor = ""; cursor is not null;)
        {
            var page = await Client.RunAsync(items[0], $"/events?limit=2{cursor}");
            notes.AddRange(page.GetProperty("items").EnumerateArray().Select(static e => e.GetProperty("data").Text("note")));
            cursor = page.Text("next") is { } next ? $"&cursor={next}" : null;
        }

        Assert.Equal(["4", "3", "2", "1", "0"], notes);
    }

    [Fact]
    public async Task A_run_that_has_been_no_more_than_annotated_has_a_history()
    {
        var items = await Client.RecordAsync(Sent.Event("annotate", _ns, "1", 0));

        Assert.Single((await Client.RunAsync(items[0], "/events")).GetProperty("items").EnumerateArray());
    }

    [Theory]
    [InlineData("")]
    [InlineData("/trace")]
    [InlineData("/events")]
    public async Task A_run_that_is_not_there_is_not_found(string more)
    {
        foreach (var key in new[] { "0000000000000", "vvvvvvvvvvvvv", "short", "vstrace-customhttp-a-b-1", "ABCDEFGHIJKLM", "%F0%9F%93%A6" })
        {
            (await Client.GetAsync($"/api/v1/runs/{key}{more}")).IsProblem(404, "/api/v1/runs?id=");
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("/trace")]
    public async Task An_attempt_that_is_not_there_is_not_found(string more)
    {
        var items = await Client.RecordAsync(Sent.Start(_ns, "1"));

        foreach (var attempt in new[] { 2, 0, -1 })
        {
            (await Client.GetAsync($"/api/v1/runs/{items[0].Text("key")}{more}?attempt={attempt}")).IsProblem(404, $"attempt {attempt}");
        }
        (await Client.GetAsync($"/api/v1/runs/{items[0].Text("key")}{more}?attempt=last")).IsProblem(400, "'last'", "attempt");
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=1001", "limit")]
    [InlineData("limit=x", "limit")]
    [InlineData("cursor=x", "cursor")]
    [InlineData("cursor=-1", "cursor")]
    public async Task A_parameter_that_cannot_be_read_is_named(string query, string field)
    {
        var items = await Client.RecordAsync(Sent.Start(_ns, "1"));

        (await Client.GetAsync($"/api/v1/runs/{items[0].Text("key")}/events?{query}")).IsProblem(400, field: field);
        (await Client.GetAsync($"/api/v1/events?{query}")).IsProblem(400, field: field);
    }
}

[Collection(OnPostgres.Name)]
public sealed class PostgresRunTests(PostgresServer server) : RunContract(server);

[Collection(OnSqlite.Name)]
public sealed class SqliteRunTests(SqliteServer server) : RunContract(server);
