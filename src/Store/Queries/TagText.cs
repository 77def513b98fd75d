using System.Text;
using System.Text.Json;

namespace ValueStream.Store.Queries;

/// <summary>Looks for one tag in the stored JSON of a run's tags, without reading the others.</summary>
internal static class TagText
{
    /// <summary>The text of a tag's value; null where the run does not carry it.</summary>
    /// <exception cref="JsonException">The text is not an object of tags.</exception>
    public static string? Value(string tags, string key)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(tags));
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isIt = reader.ValueTextEquals(key);
            reader.Read();
            if (isIt)
            {
                return reader.TokenType == JsonTokenType.String ? reader.GetString() : Encoding.UTF8.GetString(reader.ValueSpan);
            }
        }
        return null;
    }
}
