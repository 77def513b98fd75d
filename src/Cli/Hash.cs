using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace ValueStream.Cli;

/// <summary>
/// SHA-256 and SHA-1 (FIPS 180-4) without a library: .NET's would load OpenSSL, which costs more than the whole start, and ends the
/// process where it is not there.
/// </summary>
internal static class Hash
{
    // The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
    private static readonly uint[] Constants =
    [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ];

    /// <summary>The same as <see cref="Core.Events.Hashes.Of"/>: over each text as a 4-byte big-endian length of its UTF-8 bytes and those bytes.</summary>
    public static byte[] Of(params ReadOnlySpan<string> texts)
    {
        using var bytes = new MemoryStream();
        Span<byte> length = stackalloc byte[4];
        foreach (var text in texts)
        {
            var utf8 = Encoding.UTF8.GetBytes(text);
            BinaryPrimitives.WriteInt32BigEndian(length, utf8.Length);
            bytes.Write(length);
            bytes.Write(utf8);
        }
        return Of(bytes.ToArray());
    }

    /// <summary>HMAC-SHA-256 (RFC 2104).</summary>
    public static byte[] Hmac(byte[] key, byte[] message)
    {
        const int block = 64;
        var padded = new byte[block];
        (key.Length > block ? Of(key) : key).CopyTo(padded, 0);
        byte[] inner = [.. padded.Select(static b => (byte)(b ^ 0x36)), .. message];
        return Of([.. padded.Select(static b => (byte)(b ^ 0x5c)), .. Of(inner)]);
    }

    /// <summary>The same as <see cref="Core.Events.EventIds.Of"/>: the id of the event that these texts name.</summary>
    public static Guid EventId(params ReadOnlySpan<string> names)
    {
        var space = Core.Events.EventIds.Namespace.ToByteArray(bigEndian: true);
        var hash = Sha1([.. space, .. Encoding.UTF8.GetBytes(string.Join('\0', names))]).AsSpan(0, 16);
        hash[6] = (byte)(hash[6] & 0x0F | 0x50);
        hash[8] = (byte)(hash[8] & 0x3F | 0x80);
        return new Guid(hash, bigEndian: true);
    }

    private static byte[] Of(byte[] message) =>
        Of(message, [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19], Add);

    private static byte[] Sha1(byte[] message) => Of(message, [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0], AddSha1);

    private delegate void Round(uint[] state, ReadOnlySpan<byte> block);

    private static byte[] Of(byte[] message, uint[] state, Round add)
    {
        var padded = new byte[(message.Length + 9 + 63) / 64 * 64];
        message.CopyTo(padded, 0);
        padded[message.Length] = 0x80;
        BinaryPrimitives.WriteInt64BigEndian(padded.AsSpan(padded.Length - 8), message.Length * 8L);
        for (var at = 0; at < padded.Length; at += 64)
        {
            add(state, padded.AsSpan(at, 64));
        }
        var hash = new byte[state.Length * 4];
        for (var i = 0; i < state.Length; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(hash.AsSpan(i * 4), state[i]);
        }
        return hash;
    }

    private static void AddSha1(uint[] state, ReadOnlySpan<byte> block)
    {
        Span<uint> w = stackalloc uint[80];
        for (var i = 0; i < 16; i++)
        {
            w[i] = BinaryPrimitives.ReadUInt32BigEndian(block[(i * 4)..]);
        }
        for (var i = 16; i < 80; i++)
        {
            w[i] = BitOperations.RotateLeft(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
        }
        var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4]);
        for (var i = 0; i < 80; i++)
        {
            var (mix, constant) = i switch
            {
                < 20 => (b & c | ~b & d, 0x5a827999u),
                < 40 => (b ^ c ^ d, 0x6ed9eba1u),
                < 60 => (b & c | b & d | c & d, 0x8f1bbcdcu),
                _ => (b ^ c ^ d, 0xca62c1d6u),
            };
            (a, b, c, d, e) = (BitOperations.RotateLeft(a, 5) + mix + e + constant + w[i], a, BitOperations.RotateLeft(b, 30), c, d);
        }
        ReadOnlySpan<uint> sums = [a, b, c, d, e];
        for (var i = 0; i < sums.Length; i++)
        {
            state[i] += sums[i];
        }
    }

    private static void Add(uint[] state, ReadOnlySpan<byte> block)
    {
        Span<uint> w = stackalloc uint[64];
        for (var i = 0; i < 16; i++)
        {
            w[i] = BinaryPrimitives.ReadUInt32BigEndian(block[(i * 4)..]);
        }
        for (var i = 16; i < 64; i++)
        {
            var low = BitOperations.RotateRight(w[i - 15], 7) ^ BitOperations.RotateRight(w[i - 15], 18) ^ w[i - 15] >> 3;
            var high = BitOperations.RotateRight(w[i - 2], 17) ^ BitOperations.RotateRight(w[i - 2], 19) ^ w[i - 2] >> 10;
            w[i] = w[i - 16] + low + w[i - 7] + high;
        }
        var (a, b, c, d, e, f, g, h) = (state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]);
        for (var i = 0; i < 64; i++)
        {
            var first = h + (BitOperations.RotateRight(e, 6) ^ BitOperations.RotateRight(e, 11) ^ BitOperations.RotateRight(e, 25))
                + (e & f ^ ~e & g) + Constants[i] + w[i];
            var second = (BitOperations.RotateRight(a, 2) ^ BitOperations.RotateRight(a, 13) ^ BitOperations.RotateRight(a, 22))
                + (a & b ^ a & c ^ b & c);
            (a, b, c, d, e, f, g, h) = (first + second, a, b, c, d + first, e, f, g);
        }
        ReadOnlySpan<uint> sums = [a, b, c, d, e, f, g, h];
        for (var i = 0; i < sums.Length; i++)
        {
            state[i] += sums[i];
        }
    }
}
