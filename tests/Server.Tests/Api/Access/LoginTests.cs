using System.Net;
using System.Text.RegularExpressions;

namespace ValueStream.Server.Tests.Api.Access;

/// <summary>A browser trades the token for a session.</summary>
[Collection(OnTokenServer.Name)]
public sealed class LoginTests(TokenServer server) : IDisposable
{
    private readonly CookieContainer _cookies = new();
    private HttpClient? _browser;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private HttpClient Browser
    {
        get
        {
            if (_browser is null)
            {
                _browser = new HttpClient(new HttpClientHandler { CookieContainer = _cookies, AllowAutoRedirect = false }) { BaseAddress = new Uri(server.Process.Url) };
                _browser.DefaultRequestHeaders.Add("Accept", "text/html,application/xhtml+xml,*/*;q=0.8");
            }
            return _browser;
        }
    }

    [Fact]
    public async Task A_browser_is_sent_to_the_form_and_back_to_where_it_wanted_to_go()
    {
        var refused = await Browser.GetAsync("/runs?type=build", Cancel);
        Assert.Equal(HttpStatusCode.Redirect, refused.StatusCode);
        Assert.Equal("/login?then=%2Fruns%3Ftype%3Dbuild", refused.Headers.Location!.PathAndQuery);

        var answer = await LogInAsync(refused.Headers.Location!.PathAndQuery, TokenServer.Token);

        Assert.Equal((HttpStatusCode.Redirect, "/runs?type=build"), (answer.StatusCode, answer.Headers.Location!.OriginalString));
        var cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie"), static c => c.StartsWith("valuestream=", StringComparison.Ordinal));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(TokenServer.Token, cookie, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await Browser.GetAsync("/runs?type=build", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await Browser.GetAsync("/api/v1/runs", Cancel)).StatusCode);
    }

    [Fact]
    public async Task A_wrong_token_shows_the_form_again_and_says_so()
    {
        var answer = await LogInAsync("/login?then=%2Fruns", "another token that is none");

        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Equal("/login?wrong=1&then=%2Fruns", answer.Headers.Location!.OriginalString);
        var form = await Browser.GetStringAsync(answer.Headers.Location, Cancel);
        Assert.Contains("not this server's token", form, StringComparison.Ordinal);
        Assert.Contains("action=\"/login?then=%2Fruns\"", form, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Redirect, (await Browser.GetAsync("/runs", Cancel)).StatusCode);
    }

    [Theory]
    [InlineData("https://evil.example/")]
    [InlineData("//evil.example/")]
    [InlineData("/\\evil.example/")]
    [InlineData("")]
    public async Task Nobody_is_sent_to_another_site(string then)
    {
        var answer = await LogInAsync($"/login?then={Uri.EscapeDataString(then)}", TokenServer.Token);

        Assert.Equal((HttpStatusCode.Redirect, "/"), (answer.StatusCode, answer.Headers.Location!.OriginalString));
    }

    [Fact]
    public async Task What_comes_with_the_address_stays_text_in_the_form()
    {
        var form = await Browser.GetStringAsync("/login?wrong=%22%3E%3Cscript%3E&then=%2F%22%3E%3Cscript%3Ealert(1)", Cancel);

        Assert.DoesNotContain("<script>", form, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_form_that_is_not_the_servers_own_is_refused()
    {
        using var form = new FormUrlEncodedContent([new("token", TokenServer.Token)]);
        await Browser.GetAsync("/login", Cancel);

        await IsProblemAsync(await Browser.PostAsync("/login", form, Cancel), 400, "/login");
        Assert.Equal(HttpStatusCode.Redirect, (await Browser.GetAsync("/runs", Cancel)).StatusCode);
    }

    [Fact]
    public async Task What_is_no_form_is_refused()
    {
        using var body = new StringContent("""{"token":"x"}""", System.Text.Encoding.UTF8, "application/json");

        await IsProblemAsync(await Browser.PostAsync("/login", body, Cancel), 415, "Bearer");
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/event-stream")]
    public async Task A_script_whose_session_has_ended_is_told_so_rather_than_sent_to_a_form(string accept)
    {
        var answer = await server.Client.GetAsync("/live?view=runs", ("Cookie", "valuestream=of-another-day"), ("Accept", accept));

        answer.IsProblem(401, "/login");
        Assert.Equal("Bearer", answer.Headers["WWW-Authenticate"]);
    }

    [Fact]
    public async Task The_form_is_kept_by_no_cache_and_needs_no_script()
    {
        var answer = await Browser.GetAsync("/login", Cancel);

        Assert.True(answer.Headers.CacheControl!.NoStore);
        Assert.Equal("text/html", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal(HttpStatusCode.OK, (await Browser.GetAsync("/assets/site.css", Cancel)).StatusCode);
    }

    public void Dispose() => _browser?.Dispose();

    private Task<HttpResponseMessage> LogInAsync(string address, string token) => LoginForm.SendAsync(Browser, address, token);

    private static async Task IsProblemAsync(HttpResponseMessage response, int status, string says) =>
        new Answer((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType, await response.Content.ReadAsStringAsync(Cancel), new Dictionary<string, string>())
            .IsProblem(status, says);
}

/// <summary>The form at /login.</summary>
internal static partial class LoginForm
{
    /// <summary>Fetches it and sends it with a token, as a browser that keeps cookies does.</summary>
    public static async Task<HttpResponseMessage> SendAsync(HttpClient browser, string address, string token)
    {
        var hidden = Hidden().Match(await browser.GetStringAsync(address, TestContext.Current.CancellationToken));
        Assert.True(hidden.Success);
        using var form = new FormUrlEncodedContent([new(hidden.Groups[1].Value, WebUtility.HtmlDecode(hidden.Groups[2].Value)), new("token", token)]);
        return await browser.PostAsync(address, form, TestContext.Current.CancellationToken);
    }

    [GeneratedRegex("<input type=\"hidden\" name=\"([^\"]+)\" value=\"([^\"]+)\">")]
    private static partial Regex Hidden();
}
