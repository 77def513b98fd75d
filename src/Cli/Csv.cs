using System.Globalization;
using System.Text;

namespace ValueStream.Cli;

/// <summary>
/// Lines of CSV (RFC 4180: commas, quotes doubled, CRLF) that a spreadsheet may open: a cell that it would take for a formula begins
/// with <c>'</c>. What would steer a terminal is <c>�</c>; JSON has the texts as they are.
/// </summary>
internal static class Csv
{
    private const string Formula = "=+-@\uff1d\uff0b\uff0d\uff20";

    /// <summary>A line, with its end.</summary>
    public static string Line(IEnumerable<string?> cells) => string.Join(',', cells.Select(Cell)) + "\r\n";

    private static string Cell(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return "";
        }
        // The ends of lines in a cell stay, as \n.
        var clean = string.Join('\n', text.ReplaceLineEndings("\n").Split('\n').Select(Printable.Clean));
        if (Formula.Contains(clean.TrimStart() is [var first, ..] ? first : ' ', StringComparison.Ordinal)
            && !double.TryParse(clean, NumberStyles.Float, CultureInfo.InvariantCulture, out _))
        {
            clean = "'" + clean;
        }
        return clean.AsSpan().ContainsAny("\",\n") || clean[0] == ' ' || clean[^1] == ' '
            ? new StringBuilder(clean).Replace("\"", "\"\"").Insert(0, '"').Append('"').ToString()
            : clean;
    }
}
