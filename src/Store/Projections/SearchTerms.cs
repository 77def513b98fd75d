using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using ValueStream.Store.Queries;

namespace ValueStream.Store.Projections;

/// <summary>
/// What searches of the log find an attempt by, beside its tags: its name and actor, the words of its texts, and the part of the log in which its run
/// begins. They stand in one index with the ids of its tags. An attempt has all terms that one of its run's events can match by, and may have more:
/// who finds it by them looks at the event itself.
/// </summary>
internal static class SearchTerms
{
    /// <summary>Positions of the log that are a part of it. A search goes back part by part, until its page is full.</summary>
    public const int Part = 1 << 15;

    /// <summary>A longer word is found by its beginning.</summary>
    public const int LongestWord = 64;

    /// <summary>The tag's key, in the dictionary, of names and actors. No tag of a run has it.</summary>
    public const string OfTexts = "";

    /// <summary>In place of a term: the word stands in keys of tags, and so says little.</summary>
    public const long OfKeys = 0;

    /// <summary>A value of more words is a text, and each of its words a term; of a shorter one the tag itself is, for it comes again and again.</summary>
    private const int MostOfTag = 3;

    /// <summary>The term of a name or an actor.</summary>
    public static long Text(string text) => TagDictionary.IdOf(OfTexts, text);

    /// <summary>The term of a word of a reason, a note or another text.</summary>
    /// <param name="word">As <see cref="Words.Of"/> gives it, cut <see cref="Short"/>.</param>
    public static long Word(string word) => Hashes.First64("", "word", word);

    /// <summary>The term of a part of the log.</summary>
    public static long PartOf(long position) => Hashes.First64("", "part", $"{position / Part}");

    /// <summary>Whether a tag's value is a text, whose words are terms of their own.</summary>
    public static bool IsText(string value) => Words.Of(value).Skip(MostOfTag).Any();

    /// <summary>As much of a word as is kept.</summary>
    public static string Short(string word) => word.Length > LongestWord ? word[..LongestWord] : word;

    /// <summary>The words of what the events of a run say and an attempt's own name, actor and tags do not.</summary>
    /// <param name="events">The data of all that can be read of the run.</param>
    /// <param name="attempts">The run's attempts.</param>
    /// <param name="attempt">One of them; null of a run that has none yet.</param>
    public static IReadOnlyCollection<string> Said(IEnumerable<EventData> events, IReadOnlyList<Attempt> attempts, Attempt? attempt)
    {
        HashSet<string>? texts = null;
        foreach (var other in attempts)
        {
            Add(other.Name == attempt?.Name ? null : other.Name);
        }
        foreach (var data in events)
        {
            Add(data.Reason);
            Add(data.Note);
            Add(data.Name == attempt?.Name ? null : data.Name);
            Add(data.Actor == attempt?.Actor ? null : data.Actor);
            foreach (var (key, value) in ReferenceEquals(data.Tags, attempt?.Tags) ? Event.NoTags : data.Tags ?? Event.NoTags)
            {
                Add(attempt is not null && attempt.Tags.TryGetValue(key, out var kept) && kept.Text == value.Text ? null : value.Text);
            }
        }
        return texts is null ? [] : [.. texts.SelectMany(Words.Of).Select(Short).Distinct()];

        void Add(string? text)
        {
            if (text is not null)
            {
                (texts ??= []).Add(text);
            }
        }
    }
}
