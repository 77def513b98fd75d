using System.Net;
using System.Text.RegularExpressions;
using ValueStream.Core.Events;
using ValueStream.Server.Tests.Api;
using ValueStream.Server.Tests.Api.Access;
using ValueStream.Testing;

namespace ValueStream.Server.Tests.Pages;

/// <summary>The settings of an operation and the exclusion of a run, as a browser without script sends them.</summary>
[Collection(OnTokenServer.Name)]
public sealed class SettingsFormTests(TokenServer server) : IDisposable
{
    private readonly string _ns = Sent.Unique();
    private HttpClient? _browser;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private HttpClient Browser => _browser!;

    [Fact]
    public async Task What_is_changed_is_saved_with_its_reason_and_nothing_else()
    {
        var page = await OpenAsync();

        var answer = await SendAsync(page, ("owner", " team a "), ("durationLimit", "90"), ("errorRateLimit", "2.5"), ("reasonRequired", "true"), ("reason", "it has an owner now"));

        Assert.Contains("Saved as event", answer, StringComparison.Ordinal);
        Assert.Contains("<bdi>owner team a; duration limit 90 s; error rate limit 2.5 %; its runs should say why</bdi>", answer, StringComparison.Ordinal);
        Assert.Contains("value=\"team a\"", answer, StringComparison.Ordinal);
        var position = Regex.Match(answer, "/audit\\?event=([0-9]+)").Groups[1].Value;
        var e = await Browser.GetStringAsync($"/api/v1/events/{position}", Cancel);
        Assert.Contains("\"operationSetting\":{\"owner\":\"team a\",\"durationLimit\":90,\"errorRateLimit\":0.025,\"reasonRequired\":true}", e, StringComparison.Ordinal);
        Assert.Contains("\"reason\":\"it has an owner now\"", e, StringComparison.Ordinal);
        // It is said once, and what is left empty takes it back.
        Assert.DoesNotContain("Saved as event", await Browser.GetStringAsync(page, Cancel), StringComparison.Ordinal);
        Assert.Contains("no owner; no duration limit; no error rate limit; its runs need not say why", await SendAsync(page, ("reason", "it left")), StringComparison.Ordinal);
        Assert.Contains("Nothing was changed", await SendAsync(page, ("reason", "again")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("durationLimit", "ninety", "“ninety” is no number")]
    [InlineData("durationLimit", "0", "It must be more than 0")]
    [InlineData("errorRateLimit", "101", "It must be from 0 to 100")]
    [InlineData("mergedInto", "nowhere", "There is no operation with key")]
    public async Task What_is_wrong_is_named_and_what_was_typed_is_still_there(string field, string value, string says)
    {
        var page = await OpenAsync();

        var answer = await SendAsync(page, (field, value), ("owner", "a team"), ("reason", "because"));

        Assert.Contains(says, WebUtility.HtmlDecode(answer), StringComparison.Ordinal);
        Assert.Matches($"name=\"{field}\"[^>]*value=\"{value}\"[^>]*aria-invalid=\"true\"", answer);
        Assert.Contains("value=\"a team\"", answer, StringComparison.Ordinal);
        Assert.Contains("value=\"because\"", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("value=\"a team\"", await Browser.GetStringAsync(page, Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_reason_nothing_is_saved() =>
        Assert.Contains("Say why it is changed", await SendAsync(await OpenAsync(), ("owner", "a team")), StringComparison.Ordinal);

    [Fact]
    public async Task A_run_is_left_out_of_the_numbers_with_a_reason_and_taken_in_again()
    {
        await OpenAsync();
        var page = $"/runs/{new RunId("customhttp", "build", _ns, "1").Key}";

        Assert.Contains("Say why the run is left out", await SendAsync(page, "exclusion", "#exclusion", ("attempt", "1"), ("excluded", "true"), ("reason", " ")), StringComparison.Ordinal);
        Assert.Contains("<bdi>it is left out of the numbers</bdi>", await SendAsync(page, "exclusion", "#exclusion", ("attempt", "1"), ("excluded", "true"), ("reason", "a trial")), StringComparison.Ordinal);
        Assert.Contains("Count it again", await Until.AsksAsync(() => Browser.GetStringAsync(page, Cancel), static p => p.Contains("Left out because", StringComparison.Ordinal), TimeSpan.FromSeconds(30)), StringComparison.Ordinal);
        Assert.Contains("<bdi>it counts again</bdi>", await SendAsync(page, "exclusion", "#exclusion", ("attempt", "1"), ("excluded", "false"), ("reason", "")), StringComparison.Ordinal);
        await Until.AsksAsync(() => Browser.GetStringAsync(page, Cancel), static p => p.Contains("Leave it out", StringComparison.Ordinal), TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_form_of_another_page_is_refused()
    {
        var page = await OpenAsync();
        using var form = new FormUrlEncodedContent([new("owner", "mallory"), new("reason", "x")]);

        var answer = await Browser.PostAsync(page + "/settings", form, Cancel);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.DoesNotContain("mallory", await Browser.GetStringAsync(page, Cancel), StringComparison.Ordinal);
    }

    public void Dispose() => _browser?.Dispose();

    /// <summary>Records a run, logs in, and gives the address of its operation's page.</summary>
    private async Task<string> OpenAsync()
    {
        _browser = new HttpClient(new HttpClientHandler { CookieContainer = new CookieContainer(), AllowAutoRedirect = false }) { BaseAddress = new Uri(server.Process.Url) };
        _browser.DefaultRequestHeaders.Add("Accept", "text/html,application/json;q=0.9");
        await LoginForm.SendAsync(_browser, "/login", TokenServer.Token);
        using var events = new StringContent($"[{Sent.Start(_ns, "1", more: " \"name\":\"deploy\" ")},{Sent.End(_ns, "1", 5)}]", null, "application/json");
        (await _browser.PostAsync("/api/v1/events", events, Cancel)).EnsureSuccessStatusCode();
        var list = await Until.AsksAsync(() => _browser.GetStringAsync($"/operations?namespace={_ns}", Cancel), static page => page.Contains("a class=\"go name\"", StringComparison.Ordinal), TimeSpan.FromSeconds(30));
        return Regex.Match(list, "href=\"(/operations/[0-9a-v]{13})\"").Groups[1].Value;
    }

    /// <summary>Sends the form as it was served, with some fields typed and the others empty.</summary>
    /// <returns>The page that it leads to.</returns>
    private Task<string> SendAsync(string page, params (string Name, string Value)[] typed) => SendAsync(page, "settings", "#settings", typed);

    private async Task<string> SendAsync(string page, string to, string anchor, params (string Name, string Value)[] typed)
    {
        var served = await Browser.GetStringAsync(page, Cancel);
        var hidden = Regex.Matches(served, "<input[^>]*name=\"(__RequestVerificationToken|then)\"[^>]*value=\"([^\"]*)\"")
            .Select(static m => KeyValuePair.Create(m.Groups[1].Value, WebUtility.HtmlDecode(m.Groups[2].Value))).ToList();
        Assert.Equal(2, hidden.Count);
        using var form = new FormUrlEncodedContent([.. hidden, .. typed.Select(static t => KeyValuePair.Create(t.Name, t.Value))]);
        var answer = await Browser.PostAsync($"{page}/{to}", form, Cancel);
        Assert.Equal((HttpStatusCode.Redirect, page + anchor), (answer.StatusCode, answer.Headers.Location!.OriginalString));
        return await Browser.GetStringAsync(page, Cancel);
    }
}
