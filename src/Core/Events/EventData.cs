using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace ValueStream.Core.Events;

/// <summary>
/// The <c>data</c> of an event: everything but its envelope, as stored in the log. Its JSON text is written once,
/// here, in the members' order below with tags sorted ordinally, and is stored and hashed as that very text.
/// </summary>
public sealed record EventData
{
    /// <summary>The run's name, where the sender gave one.</summary>
    [JsonPropertyOrder(0)]
    public string? Name { get; init; }

    /// <summary>Who did it, as the sender claims.</summary>
    [JsonPropertyOrder(1)]
    public string? Actor { get; init; }

    /// <summary>Why, as the sender claims.</summary>
    [JsonPropertyOrder(2)]
    public string? Reason { get; init; }

    /// <summary>How it ended, as sent: one of <see cref="Outcomes.All"/>.</summary>
    [JsonPropertyOrder(3)]
    public string? Outcome { get; init; }

    /// <summary>The legacy form of an outcome: true is failure, false success.</summary>
    [JsonPropertyOrder(4)]
    public bool? Error { get; init; }

    /// <summary>A note, on annotations.</summary>
    [JsonPropertyOrder(5)]
    public string? Note { get; init; }

    /// <summary>References to parents, the first is the parent.</summary>
    [JsonPropertyOrder(6)]
    public ImmutableArray<string>? Parents { get; init; }

    /// <summary>Links to other runs.</summary>
    [JsonPropertyOrder(7)]
    public ImmutableArray<RunLink>? Links { get; init; }

    /// <summary>The W3C trace context header as sent.</summary>
    [JsonPropertyOrder(8)]
    public string? Traceparent { get; init; }

    /// <summary>True for history that was imported rather than observed.</summary>
    [JsonPropertyOrder(9)]
    public bool? Import { get; init; }

    /// <summary>The tags as sent.</summary>
    [JsonPropertyOrder(10)]
    public ImmutableSortedDictionary<string, TagValue>? Tags { get; init; }

    /// <summary>What the server worked out when it took the event. It is hashed, but no part of the event's content.</summary>
    [JsonPropertyOrder(11)]
    public DerivedData? Derived { get; init; }

    /// <summary>On a <c>redacted</c> event, what was erased and what survives of it.</summary>
    [JsonPropertyOrder(12)]
    public Redaction? Redaction { get; init; }

    /// <summary>On a transition, the stage that begins.</summary>
    [JsonPropertyOrder(13)]
    public string? Stage { get; init; }

    /// <summary>On an <c>administered</c> event, what was set of the run.</summary>
    [JsonPropertyOrder(14)]
    public RunSetting? RunSetting { get; init; }

    /// <summary>On an <c>administered</c> event, what was set of the operation.</summary>
    [JsonPropertyOrder(15)]
    public OperationSetting? OperationSetting { get; init; }

    /// <summary>How the JSON text is written. Text of any script stands as it is: the log is read by people, and no HTML is made of it without encoding.</summary>
    public static JsonWriterOptions Writing { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>The JSON text, as stored and hashed.</summary>
    public string ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Writing))
        {
            WriteTo(json);
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>Writes the JSON text in UTF-8, without a byte-order mark. Member by member: the serializer keeps a stack of its own for each event that holds another object, and every event on its way into the log is written here.</summary>
    /// <param name="json">Where to, made with <see cref="Writing"/>. It is flushed.</param>
    public void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        Text("name"u8, Name);
        Text("actor"u8, Actor);
        Text("reason"u8, Reason);
        Text("outcome"u8, Outcome);
        Flag("error"u8, Error);
        Text("note"u8, Note);
        if (Parents is { } parents)
        {
            json.WriteStartArray("parents"u8);
            foreach (var parent in parents)
            {
                json.WriteStringValue(parent);
            }
            json.WriteEndArray();
        }
        if (Links is { } links)
        {
            json.WriteStartArray("links"u8);
            foreach (var link in links)
            {
                JsonSerializer.Serialize(json, link, LogJson.Context.RunLink);
            }
            json.WriteEndArray();
        }
        Text("traceparent"u8, Traceparent);
        Flag("import"u8, Import);
        if (Tags is not null)
        {
            json.WritePropertyName("tags"u8);
            TagsConverter.Write(json, Tags);
        }
        if (Derived is not null)
        {
            json.WriteStartObject("derived"u8);
            Text("name"u8, Derived.Name);
            if (Derived.ClockOffset is { } offset)
            {
                json.WriteNumber("clockOffset"u8, offset);
            }
            Text("delivery"u8, Derived.Delivery);
            json.WriteEndObject();
        }
        Whole("redaction"u8, Redaction, LogJson.Context.Redaction);
        Text("stage"u8, Stage);
        Whole("runSetting"u8, RunSetting, LogJson.Context.RunSetting);
        Whole("operationSetting"u8, OperationSetting, LogJson.Context.OperationSetting);
        json.WriteEndObject();
        json.Flush();

        void Text(ReadOnlySpan<byte> name, string? value)
        {
            if (value is not null)
            {
                json.WriteString(name, value);
            }
        }

        void Flag(ReadOnlySpan<byte> name, bool? value)
        {
            if (value is { } flag)
            {
                json.WriteBoolean(name, flag);
            }
        }

        void Whole<T>(ReadOnlySpan<byte> name, T? value, JsonTypeInfo<T> type)
            where T : class
        {
            if (value is not null)
            {
                json.WritePropertyName(name);
                JsonSerializer.Serialize(json, value, type);
            }
        }
    }

    /// <summary>The JSON text without what the server derived: what two sendings of one event have in common.</summary>
    public string ContentJson() => (this with { Derived = null }).ToJson();

    /// <summary>Tags as a JSON object, keys in ordinal order.</summary>
    public static string TagsJson(ImmutableSortedDictionary<string, TagValue> tags) => JsonSerializer.Serialize(tags, LogJson.Context.ImmutableSortedDictionaryStringTagValue);

    /// <summary>Reads what <see cref="TagsJson"/> wrote.</summary>
    /// <exception cref="JsonException">The text is not an object of tags.</exception>
    public static ImmutableSortedDictionary<string, TagValue> ReadTags(string json) =>
        JsonSerializer.Deserialize(json, LogJson.Context.ImmutableSortedDictionaryStringTagValue) ?? throw new JsonException("Tags must be an object.");

    /// <summary>Reads a stored text.</summary>
    /// <exception cref="JsonException">The text is not an event's data.</exception>
    public static EventData FromJson(string json) =>
        JsonSerializer.Deserialize(json, LogJson.Context.EventData) ?? throw new JsonException("An event's data is null.");

    /// <summary>The name that a run has by these data: the sender's, else tag <c>service</c>, else the type.</summary>
    public string NameOr(string type) => NameOr(Name, Tags, type);

    /// <summary>The name that a run has by a name and tags that were sent, and its type.</summary>
    public static string NameOr(string? name, ImmutableSortedDictionary<string, TagValue>? tags, string type) =>
        !string.IsNullOrEmpty(name) ? name
        : tags is not null && tags.TryGetValue("service", out var service) && service.Text.Length > 0 ? service.Text
        : type;

    /// <summary>The event that these data and their envelope tell.</summary>
    /// <param name="envelope">What the log keeps in columns.</param>
    public Event ToEvent(Envelope envelope)
    {
        var (id, at) = (envelope.EventId, envelope.EffectiveAt);
        var name = Derived?.Name ?? NameOr(envelope.Run.Type);
        Event e = envelope.Kind switch
        {
            EventKind.Started => new Started { EventId = id, EffectiveAt = at, Name = name, Traceparent = Events.Traceparent.Parse(Traceparent) },
            EventKind.Transitioned => new Transitioned { EventId = id, EffectiveAt = at, Name = name, Stage = Stage ?? "" },
            EventKind.Annotated => new Annotated { EventId = id, EffectiveAt = at, Note = Note },
            EventKind.Linked => new Linked { EventId = id, EffectiveAt = at },
            EventKind.Ended => new Ended
            {
                EventId = id,
                EffectiveAt = at,
                Name = name,
                Outcome = Outcomes.Parse(Outcome) ?? (Error is true ? Events.Outcome.Failure : Events.Outcome.Success),
            },
            EventKind.Abandoned => new Abandoned { EventId = id, EffectiveAt = at },
            EventKind.Administered => new Administered
            {
                EventId = id,
                EffectiveAt = at,
                Position = envelope.Position,
                Run = RunSetting,
                Operation = OperationSetting,
            },
            _ => throw new JsonException($"Kind {envelope.Kind} is not one that this version reads."),
        };
        return e with
        {
            RecordedAt = envelope.RecordedAt,
            Attempt = envelope.Attempt,
            Submitter = envelope.Submitter,
            Actor = Actor,
            Reason = Reason,
            Parents = Parents ?? [],
            Links = Links ?? [],
            IsImported = Import is true,
            Tags = Tags ?? Event.NoTags,
        };
    }

    /// <summary>The members that <see cref="Without"/> takes away, beside <c>tags.</c> and a key.</summary>
    public const string Erasable = "name, actor, reason, note, stage, operationSetting, tags, tags.<key>, parents, links, traceparent; redaction.<member> of what survived an erasure";

    /// <summary>What remains when members are taken away; what was derived from one of them goes with it, as does the delivery that all of them came in.</summary>
    /// <param name="members">Some of <see cref="Erasable"/>.</param>
    /// <exception cref="ArgumentException">One of them is not erasable; its name is the message.</exception>
    public EventData Without(IEnumerable<string> members) => members.Aggregate(WithoutDelivery(), static (data, member) => member switch
    {
        "name" => data.WithoutDerivedName() with { Name = null },
        "actor" => data with { Actor = null },
        "reason" => data with { Reason = null },
        "note" => data with { Note = null },
        "stage" => data with { Stage = null },
        "operationSetting" => data with { OperationSetting = null },
        "parents" => data with { Parents = null },
        "links" => data with { Links = null },
        "traceparent" => data with { Traceparent = null },
        "tags" => data.WithoutDerivedName() with { Tags = null },
        _ when member.StartsWith("tags.", StringComparison.Ordinal) => data.WithoutDerivedName() with { Tags = data.Tags?.Remove(member["tags.".Length..]) },
        _ when member.StartsWith("redaction.", StringComparison.Ordinal) && data.Redaction is { } redaction =>
            data with { Redaction = redaction with { Data = redaction.Data.Without([member["redaction.".Length..]]) } },
        _ => throw new ArgumentException(member, nameof(members)),
    });

    private EventData WithoutDelivery() => Derived is null ? this : this with { Derived = Derived with { Delivery = null } };

    private EventData WithoutDerivedName() => Derived is null ? this : this with { Derived = Derived with { Name = null } };
}

/// <summary>An erasure.</summary>
/// <param name="Position">The event whose data was erased.</param>
/// <param name="Data">What survives of it; readers take it in the place of what was erased.</param>
public sealed record Redaction(long Position, EventData Data);

/// <summary>What the server adds to an event's data.</summary>
public sealed record DerivedData
{
    /// <summary>The run's name by the rules at the time of the append, where the sender gave none.</summary>
    public string? Name { get; init; }

    /// <summary>The sender's clock offset in seconds (server minus sender), where it was applied.</summary>
    public double? ClockOffset { get; init; }

    /// <summary>SHA-256 of the webhook's body that the event came in, hexadecimal; the body itself is kept beside the log for a while.</summary>
    public string? Delivery { get; init; }
}

/// <summary>What an event is, beside its data.</summary>
/// <param name="EventId">The event's own id.</param>
/// <param name="Kind">What happened.</param>
/// <param name="Run">Whose event it is.</param>
/// <param name="Attempt">The attempt as sent, or null.</param>
/// <param name="Submitter">Who the server saw sending it, as an opaque id.</param>
/// <param name="OccurredAt">The sender's time, or null where it gave none.</param>
/// <param name="EffectiveAt">The time that folds and numbers use.</param>
/// <param name="Position">Its position in the log.</param>
/// <param name="RecordedAt">When the server appended it.</param>
public sealed record Envelope(
    Guid EventId, EventKind Kind, RunId Run, int? Attempt, string Submitter, DateTimeOffset? OccurredAt, DateTimeOffset EffectiveAt,
    long Position, DateTimeOffset RecordedAt);

/// <summary>The JSON of the log.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(TagsConverter)])]
[JsonSerializable(typeof(EventData))]
[JsonSerializable(typeof(ImmutableSortedDictionary<string, TagValue>))]
[JsonSerializable(typeof(OperationSetting))]
internal sealed partial class EventJson : JsonSerializerContext;

/// <summary>The one way in which the log writes and reads JSON.</summary>
internal static class LogJson
{
    /// <summary>How everything but the data of an event is written, and all of it is read.</summary>
    public static EventJson Context { get; } = new(new JsonSerializerOptions(EventJson.Default.Options) { Encoder = EventData.Writing.Encoder });
}
