using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ValueStream.Browser.Tests;

public sealed class OperationsTests(Site site)
{
    [Fact]
    public Task The_list_follows_what_is_typed_and_so_does_the_address() => site.VisitAsync("/operations?sort=name", async page =>
    {
        await page.EvaluateAsync("() => { window.stayed = true; }");
        await page.GetByLabel("Name", new() { Exact = true }).PressSequentiallyAsync("shard");
        await Expect(page.Locator(".ops tbody tr")).ToHaveCountAsync(3);
        await Expect(page).ToHaveURLAsync(new Regex("q=shard"));
        await Expect(page.Locator(".ops th[aria-sort=ascending]")).ToHaveTextAsync(new Regex("Operation"));
        await page.GetByLabel("Group by").SelectOptionAsync("type");
        await Expect(page.Locator(".o-group")).ToHaveCountAsync(1);
        Assert.True(await page.EvaluateAsync<bool>("() => window.stayed"));

        // What is in the address is there again, for the next person too.
        await page.ReloadAsync();
        await Expect(page.Locator(".ops .o-group")).ToContainTextAsync("3 operations");
        await page.GetByRole(AriaRole.Link, new() { Name = "Take this filter away" }).Or(page.Locator(".chip")).First.ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("/operations\\?(?!.*q=)"));
    });

    [Fact]
    public Task The_keyboard_leads_from_the_list_into_an_operation() => site.VisitAsync("/operations?q=smoke", async page =>
    {
        await page.Keyboard.PressAsync("j");
        await Expect(page.Locator(".ops a.go:focus")).ToHaveTextAsync("smoke tests");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page).ToHaveURLAsync(new Regex(Regex.Escape(Story.Operation("smoke tests"))));
        await Expect(page.Locator("h1")).ToHaveTextAsync("smoke tests");
    });

    [Fact]
    public Task The_charts_are_drawn_and_stay_when_the_page_is_refreshed_around_them() => site.VisitAsync(Story.Operation("smoke tests"), async page =>
    {
        await Expect(page.Locator("[data-chart] canvas")).ToHaveCountAsync(2);
        await page.IsLiveAsync();
        await page.EvaluateAsync("() => { window.canvas = document.querySelector('[data-chart] canvas'); document.addEventListener('refreshed', () => { window.refreshed = true; }); }");
        await page.Locator("#trend > summary").ClickAsync();
        await site.Story.TellAsync(Story.Whole("smoke-now", 20, 10, "cancellation", "smoke tests"));
        await page.WaitForFunctionAsync("() => window.refreshed");
        Assert.True(await page.EvaluateAsync<bool>("() => window.canvas.isConnected"));
        await Expect(page.Locator("[data-chart] canvas")).ToHaveCountAsync(2);
        await Expect(page.Locator("#trend table")).ToBeVisibleAsync();
    });

    [Fact]
    public Task The_charts_take_the_colours_of_the_theme() => site.VisitAsync(Story.Operation("smoke tests"), async page =>
    {
        async Task<string> PictureAsync() => await page.EvaluateAsync<string>("() => document.querySelector('[data-chart] canvas').toDataURL()");
        await Expect(page.Locator("[data-chart] canvas")).ToHaveCountAsync(2);
        var light = await PictureAsync();
        await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
        await page.WaitForFunctionAsync("(light) => document.querySelector('[data-chart] canvas').toDataURL() !== light", light);
        await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Light });
        await page.WaitForFunctionAsync("(light) => document.querySelector('[data-chart] canvas').toDataURL() === light", light);
    });

    [Fact]
    public Task Keys_of_tags_are_offered_to_whoever_looks_for_one() => site.VisitAsync(Story.Operation("smoke tests"), async page =>
    {
        await page.GetByLabel("Key of a tag").FocusAsync();
        await Expect(page.Locator("#tag-keys option[value=\"host.name\"]")).ToHaveCountAsync(1);
        await page.GetByLabel("Key of a tag").FillAsync("host.name");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator(".op-groups tbody th")).ToHaveTextAsync(["laptop"]);
    });

    [Fact]
    public Task Without_script_the_tables_have_what_the_charts_would_draw() => site.VisitAsync(Story.Operation("smoke tests"), async page =>
    {
        await Expect(page.Locator("[data-chart]").First).ToBeHiddenAsync();
        await page.Locator("#distribution > summary").ClickAsync();
        await Expect(page.Locator("#distribution table")).ToBeVisibleAsync();
    }, new() { JavaScriptEnabled = false });
}
