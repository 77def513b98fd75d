using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using ValueStream.Core.Events;

namespace ValueStream.Store.Log;

/// <summary>Format v1 of the log's digests and chain, byte by byte as <c>docs/log-format.md</c> has it. It never changes.</summary>
internal static class HashChain
{
    /// <summary>Bytes in a salt.</summary>
    public const int SaltLength = 16;

    /// <summary>The version of the format.</summary>
    public const long Version = 1;

    /// <summary>SHA-256(salt ‖ data).</summary>
    public static byte[] DataDigest(ReadOnlySpan<byte> salt, string data)
    {
        var length = salt.Length + Encoding.UTF8.GetByteCount(data);
        var bytes = ArrayPool<byte>.Shared.Rent(length);
        salt.CopyTo(bytes);
        Encoding.UTF8.GetBytes(data, bytes.AsSpan(salt.Length));
        var digest = SHA256.HashData(bytes.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(bytes);
        return digest;
    }

    /// <summary>The digest of a stored event.</summary>
    public static byte[] Digest(EventRow e) => Digest(e, e.IsErased ? e.Salt : DataDigest(e.Salt, e.Data));

    /// <summary>The digest of an event: SHA-256 over its envelope and the digest of its data.</summary>
    public static byte[] Digest(EventRow e, ReadOnlySpan<byte> dataDigest)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(LongestEnvelope(e));
        var at = EnvelopeBeforeData(e, bytes);
        Length(bytes, ref at, dataDigest.Length);
        dataDigest.CopyTo(bytes.AsSpan(at));
        var digest = SHA256.HashData(bytes.AsSpan(0, at + dataDigest.Length));
        ArrayPool<byte>.Shared.Return(bytes);
        return digest;
    }

    /// <summary>The most bytes that an event's envelope can have: numbers and lengths, and three for each UTF-16 unit of its texts.</summary>
    public static int LongestEnvelope(EventRow e) =>
        256 + 3 * (e.Source.Length + e.Type.Length + e.Namespace.Length + e.Id.Length + e.Submitter.Length);

    /// <summary>Writes an event's envelope without the data digest, its last field.</summary>
    /// <param name="e">The event.</param>
    /// <param name="bytes">At least <see cref="LongestEnvelope"/> bytes.</param>
    /// <returns>How many bytes it has.</returns>
    public static int EnvelopeBeforeData(EventRow e, byte[] bytes)
    {
        var at = 0;
        Number(bytes, ref at, Version);
        Number(bytes, ref at, e.Position);
        Length(bytes, ref at, 16);
        e.EventId.TryWriteBytes(bytes.AsSpan(at), bigEndian: true, out var written);
        at += written;
        Text(bytes, ref at, ((EventKind)e.Kind).Text());
        Text(bytes, ref at, e.Source);
        Text(bytes, ref at, e.Type);
        Text(bytes, ref at, e.Namespace);
        Text(bytes, ref at, e.Id);
        Number(bytes, ref at, e.Attempt ?? 0);
        Text(bytes, ref at, e.Submitter);
        if (e.OccurredAt is { } occurredAt)
        {
            Number(bytes, ref at, Micros.Of(occurredAt));
        }
        else
        {
            Length(bytes, ref at, 0);
        }
        Number(bytes, ref at, Micros.Of(e.RecordedAt));
        Number(bytes, ref at, Micros.Of(e.EffectiveAt));
        return at;
    }

    /// <summary>What the first batch of a log chains to: SHA-256 of the log's id.</summary>
    public static byte[] Genesis(Guid logId) => SHA256.HashData(logId.ToByteArray(bigEndian: true));

    /// <summary>The hash of a batch: SHA-256(previous hash ‖ first ‖ last ‖ digests), positions as 8 bytes, big-endian.</summary>
    public static byte[] Batch(ReadOnlySpan<byte> previous, long first, long last, IEnumerable<byte[]> digests)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(previous);
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(number, first);
        hash.AppendData(number);
        BinaryPrimitives.WriteInt64BigEndian(number, last);
        hash.AppendData(number);
        foreach (var digest in digests)
        {
            hash.AppendData(digest);
        }
        return hash.GetHashAndReset();
    }

    private static void Text(byte[] bytes, ref int at, string text)
    {
        var length = Encoding.UTF8.GetBytes(text, bytes.AsSpan(at + 4));
        Length(bytes, ref at, length);
        at += length;
    }

    private static void Number(byte[] bytes, ref int at, long number)
    {
        Length(bytes, ref at, 8);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(at), number);
        at += 8;
    }

    private static void Length(byte[] bytes, ref int at, int length)
    {
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(at), length);
        at += 4;
    }
}
