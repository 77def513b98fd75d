using System.Buffers;
using System.Globalization;
using System.Text;

namespace ValueStream.Cli;

/// <summary>Texts that others wrote, made fit for a terminal: nothing in them steers it, and their width is known.</summary>
internal static class Printable
{
    private const char Joiner = '\u200d';
    private const char NonJoiner = '\u200c';
    private const char EmojiStyle = '\ufe0f';

    private static readonly SearchValues<char> Plain =
        SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(static c => (char)c)]);

    // East Asian Width W and F, and what is drawn as an emoji (Unicode 16), first and last of each stretch.
    private static readonly int[] Wide =
    [
        0x1100, 0x115F, 0x231A, 0x231B, 0x2329, 0x232A, 0x23E9, 0x23EC, 0x23F0, 0x23F0, 0x23F3, 0x23F3, 0x25FD, 0x25FE, 0x2614, 0x2615,
        0x2648, 0x2653, 0x267F, 0x267F, 0x2693, 0x2693, 0x26A1, 0x26A1, 0x26AA, 0x26AB, 0x26BD, 0x26BE, 0x26C4, 0x26C5, 0x26CE, 0x26CE,
        0x26D4, 0x26D4, 0x26EA, 0x26EA, 0x26F2, 0x26F3, 0x26F5, 0x26F5, 0x26FA, 0x26FA, 0x26FD, 0x26FD, 0x2705, 0x2705, 0x270A, 0x270B,
        0x2728, 0x2728, 0x274C, 0x274C, 0x274E, 0x274E, 0x2753, 0x2755, 0x2757, 0x2757, 0x2795, 0x2797, 0x27B0, 0x27B0, 0x27BF, 0x27BF,
        0x2B1B, 0x2B1C, 0x2B50, 0x2B50, 0x2B55, 0x2B55, 0x2E80, 0x303E, 0x3041, 0xA4CF, 0xA960, 0xA97F, 0xAC00, 0xD7A3, 0xF900, 0xFAFF,
        0xFE10, 0xFE19, 0xFE30, 0xFE6F, 0xFF01, 0xFF60, 0xFFE0, 0xFFE6, 0x16FE0, 0x18CFF, 0x1AFF0, 0x1B2FF, 0x1F004, 0x1F004,
        0x1F0CF, 0x1F0CF, 0x1F18E, 0x1F18E, 0x1F191, 0x1F19A, 0x1F1E6, 0x1F64F, 0x1F680, 0x1F6FF, 0x1F7E0, 0x1F7EB, 0x1F90C, 0x1F9FF,
        0x1FA70, 0x1FAFF, 0x20000, 0x3FFFD,
    ];

    /// <summary>One line without control characters: white space is a blank, what would steer the terminal or turn the reading direction is <c>�</c>.</summary>
    public static string Clean(string? text)
    {
        if (text is null || !text.AsSpan().ContainsAnyExcept(Plain))
        {
            return text ?? "";
        }
        var clean = new StringBuilder(text.Length);
        // A lone surrogate is enumerated as U+FFFD.
        foreach (var rune in text.EnumerateRunes())
        {
            var category = Rune.GetUnicodeCategory(rune);
            if (rune.Value is '\t' or '\n' or '\r' || category is UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
            {
                clean.Append(' ');
            }
            else if (category is UnicodeCategory.Control || category is UnicodeCategory.Format && rune.Value is not (Joiner or NonJoiner))
            {
                clean.Append(Rune.ReplacementChar);
            }
            else
            {
                clean.Append(rune);
            }
        }
        return clean.ToString();
    }

    /// <summary>How many columns of a terminal a clean text takes, as most of them draw it.</summary>
    public static int Width(ReadOnlySpan<char> text)
    {
        if (!text.ContainsAnyExcept(Plain))
        {
            return text.Length;
        }
        var width = 0;
        for (int length; !text.IsEmpty; text = text[length..])
        {
            length = StringInfo.GetNextTextElementLength(text);
            width += ElementWidth(text[..length]);
        }
        return width;
    }

    /// <summary>A clean text in so many columns at the most; one that is longer ends with <c>…</c>.</summary>
    public static string Cut(string text, int columns)
    {
        if (columns < 1)
        {
            return "";
        }
        if (Width(text) <= columns)
        {
            return text;
        }
        var at = 0;
        for (var width = 0; ;)
        {
            var length = StringInfo.GetNextTextElementLength(text.AsSpan(at));
            width += ElementWidth(text.AsSpan(at, length));
            if (width >= columns)
            {
                return text[..at] + "…";
            }
            at += length;
        }
    }

    /// <summary>A clean text with blanks after it, up to so many columns.</summary>
    public static string Pad(string text, int columns) => text + new string(' ', Math.Max(0, columns - Width(text)));

    private static int ElementWidth(ReadOnlySpan<char> element)
    {
        Rune.DecodeFromUtf16(element, out var first, out _);
        return Rune.GetUnicodeCategory(first) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format ? 0
            : IsWide(first.Value) || element.Contains(EmojiStyle) ? 2
            : 1;
    }

    private static bool IsWide(int rune)
    {
        var at = Array.BinarySearch(Wide, rune);
        // Between two entries: inside a stretch when the one before begins it, which is at an even place.
        return at >= 0 || (~at & 1) == 1;
    }
}
