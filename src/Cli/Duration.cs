using System.Buffers;
using System.Globalization;

namespace ValueStream.Cli;

/// <summary>Durations as people write them.</summary>
internal static class Duration
{
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    private static readonly TimeSpan Longest = TimeSpan.FromDays(365);

    /// <summary>
    /// Reads <c>90s</c>, <c>5m</c>, <c>1h30m</c>, <c>1.5h</c>, <c>500ms</c> or plain seconds, up to a year; null when it is none of these.
    /// </summary>
    public static TimeSpan? Parse(string text)
    {
        if (Number(text) is { } seconds)
        {
            return Within(seconds);
        }
        var sum = 0.0;
        for (var rest = text.AsSpan(); rest.Length > 0;)
        {
            var digits = rest.IndexOfAnyExcept(Digits);
            if (digits <= 0 || Number(rest[..digits]) is not { } number)
            {
                return null;
            }
            rest = rest[digits..];
            var letters = rest.IndexOfAny(Digits);
            var unit = letters < 0 ? rest : rest[..letters];
            sum += unit switch
            {
                "ms" => number / 1000,
                "s" => number,
                "m" => number * 60,
                "h" => number * 3600,
                "d" => number * 86400,
                _ => double.NaN,
            };
            rest = rest[unit.Length..];
        }
        return text.Length > 0 ? Within(sum) : null;
    }

    private static double? Number(ReadOnlySpan<char> text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static TimeSpan? Within(double seconds) => seconds >= 0 && seconds <= Longest.TotalSeconds ? TimeSpan.FromSeconds(seconds) : null;
}
