using System.Buffers;
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
        var most = 0;
        foreach (var text in texts)
        {
            most += 4 + Encoding.UTF8.GetMaxByteCount(text.Length);
        }
        var bytes = ArrayPool<byte>.Shared.Rent(most);
        var at = 0;
        foreach (var text in texts)
        {
            var length = Encoding.UTF8.GetBytes(text, bytes.AsSpan(at + 4));
            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(at), length);
            at += 4 + length;
        }
        var hash = SHA256.HashData(bytes.AsSpan(0, at));
        ArrayPool<byte>.Shared.Return(bytes);
        return hash;
    }

    /// <summary>The first 8 bytes of <see cref="Of"/>, as a big-endian number.</summary>
    public static long First64(params ReadOnlySpan<string> texts) => BinaryPrimitives.ReadInt64BigEndian(Of(texts));
}
