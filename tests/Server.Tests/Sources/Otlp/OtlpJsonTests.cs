using System.Text;
using System.Text.Json.Nodes;
using ValueStream.Server.Otlp;
using ValueStream.Server.Sources;
using ValueStream.Server.Sources.Otlp;
using static ValueStream.Server.Tests.Sources.Otlp.Exports;

namespace ValueStream.Server.Tests.Sources.Otlp;

/// <summary>OTLP/JSON, which is not protobuf's JSON.</summary>
public sealed class OtlpJsonTests
{
    private const string Trace = "0af7651916cd43dd8448eb211c80319c";

    [Fact]
    public void JSON_and_protobuf_give_the_same_runs()
    {
        var request = Whole();

        Assert.Equal(request, OtlpJson.Read(Encoding.UTF8.GetBytes(Json(request))));
        Assert.Equal(request, ExportTraceServiceRequest.Parser.ParseFrom(Google.Protobuf.MessageExtensions.ToByteArray(request)));
    }

    [Theory]
    [InlineData("\"1709553600000000000\"", "\"1709553601000000000\"", "2", "\"0AF7651916CD43DD8448EB211C80319C\"")]
    [InlineData("1709553600000000000", "1709553601000000000", "2", "\"0af7651916cd43dd8448eb211c80319c\"")]
    public void Integers_are_numbers_or_strings_and_ids_of_either_case(string start, string end, string kind, string trace)
    {
        var read = Read($$"""
            {"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":{{trace}},"spanId":"00F067AA0BA902B7","name":"x","kind":{{kind}},"startTimeUnixNano":{{start}},"endTimeUnixNano":{{end}},
              "attributes":[{"key":"n","value":{"intValue":"7"} },{"key":"m","value":{"intValue":8} },{"key":"d","value":{"doubleValue":"NaN"} }],"new":{"of":["a later version"] } } ] } ] } ],"more":1}
            """);

        var span = read.ResourceSpans[0].ScopeSpans[0].Spans[0];
        Assert.Equal((1709553600000000000UL, 1709553601000000000UL, Server.Otlp.Span.Types.SpanKind.Server), (span.StartTimeUnixNano, span.EndTimeUnixNano, span.Kind));
        Assert.Equal((Trace, "00f067aa0ba902b7"), (Convert.ToHexStringLower(span.TraceId.Span), Convert.ToHexStringLower(span.SpanId.Span)));
        Assert.Equal((7, 8, double.NaN), (span.Attributes[0].Value.IntValue, span.Attributes[1].Value.IntValue, span.Attributes[2].Value.DoubleValue));
        Assert.Null(Assert.Single(SpanReader.Read(read)).Problem);
    }

    [Fact]
    public void Ids_in_base64_are_bad_ids()
    {
        var read = Read("""{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"CvdlGRbNQ92ESOshHIAxnA==","spanId":"APBnqgupArc=","startTimeUnixNano":1,"endTimeUnixNano":2}]}]}]}""");

        Assert.Contains("trace id", Assert.Single(SpanReader.Read(read)).Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("\"x\"")]
    [InlineData("{")]
    [InlineData("")]
    public void What_is_no_object_is_not_understood(string json) => Assert.Throws<NotUnderstoodException>(() => Read(json));

    [Fact]
    public void Whatever_stands_in_it_the_rest_is_taken()
    {
        var random = new Random(7);
        foreach (var _ in Enumerable.Range(0, 300))
        {
            var json = JsonNode.Parse(Json(Whole()))!;
            var places = Places(json).ToList();
            var (parent, name) = places[random.Next(places.Count)];
            parent[name] = random.Next(6) switch { 0 => null, 1 => -1, 2 => "x\0", 3 => new JsonArray(1, null), 4 => new JsonObject { ["a"] = 1 }, _ => 1e300 };
            foreach (var span in SpanReader.Read(Read(json.ToJsonString())))
            {
                Assert.All(span.Events, e => Trial.AssertFits(e, json.ToJsonString()));
            }
        }
    }

    private static ExportTraceServiceRequest Read(string json) => OtlpJson.Read(Encoding.UTF8.GetBytes(json));

    private static ExportTraceServiceRequest Whole()
    {
        var span = Span(Trace, 2, parent: 1, name: "all of it",
            attributes: [("text", "a"), ("no", false), ("count", 4_000_000_000L), ("share", 0.25), ("raw", new byte[] { 1, 255 }), ("list", new object[] { "a", 1, true }), ("map", new[] { ("k", (object)new object[] { 1.5 }) })]);
        span.TraceState = "a=b";
        span.Events.Add(Event("note", 2, ("k", "v")));
        span.Links.Add(Link(Trace, 1));
        span.Status = new Status { Code = Status.Types.StatusCode.Error, Message = "no" };
        (span.DroppedAttributesCount, span.DroppedEventsCount, span.DroppedLinksCount) = (1, 2, 3);
        var request = new ExportTraceServiceRequest { ResourceSpans = { Service("shop", [span], ("host.name", "a")), Service("bank", [Span(Trace, 3)]) } };
        foreach (var plain in request.ResourceSpans.SelectMany(static r => r.ScopeSpans).SelectMany(static s => s.Spans))
        {
            plain.Status ??= new Status();
        }
        return request;
    }

    private static IEnumerable<(JsonObject, string)> Places(JsonNode? node) => node switch
    {
        JsonObject o => o.SelectMany(m => Places(m.Value).Prepend((o, m.Key))),
        JsonArray a => a.SelectMany(Places),
        _ => [],
    };
}
