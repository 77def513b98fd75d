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
        using var value = JsonDocument.ParseValue(ref reader);
        var element = value.RootElement;
        return element.ValueKind switch
        {
            JsonValueKind.String => new(element.GetString()!, JsonValueKind.String),
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => new(element.GetRawText(), element.ValueKind),
            _ => new(element.GetRawText(), JsonValueKind.String),
        };
    }

    public override void Write(Utf8JsonWriter writer, TagValue value, JsonSerializerOptions options)
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
