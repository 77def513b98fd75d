using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Google.Protobuf;
using ValueStream.Core.Runs;
using ValueStream.Server.Otlp;
using ValueStream.Server.Sources;
using ValueStream.Server.Sources.Otlp;
using ValueStream.Server.Tests.Api;

namespace ValueStream.Server.Tests.Sources.Otlp;

/// <summary>Exports as SDKs write them, of which only what matters is said.</summary>
internal static class Exports
{
    /// <summary>A request of one service.</summary>
    public static ExportTraceServiceRequest Of(params IEnumerable<Span> spans) => new() { ResourceSpans = { Service("shop", spans) } };

    /// <summary>The spans of a service.</summary>
    public static ResourceSpans Service(string ns, IEnumerable<Span> spans, params (string Key, object Value)[] attributes) => new()
    {
        Resource = new Resource { Attributes = { Attributes([("service.namespace", ns), .. attributes]) } },
        ScopeSpans = { new ScopeSpans { Scope = new InstrumentationScope { Name = "tests", Version = "1" }, Spans = { spans } } },
    };

    /// <summary>A span of a trace: it and its parent are numbers, its times seconds after noon.</summary>
    public static Span Span(string trace, int id, int parent = 0, string name = "work", double from = 0, double to = 10, params (string Key, object Value)[] attributes) => new()
    {
        TraceId = ByteString.CopyFrom(Convert.FromHexString(trace)),
        SpanId = Id(id),
        ParentSpanId = parent == 0 ? ByteString.Empty : Id(parent),
        Name = name,
        Kind = Server.Otlp.Span.Types.SpanKind.Internal,
        StartTimeUnixNano = At(from),
        EndTimeUnixNano = At(to),
        Flags = 1,
        Attributes = { Attributes(attributes) },
    };

    /// <summary>A link to a span of a trace.</summary>
    public static Span.Types.Link Link(string trace, int id) => new() { TraceId = ByteString.CopyFrom(Convert.FromHexString(trace)), SpanId = Id(id) };

    /// <summary>Something that happened in a span.</summary>
    public static Span.Types.Event Event(string name, double at, params (string Key, object Value)[] attributes) => new() { Name = name, TimeUnixNano = At(at), Attributes = { Attributes(attributes) } };

    /// <summary>A trace that no other test has.</summary>
    public static string Trace() => Guid.NewGuid().ToString("n");

    /// <summary>A span's id as text.</summary>
    public static string Hex(int id) => $"{id:x16}";

    public static ByteString Id(int id) => ByteString.CopyFrom(Convert.FromHexString(Hex(id)));

    /// <summary>Nanoseconds.</summary>
    public static ulong At(double seconds) => (ulong)(Sent.Noon.AddSeconds(seconds).ToUnixTimeMilliseconds() * 1_000_000);

    /// <summary>The runs that a request tells of, by id.</summary>
    public static ImmutableSortedDictionary<string, Attempt> Runs(ExportTraceServiceRequest request)
    {
        var told = SpanReader.Read(request).Where(static s => s.Problem is null).Select(static s => Told.Of(s.Events)).ToList();
        foreach (var e in told.SelectMany(static t => t.Events))
        {
            Trial.AssertFits(e, "an export");
        }
        return Trial.Fold(told).Values.ToImmutableSortedDictionary(static r => r.Attempts[1].Tags["test.id"].Text, static r => Assert.Single(r.Attempts).Value);
    }

    /// <summary>The one run that a span is.</summary>
    public static Attempt Run(Span span, params (string Key, object Value)[] resource)
    {
        var told = Assert.Single(SpanReader.Read(new() { ResourceSpans = { Service("shop", [span], resource) } }));
        Assert.Null(told.Problem);
        Assert.All(told.Events, static e => Trial.AssertFits(e, "a span"));
        return Assert.Single(Assert.Single(Trial.Fold([Told.Of(told.Events)])).Value.Attempts).Value;
    }

    /// <summary>The same request in OTLP/JSON: ids in hexadecimal, enumerations as numbers.</summary>
    public static string Json(ExportTraceServiceRequest request)
    {
        var json = JsonNode.Parse(new JsonFormatter(JsonFormatter.Settings.Default.WithFormatEnumsAsIntegers(true)).Format(request))!;
        foreach (var span in json["resourceSpans"]!.AsArray().SelectMany(static r => r!["scopeSpans"]!.AsArray()).SelectMany(static s => s!["spans"]!.AsArray()))
        {
            foreach (var holder in new[] { span! }.Concat(span!["links"]?.AsArray().OfType<JsonNode>() ?? []))
            {
                foreach (var name in new[] { "traceId", "spanId", "parentSpanId" }.Where(n => holder[n] is not null))
                {
                    holder[name] = Convert.ToHexString(Convert.FromBase64String((string)holder[name]!));
                }
            }
        }
        return json.ToJsonString();
    }

    public static IEnumerable<KeyValue> Attributes(params IEnumerable<(string Key, object Value)> attributes) => attributes.Select(static a => new KeyValue { Key = a.Key, Value = Value(a.Value) });

    private static AnyValue Value(object value) => value switch
    {
        string text => new() { StringValue = text },
        bool boolean => new() { BoolValue = boolean },
        int number => new() { IntValue = number },
        long number => new() { IntValue = number },
        double number => new() { DoubleValue = number },
        byte[] bytes => new() { BytesValue = ByteString.CopyFrom(bytes) },
        object[] items => new() { ArrayValue = new ArrayValue { Values = { items.Select(Value) } } },
        (string, object)[] members => new() { KvlistValue = new KeyValueList { Values = { Attributes(members) } } },
        _ => throw new ArgumentException($"{value.GetType()}", nameof(value)),
    };
}
