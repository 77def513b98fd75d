using System.Globalization;
using ValueStream.Core.Wire;
using ValueStream.Web.Pages.Shared;

namespace ValueStream.Web.Charts;

/// <summary>A step of a trend.</summary>
/// <param name="Label">What stands below it.</param>
/// <param name="Numbers">Its numbers.</param>
/// <param name="Before">The step of the interval before that it is compared with; null where that has no such step.</param>
internal sealed record TrendStep(string Label, StepView Numbers, StepView? Before);

/// <summary>An axis of durations: from zero, in equal steps.</summary>
/// <param name="Step">Seconds from one mark to the next.</param>
/// <param name="Texts">What stands at the marks, zero first.</param>
internal sealed record DurationAxis(double Step, IReadOnlyList<string> Texts);

/// <summary>What is drawn of an operation's numbers over time.</summary>
internal static class TrendChart
{
    private const int Marks = 6;

    /// <summary>Into what steps a window is cut: about as many as can be told apart.</summary>
    public static string Interval(TimeSpan window) => window.TotalDays <= 3 ? "hour" : window.TotalDays <= 92 ? "day" : "week";

    /// <summary>The steps, each beside that of the interval before: the last ones are compared with each other, for both intervals may be cut differently at their beginning.</summary>
    public static IReadOnlyList<TrendStep> Steps(MetricsView metrics, string interval, Clock clock)
    {
        var ahead = metrics.PreviousSeries.Count - metrics.Series.Count;
        var format = interval == "hour" ? "d MMM HH:mm" : "d MMM";
        return [.. metrics.Series.Select((step, i) => new TrendStep(
            clock.Local(step.At).ToString(format, CultureInfo.InvariantCulture), step, metrics.PreviousSeries.ElementAtOrDefault(i + ahead)))];
    }

    /// <summary>An axis that reaches over the longest duration that is drawn.</summary>
    public static DurationAxis Axis(IEnumerable<TrendStep> steps)
    {
        var longest = steps.Max(static s => Math.Max(s.Numbers.Duration.P95 ?? 0, s.Before?.Duration.P50 ?? 0));
        if (longest <= 0)
        {
            return new(1, ["0", "1 s"]);
        }
        // Marks end before the axis does; one more lies beyond the longest.
        var length = longest;
        var marks = Ruler.Of(TimeSpan.FromSeconds(length), Marks);
        var step = marks.Count > 1 ? marks[1].X / 100 * length : length;
        var count = (int)Math.Ceiling(longest / step - 1e-9);
        return new(step, [.. Enumerable.Range(0, count + 1).Select(i => i == 0 ? "0" : Ruler.Round(i * step))]);
    }
}
