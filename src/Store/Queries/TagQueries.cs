using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Store.Projections;

namespace ValueStream.Store.Queries;

/// <summary>Reads which tags there are, for completion.</summary>
public sealed class TagQueries
{
    private const int MostOperations = 100;
    private const int RunsOfEach = 50;

    private readonly Snapshot.Source _snapshots;

    internal TagQueries(Snapshot.Source snapshots) => _snapshots = snapshots;

    /// <summary>Keys that begin with a text, in order.</summary>
    /// <param name="beginning">The text; empty for all.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="visible">Whose runs count. Where that is not everyone, the newest 50 runs of the 100 operations that ran last are looked at.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    public async Task<ListView<string>> KeysAsync(string beginning, int limit, Visible visible, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        return Sorted(visible.All
            ? await snapshot.Database.Tags.Where(t => t.Key != SearchTerms.OfTexts && t.Key.StartsWith(beginning)).Select(static t => t.Key).Distinct().Order().Take(limit).ToListAsync(cancellationToken)
            : (await SeenAsync(snapshot, visible, cancellationToken)).Select(static t => t.Key).Where(k => k.StartsWith(beginning, StringComparison.Ordinal)), limit);
    }

    /// <summary>Values of a key that begin with a text, in order.</summary>
    /// <param name="key">The key.</param>
    /// <param name="beginning">The text; empty for all.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="visible">Whose runs count, as with keys.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    public async Task<ListView<string>> ValuesAsync(string key, string beginning, int limit, Visible visible, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        return Sorted(visible.All
            ? await snapshot.Database.Tags.Where(t => t.Key == key && t.Value.StartsWith(beginning)).Select(static t => t.Value).Order().Take(limit).ToListAsync(cancellationToken)
            : (await SeenAsync(snapshot, visible, cancellationToken)).Where(t => t.Key == key && t.Value.StartsWith(beginning, StringComparison.Ordinal)).Select(static t => t.Value), limit);
    }

    private static ListView<string> Sorted(IEnumerable<string> texts, int limit) => new([.. texts.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Take(limit)], null);

    private static async Task<List<(string Key, string Value)>> SeenAsync(Snapshot snapshot, Visible visible, CancellationToken cancellationToken)
    {
        var operations = await visible.Of(snapshot.Operations).OrderByDescending(static o => o.LastAt).Take(MostOperations).Select(static o => o.Key).ToListAsync(cancellationToken);
        var tags = new List<(string Key, string Value)>();
        foreach (var operation in operations)
        {
            var runs = snapshot.Runs.Where(r => r.Operation == operation).OrderByDescending(static r => r.At).Take(RunsOfEach);
            var texts = await runs.Join(snapshot.RunTags, static r => new { r.Key, r.Attempt }, static t => new { t.Key, t.Attempt }, static (r, t) => t.Tags).ToListAsync(cancellationToken);
            tags.AddRange(texts.SelectMany(EventData.ReadTags).Select(static t => (t.Key, t.Value.Text)));
        }
        return tags;
    }
}
