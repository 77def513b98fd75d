using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Store.Queries;
using ValueStream.Web.Pages.Shared;

namespace ValueStream.Web.Pages.Runs;

/// <summary>Runs: what ran, newest first, by anything that is known of it.</summary>
internal sealed class IndexModel(RunQueries runs) : PageModel
{
    /// <summary>What the address asks for.</summary>
    public RunSearch Search { get; private set; } = null!;

    /// <summary>The answer.</summary>
    public ListView<RunView> Runs { get; private set; } = null!;

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
    /// <param name="cancellationToken">The request's end.</param>
    public async Task<IActionResult> OnGetAsync(string? find, CancellationToken cancellationToken)
    {
        if (find?.Trim() is { Length: > 0 } text)
        {
            return Redirect(await MeantByAsync(text, cancellationToken));
        }
        Search = RunSearch.Of(Request.Query);
        IsFragment = Request.Query.ContainsKey("fragment");
        try
        {
            Runs = await runs.ListAsync(Search.Filter, Viewer.MaySee(User), cancellationToken);
        }
        catch (BadCursorException)
        {
            return Redirect(Search.With("cursor", null));
        }
        return Page();
    }

    /// <summary>The tags that say most in little room; a value that stands there already says nothing twice.</summary>
    public static IReadOnlyList<KeyValuePair<string, TagValue>> Telling(RunView run) =>
        [.. Show.MostTellingFirst(run.Tags).DistinctBy(static t => t.Value.Text).Take(3)];

    private async Task<string> MeantByAsync(string text, CancellationToken cancellationToken)
    {
        if (ShortKey.TryParse(text, out var key) && await runs.FindAsync(key, null, Viewer.MaySee(User), cancellationToken) is not null)
        {
            return $"/runs/{text}";
        }
        var field = text.StartsWith("vstrace-", StringComparison.Ordinal) ? "id" : "name";
        return $"/runs?{field}={Uri.EscapeDataString(text)}";
    }
}
