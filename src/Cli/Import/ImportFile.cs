using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using ValueStream.Core.Wire;

namespace ValueStream.Cli.Import;

/// <summary>A line of the file and what it is to the log.</summary>
/// <param name="Number">Its number, of a record of CSV that of its first line.</param>
/// <param name="Text">As it stands in the file.</param>
/// <param name="Events">Its events, as JSON.</param>
/// <param name="Problem">Why it has none; null when it has.</param>
internal sealed record ImportLine(long Number, string Text, IReadOnlyList<byte[]> Events, string? Problem);

/// <summary>Reads files of past runs and events, line by line. Pure but for the reading.</summary>
internal static class ImportFile
{
    /// <summary>Lines of JSON: events of the API as they are, or run objects. Blank lines are left out.</summary>
    public static IEnumerable<ImportLine> Ndjson(LineReader lines)
    {
        while (lines.Next() is { } line)
        {
            if (lines.WasTooLong)
            {
                yield return new(lines.Number, "", [], "It is longer than 256 kB.");
            }
            else if (!line.Span.Trim(" \t"u8).IsEmpty)
            {
                yield return Read(line, lines.Number);
            }
        }
    }

    /// <summary>Records of CSV under a header.</summary>
    /// <exception cref="InvalidDataException">The header is none.</exception>
    public static IEnumerable<ImportLine> Csv(LineReader lines)
    {
        var reader = new CsvReader(lines);
        if (reader.Next() is not { } first)
        {
            yield break;
        }
        var header = Header(first);
        while (reader.Next() is { } record)
        {
            yield return record.Problem is { } problem ? new(record.Line, record.Text, [], problem)
                : Make(record.Line, record.Text, () => Events(PastRun.Of(header, record.Cells), $"{first.Text}\n{record.Text}", record.Line));
        }
    }

    private static List<string> Header(CsvRecord first)
    {
        List<string> header = [.. first.Cells.Select(c => Array.Find(PastRun.Members, m => m.Equals(c.Trim(), StringComparison.OrdinalIgnoreCase)) ?? c.Trim())];
        var missing = Array.Find(["type", "startedAt"], m => !header.Contains(m));
        if (missing is not null)
        {
            throw new InvalidDataException($"the header has no column {missing}; the columns are {string.Join(", ", PastRun.Members.Take(11))}, parents and tag.KEY, parted by commas");
        }
        if (first.Problem is { } problem)
        {
            throw new InvalidDataException($"the header cannot be read: {problem}");
        }
        if (header.GroupBy(h => h).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            throw new InvalidDataException($"the header has the column '{twice.Key}' twice");
        }
        var unknown = header.Where(h => !PastRun.Members.Contains(h) && !(h.StartsWith("tag.", StringComparison.Ordinal) && h.Length > 4)).ToList();
        if (unknown.Count > 0)
        {
            Talk.Say($"left out are the columns {string.Join(", ", unknown)}: they are no members of a run; a tag's is tag.KEY");
        }
        return header;
    }

    private static ImportLine Read(ReadOnlyMemory<byte> line, long number)
    {
        var text = Encoding.UTF8.GetString(line.Span);
        return !Utf8.IsValid(line.Span) ? new(number, text, [], "It is not valid UTF-8.") : Make(number, text, () =>
        {
            using var json = JsonDocument.Parse(line);
            var root = json.RootElement;
            return root.ValueKind == JsonValueKind.Array
                    ? throw new BadLineException("It is an array; `jq -c '.[]'` makes lines of it.")
                : root.ValueKind != JsonValueKind.Object ? throw new BadLineException("It is not a JSON object.")
                : root.TryGetProperty("action", out _) ? [Event(root, line, text, number)]
                : Events(PastRun.Of(root), text, number);
        });
    }

    private static ImportLine Make(long number, string text, Func<List<byte[]>> events)
    {
        try
        {
            return new(number, text, events(), null);
        }
        catch (BadLineException e)
        {
            return new(number, text, [], e.Message);
        }
        catch (JsonException e)
        {
            // What follows names a line and a byte within this line alone.
            return new(number, text, [], $"It is not JSON that can be read: {e.Message.Split(" LineNumber")[0]}");
        }
        catch (InvalidOperationException)
        {
            return new(number, text, [], "It is not valid Unicode (half a surrogate pair).");
        }
    }

    private static List<byte[]> Events(PastRun run, string text, long number) =>
        [.. run.Events(text, number).Select(e => JsonSerializer.SerializeToUtf8Bytes(e, WireJson.Default.EventRequest))];

    /// <summary>An event of the API as it is, with an id that follows from the line where it has none.</summary>
    private static byte[] Event(JsonElement e, ReadOnlyMemory<byte> line, string text, long number)
    {
        if (e.TryGetProperty("eventId", out var id) && id.ValueKind != JsonValueKind.Null)
        {
            return line.ToArray();
        }
        var json = new ArrayBufferWriter<byte>(line.Length + 64);
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            writer.WriteString("eventId"u8, Hash.EventId("import", text, number.ToString(CultureInfo.InvariantCulture), "event"));
            foreach (var member in e.EnumerateObject())
            {
                if (!member.NameEquals("eventId"u8))
                {
                    member.WriteTo(writer);
                }
            }
            writer.WriteEndObject();
        }
        return json.WrittenSpan.ToArray();
    }
}
