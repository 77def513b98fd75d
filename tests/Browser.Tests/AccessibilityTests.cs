using Microsoft.Playwright;

namespace ValueStream.Browser.Tests;

public sealed class AccessibilityTests(Site site)
{
    [Theory]
    [MemberData(nameof(Pages.All), MemberType = typeof(Pages))]
    public Task Axe_finds_nothing_in_either_theme_at_either_width(string name, string address)
    {
        Assert.NotEmpty(name);
        return site.VisitAsync(address, CheckAsync);
    }

    [Fact]
    public Task Axe_finds_nothing_on_the_login_page_and_on_the_first_page_after_it() => site.VisitAsync("/runs", async page =>
    {
        await CheckAsync(page);
        await page.GetByLabel("Token").FillAsync("wrong");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByRole(AriaRole.Alert).WaitForAsync();
        await CheckAsync(page);
        await page.GetByLabel("Token").FillAsync(Site.Token);
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByText("No runs yet.")).ToBeVisibleAsync();
        await CheckAsync(page);
    }, new() { BaseURL = site.LockedUrl });

    [Fact]
    public Task Axe_finds_nothing_in_the_help_dialog() => site.VisitAsync("/runs", async page =>
    {
        await page.Keyboard.PressAsync("?");
        await page.GetByRole(AriaRole.Dialog).WaitForAsync();
        await CheckAsync(page);
    });

    private static async Task CheckAsync(IPage page)
    {
        await Axe.BringAsync(page);
        foreach (var theme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            await page.EmulateMediaAsync(new() { ColorScheme = theme });
            foreach (var size in new[] { Site.Wide, Site.Phone })
            {
                await page.SetViewportSizeAsync(size.Width, size.Height);
                // Each theme and each width in full once; in the other two pairs only what depends on both.
                var full = theme == ColorScheme.Light == (size.Width > 720);
                var (seen, violations) = await Axe.FindAsync(page, full ? null : ["color-contrast", "target-size"]);
                Assert.True(seen > 0);
                Assert.Equal([], violations.Select(v => $"{theme}, {size.Width} px: {v}"));
                Assert.True(await page.SidewaysAsync() <= 0, $"{page.Url} can be pushed sideways at {size.Width} px.");
            }
        }
    }
}
