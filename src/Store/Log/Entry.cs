using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ValueStream.Core.Events;

namespace ValueStream.Store.Log;

/// <summary>
/// An event made ready to be written: its text, its salt and the digest of both. This is the work that many can do at once, before
/// the event waits for its turn at the head.
/// </summary>
internal sealed class Entry
{
    // Random bytes are asked for many at a time: each asking costs the operating system more than the bytes do.
    [ThreadStatic]
    private static byte[]? _random;

    [ThreadStatic]
    private static int _left;

    private const int MostKept = 4096;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _buffer;

    [ThreadStatic]
    private static Utf8JsonWriter? _json;

    private readonly string _data;
    private readonly byte[] _dataDigest;

    public Entry(NewEvent e)
    {
        Event = e;
        Salt = NewSalt();
        // Salt and text as they are hashed, in memory that the thread's next event uses again unless one was large.
        var buffer = _buffer is { Capacity: <= MostKept } ? _buffer : _buffer = new ArrayBufferWriter<byte>(MostKept);
        buffer.ResetWrittenCount();
        buffer.Write(Salt);
        var json = _json ??= new Utf8JsonWriter(buffer, EventData.Writing);
        json.Reset(buffer);
        e.Data.WriteTo(json);
        _data = Encoding.UTF8.GetString(buffer.WrittenSpan[Salt.Length..]);
        _dataDigest = SHA256.HashData(buffer.WrittenSpan);
    }

    public NewEvent Event { get; }

    /// <summary>16 random bytes that keep erased data from being guessed from its digest.</summary>
    public byte[] Salt { get; }

    /// <summary>Characters of its data, and bytes of the delivery that is stored with it.</summary>
    public int Size => _data.Length + (Event.Delivery?.Row.Body.Length ?? 0);

    /// <summary>The row at a position.</summary>
    public EventRow ToRow(long position, DateTimeOffset recordedAt)
    {
        var row = new EventRow
        {
            Position = position,
            EventId = Event.EventId,
            Kind = (short)Event.Kind,
            Source = Event.Run.Source,
            Type = Event.Run.Type,
            Namespace = Event.Run.Namespace,
            Id = Event.Run.Id,
            Run = Event.Key.Value,
            Attempt = Event.Attempt,
            Submitter = Event.Submitter,
            OccurredAt = OccurredAt,
            RecordedAt = recordedAt,
            EffectiveAt = Micros.Truncate(Event.EffectiveAt),
            Salt = Salt,
            Data = _data,
            Digest = [],
        };
        row.Digest = HashChain.Digest(row, _dataDigest);
        return row;
    }

    /// <summary>Whether a stored event says the same. Content is what the sender said: kind, identity, attempt, its time and its data.
    /// Of an erased one nobody can tell, and of a delivery a newer server may make something else: sending them again must not be an error.</summary>
    public bool HasContentOf(EventRow stored) =>
        stored.IsErased
        || Event.IsIdDerived
        || (short)Event.Kind == stored.Kind
        && Event.Run.Equals(new RunId(stored.Source, stored.Type, stored.Namespace, stored.Id))
        && Event.Attempt == stored.Attempt
        && OccurredAt == stored.OccurredAt
        && Event.Data.ContentJson() == EventData.FromJson(stored.Data).ContentJson();

    /// <summary>Whether an archived event says the same, as far as its digest tells: of it nothing else is in the database.</summary>
    public bool HasContentOf(ArchivedEventRow stored) => stored.Content is null || Event.IsIdDerived
        || stored.Content == ContentDigest((short)Event.Kind, Event.Run, Event.Attempt, OccurredAt, Event.Data);

    /// <summary>The digest of what the sender of a stored event said; null where nobody can tell. Stored with archived events, so that it never changes.</summary>
    public static long? ContentDigest(EventRow stored)
    {
        try
        {
            return stored.IsErased ? null
                : ContentDigest(stored.Kind, new RunId(stored.Source, stored.Type, stored.Namespace, stored.Id), stored.Attempt, stored.OccurredAt, EventData.FromJson(stored.Data));
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static long ContentDigest(short kind, RunId run, int? attempt, DateTimeOffset? occurredAt, EventData data) => Hashes.First64(
        kind.ToString(CultureInfo.InvariantCulture), run.Source, run.Type, run.Namespace, run.Id, attempt?.ToString(CultureInfo.InvariantCulture) ?? "",
        occurredAt is { } time ? Micros.Of(time).ToString(CultureInfo.InvariantCulture) : "", data.ContentJson());

    private static byte[] NewSalt()
    {
        _random ??= new byte[64 * HashChain.SaltLength];
        if (_left == 0)
        {
            RandomNumberGenerator.Fill(_random);
            _left = _random.Length;
        }
        _left -= HashChain.SaltLength;
        return _random.AsSpan(_left, HashChain.SaltLength).ToArray();
    }

    private DateTimeOffset? OccurredAt => Event.OccurredAt is { } occurredAt ? Micros.Truncate(occurredAt) : null;
}
