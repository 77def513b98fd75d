using Microsoft.Playwright;
using ValueStream.Testing;
using static Microsoft.Playwright.Assertions;

namespace ValueStream.Browser.Tests;

/// <summary>The ways in that lead over another site, or come from a terminal: cookies and the content security policy must let them pass, as a browser understands both.</summary>
public sealed class LoginByOthersTests(Site site)
{
    [Fact]
    public async Task Who_logs_in_at_a_provider_of_another_site_comes_to_the_page_that_was_asked_for_and_logs_out_of_both()
    {
        await using var provider = await LoginProvider.StartAsync();
        (provider.Person, provider.Asks) = (new Person("1", "Ada Lovelace", "vs-admins"), true);
        using var database = TestDatabase.Sqlite();
        await using var server = await ServerProcess.StartAsync(database.ConnectionString, environment: provider.Settings(("vs-admins", "admin", "*")));
        Assert.StartsWith("http://localhost:", provider.Authority, StringComparison.Ordinal);
        Assert.StartsWith("http://127.0.0.1:", server.Url, StringComparison.Ordinal);

        await site.VisitAsync(server.Url + "/runs?outcome=failure", async page =>
        {
            await page.GetByRole(AriaRole.Link, new() { Name = "Log in at" }).ClickAsync();
            await page.GetByRole(AriaRole.Link, new() { Name = "It is me" }).ClickAsync();
            await Expect(page).ToHaveURLAsync(server.Url + "/runs?outcome=failure", new() { Timeout = 30_000 });
            await Expect(page.Locator(".me")).ToContainTextAsync("Ada Lovelace");
            await page.IsLiveAsync();

            await page.GetByRole(AriaRole.Link, new() { Name = "Log out" }).ClickAsync();
            await page.GetByRole(AriaRole.Button, new() { Name = "Log out" }).ClickAsync();
            await page.GetByRole(AriaRole.Link, new() { Name = "Log out there, too" }).ClickAsync();
            await Expect(page).ToHaveURLAsync(server.Url + "/login", new() { Timeout = 30_000 });
            Assert.Equal(1, provider.Logouts);
            await page.GotoAsync(server.Url + "/runs");
            await Expect(page.GetByLabel("Token")).ToBeVisibleAsync();
        }, new() { BaseURL = "http://" });
    }

    [Fact]
    public async Task The_link_of_the_start_fills_the_form_and_leaves_the_address()
    {
        using var database = TestDatabase.Sqlite();
        await using var server = await ServerProcess.StartAsync(database.ConnectionString);
        await Until.HoldsAsync("the link is printed", () => Task.FromResult(server.Output.Contains("/login#", StringComparison.Ordinal)));
        var link = server.Output[server.Output.LastIndexOf("http://", server.Output.IndexOf("/login#", StringComparison.Ordinal), StringComparison.Ordinal)..].Split('\n')[0].Trim();

        await site.VisitAsync(link, async page =>
        {
            await Expect(page.GetByLabel("Token")).ToHaveValueAsync(link[(link.IndexOf('#', StringComparison.Ordinal) + 1)..]);
            await Expect(page).ToHaveURLAsync(server.Url + "/login");
            await page.GetByRole(AriaRole.Button, new() { Name = "Log in" }).ClickAsync();
            await Expect(page.Locator(".me")).ToContainTextAsync("link:");
            await page.GotoAsync(server.Url + "/system");
            await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Tokens" })).ToBeVisibleAsync();
        }, new() { BaseURL = server.Url });
    }
}
