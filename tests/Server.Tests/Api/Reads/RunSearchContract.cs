using System.Globalization;

namespace ValueStream.Server.Tests.Api.Reads;

/// <summary>What <c>GET /api/v1/runs</c> finds.</summary>
public abstract class RunSearchContract(ApiServer server)
{
    private readonly string _ns = Sent.Unique();

    private ApiClient Client => server.Client;

    [Theory]
    [InlineData("", "quick slow failed open orphan")]
    [InlineData("type=build", "quick slow failed")]
    [InlineData("type=Build", "")]
    [InlineData("name=shop", "quick slow")]
    [InlineData("name=sho", "")]
    [InlineData("actor=ann", "quick failed")]
    [InlineData("source=customhttp", "quick slow failed open orphan")]
    [InlineData("source=github", "")]
    [InlineData("state=running", "open")]
    [InlineData("state=ended", "quick slow failed")]
    [InlineData("state=orphan", "orphan")]
    [InlineData("state=abandoned", "")]
    [InlineData("outcome=success", "quick slow orphan")]
    [InlineData("outcome=failure", "failed")]
    [InlineData("outcome=skip", "")]
    [InlineData("minDuration=10", "slow failed")]
    [InlineData("maxDuration=10", "quick failed")]
    [InlineData("minDuration=10&maxDuration=10", "failed")]
    [InlineData("minDuration=10.000001", "slow")]
    [InlineData("minDuration=1e300", "")]
    [InlineData("maxDuration=-1", "")]
    [InlineData("tag=env:prod", "quick slow")]
    [InlineData("tag=env=prod", "quick slow")]
    [InlineData("tag=env=prod&tag=n=1.50", "slow")]
    [InlineData("tag=env=prod&tag=env=test", "")]
    [InlineData("tag=formula:a=b", "quick")]
    [InlineData("tag=formula=a=b", "quick")]
    [InlineData("tag=yes=true", "slow")]
    [InlineData("tag=empty=", "quick")]
    [InlineData("tag=Env=prod", "")]
    [InlineData("tag=unknown=1", "")]
    [InlineData("type=build&actor=ann&outcome=success&tag=env=prod", "quick")]
    // Ended at or after, before; what runs is in every window that began after its start.
    [InlineData("from=2024-03-04T12:01:00Z", "slow open")]
    [InlineData("to=2024-03-04T12:01:00Z", "quick failed open orphan")]
    [InlineData("from=2024-03-04T12:00:05Z&to=2024-03-04T12:01:00Z", "quick failed open")]
    [InlineData("to=2024-03-04T12:00:03Z", "open orphan")]
    [InlineData("to=2024-03-04T12:00:02Z", "open")]
    [InlineData("from=2024-03-04T13:01:00%2B01:00", "slow open")]
    [InlineData("from=2024-03-05", "open")]
    [InlineData("to=2024-03-04", "")]
    [InlineData("from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59Z", "quick slow failed open orphan")]
    public async Task A_filter_finds_exactly_what_matches(string query, string expected)
    {
        await RecordAsync();

        var found = await Client.ReadAsync($"/api/v1/runs?namespace={_ns}&{query}");

        Assert.Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(), found.Each("id").Order());
        Assert.Null(found.Text("next"));
    }

    [Fact]
    public async Task The_newest_start_comes_first()
    {
        await RecordAsync();

        Assert.Equal(["failed", "slow", "quick", "orphan", "open"], (await Client.ReadAsync($"/api/v1/runs?namespace={_ns}")).Each("id"));
    }

    [Fact]
    public async Task A_run_is_found_by_its_rendering_and_nothing_else_is()
    {
        await RecordAsync();

        Assert.Equal(["quick"], (await Client.ReadAsync($"/api/v1/runs?id={Sent.Rendering(_ns, "quick")}")).Each("id"));
        Assert.Empty((await Client.ReadAsync($"/api/v1/runs?id={Sent.Rendering(_ns, "quic")}")).Each("id"));
        Assert.Empty((await Client.ReadAsync("/api/v1/runs?id=quick")).Each("id"));
    }

    [Fact]
    public async Task An_operations_key_finds_its_runs()
    {
        await RecordAsync();
        var quick = (await Client.ReadAsync($"/api/v1/runs?id={Sent.Rendering(_ns, "quick")}")).GetProperty("items")[0];

        Assert.Equal(["slow", "quick"], (await Client.ReadAsync($"/api/v1/runs?operation={quick.Text("operation")}")).Each("id"));
    }

    [Fact]
    public async Task Each_attempt_is_an_item()
    {
        await Client.RecordAsync(Sent.Start(_ns, "1", 0), Sent.End(_ns, "1", 5), Sent.Start(_ns, "1", 9));

        var runs = await Client.ReadAsync($"/api/v1/runs?namespace={_ns}");

        Assert.Equal([(2, "running"), (1, "ended")],
            runs.GetProperty("items").EnumerateArray().Select(static r => (r.GetProperty("attempt").GetInt32(), r.Text("state"))));
    }

    [Fact]
    public async Task Paging_loses_and_repeats_nothing_while_new_runs_arrive()
    {
        // Three of each start at the same moment, so that a page's edge falls among equals.
        var expected = Enumerable.Range(0, 31).Select(static i => i.ToString(CultureInfo.InvariantCulture)).ToList();
        await Client.RecordAsync([.. expected.Select((id, i) => Sent.Start(_ns, id, i / 3))]);
        var seen = new List<string?>();
        string? cursor = null;
        do
        {
            var page = await Client.ReadAsync($"/api/v1/runs?namespace={_ns}&limit=4{(cursor is null ? "" : $"&cursor={cursor}")}");
            seen.AddRange(page.Each("id"));
            cursor = page.Text("next");
            await Client.RecordAsync(Sent.Start(_ns, $"new{seen.Count}", 1000), Sent.End(_ns, $"new{seen.Count}", 1001));
        }
        while (cursor is not null);

        Assert.Equal(expected.Order(), seen.Order());
    }

    [Fact]
    public async Task A_last_page_that_is_full_has_no_next()
    {
        await Client.RecordAsync([.. Enumerable.Range(0, 4).Select(i => Sent.Start(_ns, $"{i}", i))]);

        var first = await Client.ReadAsync($"/api/v1/runs?namespace={_ns}&limit=2");
        var second = await Client.ReadAsync($"/api/v1/runs?namespace={_ns}&limit=2&cursor={first.Text("next")}");

        Assert.Equal(["3", "2", "1", "0"], first.Each("id").Concat(second.Each("id")));
        Assert.Null(second.Text("next"));
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=201", "limit")]
    [InlineData("limit=many", "limit")]
    [InlineData("limit=99999999999", "limit")]
    [InlineData("from=yesterday", "from")]
    [InlineData("to=2024-13-01", "to")]
    [InlineData("from=2024-03-04T13:01:00+01:00", "from")]
    [InlineData("minDuration=long", "minDuration")]
    [InlineData("maxDuration=1,5x", "maxDuration")]
    [InlineData("state=done", "state")]
    [InlineData("state=Running", "state")]
    [InlineData("outcome=failed", "outcome")]
    [InlineData("operation=shop", "operation")]
    [InlineData("tag=env", "tag")]
    [InlineData("tag=:prod", "tag")]
    [InlineData("tag=a=b&tag=c", "tag")]
    [InlineData("minDuration=NaN", "minDuration")]
    [InlineData("maxDuration=Infinity", "maxDuration")]
    [InlineData("cursor=", "cursor")]
    [InlineData("cursor=next", "cursor")]
    [InlineData("cursor=1.2.3", "cursor")]
    [InlineData("cursor=99999999999999999999.0000000000000.1", "cursor")]
    [InlineData("cursor=-9223372036854775808.0000000000000.1", "cursor")]
    [InlineData("name=a%00b", "name")]
    [InlineData("namespace=%00", "namespace")]
    [InlineData("tag=a=%00", "tag")]
    [InlineData("id=%00", "id")]
    public async Task A_parameter_that_cannot_be_read_is_named(string query, string field) =>
        (await Client.GetAsync($"/api/v1/runs?{query}")).IsProblem(400, field: field);

    [Theory]
    [InlineData("type='; DROP TABLE events; --")]
    [InlineData("name=%25")]
    [InlineData("name=%C3%28")]
    [InlineData("unknown=1")]
    [InlineData("tag=%F0%9F%93%A6=%F0%9F%93%A6")]
    public async Task Anything_else_is_a_search_that_finds_nothing_of_this(string query) =>
        Assert.Equal(200, (await Client.GetAsync($"/api/v1/runs?namespace={_ns}&{query}")).Status);

    private async Task RecordAsync() => await Client.RecordAsync(
        Sent.Start(_ns, "quick", 3, more: """ "name":"shop","actor":"ann","tags":{"env":"prod","formula":"a=b","empty":""} """), Sent.End(_ns, "quick", 5),
        Sent.Start(_ns, "slow", 4, more: """ "name":"shop","actor":"bob","tags":{"env":"prod","n":1.50,"yes":true} """), Sent.End(_ns, "slow", 60),
        Sent.Start(_ns, "failed", 5, more: """ "name":"cart","actor":"ann","tags":{"env":"test"} """), Sent.End(_ns, "failed", 15, more: """ "outcome":"failure" """),
        Sent.Start(_ns, "open", 0, "deploy"),
        Sent.End(_ns, "orphan", 2, "deploy"));
}

[Collection(OnPostgres.Name)]
public sealed class PostgresRunSearchTests(PostgresServer server) : RunSearchContract(server);

[Collection(OnSqlite.Name)]
public sealed class SqliteRunSearchTests(SqliteServer server) : RunSearchContract(server);
