using ValueStream.Core.Wire;
using ValueStream.Server.Tests.Api.Operations;
using ValueStream.Server.Tests.Sources.Otlp;

namespace ValueStream.Server.Tests.Api.Access;

/// <summary>A server that needs a token, and is called by a name of its own.</summary>
public sealed class TokenServer : SqliteServer
{
    public const string Token = "a token that nobody guesses";

    protected override IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>
    {
        ["VALUESTREAM_BOOTSTRAP_TOKEN"] = Token,
        ["AllowedHosts"] = "valuestream.example; other.example",
    };
}

[CollectionDefinition(Name)]
public sealed class OnTokenServer : ICollectionFixture<TokenServer>
{
    public const string Name = "a server with a token";
}

/// <summary>With a token set, nothing is answered without it.</summary>
[Collection(OnTokenServer.Name)]
public sealed class TokenTests(TokenServer server)
{
    private static readonly (string, string) Bearer = ("Authorization", $"Bearer {TokenServer.Token}");

    private readonly string _ns = Sent.Unique();

    private ApiClient Client => server.Client;

    [Fact]
    public async Task Every_route_but_the_health_check_and_the_log_in_needs_the_token_or_has_a_gate_of_its_own()
    {
        var routes = await RouteTable.ReadAsync();
        string[] intake = ["/customhttp", "/github", "/gitlab", "/jenkins", "/jira", "/cdevents"];
        bool IsIntake(ServerRoute route) => route.Pattern == Routes.Traces || intake.Contains(route.Pattern.Replace("/{key}", "", StringComparison.Ordinal));
        Assert.Equal(intake.Length * 2 + 1, routes.Count(r => IsIntake(r) && r.IsAnonymous && r.Method == "POST"));
        Assert.Equal(["GET /assets/{name}", "GET /healthz", "HEAD /healthz", "GET /login", "POST /login", "GET /login/done", "GET /login/oidc"],
            routes.Where(r => r.IsAnonymous && !IsIntake(r)).Select(static r => $"{r.Method} {r.Pattern}"));

        foreach (var route in routes.Where(r => !r.IsAnonymous || IsIntake(r)))
        {
            var address = route.Pattern.Replace("{key}", "0123456789abc", StringComparison.Ordinal).Replace("{**key}", "service", StringComparison.Ordinal).Replace("{documentName:regex(^v1$)}", "v1", StringComparison.Ordinal).Replace("{position:long}", "1", StringComparison.Ordinal)
                .Replace("{id:int}", "1", StringComparison.Ordinal).Replace("{id:guid}", "{id}", StringComparison.Ordinal).Replace("{id}", "0198c0de-0000-7000-8000-000000000001", StringComparison.Ordinal).Replace("{source}", "github", StringComparison.Ordinal)
                .Replace("{platform}", "linux-x64", StringComparison.Ordinal).Replace("{name}", "jaeger", StringComparison.Ordinal);
            Assert.DoesNotContain("{", address, StringComparison.Ordinal);
            var answer = await Client.SendAsync(new HttpMethod(route.Method), address, route.Method == "POST" ? "{}"u8.ToArray() : null);
            if (route.Pattern == Routes.Traces)
            {
                OtlpContract.IsStatus(await Client.PostAsync(address, "{}"), 401, 16, "Authorization: Bearer");
                continue;
            }
            if (route.Method == "HEAD")
            {
                Assert.Equal(401, answer.Status);
                continue;
            }
            IsRefused(answer);
        }
    }

    [Theory]
    [InlineData("GET", "/nothing")]
    [InlineData("GET", "/api/v1/nothing")]
    [InlineData("DELETE", "/api/v1/runs")]
    [InlineData("GET", "/customhttp")]
    public async Task Not_even_what_is_not_there_is_told_without_it(string method, string address) =>
        IsRefused(await Client.SendAsync(new HttpMethod(method), address));

    [Theory]
    [InlineData("Bearer wrong")]
    [InlineData("Bearer a token that nobody guesses!")]
    [InlineData("Bearer A token that nobody guesses")]
    [InlineData("Bearer")]
    [InlineData("Bearer ")]
    [InlineData("Basic YTpi")]
    [InlineData("a token that nobody guesses")]
    public async Task A_wrong_token_is_refused_and_writes_nothing(string authorization)
    {
        var head = await HeadAsync();

        IsRefused(await Client.PostAsync(Routes.Events, Sent.Start(_ns, "1"), ("Authorization", authorization)));
        IsRefused(await Client.PostAsync(Routes.CustomHttp, """{"id":"1","action":"start"}""", ("Authorization", authorization)));
        IsRefused(await Client.GetAsync("/runs", ("Authorization", authorization), ("Accept", "text/html")));

        Assert.Equal(head, await HeadAsync());
    }

    [Theory]
    [InlineData("Bearer")]
    [InlineData("bearer")]
    public async Task The_token_opens_everything(string scheme)
    {
        var authorization = ("Authorization", $"{scheme} {TokenServer.Token}");

        Assert.Equal(200, (await Client.PostAsync(Routes.Events, Sent.Start(_ns, "1"), authorization)).Status);
        Assert.Equal("success", (await Client.PostAsync(Routes.CustomHttp, """{"id":"1","action":"start"}""", authorization)).Text);
        foreach (var address in new[] { "/runs", "/api/v1/runs", "/readyz", "/openapi/v1.json" })
        {
            Assert.Equal(200, (await Client.GetAsync(address, authorization)).Status);
        }
    }

    [Fact]
    public async Task Events_say_whose_token_sent_them_without_saying_the_token()
    {
        await Client.PostAsync(Routes.Events, Sent.Start(_ns, "1"), Bearer);

        var last = (await Client.GetAsync("/api/v1/events?limit=1", Bearer)).Text;

        Assert.Contains("\"submitter\":\"token:0\"", last, StringComparison.Ordinal);
        Assert.DoesNotContain(TokenServer.Token, last, StringComparison.Ordinal);
        Assert.DoesNotContain(TokenServer.Token, server.Process.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("valuestream.example", 200)]
    [InlineData("OTHER.example:8443", 200)]
    [InlineData("localhost", 200)]
    [InlineData("127.0.0.1", 200)]
    [InlineData("third.example", 400)]
    public async Task Names_that_AllowedHosts_adds_are_the_servers_beside_its_own(string host, int status)
    {
        var answer = await Client.GetAsync("/api/v1/runs", Bearer, ("Host", host));

        Assert.Equal(status, answer.Status);
        if (status == 400)
        {
            answer.IsProblem(400, "AllowedHosts", "Host");
        }
    }

    [Fact]
    public async Task The_health_check_is_open() => Assert.Equal((200, "alive"), await Client.GetAsync("/healthz") is var answer ? (answer.Status, answer.Text) : default);

    private static void IsRefused(Answer answer)
    {
        answer.IsProblem(401, "Authorization: Bearer");
        Assert.StartsWith("Bearer", answer.Headers["WWW-Authenticate"], StringComparison.Ordinal);
    }

    private async Task<long> HeadAsync() => (await Client.GetAsync("/api/v1/log/head", Bearer)).Json.GetProperty("position").GetInt64();
}
