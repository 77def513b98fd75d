using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using ValueStream.Web.Pages.Shared;

namespace ValueStream.Server.Tests.Charts;

public sealed class ClockTests
{
    [Fact]
    public void A_time_has_as_much_of_the_date_as_differs_from_todays()
    {
        Assert.Equal("14:00 UTC", At(Traces.At(60)).Minute(Traces.Zero));
        Assert.Equal("12 Oct 14:00 UTC", At(Traces.Zero).Minute(Traces.Zero.AddDays(-2)));
        Assert.Equal("2025-10-14 14:00 UTC", At(Traces.Zero).Minute(Traces.Zero.AddYears(-1)));
    }

    [Fact]
    public void A_zone_in_the_address_is_that_of_every_time()
    {
        var clock = At(Traces.Zero, "Europe/Berlin");
        Assert.Equal(("Europe/Berlin", true), (clock.Name, clock.IsLocal));
        Assert.Equal("16:00", clock.Minute(Traces.Zero));
        Assert.Equal("2026-10-14 16:00:00 +02:00", clock.Absolute(Traces.Zero));
        Assert.Equal(Traces.Zero, clock.Meant(new DateTime(2026, 10, 14, 16, 0, 0)));
    }

    [Theory]
    [InlineData("Nowhere/Land")]
    [InlineData("../etc/passwd")]
    [InlineData("UTC")]
    [InlineData("")]
    public void Whatever_is_no_other_zone_is_UTC(string zone) => Assert.Equal(("UTC", false), (At(Traces.Zero, zone).Name, At(Traces.Zero, zone).IsLocal));

    [Theory]
    [InlineData("period=7d", "the last 7 d", 7 * 24, null)]
    [InlineData("", "the last 28 d", 28 * 24, null)]
    [InlineData("period=3w", "the last 28 d", 28 * 24, "“period” is one of")]
    [InlineData("from=2026-10-13T16:00&to=2026-10-14T04:00", "13 Oct 16:00 UTC to 04:00 UTC", 12, null)]
    [InlineData("from=2026-10-13T16:00:00Z", "13 Oct 16:00 UTC to 14:00 UTC", 22, null)]
    [InlineData("from=2026-10-15", "the last 28 d", 28 * 24, "“from” must be before “to”")]
    [InlineData("to=soon", "the last 28 d", 28 * 24, "“from” and “to” are times")]
    public void A_period_is_a_length_up_to_now_or_from_and_to(string query, string text, double hours, string? problem)
    {
        var clock = At(Traces.Zero);
        var period = Period.Of(new QueryCollection(Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(query)), clock, "28d");
        Assert.Equal((text, hours), (period.Text(clock), period.Length.TotalHours));
        Assert.StartsWith(problem ?? "", period.Problem ?? "", StringComparison.Ordinal);
        Assert.Equal(problem is null, period.Problem is null);
    }

    private static Clock At(DateTimeOffset now, string? zone = null)
    {
        var context = new DefaultHttpContext();
        context.Request.QueryString = QueryString.Create("tz", zone ?? "");
        return new(new HttpContextAccessor { HttpContext = context }, new FakeTimeProvider(now));
    }
}
