using ValueStream.Web.Pages.Shared;

namespace ValueStream.Web.Charts;

/// <summary>A mark on a time axis.</summary>
/// <param name="X">Where, in percent of the axis.</param>
/// <param name="Text">How long after the axis begins.</param>
internal sealed record Tick(double X, string Text);

/// <summary>Time axes with marks at round durations.</summary>
internal static class Ruler
{
    private static readonly double[] Steps =
    [
        .001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800,
        3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 1209600, 2419200,
    ];

    /// <summary>Marks from zero on, at the smallest round step that gives at most so many.</summary>
    /// <param name="length">What the axis spans.</param>
    /// <param name="most">How many marks at most, zero included.</param>
    public static List<Tick> Of(TimeSpan length, int most)
    {
        var seconds = length.TotalSeconds;
        if (seconds <= 0)
        {
            return [new(0, "0")];
        }
        var step = Steps.FirstOrDefault(s => seconds / s < most);
        for (var weeks = Steps[^1]; step == 0; weeks *= 2)
        {
            step = seconds / weeks < most ? weeks : 0;
        }
        // A mark in the last twentieth would have its text outside.
        return [.. Enumerable.Range(0, most).Select(i => i * step).TakeWhile(at => at <= seconds * .95)
            .Select(at => new Tick(at / seconds * 100, at == 0 ? "0" : Round(at)))];
    }

    /// <summary>A round duration without its zeros: <c>2 h</c>, not <c>2 h 00 m</c>.</summary>
    public static string Round(double seconds)
    {
        var text = Durations.Text(Math.Round(seconds, 3));
        return text.EndsWith(" 00 s", StringComparison.Ordinal) || text.EndsWith(" 00 m", StringComparison.Ordinal) ? text[..^5]
            : text.EndsWith(" 0 h", StringComparison.Ordinal) ? text[..^4]
            : text.Replace(".0 s", " s", StringComparison.Ordinal);
    }
}
