using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using ValueStream.Server.Access;
using ValueStream.Testing;

namespace ValueStream.Server.Tests.Api.Access;

/// <summary>The link that a server prints at its first start.</summary>
public sealed partial class LoginLinkTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new(Sent.Noon);
    private ServerProcess _server = null!;
    private LoginBrowser _browser = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await ServerProcess.StartAsync(_folder.Database, null, new Dictionary<string, string> { ["Logging__LogLevel__Default"] = "Trace", ["Logging__LogLevel__Microsoft"] = "Trace" });
        _browser = new LoginBrowser(_server.Url);
    }

    [Fact]
    public async Task It_lets_one_person_administer_and_says_in_the_log_that_they_came_by_it()
    {
        var code = await CodeAsync();
        using var create = Token();
        Assert.Equal(HttpStatusCode.Forbidden, (await _browser.SendAsync(create)).StatusCode);

        var answer = await LogInAsync(_browser, code, "/login?then=%2Fsystem");

        Assert.Equal((HttpStatusCode.Redirect, "/system"), (answer.StatusCode, answer.Headers.Location!.OriginalString));
        using var again = Token();
        Assert.Equal(HttpStatusCode.OK, (await _browser.SendAsync(again)).StatusCode);
        var act = System.Text.Json.JsonElement.Parse(await _browser.PageAsync("/api/v1/events?limit=1")).GetProperty("items")[0];
        Assert.Matches("^link:[0-9a-f]{16}$", act.Text("submitter"));
        await Until.HoldsAsync("the server says whom its log calls so", () => Task.FromResult(_server.Output.Contains($"came by it {act.Text("submitter")}", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task It_is_good_once()
    {
        var code = await CodeAsync();
        using var second = new LoginBrowser(_server.Url);
        await LogInAsync(_browser, code);

        var answer = await LogInAsync(second, code);

        Assert.Equal("/login?wrong=1&then=%2F", answer.Headers.Location!.OriginalString);
        Assert.Contains("was used", await second.PageAsync(answer.Headers.Location.OriginalString), StringComparison.Ordinal);
        Assert.Null(second.Session);
        Assert.NotNull(_browser.Session);
    }

    [Fact]
    public async Task Of_many_who_show_it_at_once_one_gets_in()
    {
        var code = await CodeAsync();
        var browsers = Enumerable.Range(0, 8).Select(_ => new LoginBrowser(_server.Url)).ToList();

        await Task.WhenAll(browsers.Select(b => LogInAsync(b, code)));

        Assert.Single(browsers, static b => b.Session is not null);
        browsers.ForEach(static b => b.Dispose());
    }

    [Fact]
    public async Task Whoever_fetches_it_ahead_spends_nothing_and_the_server_is_not_told_its_code()
    {
        var link = new Uri(await LinkAsync());
        Assert.Equal("/login", link.PathAndQuery);
        Assert.Equal(43, link.Fragment.TrimStart('#').Length);

        await _browser.GetAsync(link.PathAndQuery);
        using var head = new HttpRequestMessage(HttpMethod.Head, link.PathAndQuery);
        await _browser.SendAsync(head);
        await _browser.GetAsync($"/login?code={link.Fragment.TrimStart('#')}");

        Assert.Equal("/", (await LogInAsync(_browser, link.Fragment.TrimStart('#'))).Headers.Location!.OriginalString);
        Assert.Single(_server.Output.Split('\n'), l => l.Contains(link.Fragment.TrimStart('#'), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Its_code_is_no_token_and_a_form_of_another_page_does_not_spend_it()
    {
        var code = await CodeAsync();

        Assert.Equal(403, (await new ApiClient(_server.Http).GetAsync("/api/v1/tokens", ("Authorization", $"Bearer {code}"))).Status);
        using var form = new FormUrlEncodedContent([new("token", code)]);
        Assert.Equal(HttpStatusCode.BadRequest, (await _server.Http.PostAsync("/login", form, Cancel)).StatusCode);

        Assert.Equal("/", (await LogInAsync(_browser, code)).Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task A_session_that_was_logged_out_opens_nothing_even_to_whoever_kept_its_cookie()
    {
        await LogInAsync(_browser, await CodeAsync());
        var kept = _browser.Session;
        Assert.Equal(200, await _browser.StatusAsync("/api/v1/tokens"));

        await _browser.SubmitAsync("/logout", "/logout");

        Assert.Equal(403, await _browser.StatusAsync("/api/v1/tokens"));
        Assert.Equal(403, (await new ApiClient(_server.Http).GetAsync("/api/v1/tokens", ("Cookie", $"valuestream={kept}"))).Status);
    }

    [Fact]
    public async Task It_is_printed_where_nobody_else_can_administer_and_nowhere_else()
    {
        await LogInAsync(_browser, await CodeAsync());
        using var create = Token();
        await _browser.SendAsync(create);
        await _server.StopAsync();
        await using (var second = await ServerProcess.StartAsync(_folder.Database, _server.Url))
        {
            Assert.Equal(403, await _browser.StatusAsync("/api/v1/tokens"));
            await second.StopAsync();
            Assert.DoesNotContain("/login#", second.Output, StringComparison.Ordinal);
        }
        using var other = new TemporaryFolder();
        await using var third = await ServerProcess.StartAsync(other.Database, null, new Dictionary<string, string> { ["VALUESTREAM_BOOTSTRAP_TOKEN"] = new('t', 20) });
        await third.StopAsync();
        Assert.DoesNotContain("/login#", third.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void It_is_good_for_a_quarter_of_an_hour()
    {
        var link = new LoginLink(_time, NullLogger<LoginLink>.Instance);
        var code = link.Make();
        _time.Advance(TimeSpan.FromMinutes(15));
        Assert.Null(link.Redeem(code));
        code = link.Make();
        _time.Advance(TimeSpan.FromMinutes(15) - TimeSpan.FromTicks(1));
        Assert.NotNull(link.Redeem(code));
    }

    [Fact]
    public void Its_session_lasts_half_a_day()
    {
        var link = new LoginLink(_time, NullLogger<LoginLink>.Instance);
        var submitter = link.Redeem(link.Make())!.Submitter;
        _time.Advance(TimeSpan.FromHours(12) - TimeSpan.FromTicks(1));
        Assert.NotNull(link.Again(submitter));
        Assert.Null(link.Again("link:0000000000000000"));
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.Null(link.Again(submitter));
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("é\0")]
    public void What_is_not_its_code_opens_nothing(string code)
    {
        var link = new LoginLink(_time, NullLogger<LoginLink>.Instance);
        Assert.Null(link.Redeem(code));
        var made = link.Make();
        Assert.Null(link.Redeem(code));
        Assert.Null(link.Redeem(made + "x"));
        Assert.Null(link.Redeem(made.ToUpperInvariant()));
        Assert.NotNull(link.Redeem(made));
    }

    public async ValueTask DisposeAsync()
    {
        _browser.Dispose();
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    private static Task<HttpResponseMessage> LogInAsync(LoginBrowser browser, string code, string address = "/login") =>
        browser.SubmitAsync(address, address, new KeyValuePair<string, string>("token", code));

    private static HttpRequestMessage Token() =>
        new(HttpMethod.Post, "/api/v1/tokens") { Content = new StringContent("""{"name":"me","scopes":["admin"]}""", Encoding.UTF8, new MediaTypeHeaderValue("application/json")) };

    private async Task<string> LinkAsync()
    {
        await Until.HoldsAsync("the link is printed", () => Task.FromResult(Link().IsMatch(_server.Output)));
        return Link().Match(_server.Output).Value;
    }

    private async Task<string> CodeAsync() => new Uri(await LinkAsync()).Fragment[1..];

    [GeneratedRegex("http://[0-9.:]+/login#[A-Za-z0-9_-]+")]
    private static partial Regex Link();
}
