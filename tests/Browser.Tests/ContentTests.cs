using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ValueStream.Browser.Tests;

public sealed class ContentTests(Site site)
{
    [Fact]
    public Task Every_page_says_what_it_says_without_script() => site.VisitAsync("/runs", static async page =>
    {
        foreach (var (name, address) in Pages.All.Select(static p => p.Data))
        {
            await page.GotoAsync(address);
            Assert.NotEmpty(await page.Locator("main h1").InnerTextAsync());
            var text = await page.Locator("main").InnerTextAsync();
            Assert.True(text.Length > 120, $"{name}: {text}");
            Assert.True(await page.Locator("main tbody tr, main .node, main .headline, main .lead, main p").CountAsync() > 0, name);
        }
    }, new() { JavaScriptEnabled = false });

    [Fact]
    public Task Without_script_the_filter_the_pages_the_views_and_the_groups_work() => site.VisitAsync("/runs?name=smoke+tests", static async page =>
    {
        await page.GetByText("Filter", new() { Exact = true }).First.ClickAsync();
        await page.GetByLabel("Outcome").SelectOptionAsync("success");
        await page.GetByRole(AriaRole.Button, new() { Name = "Filter" }).ClickAsync();
        await Expect(page.Locator(".runs tbody tr")).ToHaveCountAsync(50);
        await page.GetByRole(AriaRole.Link, new() { Name = "Older" }).ClickAsync();
        await Expect(page.Locator(".runs tbody tr")).ToHaveCountAsync(12);

        await page.GotoAsync(Story.Page("large"));
        await Expect(page.Locator(".fall tbody tr")).ToHaveCountAsync(4);
        await page.GetByRole(AriaRole.Link, new() { NameRegex = new("150 × shard 1") }).ClickAsync();
        await Expect(page.Locator(".fall tbody tr")).ToHaveCountAsync(154);

        await page.GotoAsync(Story.Page("pipeline"));
        await page.GetByRole(AriaRole.Link, new() { Name = "Graph" }).ClickAsync();
        await page.GetByText("Show as table").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Row, new() { Name = "lint followed by package" })).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Events", Exact = true }).ClickAsync();
        await Expect(page.Locator("tbody tr")).ToHaveCountAsync(2);
    }, new() { JavaScriptEnabled = false, ViewportSize = Site.Phone });

    [Fact]
    public Task A_filter_in_the_address_shows_the_same_to_the_next_person() => site.VisitAsync("/runs", async page =>
    {
        await page.GetByLabel("Outcome").SelectOptionAsync("failure");
        await page.GetByLabel("Tag").FillAsync("service=api");
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("smoke tests");
        await page.GetByRole(AriaRole.Button, new() { Name = "Filter" }).ClickAsync();
        await Expect(page.Locator(".chip")).ToHaveCountAsync(3);
        var names = await page.Locator("tbody .c-state, tbody .c-name").AllInnerTextsAsync();
        Assert.Equal(16, names.Count);
        await site.VisitAsync(page.Url, async next =>
        {
            Assert.Equal(names, await next.Locator("tbody .c-state, tbody .c-name").AllInnerTextsAsync());
            Assert.Equal("smoke tests", await next.GetByLabel("Name", new() { Exact = true }).InputValueAsync());
            Assert.Equal("failure", await next.GetByLabel("Outcome").InputValueAsync());
            await next.Locator(".chip", new() { HasText = "smoke tests" }).ClickAsync();
            await Expect(next.Locator(".chip")).ToHaveCountAsync(2);
        });
    });

    [Fact]
    public Task The_search_box_finds_a_run_by_its_name_and_by_its_key() => site.VisitAsync("/runs", static async page =>
    {
        var find = page.GetByRole(AriaRole.Searchbox, new() { Name = "Find a run by name, id or key" });
        await find.FillAsync("nightly import");
        await find.PressAsync("Enter");
        await Expect(page.Locator(".runs tbody tr")).ToHaveCountAsync(1);
        await find.FillAsync(Story.Page("deploy")["/runs/".Length..]);
        await find.PressAsync("Enter");
        await Expect(page.Locator("h1")).ToContainTextAsync("deploy");
    });

    [Fact]
    public Task A_failed_run_says_in_its_first_lines_what_broke() => site.VisitAsync(Story.Page("pipeline"), static async page =>
    {
        await Expect(page.Locator(".verdict")).ToHaveTextAsync("failed after 5 m 00 s");
        await Expect(page.Locator(".shares")).ToContainTextAsync("failed: unit tests");
        await page.Locator(".shares").GetByRole(AriaRole.Link, new() { Name = "unit tests" }).First.ClickAsync();
        await Expect(page.Locator("h1")).ToContainTextAsync("unit tests");
    });

    [Fact]
    public Task A_name_with_script_in_it_is_a_name() => site.VisitAsync("/runs", static async page =>
    {
        await page.Row(Story.Script).First.GetByRole(AriaRole.Link, new() { Name = Story.Script }).ClickAsync();
        await Expect(page.Locator("h1 bdi")).ToHaveTextAsync(Story.Script);
        Assert.Contains("<script>", await page.TitleAsync(), StringComparison.Ordinal);
        Assert.False(await page.EvaluateAsync<bool>("() => 'harmed' in window"));
    });

    [Fact]
    public Task A_name_from_right_to_left_stays_in_its_own_column() => site.VisitAsync("/runs", static async page =>
    {
        var row = page.Row(Story.RightToLeft);
        await Expect(row.Locator("bdi").First).ToHaveTextAsync(Story.RightToLeft);
        var name = await PlaceAsync(row);
        Assert.True(name.NameEnds <= name.TypeBegins);
    }, Still);

    [Fact]
    public Task The_longest_name_leaves_the_other_columns_their_room() => site.VisitAsync("/runs", static async page =>
    {
        foreach (var width in new[] { 1440, 1024, 768 })
        {
            await page.SetViewportSizeAsync(width, 900);
            var at = await PlaceAsync(page.Row(Story.LongName));
            Assert.True(at.NameEnds - at.NameBegins >= 120, $"At {width} px the name has too little room: {at}");
            Assert.True(at.RowEnds <= width && at.Height < 48, $"At {width} px: {at}");
        }
    }, Still);

    // A page that refreshes takes its rows away while they are measured.
    private static BrowserNewContextOptions Still => new() { JavaScriptEnabled = false };

    private static Task<Place> PlaceAsync(ILocator row) => row.EvaluateAsync<Place>("""
        row => {
          const of = (css) => row.querySelector(css).getBoundingClientRect();
          return { nameBegins: of('.c-name').left, nameEnds: of('.c-name').right, typeBegins: of('.c-type').left, rowEnds: row.getBoundingClientRect().right, height: row.getBoundingClientRect().height };
        }
        """);

    /// <summary>Where the parts of a row lie, in pixels.</summary>
    private sealed record Place
    {
        public double NameBegins { get; init; }

        public double NameEnds { get; init; }

        public double TypeBegins { get; init; }

        public double RowEnds { get; init; }

        public double Height { get; init; }
    }
}
