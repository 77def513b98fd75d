using System.Security.Cryptography;
using System.Text;

namespace ValueStream.Core.Events;

/// <summary>
/// Ids of events that their sender gave none: made from what names the event at the sender, so that a resend is the same event.
/// They are UUIDs of version 5 (RFC 9562, section 5.5).
/// </summary>
public static class EventIds
{
    /// <summary>The namespace of all ids that are made here. It never changes: else a resend after an update would be stored twice.</summary>
    public static readonly Guid Namespace = new("6c1f0a52-7d0e-4b0c-9a55-3f2b8d7e41c9");

    /// <summary>The id of the event that these texts name, for example (<c>ndjson</c>, Idempotency-Key, line).</summary>
    /// <param name="names">Texts without NUL, which stands between them: other texts, other id.</param>
    public static Guid Of(params ReadOnlySpan<string> names) => Version5(Namespace, Encoding.UTF8.GetBytes(string.Join('\0', names)));

    /// <summary>A UUID of version 5: the first 16 bytes of SHA-1 over namespace and name, marked with version and variant.</summary>
    /// <param name="ns">The namespace, hashed as its 16 bytes in network order.</param>
    /// <param name="name">Any bytes, none included.</param>
    public static Guid Version5(Guid ns, ReadOnlySpan<byte> name)
    {
        var bytes = new byte[16 + name.Length];
        ns.TryWriteBytes(bytes, bigEndian: true, out _);
        name.CopyTo(bytes.AsSpan(16));
#pragma warning disable CA5350 // The RFC says SHA-1. It names events, it keeps nothing secret.
        var hash = SHA1.HashData(bytes).AsSpan(0, 16);
#pragma warning restore CA5350
        hash[6] = (byte)(hash[6] & 0x0F | 0x50);
        hash[8] = (byte)(hash[8] & 0x3F | 0x80);
        return new Guid(hash, bigEndian: true);
    }
}
