using ValueStream.Core.Events;

namespace ValueStream.Core.Tests.Events;

public sealed class TraceparentTests
{
    private const string TraceId = "0af7651916cd43dd8448eb211c80319c";
    private const string SpanId = "b7ad6b7169203331";

    [Theory]
    [InlineData("00-" + TraceId + "-" + SpanId + "-01", 1)]
    [InlineData("00-" + TraceId + "-" + SpanId + "-00", 0)]
    [InlineData("00-" + TraceId + "-" + SpanId + "-ff", 255)]
    [InlineData("01-" + TraceId + "-" + SpanId + "-03", 3)]
    [InlineData("fe-" + TraceId + "-" + SpanId + "-01-what-comes-later", 1)]
    [InlineData("01-" + TraceId + "-" + SpanId + "-01-", 1)]
    public void A_valid_header_is_read(string text, byte flags) =>
        Assert.Equal(new Traceparent(TraceId, SpanId, flags), Traceparent.Parse(text));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("00-" + TraceId + "-" + SpanId)]
    [InlineData("00-" + TraceId + "-" + SpanId + "-1")]
    [InlineData("00-" + TraceId + "-" + SpanId + "-01-")]
    [InlineData("00-" + TraceId + "-" + SpanId + "-01-more")]
    [InlineData("00-" + TraceId + "-" + SpanId + "-01 ")]
    [InlineData(" 00-" + TraceId + "-" + SpanId + "-01")]
    [InlineData("01-" + TraceId + "-" + SpanId + "-01more")]
    [InlineData("ff-" + TraceId + "-" + SpanId + "-01")]
    [InlineData("0x-" + TraceId + "-" + SpanId + "-01")]
    [InlineData("0A-" + TraceId + "-" + SpanId + "-01")]
    [InlineData("00-0AF7651916CD43DD8448EB211C80319C-" + SpanId + "-01")]
    [InlineData("00-" + TraceId + "-B7AD6B7169203331-01")]
    [InlineData("00-" + TraceId + "-" + SpanId + "-0g")]
    [InlineData("00-00000000000000000000000000000000-" + SpanId + "-01")]
    [InlineData("00-" + TraceId + "-0000000000000000-01")]
    [InlineData("00_" + TraceId + "-" + SpanId + "-01")]
    [InlineData("00-" + TraceId + "_" + SpanId + "-01")]
    [InlineData("00-" + TraceId + "-" + SpanId + "_01")]
    public void What_the_standard_says_to_ignore_is_ignored(string? text) => Assert.Null(Traceparent.Parse(text));

    [Fact]
    public void It_is_written_as_version_00()
    {
        Assert.Equal($"00-{TraceId}-{SpanId}-0a", new Traceparent(TraceId, SpanId, 10).ToString());
        Assert.Equal($"00-{TraceId}-{SpanId}-01", Traceparent.Parse($"01-{TraceId}-{SpanId}-01-later")?.ToString());
    }
}
