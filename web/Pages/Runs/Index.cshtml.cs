using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Store.Queries;
using ValueStream.Web.Charts;
using ValueStream.Web.Pages.Shared;

namespace ValueStream.Web.Pages.Runs;

/// <summary>Runs: what ran, newest first, by anything that is known of it.</summary>
internal sealed class IndexModel(RunQueries runs, OperationQueries operations, CorrelationQueries correlations, Clock clock) : PageModel
{
    /// <summary>What the address asks for.</summary>
    public RunSearch Search { get; private set; } = null!;

    /// <summary>The answer.</summary>
    public ListView<RunView> Runs { get; private set; } = null!;

    /// <summary>What ended when; null where nothing that is counted has ended.</summary>
    public RunStrip? Strip { get; private set; }

    /// <summary>Of what the strip shows the counts.</summary>
    public RunEnds? Ends { get; private set; }

    /// <summary>The name of the operation that is asked for.</summary>
    public string? Operation { get; private set; }

    /// <summary>What the runs of the search share; null where nobody asks.</summary>
    public CorrelationsView? Correlations { get; private set; }

    /// <summary>What they share, and the ways to ask for it.</summary>
    public Findings Findings => new("Why? What do they share?",
    [
        // Without a search there are no others.
        .. new[] { ("these", "Compare these with the rest"), ("failed", "What the failed ones share"), ("slow", "What the slow ones share") }.Where(o => o.Item1 != "these" || Search.Active.Any())
            .Select(o => (o.Item2, Here.With(Request, ("of", o.Item1)), Correlations?.Of == o.Item1)),
    ], Correlations);

    /// <summary>Whether only the part that changes is asked for.</summary>
    public bool IsFragment { get; private set; }

    /// <summary>What is listed, as the beginning of a sentence.</summary>
    public string Headline => (Runs.Items.Count, Runs.Next, Search.Cursor) switch
    {
        (1, null, null) => "1 run",
        (var n, null, null) => string.Create(CultureInfo.InvariantCulture, $"{n} runs"),
        (var n, _, null) => string.Create(CultureInfo.InvariantCulture, $"The newest {n} runs"),
        (var n, _, _) => string.Create(CultureInfo.InvariantCulture, $"{n} older runs"),
    };

    /// <summary>How many of those listed are in which state, with the address of all such runs.</summary>
    public IEnumerable<(Look Look, int Count, string Address)> Counts =>
        from run in Runs.Items
        where run.Outcome != "success"
        group run by Look.Of(run) into g
        let first = g.First()
        orderby g.Key.Css == "run" descending, g.Key.Rank descending
        select (g.Key, g.Count(), first.State == "running" ? Search.With("state", "running") : Search.With("outcome", first.Outcome));

    /// <summary>The page.</summary>
    /// <param name="find">Text of the search box: a key, a rendering or a name.</param>
    /// <param name="of">Whether it is asked what <c>these</c> runs share, or the <c>failed</c> or <c>slow</c> ones among them.</param>
    /// <param name="cancellationToken">The request's end.</param>
    public async Task<IActionResult> OnGetAsync(string? find, string? of, CancellationToken cancellationToken)
    {
        if (find?.Trim() is { Length: > 0 } text)
        {
            return Redirect(Zoned(await MeantByAsync(text, cancellationToken)));
        }
        Search = RunSearch.Of(Request.Query, clock);
        IsFragment = Request.Query.ContainsKey("fragment");
        var visible = Viewer.MaySee(User);
        if (Csv.IsAskedFor(Request))
        {
            return File((await runs.ListAsync(Search.Filter with { Limit = MostInFile, Cursor = null }, visible, cancellationToken)).Items);
        }
        try
        {
            Runs = await runs.ListAsync(Search.Filter, visible, cancellationToken);
        }
        catch (BadCursorException)
        {
            return Redirect(Zoned(Search.With("cursor", null)));
        }
        if (Search.Filter.Operation is { } key && !IsFragment)
        {
            Operation = (await operations.FindAsync(key, null, null, visible, cancellationToken))?.Name;
        }
        // Which of them have a reason after all is looked up for those listed alone.
        if (Runs.Items.Count > 0 && !Search.Filter.WithoutReason)
        {
            Ends = await runs.EndsAsync(Search.Filter, visible, cancellationToken);
            if (Ends.Items.Count > 0)
            {
                var from = Ends.Since > (Search.Filter.From ?? DateTimeOffset.MinValue) ? Ends.Since : Search.Filter.From;
                Strip = RunStrip.Of(Ends.Items, from ?? Ends.Items.Min(static e => e.At), Search.Filter.To is { } to && to < clock.Now ? to : clock.Now, clock.Zone);
            }
        }
        if (!IsFragment && CorrelationGroups.Parse(of) is { } group)
        {
            Correlations = await correlations.OfAsync(Search.Filter, group, visible, cancellationToken);
        }
        return Page();
    }

    /// <summary>So many runs a file has at most.</summary>
    public const int MostInFile = 1_000;

    private static FileContentResult File(IReadOnlyList<RunView> runs) => Csv.File(
        "runs",
        ["key", "attempt", "state", "outcome", "name", "type", "namespace", "source", "id", "actor", "reason", "reasonFrom", "startedAt", "endedAt", "duration", "parent", "tags"],
        runs.Select(static r => new object?[]
        {
            r.Key, r.Attempt, r.State, r.Outcome, r.Name, r.Type, r.Namespace, r.Source, r.Id, r.Actor, r.Reason, r.ReasonFrom, r.StartedAt, r.EndedAt, r.Duration, r.Parent,
            string.Join(' ', r.Tags.Select(static t => $"{t.Key}={t.Value.Text}")),
        }));

    /// <summary>The tags that say most in little room; a value that stands there already says nothing twice.</summary>
    public static IReadOnlyList<KeyValuePair<string, TagValue>> Telling(RunView run) =>
        [.. Show.MostTellingFirst(run.Tags).DistinctBy(static t => t.Value.Text).Take(3)];

    private async Task<string> MeantByAsync(string text, CancellationToken cancellationToken)
    {
        var visible = Viewer.MaySee(User);
        if (ShortKey.TryParse(text, out var key) && await runs.FindAsync(key, null, visible, cancellationToken) is not null)
        {
            return $"/runs/{text}";
        }
        // Several attempts are one run; several runs are for the reader to choose from.
        var named = (await runs.ListAsync(new() { Id = text, Limit = 20 }, visible, cancellationToken)).Items.Select(static r => r.Key).Distinct().ToList();
        return named is [var one] ? $"/runs/{one}"
            : $"/runs?{(named.Count > 1 || text.StartsWith("vstrace-", StringComparison.Ordinal) ? "id" : "q")}={Uri.EscapeDataString(text)}";
    }

    /// <summary>An address with the zone of this page's clock, as links have it.</summary>
    private string Zoned(string address) =>
        clock.IsLocal ? $"{address}{(address.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{Clock.Parameter}={Uri.EscapeDataString(clock.Zone.Id)}" : address;
}
