using ValueStream.Core.Wire;

namespace ValueStream.Server.Tests.Api.Access;

/// <summary>What holds for every request: by which name, and caused by whom.</summary>
[Collection(OnSqlite.Name)]
public sealed class RequestRulesTests(SqliteServer server)
{
    private readonly string _ns = Sent.Unique();

    private ApiClient Client => server.Client;

    private string Origin => server.Process.Url;

    [Theory]
    [InlineData("evil.example")]
    [InlineData("evil.example:5000")]
    [InlineData("127.0.0.1.evil.example")]
    [InlineData("localhost.")]
    [InlineData("0.0.0.0")]
    [InlineData("192.168.1.1")]
    public async Task A_name_that_is_not_this_servers_is_refused_everywhere(string host)
    {
        var head = await Client.HeadAsync();

        foreach (var address in new[] { "/healthz", "/runs", "/api/v1/runs", "/live?view=runs", "/nothing", "/assets/site.css" })
        {
            (await Client.GetAsync(address, ("Host", host))).IsProblem(400, "AllowedHosts", "Host");
        }
        (await Client.PostAsync(Routes.Events, Sent.Start(_ns, "1"), ("Host", host))).IsProblem(400, host.Split(':')[0], "Host");

        Assert.Equal(head, await Client.HeadAsync());
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("LOCALHOST:1234")]
    [InlineData("127.0.0.1")]
    [InlineData("[::1]:5000")]
    public async Task This_machines_own_names_are_its(string host) => Assert.Equal(200, (await Client.GetAsync("/api/v1/runs", ("Host", host))).Status);

    [Theory]
    [InlineData("Origin", "https://evil.example")]
    [InlineData("Origin", "http://localhost:3000")]
    [InlineData("Origin", "null")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    public async Task A_page_of_another_site_can_neither_post_nor_read(string name, string value)
    {
        var head = await Client.HeadAsync();

        (await Client.PostAsync(Routes.Events, Sent.Start(_ns, "1"), (name, value))).IsProblem(403, "another site");
        (await Client.SendAsync(HttpMethod.Post, Routes.CustomHttp, """{"id":"1","action":"start"}"""u8.ToArray(), "text/plain", (name, value))).IsProblem(403);
        (await Client.PostAsync("/api/v1/projections/runs/rebuild", "", (name, value))).IsProblem(403);
        (await Client.PostAsync("/login", "", (name, value))).IsProblem(403);
        (await Client.GetAsync("/api/v1/runs", (name, value))).IsProblem(403);
        (await Client.GetAsync("/API/v1/runs", (name, value))).IsProblem(403);
        (await Client.GetAsync("/live?view=runs", (name, value))).IsProblem(403);
        (await Client.SendAsync(HttpMethod.Options, Routes.Events, null, null, (name, value), ("Access-Control-Request-Method", "POST"))).IsProblem(403);

        Assert.Equal(head, await Client.HeadAsync());
    }

    [Fact]
    public async Task A_link_elsewhere_may_lead_to_a_page() =>
        Assert.Equal(200, (await Client.GetAsync("/runs", ("Sec-Fetch-Site", "cross-site"))).Status);

    [Fact]
    public async Task The_servers_own_pages_may_call_it()
    {
        Assert.Equal(200, (await Client.PostAsync(Routes.Events, Sent.Start(_ns, "1"), ("Origin", Origin), ("Sec-Fetch-Site", "same-origin"))).Status);
        Assert.Equal(200, (await Client.GetAsync("/api/v1/runs", ("Sec-Fetch-Site", "same-origin"))).Status);
        Assert.Equal(200, (await Client.GetAsync("/api/v1/runs", ("Sec-Fetch-Site", "none"))).Status);
    }

    [Theory]
    [InlineData("/runs")]
    [InlineData("/api/v1/runs")]
    [InlineData("/nothing")]
    [InlineData("/api/v1/runs?limit=x")]
    [InlineData("/api/v1/runs?cursor=x")]
    public async Task Every_answer_says_what_a_page_may_load(string address)
    {
        var headers = (await Client.GetAsync(address)).Headers;

        Assert.StartsWith("default-src 'none'", headers["Content-Security-Policy"], StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", headers["Content-Security-Policy"], StringComparison.Ordinal);
        Assert.Equal(("nosniff", "same-origin"), (headers["X-Content-Type-Options"], headers["Referrer-Policy"]));
        Assert.DoesNotContain("Server", headers.Keys);
        Assert.DoesNotContain("Access-Control-Allow-Origin", headers.Keys);
    }
}
