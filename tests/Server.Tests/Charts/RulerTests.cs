using ValueStream.Web.Charts;

namespace ValueStream.Server.Tests.Charts;

public sealed class RulerTests
{
    [Theory]
    [InlineData(401, "0,1 m,2 m,3 m,4 m,5 m,6 m")]
    [InlineData(3, "0,500 ms,1 s,1.5 s,2 s,2.5 s")]
    [InlineData(0.004, "0,1 ms,2 ms,3 ms")]
    [InlineData(7200, "0,30 m,1 h,1 h 30 m")]
    [InlineData(1814400, "0,7 d,14 d")]
    [InlineData(157680000, "0,448 d,896 d,1344 d")]
    public void Marks_stand_at_round_durations(double seconds, string texts) =>
        Assert.Equal(texts, string.Join(',', Ruler.Of(TimeSpan.FromSeconds(seconds), 7).Select(static t => t.Text)));

    [Fact]
    public void Marks_are_few_and_within_the_axis()
    {
        for (var seconds = .002; seconds < 1e9; seconds *= 1.7)
        {
            var ticks = Ruler.Of(TimeSpan.FromSeconds(seconds), 7);
            Assert.InRange(ticks.Count, 2, 7);
            Assert.All(ticks, static t => Assert.InRange(t.X, 0, 95.001));
        }
    }
}
