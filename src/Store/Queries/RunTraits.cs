using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Events;
using ValueStream.Core.Numbers;
using ValueStream.Store.Projections;

namespace ValueStream.Store.Queries;

/// <summary>What is compared of a run: its tags, by their ids in the dictionary, and the facts that every run has.</summary>
/// <param name="Type">The kind of work.</param>
/// <param name="Namespace">Whose it is.</param>
/// <param name="Operation">Under which its runs are counted.</param>
/// <param name="Actor">Who ran it.</param>
/// <param name="Tags">The ids of its tags, and what else searches find it by; null where it has none.</param>
internal readonly record struct TraitsOf(string Type, string Namespace, long Operation, string? Actor, long[]? Tags);

/// <summary>
/// The traits of runs, told apart by numbers. Tags are the ids that their rows hold; which key and value that is, is asked of the dictionary for the few alone
/// that can be a finding.
/// </summary>
internal sealed class RunTraits
{
    /// <summary>Which keys name runs is judged by the tags of so many runs.</summary>
    private const int Sample = 200;

    private readonly Dictionary<(string Key, string Value), long> _facts = [];
    private readonly Dictionary<long, (string Key, string Value)> _isFact = [];
    private readonly List<(TraitLevel Level, TraitTable Table, List<long[]> Sample)> _tables;

    public RunTraits(params IEnumerable<TraitLevel> levels) => _tables = [.. levels.Select(static l => (l, new TraitTable(), new List<long[]>()))];

    /// <summary>A table for each level.</summary>
    public IReadOnlyList<TraitTable> Tables => _tables.ConvertAll(static t => t.Table);

    /// <summary>The run that was begun in a table carries what a run has; that is itself, or a relative.</summary>
    public void Add(int table, in TraitsOf run)
    {
        var (_, to, sample) = _tables[table];
        to.Add(Fact("type", run.Type));
        to.Add(Fact("namespace", run.Namespace));
        to.Add(Fact("operation", new ShortKey(run.Operation).ToString()));
        if (run.Actor is { } actor)
        {
            to.Add(Fact("actor", actor));
        }
        foreach (var tag in run.Tags ?? [])
        {
            to.Add(tag);
        }
        if (run.Tags is { } tags && sample.Count < Sample)
        {
            sample.Add(tags);
        }
    }

    /// <summary>What the runs of the groups share, and the keys that were not compared. Of a fact <c>operation</c> the value is its key.</summary>
    /// <param name="snapshot">Where the dictionary is.</param>
    /// <param name="without">Keys that are not compared either, because the groups were made by them; of the runs' own.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    public async Task<(IReadOnlyList<Correlation> Found, int Tried, IReadOnlyList<string> KeysLeftOut)> FindAsync(
        Snapshot snapshot, IReadOnlySet<string> without, CancellationToken cancellationToken)
    {
        var wanted = _tables.SelectMany(static t => t.Table.Telling.Concat(t.Sample.SelectMany(static ids => ids))).Where(id => !_isFact.ContainsKey(id)).Distinct().ToArray();
        var tags = await snapshot.Database.Tags.AsNoTracking().Where(t => wanted.Contains(t.Id) && t.Key != SearchTerms.OfTexts).ToDictionaryAsync(static t => t.Id, static t => (t.Key, t.Value), cancellationToken);
        var names = _tables.ConvertAll(t => TellingKeys.NamesOfRuns(t.Sample.SelectMany(static ids => ids).Where(tags.ContainsKey).Select(id => (tags[id].Key, t.Table.CarriedBy(id)))));
        var telling = tags.Values.Select(static t => t.Key).Distinct().ToDictionary(static k => k, TellingKeys.Includes, StringComparer.Ordinal);
        var (found, tried) = Correlation.Find(Tables, Describe);
        var leftOut = telling.Keys.Where(k => !telling[k] || names.Exists(n => n.Contains(k))).Order(StringComparer.Ordinal).ToList();
        return (found, tried, leftOut);

        Trait? Describe(int table, long id) =>
            _isFact.TryGetValue(id, out var fact) ? Of(table, fact, true)
            : tags.TryGetValue(id, out var tag) && telling[tag.Key] && !names[table].Contains(tag.Key) ? Of(table, tag, false) : null;

        Trait? Of(int table, (string Key, string Value) of, bool isFact) =>
            _tables[table].Level == TraitLevel.Own && without.Contains(of.Key) ? null : new Trait(_tables[table].Level, of.Key, of.Value, isFact);
    }

    private long Fact(string key, string value)
    {
        if (!_facts.TryGetValue((key, value), out var id))
        {
            // Ids of tags are hashes: that one is among these numbers is as improbable as that two of them are equal.
            id = _facts.Count + 1;
            _facts.Add((key, value), id);
            _isFact.Add(id, (key, value));
        }
        return id;
    }
}
