using System.IO.Compression;
using System.Security.Cryptography;

namespace ValueStream.Store.Log;

/// <summary>The body of a webhook as it came. It is kept beside the events that it became, so that a misunderstanding can be found and mended.</summary>
public sealed class Delivery
{
    /// <summary>Compresses and hashes a body.</summary>
    /// <param name="body">The bytes as they came, unpacked.</param>
    /// <param name="receivedAt">When.</param>
    public Delivery(ReadOnlySpan<byte> body, DateTimeOffset receivedAt)
    {
        Sha256 = SHA256.HashData(body);
        Row = new DeliveryRow { Sha256 = Sha256, ReceivedAt = receivedAt, Body = Compressed.Of(body) };
    }

    /// <summary>SHA-256 of the body, hexadecimal.</summary>
    public string Hash => Convert.ToHexStringLower(Sha256);

    internal byte[] Sha256 { get; }

    internal DeliveryRow Row { get; }
}

/// <summary>Bodies as they are stored.</summary>
internal static class Compressed
{
    // Compressed while the sender waits: the higher qualities, of 11, take longer than a few bytes are worth.
    private const int Quality = 4;

    public static byte[] Of(ReadOnlySpan<byte> body)
    {
        var bytes = new byte[BrotliEncoder.GetMaxCompressedLength(body.Length)];
        return BrotliEncoder.TryCompress(body, bytes, out var length, Quality, window: 22)
            ? bytes[..length] : throw new InvalidOperationException("The longest that it can become was too short for a compressed body.");
    }

    public static byte[] Read(byte[] compressed)
    {
        using var unpacking = new BrotliStream(new MemoryStream(compressed), CompressionMode.Decompress);
        var body = new MemoryStream();
        unpacking.CopyTo(body);
        return body.ToArray();
    }
}
