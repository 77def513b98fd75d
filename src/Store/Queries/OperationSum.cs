using ValueStream.Core.Numbers;
using ValueStream.Core.Wire;

namespace ValueStream.Store.Queries;

/// <summary>What the days of an operation add up to.</summary>
internal sealed class OperationSum(OperationRow row, Window window, int running)
{
    private readonly Tally _before = new();

    // Neither of the window nor of the one before, but with people who ran it.
    private readonly Tally _earlier = new();

    public OperationRow Row => row;

    public int Running => running;

    private Window Window => window;

    public Tally Now { get; } = new();

    public long[] FinishedByDay { get; } = new long[window.End - window.First];

    public long[] FailedByDay { get; } = new long[window.End - window.First];

    /// <summary>Those that are merged into it.</summary>
    public IReadOnlyList<long> Merged { get; private init; } = [];

    /// <summary>An operation with those that are merged into it.</summary>
    /// <param name="shown">The operation.</param>
    /// <param name="all">It and the others.</param>
    public static OperationSum Of(OperationSum shown, IReadOnlyCollection<OperationSum> all)
    {
        if (all.Count == 1)
        {
            return shown;
        }
        var row = new OperationRow
        {
            Key = shown.Row.Key,
            Namespace = shown.Row.Namespace,
            Type = shown.Row.Type,
            Name = shown.Row.Name,
            FirstAt = all.Min(static o => o.Row.FirstAt),
            LastAt = all.Max(static o => o.Row.LastAt),
        };
        var sum = new OperationSum(row, shown.Window, all.Sum(static o => o.Running)) { Merged = [.. all.Select(static o => o.Row.Key).Where(k => k != row.Key).Order()] };
        foreach (var operation in all)
        {
            sum.Now.Add(operation.Now);
            sum._before.Add(operation._before);
            sum._earlier.Add(operation._earlier);
            for (var day = 0; day < sum.FinishedByDay.Length; day++)
            {
                sum.FinishedByDay[day] += operation.FinishedByDay[day];
                sum.FailedByDay[day] += operation.FailedByDay[day];
            }
        }
        return sum;
    }

    /// <summary>It and those that are merged into it.</summary>
    public IEnumerable<long> Keys => [row.Key, .. Merged];

    /// <summary>Microseconds that runs of every outcome took.</summary>
    public long Time => Now.SuccessfulTime + Now.FailedTime + Now.OtherTime;

    /// <summary>The window's numbers.</summary>
    public NumbersView Numbers => field ??= NumberViews.View(Now, window.Days);

    public Comparison[] Compared => field ??= NumberViews.Compare(_before, window.Previous.Days, Now, window.Days);

    public void Add(int at, byte[] data)
    {
        var hasFacts = at >= window.End - OperationQueries.DaysOfPeople;
        if (at < window.First)
        {
            (at >= window.Previous.First ? _before : _earlier).AddBytes(data, hasFacts);
            return;
        }
        var (finished, failed) = (Now.Finished, Now.Wrong);
        Now.AddBytes(data, hasFacts);
        FinishedByDay[at - window.First] = Now.Finished - finished;
        FailedByDay[at - window.First] = Now.Wrong - failed;
    }

    public int Count(Fact fact) => Facts.GetValueOrDefault(fact)?.Length ?? 0;

    /// <summary>The tags of those that ran it most, or on which it ran most.</summary>
    public IEnumerable<long> Most(Fact fact, int count) => Facts.GetValueOrDefault(fact)?.Take(count) ?? [];

    /// <summary>The tags of each fact, those of most runs first; worked out once for all who ask.</summary>
    private Dictionary<Fact, long[]> Facts => field ??= Now.Facts.Concat(_before.Facts).Concat(_earlier.Facts)
        .GroupBy(static f => f.Key, static f => f.Value)
        .Select(static g => (g.Key, Runs: g.Sum()))
        .OrderByDescending(static f => f.Runs).ThenBy(static f => f.Key.Tag)
        .GroupBy(static f => f.Key.Fact, static f => f.Key.Tag)
        .ToDictionary(static g => g.Key, static g => g.ToArray());
}
