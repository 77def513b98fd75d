namespace ValueStream.Cli;

/// <summary>A column of a table.</summary>
/// <param name="Title">Its title.</param>
/// <param name="Shrinks">Whether it may be cut where the terminal is too narrow.</param>
internal readonly record struct Heading(string Title, bool Shrinks = false);

/// <summary>
/// Rows in columns. On a terminal they are cut to its width; elsewhere they are whole. The first rows decide how wide the columns are,
/// so that a list of any length is written in constant memory.
/// </summary>
/// <param name="output">Where it goes.</param>
/// <param name="columns">The terminal's columns; null when it is none.</param>
/// <param name="headings">The columns.</param>
internal sealed class Table(Output output, int? columns, params Heading[] headings)
{
    private const int Deciding = 1000;
    private const int Narrowest = 6;
    private const string Gap = "  ";

    private List<string[]>? _waiting = [];
    private int[] _widths = [];

    /// <summary>Adds a row of clean texts.</summary>
    public void Add(params string[] cells)
    {
        if (_waiting is null)
        {
            Write(cells);
            return;
        }
        _waiting.Add(cells);
        if (_waiting.Count == Deciding)
        {
            Begin();
        }
    }

    /// <summary>Writes what waits; a table without rows is nothing.</summary>
    public void End()
    {
        if (_waiting is { Count: > 0 })
        {
            Begin();
        }
    }

    /// <summary>The widths of columns that want so much and together have so much room: the widest gives first.</summary>
    public static int[] Fit(int[] wanted, bool[] shrinks, int room)
    {
        int[] widths = [.. wanted];
        while (widths.Sum() > room)
        {
            var widest = -1;
            for (var i = 0; i < widths.Length; i++)
            {
                widest = shrinks[i] && widths[i] > Narrowest && (widest < 0 || widths[i] > widths[widest]) ? i : widest;
            }
            if (widest < 0)
            {
                break;
            }
            widths[widest]--;
        }
        return widths;
    }

    private void Begin()
    {
        var rows = _waiting!;
        _waiting = null;
        int[] wanted = [.. headings.Select((h, i) => Math.Max(h.Title.Length, rows.Max(r => Printable.Width(r[i]))))];
        _widths = columns is { } room ? Fit(wanted, [.. headings.Select(h => h.Shrinks)], room - Gap.Length * (headings.Length - 1)) : wanted;
        Write([.. headings.Select(h => h.Title)]);
        rows.ForEach(Write);
    }

    private void Write(string[] cells)
    {
        var line = string.Join(Gap, cells.Select((c, i) => Printable.Pad(columns is null ? c : Printable.Cut(c, _widths[i]), _widths[i]))).TrimEnd();
        output.Line(columns is { } width ? Printable.Cut(line, width) : line);
    }
}
