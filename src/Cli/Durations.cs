using System.Buffers;
using System.Globalization;

namespace ValueStream.Cli;

/// <summary>Lengths of time as people write and read them.</summary>
internal static class Durations
{
    /// <summary>The longest that is read, in seconds: a hundred years, for beyond that times overflow.</summary>
    public const double Longest = 100 * 366 * 86400.0;

    private static readonly (string Unit, double Seconds)[] Units =
        [("ms", .001), ("s", 1), ("min", 60), ("m", 60), ("h", 3600), ("d", 86400), ("w", 604800)];

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    /// <summary>Seconds of <c>90</c>, <c>90s</c>, <c>5m</c>, <c>1h30m</c>, <c>2.5d</c>, <c>1w</c>; null when it is none of these, or longer than a hundred years.</summary>
    public static double? Parse(ReadOnlySpan<char> text)
    {
        double sum = 0;
        for (var isFirst = true; isFirst || !text.IsEmpty; isFirst = false)
        {
            var digits = text.IndexOfAnyExcept(Digits);
            digits = digits < 0 ? text.Length : digits;
            if (!double.TryParse(text[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            {
                return null;
            }
            text = text[digits..];
            if (text.IsEmpty)
            {
                // A number alone is seconds, but not after a unit.
                return isFirst && number <= Longest ? number : null;
            }
            var letters = text.IndexOfAnyExceptInRange('a', 'z');
            var word = letters < 0 ? text : text[..letters];
            var unit = 0d;
            foreach (var (name, seconds) in Units)
            {
                unit = word.SequenceEqual(name) ? seconds : unit;
            }
            sum += number * unit;
            if (unit == 0 || sum > Longest)
            {
                return null;
            }
            text = text[word.Length..];
        }
        return sum;
    }

    /// <summary>A moment: a time in ISO 8601 (UTC where it names no offset), or how long ago; null when it is neither.</summary>
    public static DateTimeOffset? Moment(string text, DateTimeOffset now) =>
        Parse(text) is { } ago && !double.TryParse(text, CultureInfo.InvariantCulture, out _) ? now - TimeSpan.FromSeconds(ago)
        : Time(text);

    /// <summary>A time in ISO 8601, UTC where it names no offset; null when it is none.</summary>
    public static DateTimeOffset? Time(string text) =>
        text.Length >= "2026-03-02".Length && text[4] == '-'
        && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    /// <summary>Seconds as a short text: <c>0.25 s</c>, <c>41 s</c>, <c>2 min 5 s</c>, <c>3 d 4 h</c>.</summary>
    public static string Text(double seconds)
    {
        var rounded = Math.Round(Math.Abs(seconds));
        var text = Math.Abs(seconds) < 9.95 ? string.Create(CultureInfo.InvariantCulture, $"{Math.Abs(seconds):0.##} s")
            : rounded < 60 ? string.Create(CultureInfo.InvariantCulture, $"{rounded} s")
            : rounded < 3600 ? Two(rounded, 60, "min", 1, "s")
            : rounded < 86400 ? Two(rounded, 3600, "h", 60, "min")
            : Two(rounded, 86400, "d", 3600, "h");
        return seconds < 0 && text != "0 s" ? "-" + text : text;
    }

    /// <summary>A time as tables show it, in UTC.</summary>
    public static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>A time as data has it: ISO 8601, in UTC.</summary>
    public static string Iso(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture);

    private static string Two(double seconds, int large, string name, int small, string less)
    {
        var (first, second) = (Math.Floor(seconds / large), Math.Floor(seconds % large / small));
        return string.Create(CultureInfo.InvariantCulture, $"{first} {name}{(second > 0 ? $" {second} {less}" : "")}");
    }
}
