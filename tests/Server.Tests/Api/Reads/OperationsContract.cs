using System.Text.Json;

namespace ValueStream.Server.Tests.Api.Reads;

/// <summary>The inventory, the numbers of an operation, and the tags that there are.</summary>
public abstract class OperationsContract(ApiServer server)
{
    private const string Hour = "from=2024-03-04T12:00:00Z&to=2024-03-04T13:00:00Z";
    private const string Today = "from=2024-03-04T00:00:00Z&to=2024-03-05T00:00:00Z";

    private readonly string _ns = Sent.Unique();

    private ApiClient Client => server.Client;

    [Fact]
    public async Task An_operation_is_in_the_inventory_with_its_numbers()
    {
        await RecordAsync();

        var list = await Client.ReadAsync($"/api/v1/operations?namespace={_ns}&{Today}");
        var items = list.GetProperty("items").EnumerateArray().ToList();

        Assert.Equal(["shop", "blog"], items.Select(static o => o.Text("name")));
        Assert.Equal(("2024-03-04T00:00:00+00:00", "2024-03-05T00:00:00+00:00", "UTC"),
            (list.GetProperty("window").Text("from"), list.GetProperty("window").Text("to"), list.GetProperty("window").Text("zone")));
        Assert.NotEmpty(list.Text("definition")!);
        Assert.Equal((3, 0.5, 3.0, 21.0), (Number(items[0], "finished"), Number(items[0], "errorRate"), Number(items[0], "perDay"), Number(items[0], "runsPerWeek")));
        Assert.Equal((1, 0, 1), (Number(items[0], "people"), Number(items[0], "hosts"), Number(items[0], "running")));
        Assert.Equal("too few", items[0].GetProperty("change").GetProperty("p50").Text("verdict"));
        Assert.NotNull(items[0].Text("dormantSince"));
        Assert.False(list.TryGetProperty("others", out _));

        var one = await Client.ReadAsync($"/api/v1/operations/{items[0].Text("key")}?{Today}");
        Assert.Equal(items[0].GetProperty("finishedByDay").GetRawText(), one.GetProperty("finishedByDay").GetRawText());
        var limited = await Client.ReadAsync($"/api/v1/operations?namespace={_ns}&q=O&limit=1&{Today}");
        Assert.Equal((1, 1), (limited.GetProperty("items").GetArrayLength(), Number(limited.GetProperty("others"), "operations")));
    }

    [Fact]
    public async Task The_numbers_of_an_operation_are_told_by_interval_and_by_tag()
    {
        await RecordAsync();
        var key = (await Client.ReadAsync($"/api/v1/operations?namespace={_ns}&q=shop")).GetProperty("items")[0].Text("key");

        var metrics = await Client.ReadAsync($"/api/v1/operations/{key}/metrics?{Hour}&interval=hour&by=service");

        var totals = metrics.GetProperty("totals");
        Assert.Equal((4, 3, 1, 1, 1), (Number(totals, "started"), Number(totals, "finished"), Number(totals, "success"), Number(totals, "failure"), Number(totals, "cancellation")));
        Assert.Equal((10.0, 1), (Number(totals.GetProperty("duration"), "mean"), Number(totals.GetProperty("failedDuration"), "sample")));
        Assert.Equal(["cancellation", "running"], totals.GetProperty("leftOut").EnumerateArray().Select(static l => l.Text("why")));
        Assert.Equal((0, 1), (Number(metrics.GetProperty("previous"), "finished"), metrics.GetProperty("series").GetArrayLength()));
        Assert.Equal("2024-03-04T12:00:00+00:00", metrics.GetProperty("series")[0].Text("at"));
        Assert.Equal(["api", null], metrics.GetProperty("groups").EnumerateArray().Select(static g => g.Text("value")));
        Assert.Equal("2024-03-04T00:00:00+00:00", metrics.GetProperty("groupsWindow").Text("from"));
        Assert.Equal(4, (await Client.ReadAsync(metrics.Text("runs")!)).GetProperty("items").GetArrayLength());

        var sampled = await Client.ReadAsync($"/api/v1/operations/{key}/metrics?{Hour}&by=team&zone=Europe/Berlin");
        Assert.Equal((20_000, 3, 3), (Number(sampled.GetProperty("sampled"), "newest"), Number(sampled.GetProperty("sampled"), "read"), Number(sampled.GetProperty("sampled"), "of")));
        Assert.Equal("Europe/Berlin", sampled.GetProperty("window").Text("zone"));
        Assert.Equal(["red", null], sampled.GetProperty("groups").EnumerateArray().Select(static g => g.Text("value")));
    }

    [Fact]
    public async Task What_failures_cost_stands_in_the_inventory_in_the_numbers_and_in_their_groups()
    {
        await RecordAsync();

        var list = await Client.ReadAsync($"/api/v1/operations?namespace={_ns}&{Today}&sort=-failed");
        var shop = list.GetProperty("items")[0];
        var metrics = await Client.ReadAsync($"/api/v1/operations/{shop.Text("key")}/metrics?{Hour}&by=service");

        Assert.Equal(("shop", 140.0, 420.0), (shop.Text("name"), Number(shop, "failedTimePerWeek"), Number(shop, "timePerWeek")));
        Assert.Equal(140, Number(list.GetProperty("summary"), "failedTimePerWeek"));
        Assert.Equal((60.0, 20.0), (Number(metrics.GetProperty("totals"), "time"), Number(metrics.GetProperty("totals"), "failedTime")));
        Assert.Equal([(30.0, 20.0), (30.0, 0.0)], metrics.GetProperty("groups").EnumerateArray().Select(static g => (Number(g, "time"), Number(g, "failedTime"))));
    }

    [Fact]
    public async Task Where_the_time_goes_and_what_was_tried_again_are_told()
    {
        var sha = """ "name":"checks","tags":{"vcs.ref.head.revision":"abc"} """;
        await Client.RecordAsync(
            Sent.Start(_ns, "p", 0, "pipeline", """ "name":"ship" """),
            Sent.Start(_ns, "a", 0, more: $"{sha},\"parents\":[\"{Sent.Rendering(_ns, "p", "pipeline")}\"]"), Sent.End(_ns, "a", 4, more: """ "outcome":"failure" """),
            Sent.Start(_ns, "b", 5, more: $"{sha},\"parents\":[\"{Sent.Rendering(_ns, "p", "pipeline")}\"]"), Sent.End(_ns, "b", 10), Sent.End(_ns, "p", 10, "pipeline"));
        var keys = (await Client.ReadAsync($"/api/v1/operations?namespace={_ns}")).GetProperty("items").EnumerateArray().ToDictionary(static o => o.Text("name")!, static o => o.Text("key"));

        var path = await Client.ReadAsync($"/api/v1/operations/{keys["ship"]}/path?{Hour}");
        var retries = await Client.ReadAsync($"/api/v1/operations/{keys["checks"]}/retries?{Hour}");

        Assert.Equal((1, 10.0), (Number(path, "traces"), Number(path.GetProperty("duration"), "p50")));
        Assert.Equal(["run checks 0.9", "wait ship 0.1"], path.GetProperty("path").EnumerateArray().Select(static p => FormattableString.Invariant($"{p.Text("kind")} {p.Text("name")} {Number(p, "meanShare")}")));
        Assert.Equal((2, 4.0), (Number(path.GetProperty("steps")[0], "runs"), Number(path.GetProperty("steps")[0], "failedTime")));
        Assert.Equal((2, 1, 1.0, 0.0, 5.0), (Number(retries, "runs"), Number(retries, "flaky"), Number(retries, "firstErrorRate"), Number(retries, "finalErrorRate"), Number(retries, "retryTime")));
        Assert.Equal(("flaky", "abc"), (retries.GetProperty("items")[0].Text("verdict"), retries.GetProperty("items")[0].Text("revision")));
    }

    [Fact]
    public async Task Without_any_argument_the_numbers_are_of_the_last_thirty_days()
    {
        await RecordAsync();
        var key = (await Client.ReadAsync($"/api/v1/operations?namespace={_ns}&q=blog")).GetProperty("items")[0].Text("key");

        var metrics = await Client.ReadAsync($"/api/v1/operations/{key}/metrics");

        var window = metrics.GetProperty("window");
        Assert.Equal(TimeSpan.FromDays(30), window.GetProperty("to").GetDateTimeOffset() - window.GetProperty("from").GetDateTimeOffset());
        Assert.InRange(window.GetProperty("to").GetDateTimeOffset() - DateTimeOffset.UtcNow, TimeSpan.FromMinutes(-1), TimeSpan.FromHours(1));
        Assert.InRange(metrics.GetProperty("series").GetArrayLength(), 30, 31);
    }

    [Fact]
    public async Task Keys_and_values_of_tags_are_completed()
    {
        var key = $"{_ns}/key.of";
        await Client.RecordAsync(Sent.Start(_ns, "1", 0, more: $$""" "tags":{"{{key}}":"one"} """), Sent.Start(_ns, "2", 0, more: $$""" "tags":{"{{key}}":"only"} """));

        Assert.Equal([key], Texts(await Client.ReadAsync($"/api/v1/tags?q={_ns}")));
        Assert.Equal(["one", "only"], Texts(await Client.ReadAsync($"/api/v1/tags/{key}")));
        Assert.Equal(["only"], Texts(await Client.ReadAsync($"/api/v1/tags/{key}?q=onl")));
        Assert.Equal(["one"], Texts(await Client.ReadAsync($"/api/v1/tags/{key}?limit=1")));
        Assert.Empty(Texts(await Client.ReadAsync($"/api/v1/tags/{_ns}")));
    }

    [Theory]
    [InlineData("/api/v1/operations?limit=0", "limit")]
    [InlineData("/api/v1/operations?limit=2001", "limit")]
    [InlineData("/api/v1/operations?from=2024-03-04T12:00:00Z&to=2024-03-04T12:00:00Z", "to")]
    [InlineData("/api/v1/operations?from=2023-03-04T12:00:00Z", "from")]
    [InlineData("/api/v1/operations?from=yesterday", "from")]
    [InlineData("/api/v1/operations/{key}?from=9999-01-01T00:00:00Z", "to")]
    [InlineData("/api/v1/operations/{key}/metrics?interval=month", "interval")]
    [InlineData("/api/v1/operations/{key}/metrics?interval=hour&from=2024-01-01T00:00:00Z&to=2024-06-01T00:00:00Z", "interval")]
    [InlineData("/api/v1/operations/{key}/metrics?from=2024-03-05T00:00:00Z&to=2024-03-04T00:00:00Z", "to")]
    [InlineData("/api/v1/operations/{key}/metrics?to=now", "to")]
    [InlineData("/api/v1/operations/{key}/path?from=2024-03-05T00:00:00Z&to=2024-03-04T00:00:00Z", "to")]
    [InlineData("/api/v1/operations/{key}/path?from=yesterday", "from")]
    [InlineData("/api/v1/operations/{key}/retries?from=1969-03-05T00:00:00Z", "from")]
    [InlineData("/api/v1/operations/{key}/retries?to=now", "to")]
    [InlineData("/api/v1/operations/{key}/metrics?to=0001-01-01T00:00:00Z", "to")]
    [InlineData("/api/v1/operations?to=0001-01-01T00:00:00Z", "to")]
    [InlineData("/api/v1/operations/{key}/metrics?zone=Atlantis/Capital", "zone")]
    [InlineData("/api/v1/operations/{key}/metrics?zone=", "zone")]
    [InlineData("/api/v1/operations/{key}/metrics?by=", "by")]
    [InlineData("/api/v1/operations/{key}/metrics?zone=Europe/Berlin&from=2024-01-01T00:00:00Z&to=2024-06-01T00:00:00Z", "zone")]
    [InlineData("/api/v1/tags?limit=0", "limit")]
    [InlineData("/api/v1/tags/service?limit=1001", "limit")]
    public async Task A_parameter_that_cannot_be_answered_is_named(string address, string field)
    {
        await RecordAsync();
        var key = (await Client.ReadAsync($"/api/v1/operations?namespace={_ns}")).GetProperty("items")[0].Text("key");

        (await Client.GetAsync(address.Replace("{key}", key, StringComparison.Ordinal))).IsProblem(400, field: field);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/metrics")]
    [InlineData("/path")]
    [InlineData("/retries")]
    public async Task An_operation_that_is_not_there_is_not_found(string more)
    {
        foreach (var key in new[] { "0000000000000", "vvvvvvvvvvvvv", "short", "ABCDEFGHIJKLM" })
        {
            (await Client.GetAsync($"/api/v1/operations/{key}{more}")).IsProblem(404, "/api/v1/operations");
        }
    }

    /// <summary>Of shop a success, a failure, a cancellation and one that runs; of blog a success.</summary>
    private async Task RecordAsync() => await Client.RecordAsync(
        Sent.Start(_ns, "1", 0, more: """ "name":"shop","actor":"ann","tags":{"service":"api","team":"red"} """), Sent.End(_ns, "1", 10),
        Sent.Start(_ns, "2", 0, more: """ "name":"shop","tags":{"service":"api","team":"red"} """), Sent.End(_ns, "2", 20, more: """ "outcome":"failure" """),
        Sent.Start(_ns, "3", 0, more: """ "name":"shop" """), Sent.End(_ns, "3", 30, more: """ "outcome":"cancellation" """),
        Sent.Start(_ns, "4", 0, more: """ "name":"shop" """),
        Sent.Start(_ns, "5", 0, more: """ "name":"blog" """), Sent.End(_ns, "5", 10));

    private static double Number(JsonElement element, string name) => element.GetProperty(name).GetDouble();

    private static IEnumerable<string?> Texts(JsonElement list) => list.GetProperty("items").EnumerateArray().Select(static i => i.GetString());
}

[Collection(OnPostgres.Name)]
public sealed class PostgresOperationsTests(PostgresServer server) : OperationsContract(server);

[Collection(OnSqlite.Name)]
public sealed class SqliteOperationsTests(SqliteServer server) : OperationsContract(server);
