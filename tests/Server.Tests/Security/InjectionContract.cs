using System.Text.Json;
using System.Text.RegularExpressions;
using ValueStream.Core.Wire;
using ValueStream.Server.Tests.Api;

namespace ValueStream.Server.Tests.Security;

/// <summary>What is sent stays text: in the database, on the pages, in tables that a spreadsheet opens.</summary>
public abstract partial class InjectionContract(ApiServer server)
{
    private const string Script = "<script>alert(1)</script>";
    private const string Image = "\"><img src=x onerror=alert(2)>";
    private const string Quote = "' onmouseover='alert(3)";

    private static readonly string[] Sql =
        ["' OR '1'='1", "'; DELETE FROM events; --", "x\" UNION SELECT data FROM events --", "1); DROP TABLE runs_a; --", "%' ESCAPE '", "k:' OR 1=1 --", "k' OR 1=1 --:v", "\\'; SELECT pg_sleep(9) --", "\u02bc; --", "$$"];

    // What pages take beside the filters of the API.
    private static readonly string[] PageParameters = ["sort", "by", "tz", "page", "tab", "view", "format", "fragment", "said", "compare", "period", "window", "group", "of", "clock", "asOf", "edit", "text"];

    private readonly string _ns = Sent.Unique();

    private ApiClient Client => server.Client;

    [Fact]
    public async Task SQL_in_a_filter_of_the_API_is_a_text_that_nothing_has()
    {
        await Client.RecordAsync(Sent.Start(_ns, "1", more: """ "tags":{"k":"v"} """));
        var before = await StateAsync();
        var asked = 0;

        foreach (var (path, names) in await ReadsAsync())
        {
            foreach (var text in Sql)
            {
                var sql = Uri.EscapeDataString(text);
                var address = PathParameter().Replace(path, sql);
                await IsNoFaultAsync(address);
                foreach (var name in names)
                {
                    await IsNoFaultAsync($"{PathParameter().Replace(path, "1")}?{name}={sql}");
                    asked++;
                }
            }
        }

        Assert.True(asked > 200, $"{asked} requests.");
        Assert.Equal(before, await StateAsync());
    }

    [Fact]
    public async Task SQL_in_the_address_of_a_page_is_a_text_that_nothing_has()
    {
        var run = (await Client.RecordAsync(Sent.Start(_ns, "1")))[0];
        var before = await StateAsync();
        var names = (await ReadsAsync()).SelectMany(static r => r.Names).Concat(PageParameters).Distinct(StringComparer.OrdinalIgnoreCase).ToList();

        foreach (var page in new[] { "/", "/runs", $"/runs/{run.Text("key")}", "/operations", "/audit", "/system" })
        {
            foreach (var name in names)
            {
                await IsNoFaultAsync($"{page}?{name}={Uri.EscapeDataString(Sql[Math.Abs(name.Length) % 2])}&{name}={Uri.EscapeDataString("'; DELETE FROM events; --")}");
            }
        }

        Assert.Equal(before, await StateAsync());
    }

    [Fact]
    public async Task Script_in_any_text_of_a_run_is_shown_and_not_run()
    {
        var all = JsonSerializer.Serialize($"{_ns}{Script}{Image}{Quote}");
        string[] links = ["url", "ci.url", "run.url", "html_url", "cicd.pipeline.run.url.full", "vcs.repository.url.full", "vcs.change.url", "link", "homepage"];
        var tags = string.Join(',', links.Select(static l => $"\"{l}\":\"javascript:alert(4)\"").Prepend($"{JsonSerializer.Serialize(Script + Image)}:{all}").Append($"\"service\":{all}"));
        var run = $$"""{"type":"build","namespace":"{{_ns}}","id":{{all}}}""";
        var more = $$""" "name":{{all}},"actor":{{all}},"reason":{{all}},"tags":{ {{tags}} } """;
        var items = await Client.RecordAsync(
            $$"""{"action":"start","run":{{run}},"occurredAt":"{{At(-60)}}",{{more}},"parents":[{{all}}],"links":[{"kind":"follows","run":{{all}}}]}""",
            $$"""{"action":"transition","run":{{run}},"occurredAt":"{{At(-50)}}","stage":{{all}}}""",
            $$"""{"action":"annotate","run":{{run}},"occurredAt":"{{At(-45)}}","note":{{all}}}""",
            $$"""{"action":"end","run":{{run}},"occurredAt":"{{At(-40)}}","outcome":"failure",{{more}}}""");
        await Client.SendAsync(HttpMethod.Post, "/github", System.Text.Encoding.UTF8.GetBytes($"{Script}{Image}"), "application/json", ("X-GitHub-Event", "<script>alert(5)</script>"), ("X-GitHub-Delivery", Image));
        await Client.SendAsync(HttpMethod.Post, "/customhttp", System.Text.Encoding.UTF8.GetBytes($$"""{"id":{{all}},"action":"start","type":{{all}},"namespace":{{all}},"metadata":{ {{all}}:{{all}} } }"""), "application/json");
        var key = items[0].Text("key");
        var view = await Client.ReadAsync($"/api/v1/runs/{key}");
        var operation = view.Text("operation");
        string[] pages =
        [
            "/", "/runs", $"/runs?namespace={_ns}", $"/runs?q={Uri.EscapeDataString(Script + Image)}", $"/runs?tag={Uri.EscapeDataString($"service:{Script}{Image}{Quote}")}", $"/runs?namespace={Uri.EscapeDataString(Image)}",
            $"/runs?sort={Uri.EscapeDataString(Image)}", $"/runs/{key}", $"/runs/{key}?view=graph", $"/runs/{key}?view=events", $"/runs/{key}?view=history", $"/runs/{key}?compare={Uri.EscapeDataString(Image)}",
            $"/runs/{Uri.EscapeDataString(Script + Image)}", "/operations", $"/operations?q={Uri.EscapeDataString(Script + Image)}", $"/operations/{operation}", $"/operations/{operation}?by=service",
            $"/operations/{operation}?by={Uri.EscapeDataString(Image)}", "/audit", $"/audit?namespace={_ns}", $"/audit?actor={Uri.EscapeDataString(Script + Image)}", "/system", $"/system?said={Uri.EscapeDataString(Script + Image)}",
            $"/nothing/{Uri.EscapeDataString(Script + Image)}", $"/login?then={Uri.EscapeDataString("/" + Script + Image)}", $"/?tz={Uri.EscapeDataString(Image)}",
        ];
        var shown = 0;

        foreach (var address in pages)
        {
            var page = await Client.GetAsync(address, ("Accept", "text/html"));

            Assert.True(page.Status < 500, $"{address}: {page.Status}");
            if (page.ContentType != "text/html")
            {
                continue;
            }
            shown += page.Text.Contains(_ns + "&lt;script", StringComparison.Ordinal) ? 1 : 0;
            Assert.DoesNotContain("<script>alert", page.Text, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("<img src=x", page.Text, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("' onmouseover='", page.Text, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotMatch("(href|src|action)=[\"']?\\s*javascript:", page.Text);
            // Whatever slipped through would not be run: no page says that it may.
            Assert.DoesNotContain("unsafe", page.Headers["Content-Security-Policy"], StringComparison.Ordinal);
        }

        Assert.True(shown >= 3, $"Only {shown} pages show the run.");
    }

    [Fact]
    public async Task No_cell_of_a_table_is_a_formula()
    {
        foreach (var beginning in new[] { "=", "+", "-", "@", "\t=", "\r=", "\"=" })
        {
            var text = JsonSerializer.Serialize($"{beginning}HYPERLINK(\"http://evil.example\")");
            await Client.RecordAsync(
                $$"""{"action":"start","run":{"type":"build","namespace":"{{_ns}}","id":{{text}} },"occurredAt":"{{At(-60)}}","name":{{text}},"actor":{{text}},"reason":{{text}},"tags":{"service":{{text}} } }""",
                $$"""{"action":"end","run":{"type":"build","namespace":"{{_ns}}","id":{{text}} },"occurredAt":"{{At(-50)}}","outcome":"failure","reason":{{text}} }""");
        }
        var tables = 0;

        foreach (var address in new[] { $"/runs?namespace={_ns}&format=csv", $"/operations?namespace={_ns}&format=csv", $"/audit?namespace={_ns}&format=csv", $"/api/v1/events?namespace={_ns}" })
        {
            var table = await Client.GetAsync(address, ("Accept", "text/csv"));
            if (table.ContentType != "text/csv")
            {
                continue;
            }
            tables++;
            Assert.Contains("HYPERLINK", table.Text, StringComparison.Ordinal);
            Assert.DoesNotMatch("(^|[,\\n])\"?[=+\\-@\\t\\r]+\"*=?HYPERLINK", table.Text);
        }

        Assert.True(tables >= 3, $"{tables} tables.");
    }

    [Theory]
    [InlineData("/login?then=%2F%0d%0aSet-Cookie:%20evil=1")]
    [InlineData("/login?then=%2F%09%2Fevil.example")]
    [InlineData("/login?then=%2F%C3%BC")]
    [InlineData("/runs?q=%0d%0aSet-Cookie:%20evil=1")]
    [InlineData("/runs?cursor=%0d%0aSet-Cookie:%20evil=1")]
    [InlineData("/audit?actor=%0d%0aSet-Cookie:%20evil=1&tz=%0d%0aSet-Cookie:%20evil=1")]
    [InlineData("/runs?format=csv&namespace=%0d%0aSet-Cookie:%20evil=1")]
    [InlineData("/cli/%0d%0aSet-Cookie:%20evil=1")]
    [InlineData("/nothing%0d%0aSet-Cookie:%20evil=1")]
    public async Task A_line_break_in_an_address_begins_no_header(string address)
    {
        var answer = await RawHttp.SendAsync(server.Process.Url, $"GET {address} HTTP/1.1\nHost: {{host}}\nAccept: text/html\nConnection: close\n\n");

        var head = answer.Split("\r\n\r\n")[0];
        Assert.DoesNotMatch("^HTTP/1.1 5", head);
        Assert.DoesNotMatch("(?im)^set-cookie: evil", head);
        Assert.DoesNotMatch("(?im)^location: *(/[ \\t/\\\\]|http)", head.Replace(server.Process.Url, "", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/assets/../appsettings.json")]
    [InlineData("/assets/..%2fappsettings.json")]
    [InlineData("/assets/%2e%2e/%2e%2e/appsettings.json")]
    [InlineData("/assets/..%5cappsettings.json")]
    [InlineData("/assets/%2fetc%2fpasswd")]
    [InlineData("/assets//etc/passwd")]
    [InlineData("/assets/site.css%00.js")]
    [InlineData("/cli/../appsettings.json")]
    [InlineData("/cli/..%2f..%2f..%2fetc%2fpasswd")]
    [InlineData("/cli/linux-x64%2f..%2f..%2fappsettings.json")]
    [InlineData("/cli/linux-x64/../../appsettings.json")]
    [InlineData("/openapi/..%2f..%2fappsettings.json")]
    [InlineData("/runs/..%2f..%2fappsettings.json?format=csv")]
    [InlineData("/_content/../appsettings.json")]
    [InlineData("/appsettings.json")]
    [InlineData("/.git/config")]
    public async Task No_address_leads_to_a_file_of_the_machine(string address)
    {
        var answer = await RawHttp.SendAsync(server.Process.Url, $"GET {address} HTTP/1.1\nHost: {{host}}\nConnection: close\n\n");

        Assert.Matches("^HTTP/1.1 4", answer);
        Assert.DoesNotContain("LogLevel", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("root:", answer, StringComparison.Ordinal);
    }

    private static string At(double seconds) => DateTimeOffset.UtcNow.AddSeconds(seconds).ToString("O", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Every address that is read from, with its parameters, as the API describes itself.</summary>
    private async Task<IReadOnlyList<(string Path, IReadOnlyList<string> Names)>> ReadsAsync() =>
    [
        .. (await Client.ReadAsync("/openapi/v1.json")).GetProperty("paths").EnumerateObject()
            .Where(static p => p.Value.TryGetProperty("get", out _))
            .Select(static p => (p.Name, (IReadOnlyList<string>)(p.Value.GetProperty("get").TryGetProperty("parameters", out var parameters)
                ? [.. parameters.EnumerateArray().Where(static q => q.Text("in") == "query").Select(static q => q.Text("name")!)] : []))),
    ];

    private async Task IsNoFaultAsync(string address)
    {
        // Some of them never end.
        using var answer = await server.Process.Http.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.True((int)answer.StatusCode < 500 || address.StartsWith("/readyz", StringComparison.Ordinal), $"{address}: {answer.StatusCode}");
    }

    /// <summary>How much there is.</summary>
    private async Task<(long, int)> StateAsync() =>
        (await Client.HeadAsync(), (await Client.ReadAsync($"{Routes.Runs}?namespace={_ns}")).GetProperty("items").GetArrayLength());

    [GeneratedRegex("\\{[^}]+\\}")]
    private static partial Regex PathParameter();
}

[Collection(OnPostgres.Name)]
public sealed class PostgresInjectionTests(PostgresServer server) : InjectionContract(server);

[Collection(OnSqlite.Name)]
public sealed class SqliteInjectionTests(SqliteServer server) : InjectionContract(server);
