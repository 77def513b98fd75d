using System.Globalization;
using System.Text;

namespace ValueStream.Cli;

/// <summary>HTTP/1.1 responses as they come over a plain socket.</summary>
internal static class PlainAnswer
{
    /// <summary>
    /// Reads an HTTP/1.1 response out of what was received so far. Null while it is incomplete; status 0 when it is none.
    /// </summary>
    /// <param name="received">Everything received.</param>
    /// <param name="closed">Whether the server has closed the connection.</param>
    public static Answer? Read(ReadOnlySpan<byte> received, bool closed)
    {
        while (true)
        {
            var end = received.IndexOf("\r\n\r\n"u8);
            if (!received.StartsWith("HTTP/1."u8[..Math.Min(7, received.Length)]))
            {
                return Answer.Nothing("the answer is not HTTP");
            }
            if (end < 0)
            {
                return null;
            }
            var head = Encoding.Latin1.GetString(received[..end]);
            var rest = received[(end + 4)..];
            if (head.Length < 12 || !int.TryParse(head.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var status))
            {
                return Answer.Nothing("the answer is not HTTP");
            }
            if (status < 200)
            {
                received = rest;
                continue;
            }
            if (status == 204)
            {
                return new Answer(status, []);
            }
            if (Header(head, "Transfer-Encoding") is { } encoding && encoding.Contains("chunked", StringComparison.OrdinalIgnoreCase))
            {
                return Unchunk(rest) is { } whole ? new Answer(status, whole) : null;
            }
            if (Header(head, "Content-Length") is { } text
                && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var length))
            {
                return rest.Length >= length ? new Answer(status, rest[..length].ToArray()) : null;
            }
            return closed ? new Answer(status, rest.ToArray()) : null;
        }
    }

    private static string? Header(string head, string name)
    {
        foreach (var line in head.Split("\r\n"))
        {
            if (line.Length > name.Length && line[name.Length] == ':' && line.StartsWith(name, StringComparison.OrdinalIgnoreCase))
            {
                return line[(name.Length + 1)..].Trim();
            }
        }
        return null;
    }

    private static byte[]? Unchunk(ReadOnlySpan<byte> chunks)
    {
        using var whole = new MemoryStream();
        while (true)
        {
            var end = chunks.IndexOf("\r\n"u8);
            if (end < 0)
            {
                return null;
            }
            var size = chunks[..end];
            var extension = size.IndexOf((byte)';');
            size = extension < 0 ? size : size[..extension];
            const NumberStyles hex = NumberStyles.AllowHexSpecifier | NumberStyles.AllowTrailingWhite;
            if (!int.TryParse(size, hex, CultureInfo.InvariantCulture, out var length)
                || length is < 0 or > Transport.LargestAnswer)
            {
                throw new InvalidDataException("the answer's chunks cannot be read");
            }
            chunks = chunks[(end + 2)..];
            if (length == 0)
            {
                return whole.ToArray();
            }
            if (chunks.Length < length + 2)
            {
                return null;
            }
            whole.Write(chunks[..length]);
            chunks = chunks[(length + 2)..];
        }
    }
}
