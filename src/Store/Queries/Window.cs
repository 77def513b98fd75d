using ValueStream.Core.Wire;
using ValueStream.Store.Projections;

namespace ValueStream.Store.Queries;

/// <summary>Into what steps a window is cut.</summary>
public enum Interval
{
    /// <summary>UTC hours.</summary>
    Hour,

    /// <summary>Days of a zone.</summary>
    Day,

    /// <summary>Weeks from Monday to Sunday.</summary>
    Week,
}

/// <summary>An argument that only the query itself can judge is wrong.</summary>
/// <param name="argument">Which one.</param>
/// <param name="what">What is wrong and what to do.</param>
public sealed class BadArgumentException(string argument, string what) : Exception(what)
{
    /// <summary>Which argument.</summary>
    public string Argument => argument;
}

/// <summary>
/// A window of numbers: stored hours from <see cref="First"/> to before <see cref="End"/>, or stored days. Its edges are what was asked
/// for, snapped outward; never later than the hour that has begun, for nothing is known of later ones.
/// </summary>
/// <param name="First">The first hour or day.</param>
/// <param name="End">The one after the last.</param>
/// <param name="Zone">Whose days and weeks are meant; of days, the reporting zone.</param>
/// <param name="IsDays">Whether it is days that are stored.</param>
/// <param name="Limit">Where the hour ends that has begun.</param>
internal sealed record Window(int First, int End, TimeZoneInfo Zone, bool IsDays, DateTimeOffset Limit)
{
    /// <summary>Longer windows are put together from days.</summary>
    public const int MostDaysOfHours = 92;

    private const int MostDays = 3_660;

    public DateTimeOffset From => At(First);

    public DateTimeOffset To => At(End);

    /// <summary>Its length in days of 24 hours.</summary>
    public double Days => (To - From).TotalDays;

    /// <summary>As many hours or days before it.</summary>
    public Window Previous => this with { First = First - (End - First), End = First };

    public WindowView View => new(From, To, Zone.Id);

    /// <summary>Where a window ends: as asked for, else with the hour that has begun.</summary>
    /// <exception cref="BadArgumentException">It ends before 1970.</exception>
    public static DateTimeOffset EndOf(DateTimeOffset? to, DateTimeOffset now) =>
        to is not { } end ? LimitAt(now) : end.Year >= 1970 ? end : throw new BadArgumentException("to", "It must be in 1970 or later.");

    /// <summary>A window in hours, or in days of the reporting zone where it is long.</summary>
    /// <exception cref="BadArgumentException">There is no such window.</exception>
    public static Window OfHours(DateTimeOffset from, DateTimeOffset to, DateTimeOffset now, TimeZoneInfo zone, TimeZoneInfo reporting)
    {
        to = Check(from, to, now, MostDays);
        if ((to - from).TotalDays <= MostDaysOfHours)
        {
            return new(RollupSeries.Hour(from), RollupSeries.Hour(UpToHour(to)), zone, false, LimitAt(now));
        }
        return zone.Id == reporting.Id ? OfDays(from, to, now, reporting, MostDays)
            : throw new BadArgumentException("zone", $"More than {MostDaysOfHours} days are known in days of {reporting.Id} only. Leave the zone out, or ask for a shorter window.");
    }

    /// <summary>A window in whole days of the reporting zone.</summary>
    /// <exception cref="BadArgumentException">There is no such window.</exception>
    public static Window OfDays(DateTimeOffset from, DateTimeOffset to, DateTimeOffset now, TimeZoneInfo reporting, int mostDays = MostDaysOfHours)
    {
        to = Check(from, to, now, mostDays);
        return new(RollupSeries.Day(from, reporting), RollupSeries.Day(to.AddTicks(-1), reporting) + 1, reporting, true, LimitAt(now));
    }

    /// <summary>
    /// What is to be read of it when nobody asks by the hour: days of the reporting zone, where they lie in it whole, in place of their hours.
    /// Hours alone where days are those of another zone, or begin within an hour.
    /// </summary>
    /// <param name="reporting">The reporting zone.</param>
    public (IReadOnlyList<int> Hours, IReadOnlyList<int> Days) Parts(TimeZoneInfo reporting)
    {
        if (IsDays)
        {
            return ([], [.. Enumerable.Range(First, End - First)]);
        }
        var first = RollupSeries.Day(RollupSeries.HourAt(First), reporting);
        first += RollupSeries.DayAt(first, reporting) < RollupSeries.HourAt(First) ? 1 : 0;
        var end = RollupSeries.Day(RollupSeries.HourAt(End), reporting);
        if (Zone.Id != reporting.Id || end <= first
            || Enumerable.Range(first, end - first + 1).Any(day => RollupSeries.DayAt(day, reporting).Ticks % TimeSpan.TicksPerHour != 0))
        {
            return ([.. Enumerable.Range(First, End - First)], []);
        }
        var (from, to) = (HourOf(first), HourOf(end));
        return ([.. Enumerable.Range(First, from - First), .. Enumerable.Range(to, End - to)], [.. Enumerable.Range(first, end - first)]);

        int HourOf(int day) => RollupSeries.Hour(RollupSeries.DayAt(day, reporting));
    }

    /// <summary>Its steps, the first and the last perhaps cut off by the window's edges.</summary>
    /// <exception cref="BadArgumentException">Days are asked for by hours.</exception>
    public IEnumerable<Window> Steps(Interval interval)
    {
        if (IsDays && interval == Interval.Hour)
        {
            throw new BadArgumentException("interval", $"Hours are for up to {MostDaysOfHours} days. Ask for day or week, or for a shorter window.");
        }
        return Cut();

        IEnumerable<Window> Cut()
        {
            var first = First;
            for (var at = First + 1; at <= End; at++)
            {
                if (at == End || StepOf(at, interval) != StepOf(first, interval))
                {
                    yield return this with { First = first, End = at };
                    first = at;
                }
            }
        }
    }

    private int StepOf(int at, Interval interval) =>
        interval == Interval.Hour ? at
        // An hour belongs to the day in which it begins: in zones that are not whole hours from UTC, a day begins up to an hour late.
        : (IsDays ? at : RollupSeries.Day(RollupSeries.HourAt(at), Zone)) is var day && interval == Interval.Day ? day
        // 1970 began on a Thursday.
        : (int)Math.Floor((day + 3) / 7.0);

    private DateTimeOffset At(int at) => (IsDays ? RollupSeries.DayAt(at, Zone) : RollupSeries.HourAt(at)) is var time && time < Limit ? time : Limit;

    /// <summary>The end of the hour that has begun: no window reaches further.</summary>
    private static DateTimeOffset LimitAt(DateTimeOffset now) => RollupSeries.HourAt(RollupSeries.Hour(now) + 1);

    private static DateTimeOffset UpToHour(DateTimeOffset time) => RollupSeries.HourAt(RollupSeries.Hour(time.AddHours(1).AddMicroseconds(-1)));

    /// <returns>The window's end, no later than the hour that has begun.</returns>
    private static DateTimeOffset Check(DateTimeOffset from, DateTimeOffset to, DateTimeOffset now, int mostDays)
    {
        var limit = LimitAt(now);
        if (from.Year < 1970)
        {
            throw new BadArgumentException("from", "It must be in 1970 or later.");
        }
        if (to <= from)
        {
            throw new BadArgumentException("to", "It must be later than 'from'.");
        }
        if (from >= limit)
        {
            throw new BadArgumentException("from", "It must not be in the future.");
        }
        to = to < limit ? to : limit;
        return (to - from).TotalDays <= mostDays ? to : throw new BadArgumentException("from", $"The window must not be longer than {mostDays:N0} days.");
    }
}
