using System.Text.Json;
using ValueStream.Testing;

namespace ValueStream.Server.Tests.Api.Reads;

/// <summary>The log, its head, and the projections that follow it.</summary>
public abstract class LogReadsContract(ApiServer server)
{
    private readonly string _ns = Sent.Unique();

    private ApiClient Client => server.Client;

    [Fact]
    public async Task The_log_is_read_newest_first_page_by_page_while_it_grows()
    {
        var items = await Client.RecordAsync([.. Enumerable.Range(0, 10).Select(i => Sent.Start(_ns, $"{i}", i))]);
        var first = items[0].GetProperty("position").GetInt64();
        var seen = new List<long>();
        for (var cursor = ""; !seen.Contains(first);)
        {
            var page = await Client.ReadAsync($"/api/v1/events?limit=3{cursor}");
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(static e => e.GetProperty("position").GetInt64()));
            cursor = $"&cursor={page.Text("next")}";
            await Client.RecordAsync(Sent.Start(_ns, $"new{seen.Count}"));
        }

        Assert.Equal(Enumerable.Range(0, seen.Count).Select(i => first + 9 - i), seen);
    }

    [Theory]
    [InlineData("", "ended,started,annotated,started")]
    [InlineData("&kind=started", "started,started")]
    [InlineData("&actor=alice", "ended,started")]
    [InlineData("&outcome=failure", "ended,started")]
    [InlineData("&type=job&kind=annotated", "annotated")]
    [InlineData("&type=nothing", "")]
    [InlineData("&source=customhttp&submitter=loopback", "ended,started,annotated,started")]
    [InlineData("&submitter=somebody", "")]
    [InlineData("&tag=env:production", "ended,started")]
    [InlineData("&tag=env=production&tag=env:staging", "")]
    [InlineData("&q=ALI*%20production", "ended,started")]
    [InlineData("&q=to%20see", "annotated,started")]
    [InlineData("&clock=occurred&to=2001-01-01T00:00:00Z", "")]
    [InlineData("&clock=occurred&from=2001-01-01T00:00:00Z", "ended,started,annotated,started")]
    [InlineData("&asOf=0", "")]
    [InlineData("&from=2099-01-01T00:00:00Z", "")]
    [InlineData("&to=2001-01-01T00:00:00Z", "")]
    [InlineData("&from=2001-01-01T00:00:00Z&to=2099-01-01T00:00:00Z", "ended,started,annotated,started")]
    public async Task The_log_is_searched_by_what_its_events_and_their_runs_are(string search, string kinds)
    {
        await Client.RecordAsync(
            Sent.Start(_ns, "1", 0, "job"), Sent.Event("annotate", _ns, "1", 1, "job", "\"reason\":\"to see\""),
            Sent.Start(_ns, "2", 0, "build", "\"actor\":\"alice\",\"tags\":{\"env\":\"production\"}"), Sent.End(_ns, "2", 5, "build", "\"outcome\":\"failure\""));

        Assert.Equal(kinds, string.Join(',', (await Client.ReadAsync($"/api/v1/events?namespace={_ns}{search}")).Each("kind")));
    }

    [Fact]
    public async Task The_log_is_searched_by_run_and_by_operation()
    {
        var items = await Client.RecordAsync(Sent.Start(_ns, "1"), Sent.Start(_ns, "2"), Sent.End(_ns, "1", 5));
        var run = await Client.RunAsync(items[0]);

        Assert.Equal(["ended", "started"], (await Client.ReadAsync($"/api/v1/events?run={run.Text("key")}")).Each("kind"));
        Assert.Equal(["ended", "started", "started"], (await Client.ReadAsync($"/api/v1/events?operation={run.Text("operation")}")).Each("kind"));
    }

    [Theory]
    [InlineData("kind=dreamt", "kind")]
    [InlineData("outcome=fine", "outcome")]
    [InlineData("run=x", "run")]
    [InlineData("operation=x", "operation")]
    [InlineData("limit=0", "limit")]
    [InlineData("clock=wall", "clock")]
    [InlineData("tag=production", "tag")]
    [InlineData("q=*", "q")]
    [InlineData("asOf=-1", "asOf")]
    [InlineData("asOf=9999999999", "asOf")]
    public async Task A_search_that_cannot_be_is_refused(string search, string field) => (await Client.GetAsync("/api/v1/events?" + search)).IsProblem(400, field: field);

    [Fact]
    public async Task Every_answer_says_as_of_which_position_it_speaks_and_gives_the_same_for_it_later()
    {
        await Client.RecordAsync(Sent.Start(_ns, "1"), Sent.End(_ns, "1", 5));
        var head = await Client.ReadAsync("/api/v1/log/head");
        var first = await Client.ReadAsync($"/api/v1/events?namespace={_ns}");
        await Client.RecordAsync(Sent.Start(_ns, "2"));
        var address = $"/api/v1/events?namespace={_ns}&asOf={first.GetProperty("asOf").GetInt64()}";

        var again = await Client.ReadAsync(address);
        var lines = await Client.GetAsync(address, ("Accept", "application/x-ndjson"));
        var csv = await Client.GetAsync(address, ("Accept", "text/csv;q=0.9, application/json;q=0.5"));

        Assert.Equal(head.GetRawText(), first.GetProperty("head").GetRawText());
        Assert.Equal(head.GetProperty("position").GetInt64(), first.GetProperty("asOf").GetInt64());
        Assert.Equal(head.GetProperty("position").GetInt64(), first.GetProperty("projected").GetInt64());
        Assert.Equal(first.GetProperty("items").GetRawText(), again.GetProperty("items").GetRawText());
        var now = await Client.ReadAsync("/api/v1/log/head");
        foreach (var streamed in new[] { lines, csv })
        {
            Assert.Equal(200, streamed.Status);
            Assert.Equal(first.GetProperty("asOf").GetRawText(), streamed.Headers["X-ValueStream-As-Of"]);
            Assert.Equal($"{now.GetProperty("position")} {now.Text("hash")}", streamed.Headers["X-ValueStream-Head"]);
            Assert.Equal($"{now.GetProperty("position")}", streamed.Headers["X-ValueStream-Projected"]);
        }
        Assert.Equal(("application/x-ndjson", "text/csv"), (lines.ContentType, csv.ContentType));
        Assert.Equal($"[{string.Join(',', lines.Text.TrimEnd().Split('\n'))}]", first.GetProperty("items").GetRawText());
        Assert.Equal(3, csv.Text.TrimEnd().Split("\r\n").Length);
    }

    [Fact]
    public async Task A_stream_has_all_that_a_list_has_by_the_page_and_what_a_spreadsheet_would_run_is_text_in_it()
    {
        await Client.RecordAsync([.. Enumerable.Range(0, 2500).Select(i => Sent.Start(_ns, $"{i}", i, more: "\"reason\":\"=1+1\""))]);

        var lines = await Client.GetAsync($"/api/v1/events?namespace={_ns}", ("Accept", "application/x-ndjson"));
        var csv = await Client.GetAsync($"/api/v1/events?namespace={_ns}", ("Accept", "text/csv"));

        var last = await Client.HeadAsync();
        Assert.Equal(Enumerable.Range(0, 2500).Select(i => last - i), lines.Text.TrimEnd().Split('\n').Select(static l => JsonElement.Parse(l).GetProperty("position").GetInt64()));
        var rows = csv.Text.TrimEnd().Split("\r\n");
        Assert.StartsWith("position,recordedAt,", rows[0], StringComparison.Ordinal);
        Assert.Equal(2501, rows.Length);
        Assert.All(rows[1..], static r => Assert.Contains(",'=1+1,", r, StringComparison.Ordinal));
        (await Client.GetAsync("/api/v1/events?limit=5", ("Accept", "text/csv"))).IsProblem(400, field: "limit");
    }

    [Fact]
    public async Task The_first_event_is_the_last_of_the_last_page()
    {
        await Client.RecordAsync(Sent.Start(_ns, "1"), Sent.Start(_ns, "2"));

        var last = await Client.ReadAsync("/api/v1/events?limit=1000&cursor=3");
        Assert.Equal([2L, 1L], last.GetProperty("items").EnumerateArray().Select(static e => e.GetProperty("position").GetInt64()));
        Assert.Null(last.Text("next"));
        Assert.Empty((await Client.ReadAsync("/api/v1/events?cursor=1")).GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task One_event_is_read_by_its_position_and_one_that_came_by_the_API_has_no_delivery()
    {
        var position = (await Client.RecordAsync(Sent.Start(_ns, "1")))[0].GetProperty("position").GetInt64();

        Assert.Equal((await Client.LastEventAsync()).GetRawText(), (await Client.ReadAsync($"/api/v1/events/{position}")).GetRawText());
        (await Client.GetAsync($"/api/v1/events/{position + 1000}")).IsProblem(404, "no event");
        Assert.Equal(404, (await Client.GetAsync("/api/v1/events/last")).Status);
    }

    [Fact]
    public async Task The_head_names_the_last_event_and_changes_its_hash_with_each()
    {
        var before = await Client.ReadAsync("/api/v1/log/head");
        var items = await Client.RecordAsync(Sent.Start(_ns, "1"));
        var after = await Client.ReadAsync("/api/v1/log/head");

        Assert.Equal(items[0].GetProperty("position").GetInt64(), after.GetProperty("position").GetInt64());
        Assert.NotEqual(before.Text("hash"), after.Text("hash"));
        Assert.Equal(before.Text("logId"), after.Text("logId"));
        Assert.Matches("^[0-9a-f]{64}$", after.Text("hash"));
        Assert.Equal((await Client.LastEventAsync()).GetProperty("recordedAt").GetDateTimeOffset(), after.GetProperty("recordedAt").GetDateTimeOffset());
    }

    [Fact]
    public async Task The_projections_say_how_far_they_are()
    {
        await Client.RecordAsync(Sent.Start(_ns, "1"));

        var runs = Assert.Single((await Client.ReadAsync("/api/v1/projections")).GetProperty("items").EnumerateArray());

        Assert.Equal("runs", runs.Text("name"));
        Assert.Matches("^[ab]$", runs.Text("slot"));
        Assert.Equal("UTC", runs.Text("zone"));
        Assert.Equal((await Client.LastEventAsync()).Text("recordedAt"), runs.Text("dataTo"));
        Assert.Equal(await Client.HeadAsync(), runs.GetProperty("position").GetInt64());
        Assert.Equal((0L, 0.0), (runs.GetProperty("lagEvents").GetInt64(), runs.GetProperty("lagSeconds").GetDouble()));
        Assert.False(runs.TryGetProperty("rebuilding", out _));
        Assert.Empty(runs.GetProperty("setAside").EnumerateArray());
    }

    [Fact]
    public async Task A_rebuild_answers_at_once_refuses_another_meanwhile_and_ends_with_the_same_rows()
    {
        // Enough events that the rebuild is under way when it is asked for again.
        await Client.RecordAsync([.. Enumerable.Range(0, 3000).Select(i =>
            i % 2 == 0 ? Sent.Start(_ns, $"{i / 200}", i, more: $$""" "tags":{"i":{{i}}} """) : Sent.End(_ns, $"{i / 200}", i))]);
        var before = await AllAsync();
        var slot = (await ProjectionAsync()).Text("slot");

        var begun = await Client.PostAsync("/api/v1/projections/runs/rebuild", "");
        var refused = await Client.PostAsync("/api/v1/projections/runs/rebuild", "");
        var during = await AllAsync();

        Assert.Equal(202, begun.Status);
        Assert.EndsWith("/api/v1/projections", begun.Headers["Location"], StringComparison.Ordinal);
        refused.IsProblem(409, "under way");
        Assert.Equal(before, during);
        await Until.HoldsAsync("the rebuilt slot is live", async () => (await ProjectionAsync()).Text("slot") != slot);
        Assert.Equal(before, await AllAsync());
        Assert.False((await ProjectionAsync()).TryGetProperty("rebuilding", out _));
    }

    private async Task<JsonElement> ProjectionAsync() => (await Client.ReadAsync("/api/v1/projections")).GetProperty("items")[0];

    private async Task<string> AllAsync() => (await Client.ReadAsync($"/api/v1/runs?namespace={_ns}&limit=200")).GetRawText();
}

[Collection(OnPostgres.Name)]
public sealed class PostgresLogReadsTests(PostgresServer server) : LogReadsContract(server);

[Collection(OnSqlite.Name)]
public sealed class SqliteLogReadsTests(SqliteServer server) : LogReadsContract(server);
