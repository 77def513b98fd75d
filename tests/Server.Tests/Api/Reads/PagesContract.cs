using System.Text.RegularExpressions;

namespace ValueStream.Server.Tests.Api.Reads;

/// <summary>The pages as a browser without script gets them, on each database.</summary>
public abstract partial class PagesContract(ApiServer server)
{
    private readonly string _ns = Sent.Unique();

    private ApiClient Client => server.Client;

    [Fact]
    public async Task Now_tells_how_the_last_deploys_went()
    {
        // The newest of all: the page has room for a few, and other tests deploy as well.
        var start = DateTimeOffset.UtcNow.AddSeconds(-2).ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture);
        var end = DateTimeOffset.UtcNow.AddSeconds(-1).ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture);
        string Run(string action, string id, string type, string at, string more) => $$"""{"action":"{{action}}","run":{"type":"{{type}}","namespace":"{{_ns}}","id":"{{id}}"},"occurredAt":"{{at}}"{{more}}}""";
        await Client.RecordAsync(
            Run("start", "3", "deploy", start, $",\"tags\":{{\"service\":\"shop {_ns}\",\"deployment.environment.name\":\"production\"}}"), Run("end", "3", "deploy", end, ""));

        var now = await TextAsync("/");

        Assert.Matches($"shop {_ns} production ● success", now);
    }

    [Fact]
    public async Task Audit_tells_who_did_what_and_why_and_gives_the_same_as_a_file()
    {
        var items = await Client.RecordAsync(Sent.Start(_ns, "1", 0, "deploy", "\"name\":\"=shop\",\"actor\":\"alice\",\"reason\":\"hotfix, \\\"now\\\"\""), Sent.End(_ns, "1", 5, "deploy"));
        var position = items[0].GetProperty("position").GetInt64();

        var page = await TextAsync($"/audit?namespace={_ns}&event={position}");
        var csv = await Client.GetAsync($"/audit?namespace={_ns}&format=csv");
        var lines = await Client.GetAsync($"/audit?namespace={_ns}&format=ndjson");

        Assert.Matches($"The newest 2 events that match .*alice started =shop deploy hotfix, .*Event {position:n0} Close", page);
        Assert.Equal("text/csv", csv.ContentType!.Split(';')[0]);
        Assert.Contains($",alice,loopback,started,vstrace-customhttp-deploy-{_ns}-1,{items[0].Text("key")},,'=shop,deploy,{_ns},customhttp,,\"hotfix, \"\"now\"\"\",", csv.Text, StringComparison.Ordinal);
        Assert.Equal([position + 1, position], lines.Text.TrimEnd().Split('\n').Select(static l => System.Text.Json.JsonElement.Parse(l).GetProperty("position").GetInt64()));
    }

    [Fact]
    public async Task Audit_is_filtered_by_tags_and_words_and_links_to_its_answer_as_it_is_now()
    {
        await Client.RecordAsync(
            Sent.Start(_ns, "1", 0, "deploy", "\"actor\":\"alice\",\"tags\":{\"env\":\"production\",\"service\":\"shop\"}"), Sent.Start(_ns, "2", 0, "deploy", "\"actor\":\"bob\""));
        var address = $"/audit?namespace={_ns}&tag=env:production&tag=service:shop&q=ali*&clock=occurred&from=2001-01-01T00:00:00Z";

        var html = (await Client.GetAsync(address, ("Accept", "text/html"))).Text;
        var permanent = System.Net.WebUtility.HtmlDecode(PermanentLink().Match(html).Groups[1].Value);
        await Client.RecordAsync(Sent.End(_ns, "1", 5, "deploy"));

        Assert.Contains("tag=env:production&tag=service:shop&q=ali*", Uri.UnescapeDataString(permanent), StringComparison.Ordinal);
        Assert.Contains("vscli audit -namespace", Plain(html), StringComparison.Ordinal);
        Assert.Matches("The newest 1 events that match .*alice started", Plain(html));
        Assert.Matches("The newest 1 events that match .*alice started", await TextAsync(permanent));
        Assert.Matches("The newest 2 events that match ", await TextAsync(address));
        Assert.Matches("There is no word in .* No event|There is no word in ", await TextAsync($"/audit?namespace={_ns}&q=*&tag=x&asOf=y"));
        Assert.Equal(3, (await Client.GetAsync($"{address}&format=csv")).Text.TrimEnd().Split("\r\n").Length);
    }

    [GeneratedRegex("<a href=\"([^\"]*)\">Link to this answer")]
    private static partial Regex PermanentLink();

    [Fact]
    public async Task System_shows_a_delivery_that_was_not_understood_and_tries_it_again_for_its_own_form_only()
    {
        Assert.Equal(202, (await Client.PostAsync("/github", "{}", ("X-GitHub-Event", "issues"), ("X-GitHub-Delivery", _ns))).Status);
        var page = await Client.GetAsync("/system", ("Accept", "text/html"));
        var form = Replay().Match(page.Text);
        Assert.True(form.Success, page.Text);

        var without = await Client.PostAsync(form.Groups[1].Value, "", ("Content-Type", "application/x-www-form-urlencoded"));
        without.IsProblem(400, "out of date");
        Assert.Matches("deliver.* in quarantine", Plain(page.Text));
    }

    private async Task<string> TextAsync(string address)
    {
        var answer = await Client.GetAsync(address, ("Accept", "text/html"));
        Assert.Equal(200, answer.Status);
        return Plain(answer.Text);
    }

    /// <summary>A page's text, with one space for each gap.</summary>
    private static string Plain(string html) => Gaps().Replace(System.Net.WebUtility.HtmlDecode(Markup().Replace(html, " ")), " ");

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Markup();

    [GeneratedRegex("\\s+")]
    private static partial Regex Gaps();

    [GeneratedRegex("action=\"(/system/quarantine/[0-9a-f-]+/replay)\"")]
    private static partial Regex Replay();
}

[Collection(OnPostgres.Name)]
public sealed class PostgresPagesTests(PostgresServer server) : PagesContract(server);

[Collection(OnSqlite.Name)]
public sealed class SqlitePagesTests(SqliteServer server) : PagesContract(server);
