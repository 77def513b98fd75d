using Microsoft.AspNetCore.Html;
using ValueStream.Core.Wire;
using ValueStream.Web.Pages.Shared;

namespace ValueStream.Web.Pages.Operations;

/// <summary>Addresses of what is behind numbers.</summary>
internal static class Links
{
    /// <summary>The runs of an operation that ended in a window, and that run.</summary>
    /// <param name="operation">Its key.</param>
    /// <param name="window">The window, by its true edges.</param>
    /// <param name="more">What else is asked of them.</param>
    public static string Runs(string operation, WindowView window, params IEnumerable<(string Name, string Value)> more) =>
        Here.To("/runs", [("operation", operation), ("from", Durations.Iso(window.From)), ("to", Durations.Iso(window.To)), .. more]);

    /// <summary>A window's edges in words: <c>1 Nov 00:00 UTC to today 16:00 UTC</c>.</summary>
    public static IHtmlContent Edges(Clock clock, WindowView window)
    {
        var text = new HtmlContentBuilder();
        return text.AppendHtml(Edge(clock, window.From)).Append(" to ").AppendHtml(Edge(clock, window.To));
    }

    private static IHtmlContent Edge(Clock clock, DateTimeOffset at) =>
        clock.Time(at, (clock.Local(at).Date == clock.Local(clock.Now).Date ? "today " : "") + clock.Minute(at));

    /// <summary>Rows in their order, those together that follow each other with the same value; all together where they have none.</summary>
    public static IEnumerable<IReadOnlyList<OperationView>> Chunked(this IReadOnlyList<OperationView> rows, Func<OperationView, string?> of)
    {
        for (var first = 0; first < rows.Count;)
        {
            var value = of(rows[first]);
            IReadOnlyList<OperationView> chunk = [.. rows.Skip(first).TakeWhile(r => of(r) == value)];
            yield return chunk;
            first += chunk.Count;
        }
    }
}
