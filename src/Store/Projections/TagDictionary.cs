using ValueStream.Core.Events;
using ValueStream.Store.Engines;

namespace ValueStream.Store.Projections;

/// <summary>
/// The dictionary of tags as the projector sees it: the ids of those it has met lately, and which of them the database is known to
/// hold. Not thread-safe.
/// </summary>
internal sealed class TagDictionary
{
    // Some 30 MB of tags that are met again and again; a value that is never met again goes with the rest.
    private const int Most = 100_000;

    private static readonly Bulk<TagRow> Tags = new("tags",
        Column<TagRow>.Long("id", static r => r.Id), Column<TagRow>.Text("key", static r => r.Key), Column<TagRow>.Text("value", static r => r.Value));

    private static readonly Bulk<WordRow> Words = new("words", Column<WordRow>.Text("word", static r => r.Word), Column<WordRow>.Long("term", static r => r.Term));

    private readonly Dictionary<(string Key, string Value), (long Id, string[] Words)> _ids = [];
    private readonly HashSet<long> _stored = [];
    private readonly Dictionary<long, TagRow> _new = [];
    private readonly Dictionary<long, string> _newWords = [];

    /// <summary>The id of a tag.</summary>
    public static long IdOf(string key, string value) => Hashes.First64(key, value);

    /// <summary>The id of a tag that is not to be written: it may just have been erased.</summary>
    public long IdOnly(string key, string value) => _ids.TryGetValue((key, value), out var known) ? known.Id : IdOf(key, value);

    /// <summary>The id of a tag, which the next <see cref="WriteAsync"/> writes unless it is there.</summary>
    public long Id(string key, string value)
    {
        var id = Known(key, value).Id;
        if (!_stored.Contains(id))
        {
            _new.TryAdd(id, new TagRow { Id = id, Key = key, Value = value });
        }
        return id;
    }

    /// <summary>The words of a tag's value where it is a text; else none.</summary>
    public IReadOnlyList<string> WordsOfText(string key, string value) => Known(key, value).Words;

    /// <summary>The term of a word of a text, which the next <see cref="WriteAsync"/> writes unless it is there.</summary>
    public long Word(string word)
    {
        var term = SearchTerms.Word(word);
        if (!_stored.Contains(term))
        {
            _newWords.TryAdd(term, word);
        }
        return term;
    }

    /// <summary>Writes what is new within a transaction; <see cref="Stored"/> says that it was committed.</summary>
    public async Task WriteAsync(Session session, CancellationToken cancellationToken)
    {
        // In one order, so that two writers do not wait for each other.
        await session.InsertAsync(Tags, [.. _new.Values.OrderBy(static t => t.Id)], "ON CONFLICT (id) DO NOTHING", "", cancellationToken);
        var words = _newWords.Select(static w => (w.Value, w.Key)).Concat(_new.Values.SelectMany(static t => WordsOf(t))).ToHashSet();
        await session.InsertAsync(Words, [.. words.Order().Select(static w => new WordRow { Word = w.Item1, Term = w.Item2 })], "ON CONFLICT DO NOTHING", "", cancellationToken);
    }

    private static IEnumerable<(string, long)> WordsOf(TagRow tag) =>
        (SearchTerms.IsText(tag.Value) ? [] : Queries.Words.Of(tag.Value).Select(w => (SearchTerms.Short(w), tag.Id)))
        .Concat(Queries.Words.Of(tag.Key).Select(static w => (SearchTerms.Short(w), SearchTerms.OfKeys)));

    /// <summary>What was written is committed.</summary>
    public void Stored()
    {
        _stored.UnionWith(_new.Keys);
        _stored.UnionWith(_newWords.Keys);
        _new.Clear();
        _newWords.Clear();
    }

    private (long Id, string[] Words) Known(string key, string value)
    {
        if (!_ids.TryGetValue((key, value), out var known))
        {
            if (_ids.Count >= Most)
            {
                _ids.Clear();
                _stored.Clear();
            }
            known = (IdOf(key, value), SearchTerms.IsText(value) ? [.. Queries.Words.Of(value).Select(SearchTerms.Short).Distinct()] : []);
            _ids.Add((key, value), known);
        }
        return known;
    }

    /// <summary>Nothing is known of the database any more: a transaction failed, tags were erased, or another process led meanwhile.</summary>
    public void Forget()
    {
        _ids.Clear();
        _stored.Clear();
        _new.Clear();
        _newWords.Clear();
    }
}
