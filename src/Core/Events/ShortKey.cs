namespace ValueStream.Core.Events;

/// <summary>
/// The short key of a run or an operation: the first 64 bits of SHA-256 over the members of its identity (each as a
/// 4-byte big-endian length and its UTF-8 bytes), written as 13 characters of <c>[0-9a-v]</c>: base 32, most significant
/// digit first.
/// </summary>
/// <param name="Value">The 64 bits, as databases keep them.</param>
public readonly record struct ShortKey(long Value)
{
    /// <summary>Length of the text form.</summary>
    public const int TextLength = 13;

    private const string Digits = "0123456789abcdefghijklmnopqrstuv";

    /// <summary>The key of an identity: a run's source, type, namespace and id; an operation's namespace, type and name.</summary>
    public static ShortKey Of(params ReadOnlySpan<string> identity) => new(Hashes.First64(identity));

    /// <summary>Reads the text form; false when the text is not 13 characters of [0-9a-v] or exceeds 64 bits.</summary>
    public static bool TryParse(string? text, out ShortKey key)
    {
        key = default;
        if (text is not { Length: TextLength })
        {
            return false;
        }
        UInt128 bits = 0;
        foreach (var c in text)
        {
            var digit = c switch { >= '0' and <= '9' => c - '0', >= 'a' and <= 'v' => c - 'a' + 10, _ => -1 };
            if (digit < 0)
            {
                return false;
            }
            bits = (bits << 5) | (uint)digit;
        }
        if (bits > ulong.MaxValue)
        {
            return false;
        }
        key = new ShortKey(unchecked((long)(ulong)bits));
        return true;
    }

    /// <summary>The 13 characters.</summary>
    public override string ToString() => string.Create(TextLength, unchecked((ulong)Value), static (span, bits) =>
    {
        for (var i = span.Length - 1; i >= 0; i--, bits >>= 5)
        {
            span[i] = Digits[(int)(bits & 31)];
        }
    });
}
