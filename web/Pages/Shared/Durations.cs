using System.Globalization;

namespace ValueStream.Web.Pages.Shared;

/// <summary>Durations and times as people say them.</summary>
internal static class Durations
{
    /// <summary>A duration to two units at most: <c>340 ms</c>, <c>4.2 s</c>, <c>42 s</c>, <c>3 m 12 s</c>, <c>2 h 05 m</c>, <c>3 d 4 h</c>.
    /// The limits lie where rounding would carry into the next unit.</summary>
    public static string Text(TimeSpan duration)
    {
        var seconds = duration.TotalSeconds;
        return seconds switch
        {
            <= 0 => "0 s",
            < 0.001 => "<1 ms",
            < 0.9995 => Invariant($"{seconds * 1000:0} ms"),
            < 9.95 => Invariant($"{seconds:0.0} s"),
            < 59.5 => Invariant($"{seconds:0} s"),
            < 3_599.5 => Units(Rounded(seconds), 60, "m", "s"),
            < 86_370 => Units(Rounded(seconds / 60), 60, "h", "m"),
            _ => Rounded(seconds / 3_600) is var hours ? Invariant($"{hours / 24} d {hours % 24} h") : "",
        };
    }

    /// <summary>A duration in seconds, as <see cref="Text(TimeSpan)"/>.</summary>
    public static string Text(double seconds) => Text(TimeSpan.FromSeconds(seconds));

    /// <summary>The exact value, for a title: seconds with every digit that is known.</summary>
    public static string Exact(TimeSpan duration) => Invariant($"{duration.TotalSeconds:0.######} s");

    /// <summary>A moment seen from another: <c>6 min ago</c>, <c>in 3 min</c>; when it is over 30 days away the date, as the moment's own offset has it.</summary>
    public static string Ago(DateTimeOffset at, DateTimeOffset now)
    {
        var past = at <= now;
        var away = (now - at).Duration();
        var text = away.TotalSeconds switch
        {
            < 5 => null,
            < 60 => Invariant($"{Math.Floor(away.TotalSeconds):0} s"),
            < 3_600 => Invariant($"{Math.Floor(away.TotalMinutes):0} min"),
            < 86_400 => Invariant($"{Math.Floor(away.TotalHours):0} h"),
            _ => Invariant($"{Math.Floor(away.TotalDays):0} d"),
        };
        return away.TotalDays > 30 ? Invariant($"{at:yyyy-MM-dd}")
            : text is null ? "just now"
            : past ? text + " ago"
            : "in " + text;
    }

    /// <summary>A moment as machines read it.</summary>
    public static string Iso(DateTimeOffset at) => Invariant($"{at.UtcDateTime:yyyy-MM-ddTHH:mm:ss.FFFFFFZ}");

    private static long Rounded(double value) => (long)Math.Round(value, MidpointRounding.AwayFromZero);

    private static string Units(long total, long per, string major, string minor) =>
        Invariant($"{total / per} {major} {total % per:00} {minor}");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
