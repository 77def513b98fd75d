using Microsoft.Playwright;
using ValueStream.Testing;

[assembly: AssemblyFixture(typeof(ValueStream.Browser.Tests.Site))]

namespace ValueStream.Browser.Tests;

/// <summary>What all tests share: one browser, one server full of runs, and one that is empty and asks for a token.</summary>
public sealed class Site : IAsyncLifetime
{
    /// <summary>What the locked server's VALUESTREAM_BOOTSTRAP_TOKEN is.</summary>
    public const string Token = "a-token-for-the-browser-tests-0123456789";

    // Playwright must not download a browser of its own: the package brings its driver, Debian the browser.
    private const string Chromium = "/usr/bin/chromium";

    // A chart's canvas is placed by script, one property at a time, which the policy allows.
    private const string Harm = """
        () => {
          const own = document.querySelector('[style]:not(.chart, .chart *), style, script:not([src]), [onclick], [onload], [onerror]');
          const text = document.documentElement.outerHTML;
          return 'harmed' in window ? 'a name ran as script' : own ? own.outerHTML : !text.isWellFormed() || text.includes('\uFFFD') ? 'a torn character' : '';
        }
        """;

    private readonly TestDatabase _full = TestDatabase.Sqlite();
    private readonly TestDatabase _empty = TestDatabase.Sqlite();
    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private ServerProcess? _server;
    private ServerProcess? _locked;
    private Story? _story;

    /// <summary>The address of the server full of runs.</summary>
    public string Url => Here(_server).Url;

    /// <summary>The address of the empty server that asks for a token.</summary>
    public string LockedUrl => Here(_locked).Url;

    /// <summary>Sends events to the full server.</summary>
    public Story Story => Here(_story);

    public async ValueTask InitializeAsync()
    {
        if (!File.Exists(Chromium))
        {
            return;
        }
        var servers = Task.WhenAll(
            // With a tracer that is down: pages say so, and runs lead to it.
            ServerProcess.StartAsync(_full.ConnectionString, environment: new Dictionary<string, string>
            {
                ["Tracers__jaeger__Endpoint"] = "http://127.0.0.1:9",
                ["Tracers__jaeger__Link"] = "https://jaeger.example/trace/{traceId}",
            }),
            ServerProcess.StartAsync(_empty.ConnectionString, environment: new Dictionary<string, string> { ["VALUESTREAM_BOOTSTRAP_TOKEN"] = Token }));
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Chromium,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
        });
        (_server, _locked) = await servers is [var server, var locked] ? (server, locked) : default;
        _story = new Story(_server!.Http);
        await _story.TellAllAsync();
    }

    /// <summary>Visits a page, and fails if the browser complained about anything meanwhile (errors, refused content, broken requests),
    /// or if there is script or style in the page, or a torn character.</summary>
    /// <param name="address">The page; a path is one of the full server.</param>
    /// <param name="look">What to do there.</param>
    /// <param name="how">The window's width and theme, whether script runs.</param>
    public async Task VisitAsync(string address, Func<IPage, Task> look, BrowserNewContextOptions? how = null)
    {
        var browser = Here(_browser);
        how ??= new();
        how.BaseURL ??= Url;
        how.ViewportSize ??= Wide;
        how.ReducedMotion = ReducedMotion.Reduce;
        await using var context = await browser.NewContextAsync(how);
        var page = await context.NewPageAsync();
        var complaints = new List<string>();
        page.Console += (_, message) =>
        {
            // Chromium reports every 404 in red; that of the page asked for is what its own test is about.
            if (message.Type is "error" or "warning" && !(message.Text.Contains("404", StringComparison.Ordinal) && message.Location.StartsWith(page.Url, StringComparison.Ordinal)))
            {
                complaints.Add($"{message.Type}: {message.Text} ({message.Location})");
            }
        };
        page.PageError += (_, error) => complaints.Add(error);
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(how.BaseURL, StringComparison.Ordinal))
            {
                complaints.Add($"asked elsewhere: {request.Url}");
            }
        };
        await page.GotoAsync(address);
        await look(page);
        Assert.Equal("", await page.EvaluateAsync<string>(Harm));
        Assert.Empty(complaints);
    }

    /// <summary>A desktop's window.</summary>
    public static ViewportSize Wide => new() { Width = 1440, Height = 900 };

    /// <summary>A phone's window.</summary>
    public static ViewportSize Phone => new() { Width = 360, Height = 740 };

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }
        _playwright?.Dispose();
        foreach (var server in new[] { _server, _locked })
        {
            if (server is not null)
            {
                await server.DisposeAsync();
            }
        }
        _full.Dispose();
        _empty.Dispose();
    }

    /// <summary>What only is there with a browser: a test that needs it is skipped without, and fails with CI=true.</summary>
    private static T Here<T>(T? part)
        where T : class
    {
        if (part is null)
        {
            const string why = "There is no /usr/bin/chromium: install Debian's package 'chromium'.";
            Assert.SkipUnless(TestPostgres.IsCi, why);
            Assert.Fail(why);
        }
        return part;
    }
}
