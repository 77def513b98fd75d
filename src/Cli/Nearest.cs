namespace ValueStream.Cli;

/// <summary>What somebody may have meant who mistyped a word.</summary>
internal static class Nearest
{
    /// <summary>The end of a sentence that says that a word is not known: what may have been meant, else what there is.</summary>
    /// <param name="word">What was typed.</param>
    /// <param name="known">What there is, parted by blanks.</param>
    public static string Hint(string word, string known) =>
        Of(word, known) is { } near ? $"; did you mean {near}?" : $"; say one of {known.Replace(" ", ", ", StringComparison.Ordinal)}";

    /// <summary>The known word that takes the fewest changes, two at the most; null where none is so near.</summary>
    public static string? Of(string word, string known)
    {
        var (least, near) = (3, default(string));
        foreach (var candidate in known.Split(' '))
        {
            var changes = Changes(word.ToLowerInvariant(), candidate);
            // A word that is changed as a whole is another.
            if (changes < least && changes < candidate.Length - 1)
            {
                (least, near) = (changes, candidate);
            }
        }
        return near;
    }

    /// <summary>How many letters are to be put in, left out or changed (Levenshtein).</summary>
    private static int Changes(string from, string to)
    {
        int[] row = [.. Enumerable.Range(0, to.Length + 1)];
        for (var i = 1; i <= from.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (from[i - 1] == to[j - 1] ? 0 : 1)));
            }
        }
        return row[to.Length];
    }
}
