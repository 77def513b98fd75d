using System.Buffers;
using System.Collections.Immutable;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using ValueStream.Core.Events;

namespace ValueStream.Server.Ingest;

/// <summary>Something in what was sent is wrong.</summary>
/// <param name="field">Where, as a path like <c>run.id</c>.</param>
/// <param name="what">What is wrong and what to do.</param>
internal sealed class UnreadableException(string field, string what) : Exception($"{field}: {what}")
{
    /// <summary>Where.</summary>
    public string Field { get; } = field;

    /// <summary>What is wrong and what to do.</summary>
    public string What { get; } = what;

    /// <summary>Both, where a place can be named.</summary>
    public string Sentence => Field.Length > 0 ? Message : What;
}

/// <summary>Reads members of JSON objects that anybody may have written, and says exactly what is wrong with them.</summary>
internal static class JsonReading
{
    private const string NotUnicode = "It is not valid Unicode (half a surrogate pair).";

    // A larger body is read into memory that is used again.
    private const int MostAtOnce = 16 << 10;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = Limits.Depth, AllowDuplicateProperties = false };

    private static readonly JsonDocumentOptions Lenient = new() { MaxDepth = Limits.Depth };

    /// <summary>Parses a body.</summary>
    /// <param name="body">UTF-8.</param>
    /// <param name="lenient">Whether a member that stands twice is taken (the last counts) rather than refused.</param>
    /// <param name="what">What to call it.</param>
    /// <exception cref="UnreadableException">It is not JSON.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> body, bool lenient = false, string what = "body")
    {
        // The parser looks at texts only when they are asked for, and then has no better answer than a bug's.
        if (!Utf8.IsValid(body.Span))
        {
            throw NotUtf8(what);
        }
        try
        {
            return JsonDocument.Parse(body, lenient ? Lenient : Options);
        }
        catch (InvalidOperationException)
        {
            throw new UnreadableException("", "The name of a member is not valid Unicode (half a surrogate pair).");
        }
        catch (JsonException e)
        {
            throw new UnreadableException("", body.IsEmpty ? $"The {what} is empty; send JSON." : $"The {what} is not JSON that can be read: {e.Message}");
        }
    }

    /// <summary>Reads and parses a body, in memory that the document gives back when it is disposed of.</summary>
    /// <exception cref="UnreadableException">It is not JSON.</exception>
    /// <exception cref="BadHttpRequestException">It is longer than the limit, or was cut off.</exception>
    public static async ValueTask<JsonDocument> ParseAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        try
        {
            var document = Whole(request.BodyReader) is { } body ? JsonDocument.Parse(body, Options) : await JsonDocument.ParseAsync(request.Body, Options, cancellationToken);
            if (Utf8.IsValid(JsonMarshal.GetRawUtf8Value(document.RootElement)))
            {
                return document;
            }
            document.Dispose();
            throw NotUtf8("body");
        }
        catch (InvalidOperationException e) when (!Bodies.IsBroken(e))
        {
            throw new UnreadableException("", "The name of a member is not valid Unicode (half a surrogate pair, or not UTF-8).");
        }
        catch (JsonException e)
        {
            throw new UnreadableException("", $"The body is empty, or is not JSON that can be read; send one event or an array of events as JSON. {e.Message}");
        }
    }

    /// <summary>A small body that has come whole with its headers, as one event does; null where it must be waited for.</summary>
    private static byte[]? Whole(PipeReader body)
    {
        if (!body.TryRead(out var read))
        {
            return null;
        }
        var whole = read is { IsCompleted: true, Buffer.Length: <= MostAtOnce } ? read.Buffer.ToArray() : null;
        body.AdvanceTo(whole is null ? read.Buffer.Start : read.Buffer.End);
        return whole;
    }

    /// <summary>A member that is there and not null.</summary>
    public static JsonElement? Member(this JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined) ? value : null;

    /// <summary>A text without NUL and lone surrogates, at most so long; null where it is absent.</summary>
    public static string? Text(this JsonElement element, string field, int longest)
    {
        if (element.ValueKind != JsonValueKind.String)
        {
            throw new UnreadableException(field, $"It is a {element.ValueKind.ToString().ToLowerInvariant()}; it must be a string.");
        }
        string text;
        try
        {
            text = element.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw new UnreadableException(field, NotUnicode);
        }
        return Checked(text, field, longest);
    }

    /// <summary>The same of a text that comes again and again, as most of a type or a person do: it is not made anew each time.</summary>
    public static string? FrequentText(this JsonElement element, string field, int longest) => Known(element, longest) ?? element.Text(field, longest);

    private static string? Known(JsonElement element, int longest) =>
        element.ValueKind == JsonValueKind.String && Frequent.Find(JsonMarshal.GetRawUtf8Value(element)[1..^1]) is { } known && known.Length <= longest ? known : null;

    /// <summary>A text that came from elsewhere, checked in the same way.</summary>
    public static string Checked(string text, string field, int longest) =>
        text.Length > longest ? throw new UnreadableException(field, $"It has {text.Length} characters; {longest} are the most.")
        : text.Contains('\0') ? throw new UnreadableException(field, "It contains a NUL character, which no database can keep as text.")
        : text;

    /// <summary>true or false.</summary>
    public static bool Boolean(this JsonElement element, string field) => element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw new UnreadableException(field, "It must be true or false."),
    };

    /// <summary>A number that is one.</summary>
    public static double Number(this JsonElement element, string field) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetDouble(out var number) && double.IsFinite(number) ? number
        : throw new UnreadableException(field, "It must be a number.");

    /// <summary>A time in ISO 8601 with its offset from UTC.</summary>
    public static DateTimeOffset Time(this JsonElement element, string field) =>
        element.ValueKind == JsonValueKind.String && element.TryGetDateTimeOffset(out var time)
            ? CheckedTime(time, field)
            : throw new UnreadableException(field, "It must be a time in ISO 8601, for example 2026-03-02T12:00:00Z.");

    /// <summary>A time that the log can keep.</summary>
    public static DateTimeOffset CheckedTime(DateTimeOffset time, string field) =>
        time.Year is >= 1970 and <= 2200 ? time.ToUniversalTime() : throw new UnreadableException(field, "It must lie between the years 1970 and 2200.");

    /// <summary>The objects or texts of an array, each with its place.</summary>
    public static IEnumerable<(JsonElement Element, string Field)> Items(this JsonElement element, string field, int most) =>
        element.Elements(field, most).Select((item, i) => (item, $"{field}[{i}]"));

    /// <summary>The objects or texts of an array.</summary>
    public static JsonElement[] Elements(this JsonElement element, string field, int most)
    {
        if (element.ValueKind != JsonValueKind.Array)
        {
            throw new UnreadableException(field, "It must be an array.");
        }
        if (element.GetArrayLength() > most)
        {
            throw new UnreadableException(field, $"It has {element.GetArrayLength()} items; {most} are the most.");
        }
        return [.. element.EnumerateArray()];
    }

    /// <summary>Tags: strings, numbers, booleans; objects and arrays become their JSON text; null is left out.</summary>
    public static ImmutableSortedDictionary<string, TagValue> Tags(this JsonElement element, string field)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw new UnreadableException(field, "It must be an object of keys and values.");
        }
        if (element.GetPropertyCount() is > Limits.Tags and var count)
        {
            throw new UnreadableException(field, $"It has {count} tags; {Limits.Tags} are the most.");
        }
        var tags = Event.NoTags.ToBuilder();
        foreach (var property in element.EnumerateObject())
        {
            var key = Name(property, field);
            if (key.Length is 0 or > Limits.TagKey || key.Contains('\0'))
            {
                throw new UnreadableException(field, $"A key must have 1 to {Limits.TagKey} characters and no NUL.");
            }
            switch (property.Value.ValueKind)
            {
                case JsonValueKind.Null:
                    break;
                case JsonValueKind.String:
                    tags[key] = Known(property.Value, Limits.TagValue) ?? property.Value.Text($"{field}.{key}", Limits.TagValue)!;
                    break;
                case JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False:
                    tags[key] = new TagValue(Checked(property.Value.GetRawText(), $"{field}.{key}", Limits.TagValue), property.Value.ValueKind);
                    break;
                default:
                    tags[key] = Checked(Compact(property.Value, $"{field}.{key}"), $"{field}.{key}", Limits.TagValue);
                    break;
            }
        }
        return tags.ToImmutable();
    }

    private static UnreadableException NotUtf8(string what) => new("", $"The {what} is not valid UTF-8; send JSON in UTF-8.");

    /// <summary>JSON without the sender's white space, so that the same value is the same text.</summary>
    private static string Compact(JsonElement element, string field)
    {
        try
        {
            var buffer = new ArrayBufferWriter<byte>();
            using var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
            element.WriteTo(writer);
            writer.Flush();
            return Encoding.UTF8.GetString(buffer.WrittenSpan);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            throw new UnreadableException(field, NotUnicode);
        }
    }

    /// <summary>A member's name.</summary>
    public static string Name(JsonProperty property, string field)
    {
        try
        {
            return Frequent.Find(JsonMarshal.GetRawUtf8PropertyName(property)) ?? property.Name;
        }
        catch (InvalidOperationException)
        {
            throw new UnreadableException(field, "A key is not valid Unicode.");
        }
    }
}
