using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Html;

namespace ValueStream.Web.Charts;

/// <summary>Bars in the height of a line of text, drawn by the server.</summary>
internal static class Sparkline
{
    private const int Height = 18;

    /// <summary>A bar for each step, with its failed part at the foot; steps without a run are a dot's height of nothing.</summary>
    /// <param name="finished">How many finished in each step.</param>
    /// <param name="failed">How many of them failed.</param>
    /// <param name="step">What a step is: <c>day</c>.</param>
    public static IHtmlContent Bars(IReadOnlyList<long> finished, IReadOnlyList<long> failed, string step)
    {
        var most = Math.Max(1, finished.DefaultIfEmpty().Max());
        var width = finished.Count > 40 ? 2 : 4;
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg class=\"spark\" width=\"{finished.Count * width}\" height=\"{Height}\" role=\"img\"><title>");
        svg.Append(CultureInfo.InvariantCulture, $"{finished.Sum():n0} finished, {failed.Sum():n0} failed; by {step}, at most {finished.DefaultIfEmpty().Max():n0}</title>");
        Series("", finished);
        Series(" class=\"bad\"", failed);
        return new HtmlString(svg.Append("</svg>").ToString());

        // One shape for all its bars: a page has thousands of them, and a browser lays each element out by itself.
        void Series(string look, IReadOnlyList<long> counts)
        {
            if (counts.All(static c => c == 0))
            {
                return;
            }
            svg.Append(CultureInfo.InvariantCulture, $"<path{look} d=\"");
            for (var i = 0; i < counts.Count; i++)
            {
                if (Tall(counts[i]) is var tall and > 0)
                {
                    svg.Append(CultureInfo.InvariantCulture, $"M{i * width} {Height}v-{tall}h{width - 1}v{tall}z");
                }
            }
            svg.Append("\"/>");
        }

        // One of a thousand is still seen.
        int Tall(long count) => count == 0 ? 0 : Math.Max(1, (int)Math.Round((double)count / most * Height));
    }
}
