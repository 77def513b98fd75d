using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using ValueStream.Core.Events;
using ValueStream.Server.Ingest;

namespace ValueStream.Server.Sources;

/// <summary>
/// A place in a tool's JSON. What is absent, null or of another type than was asked for is nothing, and so is everything below it: tools add, drop and change
/// members, and one that does not matter must not cost the delivery.
/// </summary>
internal readonly struct Payload
{
    // Documents of Jira's editor are nested deeply.
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 128 };

    private readonly JsonElement _element;

    public Payload(JsonElement element) => _element = element;

    /// <summary>Reads a body.</summary>
    /// <exception cref="NotUnderstoodException">It is not JSON in UTF-8.</exception>
    public static Payload Parse(ReadOnlyMemory<byte> body)
    {
        if (!Utf8.IsValid(body.Span))
        {
            throw new NotUnderstoodException("The body is not valid UTF-8.");
        }
        try
        {
            // Kept for as long as anything points into it; a pooled buffer would have to be given back.
            var reader = new Utf8JsonReader(body.Span, new JsonReaderOptions { MaxDepth = Options.MaxDepth });
            var element = JsonElement.ParseValue(ref reader);
            return reader.Read() ? throw new NotUnderstoodException("Something follows the JSON.") : new Payload(element);
        }
        catch (JsonException e)
        {
            // Its own message quotes what stands there.
            throw new NotUnderstoodException(body.IsEmpty ? "The body is empty." : $"The body is not JSON that can be read (line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}).");
        }
    }

    /// <summary>A member; nothing where this is no object or has none of that name.</summary>
    public Payload this[string name]
    {
        get
        {
            try
            {
                return IsObject && _element.TryGetProperty(name, out var value) ? new(value) : default;
            }
            catch (InvalidOperationException)
            {
                // Another member's name has half a surrogate pair.
                return Members.LastOrDefault(m => m.Name == name).Value;
            }
        }
    }

    /// <summary>Whether it is there and not null.</summary>
    public bool Exists => _element.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null);

    /// <summary>Whether it is an object.</summary>
    public bool IsObject => _element.ValueKind == JsonValueKind.Object;

    /// <summary>Whether it is an array.</summary>
    public bool IsArray => _element.ValueKind == JsonValueKind.Array;

    /// <summary>The items of an array, none where it is not one.</summary>
    public IEnumerable<Payload> Items => IsArray ? _element.EnumerateArray().Select(static e => new Payload(e)) : [];

    /// <summary>The members of an object whose names can be read, none where it is not one.</summary>
    public IEnumerable<(string Name, Payload Value)> Members
    {
        get
        {
            if (!IsObject)
            {
                yield break;
            }
            foreach (var property in _element.EnumerateObject())
            {
                if (NameOf(property) is { } name)
                {
                    yield return (name, new Payload(property.Value));
                }
            }
        }
    }

    /// <summary>A string, a number or a boolean as text, without characters that no database keeps; null where it is something else or empty.</summary>
    public string? Text => _element.ValueKind switch
    {
        JsonValueKind.String => Clean(StringOf(_element)),
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => _element.GetRawText(),
        _ => null,
    } is { Length: > 0 } text ? text : null;

    /// <summary>A whole number of 64 bits, also one that is written as a string.</summary>
    public long? Integer => _element.ValueKind switch
    {
        JsonValueKind.Number when _element.TryGetInt64(out var number) => number,
        JsonValueKind.String when long.TryParse(StringOf(_element), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
        _ => null,
    };

    /// <summary>A finite number.</summary>
    public double? Number => _element.ValueKind == JsonValueKind.Number && _element.TryGetDouble(out var number) && double.IsFinite(number) ? number : null;

    /// <summary>true or false.</summary>
    public bool? Boolean => _element.ValueKind switch { JsonValueKind.True => true, JsonValueKind.False => false, _ => null };

    /// <summary>
    /// A time: ISO 8601, what GitLab (<c>2021-02-23 02:41:37 UTC</c>) and Jira (<c>2020-01-05T18:02:40.000-0800</c>) write, or Unix time in seconds or, from the year 1973 on, in milliseconds. Null where it
    /// is none or lies outside the years 1970..2200.
    /// </summary>
    public DateTimeOffset? Time => _element.ValueKind switch
    {
        JsonValueKind.String when StringOf(_element) is { } text => TimeOf(text),
        // A payload's zero means that nothing happened yet.
        JsonValueKind.Number when _element.TryGetInt64(out var number) && number > 0 => FromUnix(number),
        _ => null,
    } is { UtcDateTime.Year: >= 1970 and <= 2200 } time ? time.ToUniversalTime() : null;

    /// <summary>A string, a number or a boolean as a tag's value, cut where it is too long; objects and arrays become JSON text.</summary>
    public TagValue? Tag => _element.ValueKind switch
    {
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False when _element.GetRawText() is { Length: <= Limits.TagValue } raw => new TagValue(raw, _element.ValueKind),
        JsonValueKind.Object or JsonValueKind.Array => (TagValue)Cut(_element.GetRawText().Replace("\\u0000", "", StringComparison.Ordinal), Limits.TagValue),
        _ => Text is { } text ? (TagValue)Cut(text, Limits.TagValue) : (TagValue?)null,
    };

    /// <summary>As UTF-8 JSON.</summary>
    public byte[] ToBytes() => Exists ? Encoding.UTF8.GetBytes(_element.GetRawText()) : "null"u8.ToArray();

    /// <summary>A text of at most so many characters, whose cut can be seen.</summary>
    public static string Cut(string text, int longest)
    {
        if (text.Length <= longest)
        {
            return text;
        }
        var end = longest - 1;
        return text[..(char.IsHighSurrogate(text[end - 1]) ? end - 1 : end)] + "…";
    }

    private static DateTimeOffset? TimeOf(string text)
    {
        const DateTimeStyles style = DateTimeStyles.AssumeUniversal | DateTimeStyles.AllowWhiteSpaces;
        var iso = text.EndsWith(" UTC", StringComparison.Ordinal) ? text[..^4] + "Z" : text;
        // What has no date would be a time of today.
        return iso.Length >= 10 && char.IsAsciiDigit(iso[0]) && iso[4] == '-' && DateTimeOffset.TryParse(iso, CultureInfo.InvariantCulture, style, out var time) ? time : null;
    }

    private static DateTimeOffset? FromUnix(long number) => number switch
    {
        < 100_000_000_000 => DateTimeOffset.FromUnixTimeSeconds(number),
        < 10_000_000_000_000 => DateTimeOffset.FromUnixTimeMilliseconds(number),
        _ => null,
    };

    private static string? StringOf(JsonElement element)
    {
        try
        {
            return element.GetString();
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair.
            return null;
        }
    }

    private static string? NameOf(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static string? Clean(string? text) => text?.Replace("\0", "", StringComparison.Ordinal);
}
