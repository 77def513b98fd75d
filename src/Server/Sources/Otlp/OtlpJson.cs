using System.Globalization;
using Google.Protobuf;
using ValueStream.Server.Otlp;

namespace ValueStream.Server.Sources.Otlp;

/// <summary>
/// Reads OTLP/JSON. It is not protobuf's JSON: ids are hexadecimal, in either case; integers are numbers or decimal strings; enumerations are numbers. What is not known, absent or of another
/// type than it should be is nothing.
/// </summary>
internal static class OtlpJson
{
    // No id has this length, so an id that cannot be read is told as a bad one.
    private static readonly ByteString Unreadable = ByteString.CopyFrom(0);

    /// <summary>Reads a request.</summary>
    /// <exception cref="NotUnderstoodException">It is not JSON, or no object.</exception>
    public static ExportTraceServiceRequest Read(ReadOnlyMemory<byte> body)
    {
        var root = Payload.Parse(body);
        return root.IsObject ? new() { ResourceSpans = { root["resourceSpans"].Items.Select(ResourceOf) } }
            : throw new NotUnderstoodException("The body is no JSON object; an export is {\"resourceSpans\": [...]}.");
    }

    private static ResourceSpans ResourceOf(Payload spans) => new()
    {
        Resource = new Resource { Attributes = { Attributes(spans["resource"]) } },
        ScopeSpans = { spans["scopeSpans"].Items.Select(ScopeOf) },
    };

    private static ScopeSpans ScopeOf(Payload spans) => new()
    {
        Scope = new InstrumentationScope { Name = Text(spans["scope"]["name"]), Version = Text(spans["scope"]["version"]) },
        Spans = { spans["spans"].Items.Select(SpanOf) },
    };

    private static Span SpanOf(Payload span) => new()
    {
        TraceId = Id(span["traceId"]),
        SpanId = Id(span["spanId"]),
        ParentSpanId = Id(span["parentSpanId"]),
        TraceState = Text(span["traceState"]),
        Name = Text(span["name"]),
        Kind = (Span.Types.SpanKind)Integer(span["kind"]),
        StartTimeUnixNano = Time(span["startTimeUnixNano"]),
        EndTimeUnixNano = Time(span["endTimeUnixNano"]),
        Attributes = { Attributes(span) },
        DroppedAttributesCount = Count(span["droppedAttributesCount"]),
        Events = { span["events"].Items.Select(static e => new Span.Types.Event { TimeUnixNano = Time(e["timeUnixNano"]), Name = Text(e["name"]), Attributes = { Attributes(e) } }) },
        DroppedEventsCount = Count(span["droppedEventsCount"]),
        Links = { span["links"].Items.Select(static l => new Span.Types.Link { TraceId = Id(l["traceId"]), SpanId = Id(l["spanId"]), Attributes = { Attributes(l) } }) },
        DroppedLinksCount = Count(span["droppedLinksCount"]),
        Status = new Status { Message = Text(span["status"]["message"]), Code = (Status.Types.StatusCode)Integer(span["status"]["code"]) },
        Flags = Count(span["flags"]),
    };

    private static IEnumerable<KeyValue> Attributes(Payload of) => KeyValues(of["attributes"]);

    private static IEnumerable<KeyValue> KeyValues(Payload list) => list.Items.Where(static a => a.IsObject).Select(static a => new KeyValue { Key = Text(a["key"]), Value = ValueOf(a["value"]) });

    private static AnyValue ValueOf(Payload value)
    {
        foreach (var (name, member) in value.Members)
        {
            switch (name)
            {
                case "stringValue":
                    return new() { StringValue = Text(member) };
                case "boolValue" when member.Boolean is { } boolean:
                    return new() { BoolValue = boolean };
                case "intValue" when member.Integer is { } integer:
                    return new() { IntValue = integer };
                case "doubleValue" when double.TryParse(member.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number):
                    return new() { DoubleValue = number };
                case "arrayValue":
                    return new() { ArrayValue = new ArrayValue { Values = { member["values"].Items.Select(ValueOf) } } };
                case "kvlistValue":
                    return new() { KvlistValue = new KeyValueList { Values = { KeyValues(member["values"]) } } };
                case "bytesValue":
                    var bytes = new byte[Text(member).Length];
                    return Convert.TryFromBase64String(Text(member), bytes, out var length) ? new() { BytesValue = ByteString.CopyFrom(bytes, 0, length) } : new();
            }
        }
        return new AnyValue();
    }

    private static ByteString Id(Payload hex)
    {
        try
        {
            return hex.Text is { } text ? ByteString.CopyFrom(Convert.FromHexString(text)) : ByteString.Empty;
        }
        catch (FormatException)
        {
            return Unreadable;
        }
    }

    private static string Text(Payload text) => text.Text ?? "";

    private static ulong Time(Payload nanoseconds) => nanoseconds.Integer is > 0 and var time ? (ulong)time : 0;

    private static int Integer(Payload number) => number.Integer is >= 0 and <= int.MaxValue and var value ? (int)value : 0;

    private static uint Count(Payload number) => number.Integer is >= 0 and <= uint.MaxValue and var value ? (uint)value : 0;
}
