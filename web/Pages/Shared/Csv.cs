using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace ValueStream.Web.Pages.Shared;

/// <summary>A table of a page as RFC 4180 has it: the same rows, with exact values.</summary>
internal static class Csv
{
    /// <summary>Whether an address asks for it.</summary>
    public static bool IsAskedFor(HttpRequest request) => request.Query["format"] == "csv";

    /// <summary>The address of the same page as CSV.</summary>
    public static string Address(HttpRequest request) => Here.With(request, ("format", "csv"));

    /// <summary>The file.</summary>
    /// <param name="name">Its name, without an ending.</param>
    /// <param name="columns">The columns' names.</param>
    /// <param name="rows">A value for each column: texts, numbers, times; null is empty.</param>
    public static FileContentResult File(string name, IReadOnlyList<string> columns, IEnumerable<object?[]> rows)
    {
        var text = new StringBuilder();
        text.Append(Line(columns));
        foreach (var row in rows)
        {
            text.Append(Line(row));
        }
        return new(Encoding.UTF8.GetBytes(text.ToString()), "text/csv; charset=utf-8") { FileDownloadName = name + ".csv" };
    }

    /// <summary>A line, with its end.</summary>
    public static string Line(IEnumerable<object?> cells) => string.Join(',', cells.Select(Cell)) + "\r\n";

    private static string Cell(object? value) => value switch
    {
        null => "",
        DateTimeOffset time => Durations.Iso(time),
        string text => Quoted(Harmless(text)),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => Quoted(value.ToString() ?? ""),
    };

    private static string Quoted(string text) => text.AsSpan().IndexOfAny("\",\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>Spreadsheets run what begins like a formula, wherever it came from.</summary>
    private static string Harmless(string text) => text is ['=' or '+' or '-' or '@' or '\t' or '\r', ..] ? "'" + text : text;
}
