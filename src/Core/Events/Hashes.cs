using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace ValueStream.Core.Events;

/// <summary>SHA-256 over length-prefixed texts, the one way in which this product makes ids from texts.</summary>
public static class Hashes
{
    /// <summary>SHA-256 over each text as a 4-byte big-endian length of its UTF-8 bytes and those bytes.</summary>
    public static byte[] Of(params ReadOnlySpan<string> texts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[4];
        foreach (var text in texts)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
            hash.AppendData(length);
            hash.AppendData(bytes);
        }
        return hash.GetHashAndReset();
    }

    /// <summary>The first 8 bytes of <see cref="Of"/>, as a big-endian number.</summary>
    public static long First64(params ReadOnlySpan<string> texts) => BinaryPrimitives.ReadInt64BigEndian(Of(texts));
}
