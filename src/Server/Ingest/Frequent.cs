using System.Text;

namespace ValueStream.Server.Ingest;

/// <summary>Short texts that were read lately, so that what is sent with every event, the keys of its tags above all, is not made anew each time.</summary>
internal static class Frequent
{
    private const int Longest = 48;

    // One text for each place; whichever came last stays. Two threads may each make one: nobody tells equal texts apart.
    private static readonly string?[] Texts = new string?[2048];

    /// <summary>The text of JSON as sent, without its quotes; null where it is long or not plain ASCII, and must be read.</summary>
    public static string? Find(ReadOnlySpan<byte> json)
    {
        if (json.Length > Longest)
        {
            return null;
        }
        var hash = new HashCode();
        hash.AddBytes(json);
        ref var text = ref Texts[hash.ToHashCode() & (Texts.Length - 1)];
        if (text is { } known && Ascii.Equals(json, known))
        {
            return known;
        }
        return !Ascii.IsValid(json) || json.ContainsAny((byte)'\\', (byte)0) ? null : text = Encoding.ASCII.GetString(json);
    }
}
