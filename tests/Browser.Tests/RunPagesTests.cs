using System.Diagnostics;
using System.Globalization;
using Microsoft.Playwright;
using ValueStream.Testing;
using static Microsoft.Playwright.Assertions;

namespace ValueStream.Browser.Tests;

/// <summary>What the pages Runs and Run do.</summary>
public sealed class RunPagesTests(Site site)
{
    private static readonly PageAssertionsToHaveURLOptions Patiently = new() { Timeout = 30_000 };

    [Fact]
    public Task The_strip_says_in_a_table_what_it_draws_and_leads_to_the_runs_of_a_bar() => site.VisitAsync("/runs?q=smoke", static async page =>
    {
        await page.GetByText("Show as table").ClickAsync();
        var row = page.Locator("#strip-table tbody tr").First;
        var counts = await row.Locator(".num").AllInnerTextsAsync();
        var total = counts.Sum(static c => int.Parse(c, CultureInfo.InvariantCulture));
        Assert.True(total >= 1);
        await row.GetByRole(AriaRole.Link).ClickAsync();
        // A bar is as long as the hour of the day makes it, so at some hours it has more than a page of runs.
        await Expect(page.Locator(".runs tbody tr")).ToHaveCountAsync(Math.Min(total, 50));
        await Expect(page.Locator(".chip")).ToHaveCountAsync(3);
    }, new() { JavaScriptEnabled = false });

    [Fact]
    public Task A_stretch_of_the_strip_is_chosen_by_dragging() => site.VisitAsync("/runs?q=smoke", static async page =>
    {
        await page.IsLiveAsync();
        var (first, last) = (page.Locator("[data-strip] a").First, page.Locator("[data-strip] a").Last);
        string[] edges = [(await first.GetAttributeAsync("href"))!, (await last.GetAttributeAsync("href"))!];
        // In one go: the page may put a newer strip in the old one's place.
        var box = await page.EvaluateAsync<float[]>("() => { const b = document.querySelector('[data-strip]').getBoundingClientRect(); return [b.left, b.right, b.top + 20]; }");
        await page.Mouse.MoveAsync(box[0] + 2, box[2]);
        await page.Mouse.DownAsync();
        await page.Mouse.MoveAsync((box[0] + box[1]) / 2, box[2]);
        await page.Mouse.MoveAsync(box[1] - 2, box[2]);
        await page.Mouse.UpAsync();
        await Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("from=.*to="), new() { Timeout = 30_000 });
        var query = System.Web.HttpUtility.ParseQueryString(new Uri(page.Url).Query);
        Assert.Equal(System.Web.HttpUtility.ParseQueryString(edges[0].Split('?')[1])["from"], query["from"]);
        Assert.Equal(System.Web.HttpUtility.ParseQueryString(edges[1].Split('?')[1])["to"], query["to"]);
    });

    [Fact]
    public Task The_list_is_a_file_a_call_and_a_command_too() => site.VisitAsync("/runs?type=work&outcome=failure&period=7d&tag=service=api", async page =>
    {
        await page.GetByText("Copy as API call or vscli command").ClickAsync();
        await Expect(page.Locator(".copy")).ToContainTextAsync("vscli runs -outcome=failure -type=work -tag=service=api -from=7d");
        await Expect(page.Locator(".copy")).ToContainTextAsync("/api/v1/runs?outcome=failure&type=work&tag=service%3Dapi&from=20");
        var answer = await page.APIRequest.GetAsync(await page.GetByRole(AriaRole.Link, new() { NameRegex = new("^CSV") }).GetAttributeAsync("href") is { } href ? site.Url + href : "");
        var lines = (await answer.TextAsync()).Split("\r\n");
        Assert.StartsWith("key,attempt,state,outcome,name", lines[0], StringComparison.Ordinal);
        Assert.All(lines[1..^1], static l => Assert.Contains(",failure,", l, StringComparison.Ordinal));
        Assert.Contains("attachment", answer.Headers["content-disposition"], StringComparison.Ordinal);
    });

    [Fact]
    public Task Tags_are_suggested_while_they_are_typed() => site.VisitAsync("/runs", static async page =>
    {
        await page.GetByLabel("Tag").FillAsync("serv");
        await Expect(page.Locator("#tags option[value='service=']")).ToHaveCountAsync(1);
        await page.GetByLabel("Tag").FillAsync("service=a");
        await Expect(page.Locator("#tags option[value='service=api']")).ToHaveCountAsync(1);
    });

    [Fact]
    public Task What_is_found_keeps_the_zone() => site.VisitAsync("/runs?tz=Europe/Berlin", static async page =>
    {
        await Expect(page.GetByLabel("From, Europe/Berlin")).ToBeVisibleAsync();
        var find = page.GetByRole(AriaRole.Searchbox, new() { Name = "Find a run by name, id or key" });
        await find.FillAsync("SMOKE");
        await find.PressAsync("Enter");
        await Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("q=SMOKE.*tz=Europe"), new() { Timeout = 30_000 });
        await Expect(page.Locator(".runs tbody tr")).ToHaveCountAsync(50);
    });

    [Fact]
    public Task The_headline_leads_by_keys_to_where_it_broke_and_to_the_slowest_step() => site.VisitAsync(Story.Page("release-6"), static async page =>
    {
        await Expect(page.Locator(".verdict")).ToContainTextAsync("failed after 3 m 10 s");
        await Expect(page.Locator(".verdict")).ToContainTextAsync("usually 1 m 40 s");
        await Expect(page.Locator(".fall tr", new() { HasText = "publish" })).ToContainTextAsync("▲ usually 1 m 05 s");
        await page.Keyboard.PressAsync("j");
        await Expect(page.Locator(".fall").GetByRole(AriaRole.Link, new() { Name = "pack" })).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("g");
        await page.Keyboard.PressAsync("w");
        await Expect(page.Locator("h1")).ToContainTextAsync("publish");
        await Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex(Story.Page("publish-6")), Patiently);
    });

    [Fact]
    public Task A_bar_that_is_chosen_leaves_the_page_where_it_was_with_its_details_beside_it() => site.VisitAsync(Story.Page("large"), static async page =>
    {
        await page.GetByRole(AriaRole.Link, new() { NameRegex = new("150 × shard 1") }).ClickAsync();
        await Expect(page.Locator(".fall tbody tr")).ToHaveCountAsync(154);
        await page.IsLiveAsync();
        // The first of the group, by which the group is known.
        var opened = page.Locator(".fall a.go").Filter(new() { HasText = "shard 1" }).Nth(1);
        var first = await opened.GetAttributeAsync("href");
        await opened.ClickAsync();
        await Expect(page.Locator(".fall tr.sel a.go")).ToHaveAttributeAsync("href", first!);
        await Expect(page.Locator(".fall tbody tr")).ToHaveCountAsync(154);
        var link = page.Locator(".fall a.go").Nth(100);
        // Again and again: the page may yet be put where it was before the first click.
        await page.WaitForFunctionAsync("() => { document.querySelectorAll('.fall a.go')[100].scrollIntoView({ block: 'center' }); return scrollY > 500; }");
        var (key, y) = (await link.GetAttributeAsync("href"), await page.EvaluateAsync<double>("() => scrollY"));
        await link.ClickAsync();
        await Expect(page.Locator(".fall tr.sel a.go")).ToHaveAttributeAsync("href", key!);
        await Expect(page.Locator(".fall tr.sel a.go")).ToBeFocusedAsync();
        await Expect(page.Locator(".fall tbody tr")).ToHaveCountAsync(154);
        Assert.InRange(await page.EvaluateAsync<double>("() => scrollY"), y - 120, y + 120);
        await Expect(page.Locator(".details h2").First).ToBeInViewportAsync();
    });

    [Fact]
    public Task A_run_is_compared_with_the_last_good_one_step_by_step() => site.VisitAsync(Story.Page("release-6"), static async page =>
    {
        await page.GetByRole(AriaRole.Link, new() { Name = "compare with last good" }).ClickAsync();
        await Expect(page.Locator("main .headline")).ToContainTextAsync("1 m 30 s longer, most of it in publish (+1 m 30 s)");
        await Expect(page.Locator(".compare tbody tr").First).ToContainTextAsync("publish");
        await page.GetByRole(AriaRole.Link, new() { Name = "History", Exact = true }).ClickAsync();
        await Expect(page.Locator(".around tbody tr")).ToHaveCountAsync(7);
        await Expect(page.Locator(".around tbody tr").First).ToContainTextAsync("this run");
        await page.GetByRole(AriaRole.Link, new() { Name = "previous run" }).ClickAsync();
        await Expect(page.Locator(".verdict")).ToContainTextAsync("succeeded in 1 m 40 s");
    }, new() { JavaScriptEnabled = false });

    [Fact]
    public Task An_issue_shows_its_title_and_its_stages() => site.VisitAsync(Story.Ticket, static async page =>
    {
        await Expect(page.Locator(".run-head .title")).ToHaveTextAsync("Customers wait too long for their parcels");
        await Expect(page.Locator(".lane[role=img] .stage")).ToHaveCountAsync(3);
        Assert.Equal("doing: 1 h 07 m", await page.Locator(".lane[role=img] .stage title").Nth(1).TextContentAsync());
        await Expect(page.Locator(".stages tbody tr")).ToHaveCountAsync(3);
    });

    [Fact]
    public async Task What_runs_grows_on_the_open_page()
    {
        await site.Story.TellAsync([Story.Start("growing", 10), .. Story.Whole("grown", 9, 5, parents: "growing")]);
        await site.VisitAsync(Story.Page("growing"), static async page =>
        {
            await page.IsLiveAsync();
            var bar = page.Locator(".fall tbody tr").Nth(1).Locator("rect").First;
            static async Task<double> WideAsync(ILocator bar) => double.Parse((await bar.GetAttributeAsync("width"))!.TrimEnd('%'), CultureInfo.InvariantCulture);
            var before = await WideAsync(bar);
            await Until.AsksAsync(() => WideAsync(bar), wide => wide < before * .99, TimeSpan.FromSeconds(30));
            // As a number: the server, whose part may just have come anew, writes it without decimals.
            Assert.Equal(100, await WideAsync(page.Locator(".fall tbody tr").First.Locator(".grows")), 3);
        });
        await site.Story.TellAsync(Story.End("growing", 0));
    }

    [Fact]
    public Task The_graph_is_zoomed_and_pushed() => site.VisitAsync(Story.Page("pipeline") + "?view=graph", static async page =>
    {
        var picture = page.Locator(".dag > svg");
        async Task<double> WideAsync() => double.Parse((await picture.GetAttributeAsync("width"))!, CultureInfo.InvariantCulture);
        var plain = await WideAsync();
        for (var i = 0; i < 4; i++)
        {
            await page.GetByRole(AriaRole.Button, new() { Name = "Zoom in" }).ClickAsync();
        }
        Assert.True(await WideAsync() > 2 * plain);
        var box = (await page.Locator(".dag").BoundingBoxAsync())!;
        var before = await page.Locator(".dag").EvaluateAsync<double>("e => e.scrollLeft");
        await page.Mouse.MoveAsync(box.X + (box.Width / 2), box.Y + (box.Height / 2));
        await page.Mouse.DownAsync();
        await page.Mouse.MoveAsync(box.X + (box.Width / 2) - 100, box.Y + (box.Height / 2), new() { Steps = 4 });
        await page.Mouse.UpAsync();
        Assert.Equal(before + 100, await page.Locator(".dag").EvaluateAsync<double>("e => e.scrollLeft"), 2d);
        Assert.Contains("view=graph", page.Url, StringComparison.Ordinal);
        await page.Locator(".dag").FocusAsync();
        await page.Keyboard.PressAsync("1");
        Assert.Equal(plain, await WideAsync(), .1);
        await page.Keyboard.PressAsync("-");
        Assert.True(await WideAsync() < plain);
    });

    // The figure is told and not held: a machine that builds meanwhile would fail it.
    [Fact]
    public async Task A_trace_of_five_thousand_runs_opens()
    {
        await site.Story.TellAsync(Story.Whole("huge", 600_000, 594_000));
        foreach (var part in Enumerable.Range(0, 5_000).Chunk(500))
        {
            await site.Story.TellAsync([.. part.SelectMany(static i => Story.Whole($"huge-{i}", 599_990 - i, 599_980 - i, i % 700 == 7 ? "failure" : "success", $"case {i % 20}", "huge"))]);
        }
        await site.VisitAsync(Story.Page("huge"), static async page =>
        {
            await Expect(page.Locator(".fall tbody tr")).ToHaveCountAsync(21);
            var began = Stopwatch.GetTimestamp();
            await page.ReloadAsync(new() { WaitUntil = WaitUntilState.DOMContentLoaded });
            await Expect(page.Locator(".fall tbody tr")).ToHaveCountAsync(21);
            TestContext.Current.TestOutputHelper?.WriteLine($"5,001 runs opened in {Stopwatch.GetElapsedTime(began).TotalMilliseconds:0} ms");
            await Expect(page.Locator(".shares")).ToContainTextAsync("5,001 runs");
        });
    }
}
