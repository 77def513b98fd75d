using ValueStream.Web.Pages.Shared;

namespace ValueStream.Server.Tests.Charts;

public sealed class DurationsTests
{
    [Theory]
    [InlineData(0, "0 s")]
    [InlineData(-3, "0 s")]
    [InlineData(0.0002, "<1 ms")]
    [InlineData(0.003, "3 ms")]
    [InlineData(0.9994, "999 ms")]
    [InlineData(0.9996, "1.0 s")]
    [InlineData(4.2, "4.2 s")]
    [InlineData(9.96, "10 s")]
    [InlineData(42, "42 s")]
    [InlineData(59.6, "1 m 00 s")]
    [InlineData(62, "1 m 02 s")]
    [InlineData(192, "3 m 12 s")]
    [InlineData(3599.6, "1 h 00 m")]
    [InlineData(7500, "2 h 05 m")]
    [InlineData(86399, "1 d 0 h")]
    [InlineData(273600, "3 d 4 h")]
    [InlineData(34560000, "400 d 0 h")]
    public void A_duration_is_said_in_two_units_and_never_rounds_to_sixty(double seconds, string text) =>
        Assert.Equal(text, Durations.Text(seconds));

    [Theory]
    [InlineData(0, "just now")]
    [InlineData(42, "42 s ago")]
    [InlineData(359, "5 min ago")]
    [InlineData(7200, "2 h ago")]
    [InlineData(90000, "1 d ago")]
    [InlineData(-180, "in 3 min")]
    [InlineData(2764800, "2026-09-12")]
    public void A_moment_is_said_from_now_and_as_a_date_after_a_month(double secondsAgo, string text) =>
        Assert.Equal(text, Durations.Ago(Traces.At(-secondsAgo), Traces.Zero));

    [Fact]
    public void Machines_read_the_moment_to_the_microsecond_in_UTC() =>
        Assert.Equal("2026-10-14T14:00:00.000001Z", Durations.Iso(Traces.Zero.AddMicroseconds(1).ToOffset(TimeSpan.FromHours(2))));
}
