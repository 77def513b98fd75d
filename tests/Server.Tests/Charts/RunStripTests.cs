using ValueStream.Core.Events;
using ValueStream.Store.Queries;
using ValueStream.Web.Charts;

namespace ValueStream.Server.Tests.Charts;

public sealed class RunStripTests
{
    private static readonly TimeZoneInfo Berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");

    private static DateTimeOffset At(string time) => DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture);

    private static RunStrip Draw(string from, string to, TimeZoneInfo? zone = null, params (string At, Outcome? Outcome)[] ends) =>
        RunStrip.Of([.. ends.Select(static e => new RunEnd(At(e.At), e.Outcome))], At(from), At(to), zone ?? TimeZoneInfo.Utc);

    [Fact]
    public void Each_end_counts_in_the_bar_in_which_it_lies_by_what_it_came_to()
    {
        var strip = Draw("2026-10-14T10:30Z", "2026-10-15T10:30Z", null,
            ("2026-10-14T11:00Z", Outcome.Success), ("2026-10-14T11:59Z", Outcome.Timeout), ("2026-10-14T12:00Z", Outcome.Skip), ("2026-10-14T12:01Z", null));

        Assert.Equal("hour", strip.Step);
        Assert.Equal(25, strip.Bars.Count);
        Assert.Equal(At("2026-10-14T10:00Z"), strip.Bars[0].From);
        Assert.Equal(new StripBar(At("2026-10-14T11:00Z"), At("2026-10-14T12:00Z"), 1, 1, 0, 0), strip.Bars[1]);
        Assert.Equal(new StripBar(At("2026-10-14T12:00Z"), At("2026-10-14T13:00Z"), 0, 0, 1, 1), strip.Bars[2]);
        Assert.Equal(2, strip.Most);
    }

    [Theory]
    [InlineData("2026-10-14T10:00Z", "2026-10-14T10:00Z", "minute", 1)]
    [InlineData("2026-10-14T10:00Z", "2026-10-14T10:59Z", "minute", 59)]
    [InlineData("2026-10-14T10:00Z", "2026-10-14T11:00Z", "5 minutes", 12)]
    [InlineData("2026-10-14T10:00Z", "2026-10-21T10:00Z", "3 hours", 57)]
    [InlineData("2026-09-14T10:00Z", "2026-10-14T10:00Z", "day", 31)]
    [InlineData("2025-10-14T10:00Z", "2026-10-14T10:00Z", "week", 53)]
    [InlineData("1980-01-01T00:00Z", "2026-10-14T10:00Z", "52 weeks", 48)]
    public void Bars_are_as_short_as_leaves_no_more_than_sixty(string from, string to, string step, int bars)
    {
        var strip = Draw(from, to);

        Assert.Equal((step, bars), (strip.Step, strip.Bars.Count));
        Assert.True(strip.Bars[^1].To >= At(to));
        Assert.All(strip.Bars.Zip(strip.Bars.Skip(1)), static pair => Assert.Equal(pair.First.To, pair.Second.From));
    }

    [Fact]
    public void A_day_of_a_zone_begins_at_its_midnight_also_when_its_clock_was_changed()
    {
        var strip = Draw("2026-09-20T12:00Z", "2026-11-10T12:00Z", Berlin);

        Assert.All(strip.Bars, static b => Assert.Equal(0, TimeZoneInfo.ConvertTime(b.From, Berlin).Hour));
        Assert.Equal(TimeSpan.FromHours(25), strip.Bars.Single(static b => b.From == At("2026-10-24T22:00Z")) is var b ? b.To - b.From : default);
    }

    [Fact]
    public void Parts_of_a_day_keep_to_the_clock_when_it_is_changed()
    {
        var strip = Draw("2026-10-22T12:00Z", "2026-10-28T12:00Z", Berlin);

        Assert.Equal("3 hours", strip.Step);
        Assert.All(strip.Bars, static b => Assert.Equal(0, TimeZoneInfo.ConvertTime(b.From, Berlin).Hour % 3));
    }

    [Fact]
    public void What_ended_outside_counts_to_the_bar_next_to_it()
    {
        var strip = Draw("2026-10-14T10:00Z", "2026-10-14T10:30Z", null, ("2026-10-14T09:00Z", Outcome.Success), ("2026-10-14T12:00Z", Outcome.Failure));

        Assert.Equal((1, 1), (strip.Bars[0].Success, strip.Bars[^1].Failed));
    }
}
