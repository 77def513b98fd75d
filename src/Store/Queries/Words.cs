using System.Text;

namespace ValueStream.Store.Queries;

/// <summary>
/// The words of a search, all of which must be found. A word is a run of letters and digits, in lower case by the invariant culture; a <c>*</c> after
/// one makes it the beginning of a word. Cut apart here and not by the database, so that both find the same.
/// </summary>
internal sealed class Words
{
    private readonly string[] _whole;
    private readonly string[] _beginnings;

    private Words(string[] whole, string[] beginnings) => (_whole, _beginnings) = (whole, beginnings);

    /// <summary>The words that must be there as they are.</summary>
    public IReadOnlyList<string> Whole => _whole;

    /// <summary>The beginnings of words that must be there.</summary>
    public IReadOnlyList<string> Beginnings => _beginnings;

    /// <summary>Reads a search; null where no word is in it.</summary>
    public static Words? Parse(string text)
    {
        var found = Cut(text).ToLookup(static w => w.IsBeginning, static w => w.Word);
        return found.Count == 0 ? null : new([.. found[false].Distinct()], [.. found[true].Distinct()]);
    }

    /// <summary>The words of a text.</summary>
    public static IEnumerable<string> Of(string? text) => text is null ? [] : Cut(text).Select(static w => w.Word);

    /// <summary>Whether all of them are among the words of something.</summary>
    public bool AreIn(HashSet<string> words) =>
        Array.TrueForAll(_whole, words.Contains) && Array.TrueForAll(_beginnings, b => words.Any(w => w.StartsWith(b, StringComparison.Ordinal)));

    /// <summary>False where they cannot all be among the words of some texts, whether these are plain or JSON.</summary>
    public bool MayBeIn(string?[] texts)
    {
        return Array.TrueForAll(_whole, Stands) && Array.TrueForAll(_beginnings, Stands);

        // Only ASCII stands in JSON as it is.
        bool Stands(string word) => !Ascii.IsValid(word) || Array.Exists(texts, t => t?.Contains(word, StringComparison.OrdinalIgnoreCase) is true);
    }

    private static IEnumerable<(string Word, bool IsBeginning)> Cut(string text)
    {
        var word = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (Rune.IsLetterOrDigit(rune))
            {
                word.Append(Rune.ToLowerInvariant(rune));
            }
            else if (word.Length > 0)
            {
                yield return (word.ToString(), rune.Value == '*');
                word.Clear();
            }
        }
        if (word.Length > 0)
        {
            yield return (word.ToString(), false);
        }
    }
}
