using System.Security.Cryptography;
using System.Text;
using ValueStream.Server.Tests.Api;
using ValueStream.Testing;

namespace ValueStream.Server.Tests.Sources;

/// <summary>A server that others can reach: with a token, some sources with secrets, some with keys, some with nothing.</summary>
public sealed class GuardedServer : SqliteServer
{
    public const string Token = "a token that nobody guesses";
    public const string Key = "a-key-that-is-long-enough";

    protected override IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>
    {
        ["VALUESTREAM_BOOTSTRAP_TOKEN"] = Token,
        ["Sources__github__Secrets__0"] = "the old secret",
        ["Sources__github__Secrets__1"] = "It's a Secret to Everybody",
        ["Sources__customhttp__Secrets__0"] = "s3",
        ["Sources__jenkins__Keys__0"] = Key,
        ["Sources__otlp__Keys__0"] = Key,
        ["Sources__cdevents__Secrets__0"] = "whsec_c2VjcmV0",
        ["Sources__jira__AllowUnsigned"] = "true",
    };
}

[CollectionDefinition(Name)]
public sealed class OnGuardedServer : ICollectionFixture<GuardedServer>
{
    public const string Name = "a guarded server";
}

/// <summary>Who may deliver.</summary>
[Collection(OnGuardedServer.Name)]
public sealed class GateTests(GuardedServer server)
{
    private static readonly (string, string) Bearer = ("Authorization", $"Bearer {GuardedServer.Token}");

    private const string Ping = """{"zen":"x"}""";

    private ApiClient Client => server.Client;

    [Theory]
    [InlineData("the old secret")]
    [InlineData("It's a Secret to Everybody")]
    public async Task A_signature_of_any_of_the_secrets_lets_it_in(string secret) =>
        Assert.Equal(200, (await GitHubAsync(Ping, "sha256=" + Hmac(secret, Ping))).Status);

    [Theory]
    [InlineData("sha256=", "another secret", Ping)]
    [InlineData("sha256=", "", Ping)]
    [InlineData("sha256=", "the old secret", """{"zen":"y"}""")]
    [InlineData("sha1=", "the old secret", Ping)]
    [InlineData("", "the old secret", Ping)]
    public async Task A_signature_of_another_secret_body_or_algorithm_does_not_and_a_token_beside_it_does_not_help(string prefix, string secret, string other)
    {
        (await GitHubAsync(Ping, prefix + Hmac(secret, other))).IsProblem(401, "signature");
        (await GitHubAsync(Ping, prefix + Hmac(secret, other), Bearer)).IsProblem(401, "signature");
    }

    [Fact]
    public async Task Without_a_signature_it_takes_the_token()
    {
        (await GitHubAsync(Ping, null)).IsProblem(401, "not signed");
        (await GitHubAsync(Ping, null, ("Authorization", "Bearer wrong"))).IsProblem(401, "not signed");
        Assert.Equal(200, (await GitHubAsync(Ping, null, Bearer)).Status);
    }

    [Fact]
    public async Task A_key_in_the_address_lets_in_who_cannot_sign_and_a_wrong_one_does_not()
    {
        const string build = """{"fullJobName":"api","jobName":"api","number":1,"result":"INPROGRESS"}""";

        Assert.Equal(200, (await Client.PostAsync($"/jenkins/{GuardedServer.Key}", build)).Status);
        (await Client.PostAsync("/jenkins/another-key-that-is-long", build)).IsProblem(401, "key");
        (await Client.PostAsync($"/jenkins?key={GuardedServer.Key}", build)).IsProblem(401, "key in its address");
        // Keys are a source's own.
        (await Client.PostAsync($"/github/{GuardedServer.Key}", Ping)).IsProblem(401, "key");
    }

    [Fact]
    public async Task What_has_neither_secret_nor_key_is_closed_but_to_the_token()
    {
        (await Client.PostAsync("/gitlab", "{}")).IsProblem(401, "Sources__gitlab__Secrets__0");
        Assert.Equal(202, (await Client.PostAsync("/gitlab", "{}", Bearer)).Status);
    }

    [Theory]
    [InlineData(GuardedServer.Token, 200)]
    [InlineData(GuardedServer.Key, 200)]
    [InlineData("another key of enough characters", 401)]
    [InlineData("", 401)]
    public async Task Spans_come_with_the_token_or_a_key_of_theirs_in_the_header_that_exporters_can_set(string bearer, int status)
    {
        var answer = await Client.PostAsync("/v1/traces", "{}", ("Authorization", $"Bearer {bearer}"));

        Assert.Equal(status, answer.Status);
        if (status == 401)
        {
            Assert.Equal(("application/json", 16, "Bearer"), (answer.ContentType, answer.Json.GetProperty("code").GetInt32(), answer.Headers["WWW-Authenticate"]));
        }
    }

    [Fact]
    public async Task A_key_of_spans_opens_nothing_else()
    {
        (await Client.GetAsync("/api/v1/runs", ("Authorization", $"Bearer {GuardedServer.Key}"))).IsProblem(401);
        (await Client.PostAsync("/api/v1/events", "[]", ("Authorization", $"Bearer {GuardedServer.Key}"))).IsProblem(401);
    }

    [Fact]
    public async Task CDEvents_are_signed_as_Standard_Webhooks_say()
    {
        const string body = "[]";
        var now = $"{DateTimeOffset.UtcNow.ToUnixTimeSeconds()}";
        var signature = Convert.ToBase64String(HMACSHA256.HashData("secret"u8, Encoding.UTF8.GetBytes($"1.{now}.{body}")));

        Assert.Equal(200, (await Client.PostAsync("/cdevents", body, ("webhook-id", "1"), ("webhook-timestamp", now), ("webhook-signature", $"v1,{signature}"))).Status);
        (await Client.PostAsync("/cdevents", body)).IsProblem(401);
    }

    [Fact]
    public async Task What_is_open_to_everybody_says_so()
    {
        Assert.Equal(202, (await Client.PostAsync("/jira", "{}")).Status);

        var answer = await Client.GetAsync("/api/v1/sources", Bearer);
        var ways = answer.Json.GetProperty("items").EnumerateArray().ToDictionary(static s => s.Text("source")!, static s => string.Join(' ', s.GetProperty("ways").EnumerateArray()));
        Assert.Equal(("signed token", "signed token", "token", "key token", "token unsigned"), (ways["customhttp"], ways["github"], ways["gitlab"], ways["jenkins"], ways["jira"]));
        Assert.Contains("jira takes webhooks of anybody", server.Process.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_script_signs_with_upstreams_header_or_as_Standard_Webhooks_say()
    {
        const string body = """{"id":"g1","action":"start","type":"deploy"}""";

        Assert.Equal(200, (await Client.PostAsync("/customhttp", body, ("X-VS-Signature", Hmac("s3", body)))).Status);
        (await Client.PostAsync("/customhttp", body, ("X-VS-Signature", Hmac("s4", body)))).IsProblem(401);
        (await Client.PostAsync("/customhttp", body)).IsProblem(401);
        Assert.Equal(200, (await Client.PostAsync("/customhttp", body, Bearer)).Status);
    }

    [Fact]
    public async Task Refusals_are_counted_and_do_not_make_a_source_look_alive()
    {
        await GitHubAsync(Ping, "sha256=00");

        var source = (await Client.GetAsync("/api/v1/sources", Bearer)).Json.GetProperty("items").EnumerateArray().Single(static s => s.Text("source") == "github");
        Assert.True(source.GetProperty("refused").GetInt64() > 0);
        Assert.Contains("signature", source.GetProperty("lastRefused").Text("why"), StringComparison.Ordinal);
        Assert.DoesNotContain("secret to Everybody", server.Process.Output, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("Sources__githup__Secrets__0", "x", "Sources:githup is no source")]
    [InlineData("Sources__github__Secrets__0", " ", "empty")]
    [InlineData("Sources__github__Keys__0", "short", "20 characters")]
    [InlineData("Sources__github__AllowUnsigned", "maybe", "true or false")]
    [InlineData("Sources__github__Secret", "x", "Secrets__0")]
    [InlineData("Sources__gitlab__Secrets__0", "whsec_hunter2?", "Sources:gitlab:Secrets:0")]
    [InlineData("Sources__gitlab__Secrets", "whsec_", "whsec_")]
    [InlineData("Sources__customhttp__Secrets__0", "", "Sources:customhttp:Secrets:0")]
    public async Task A_wrong_setting_stops_the_start_and_says_what_to_write(string name, string value, string says)
    {
        var (exitCode, output) = await ServerProcess.RunAsync("Data Source=:memory:", null, new Dictionary<string, string> { [name] = value });

        Assert.Equal(2, exitCode);
        Assert.Contains(says, output, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_signing_key_longer_than_any_that_is_made_stops_the_start_for_it_would_never_be_tried()
    {
        var (exitCode, output) = await ServerProcess.RunAsync("Data Source=:memory:", null,
            new Dictionary<string, string> { ["Sources__gitlab__Secrets__1"] = "whsec_" + Convert.ToBase64String(new byte[257]) });

        Assert.Equal(2, exitCode);
        Assert.Contains("Sources:gitlab:Secrets:1", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/github", "X-Hub-Signature-256: sha256=00")]
    [InlineData("/github", "X-Hub-Signature-256: sha1=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")]
    [InlineData("/github", "X-Hub-Signature-256: sha256=zz7107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")]
    [InlineData("/github", "Authorization: Bearer wrong")]
    [InlineData("/customhttp", "X-VS-Signature: 00")]
    [InlineData("/customhttp", "webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=\r\nwebhook-id: 1\r\nwebhook-timestamp: 1614265330")]
    [InlineData("/jenkins/another-key-that-is-long", "X: y")]
    public async Task What_no_body_could_make_right_is_refused_before_any_of_it_is_there(string address, string headers)
    {
        var url = new Uri(server.Process.Url);
        using var socket = new System.Net.Sockets.TcpClient();
        await socket.ConnectAsync(url.Host, url.Port, TestContext.Current.CancellationToken);
        await using var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST {address} HTTP/1.1\r\nHost: {url.Authority}\r\nContent-Length: 26000000\r\n{headers}\r\n\r\n"), TestContext.Current.CancellationToken);

        using var reader = new StreamReader(stream, Encoding.ASCII);
        var answer = await reader.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        Assert.Equal("HTTP/1.1 401 Unauthorized", answer);
    }

    private Task<Answer> GitHubAsync(string body, string? signature, params (string, string)[] headers) =>
        Client.PostAsync("/github", body, [("X-GitHub-Event", "ping"), .. signature is null ? [] : new[] { ("X-Hub-Signature-256", signature) }, .. headers]);

    private static string Hmac(string secret, string body) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(body)));
}
