using ValueStream.Server.Tests.Api;
using ValueStream.Server.Tests.Api.Access;

namespace ValueStream.Server.Tests.Security;

/// <summary>What somebody says of themselves is shown beside what the server knows of them.</summary>
[Collection(OnSqlite.Name)]
public sealed class ForgeryTests(SqliteServer server)
{
    private readonly string _ns = Sent.Unique();

    private ApiClient Client => server.Client;

    [Fact]
    public async Task A_forged_actor_stands_beside_who_sent_it()
    {
        var item = (await Client.RecordAsync(Sent.Start(_ns, "1", more: """ "actor":"the boss","reason":"she said so" """)))[0];

        var e = (await Client.ReadAsync($"/api/v1/events?namespace={_ns}")).GetProperty("items")[0];
        Assert.Equal(("the boss", "loopback"), (e.Text("actor"), e.Text("submitter")));
        var run = await Client.RunAsync(item);
        Assert.Equal(("the boss", "loopback"), (run.Text("actor"), run.Text("submitter")));
        var page = (await Client.GetAsync($"/runs/{item.Text("key")}", ("Accept", "text/html"))).Text;
        Assert.Contains("the boss", page, StringComparison.Ordinal);
        Assert.Contains("loopback", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_says_for_the_server_what_only_it_knows()
    {
        await Client.RecordAsync(Sent.Start(_ns, "1", more:
            """ "submitter":"token:0","position":1,"recordedAt":"1999-01-01T00:00:00Z","effectiveAt":"1999-01-01T00:00:00Z","digest":"00","kind":"redacted","source":"github" """));

        var e = (await Client.ReadAsync($"/api/v1/events?namespace={_ns}")).GetProperty("items")[0];
        Assert.Equal(("loopback", "started", "customhttp"), (e.Text("submitter"), e.Text("kind"), e.Text("source")));
        Assert.True(e.GetProperty("position").GetInt64() > 1 || await Client.HeadAsync() == 1);
        Assert.NotEqual("00", e.Text("digest"));
        Assert.True(e.GetProperty("recordedAt").GetDateTimeOffset() > DateTimeOffset.UtcNow.AddHours(-1));
    }
}

/// <summary>A token counts where it belongs and nowhere else: addresses are written into logs, histories and referrers.</summary>
[Collection(OnTokenServer.Name)]
public sealed class TokenInAddressTests(TokenServer server)
{
    [Theory]
    [InlineData("/api/v1/runs?access_token={0}")]
    [InlineData("/api/v1/runs?token={0}")]
    [InlineData("/api/v1/runs?authorization=Bearer%20{0}")]
    [InlineData("/metrics?access_token={0}")]
    [InlineData("/login/{0}")]
    public async Task A_token_in_the_address_is_none(string address)
    {
        var token = Uri.EscapeDataString(TokenServer.Token);

        (await server.Client.GetAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, address, token))).IsProblem(401);
    }

    [Theory]
    [InlineData("X-HTTP-Method-Override", "GET")]
    [InlineData("X-Original-URL", "/healthz")]
    [InlineData("X-Rewrite-URL", "/healthz")]
    [InlineData("X-Forwarded-User", "admin")]
    [InlineData("X-Forwarded-For", "127.0.0.1")]
    [InlineData("X-Forwarded-Host", "localhost")]
    public async Task No_header_of_proxies_opens_anything(string name, string value) =>
        (await server.Client.GetAsync("/api/v1/runs", (name, value))).IsProblem(401);
}
