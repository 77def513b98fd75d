using System.Net;
using System.Security.Cryptography;
using ValueStream.Core.Wire;
using ValueStream.Server.Tests.Api;
using ValueStream.Server.Tests.Sources.Otlp;
using ValueStream.Testing;

namespace ValueStream.Server.Tests.Security;

/// <summary>A server behind a proxy on this machine, with limits that a test can meet. Each test comes from addresses of its own.</summary>
public sealed class LimitedServer : SqliteServer
{
    public const string Token = "a token that nobody guesses";
    public const string Key = "a-key-that-is-long-enough";
    public const int PerAddress = 40;
    public const int Wrong = 5;

    protected override IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>
    {
        ["VALUESTREAM_BOOTSTRAP_TOKEN"] = Token,
        ["AllowedHosts"] = "valuestream.example",
        ["TrustedProxies"] = "127.0.0.1; 10.0.0.0/8",
        ["RateLimits__PerAddress"] = $"{PerAddress}",
        ["RateLimits__WrongPerAddress"] = $"{Wrong}",
        ["Sources__github__Secrets__0"] = "a secret of GitHub",
        ["Sources__gitlab__Secrets__0"] = "a secret of GitLab",
        ["Sources__jenkins__Keys__0"] = Key,
    };
}

/// <summary>Who asks too often is told when to come back, and nobody else notices.</summary>
public sealed class RateLimitTests(LimitedServer server) : IClassFixture<LimitedServer>
{
    private static readonly (string, string) Bearer = ("Authorization", $"Bearer {LimitedServer.Token}");

    private ApiClient Client => server.Client;

    [Fact]
    public async Task An_address_that_asks_too_often_without_a_token_is_told_when_it_may_again_and_others_are_not()
    {
        var from = From("198.51.100.1");

        IsRefused(await RepeatedAsync(LimitedServer.PerAddress, 200, () => Client.GetAsync("/healthz", from)), "Authorization: Bearer");

        Assert.Equal(200, (await Client.GetAsync("/healthz", From("198.51.100.2"))).Status);
        Assert.Equal(200, (await Client.GetAsync("/api/v1/runs", from, Bearer)).Status);
        var page = await RepeatedAsync(0, 200, () => Client.GetAsync("/login", from, ("Accept", "text/html")));
        Assert.Equal("text/html", page.ContentType);
    }

    [Fact]
    public async Task OTLP_is_refused_as_its_senders_read_it()
    {
        var refused = await RepeatedAsync(LimitedServer.PerAddress, 401, () => Client.PostAsync(Routes.Traces, "{}", From("198.51.100.3")));

        OtlpContract.IsStatus(refused, 429, 8, "RateLimits__PerAddress");
        Assert.InRange(int.Parse(refused.Headers["Retry-After"], System.Globalization.CultureInfo.InvariantCulture), 1, 60);
    }

    [Fact]
    public async Task Whoever_guesses_tokens_is_not_even_told_whether_the_next_one_is_right()
    {
        var from = From("198.51.100.4");

        await IsShutOutAsync(i => Client.GetAsync("/api/v1/runs", from, ("Authorization", $"Bearer guess {i}")), () => Client.GetAsync("/api/v1/runs", from, Bearer));

        (await Client.GetAsync("/api/v1/runs", from)).IsProblem(401);
        Assert.Equal(200, (await Client.GetAsync("/api/v1/runs", From("198.51.100.5"), Bearer)).Status);
    }

    [Fact]
    public async Task A_token_that_was_taken_away_and_is_tried_all_day_shuts_nobody_out()
    {
        var from = From("198.51.100.6");
        for (var i = 0; i < 4 * LimitedServer.Wrong; i++)
        {
            (await Client.GetAsync("/api/v1/runs", from, ("Authorization", "Bearer of yesterday"))).IsProblem(401);
        }

        Assert.Equal(200, (await Client.GetAsync("/api/v1/runs", from, Bearer)).Status);
    }

    [Theory]
    [InlineData("198.51.100.7", "/jenkins/a-wrong-key-that-is-long-{0}", "X")]
    [InlineData("198.51.100.8", "/gitlab", "X-Gitlab-Token")]
    public async Task Keys_and_secrets_that_are_sent_as_they_are_cannot_be_guessed_either(string address, string route, string header)
    {
        await IsShutOutAsync(i => Client.PostAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, route, i), "{}", From(address), (header, $"guess {i}")),
            () => Client.PostAsync($"/jenkins/{LimitedServer.Key}", "{}", From(address)));
    }

    [Fact]
    public async Task Signatures_that_are_wrong_shut_out_none_of_those_that_come_from_the_same_address()
    {
        var from = From("198.51.100.9");
        for (var i = 0; i < 3 * LimitedServer.Wrong; i++)
        {
            (await Client.PostAsync("/github", "{}", from, ("X-Hub-Signature-256", $"sha256={i:x64}"))).IsProblem(401);
        }

        var right = Convert.ToHexStringLower(HMACSHA256.HashData("a secret of GitHub"u8, "{}"u8));
        Assert.Equal(202, (await Client.PostAsync("/github", "{}", from, ("X-Hub-Signature-256", $"sha256={right}"))).Status);
    }

    [Fact]
    public async Task Logins_are_few() => IsRefused(await RepeatedAsync(LimitedServer.Wrong, 400,
        () => Client.SendAsync(HttpMethod.Post, "/login", "token=guess"u8.ToArray(), "application/x-www-form-urlencoded", From("198.51.100.10"))), "WrongPerAddress");

    [Fact]
    public async Task All_addresses_of_one_IPv6_network_are_one()
    {
        await IsShutOutAsync(i => Client.GetAsync("/api/v1/runs", From($"2001:db8:1:1::{i + 1}"), ("Authorization", $"Bearer guess {i}")),
            () => Client.GetAsync("/api/v1/runs", From("2001:db8:1:1:ffff::1"), Bearer));
        Assert.Equal(200, (await Client.GetAsync("/api/v1/runs", From("2001:db8:1:2::1"), Bearer)).Status);
    }

    [Fact]
    public Task Of_what_proxies_say_that_counts_which_the_first_of_them_saw() => IsShutOutAsync(
        i => Client.GetAsync("/api/v1/runs", From($"203.0.113.{i}, 198.51.100.11, 10.1.2.3"), ("Authorization", $"Bearer guess {i}")), () => Client.GetAsync("/api/v1/runs", From("198.51.100.11"), Bearer));

    [Fact]
    public async Task On_this_machine_nobody_who_shows_nothing_is_counted()
    {
        for (var i = 0; i < 3 * LimitedServer.PerAddress; i++)
        {
            Assert.Equal(200, (await Client.GetAsync("/healthz")).Status);
        }
    }

    [Fact]
    public async Task A_proxy_that_is_not_named_is_not_believed_and_a_token_has_a_limit_wherever_it_comes_from()
    {
        using var folder = new TemporaryFolder();
        await using var process = await ServerProcess.StartAsync(folder.Database, null, new Dictionary<string, string>
        {
            ["VALUESTREAM_BOOTSTRAP_TOKEN"] = LimitedServer.Token, ["RateLimits__PerToken"] = "20", ["RateLimits__WrongPerAddress"] = $"{LimitedServer.Wrong}", ["AllowedHosts"] = "valuestream.example",
        });
        var client = new ApiClient(process.Http);

        var sent = 0;
        IsRefused(await RepeatedAsync(20, 200, () => client.GetAsync("/api/v1/log/head", From($"198.51.100.{++sent}"), Bearer)), "RateLimits__PerToken");
        await IsShutOutAsync(i => client.GetAsync("/api/v1/runs", From($"198.51.100.{i}"), ("Authorization", $"Bearer guess {i}")), () => client.GetAsync("/api/v1/runs", From("198.51.100.100"), Bearer));
        var page = await client.GetAsync("/healthz", ("X-Forwarded-Proto", "https"), ("Host", "valuestream.example"));
        Assert.DoesNotContain("Strict-Transport-Security", page.Headers.Keys);
    }

    [Fact]
    public async Task Without_a_token_this_machine_may_ask_as_often_as_it_likes()
    {
        using var folder = new TemporaryFolder();
        await using var process = await ServerProcess.StartAsync(folder.Database, null, new Dictionary<string, string> { ["RateLimits__PerToken"] = "1", ["RateLimits__PerAddress"] = "1" });

        for (var i = 0; i < 50; i++)
        {
            Assert.Equal(200, (await new ApiClient(process.Http).GetAsync("/api/v1/log/head")).Status);
        }
    }

    [Fact]
    public async Task What_came_by_TLS_is_to_stay_with_it()
    {
        // A browser would send a cookie of TLS by TLS alone, which there is none of here.
        using var http = new HttpClient(new HttpClientHandler { UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = new Uri(server.Process.Url) };
        var browser = new ApiClient(http);
        (string, string)[] tls = [From("198.51.100.12"), ("X-Forwarded-Proto", "https"), ("Host", "valuestream.example")];
        var plain = await browser.GetAsync("/login", From("198.51.100.12"), ("Host", "valuestream.example"));
        Assert.DoesNotContain("Strict-Transport-Security", plain.Headers.Keys);
        Assert.DoesNotContain("secure", plain.Headers["Set-Cookie"], StringComparison.OrdinalIgnoreCase);

        var form = await browser.GetAsync("/login", tls);
        Assert.StartsWith("max-age=", form.Headers["Strict-Transport-Security"], StringComparison.Ordinal);
        Assert.Contains("; secure", form.Headers["Set-Cookie"], StringComparison.OrdinalIgnoreCase);

        var hidden = System.Text.RegularExpressions.Regex.Match(form.Text, "name=\"([^\"]+)\" value=\"([^\"]+)\"");
        using var sent = new FormUrlEncodedContent([new(hidden.Groups[1].Value, WebUtility.HtmlDecode(hidden.Groups[2].Value)), new("token", LimitedServer.Token)]);
        var loggedIn = await browser.SendAsync(HttpMethod.Post, "/login", await sent.ReadAsByteArrayAsync(TestContext.Current.CancellationToken), "application/x-www-form-urlencoded",
            [.. tls, ("Cookie", form.Headers["Set-Cookie"].Split(';')[0])]);
        Assert.Contains("; secure", Assert.Single(loggedIn.Headers["Set-Cookie"].Split('\n'), static c => c.StartsWith("valuestream=", StringComparison.Ordinal)), StringComparison.OrdinalIgnoreCase);
        // The page that a browser got by TLS may call the server it came from.
        Assert.Equal(200, (await Client.GetAsync("/api/v1/runs", [.. tls, Bearer, ("Origin", "https://valuestream.example")])).Status);
    }

    [Theory]
    [InlineData("TrustedProxies", "10.0.0.0/99", "TrustedProxies has '10.0.0.0/99'")]
    [InlineData("TrustedProxies", "proxy.example", "no address")]
    [InlineData("ASPNETCORE_FORWARDEDHEADERS_ENABLED", "true", "TrustedProxies")]
    [InlineData("RateLimits__PerToken", "many", "RateLimits__PerToken is 'many'")]
    [InlineData("RateLimits__PerAddress", "-1", "0 for no limit")]
    [InlineData("RateLimits__PerMinute", "1", "RateLimits:PerMinute is not known")]
    public async Task A_wrong_setting_stops_the_start_and_says_what_to_write(string name, string value, string says)
    {
        var (exitCode, output) = await ServerProcess.RunAsync("Data Source=:memory:", null, new Dictionary<string, string> { [name] = value });

        Assert.Equal(2, exitCode);
        Assert.Contains(says, output, StringComparison.Ordinal);
    }

    private static (string, string) From(string address) => ("X-Forwarded-For", address);

    /// <summary>Asks until it is refused, which it must not be before so often.</summary>
    private static async Task<Answer> RepeatedAsync(int atLeast, int status, Func<Task<Answer>> ask)
    {
        for (var i = 0; i < (10 * atLeast) + 10; i++)
        {
            var answer = await ask();
            if (answer.Status == 429)
            {
                Assert.True(i >= atLeast, $"It was refused after {i} requests.");
                return answer;
            }
            Assert.Equal(status, answer.Status);
        }
        throw new Xunit.Sdk.XunitException("It is never refused.");
    }

    /// <summary>Guesses until that is refused, which it must not be before so often; then what is right is refused as well, unless the limit has given one back meanwhile.</summary>
    private static async Task IsShutOutAsync(Func<int, Task<Answer>> guess, Func<Task<Answer>> right)
    {
        for (var (guesses, trial) = (0, 0); trial < 5; trial++)
        {
            var answer = await guess(guesses++);
            while (answer.Status == 401)
            {
                Assert.True(guesses < 10 * LimitedServer.Wrong, "It may guess for ever.");
                answer = await guess(guesses++);
            }
            IsRefused(answer, "WrongPerAddress");
            Assert.True(guesses > LimitedServer.Wrong, $"It was refused after {guesses} guesses.");
            answer = await right();
            if (answer.Status == 429)
            {
                IsRefused(answer, "WrongPerAddress");
                return;
            }
        }
        throw new Xunit.Sdk.XunitException("What is right is taken.");
    }

    private static void IsRefused(Answer answer, string says)
    {
        answer.IsProblem(429, says);
        Assert.InRange(int.Parse(answer.Headers["Retry-After"], System.Globalization.CultureInfo.InvariantCulture), 1, 60);
    }
}
