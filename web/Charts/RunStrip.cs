using ValueStream.Core.Events;
using ValueStream.Store.Queries;

namespace ValueStream.Web.Charts;

/// <summary>How many runs ended in a stretch of time, by what they came to.</summary>
/// <param name="From">Where it begins.</param>
/// <param name="To">Where it ends.</param>
/// <param name="Success">Successes.</param>
/// <param name="Failed">Failures, errors and timeouts.</param>
/// <param name="Abandoned">Those of which nothing was heard any more.</param>
/// <param name="Other">Cancelled and skipped ones.</param>
internal sealed record StripBar(DateTimeOffset From, DateTimeOffset To, int Success, int Failed, int Abandoned, int Other)
{
    /// <summary>All of them.</summary>
    public int Total => Success + Failed + Abandoned + Other;
}

/// <summary>Runs over time, in bars at round times of a zone's clock: pure numbers.</summary>
internal sealed record RunStrip
{
    /// <summary>How many bars there are at most.</summary>
    public const int MostBars = 60;

    private static readonly (TimeSpan Length, string Name)[] Steps =
    [
        (TimeSpan.FromMinutes(1), "minute"), (TimeSpan.FromMinutes(5), "5 minutes"), (TimeSpan.FromMinutes(15), "15 minutes"),
        (TimeSpan.FromHours(1), "hour"), (TimeSpan.FromHours(3), "3 hours"), (TimeSpan.FromHours(6), "6 hours"), (TimeSpan.FromHours(12), "12 hours"),
        (TimeSpan.FromDays(1), "day"), (TimeSpan.FromDays(7), "week"), (TimeSpan.FromDays(28), "4 weeks"), (TimeSpan.FromDays(364), "52 weeks"),
    ];

    /// <summary>Longer steps begin at round times of the clock also when it was changed between.</summary>
    private static readonly TimeSpan ByTheClock = TimeSpan.FromHours(3);

    /// <summary>The bars, the oldest first, without a gap.</summary>
    public required IReadOnlyList<StripBar> Bars { get; init; }

    /// <summary>What a bar stands for: <c>hour</c>.</summary>
    public required string Step { get; init; }

    /// <summary>Whether a bar is a day or more.</summary>
    public required bool IsDays { get; init; }

    /// <summary>The highest bar's number.</summary>
    public int Most => Bars.Max(static b => b.Total);

    /// <summary>Computes it.</summary>
    /// <param name="ends">What is counted; what ended outside from..to counts to the bar next to it.</param>
    /// <param name="from">Where the axis begins.</param>
    /// <param name="to">Where it ends.</param>
    /// <param name="zone">Whose clock.</param>
    public static RunStrip Of(IReadOnlyList<RunEnd> ends, DateTimeOffset from, DateTimeOffset to, TimeZoneInfo zone)
    {
        to = to > from ? to : from.AddMinutes(1);
        // One bar more than fit, because the first begins before from.
        var (step, name) = Steps.FirstOrDefault(s => (to - from) / s.Length <= MostBars - 1, Steps[^1]);
        var edges = new List<DateTimeOffset> { Floor(from) };
        while (edges[^1] < to && edges.Count <= MostBars)
        {
            // A day of a zone is not always as long as the next: what is a little more than a step later lies in the next one.
            edges.Add(step < ByTheClock ? edges[^1] + step : Floor(edges[^1] + step + TimeSpan.FromHours(1)));
        }
        var counts = new int[edges.Count - 1, 4];
        foreach (var end in ends)
        {
            var at = edges.BinarySearch(end.At);
            counts[Math.Clamp(at < 0 ? ~at - 1 : at, 0, edges.Count - 2), Kind(end.Outcome)]++;
        }
        return new()
        {
            Bars = [.. Enumerable.Range(0, edges.Count - 1).Select(i => new StripBar(edges[i], edges[i + 1], counts[i, 0], counts[i, 1], counts[i, 2], counts[i, 3]))],
            Step = name,
            IsDays = step >= TimeSpan.FromDays(1),
        };

        DateTimeOffset Floor(DateTimeOffset at)
        {
            var local = TimeZoneInfo.ConvertTime(at, zone);
            // The calendar's first day was a Monday, and so is every week's.
            var floor = new DateTime(local.Ticks - (local.Ticks % step.Ticks));
            return new DateTimeOffset(floor, step < ByTheClock ? local.Offset : zone.GetUtcOffset(floor)).ToUniversalTime();
        }
    }

    private static int Kind(Outcome? outcome) => outcome switch
    {
        Outcome.Success => 0,
        Outcome.Failure or Outcome.Error or Outcome.Timeout => 1,
        null => 2,
        _ => 3,
    };
}
