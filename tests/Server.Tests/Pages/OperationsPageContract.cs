using System.Text.RegularExpressions;
using ValueStream.Server.Tests.Api;

namespace ValueStream.Server.Tests.Pages;

/// <summary>Operations and Operation without script: what a browser gets, over HTTP.</summary>
public abstract class OperationsPageContract(ApiServer server)
{
    private const string Window = "from=2024-03-04&to=2024-03-05";

    private readonly string _ns = Sent.Unique();

    private ApiClient Client => server.Client;

    [Fact]
    public async Task An_operation_has_a_row_with_its_numbers_and_links_to_the_runs_behind_them()
    {
        await RecordAsync();

        var page = await ReadAsync($"/operations?namespace={_ns}&{Window}");

        Assert.Contains("2 operations of those that match, 28 runs a week", page, StringComparison.Ordinal);
        Assert.Contains("2 run by one person alone", page, StringComparison.Ordinal);
        Assert.Equal(["shop", "blog"], Names(page));
        var row = Rows(page)[0];
        Assert.Contains("only <bdi>ann</bdi>", row, StringComparison.Ordinal);
        Assert.Contains("50 %", row, StringComparison.Ordinal);
        Assert.Contains("running", row, StringComparison.Ordinal);
        var runs = Regex.Match(row, "href=\"(/runs\\?operation=[^\"]+)\"").Groups[1].Value.Replace("&amp;", "&", StringComparison.Ordinal);
        Assert.Contains("shop", await ReadAsync(runs), StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_is_sorted_grouped_and_filtered_by_its_address()
    {
        await RecordAsync();

        var sorted = await ReadAsync($"/operations?namespace={_ns}&{Window}&sort=name&group=type");

        Assert.Equal(["blog", "shop"], Names(sorted));
        Assert.Contains("aria-sort=\"ascending\"", sorted, StringComparison.Ordinal);
        Assert.Contains("sort=-name", sorted, StringComparison.Ordinal);
        Assert.Contains("2 operations, 28 runs a week", Rows(sorted)[0], StringComparison.Ordinal);
        var tagged = await ReadAsync($"/operations?namespace={_ns}&{Window}&group=tag:team");
        Assert.Contains("<option value=\"tag:team\" selected=\"selected\">team</option>", tagged, StringComparison.Ordinal);
        Assert.Contains("no <bdi>team</bdi>", Rows(tagged)[0], StringComparison.Ordinal);
        Assert.Equal(["shop"], Names(await ReadAsync($"/operations?namespace={_ns}&{Window}&q=HO")));
        Assert.Contains("No operation matches.", await ReadAsync($"/operations?namespace={_ns}&q=nothing+like+it"), StringComparison.Ordinal);
        // What cannot be understood is left out.
        Assert.Equal(2, Names(await ReadAsync($"/operations?namespace={_ns}&{Window}&sort=dreams&group=x&offset=-1&page=7")).Count);
    }

    [Fact]
    public async Task A_period_that_cannot_be_answered_is_named_and_the_usual_one_shown()
    {
        await RecordAsync();

        var page = await ReadAsync("/operations?from=2023-01-01&to=2024-01-01");

        Assert.Contains("role=\"alert\"", page, StringComparison.Ordinal);
        Assert.Contains("must not be longer than 92 days", page, StringComparison.Ordinal);
        Assert.Contains("whole days of UTC", await ReadAsync("/operations?period=1h"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_list_is_there_as_CSV_and_as_a_fragment()
    {
        await RecordAsync();

        var csv = await Client.GetAsync($"/operations?namespace={_ns}&{Window}&sort=name&format=csv");
        var lines = csv.Text.Split("\r\n");

        Assert.Equal(("text/csv", "attachment; filename=operations.csv; filename*=UTF-8''operations.csv"), (csv.ContentType, csv.Headers["Content-Disposition"]));
        Assert.StartsWith("key,namespace,type,name,", lines[0], StringComparison.Ordinal);
        Assert.Equal(4, lines.Length);
        Assert.Contains($",{_ns},build,blog,", lines[1], StringComparison.Ordinal);
        var fragment = await ReadAsync($"/operations?namespace={_ns}&{Window}&fragment=1");
        Assert.DoesNotContain("<html", fragment, StringComparison.Ordinal);
        Assert.Equal(2, Names(fragment).Count);
    }

    [Fact]
    public async Task An_operation_has_a_page_with_its_numbers_their_tables_and_what_is_left_out()
    {
        var key = await RecordAsync();

        var page = await ReadAsync($"/operations/{key}?{Window}&by=team");

        Assert.Contains("<bdi>shop</bdi></h1>", page, StringComparison.Ordinal);
        Assert.Contains("3 runs finished in ", page, StringComparison.Ordinal);
        Assert.Contains("1 failure</a>", page, StringComparison.Ordinal);
        Assert.Contains("1 were cancelled", page, StringComparison.Ordinal);
        Assert.Contains("1 still run", page, StringComparison.Ordinal);
        Assert.Contains("<bdi>red</bdi>", page, StringComparison.Ordinal);
        Assert.Contains("Of all 3 runs that ended", page, StringComparison.Ordinal);
        // The tables have what the charts draw, and nobody may change anything on a server without a token.
        Assert.Contains("id=\"trend\"", page, StringComparison.Ordinal);
        Assert.Contains("id=\"distribution\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain("id=\"settings\"", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_its_time_goes_and_what_was_flaky_are_added_up_when_they_are_asked_for()
    {
        var key = await RecordAsync();

        var plain = await ReadAsync($"/operations/{key}?{Window}");
        var path = await ReadAsync($"/operations/{key}?{Window}&show=path");
        var retries = await ReadAsync($"/operations/{key}?{Window}&show=retries");

        Assert.Contains("add up the newest 200 runs of this interval", plain, StringComparison.Ordinal);
        Assert.Contains("show=retries#retries", plain, StringComparison.Ordinal);
        Assert.Contains("Of all 2 runs that succeeded or failed in the interval", path, StringComparison.Ordinal);
        Assert.Contains("Nothing below them was reported", path, StringComparison.Ordinal);
        Assert.Contains($"/api/v1/operations/{key}/path?from=2024-03-04T00", path, StringComparison.Ordinal);
        Assert.Contains("2 runs that tried 2 things.", retries, StringComparison.Ordinal);
        Assert.Contains("None is flaky", retries, StringComparison.Ordinal);
        // What changes with every event does not hold what reads many runs.
        Assert.DoesNotContain("id=\"path\"", await ReadAsync($"/operations/{key}?{Window}&show=path&fragment=1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Time_in_failures_is_a_column_that_is_sorted_by_and_stands_in_the_table_by_tag()
    {
        var key = await RecordAsync();

        var list = await ReadAsync($"/operations?namespace={_ns}&{Window}&sort=-failed");

        Assert.Equal(["shop", "blog"], Names(list));
        Assert.Contains("2 m 20 s</a>", Rows(list)[0], StringComparison.Ordinal);
        Assert.Contains("of it in runs that failed", list, StringComparison.Ordinal);
        Assert.Contains("2 m 20 s failed", await ReadAsync($"/operations/{key}?{Window}&by=team"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("steps", "from,to,finished", 26)]
    [InlineData("distribution", "from_seconds,to_seconds,runs", 3)]
    [InlineData("tags", "value,finished", 4)]
    [InlineData("runs", "key,attempt,name", 6)]
    public async Task Each_table_of_an_operation_is_there_as_CSV(string table, string header, int lines)
    {
        var key = await RecordAsync();

        var csv = await Client.GetAsync($"/operations/{key}?{Window}&by=team&format=csv&table={table}");

        Assert.Equal("text/csv", csv.ContentType);
        Assert.StartsWith(header, csv.Text, StringComparison.Ordinal);
        Assert.Equal(lines, csv.Text.Split("\r\n").Length);
    }

    [Fact]
    public async Task A_zone_and_a_year_can_be_asked_for_together()
    {
        var key = await RecordAsync();

        Assert.Contains("2024-03-04 13:00", await ReadAsync($"/operations/{key}?from=2024-03-04T13:00&to=2024-03-04T14:00&tz=Europe/Berlin"), StringComparison.Ordinal);
        Assert.Contains("by week", await ReadAsync($"/operations/{key}?from=2024-01-01&to=2024-12-01&tz=Europe/Berlin"), StringComparison.Ordinal);
        Assert.Contains("The last 28 days are shown", await ReadAsync($"/operations/{key}?from=1969-01-01&to=1969-12-01"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0000000000000")]
    [InlineData("nonsense")]
    public async Task An_operation_that_is_not_there_is_not_found(string key)
    {
        var answer = await Client.GetAsync($"/operations/{key}", ("Accept", "text/html"));

        Assert.Equal((404, "text/html"), (answer.Status, answer.ContentType));
        Assert.Contains("There is no operation", answer.Text, StringComparison.Ordinal);
    }

    /// <summary>Three runs of the shop that ended and one that runs, one of the blog.</summary>
    /// <returns>The key of the shop's operation.</returns>
    private async Task<string> RecordAsync()
    {
        await Client.RecordAsync(
            Sent.Start(_ns, "1", 0, more: """ "name":"shop","actor":"ann","tags":{"team":"red"}"""), Sent.End(_ns, "1", 10),
            Sent.Start(_ns, "2", 5, more: """ "name":"shop","actor":"ann","tags":{"team":"red"}"""), Sent.End(_ns, "2", 25, more: """ "outcome":"failure" """),
            Sent.Start(_ns, "3", 6, more: """ "name":"shop","actor":"ann" """), Sent.End(_ns, "3", 8, more: """ "outcome":"cancellation" """),
            Sent.Start(_ns, "4", 30, more: """ "name":"shop","actor":"ann" """),
            Sent.Start(_ns, "5", 0, more: """ "name":"blog","actor":"bob" """), Sent.End(_ns, "5", 40));
        return (await Client.ReadAsync($"/api/v1/operations?namespace={_ns}&q=shop")).GetProperty("items")[0].Text("key")!;
    }

    private async Task<string> ReadAsync(string address)
    {
        var answer = await Client.GetAsync(address, ("Accept", "text/html"));
        Assert.True(answer.Status == 200, $"GET {address}: {answer.Status} {answer.Text}");
        return answer.Text;
    }

    private static List<string> Rows(string page) => [.. Regex.Matches(page, "<tbody.*?</tbody>", RegexOptions.Singleline).Select(static m => m.Value)];

    private static List<string> Names(string page) => [.. Regex.Matches(page, "<a class=\"go name\"[^>]*><bdi>(.*?)</bdi>").Select(static m => m.Groups[1].Value)];
}

[Collection(OnPostgres.Name)]
public sealed class PostgresOperationsPageTests(PostgresServer server) : OperationsPageContract(server);

[Collection(OnSqlite.Name)]
public sealed class SqliteOperationsPageTests(SqliteServer server) : OperationsPageContract(server);
