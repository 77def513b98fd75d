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

    private const long Version = 1;

    /// <summary>SHA-256(salt ‖ data).</summary>
    public static byte[] DataDigest(ReadOnlySpan<byte> salt, string data)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(salt);
        hash.AppendData(Encoding.UTF8.GetBytes(data));
        return hash.GetHashAndReset();
    }

    /// <summary>The digest of an event: SHA-256 over its envelope and the digest of its data.</summary>
    public static byte[] Digest(EventRow e)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Number(hash, Version);
        Number(hash, e.Position);
        Field(hash, e.EventId.ToByteArray(bigEndian: true));
        Text(hash, ((EventKind)e.Kind).Text());
        Text(hash, e.Source);
        Text(hash, e.Type);
        Text(hash, e.Namespace);
        Text(hash, e.Id);
        Number(hash, e.Attempt ?? 0);
        Text(hash, e.Submitter);
        if (e.OccurredAt is { } occurredAt)
        {
            Number(hash, Micros.Of(occurredAt));
        }
        else
        {
            Field(hash, []);
        }
        Number(hash, Micros.Of(e.RecordedAt));
        Number(hash, Micros.Of(e.EffectiveAt));
        Field(hash, DataDigest(e.Salt, e.Data));
        return hash.GetHashAndReset();
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

    private static void Text(IncrementalHash hash, string text) => Field(hash, Encoding.UTF8.GetBytes(text));

    private static void Number(IncrementalHash hash, long number)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, number);
        Field(hash, bytes);
    }

    private static void Field(IncrementalHash hash, ReadOnlySpan<byte> bytes)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
        hash.AppendData(length);
        hash.AppendData(bytes);
    }
}
