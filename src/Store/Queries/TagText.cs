using System.Text;
using System.Text.Json;

namespace ValueStream.Store.Queries;

/// <summary>Looks for one tag in the stored JSON of a run's tags, without reading the others.</summary>
internal static class TagText
{
    /// <summary>The text of a tag's value; null where the run does not carry it.</summary>
    /// <exception cref="JsonException">The text is not an object of tags.</exception>
    public static string? Value(string tags, string key) => Values(tags, key)[0];

    /// <summary>The texts of some tags' values, in the order of the keys; null for each that the run does not carry.</summary>
    /// <exception cref="JsonException">The text is not an object of tags.</exception>
    public static string?[] Values(string tags, params ReadOnlySpan<string> keys)
    {
        var values = new string?[keys.Length];
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(tags));
        reader.Read();
        for (var left = keys.Length; left > 0 && reader.Read() && reader.TokenType == JsonTokenType.PropertyName;)
        {
            var i = keys.Length - 1;
            while (i >= 0 && !reader.ValueTextEquals(keys[i]))
            {
                i--;
            }
            reader.Read();
            if (i >= 0)
            {
                values[i] = reader.TokenType == JsonTokenType.String ? reader.GetString() : Encoding.UTF8.GetString(reader.ValueSpan);
                left--;
            }
        }
        return values;
    }
}
