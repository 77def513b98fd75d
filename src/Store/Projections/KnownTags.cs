namespace ValueStream.Store.Projections;

/// <summary>The tags that were met lately: most of a run's are those of the run before it, and so need no more room. Thread-safe.</summary>
internal sealed class KnownTags
{
    // Some 20 MB of tags that are met again and again; a value that is never met again goes with the rest.
    private const int Most = 50_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Key, string Value), KnownTag> _known = [];

    /// <summary>What is known of a tag.</summary>
    public KnownTag Of(string key, string value)
    {
        lock (_lock)
        {
            if (!_known.TryGetValue((key, value), out var known))
            {
                if (_known.Count >= Most)
                {
                    _known.Clear();
                }
                known = new(new(TagDictionary.IdOf(key, value), key, value), SearchTerms.IsText(value) ? [.. Queries.Words.Of(value).Select(SearchTerms.Short).Distinct().Select(Meaning.OfWord)] : []);
                _known.Add((key, value), known);
            }
            return known;
        }
    }

    /// <summary>Something was erased, and must not be kept here either.</summary>
    public void Forget()
    {
        lock (_lock)
        {
            _known.Clear();
        }
    }
}

/// <summary>A tag.</summary>
/// <param name="Meaning">Its id and what that means.</param>
/// <param name="Words">The words of its value where that is a text; else none.</param>
internal sealed record KnownTag(Meaning Meaning, IReadOnlyList<Meaning> Words)
{
    /// <summary>Its id.</summary>
    public long Id => Meaning.Term;
}

/// <summary>What a term stands for.</summary>
/// <param name="Term">The id of a tag, or a word's.</param>
/// <param name="Key">The tag's key; null of a word.</param>
/// <param name="Text">The tag's value, or the word.</param>
internal sealed record Meaning(long Term, string? Key, string Text)
{
    /// <summary>That of a word.</summary>
    public static Meaning OfWord(string word) => new(SearchTerms.Word(word), null, word);
}
