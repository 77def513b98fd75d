using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ValueStream.Core.Events;

/// <summary>
/// A tag's value: a string, a number or a boolean. <see cref="Text"/> is what people see and what filters
/// compare, so the number 1 and the string "1" are the same tag to a search.
/// </summary>
/// <param name="Text">The value as text; a number keeps the digits it was sent with.</param>
/// <param name="Kind">Which JSON kind it has: String, Number, True or False.</param>
[JsonConverter(typeof(TagValueConverter))]
public readonly record struct TagValue(string Text, JsonValueKind Kind)
{
    /// <summary>A string value.</summary>
    public static implicit operator TagValue(string text) => new(text, JsonValueKind.String);

    /// <inheritdoc/>
    public override string ToString() => Text;
}

/// <summary>Reads and writes tag values; anything that is not a string, number or boolean is kept as its JSON text.</summary>
internal sealed class TagValueConverter : JsonConverter<TagValue>
{
    public override TagValue Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String:
                return new(reader.GetString()!, JsonValueKind.String);
            case JsonTokenType.Number:
                return new(Encoding.UTF8.GetString(reader.ValueSpan), JsonValueKind.Number);
            case JsonTokenType.True:
                return new("true", JsonValueKind.True);
            case JsonTokenType.False:
                return new("false", JsonValueKind.False);
            default:
                using (var value = JsonDocument.ParseValue(ref reader))
                {
                    return new(value.RootElement.GetRawText(), JsonValueKind.String);
                }
        }
    }

    public override void Write(Utf8JsonWriter writer, TagValue value, JsonSerializerOptions options) => Write(writer, value);

    public static void Write(Utf8JsonWriter writer, TagValue value)
    {
        if (value.Kind == JsonValueKind.String)
        {
            writer.WriteStringValue(value.Text);
        }
        else
        {
            writer.WriteRawValue(value.Text, skipInputValidation: true);
        }
    }
}

/// <summary>Reads and writes tags; their keys are in ordinal order whatever order they come in, and of one that comes twice the last counts.</summary>
internal sealed class TagsConverter : JsonConverter<ImmutableSortedDictionary<string, TagValue>>
{
    private static readonly TagValueConverter Values = new();

    public override ImmutableSortedDictionary<string, TagValue> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("Tags must be an object.");
        }
        var tags = Event.NoTags.ToBuilder();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.GetString()!;
            reader.Read();
            tags[key] = Values.Read(ref reader, typeof(TagValue), options);
        }
        return tags.ToImmutable();
    }

    public override void Write(Utf8JsonWriter writer, ImmutableSortedDictionary<string, TagValue> value, JsonSerializerOptions options) => Write(writer, value);

    public static void Write(Utf8JsonWriter writer, ImmutableSortedDictionary<string, TagValue> value)
    {
        writer.WriteStartObject();
        foreach (var (key, tag) in value)
        {
            writer.WritePropertyName(key);
            TagValueConverter.Write(writer, tag);
        }
        writer.WriteEndObject();
    }
}
