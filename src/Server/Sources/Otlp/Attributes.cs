using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using ValueStream.Core.Events;
using ValueStream.Server.Otlp;

namespace ValueStream.Server.Sources.Otlp;

/// <summary>Attributes of a span or of what it came from, under the names that the conventions have now.</summary>
internal sealed class Attributes
{
    // Names that have changed; those that end with a dot are the begins of names.
    private static readonly (string Old, string New)[] Renamed =
    [
        ("vcs.repository.ref.", "vcs.ref.head."),
        ("vcs.repository.change.", "vcs.change."),
        ("deployment.environment", "deployment.environment.name"),
    ];

    private readonly Dictionary<string, AnyValue> _values = [];

    /// <summary>Reads them. Of one that is there under both names the new one counts.</summary>
    public Attributes(IEnumerable<KeyValue>? attributes)
    {
        foreach (var attribute in attributes ?? [])
        {
            var key = NameOf(attribute.Key);
            if (key == attribute.Key)
            {
                _values[key] = attribute.Value;
            }
            else
            {
                _values.TryAdd(key, attribute.Value);
            }
        }
    }

    /// <summary>Whether there is one of a name.</summary>
    public bool Has(string name) => _values.ContainsKey(name);

    /// <summary>A text or a number; null where there is none of that name, or an empty one.</summary>
    public string? Text(string name) => _values.TryGetValue(name, out var value) && TextOf(value) is { Length: > 0 } text ? text : null;

    /// <summary>Adds all of them.</summary>
    public void AddTo(Tagging tags)
    {
        foreach (var (key, value) in _values)
        {
            switch (value?.ValueCase)
            {
                case AnyValue.ValueOneofCase.BoolValue:
                    tags.Add(key, new TagValue(value.BoolValue ? "true" : "false", value.BoolValue ? JsonValueKind.True : JsonValueKind.False));
                    break;
                case AnyValue.ValueOneofCase.IntValue:
                case AnyValue.ValueOneofCase.DoubleValue when double.IsFinite(value.DoubleValue):
                    tags.Add(key, new TagValue(TextOf(value), JsonValueKind.Number));
                    break;
                default:
                    tags.Add(key, TextOf(value));
                    break;
            }
        }
    }

    /// <summary>All of them on a line, as <c>name=value</c>; empty where there are none.</summary>
    public override string ToString() => string.Join(", ", _values.Select(static a => $"{a.Key}={TextOf(a.Value)}"));

    private static string TextOf(AnyValue? value) => value?.ValueCase switch
    {
        AnyValue.ValueOneofCase.StringValue => value.StringValue.Replace("\0", "", StringComparison.Ordinal),
        AnyValue.ValueOneofCase.BoolValue => value.BoolValue ? "true" : "false",
        AnyValue.ValueOneofCase.IntValue => value.IntValue.ToString(CultureInfo.InvariantCulture),
        AnyValue.ValueOneofCase.DoubleValue => value.DoubleValue.ToString("R", CultureInfo.InvariantCulture),
        AnyValue.ValueOneofCase.BytesValue => value.BytesValue.ToBase64(),
        AnyValue.ValueOneofCase.ArrayValue or AnyValue.ValueOneofCase.KvlistValue => JsonOf(value),
        _ => "",
    };

    private static string JsonOf(AnyValue value)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true }))
        {
            Write(writer, value);
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter writer, AnyValue? value)
    {
        switch (value?.ValueCase)
        {
            case AnyValue.ValueOneofCase.ArrayValue:
                writer.WriteStartArray();
                foreach (var item in value.ArrayValue.Values)
                {
                    Write(writer, item);
                }
                writer.WriteEndArray();
                break;
            case AnyValue.ValueOneofCase.KvlistValue:
                writer.WriteStartObject();
                foreach (var member in value.KvlistValue.Values)
                {
                    writer.WritePropertyName(member.Key.Replace("\0", "", StringComparison.Ordinal));
                    Write(writer, member.Value);
                }
                writer.WriteEndObject();
                break;
            case AnyValue.ValueOneofCase.BoolValue:
                writer.WriteBooleanValue(value.BoolValue);
                break;
            case AnyValue.ValueOneofCase.IntValue:
                writer.WriteNumberValue(value.IntValue);
                break;
            case AnyValue.ValueOneofCase.DoubleValue when double.IsFinite(value.DoubleValue):
                writer.WriteNumberValue(value.DoubleValue);
                break;
            case null or AnyValue.ValueOneofCase.None:
                writer.WriteNullValue();
                break;
            default:
                writer.WriteStringValue(TextOf(value));
                break;
        }
    }

    private static string NameOf(string key)
    {
        foreach (var (old, now) in Renamed)
        {
            if (old[^1] == '.' ? key.StartsWith(old, StringComparison.Ordinal) : key == old)
            {
                return now + key[old.Length..];
            }
        }
        return key;
    }
}
