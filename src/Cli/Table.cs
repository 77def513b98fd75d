namespace ValueStream.Cli;

/// <summary>A column of a table.</summary>
/// <param name="Title">Its title.</param>
/// <param name="Shrinks">Whether it may be cut where the terminal is too narrow.</param>
/// <param name="Drops">Where it is left out before the others are cut to nothing: its turn, from 1 on; 0 where it always stands.</param>
internal readonly record struct Heading(string Title, bool Shrinks = false, int Drops = 0);

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

    // A name that is cut to less says nothing any more.
    private const int Telling = 12;
    private const string Gap = "  ";

    private List<string[]>? _waiting = [];
    private int[] _shown = [];
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

    /// <summary>The columns that have room beside each other, each with as much of it as tells something.</summary>
    /// <param name="headings">The columns.</param>
    /// <param name="wanted">How wide they would be.</param>
    /// <param name="room">How wide the terminal is.</param>
    public static int[] Choose(Heading[] headings, int[] wanted, int room)
    {
        List<int> shown = [.. Enumerable.Range(0, headings.Length)];
        foreach (var next in shown.Where(i => headings[i].Drops > 0).OrderBy(i => headings[i].Drops).ToList())
        {
            if (shown.Sum(i => headings[i].Shrinks ? Math.Min(wanted[i], Telling) : wanted[i]) + Gap.Length * (shown.Count - 1) <= room)
            {
                break;
            }
            shown.Remove(next);
        }
        return [.. shown];
    }

    private void Begin()
    {
        var rows = _waiting!;
        _waiting = null;
        int[] wanted = [.. headings.Select((h, i) => Math.Max(h.Title.Length, rows.Max(r => Printable.Width(r[i]))))];
        _shown = columns is { } all ? Choose(headings, wanted, all) : [.. Enumerable.Range(0, headings.Length)];
        wanted = [.. _shown.Select(i => wanted[i])];
        _widths = columns is { } room ? Fit(wanted, [.. _shown.Select(i => headings[i].Shrinks)], room - Gap.Length * (_shown.Length - 1)) : wanted;
        Write([.. headings.Select(h => h.Title)]);
        rows.ForEach(Write);
    }

    private void Write(string[] cells)
    {
        var line = string.Join(Gap, _shown.Select((from, i) => Printable.Pad(columns is null ? cells[from] : Printable.Cut(cells[from], _widths[i]), _widths[i]))).TrimEnd();
        output.Line(columns is { } width ? Printable.Cut(line, width) : line);
    }
}
