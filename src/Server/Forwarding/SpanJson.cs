using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Google.Protobuf;
using ValueStream.Server.Otlp;

namespace ValueStream.Server.Forwarding;

/// <summary>OTLP's JSON: ids in hexadecimal, enumerations as numbers, 64-bit numbers as texts. Protobuf's own writer would make base64 of the ids.</summary>
internal static class SpanJson
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes a request.</summary>
    public static void Write(ExportTraceServiceRequest request, IBufferWriter<byte> to)
    {
        using var writer = new Utf8JsonWriter(to, Plain);
        writer.WriteStartObject();
        Each(writer, "resourceSpans", request.ResourceSpans, static (w, r) =>
        {
            w.WriteStartObject("resource");
            Attributes(w, r.Resource.Attributes);
            w.WriteEndObject();
            Each(w, "scopeSpans", r.ScopeSpans, static (w, s) =>
            {
                w.WriteStartObject("scope");
                w.WriteString("name", s.Scope.Name);
                w.WriteString("version", s.Scope.Version);
                w.WriteEndObject();
                Each(w, "spans", s.Spans, Span);
            });
        });
        writer.WriteEndObject();
    }

    private static void Span(Utf8JsonWriter writer, Span span)
    {
        Id(writer, "traceId", span.TraceId);
        Id(writer, "spanId", span.SpanId);
        if (!span.ParentSpanId.IsEmpty)
        {
            Id(writer, "parentSpanId", span.ParentSpanId);
        }
        writer.WriteNumber("flags", span.Flags);
        writer.WriteString("name", span.Name);
        writer.WriteNumber("kind", (int)span.Kind);
        Time(writer, "startTimeUnixNano", span.StartTimeUnixNano);
        Time(writer, "endTimeUnixNano", span.EndTimeUnixNano);
        Attributes(writer, span.Attributes);
        if (span.Events.Count > 0)
        {
            Each(writer, "events", span.Events, static (w, e) =>
            {
                Time(w, "timeUnixNano", e.TimeUnixNano);
                w.WriteString("name", e.Name);
                Attributes(w, e.Attributes);
            });
            writer.WriteNumber("droppedEventsCount", span.DroppedEventsCount);
        }
        if (span.Links.Count > 0)
        {
            Each(writer, "links", span.Links, static (w, l) =>
            {
                Id(w, "traceId", l.TraceId);
                Id(w, "spanId", l.SpanId);
                w.WriteNumber("flags", l.Flags);
                Attributes(w, l.Attributes);
            });
            writer.WriteNumber("droppedLinksCount", span.DroppedLinksCount);
        }
        // There are receivers that want the code where it says nothing, too.
        writer.WriteStartObject("status");
        writer.WriteNumber("code", (int)(span.Status?.Code ?? Status.Types.StatusCode.Unset));
        if (span.Status?.Message is { Length: > 0 } message)
        {
            writer.WriteString("message", message);
        }
        writer.WriteEndObject();
    }

    private static void Attributes(Utf8JsonWriter writer, IEnumerable<KeyValue> attributes) => Each(writer, "attributes", attributes, static (w, a) =>
    {
        w.WriteString("key", a.Key);
        w.WriteStartObject("value");
        switch (a.Value.ValueCase)
        {
            case AnyValue.ValueOneofCase.BoolValue:
                w.WriteBoolean("boolValue", a.Value.BoolValue);
                break;
            case AnyValue.ValueOneofCase.IntValue:
                w.WriteString("intValue", a.Value.IntValue.ToString(CultureInfo.InvariantCulture));
                break;
            case AnyValue.ValueOneofCase.DoubleValue:
                w.WriteNumber("doubleValue", a.Value.DoubleValue);
                break;
            default:
                w.WriteString("stringValue", a.Value.StringValue);
                break;
        }
        w.WriteEndObject();
    });

    private static void Each<T>(Utf8JsonWriter writer, string name, IEnumerable<T> items, Action<Utf8JsonWriter, T> members)
    {
        writer.WriteStartArray(name);
        foreach (var item in items)
        {
            writer.WriteStartObject();
            members(writer, item);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    private static void Id(Utf8JsonWriter writer, string name, ByteString id) => writer.WriteString(name, Convert.ToHexStringLower(id.Span));

    private static void Time(Utf8JsonWriter writer, string name, ulong nanoseconds) => writer.WriteString(name, nanoseconds.ToString(CultureInfo.InvariantCulture));
}
