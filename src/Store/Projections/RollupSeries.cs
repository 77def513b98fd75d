namespace ValueStream.Store.Projections;

/// <summary>The series in which an operation's runs are added up. The numbers are stored; a change needs a new <see cref="RunsProjection.Version"/>.</summary>
internal static class RollupSeries
{
    /// <summary>All runs by UTC hour.</summary>
    public const short Hours = 0;

    /// <summary>All runs by day of the reporting zone, with who ran them, where and from what.</summary>
    public const short Days = 1;

    /// <summary>The tags by whose values runs are added up too, each a series by day, from 2 on.</summary>
    public static readonly string[] Dimensions =
        ["service", "deployment.environment.name", "host.name", UserName, "vcs.repository.name", "vcs.ref.head.name"];

    /// <summary>The tag of whoever ran it.</summary>
    public const string UserName = "user.name";

    /// <summary>The tag of where it ran.</summary>
    public const string HostName = "host.name";

    /// <summary>The tags that say from which script or image it ran.</summary>
    public static readonly string[] Digests = ["oci.manifest.digest", "container.image.id", "process.executable.build_id.htlhash"];

    /// <summary>The series of a dimension; null where runs are not added up by the tag.</summary>
    public static short? Of(string tag) => Array.IndexOf(Dimensions, tag) is >= 0 and var i ? (short)(i + 2) : null;

    /// <summary>Hours since 1970 UTC.</summary>
    public static int Hour(DateTimeOffset at)
    {
        var (hours, rest) = Math.DivRem((at - DateTimeOffset.UnixEpoch).Ticks, TimeSpan.TicksPerHour);
        return (int)(rest < 0 ? hours - 1 : hours);
    }

    /// <summary>When an hour begins.</summary>
    public static DateTimeOffset HourAt(int hour) => DateTimeOffset.UnixEpoch.AddHours(hour);

    /// <summary>Days since 1970 on the calendar of a zone.</summary>
    public static int Day(DateTimeOffset at, TimeZoneInfo zone) =>
        DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(at, zone).DateTime).DayNumber - Epoch;

    /// <summary>When a day of a zone begins.</summary>
    public static DateTimeOffset DayAt(int day, TimeZoneInfo zone)
    {
        var midnight = DateOnly.FromDayNumber(day + Epoch).ToDateTime(TimeOnly.MinValue);
        // Where clocks go forward at midnight, the day begins when they have.
        while (zone.IsInvalidTime(midnight))
        {
            midnight = midnight.AddMinutes(15);
        }
        return new DateTimeOffset(midnight, zone.GetUtcOffset(midnight)).ToUniversalTime();
    }

    private static readonly int Epoch = new DateOnly(1970, 1, 1).DayNumber;
}

/// <summary>Which rollup a share goes to.</summary>
/// <param name="Series">One of <see cref="RollupSeries"/>.</param>
/// <param name="At">Its hour or day.</param>
/// <param name="Operation">The operation's key.</param>
/// <param name="Tag">The tag's id; 0 in the series of all runs.</param>
internal readonly record struct RollupKey(short Series, int At, long Operation, long Tag);
