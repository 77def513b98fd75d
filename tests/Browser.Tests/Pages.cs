using Microsoft.Playwright;

namespace ValueStream.Browser.Tests;

/// <summary>Every page there is, in every state that looks different.</summary>
public static class Pages
{
    /// <summary>Pages of the full server: what to call it, and its address.</summary>
    public static TheoryData<string, string> All => new()
    {
        { "now", "/" },
        { "the log", "/audit" },
        { "the log with an event beside it", "/audit?event=1" },
        { "the log with a filter that cannot be", "/audit?kind=dreamt&from=yesterday&run=x" },
        { "no event that matches", "/audit?actor=nobody" },
        { "the system", "/system" },
        { "a page on this machine's clock", "/audit?tz=Asia/Kolkata" },
        { "no such page", "/nothing/here" },
        { "the runs", "/runs" },
        { "the runs of a filter", "/runs?outcome=failure&tag=service%3Dapi" },
        { "the runs of a filter that cannot be", "/runs?state=dreaming&tag=x&from=yesterday" },
        { "no run that matches", "/runs?name=no+such+run" },
        { "the runs of a period", "/runs?period=7d&q=smoke" },
        { "a run that took longer than usual", Story.Page("release-6") },
        { "a run's history", Story.Page("release-6") + "?view=history" },
        { "the history of a first run", Story.Page("deploy") + "?view=history" },
        { "a run beside the last good one", $"{Story.Page("release-6")}?compare={Story.Page("release-5")["/runs/".Length..]}.1" },
        { "a run beside one that is not there", Story.Page("release-6") + "?compare=0000000000000" },
        { "an issue with its stages", Story.Ticket },
        { "a good run", Story.Page("deploy") },
        { "a failed run", Story.Page("pipeline") },
        { "a failed run's graph", Story.Page("pipeline") + "?view=graph" },
        { "a failed run's events", Story.Page("pipeline") + "?view=events" },
        { "a running run", Story.Page("import") },
        { "an end without a start", Story.Page("lost") },
        { "a second attempt", Story.Page("twice") },
        { "a large trace, folded", Story.Page("large") },
        { "a large trace's graph", Story.Page("large") + "?view=graph" },
        { "a run with nasty names", Story.Page("nasty-0") },
        { "the graph of nasty names", Story.Page("nasty-0") + "?view=graph" },
        { "a run with nasty tags", Story.Page("nasty-tags") },
        { "the events of nasty tags", Story.Page("nasty-tags") + "?view=events" },
        { "no such run", "/runs/0000000000000" },
        { "the operations", "/operations" },
        { "the operations in groups", "/operations?group=tag:service&sort=-change&period=90d&hidden=true" },
        { "the operations of a period that cannot be", "/operations?period=1y&q=shard" },
        { "no operation that matches", "/operations?q=no+such+operation" },
        { "an operation", Story.Operation("smoke tests") },
        { "an operation by the hour", Story.Operation("smoke tests") + "?period=24h&by=host.name" },
        { "an operation by a tag that is not there", Story.Operation("smoke tests") + "?period=1y&by=no.such.tag" },
        { "an operation's critical path", Story.Operation("smoke tests") + "?show=path" },
        { "what is flaky of an operation", Story.Operation("smoke tests") + "?show=retries" },
        { "an operation of which nothing ended", Story.Operation("nightly import") },
        { "an operation with a nasty name", Story.Operation(Story.LongName) },
        { "an operation from right to left", Story.Operation(Story.RightToLeft) },
        { "no such operation", "/operations/0000000000000" },
    };

    /// <summary>The list's row of a run.</summary>
    public static ILocator Row(this IPage page, string name) =>
        page.Locator("table.runs tbody tr").Filter(new() { Has = page.GetByRole(AriaRole.Link, new() { Name = name, Exact = true }) });

    /// <summary>Waits until the page hears what changes.</summary>
    public static Task IsLiveAsync(this IPage page) => Assertions.Expect(page.Locator("#live")).ToHaveTextAsync("live ●");

    /// <summary>How far the page could be pushed sideways, in pixels.</summary>
    public static Task<int> SidewaysAsync(this IPage page) =>
        page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - document.documentElement.clientWidth");
}
