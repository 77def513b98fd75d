using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace ValueStream.Cli;

/// <summary>A list of items on stdout, in the format that was asked for, item by item.</summary>
internal sealed class Listing<T>
{
    private readonly Output _output;
    private readonly string _format;
    private readonly Table? _table;
    private readonly Func<T, string[]> _cells;
    private readonly (string Name, Func<T, string?> Cell)[] _csv;

    /// <param name="output">Where it goes.</param>
    /// <param name="format">One of <see cref="Listing.Formats"/>.</param>
    /// <param name="headings">The table's columns.</param>
    /// <param name="cells">Their clean texts.</param>
    /// <param name="csv">The columns of CSV.</param>
    public Listing(Output output, string format, Heading[] headings, Func<T, string[]> cells, (string Name, Func<T, string?> Cell)[] csv)
    {
        (_output, _format, _cells, _csv) = (output, format, cells, csv);
        _table = format == "table" ? new Table(output, Output.Columns, headings) : null;
    }

    /// <summary>How many it has.</summary>
    public long Count { get; private set; }

    /// <summary>Adds an item.</summary>
    /// <param name="raw">As the server wrote it: JSON keeps members that this vscli does not know.</param>
    /// <param name="item">The same, read.</param>
    public void Add(JsonElement raw, T item)
    {
        switch (_format)
        {
            case "table":
                _table!.Add(_cells(item));
                break;
            case "csv":
                if (Count == 0)
                {
                    _output.Text(Csv.Line(_csv.Select(c => c.Name)));
                }
                _output.Text(Csv.Line(_csv.Select(c => c.Cell(item))));
                break;
            case "json":
                _output.Text(Count == 0 ? "[\n" : ",\n");
                _output.Bytes(Listing.Json(raw));
                break;
            default:
                _output.Bytes(Listing.Json(raw));
                _output.Text("\n");
                break;
        }
        Count++;
    }

    /// <summary>Writes what is left. A list of nothing is nothing, but a document of JSON or CSV it remains.</summary>
    public void End()
    {
        _table?.End();
        _output.Text(_format switch
        {
            "json" => Count == 0 ? "[]\n" : "\n]\n",
            "csv" when Count == 0 => Csv.Line(_csv.Select(c => c.Name)),
            _ => "",
        });
        _output.Flush();
    }
}

/// <summary>What all lists have in common.</summary>
internal static class Listing
{
    /// <summary>The formats of a list.</summary>
    public const string Formats = "table json csv ndjson";

    // Text of any script as it is, control characters escaped.
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>JSON on one line, in which nothing steers a terminal.</summary>
    public static ReadOnlySpan<byte> Json(JsonElement element)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Readable))
        {
            element.WriteTo(writer);
        }
        return buffer.WrittenSpan;
    }
}
