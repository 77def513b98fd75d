using ValueStream.Store.Queries;

namespace ValueStream.Store.Tests.Queries;

/// <summary>How a window is cut.</summary>
public sealed class WindowTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 2, 12, 34, 0, TimeSpan.Zero);

    [Fact]
    public void The_day_on_which_clocks_go_back_has_twenty_five_hours()
    {
        var berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        var from = new DateTimeOffset(2025, 10, 24, 22, 0, 0, TimeSpan.Zero);

        Assert.Equal([24, 25, 24], Hours(Window.OfHours(from, from.AddHours(73), Now, berlin, TimeZoneInfo.Utc), Interval.Day));
        Assert.Equal([24, 25, 24], Hours(Window.OfDays(from, from.AddHours(73), Now, berlin), Interval.Day));
    }

    [Fact]
    public void In_a_zone_half_an_hour_from_the_hours_a_day_begins_with_the_first_hour_in_it()
    {
        var kolkata = TimeZoneInfo.FindSystemTimeZoneById("Asia/Kolkata");
        var from = new DateTimeOffset(2026, 2, 1, 12, 0, 0, TimeSpan.Zero);

        // 19:00 UTC is half past midnight there.
        Assert.Equal([7, 24, 5], Hours(Window.OfHours(from, from.AddHours(36), Now, kolkata, TimeZoneInfo.Utc), Interval.Day));
    }

    [Fact]
    public void Weeks_begin_on_monday_also_before_1970()
    {
        var monday = new DateTimeOffset(2026, 2, 9, 0, 0, 0, TimeSpan.Zero);

        var weeks = Window.OfDays(monday.AddDays(-1), monday.AddDays(8), Now, TimeZoneInfo.Utc).Steps(Interval.Week).ToList();

        Assert.Equal([monday.AddDays(-1), monday, monday.AddDays(7)], weeks.Select(static w => w.From));
        Assert.Equal(monday.AddDays(8), weeks[^1].To);
        var first = Window.OfDays(new(1970, 1, 1, 0, 0, 0, TimeSpan.Zero), new(1970, 1, 6, 0, 0, 0, TimeSpan.Zero), Now, TimeZoneInfo.Utc);
        Assert.Equal([96, 24], Hours(first, Interval.Week));
        Assert.Equal([48, 72], Hours(first.Previous, Interval.Week));
    }

    [Fact]
    public void Steps_and_the_previous_interval_join_without_gap_or_overlap()
    {
        var berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        foreach (var window in new[] { Window.OfHours(Now.AddDays(-40.3), Now, Now, berlin, TimeZoneInfo.Utc), Window.OfHours(Now.AddDays(-200.3), Now, Now, berlin, berlin) })
        {
            foreach (var interval in window.IsDays ? [Interval.Day, Interval.Week] : Enum.GetValues<Interval>())
            {
                var steps = window.Steps(interval).ToList();

                Assert.Equal((window.From, window.To), (steps[0].From, steps[^1].To));
                Assert.All(steps.Zip(steps.Skip(1)), static s => Assert.Equal(s.First.To, s.Second.From));
                Assert.All(steps, static s => Assert.True(s.Days > 0));
            }
            Assert.Equal(window.From, window.Previous.To);
            Assert.Equal(window.End - window.First, window.Previous.End - window.Previous.First);
        }
    }

    [Theory]
    [InlineData("2026-03-02T12:00Z", "2026-03-02T12:00Z", "to")]
    [InlineData("2026-03-02T12:00Z", "2026-03-01T12:00Z", "to")]
    [InlineData("2026-03-02T13:00Z", "2026-03-03T12:00Z", "from")]
    [InlineData("1969-12-31T23:00Z", "2026-03-02T12:00Z", "from")]
    [InlineData("0001-01-01T00:00Z", "9999-12-31T23:59Z", "from")]
    [InlineData("2001-03-02T12:00Z", "2026-03-02T12:00Z", "from")]
    public void A_window_that_cannot_be_is_refused_with_the_argument_to_change(string from, string to, string argument)
    {
        Window Ask() => Window.OfHours(DateTimeOffset.Parse(from, null), DateTimeOffset.Parse(to, null), Now, TimeZoneInfo.Utc, TimeZoneInfo.Utc);

        Assert.Equal(argument, Assert.Throws<BadArgumentException>(Ask).Argument);
    }

    private static IEnumerable<int> Hours(Window window, Interval interval) => window.Steps(interval).Select(static s => (int)(s.To - s.From).TotalHours);
}
