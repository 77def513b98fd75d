using System.Buffers;
using System.Collections.Immutable;

namespace ValueStream.Core.Events;

/// <summary>A place in a text that may name a run.</summary>
/// <param name="Readings">What it can be read as, the longest first; at least one, at most <see cref="MostReadings"/>.</param>
public sealed record Mention(ImmutableArray<string> Readings)
{
    /// <summary>How many mentions of a run are kept.</summary>
    public const int Most = 20;

    /// <summary>How many readings a mention has at most: a branch may go on for long after the run that it names.</summary>
    public const int MostReadings = 16;

    /// <summary>No rendering is longer.</summary>
    private const int Longest = 500;

    private const string Prefix = "vstrace-";

    private static readonly SearchValues<char> Marks = SearchValues.Create('-', '#', '!');

    private static readonly SearchValues<char> Ends =
        SearchValues.Create([.. ",;|\"'`<>()[]{}", .. Enumerable.Range(0, char.MaxValue).Select(static c => (char)c).Where(static c => char.IsWhiteSpace(c) || char.IsControl(c))]);

    /// <summary>The whole of it.</summary>
    public string Text => Readings[0];

    /// <summary>Whether it can be nothing but the name of a run. <c>ABC-123</c> is what an issue is called, but <c>UTF-8</c> looks the same.</summary>
    public bool IsCertain => Text.StartsWith(Prefix, StringComparison.Ordinal) || Text.Contains('/', StringComparison.Ordinal);

    /// <summary>Whether it names what only groups others, as far as the text tells.</summary>
    public bool IsGrouping => Text.StartsWith(Prefix, StringComparison.Ordinal) && Text.Split('-') is [_, _, var type, ..] && RunId.IsGrouping(type);

    /// <summary>
    /// What a run names in its texts, in the texts' order, each once and at most <see cref="Most"/>. Its own names are not among them.
    /// </summary>
    /// <param name="run">The run.</param>
    /// <param name="texts">Its texts.</param>
    public static ImmutableArray<Mention> Of(RunId run, IEnumerable<string> texts)
    {
        var found = ImmutableArray<Mention>.Empty;
        var names = ImmutableArray<string>.Empty;
        foreach (var text in texts)
        {
            foreach (var mention in In(text))
            {
                names = names.IsEmpty ? Aliases.NamesOf(run) : names;
                var readings = mention.Readings.TakeWhile(r => !names.Contains(r)).ToImmutableArray();
                if (readings.IsEmpty || found.Any(f => f.Text == readings[0]))
                {
                    continue;
                }
                found = found.Add(new(readings));
                if (found.Length == Most)
                {
                    return found;
                }
            }
        }
        return found;
    }

    /// <summary>
    /// The mentions in a text: what begins with <c>vstrace-</c> and goes on to the next space, quote, bracket or comma, <c>owner/repository#12</c> (a merge
    /// request is <c>group/project!12</c>), <c>ABC-123</c>.
    /// </summary>
    public static IReadOnlyList<Mention> In(string text)
    {
        var at = text.AsSpan().IndexOfAny(Marks);
        if (at < 0)
        {
            return [];
        }
        var found = new List<(int Start, Mention Mention)>();
        while (at < text.Length)
        {
            var (start, end, mention) = At(text, at);
            if (mention is not null)
            {
                // What looked like an issue's key may be part of a path.
                while (found is [.., var last] && last.Start >= start)
                {
                    found.RemoveAt(found.Count - 1);
                }
                found.Add((start, mention));
            }
            at = Math.Max(at + 1, end);
            at = text.AsSpan(at).IndexOfAny(Marks) is >= 0 and var next ? at + next : text.Length;
        }
        return [.. found.Select(static f => f.Mention)];
    }

    private static (int Start, int End, Mention? Mention) At(string text, int mark)
    {
        if (text[mark] != '-')
        {
            return Numbered(text, mark, PathStart(text, mark), static (t, start, m) => t[start..m].TrimEnd('/').Contains('/', StringComparison.Ordinal));
        }
        var start = mark + 1 - Prefix.Length;
        return start >= 0 && string.CompareOrdinal(text, start, Prefix, 0, Prefix.Length) == 0 && !IsInWord(text, start)
            ? Rendering(text, start)
            : Numbered(text, mark, KeyStart(text, mark), static (t, from, m) => m - from >= 2 && char.IsAsciiLetterUpper(t[from]) && !IsInWord(t, from));
    }

    private static (int, int, Mention?) Rendering(string text, int start)
    {
        var length = text.AsSpan(start).IndexOfAny(Ends);
        var end = length < 0 ? text.Length : start + length;
        // What ends a sentence is no part of it.
        var last = end;
        while (IsMark(text[last - 1]) && text[last - 1] is not ('-' or '/'))
        {
            last--;
        }
        var readings = new List<string>();
        var dashes = 0;
        for (var at = start; at <= last && at - start <= Longest && readings.Count < MostReadings; at++)
        {
            // The shortest rendering, an alias, has three dashes.
            if (dashes >= 3 && (at == last || IsBoundary(text, at)))
            {
                readings.Add(text[start..at]);
            }
            dashes += at < last && text[at] == '-' ? 1 : 0;
        }
        readings.Reverse();
        return (start, end, readings.Count == 0 ? null : new Mention([.. readings]));
    }

    /// <summary>What ends with a mark and a number.</summary>
    private static (int, int, Mention?) Numbered(string text, int mark, int start, Func<string, int, int, bool> isName)
    {
        var end = mark + 1;
        while (end < text.Length && char.IsAsciiDigit(text[end]))
        {
            end++;
        }
        return end > mark + 1 && start < mark && end - start <= Longest && isName(text, start, mark) && (IsBoundary(text, end) || text[end] == '_')
            ? (start, end, new Mention([text[start..end]]))
            : (mark, mark + 1, null);
    }

    private static int KeyStart(string text, int mark)
    {
        var start = mark;
        while (start > 0 && text[start - 1] is (>= 'A' and <= 'Z') or (>= '0' and <= '9') or '_')
        {
            start--;
        }
        while (start < mark && text[start] == '_')
        {
            start++;
        }
        return start;
    }

    private static int PathStart(string text, int mark)
    {
        var start = mark;
        while (start > 0 && (char.IsAsciiLetterOrDigit(text[start - 1]) || text[start - 1] is '_' or '.' or '-' or '/'))
        {
            start--;
        }
        while (start < mark && text[start] is '/' or '.' or '-')
        {
            start++;
        }
        return start;
    }

    private static bool IsInWord(string text, int at) => at > 0 && char.IsLetterOrDigit(text[at - 1]);

    /// <summary>Whether a name can end here: before a dash, a slash or a space, at the end, before what closes or separates. What ends a
    /// sentence may be part of a name as well, and counts only where something else that ends a name follows.</summary>
    private static bool IsBoundary(string text, int at)
    {
        while (at < text.Length && text[at] is '.' or ':' or '!' or '?')
        {
            at++;
        }
        return at >= text.Length || char.IsWhiteSpace(text[at]) || char.IsControl(text[at]) || IsMark(text[at]);
    }

    private static bool IsMark(char c) => c != '_' && (char.IsPunctuation(c) || char.IsSymbol(c));
}
