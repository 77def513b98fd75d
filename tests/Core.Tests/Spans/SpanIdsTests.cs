using ValueStream.Core.Events;
using ValueStream.Core.Spans;

namespace ValueStream.Core.Tests.Spans;

public sealed class SpanIdsTests
{
    private static readonly RunId Run = new("customhttp", "pipeline", "default", "bq8e2h3fd6e2qpqd6lcg");

    // Computed with Python from the four members and the attempt in decimal, each length-prefixed.
    [Theory]
    [InlineData(1, "c44cd2a8dfcaa99af56d7362000f9541", "c44cd2a8dfcaa99a")]
    [InlineData(2, "b4e792abbb7950d860bd292e330e1d52", "b4e792abbb7950d8")]
    [InlineData(12, "a5306eea02d662945032afb3d82150db", "a5306eea02d66294")]
    public void Ids_are_the_head_of_the_hash_of_identity_and_attempt(int attempt, string traceId, string spanId)
    {
        Assert.Equal(traceId, SpanIds.TraceId(Run, attempt));
        Assert.Equal(spanId, SpanIds.SpanId(Run, attempt));
    }

    [Fact]
    public void A_run_that_came_as_a_span_keeps_the_ids_that_it_came_with()
    {
        var span = new RunId("otlp", "task", "shop", SpanIds.RunOf("0af7651916cd43dd8448eb211c80319c", "00f067aa0ba902b7"));

        Assert.Equal(("0af7651916cd43dd8448eb211c80319c", "00f067aa0ba902b7"), (SpanIds.TraceId(span, 1), SpanIds.SpanId(span, 1)));
        Assert.True(SpanIds.IsIn(span, 1, new Traceparent("0af7651916cd43dd8448eb211c80319c", "00f067aa0ba902b7", 1)));
        Assert.False(SpanIds.IsIn(span, 1, new Traceparent("1af7651916cd43dd8448eb211c80319c", "00f067aa0ba902b7", 1)));
        Assert.True(SpanIds.IsIn(Run, 1, new Traceparent("1af7651916cd43dd8448eb211c80319c", "c44cd2a8dfcaa99a", 1)));
    }

    [Fact]
    public void They_are_valid_in_a_trace_context_header() =>
        Assert.NotNull(Traceparent.Parse(new Traceparent(SpanIds.TraceId(Run, 1), SpanIds.SpanId(Run, 1), 1).ToString()));
}
