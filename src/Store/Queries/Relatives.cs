using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Runs;

namespace ValueStream.Store.Queries;

/// <summary>
/// The runs above and below some runs by parents, found in bulk: two walks by indexes and one look at what references mean, however many runs they are of.
/// Parents are those of the runs' traces; a run that the caller may not see is not among them, and what is beyond it is.
/// </summary>
internal sealed class Relatives
{
    /// <summary>So many runs are read in each direction.</summary>
    public const int Most = 10_000;

    private readonly Dictionary<(long, int), int> _places;
    private readonly IReadOnlyList<int> _parents;
    private readonly ILookup<int, int> _children;
    private readonly Visible _visible;

    private Relatives(IReadOnlyList<RunRow> rows, IReadOnlyList<int> parents, bool isCut, Visible visible)
    {
        (Rows, _parents, IsCut, _visible) = (rows, parents, isCut, visible);
        _places = Enumerable.Range(0, rows.Count).ToDictionary(i => (rows[i].Key, rows[i].Attempt));
        _children = Enumerable.Range(0, rows.Count).ToLookup(i => parents[i]);
    }

    /// <summary>The runs asked for and their relatives.</summary>
    public IReadOnlyList<RunRow> Rows { get; }

    /// <summary>Whether there are more of them than are read.</summary>
    public bool IsCut { get; }

    /// <summary>Reads the relatives of some runs.</summary>
    public static async Task<Relatives> LoadAsync(Snapshot snapshot, IReadOnlyCollection<long> keys, Visible visible, CancellationToken cancellationToken)
    {
        if (keys.Count == 0)
        {
            return new([], [], false, visible);
        }
        await snapshot.LookUpAsync(cancellationToken);
        var above = await RunViews.WithAncestors(snapshot, keys, keys.Count).ToListAsync(cancellationToken);
        var below = await RunViews.WithDescendants(snapshot, keys, keys.Count + Most + 1).ToListAsync(cancellationToken);
        var rows = above.Concat(below).DistinctBy(static r => (r.Key, r.Attempt)).ToList();
        var meanings = await Meanings.LoadAsync(snapshot, rows, [], cancellationToken);
        var parents = Trace.ParentsOf([.. rows.Select(r => RunViews.ToTraceRun(r, meanings.NamedParentOf(r), []))]);
        return new(rows, parents, below.Select(static r => r.Key).Distinct().Count() > keys.Count + Most, visible);
    }

    /// <summary>The places among <see cref="Rows"/> of the runs that an attempt is below.</summary>
    public IEnumerable<int> Above(long key, int attempt)
    {
        if (_places.TryGetValue((key, attempt), out var at))
        {
            for (at = _parents[at]; at >= 0; at = _parents[at])
            {
                if (_visible.Includes(Rows[at].Namespace))
                {
                    yield return at;
                }
            }
        }
    }

    /// <summary>The places of those below it.</summary>
    public IEnumerable<int> Below(long key, int attempt)
    {
        var open = new Stack<int>(_places.TryGetValue((key, attempt), out var at) ? _children[at] : []);
        while (open.TryPop(out var child))
        {
            foreach (var next in _children[child])
            {
                open.Push(next);
            }
            if (_visible.Includes(Rows[child].Namespace))
            {
                yield return child;
            }
        }
    }
}
