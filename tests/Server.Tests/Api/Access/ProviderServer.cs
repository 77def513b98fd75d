using System.Net;
using System.Text.RegularExpressions;
using ValueStream.Testing;

namespace ValueStream.Server.Tests.Api.Access;

/// <summary>A server that people log in to with a provider, whose log says all that it can.</summary>
public sealed class ProviderServer : SqliteServer
{
    public const string Token = "a token beside the provider";

    /// <summary>The provider.</summary>
    public LoginProvider Provider { get; private set; } = null!;

    protected override IReadOnlyDictionary<string, string> Environment
    {
        get
        {
            var settings = Provider.Settings(("vs-admins", "admin", "*"), ("team-a", "ingest read", "team-a.*"), ("team-b", "ingest,read", "team-b"), ("readers", "read", "*"), ("senders", "ingest", "*"));
            settings["VALUESTREAM_BOOTSTRAP_TOKEN"] = Token;
            settings["Logging__LogLevel__Default"] = settings["Logging__LogLevel__Microsoft"] = settings["Logging__Console__LogLevel__Default"] = "Trace";
            return settings;
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await Provider.DisposeAsync();
    }

    protected override async Task<string?> NewDatabaseAsync()
    {
        Provider = await LoginProvider.StartAsync();
        return await base.NewDatabaseAsync();
    }
}

[CollectionDefinition(Name)]
public sealed class OnProviderServer : ICollectionFixture<ProviderServer>
{
    public const string Name = "a server with a login provider";
}

/// <summary>A browser: it keeps cookies, follows redirects where a test says so, and the pages that lead on by themselves.</summary>
internal sealed partial class LoginBrowser : IDisposable
{
    private readonly HttpClient _http;

    public LoginBrowser(string url)
    {
        _http = new HttpClient(new HttpClientHandler { CookieContainer = Cookies, AllowAutoRedirect = false }) { BaseAddress = new Uri(url) };
        _http.DefaultRequestHeaders.Add("Accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public CookieContainer Cookies { get; } = new();

    /// <summary>The session's cookie; null where there is none.</summary>
    public string? Session => Cookies.GetCookies(_http.BaseAddress!)["valuestream"]?.Value;

    public Task<HttpResponseMessage> GetAsync(string address) => _http.GetAsync(address, Cancel);

    /// <summary>The status of an address: 200 where a session opens it.</summary>
    public async Task<int> StatusAsync(string address) => (int)(await GetAsync(address)).StatusCode;

    public Task<string> PageAsync(string address) => _http.GetStringAsync(address, Cancel);

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request) => _http.SendAsync(request, Cancel);

    /// <summary>Sends the form of a page, with what it hides.</summary>
    public async Task<HttpResponseMessage> SubmitAsync(string page, string address, params KeyValuePair<string, string>[] fields)
    {
        var hidden = Hidden().Match(await PageAsync(page));
        Assert.True(hidden.Success);
        using var form = new FormUrlEncodedContent([new(hidden.Groups[1].Value, WebUtility.HtmlDecode(hidden.Groups[2].Value)), .. fields]);
        return await _http.PostAsync(address, form, Cancel);
    }

    /// <summary>Goes to the provider.</summary>
    /// <returns>The address by which it leads back: the callback's, unless it does not.</returns>
    public async Task<string> AskAsync(string begin = "/login/oidc")
    {
        var there = await GetAsync(begin);
        Assert.True(there.StatusCode == HttpStatusCode.Redirect, await there.Content.ReadAsStringAsync(Cancel));
        var back = await GetAsync(there.Headers.Location!.AbsoluteUri);
        Assert.True(back.StatusCode == HttpStatusCode.Redirect, await back.Content.ReadAsStringAsync(Cancel));
        return back.Headers.Location!.OriginalString;
    }

    /// <summary>Logs in by the whole way.</summary>
    /// <returns>What the way ends with: the page that was asked for, or the one that says why not.</returns>
    public async Task<HttpResponseMessage> LogInAsync(string begin = "/login/oidc") => await FollowAsync(await AskAsync(begin));

    /// <summary>Goes on from an address, as a browser without script does.</summary>
    public async Task<HttpResponseMessage> FollowAsync(string address)
    {
        for (var hops = 0; hops < 5; hops++)
        {
            var answer = await GetAsync(address);
            if (answer.Headers.Location is { } location)
            {
                address = location.OriginalString;
            }
            else if (OnwardsAt().Match(await answer.Content.ReadAsStringAsync(Cancel)) is { Success: true } on)
            {
                address = WebUtility.HtmlDecode(on.Groups[1].Value);
            }
            else
            {
                return answer;
            }
        }
        throw new InvalidOperationException($"The way does not end; it came to {address}.");
    }

    public void Dispose() => _http.Dispose();

    [GeneratedRegex("<input type=\"hidden\" name=\"([^\"]+)\" value=\"([^\"]+)\">")]
    private static partial Regex Hidden();

    [GeneratedRegex("http-equiv=\"refresh\" content=\"0;url=([^\"]+)\"")]
    private static partial Regex OnwardsAt();
}
