using System.Net;
using System.Security.Claims;
using System.Text.RegularExpressions;
using OpenIddict.Abstractions;
using ValueStream.Server.Tests.Api.Access;
using ValueStream.Testing;

namespace ValueStream.Server.Tests.Security;

/// <summary>What somebody may try with a login at a provider, and that it opens nothing.</summary>
[Collection(OnProviderServer.Name)]
public sealed partial class LoginAttackTests : IDisposable
{
    private readonly ProviderServer _server;
    private readonly LoginBrowser _browser;

    public LoginAttackTests(ProviderServer server)
    {
        (_server, _browser) = (server, new LoginBrowser(server.Process.Url));
        (server.Provider.Claims, server.Provider.Answer, server.Provider.Person) = (null, null, new Person("4711", "Ada", "vs-admins"));
    }

    public static TheoryData<string, Action<ClaimsPrincipal>> WrongTokens => new()
    {
        { "IDX10205: Issuer", static p => p.SetClaim(OpenIddictConstants.Claims.Private.Issuer, "https://evil.example/") },
        { "IDX10214: Audience", static p => p.SetAudiences("another-client") },
        { "IDX21323: RequireNonce", static p => p.SetClaim(OpenIddictConstants.Claims.Nonce, "of-another-login") },
        { "IDX21320: RequireNonce", static p => p.RemoveClaims(OpenIddictConstants.Claims.Nonce) },
        { "IDX10223: Lifetime", static p => p.SetCreationDate(DateTimeOffset.UtcNow.AddDays(-1)).SetExpirationDate(DateTimeOffset.UtcNow.AddHours(-23)) },
    };

    [Theory]
    [MemberData(nameof(WrongTokens), DisableDiscoveryEnumeration = true)]
    public async Task A_token_for_somebody_else_or_another_time_is_refused(string why, Action<ClaimsPrincipal> change)
    {
        _server.Provider.Claims = change;

        await IsRefusedAsync(await _browser.LogInAsync());
        await IsLoggedAsync(why);
    }

    [Fact]
    public async Task A_token_that_was_altered_or_is_not_signed_is_refused()
    {
        foreach (var (why, alter) in new (string, Func<string[], string>)[]
        {
            ("IDX10511: Signature", static parts => $"{parts[0]}.{Base64(Unpacked(parts[1]).Replace("4711", "0815", StringComparison.Ordinal))}.{parts[2]}"),
            ("The ID token is not signed", static parts => $"{Base64("""{"alg":"none","typ":"JWT"}""")}.{Base64(Unpacked(parts[1]).Replace("at_hash", "no_hash", StringComparison.Ordinal))}."),
        })
        {
            _server.Provider.Answer = answer => answer.IdToken = alter(answer.IdToken!.Split('.'));

            await IsRefusedAsync(await _browser.LogInAsync());
            await IsLoggedAsync(why);
        }
    }

    [Fact]
    public async Task An_answer_without_a_state_or_with_one_that_is_none_is_refused()
    {
        var callback = await _browser.AskAsync();

        await IsRefusedAsync(await _browser.FollowAsync(State().Replace(callback, "")));
        await IsRefusedAsync(await _browser.FollowAsync(State().Replace(callback, "&state=CfDJ8wrong")));
        await IsRefusedAsync(await _browser.FollowAsync("/login/oidc/callback"));
        await IsRefusedAsync(await _browser.FollowAsync("/login/oidc/callback?error=access_denied&error_description=%3Cscript%3Ealert(1)%3C/script%3E"));
    }

    [Fact]
    public async Task An_answer_to_a_login_that_another_browser_began_is_refused()
    {
        using var victim = new LoginBrowser(_server.Process.Url);
        var callback = await _browser.AskAsync();

        // Nobody is logged in as somebody else by a link that they are given.
        await IsRefusedAsync(await victim.FollowAsync(callback), victim);
        await victim.AskAsync();
        await IsRefusedAsync(await victim.FollowAsync(callback), victim);
    }

    [Fact]
    public async Task A_code_that_was_stolen_is_of_no_use_in_another_login()
    {
        using var thief = new LoginBrowser(_server.Process.Url);
        var stolen = Code().Match(await _browser.AskAsync()).Groups[1].Value;
        var own = await thief.AskAsync();

        await IsRefusedAsync(await thief.FollowAsync(Code().Replace(own, $"code={stolen}")), thief);

        // It was the proof of the one who asked for it that was missing.
        Assert.Equal(OpenIddictConstants.Errors.InvalidGrant, _server.Provider.Answered!.Error);
        Assert.Contains("code_verifier", _server.Provider.Answered.ErrorDescription, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_that_comes_again_is_refused()
    {
        var callback = await _browser.AskAsync();
        var cookies = _browser.Cookies.GetCookieHeader(new Uri(callback));
        Assert.Equal(HttpStatusCode.OK, (await _browser.FollowAsync(callback)).StatusCode);
        using var again = new LoginBrowser(_server.Process.Url);

        // By the same browser, which has given its half away, and by one that kept it: the provider has redeemed the code.
        Assert.Equal(HttpStatusCode.BadRequest, (await _browser.FollowAsync(callback)).StatusCode);
        again.Cookies.SetCookies(new Uri(callback), cookies.Replace("; ", ",", StringComparison.Ordinal));
        await IsRefusedAsync(await again.FollowAsync(callback), again);
        Assert.Equal("The code was redeemed before.", _server.Provider.Answered!.ErrorDescription);
    }

    [Theory]
    [InlineData("https://evil.example/")]
    [InlineData("//evil.example/")]
    [InlineData("/\\evil.example/")]
    [InlineData("javascript:alert(1)")]
    [InlineData("/\"><script>alert(1)</script>")]
    public async Task Nobody_is_led_to_another_site_after_a_login(string then)
    {
        var page = await _browser.LogInAsync($"/login/oidc?then={Uri.EscapeDataString(then)}");
        var arrived = await _browser.PageAsync($"/login/done?then={Uri.EscapeDataString(then)}");

        Assert.Equal(new Uri(_server.Process.Url).Authority, page.RequestMessage!.RequestUri!.Authority);
        Assert.DoesNotContain("<script>", arrived, StringComparison.Ordinal);
        Assert.All(Addresses().Matches(arrived), static m => Assert.Matches("^/([^/\\\\]|$)", m.Groups[1].Value));
        Assert.NotEmpty(Addresses().Matches(arrived));
    }

    [Fact]
    public async Task A_session_that_was_planted_is_not_the_one_that_a_login_begins()
    {
        _browser.Cookies.SetCookies(new Uri(_server.Process.Url), "valuestream=planted; path=/");
        Assert.Equal(302, await _browser.StatusAsync("/runs"));

        await _browser.LogInAsync();

        Assert.NotEqual("planted", _browser.Session);
        Assert.Equal(200, await _browser.StatusAsync("/runs"));
    }

    [Theory]
    [InlineData("POST", "/login/oidc")]
    [InlineData("POST", "/login/oidc/callback")]
    public async Task No_form_of_another_site_begins_or_ends_a_login(string method, string address)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), address) { Content = new FormUrlEncodedContent([new("state", "x"), new("code", "y")]) };
        request.Headers.Add("Origin", "https://evil.example");
        request.Headers.Add("Sec-Fetch-Site", "cross-site");

        Assert.Equal(HttpStatusCode.Forbidden, (await _browser.SendAsync(request)).StatusCode);
        Assert.Null(_browser.Session);
    }

    public void Dispose()
    {
        (_server.Provider.Claims, _server.Provider.Answer) = (null, null);
        _browser.Dispose();
    }

    private Task IsRefusedAsync(HttpResponseMessage page) => IsRefusedAsync(page, _browser);

    private static async Task IsRefusedAsync(HttpResponseMessage page, LoginBrowser browser)
    {
        var text = await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(page.StatusCode == HttpStatusCode.BadRequest, $"{page.StatusCode}: {text}");
        Assert.Contains("You are not logged in", text, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", text, StringComparison.Ordinal);
        Assert.Null(browser.Session);
        Assert.Equal(302, await browser.StatusAsync("/runs"));
    }

    private Task IsLoggedAsync(string why) =>
        Until.HoldsAsync($"the log says {why}", () => Task.FromResult(_server.Process.Output.Contains($"A login was refused for what the provider answered: {why}", StringComparison.Ordinal)));

    private static string Base64(string text) => System.Buffers.Text.Base64Url.EncodeToString(System.Text.Encoding.UTF8.GetBytes(text));

    private static string Unpacked(string text) => System.Text.Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(text));

    [GeneratedRegex("code=([^&]+)")]
    private static partial Regex Code();

    [GeneratedRegex("&state=[^&]*")]
    private static partial Regex State();

    [GeneratedRegex("(?:<a href=\"|;url=)([^\"]*)\"")]
    private static partial Regex Addresses();
}
