using System.Net;
using ValueStream.Testing;

namespace ValueStream.Server.Tests.Api.Access;

/// <summary>How sessions that began at a provider end, and what becomes of logins while it is away. Each test has a server of its own.</summary>
public sealed class OidcSessionTests : IAsyncLifetime
{
    private const string Token = "VALUESTREAM_BOOTSTRAP_TOKEN";

    private readonly TemporaryFolder _folder = new();
    private LoginProvider _provider = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _provider = await LoginProvider.StartAsync();
        _provider.Person = new Person("1", "Ada", "vs-admins");
    }

    [Fact]
    public async Task A_session_ends_when_its_time_is_over_however_much_it_is_used()
    {
        await using var server = await StartAsync(("Oidc__Session", "3"));
        using var browser = new LoginBrowser(server.Url);
        await browser.LogInAsync();
        Assert.Equal(200, await browser.StatusAsync("/runs"));

        await Until.HoldsAsync("the session has ended", async () => await browser.StatusAsync("/runs") == 302);
    }

    [Fact]
    public async Task A_session_opens_what_its_role_opens_now_and_nothing_once_that_is_mapped_no_more()
    {
        var (url, session) = await KeepAsync();

        foreach (var (settings, reads, administers) in new[]
        {
            (_provider.Settings(("vs-admins", "read", "*")), 200, 403),
            (_provider.Settings(("others", "admin", "*")), 401, 401),
            (new Dictionary<string, string>(_provider.Settings(("vs-admins", "admin", "*"))) { ["Oidc__Authority"] = "https://login.example" }, 401, 401),
            (new Dictionary<string, string> { [Token] = new('t', 20) }, 401, 401),
            (_provider.Settings(("vs-admins", "admin", "*")), 200, 200),
        })
        {
            await using var server = await ServerProcess.StartAsync(_folder.Database, url, settings);
            using var http = new HttpClient { BaseAddress = new Uri(url) };
            http.DefaultRequestHeaders.Add("Cookie", $"valuestream={session}");
            Assert.Equal((reads, administers), ((int)(await http.GetAsync("/api/v1/runs", Cancel)).StatusCode, (int)(await http.GetAsync("/api/v1/tokens", Cancel)).StatusCode));
        }
    }

    [Fact]
    public async Task Without_its_provider_a_login_says_so_and_tokens_go_on_working()
    {
        await using var server = await StartAsync((Token, ProviderServer.Token));
        using var browser = new LoginBrowser(server.Url);
        await _provider.StopAsync();

        var page = await browser.GetAsync("/login/oidc");

        Assert.Equal((HttpStatusCode.BadGateway, "text/html"), (page.StatusCode, page.Content.Headers.ContentType!.MediaType));
        Assert.Contains("does not answer", await page.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        await SaysAsync(server, "The login provider cannot be asked");
        Assert.Equal(200, await browser.StatusAsync("/login"));
        Assert.Equal(200, (await new ApiClient(server.Http).GetAsync("/api/v1/runs", ("Authorization", $"Bearer {ProviderServer.Token}"))).Status);
    }

    [Fact]
    public async Task A_provider_that_goes_away_during_a_login_is_said_so_and_sessions_go_on()
    {
        await using var server = await StartAsync();
        using var first = new LoginBrowser(server.Url);
        await first.LogInAsync();
        using var second = new LoginBrowser(server.Url);
        var callback = await second.AskAsync();
        await _provider.StopAsync();

        var page = await second.FollowAsync(callback);

        Assert.Equal(HttpStatusCode.BadGateway, page.StatusCode);
        Assert.Equal(200, await first.StatusAsync("/runs"));
        Assert.Contains("You are logged out", await (await first.SubmitAsync("/logout", "/logout")).Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_secret_that_the_provider_does_not_take_lets_nobody_in_and_is_not_told()
    {
        await using var server = await StartAsync(("Oidc__ClientSecret", "another-SECRET"));
        using var browser = new LoginBrowser(server.Url);

        var page = await browser.LogInAsync();

        Assert.Equal(HttpStatusCode.BadRequest, page.StatusCode);
        await SaysAsync(server, "invalid_client");
        Assert.DoesNotContain("SECRET", server.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_a_provider_the_server_listens_where_others_can_reach_it_and_is_open_to_nobody_without_a_login()
    {
        await using var server = await ServerProcess.StartAsync(_folder.Database, "http://0.0.0.0:0", _provider.Settings(("vs-admins", "admin", "*")));
        using var http = new HttpClient { BaseAddress = new Uri(server.Url.Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal).Replace("[::]", "127.0.0.1", StringComparison.Ordinal)) };

        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/healthz", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync("/api/v1/runs", Cancel)).StatusCode);
        Assert.DoesNotContain("/login#", server.Output, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        await _provider.DisposeAsync();
        _folder.Dispose();
    }

    private Task<ServerProcess> StartAsync(params (string Name, string Value)[] more)
    {
        var settings = _provider.Settings(("vs-admins", "admin", "*"));
        foreach (var (name, value) in more)
        {
            settings[name] = value;
        }
        return ServerProcess.StartAsync(_folder.Database, null, settings);
    }

    private static Task SaysAsync(ServerProcess server, string what) =>
        Until.HoldsAsync($"the server's log says {what}", () => Task.FromResult(server.Output.Contains(what, StringComparison.Ordinal)));

    /// <summary>Logs in on a server that then stops.</summary>
    private async Task<(string Url, string Session)> KeepAsync()
    {
        await using var server = await StartAsync();
        using var browser = new LoginBrowser(server.Url);
        await browser.LogInAsync();
        Assert.Equal(200, await browser.StatusAsync("/api/v1/tokens"));
        await server.StopAsync();
        return (server.Url, browser.Session!);
    }
}
