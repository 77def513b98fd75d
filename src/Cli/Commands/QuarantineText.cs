using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using ValueStream.Core.Wire;

namespace ValueStream.Cli.Commands;

/// <summary>A delivery that was not understood, to be read. Whoever sent it wrote it: nothing in it can steer the terminal.</summary>
internal static class QuarantineText
{
    // A longer one nobody reads there, and its layout would cost many times its size.
    private const int LongestLaidOut = 2 << 20;
    private const int Piece = 16 << 10;

    private static readonly JsonWriterOptions Readable = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 1000 };

    /// <summary>What is known of it, its headers, and its body, laid out where it is JSON.</summary>
    public static void Entry(Output output, QuarantineEntry entry)
    {
        output.Line($"id        {Printable.Clean(entry.Id)}");
        output.Line($"received  {Durations.Text(entry.ReceivedAt)}");
        output.Line($"source    {Printable.Clean(entry.Source)}");
        output.Line($"reason    {Printable.Clean(entry.Reason)}");
        output.Line("");
        foreach (var (name, value) in entry.Headers.OrderBy(h => h.Key, StringComparer.OrdinalIgnoreCase))
        {
            output.Line($"{Printable.Clean(name)}: {Printable.Clean(value)}");
        }
        if (entry.Headers.Count > 0)
        {
            output.Line("");
        }
        if (entry.Body.Length > LongestLaidOut)
        {
            output.Line($"(a body of {ImportCommand.Bytes(Encoding.UTF8.GetByteCount(entry.Body))}; -body prints it)");
            return;
        }
        Lines(output, LaidOut(entry.Body) ?? entry.Body);
    }

    /// <summary>Its body alone: as it came where it is piped on, and harmless on a terminal.</summary>
    public static void Body(Output output, QuarantineEntry entry)
    {
        if (Output.Columns is not null)
        {
            Lines(output, entry.Body);
            return;
        }
        // In pieces, for it may be large, and in whole characters.
        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(Piece)];
        var encoder = Encoding.UTF8.GetEncoder();
        for (var at = 0; at < entry.Body.Length; at += Piece)
        {
            var piece = entry.Body.AsSpan(at, Math.Min(Piece, entry.Body.Length - at));
            output.Bytes(bytes.AsSpan(0, encoder.GetBytes(piece, bytes, flush: at + piece.Length == entry.Body.Length)));
        }
    }

    private static void Lines(Output output, string text)
    {
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            output.Line(Printable.Clean(line.ToString()));
        }
    }

    /// <summary>JSON with a member a line; null where it is none.</summary>
    private static string? LaidOut(string text)
    {
        try
        {
            using var json = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 1000 });
            var buffer = new ArrayBufferWriter<byte>();
            using (var writer = new Utf8JsonWriter(buffer, Readable))
            {
                json.RootElement.WriteTo(writer);
            }
            return Encoding.UTF8.GetString(buffer.WrittenSpan);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            // Not JSON, or half a surrogate pair is in it.
            return null;
        }
    }
}
