using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ValueStream.Browser.Tests;

public sealed class NowTests(Site site)
{
    [Fact]
    public Task A_run_appears_grows_and_goes_when_it_ends_without_a_reload() => site.VisitAsync("/", async page =>
    {
        await page.IsLiveAsync();
        await site.Story.TellAsync(Story.Start("now-1", 5, "rotate the keys"));
        var row = page.Locator("table.now tbody tr").Filter(new() { HasText = "rotate the keys" });
        await Expect(row).ToBeVisibleAsync();
        var before = await row.Locator(".num").InnerTextAsync();
        await Expect(row.Locator(".num")).Not.ToHaveTextAsync(before);
        await site.Story.TellAsync(Story.End("now-1", 0));
        await Expect(row).ToBeHiddenAsync();
    });

    [Fact]
    public Task What_runs_within_something_is_told_in_its_row() => site.VisitAsync("/", static async page =>
    {
        var row = page.Locator("table.now tbody tr").Filter(new() { HasText = "nightly import" });
        await Expect(row).ToContainTextAsync("at load");
        await Expect(page.Locator("table.now tbody tr .go").Filter(new() { HasTextRegex = new("^load$") })).ToHaveCountAsync(0);
    });

    [Fact]
    public Task The_clock_of_this_machine_is_in_every_link_and_every_time() => site.VisitAsync("/audit", static async page =>
    {
        await page.GetByRole(AriaRole.Link, new() { Name = "local", Exact = true }).ClickAsync();
        await Expect(page.GetByText("Europe/Athens", new() { Exact = true })).ToBeVisibleAsync();
        await Expect(page.Locator("time").First).ToHaveAttributeAsync("title", new System.Text.RegularExpressions.Regex("\\+0[23]:00$"));
        await page.GetByRole(AriaRole.Link, new() { Name = "System" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("/system\\?tz=Europe(/|%2F)Athens$"));
    }, new() { TimezoneId = "Europe/Athens" });

    [Fact]
    public Task An_event_is_chosen_filtered_and_closed() => site.VisitAsync("/audit?type=work", static async page =>
    {
        await page.Keyboard.PressAsync("j");
        await page.Keyboard.PressAsync("Enter");
        var beside = page.GetByRole(AriaRole.Complementary, new() { NameRegex = new("^Event") });
        await Expect(beside).ToContainTextAsync("Digest");
        await beside.GetByRole(AriaRole.Link, new() { Name = "all its events" }).ClickAsync();
        await Expect(page.Locator(".chip").Filter(new() { HasText = "run" })).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Close" }).ClickAsync();
        await Expect(page.Locator("#event")).ToHaveCountAsync(0);
    });

    [Fact]
    public Task A_delivery_in_quarantine_is_tried_again_by_a_button() => site.VisitAsync("/system", async page =>
    {
        using var http = new HttpClient();
        using var delivery = new HttpRequestMessage(HttpMethod.Post, site.Url + "/github") { Content = new StringContent("{}", System.Text.Encoding.UTF8, "application/json") };
        delivery.Headers.Add("X-GitHub-Event", "issues");
        using var answer = await http.SendAsync(delivery, TestContext.Current.CancellationToken);
        Assert.Equal(System.Net.HttpStatusCode.Accepted, answer.StatusCode);
        await page.ReloadAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Replay" }).First.ClickAsync();
        await Expect(page.GetByText("The delivery still cannot be understood. It is kept.")).ToBeVisibleAsync();
    });
}
