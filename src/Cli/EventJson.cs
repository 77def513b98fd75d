using System.Buffers;
using System.Text.Json;
using ValueStream.Core.Wire;

namespace ValueStream.Cli;

/// <summary>
/// The JSON of <see cref="WireJson"/>, written and read by hand on the way that every call takes: the serializer's metadata costs
/// a quarter of the whole start. Tests hold the two together.
/// </summary>
internal static class EventJson
{
    /// <summary>An event as <see cref="WireJson"/> writes it, of those members that vscli sends.</summary>
    public static byte[] Write(EventRequest request, int? lease = null)
    {
        var json = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            writer.WriteString("eventId"u8, request.EventId!.Value);
            writer.WriteString("action"u8, request.Action);
            Run(writer, request.Run);
            Text(writer, "name"u8, request.Name);
            if (request.Parents is { } parents)
            {
                writer.WriteStartArray("parents"u8);
                foreach (var parent in parents)
                {
                    writer.WriteStringValue(parent);
                }
                writer.WriteEndArray();
            }
            if (request.Links is { } links)
            {
                writer.WriteStartArray("links"u8);
                foreach (var link in links)
                {
                    writer.WriteStartObject();
                    writer.WriteString("kind"u8, link.Kind);
                    writer.WriteString("run"u8, link.Run);
                    writer.WriteEndObject();
                }
                writer.WriteEndArray();
            }
            Text(writer, "outcome"u8, request.Outcome);
            writer.WriteString("occurredAt"u8, request.OccurredAt!.Value);
            Text(writer, "actor"u8, request.Actor);
            Text(writer, "reason"u8, request.Reason);
            Text(writer, "note"u8, request.Note);
            if (request.Tags is { } tags)
            {
                writer.WriteStartObject("tags"u8);
                foreach (var (key, value) in tags)
                {
                    writer.WritePropertyName(key);
                    if (value.Kind == JsonValueKind.String)
                    {
                        writer.WriteStringValue(value.Text);
                    }
                    else
                    {
                        writer.WriteRawValue(value.Text);
                    }
                }
                writer.WriteEndObject();
            }
            Text(writer, "traceparent"u8, request.Traceparent);
            if (lease is { } seconds)
            {
                writer.WriteNumber("lease"u8, seconds);
            }
            writer.WriteEndObject();
        }
        return json.WrittenSpan.ToArray();
    }

    /// <summary>A run's sign of life: no event of its own, so it has no id.</summary>
    public static byte[] Heartbeat(RunRequest run, int lease)
    {
        var json = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            writer.WriteString("action"u8, "heartbeat"u8);
            Run(writer, run);
            writer.WriteNumber("lease"u8, lease);
            writer.WriteEndObject();
        }
        return json.WrittenSpan.ToArray();
    }

    /// <summary>
    /// The verdicts of an <see cref="IngestAnswer"/>, in the order of the events sent; null when the text is none, or does not
    /// speak of each of them.
    /// </summary>
    public static Verdict[]? ReadAnswer(ReadOnlySpan<byte> body, int count)
    {
        var verdicts = new Verdict[count];
        var answered = 0;
        try
        {
            var reader = new Utf8JsonReader(body);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return null;
            }
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isItems = reader.ValueTextEquals("items"u8);
                reader.Read();
                if (!isItems || reader.TokenType != JsonTokenType.StartArray)
                {
                    reader.Skip();
                    continue;
                }
                while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
                {
                    var (index, verdict) = Item(ref reader);
                    if (verdict is null || (uint)index >= (uint)count)
                    {
                        return null;
                    }
                    answered += verdicts[index].Reason is null ? 1 : 0;
                    verdicts[index] = verdict.Value;
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }
        return answered == count ? verdicts : null;
    }

    private static (int Index, Verdict? Verdict) Item(ref Utf8JsonReader reader)
    {
        var index = -1;
        Fate? fate = null;
        string? problem = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("index"u8))
            {
                reader.Read();
                index = reader.GetInt32();
            }
            else if (reader.ValueTextEquals("status"u8))
            {
                reader.Read();
                fate = reader.ValueTextEquals("accepted"u8) || reader.ValueTextEquals("duplicate"u8) ? Fate.Stored
                    : reader.ValueTextEquals("rejected"u8) ? Fate.Refused : null;
            }
            else if (reader.ValueTextEquals("problem"u8))
            {
                reader.Read();
                problem = reader.GetString();
            }
            else
            {
                reader.Skip();
            }
        }
        return (index, fate is { } known ? new Verdict(known, problem ?? "no reason given") : null);
    }

    private static void Run(Utf8JsonWriter writer, RunRequest run)
    {
        writer.WriteStartObject("run"u8);
        writer.WriteString("type"u8, run.Type);
        Text(writer, "namespace"u8, run.Namespace);
        writer.WriteString("id"u8, run.Id);
        writer.WriteEndObject();
    }

    private static void Text(Utf8JsonWriter writer, ReadOnlySpan<byte> name, string? text)
    {
        if (text is not null)
        {
            writer.WriteString(name, text);
        }
    }
}
