using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using OpenIddict.Abstractions;
using ValueStream.Core.Wire;
using ValueStream.Testing;

namespace ValueStream.Server.Tests.Api.Access;

/// <summary>People log in at a provider, and what their roles open is open to them.</summary>
[Collection(OnProviderServer.Name)]
public sealed partial class OidcLoginTests : IDisposable
{
    private readonly ProviderServer _server;
    private readonly LoginBrowser _browser;
    private readonly string _ns = Sent.Unique();

    public OidcLoginTests(ProviderServer server)
    {
        (_server, _browser) = (server, new LoginBrowser(server.Process.Url));
        (server.Provider.Claims, server.Provider.Answer, server.Provider.Person) = (null, null, new Person("4711", "Ada <Lovelace>", "vs-admins"));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whoever_logs_in_at_the_provider_comes_to_the_page_that_was_asked_for()
    {
        var refused = await _browser.GetAsync("/runs?type=build&outcome=failure");
        Assert.Equal(HttpStatusCode.Redirect, refused.StatusCode);
        var form = await _browser.PageAsync(refused.Headers.Location!.OriginalString);
        var link = WebUtility.HtmlDecode(LinkToProvider().Match(form).Groups[1].Value);

        var page = await _browser.LogInAsync(link);

        Assert.Equal((HttpStatusCode.OK, "/runs?type=build&outcome=failure"), (page.StatusCode, page.RequestMessage!.RequestUri!.PathAndQuery));
        Assert.Contains("Ada &lt;Lovelace&gt;", await page.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_session_is_a_cookie_that_no_script_and_no_other_site_can_use()
    {
        var answer = await _browser.GetAsync(await _browser.AskAsync());

        var cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie"), static c => c.StartsWith("valuestream=", StringComparison.Ordinal));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        // It is sent with every request: it has no tokens of the provider in it.
        Assert.InRange(cookie.Length, 100, 1_200);
    }

    [Fact]
    public async Task The_log_names_a_person_by_a_hash_and_what_they_are_called_is_data()
    {
        await _browser.LogInAsync();

        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/tokens") { Content = new StringContent("""{"name":"x","scopes":["read"]}""", Encoding.UTF8, "application/json") };
        Assert.Equal(HttpStatusCode.OK, (await _browser.SendAsync(request)).StatusCode);
        await RecordAsync(_ns);

        var person = $"oidc:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{_server.Provider.Authority}/\n4711")))[..32]}";
        var act = (await ReadAsync("/api/v1/events?namespace=valuestream&limit=1")).GetProperty("items")[0];
        Assert.Equal((person, "Ada <Lovelace>", "administered"), (act.Text("submitter"), act.Text("actor"), act.Text("kind")));
        var sent = (await ReadAsync($"/api/v1/events?namespace={_ns}")).GetProperty("items")[0];
        Assert.Equal((person, null), (sent.Text("submitter"), sent.Text("actor")));
        Assert.Contains(person, await _browser.PageAsync("/logout"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("vs-admins", 200, 200, 200)]
    [InlineData("readers", 200, 403, 403)]
    [InlineData("senders", 403, 200, 403)]
    public async Task A_role_opens_what_is_mapped_to_it(string role, int reads, int sends, int administers)
    {
        _server.Provider.Person = new Person("1", "Somebody", "offline_access", role);
        await _browser.LogInAsync();

        Assert.Equal(reads, await _browser.StatusAsync("/api/v1/runs"));
        Assert.Equal(reads, await _browser.StatusAsync("/runs"));
        Assert.Equal(sends, await SendAsync(_ns));
        Assert.Equal(administers, await _browser.StatusAsync("/api/v1/tokens"));
    }

    [Fact]
    public async Task The_namespaces_of_several_roles_add_up_where_they_open_the_same_and_nothing_else_is_found()
    {
        foreach (var ns in new[] { "team-a.x", "team-b", "team-c" })
        {
            Assert.Equal(200, (await _server.Client.PostAsync(Routes.Events, Sent.Start(ns, _ns), ("Authorization", $"Bearer {ProviderServer.Token}"))).Status);
        }
        _server.Provider.Person = new Person("2", "Two Teams", "readers", "team-a", "team-b");
        await _browser.LogInAsync();

        await Until.HoldsAsync("both namespaces are there", async () => (await ReadAsync("/api/v1/runs?limit=200")).Each("namespace").Distinct().Count() >= 2);
        Assert.All((await ReadAsync("/api/v1/runs?limit=200")).Each("namespace"), static ns => Assert.True(ns is "team-b" || ns!.StartsWith("team-a.", StringComparison.Ordinal), ns));
        Assert.Equal(200, await SendAsync("team-b"));
        Assert.Equal(400, await SendAsync("team-c"));
    }

    [Theory]
    [InlineData()]
    [InlineData("vs-admin")]
    [InlineData("VS-ADMINS", "default-roles")]
    public async Task Somebody_without_a_mapped_role_is_refused_with_a_page_that_says_so(params string[] roles)
    {
        _server.Provider.Person = new Person("3", "Nobody", roles);

        var page = await _browser.LogInAsync();

        Assert.Equal(HttpStatusCode.Forbidden, page.StatusCode);
        Assert.Contains("none of your roles", await page.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Null(_browser.Session);
        Assert.Equal(302, await _browser.StatusAsync("/runs"));
    }

    [Fact]
    public async Task Whoever_gives_up_at_the_provider_is_offered_to_begin_again()
    {
        _server.Provider.Person = null;

        var page = await _browser.LogInAsync();

        Assert.Equal(HttpStatusCode.BadRequest, page.StatusCode);
        Assert.Contains("given up", await page.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Null(_browser.Session);
    }

    [Fact]
    public async Task A_login_with_a_token_goes_on_beside_it()
    {
        var answer = await _browser.SubmitAsync("/login", "/login", new KeyValuePair<string, string>("token", ProviderServer.Token));

        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Contains("token:0", await _browser.PageAsync("/logout"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Logging_out_ends_the_session_here_and_leads_to_the_provider_to_end_it_there()
    {
        await _browser.LogInAsync();
        var logouts = _server.Provider.Logouts;
        Assert.Equal(200, await _browser.StatusAsync("/logout"));
        Assert.Equal(200, await _browser.StatusAsync("/runs"));

        var page = await (await _browser.SubmitAsync("/logout", "/logout")).Content.ReadAsStringAsync(Cancel);

        Assert.Null(_browser.Session);
        Assert.Equal(302, await _browser.StatusAsync("/runs"));
        var back = await _browser.FollowAsync(WebUtility.HtmlDecode(LinkOut().Match(page).Groups[1].Value));
        Assert.Equal(logouts + 1, _server.Provider.Logouts);
        Assert.Equal($"{_server.Process.Url}/login", back.RequestMessage!.RequestUri!.GetLeftPart(UriPartial.Path));
    }

    [Fact]
    public async Task A_logout_that_no_form_of_ours_asked_for_is_refused()
    {
        await _browser.LogInAsync();

        using var request = new HttpRequestMessage(HttpMethod.Post, "/logout") { Content = new FormUrlEncodedContent([]) };
        Assert.Equal(HttpStatusCode.BadRequest, (await _browser.SendAsync(request)).StatusCode);
        // The framework's own addresses for it are not there.
        Assert.Equal(404, await _browser.StatusAsync("/signout-oidc"));
        Assert.Equal(200, await _browser.StatusAsync("/runs"));
    }

    [Fact]
    public async Task No_secret_of_a_login_is_in_the_log_however_much_it_tells()
    {
        var callback = await _browser.AskAsync();
        await _browser.FollowAsync(callback);
        await _browser.FollowAsync(callback);
        Assert.NotNull(_browser.Session);
        // The log is written behind the answers: what is refused last stands behind all of this.
        var (session, idToken) = (_browser.Session, _server.Provider.Answered!.IdToken!);
        _server.Provider.Claims = p => p.SetClaim(OpenIddictConstants.Claims.Private.Issuer, $"https://{_ns}.example/");
        using var last = new LoginBrowser(_server.Process.Url);
        await last.LogInAsync();
        await Until.HoldsAsync("the last refusal is in the log", () => Task.FromResult(_server.Process.Output.Contains($"Issuer: 'https://{_ns}.example/'", StringComparison.Ordinal)));

        Assert.Contains("dbug:", _server.Process.Output, StringComparison.Ordinal);
        foreach (var secret in new[] { LoginProvider.ClientSecret, Code().Match(callback).Groups[1].Value, State().Match(callback).Groups[1].Value, session, idToken })
        {
            Assert.True(secret.Length > 10);
            Assert.DoesNotContain(secret, _server.Process.Output, StringComparison.Ordinal);
        }
        Assert.DoesNotContain("Lovelace", _server.Process.Output, StringComparison.Ordinal);
    }

    public void Dispose() => _browser.Dispose();

    private async Task RecordAsync(string ns) => Assert.Equal(200, await SendAsync(ns));

    private async Task<int> SendAsync(string ns)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Routes.Events) { Content = new StringContent(Sent.Start(ns, _ns + "-sent"), Encoding.UTF8, "application/json") };
        return (int)(await _browser.SendAsync(request)).StatusCode;
    }

    private async Task<System.Text.Json.JsonElement> ReadAsync(string address) => System.Text.Json.JsonElement.Parse(await _browser.PageAsync(address));

    [GeneratedRegex("<a href=\"(/login/oidc[^\"]*)\"")]
    private static partial Regex LinkToProvider();

    [GeneratedRegex("<a href=\"(http[^\"]*)\">Log out there")]
    private static partial Regex LinkOut();

    [GeneratedRegex("[?&]code=([^&]+)")]
    private static partial Regex Code();

    [GeneratedRegex("[?&]state=([^&]+)")]
    private static partial Regex State();
}
