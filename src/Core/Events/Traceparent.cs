using System.Buffers;

namespace ValueStream.Core.Events;

/// <summary>
/// A W3C trace context header value (w3c/trace-context, level 1 and 2): <c>00-traceid-spanid-flags</c>.
/// </summary>
/// <param name="TraceId">32 lower-case hexadecimal digits, not all zero.</param>
/// <param name="SpanId">16 lower-case hexadecimal digits, not all zero: the span in which the run began.</param>
/// <param name="Flags">The trace flags as sent.</param>
public sealed record Traceparent(string TraceId, string SpanId, byte Flags)
{
    private static readonly SearchValues<char> Hex = SearchValues.Create("0123456789abcdef");

    /// <summary>
    /// Reads a header value. Null for anything the standard says to ignore: upper case, all-zero ids, version ff,
    /// a version 00 of another length. A higher version is read by its first 55 characters.
    /// </summary>
    public static Traceparent? Parse(string? text)
    {
        if (text is null || text.Length < 55 || text[2] != '-' || text[35] != '-' || text[52] != '-')
        {
            return null;
        }
        var version = text.AsSpan(0, 2);
        var traceId = text.AsSpan(3, 32);
        var spanId = text.AsSpan(36, 16);
        var flags = text.AsSpan(53, 2);
        if (!IsHex(version) || !IsHex(traceId) || !IsHex(spanId) || !IsHex(flags)
            || version is "ff"
            || (version is "00" ? text.Length != 55 : text.Length > 55 && text[55] != '-')
            || !traceId.ContainsAnyExcept('0') || !spanId.ContainsAnyExcept('0'))
        {
            return null;
        }
        return new Traceparent(traceId.ToString(), spanId.ToString(), Convert.FromHexString(flags)[0]);
    }

    /// <summary>The header value, version 00.</summary>
    public override string ToString() => $"00-{TraceId}-{SpanId}-{Flags:x2}";

    private static bool IsHex(ReadOnlySpan<char> text) => !text.ContainsAnyExcept(Hex);
}
