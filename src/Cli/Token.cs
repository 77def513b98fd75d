using System.Buffers;
using System.Buffers.Binary;

namespace ValueStream.Cli;

/// <summary>The ids that vscli gives to runs, of the shape of upstream's xid: 20 characters of <c>[0-9a-v]</c> that sort by time.</summary>
internal static class Token
{
    /// <summary>Its length in characters.</summary>
    public const int Length = 20;

    private const string Digits = "0123456789abcdefghijklmnopqrstuv";

    private static readonly SearchValues<char> Allowed = SearchValues.Create(Digits);

    /// <summary>A new id: 4 bytes of Unix seconds, 8 random bytes, in base 32 (hex alphabet, lower case).</summary>
    public static string New(DateTimeOffset now)
    {
        // A GUID's random bytes come from the kernel; RandomNumberGenerator would load OpenSSL for them.
        Span<byte> random = stackalloc byte[16];
        Guid.NewGuid().TryWriteBytes(random);
        Span<byte> bytes = stackalloc byte[12];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)now.ToUnixTimeSeconds());
        random[..6].CopyTo(bytes[4..]);   // bytes 6 to 8 hold the GUID's version and variant
        random[10..12].CopyTo(bytes[10..]);
        Span<char> text = stackalloc char[Length];
        for (var i = 0; i < Length; i++)
        {
            var bit = i * 5;
            var pair = bytes[bit / 8] << 8 | (bit / 8 + 1 < bytes.Length ? bytes[bit / 8 + 1] : 0);
            text[i] = Digits[pair >> (11 - bit % 8) & 31];
        }
        return text.ToString();
    }

    /// <summary>Whether a text has the shape of such an id, and so may name a file.</summary>
    public static bool Is(ReadOnlySpan<char> text) =>
        text.Length == Length && !text.ContainsAnyExcept(Allowed);
}
