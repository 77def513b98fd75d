using System.Text;
using System.Text.Json;
using ValueStream.Core.Wire;
using ValueStream.Server.Tests.Api;
using ValueStream.Testing;

namespace ValueStream.Server.Tests.Security;

/// <summary>A server with every kind of secret, whose log says all that it can.</summary>
public sealed class TalkativeServer : SqliteServer
{
    public const string Token = "tok-SECRET-aaaaaaaaaaaaaaaa";
    public const string Hook = "hook-SECRET-bbbbbbbbbbbbbbbb";
    public const string Key = "key-SECRET-cccccccccccccccc";
    public const string Tracer = "tracer-SECRET-dddddddddddddd";

    protected override IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>
    {
        ["VALUESTREAM_BOOTSTRAP_TOKEN"] = Token,
        ["Sources__github__Secrets__0"] = Hook,
        ["Sources__gitlab__Secrets__0"] = Hook,
        ["Sources__customhttp__Secrets__0"] = Hook,
        ["Sources__jenkins__Keys__0"] = Key,
        ["Sources__otlp__Keys__0"] = Key,
        ["Sources__jira__AllowUnsigned"] = "true",
        ["Tracers__gone__Endpoint"] = "http://127.0.0.1:9",
        ["Tracers__gone__Token"] = Tracer,
        ["Logging__LogLevel__Default"] = "Trace",
        ["Logging__LogLevel__Microsoft"] = "Trace",
        ["Logging__LogLevel__Microsoft.AspNetCore"] = "Trace",
        ["Logging__LogLevel__Microsoft.AspNetCore.Hosting.Diagnostics"] = "Trace",
        ["Logging__LogLevel__Microsoft.EntityFrameworkCore.Database.Command"] = "Trace",
        ["Logging__Console__LogLevel__Default"] = "Trace",
        ["Logging__Console__LogLevel__Microsoft.AspNetCore"] = "Trace",
        ["RateLimits__WrongPerAddress"] = "0",
    };
}

/// <summary>No secret is in what the server tells, however much it tells and whatever goes wrong.</summary>
public sealed class NoSecretTests(TalkativeServer server) : IClassFixture<TalkativeServer>
{
    private static readonly (string, string) Bearer = ("Authorization", $"Bearer {TalkativeServer.Token}");

    private ApiClient Client => server.Client;

    [Fact]
    public async Task No_secret_is_in_the_log_in_an_answer_in_the_metrics_or_in_quarantine()
    {
        var answers = new List<Answer>
        {
            // What is right.
            await Client.GetAsync("/api/v1/runs", Bearer),
            await Client.PostAsync(Routes.Events, Sent.Start("secrets", "1"), Bearer),
            await Client.PostAsync($"/jenkins/{TalkativeServer.Key}", "{}"),
            await Client.PostAsync("/gitlab", "{}", ("X-Gitlab-Token", TalkativeServer.Hook), ("X-Gitlab-Event", "Push Hook")),
            await Client.PostAsync(Routes.Traces, "no JSON", ("Authorization", $"Bearer {TalkativeServer.Key}")),
            // What is wrong somewhere else than in the secret.
            await Client.PostAsync("/github", "no JSON", Bearer, ("X-GitHub-Event", "push")),
            await Client.PostAsync("/jira", "{}", Bearer, ("Cookie", $"valuestream={TalkativeServer.Token}"), ("X-Gitlab-Token", TalkativeServer.Hook), ("X-Hub-Signature", TalkativeServer.Hook)),
            await Client.PostAsync($"/jenkins/{TalkativeServer.Key}", "[1,2"),
            await Client.SendAsync(HttpMethod.Post, $"/jenkins/{TalkativeServer.Key}", "x"u8.ToArray(), "application/json", ("Content-Encoding", "gzip")),
            await Client.SendAsync(HttpMethod.Post, $"/jenkins/{TalkativeServer.Key}", "x"u8.ToArray(), "application/json", ("Content-Encoding", "zip")),
            await Client.SendAsync(HttpMethod.Post, $"/jenkins/{TalkativeServer.Key}", new byte[(25 << 20) + 1], "application/json"),
            await Client.GetAsync($"/jenkins/{TalkativeServer.Key}", Bearer),
            await Client.GetAsync($"/jenkins/{TalkativeServer.Key}"),
            await Client.PostAsync($"/jenkins/{TalkativeServer.Key}", "{}", ("Host", "evil.example")),
            await Client.PostAsync($"/jenkins/{TalkativeServer.Key}", "{}", ("Origin", "https://evil.example")),
            // Secrets where they do not belong.
            await Client.PostAsync($"/github/{TalkativeServer.Key}", "{}"),
            await Client.PostAsync($"/github/{TalkativeServer.Hook}", "{}", ("X-Hub-Signature-256", TalkativeServer.Hook)),
            await Client.GetAsync("/api/v1/runs", ("Authorization", $"Basic {TalkativeServer.Token}")),
            await Client.GetAsync("/api/v1/runs", ("Authorization", $"Bearer {TalkativeServer.Token}x")),
            await Client.GetAsync($"/api/v1/runs?access_token={TalkativeServer.Token}"),
            await Client.PostAsync($"/customhttp?secret={TalkativeServer.Hook}", "{}"),
            await Client.SendAsync(HttpMethod.Post, "/login", Encoding.UTF8.GetBytes($"token={TalkativeServer.Token}"), "application/x-www-form-urlencoded"),
            await Client.SendAsync(HttpMethod.Post, "/login", Encoding.UTF8.GetBytes($$"""{"token":"{{TalkativeServer.Token}}"}"""), "application/json"),
        };
        // A page that is shown leads to itself by the address that it was asked by, and so repeats this one to whoever wrote it.
        await Client.GetAsync($"/runs?access_token={TalkativeServer.Token}", Bearer);
        await RawHttp.SendAsync(server.Process.Url, $"POST /jenkins/{TalkativeServer.Key}\u0001 HTTP/1.1\nHost: {{host}}\nConnection: close\n\n");
        await RawHttp.SendAsync(server.Process.Url, $"POST /jenkins/{TalkativeServer.Key} HTTP/9.9\nHost: {{host}}\nConnection: close\n\n");
        Assert.Contains(answers, static a => a.Status == 413);

        foreach (var address in new[] { "/metrics", "/api/v1/quarantine", "/api/v1/sources", "/api/v1/tracers", "/api/v1/events", "/system", "/readyz", "/openapi/v1.json" })
        {
            answers.Add(await Client.GetAsync(address, Bearer));
        }
        var kept = (await Client.GetAsync("/api/v1/quarantine", Bearer)).Json.GetProperty("items").EnumerateArray().Select(static q => q.Text("id")!).ToList();
        Assert.True(kept.Count >= 3, $"{kept.Count} in quarantine.");
        foreach (var id in kept)
        {
            answers.Add(await Client.GetAsync($"/api/v1/quarantine/{id}", Bearer));
        }
        Assert.All(answers, static a => Assert.DoesNotContain("SECRET", a.Text, StringComparison.Ordinal));
        Assert.All(answers, static a => Assert.DoesNotContain("SECRET", JsonSerializer.Serialize(a.Headers), StringComparison.Ordinal));

        Assert.Contains("dbug:", server.Process.Output, StringComparison.Ordinal);
        Assert.Equal("", string.Join('\n', server.Process.Output.Split('\n').Where(static l => l.Contains("SECRET", StringComparison.Ordinal)).Distinct()));
    }

    [Theory]
    [InlineData("VALUESTREAM_BOOTSTRAP_TOKEN", "SECRET-short")]
    [InlineData("ConnectionStrings__ValueStream", "Host=127.0.0.1;Port=9;Database=x;Username=u;Password=SECRET;Timeout=1")]
    [InlineData("ConnectionStrings__ValueStream", "Host=127.0.0.1;Password=SECRET;Nonsense=1")]
    [InlineData("ConnectionStrings__ValueStream", "Password=SECRET")]
    [InlineData("Sources__github__Keys__0", "SECRET")]
    [InlineData("Sources__gitlab__Secrets__0", "whsec_SECRET?")]
    [InlineData("Tracers__x__Endpoint", "http://me:SECRET@localhost:4318")]
    public async Task A_start_that_fails_does_not_say_the_secret_that_is_wrong(string name, string value)
    {
        var environment = new Dictionary<string, string> { [name] = value, ["Logging__LogLevel__Default"] = "Trace", ["Logging__LogLevel__Microsoft"] = "Trace" };
        var (exitCode, output) = await ServerProcess.RunAsync(name.StartsWith("Connection", StringComparison.Ordinal) ? value : "Data Source=:memory:", null, environment);

        Assert.Equal(2, exitCode);
        Assert.DoesNotContain("SECRET", output, StringComparison.Ordinal);
    }
}
