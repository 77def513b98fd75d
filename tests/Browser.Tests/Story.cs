using System.Net.Http.Json;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Testing;

namespace ValueStream.Browser.Tests;

/// <summary>What ran at the company whose pages are looked at, told to its server by the way every event takes.</summary>
public sealed class Story(HttpClient http)
{
    /// <summary>A name as long as they may be, without a place to break it.</summary>
    public static readonly string LongName = string.Concat(Enumerable.Repeat("deploy-everything-", 12))[..200];

    /// <summary>Arabic, which is written from right to left, and brackets, which turn with it.</summary>
    public const string RightToLeft = "نشر (خدمة الدفع)";

    /// <summary>Characters outside the basic plane, joined ones, a flag; long enough to be cut somewhere.</summary>
    public const string Emoji = "🚀👩‍👩‍👧‍👦🇩🇪🚀👩‍👩‍👧‍👦🇩🇪🚀👩‍👩‍👧‍👦🇩🇪🚀👩‍👩‍👧‍👦🇩🇪 ship it";

    /// <summary>What would run if a page did not encode it.</summary>
    public const string Script = "<script>window.harmed=1</script><img src=x onerror=window.harmed=1>\"'&amp;";

    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    private static readonly string[] Nasty = [LongName, RightToLeft, Emoji, Script];

    /// <summary>The address of a run's page.</summary>
    public static string Page(string id) => "/runs/" + Id(id).Key;

    /// <summary>The address of an issue's page.</summary>
    public static string Ticket => "/runs/" + TicketId.Key;

    private static RunId TicketId => new(SourceNames.CustomHttp, "issue", "default", "ticket");

    /// <summary>The address of an operation's page.</summary>
    public static string Operation(string name) => "/operations/" + ShortKey.Of("default", "work", name);

    /// <summary>A run's start, so many seconds ago.</summary>
    public static EventRequest Start(string id, double ago, string? name = null, string type = "step", params string[] parents) => new()
    {
        Action = "start", Run = new() { Type = "work", Id = id }, Name = name ?? id, OccurredAt = Now.AddSeconds(-ago), Actor = "alice",
        Parents = parents.Length == 0 ? null : [.. parents.Select(static p => Id(p).Rendering)],
        Tags = Event.NoTags.Add("service", type).Add("host.name", "laptop"),
    };

    /// <summary>A run's end, so many seconds ago.</summary>
    public static EventRequest End(string id, double ago, string outcome = "success") =>
        new() { Action = "end", Run = new() { Type = "work", Id = id }, OccurredAt = Now.AddSeconds(-ago), Outcome = outcome };

    /// <summary>A run from its start to its end.</summary>
    public static EventRequest[] Whole(string id, double from, double to, string outcome = "success", string? name = null, params string[] parents) =>
        [Start(id, from, name, "api", parents), End(id, to, outcome)];

    /// <summary>Sends events and waits until the pages know them.</summary>
    public async Task TellAsync(params EventRequest[] events)
    {
        using var response = await http.PostAsJsonAsync(Routes.Events, events, WireJson.Default.EventRequestArray);
        var answer = await response.Content.ReadFromJsonAsync(WireJson.Default.IngestAnswer);
        Assert.Equal([], answer!.Items.Select(static i => i.Problem).OfType<string>());
        var last = answer.Items.Max(static i => i.Position ?? 0);
        await Until.AsksAsync(
            async () => (await http.GetFromJsonAsync("/api/v1/projections", WireJson.Default.ListViewProjectionView))!.Items[0].Position,
            position => position >= last, TimeSpan.FromSeconds(30));
    }

    /// <summary>All that the pages show when the tests begin.</summary>
    public Task TellAllAsync() => TellAsync(
    [
        // Enough for several pages of the list.
        .. Enumerable.Range(0, 70).SelectMany(static i => Whole($"old-{i}", 90_000 + (i * 60), 89_990 + (i * 60), i % 9 == 4 ? "failure" : "success", "smoke tests")),
        // A trace large enough to be folded, from before everything else but the smoke tests.
        .. Whole("large", 80_000, 79_000),
        .. Enumerable.Range(0, 450).SelectMany(static i => Whole($"part-{i}", 79_990 - i, 79_980 - i, i % 150 == 7 ? "failure" : "success", $"shard {i % 3}", "large")),
        .. Whole("deploy", 3_000, 2_700),
        .. Whole("build", 2_999, 2_900, parents: "deploy"),
        .. Whole("push", 2_890, 2_800, parents: ["deploy", "build"]),
        // One operation's runs: the last one fails, because a step of it takes longer than ever.
        .. Enumerable.Range(0, 7).SelectMany(static i => Whole($"release-{i}", 70_000 - (i * 1_000), 69_900 - (i * 1_000) - (i == 6 ? 90 : 0), i == 6 ? "failure" : "success", "release")),
        .. Enumerable.Range(0, 7).SelectMany(static i => Whole($"pack-{i}", 69_999 - (i * 1_000), 69_980 - (i * 1_000), name: "pack", parents: $"release-{i}")),
        .. Enumerable.Range(0, 7).SelectMany(static i => Whole($"publish-{i}", 69_970 - (i * 1_000), 69_905 - (i * 1_000) - (i == 6 ? 90 : 0), i == 6 ? "failure" : "success", "publish", $"release-{i}")),
        new()
        {
            Action = "start", Run = new() { Type = "issue", Id = "ticket" }, Name = "ticket", OccurredAt = Now.AddSeconds(-60_000),
            Tags = Event.NoTags.Add("issue.title", "Customers wait too long for their parcels"),
        },
        .. Enumerable.Range(0, 3).Select(static i => new EventRequest
        {
            Action = "transition", Run = new() { Type = "issue", Id = "ticket" }, Stage = new[] { "to do", "doing", "review" }[i], OccurredAt = Now.AddSeconds(-60_000 + (i * 4_000)),
        }),
        new() { Action = "end", Run = new() { Type = "issue", Id = "ticket" }, OccurredAt = Now.AddSeconds(-50_000), Outcome = "success" },
        // Two stages side by side; one breaks.
        .. Whole("pipeline", 2_000, 1_700, "failure"),
        .. Whole("checkout", 1_999, 1_990, parents: "pipeline"),
        .. Whole("unit tests", 1_985, 1_760, "failure", parents: ["pipeline", "checkout"]),
        .. Whole("lint", 1_985, 1_900, parents: ["pipeline", "checkout"]),
        .. Whole("package", 1_750, 1_750, "skip", parents: ["pipeline", "unit tests", "lint"]),
        Start("import", 1_200, "nightly import"),
        .. Whole("extract", 1_199, 900, parents: "import"),
        Start("load", 890, parents: "import"),
        .. Whole("stopped", 600, 590, "cancellation"),
        End("lost", 500),
        .. Whole("twice", 400, 390, "failure"),
        .. Whole("twice", 380, 370).Select(static e => e with { Attempt = 2 }),
        .. Nasty.SelectMany(static (name, i) => Whole($"nasty-{i}", 300 - i, 200 - i, name: name, parents: i == 0 ? [] : ["nasty-0"])),
        Start("nasty-tags", 150, Script) with { Actor = RightToLeft, Reason = Script, Tags = Event.NoTags.Add("key", Script).Add("wide", new string('w', 2_000)).Add("عربي", Emoji) },
    ]);

    private static RunId Id(string id) => new(SourceNames.CustomHttp, "work", "default", id);
}
