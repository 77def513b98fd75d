using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ValueStream.Browser.Tests;

public sealed class LoginTests(Site site)
{
    [Fact]
    public Task Who_logs_in_comes_to_the_page_that_was_asked_for() => site.VisitAsync("/runs?outcome=failure", async page =>
    {
        await Expect(page.GetByLabel("Token")).ToBeFocusedAsync();
        await page.GetByLabel("Token").FillAsync("not it");
        await page.GetByRole(AriaRole.Button, new() { Name = "Log in" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();
        await page.GetByLabel("Token").FillAsync(Site.Token);
        await page.GetByRole(AriaRole.Button, new() { Name = "Log in" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(site.LockedUrl + "/runs?outcome=failure", new() { Timeout = 30_000 });
        await page.IsLiveAsync();
    }, new() { BaseURL = site.LockedUrl });

    [Fact]
    public Task Logging_in_works_without_script() => site.VisitAsync("/runs", static async page =>
    {
        await page.GetByLabel("Token").FillAsync(Site.Token);
        await page.GetByRole(AriaRole.Button, new() { Name = "Log in" }).ClickAsync();
        await Expect(page.GetByText("No runs yet.")).ToBeVisibleAsync();
        await Expect(page.Locator("pre")).ToContainTextAsync($"VALUESTREAM_URL={new Uri(page.Url).GetLeftPart(UriPartial.Authority)}");
    }, new() { BaseURL = site.LockedUrl, JavaScriptEnabled = false });
}
