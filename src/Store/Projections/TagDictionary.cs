using ValueStream.Core.Events;
using ValueStream.Store.Engines;

namespace ValueStream.Store.Projections;

/// <summary>The dictionary of tags and words as the projector sees it: what the database is known to hold, and what the next transaction adds. Not thread-safe.</summary>
internal sealed class TagDictionary
{
    // What is remembered of the database; then it begins anew.
    private const int Most = 200_000;

    private static readonly Bulk<TagRow> Tags = new("tags",
        Column<TagRow>.Long("id", static r => r.Id), Column<TagRow>.Text("key", static r => r.Key), Column<TagRow>.Text("value", static r => r.Value));

    private static readonly Bulk<WordRow> Words = new("words", Column<WordRow>.Text("word", static r => r.Word), Column<WordRow>.Long("term", static r => r.Term));

    private readonly HashSet<long> _stored = [];
    private readonly Dictionary<long, TagRow> _new = [];
    private readonly Dictionary<long, string> _newWords = [];

    /// <summary>The id of a tag.</summary>
    public static long IdOf(string key, string value) => Hashes.First64(key, value);

    /// <summary>The next <see cref="WriteAsync"/> writes what a term means, unless it is there.</summary>
    public void Add(Meaning meaning)
    {
        if (_stored.Contains(meaning.Term))
        {
            return;
        }
        if (meaning.Key is { } key)
        {
            _new.TryAdd(meaning.Term, new TagRow { Id = meaning.Term, Key = key, Value = meaning.Text });
        }
        else
        {
            _newWords.TryAdd(meaning.Term, meaning.Text);
        }
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
        if (_stored.Count >= Most)
        {
            _stored.Clear();
        }
        _stored.UnionWith(_new.Keys);
        _stored.UnionWith(_newWords.Keys);
        _new.Clear();
        _newWords.Clear();
    }

    /// <summary>Nothing is known of the database any more: a transaction failed, tags were erased, or another process led meanwhile.</summary>
    public void Forget()
    {
        _stored.Clear();
        _new.Clear();
        _newWords.Clear();
    }
}
