using static Microsoft.Playwright.Assertions;

namespace ValueStream.Browser.Tests;

public sealed class LiveTests(Site site)
{
    // What a test can tell the browser about its tab: that nobody looks at it.
    private const string CanHide = """
        let hidden = false;
        Object.defineProperty(document, 'hidden', { get: () => hidden });
        window.hide = (is) => { hidden = is; document.dispatchEvent(new Event('visibilitychange')); };
        """;

    [Fact]
    public Task A_new_run_shows_up_on_the_open_page() => site.VisitAsync("/runs", async page =>
    {
        await page.IsLiveAsync();
        await page.EvaluateAsync("() => { window.stayed = true; }");
        await site.Story.TellAsync(Story.Start("news", -5, "breaking news"));
        await Expect(page.Row("breaking news").Locator(".st")).ToContainTextAsync("running");
        await site.Story.TellAsync(Story.End("news", -9));
        await Expect(page.Row("breaking news").Locator(".st")).ToContainTextAsync("success");
        Assert.True(await page.EvaluateAsync<bool>("() => window.stayed"));
    });

    [Fact]
    public async Task A_running_run_ends_on_its_open_page()
    {
        await site.Story.TellAsync(Story.Start("watched", 60), Story.Start("watched-part", 50, parents: "watched"));
        await site.VisitAsync(Story.Page("watched"), async page =>
        {
            await page.IsLiveAsync();
            await page.EvaluateAsync("() => { window.stayed = true; }");
            await Expect(page.Locator(".verdict")).ToContainTextAsync("running for ");
            await Expect(page.Locator("svg.lane.run[role=img]")).ToHaveCountAsync(2);

            // An end below it changes its page as well.
            await site.Story.TellAsync(Story.End("watched-part", 30, "failure"));
            await Expect(page.Locator("svg.lane.run[role=img]")).ToHaveCountAsync(1);
            await Expect(page.Locator("svg.lane.bad[role=img]")).ToHaveCountAsync(1);
            await site.Story.TellAsync(Story.End("watched", 20, "failure"));
            await Expect(page.Locator(".verdict")).ToHaveTextAsync("failed after 40 s");
            await Expect(page.Locator("svg.lane.bad[role=img]")).ToHaveCountAsync(2);
            await Expect(page.Locator("[data-since]")).ToHaveCountAsync(0);
            Assert.True(await page.EvaluateAsync<bool>("() => window.stayed"));
        });
    }

    [Fact]
    public Task A_hidden_page_asks_for_nothing_and_misses_nothing() => site.VisitAsync("/runs", async page =>
    {
        await page.AddInitScriptAsync(CanHide);
        await page.ReloadAsync();
        await page.IsLiveAsync();
        await page.EvaluateAsync("() => hide(true)");
        await Expect(page.Locator("#live")).ToHaveTextAsync("paused ○");
        var requests = 0;
        page.Request += (_, _) => requests++;
        await site.Story.TellAsync(Story.Whole("meanwhile", -15, -16, name: "while nobody looked"));
        await Expect(page.Row("while nobody looked")).ToHaveCountAsync(0);
        Assert.Equal(0, requests);
        await page.EvaluateAsync("() => hide(false)");
        await Expect(page.Row("while nobody looked")).ToHaveCountAsync(1);
        await page.IsLiveAsync();
    });

    [Fact]
    public Task What_is_focused_and_what_is_open_stays_so_when_the_page_refreshes() => site.VisitAsync(Story.Page("load") + "?view=events", async page =>
    {
        await page.IsLiveAsync();
        await page.Locator("summary").First.ClickAsync();
        await Expect(page.Locator("details[open]")).ToHaveCountAsync(1);
        await site.Story.TellAsync(new Core.Wire.EventRequest
        {
            Action = "annotate", Run = new() { Type = "work", Id = "load" }, Note = "half of it is done",
        });
        await Expect(page.Locator("tbody")).ToContainTextAsync("half of it is done");
        await Expect(page.Locator("details[open]")).ToHaveCountAsync(1);
        await Expect(page.Locator("tr:last-child summary")).ToBeFocusedAsync();
    });

    [Fact]
    public Task A_link_that_is_being_clicked_is_not_taken_from_under_the_mouse() => site.VisitAsync("/runs", async page =>
    {
        await page.IsLiveAsync();
        await site.Story.TellAsync(Story.Whole("pressed", -20, -21, name: "about to be chosen"));
        var link = page.Row("about to be chosen").Locator("a.go");
        await link.HoverAsync();
        await page.Mouse.DownAsync();
        var refreshed = await page.RunAndWaitForResponseAsync(
            () => site.Story.TellAsync(Story.Whole("beneath", -10, -11, name: "comes beneath it")),
            static answer => answer.Url.Contains("fragment=1", StringComparison.Ordinal));
        await refreshed.FinishedAsync();
        await page.EvaluateAsync("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
        await page.Mouse.UpAsync();
        await Expect(page.Locator("h1")).ToContainTextAsync("about to be chosen");
        await page.GoBackAsync();
        await Expect(page.Row("comes beneath it")).ToHaveCountAsync(1);
    });

    [Fact]
    public Task What_came_while_the_mouse_was_pressed_is_shown_when_it_is_let_go() => site.VisitAsync("/runs", async page =>
    {
        await page.IsLiveAsync();
        await page.Locator("h1").HoverAsync();
        await page.Mouse.DownAsync();
        var refreshed = await page.RunAndWaitForResponseAsync(
            () => site.Story.TellAsync(Story.Whole("held", -30, -31, name: "held back for a moment")),
            static answer => answer.Url.Contains("fragment=1", StringComparison.Ordinal));
        await refreshed.FinishedAsync();
        await page.Mouse.UpAsync();
        await Expect(page.Row("held back for a moment")).ToHaveCountAsync(1);
    });
}
