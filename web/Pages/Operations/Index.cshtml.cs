using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using ValueStream.Core.Wire;
using ValueStream.Store.Queries;
using ValueStream.Web.Pages.Shared;

namespace ValueStream.Web.Pages.Operations;

/// <summary>Operations: what do we run, who runs it, and which is worth fixing?</summary>
internal sealed class OperationsModel(OperationQueries operations, Clock clock) : PageModel
{
    /// <summary>So many are on a page.</summary>
    public const int PageLength = 100;

    /// <summary>The order of an address that says nothing.</summary>
    public const string Standard = "-runs";

    /// <summary>The columns that can be sorted by: what they are called in addresses and on the page, and whether the largest is the first that one wants to see.</summary>
    public static readonly IReadOnlyList<(string Name, string Text, bool LargestFirst, string Css, string Title)> Columns =
    [
        ("name", "Operation", false, "o-name", "Name, type and namespace"),
        ("runs", "Runs a week", true, "num o-runs", "Finished runs a week, and those of each day"),
        ("p50", "p50", true, "num o-p50", "Median duration of successful runs"),
        ("p95", "p95", true, "num o-p95", "95 % of the successful runs took no longer"),
        ("change", "Change", true, "num o-change", "Of p50, against as many days before"),
        ("errors", "Errors", true, "num o-errors", "Error rate: failure, error and timeout, of these and the successful"),
        ("time", "Time a week", true, "num o-time", "What all its runs take in a week, one after the other"),
        ("failed", "In failures", true, "num o-failed", "What runs that failed take in a week: worth fixing first"),
        ("people", "Who", false, "o-who", "People who ran it in the last 90 days"),
        ("hosts", "Hosts", true, "num o-hosts", "Hosts it ran on in the last 90 days"),
        ("last", "Last run", true, "o-last", "Its outcome and when it started"),
        ("owner", "Owner", false, "o-owner", "Who answers for it, as an administrator said"),
    ];

    /// <summary>So many columns are shown however narrow the window is: a heading over more of them would make columns that are not there.</summary>
    public const int ColumnsOfAnyWidth = 6;

    private static readonly string[] Narrowing = ["q", "type", "namespace"];

    private static readonly string[] CsvColumns =
    [
        "key", "namespace", "type", "name", "owner", "environment", "finished", "runs_per_week", "p50_seconds", "p95_seconds", "durations", "p50_change", "p50_verdict", "error_rate",
        "error_rate_verdict", "over_duration_limit", "over_error_rate_limit", "seconds_per_week", "failed_seconds_per_week", "people", "hosts", "last_run_at", "last_run", "last_outcome", "from", "to",
    ];

    /// <summary>The days that are looked at.</summary>
    public Period Period { get; private set; } = null!;

    /// <summary>The inventory.</summary>
    public OperationsView Inventory { get; private set; } = null!;

    /// <summary>The order, as in addresses.</summary>
    public string Sort { get; private set; } = Standard;

    /// <summary>What operations are put together by, as in addresses; null where not at all.</summary>
    public string? Group { get; private set; }

    /// <summary>How many are passed over.</summary>
    public int Offset { get; private set; }

    /// <summary>Whether only the part that changes is asked for.</summary>
    public bool IsFragment { get; private set; }

    /// <summary>What else is asked for, a name and a value each.</summary>
    public IEnumerable<(string Field, string Value)> Active =>
        Narrowing.Select(f => (f, Text(f))).Where(static f => f.Item2.Length > 0);

    /// <summary>Whether hidden operations are listed, too.</summary>
    public bool IsWithHidden => Text("hidden") == "true";

    /// <summary>The page.</summary>
    public async Task<IActionResult> OnGetAsync(CancellationToken cancellationToken)
    {
        IsFragment = Request.Query.ContainsKey("fragment");
        var isCsv = Csv.IsAskedFor(Request);
        Sort = OperationFilter.Orders.ContainsKey(Text("sort").TrimStart('-')) ? Text("sort") : Standard;
        Group = OperationFilter.IsGroup(Text("group")) ? Text("group") : null;
        Offset = int.TryParse(Text("offset"), NumberStyles.None, CultureInfo.InvariantCulture, out var offset) && !isCsv ? offset : 0;
        var filter = new OperationFilter
        {
            Name = Text("q") is { Length: > 0 } name ? name : null,
            Type = Text("type") is { Length: > 0 } type ? type : null,
            Namespace = Text("namespace") is { Length: > 0 } ns ? ns : null,
            Hidden = IsWithHidden,
            GroupBy = Group,
            Skip = Offset,
            Limit = isCsv ? OperationQueries.MostListed : PageLength,
        }.In(Sort)!;
        Period = Period.Of(Request.Query, clock, "28d") with { Offered = [.. Period.Choices.Where(static c => c.Name is "7d" or "28d" or "90d")] };
        try
        {
            Inventory = await operations.ListAsync(In(filter), Viewer.MaySee(User), cancellationToken);
        }
        catch (BadArgumentException e)
        {
            Period = Period with { Problem = $"“{e.Argument}”: {e.Message} The last 28 days are shown." };
            Inventory = await operations.ListAsync(filter, Viewer.MaySee(User), cancellationToken);
        }
        return isCsv ? File() : Page();
    }

    /// <summary>Whether anybody answers for any of them: an empty column says nothing.</summary>
    public bool HasOwners => Inventory.Items.Any(static o => o.Owner is not null);

    /// <summary>The columns that are shown.</summary>
    public IEnumerable<(string Name, string Text, bool LargestFirst, string Css, string Title)> Shown => Columns.Where(c => c.Name != "owner" || HasOwners);

    /// <summary>The runs behind a row's numbers.</summary>
    public string Runs(OperationView operation, params (string Name, string Value)[] more) => Links.Runs(operation.Key, Inventory.Window, more);

    /// <summary>The address that sorts by a column, or the other way round where it is sorted by that already.</summary>
    public string SortedBy(string column, bool largestFirst) => Here.With(Request, ("sort", Sort == Natural(column, largestFirst) ? Natural(column, !largestFirst) : Natural(column, largestFirst)), ("offset", null));

    /// <summary>How a column is sorted, for those who do not see it.</summary>
    public string? Sorted(string column) => Sort == column ? "ascending" : Sort == "-" + column ? "descending" : null;

    /// <summary>The key of the tag that they are grouped by; null where it is no tag.</summary>
    public string? Tag => Group?.StartsWith(OperationFilter.OfTag, StringComparison.Ordinal) is true ? Group[OperationFilter.OfTag.Length..] : null;

    /// <summary>The tags that are offered to group by: those that runs are added up by, and that of the address.</summary>
    public IEnumerable<(string Key, string Text)> Tags => Tag is { } tag && !OperationModel.Tags.Any(t => t.Key == tag) ? [.. OperationModel.Tags, (tag, tag)] : OperationModel.Tags;

    /// <summary>The bars of a row: a day each, or a week where there are too many days.</summary>
    public static (IReadOnlyList<long> Finished, IReadOnlyList<long> Failed, string Step) Bars(OperationView operation) =>
        operation.FinishedByDay.Count <= 31 ? (operation.FinishedByDay, operation.FailedByDay, "day")
        : (ByWeek(operation.FinishedByDay), ByWeek(operation.FailedByDay), "week");

    /// <summary>The same list of the API.</summary>
    public string Api => Here.To("/api/v1/operations", [
        .. Active, ("from", Durations.Iso(Inventory.Window.From)), ("to", Durations.Iso(Inventory.Window.To)), ("sort", Sort), .. Group is null ? [] : new[] { ("group", Group) },
        .. IsWithHidden ? [("hidden", "true")] : Array.Empty<(string, string)>(), ("offset", $"{Offset}"), ("limit", $"{PageLength}")]);

    /// <summary>What an address asks for.</summary>
    public string Text(string name) => Request.Query[name].ToString().Trim();

    private OperationFilter In(OperationFilter filter) => Period.Name is { }
        // Days are whole, so that of today is one of them.
        ? filter with { From = Period.From.AddDays(1) is var from && from < Period.To ? from : Period.To.AddMinutes(-1) }
        : filter with { From = Period.From, To = Period.To };

    private static string Natural(string column, bool largestFirst) => (largestFirst ? "-" : "") + column;

    /// <summary>Sums of seven days, the last ones whole.</summary>
    private static List<long> ByWeek(IReadOnlyList<long> days) =>
        [.. days.Reverse().Chunk(7).Select(static week => week.Sum()).Reverse()];

    private FileContentResult File() => Csv.File("operations", CsvColumns,
        Inventory.Items.Select(o => new object?[]
        {
            o.Key, o.Namespace, o.Type, o.Name, o.Owner, o.Environment, o.Finished, o.RunsPerWeek, o.Duration.P50, o.Duration.P95, o.Duration.Sample, o.Change?.P50.Relative, o.Change?.P50.Verdict,
            o.ErrorRate, o.Change?.ErrorRate.Verdict, o.IsOverDurationLimit, o.IsOverErrorRateLimit, o.TimePerWeek, o.FailedTimePerWeek, o.People, o.Hosts, o.LastAt, o.LastRun?.Key, o.LastRun?.Outcome ?? o.LastRun?.State,
            Inventory.Window.From, Inventory.Window.To,
        }));
}
