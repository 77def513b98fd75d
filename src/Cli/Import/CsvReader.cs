using System.Text;
using System.Text.Unicode;

namespace ValueStream.Cli.Import;

/// <summary>A record of CSV.</summary>
/// <param name="Line">The number of the line that it begins on.</param>
/// <param name="Cells">Its cells.</param>
/// <param name="Text">As it stands in the file.</param>
/// <param name="Problem">Why it cannot be read; null when it can.</param>
internal sealed record CsvRecord(long Line, IReadOnlyList<string> Cells, string Text, string? Problem);

/// <summary>The records of CSV (RFC 4180): cells parted by commas, in quotes with commas, quotes (doubled) and ends of lines in them. Blank lines are left out.</summary>
/// <param name="lines">The file's lines.</param>
internal sealed class CsvReader(LineReader lines)
{
    private List<string> _cells = [];
    private StringBuilder _cell = new();
    private string? _problem;

    /// <summary>The next record; null at the end.</summary>
    public CsvRecord? Next()
    {
        (_cells, _cell, _problem) = ([], new(), null);
        var text = new StringBuilder();
        var isQuoted = false;
        long first = 0;
        while (lines.Next() is { } line)
        {
            if (first == 0 && line.IsEmpty && !lines.WasTooLong)
            {
                continue;
            }
            first = first == 0 ? lines.Number : first;
            _problem ??= lines.WasTooLong ? "It is longer than 256 kB." : !Utf8.IsValid(line.Span) ? "It is not valid UTF-8." : null;
            var part = Encoding.UTF8.GetString(line.Span);
            text.Append(text.Length > 0 ? "\n" : "").Append(part);
            isQuoted = Take(part, isQuoted);
            if (!isQuoted)
            {
                return new(first, _cells, text.ToString(), _problem);
            }
            if (text.Length > LineReader.Longest)
            {
                break;
            }
        }
        return first == 0 ? null : new(first, _cells, text.ToString(), "The quote that opens here is not closed.");
    }

    /// <summary>Takes a line, and says whether a quote is still open at its end.</summary>
    private bool Take(string line, bool isQuoted)
    {
        var isClosed = false;
        for (var i = 0; i < line.Length; i++)
        {
            var c = line[i];
            if (isQuoted)
            {
                if (c != '"')
                {
                    _cell.Append(c);
                }
                else if (i + 1 < line.Length && line[i + 1] == '"')
                {
                    _cell.Append(line[++i]);
                }
                else
                {
                    (isQuoted, isClosed) = (false, true);
                }
            }
            else if (c == ',')
            {
                EndCell();
                isClosed = false;
            }
            else if (isClosed)
            {
                _problem ??= "After a closing quote a comma must come; a quote in a cell is doubled.";
            }
            else if (c == '"' && _cell.Length == 0)
            {
                isQuoted = true;
            }
            else
            {
                _cell.Append(c);
            }
        }
        if (isQuoted)
        {
            _cell.Append('\n');
        }
        else
        {
            EndCell();
        }
        return isQuoted;
    }

    private void EndCell()
    {
        _cells.Add(_cell.ToString());
        _cell.Clear();
    }
}
