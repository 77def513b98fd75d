using System.Globalization;
using Microsoft.AspNetCore.Html;
using ValueStream.Core.Wire;

namespace ValueStream.Web.Pages.Shared;

/// <summary>Numbers as pages write them, with what is to be thought of them.</summary>
internal static class Numbers
{
    /// <summary>A share: <c>2.1 %</c>, <c>14 %</c>; a dash where it is not known.</summary>
    public static string Percent(double? share) => share is not { } value ? "–"
        : (value * 100) switch
        {
            0 => "0 %",
            < 0.1 => "<0.1 %",
            < 9.95 and var few => few.ToString("0.#", CultureInfo.InvariantCulture) + " %",
            var many => many.ToString("0", CultureInfo.InvariantCulture) + " %",
        };

    /// <summary>A number of things that need not be whole: <c>0.4</c>, <c>12</c>, <c>1,204</c>.</summary>
    public static string Amount(double value) => value.ToString(value is > 0 and < 9.95 ? "0.#" : "n0", CultureInfo.InvariantCulture);

    /// <summary>A duration in seconds; a dash where it is not known.</summary>
    public static string Duration(double? seconds) => seconds is { } known ? Durations.Text(known) : "–";

    /// <summary>How a number changed: <c>▲ 18 %</c>, grey when it is noise or too few, with the test's p in the title.</summary>
    /// <param name="change">The change.</param>
    /// <param name="moreIsWorse">Whether a larger number is worse, as of durations and error rates; null where it is neither.</param>
    /// <param name="than">What it is compared with.</param>
    public static IHtmlContent Change(ChangeView change, bool? moreIsWorse, string than = "the interval before")
    {
        if (change.Verdict == "too few")
        {
            return new HtmlString("<span class=\"delta dim\" title=\"Too few runs to compare with " + than + "\">too few</span>");
        }
        if (change.Relative is not { } relative || change.Absolute is not { } absolute)
        {
            return change is { Absolute: > 0, Verdict: "change" }
                ? new HtmlString($"<span class=\"delta {(moreIsWorse is true ? "bad" : "")}\" title=\"None in {than}\"><span aria-hidden=\"true\">▲</span> new</span>")
                : HtmlString.Empty;
        }
        var isChange = change.Verdict == "change";
        var css = !isChange || moreIsWorse is null ? "dim" : absolute > 0 == moreIsWorse ? "bad" : "ok";
        var text = string.Create(CultureInfo.InvariantCulture, $"{Math.Abs(relative) * 100:0} %");
        var p = change.P is { } chance ? string.Create(CultureInfo.InvariantCulture, $", p = {chance:0.###}") : "";
        return new HtmlString($"<span class=\"delta {css}\" title=\"{(isChange ? "A change" : "Noise")} against {than}{p}\">"
            + $"<span aria-hidden=\"true\">{(absolute > 0 ? "▲" : absolute < 0 ? "▼" : "=")}</span>"
            + $"<span class=\"vh\">{(absolute > 0 ? "more by" : absolute < 0 ? "less by" : "the same,")}</span> {text}{(isChange ? "" : "<span class=\"vh\"> (noise)</span>")}</span>");
    }
}
