using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ValueStream.Browser.Tests;

public sealed class KeyboardTests(Site site)
{
    // What is focused: what it is, whether it has an outline one can see, and whether it lies in the window.
    private const string Focused = """
        () => {
          const e = document.activeElement;
          if (!e || e === document.body) return null;
          const shown = e.id === 'show-filter' ? e.nextElementSibling : e;
          const style = getComputedStyle(shown), at = shown.getBoundingClientRect();
          const visible = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2
            && at.bottom > 0 && at.right > 0 && at.top < innerHeight && at.left < innerWidth;
          return (visible ? '' : 'hidden: ') + e.outerHTML.slice(0, 120);
        }
        """;

    // Asked for again and again: a navigation that is over before anybody waits for it is not missed.
    private static readonly PageAssertionsToHaveURLOptions Patiently = new() { Timeout = 30_000 };

    [Fact]
    public Task Slash_goes_to_the_search_and_what_is_typed_there_is_text() => site.VisitAsync("/runs", static async page =>
    {
        await page.Keyboard.PressAsync("/");
        await Expect(page.Locator("#find")).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync("j/k?gr");
        await Expect(page.Locator("#find")).ToHaveValueAsync("j/k?gr");
        await Expect(page.GetByRole(AriaRole.Dialog)).ToBeHiddenAsync();
    });

    [Fact]
    public Task G_and_r_go_to_the_runs() => site.VisitAsync(Story.Page("deploy"), async page =>
    {
        await page.Keyboard.PressAsync("g");
        await page.Keyboard.PressAsync("r");
        await Expect(page).ToHaveURLAsync(site.Url + "/runs", Patiently);
    });

    [Fact]
    public Task G_waits_for_its_second_key_as_long_as_it_takes() => site.VisitAsync(Story.Page("deploy"), async page =>
    {
        await page.Keyboard.PressAsync("g");
        await page.EvaluateAsync("() => { const now = Date.now; Date.now = () => now() + 60000; }");
        await page.Keyboard.PressAsync("r");
        await Expect(page).ToHaveURLAsync(site.Url + "/runs", Patiently);
    });

    [Fact]
    public Task The_keyboard_alone_goes_from_now_to_a_failed_runs_slowest_step() => site.VisitAsync("/", async page =>
    {
        await page.Keyboard.PressAsync("/");
        await page.Keyboard.TypeAsync("pipeline");
        await page.Keyboard.PressAsync("Enter");
        var row = page.Row("pipeline");
        await Expect(row).ToContainTextAsync("failure");
        for (var i = 0; i < 20 && await page.EvaluateAsync<string?>("() => document.activeElement.getAttribute('href')") != await row.GetByRole(AriaRole.Link, new() { Name = "pipeline", Exact = true }).GetAttributeAsync("href"); i++)
        {
            await page.Keyboard.PressAsync("j");
        }
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("h1")).ToContainTextAsync("pipeline");
        await page.Keyboard.PressAsync("g");
        await page.Keyboard.PressAsync("w");
        await Expect(page.Locator("h1")).ToContainTextAsync("unit tests");
    });

    [Fact]
    public Task J_and_k_walk_the_list_and_enter_opens() => site.VisitAsync("/runs?name=smoke+tests", async page =>
    {
        var links = page.Locator("tbody a.go");
        await page.Keyboard.PressAsync("j");
        await Expect(links.Nth(0)).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("j");
        await page.Keyboard.PressAsync("j");
        await Expect(links.Nth(2)).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("k");
        await Expect(links.Nth(1)).ToBeFocusedAsync();
        var to = await links.Nth(1).GetAttributeAsync("href");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page).ToHaveURLAsync(site.Url + to, Patiently);
    });

    [Fact]
    public Task J_walks_the_waterfall_too() => site.VisitAsync(Story.Page("pipeline"), static async page =>
    {
        await page.Keyboard.PressAsync("j");
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "checkout" })).ToBeFocusedAsync();
    });

    [Fact]
    public Task A_question_mark_shows_the_keys_and_they_can_be_turned_off() => site.VisitAsync("/runs", static async page =>
    {
        await page.Keyboard.PressAsync("?");
        var dialog = page.GetByRole(AriaRole.Dialog, new() { Name = "Keyboard" });
        await Expect(dialog).ToBeVisibleAsync();
        await page.GetByLabel("single-key shortcuts").UncheckAsync();
        await page.Keyboard.PressAsync("Escape");
        await Expect(dialog).ToBeHiddenAsync();
        await page.ReloadAsync();
        await page.Keyboard.PressAsync("/");
        await Expect(page.Locator("#find")).Not.ToBeFocusedAsync();
    });

    [Theory]
    [InlineData("runs", 1440)]
    [InlineData("runs", 360)]
    [InlineData("waterfall", 1440)]
    [InlineData("waterfall", 360)]
    [InlineData("graph", 1440)]
    [InlineData("events", 360)]
    public Task Focus_is_visible_wherever_the_tab_key_leads(string view, int width)
    {
        var address = view == "runs" ? "/runs?outcome=failure&type=work" : $"{Story.Page("pipeline")}?view={view}";
        return site.VisitAsync(address, static async page =>
        {
            var stops = new List<string>();
            for (var i = 0; i < 60 && await NextAsync(page) is { } stop; i++)
            {
                stops.Add(stop);
            }
            Assert.True(stops.Count >= 12, string.Join('\n', stops));
            Assert.DoesNotContain(stops, static s => s.StartsWith("hidden", StringComparison.Ordinal));
        }, new() { ViewportSize = new() { Width = width, Height = 740 } });
    }

    [Fact]
    public Task The_first_tab_stop_leads_past_the_frame() => site.VisitAsync("/runs", static async page =>
    {
        await page.Keyboard.PressAsync("Tab");
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Skip to the content" })).ToBeInViewportAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("main")).ToBeFocusedAsync();
    });

    private static async Task<string?> NextAsync(IPage page)
    {
        await page.Keyboard.PressAsync("Tab");
        return await page.EvaluateAsync<string?>(Focused);
    }
}
