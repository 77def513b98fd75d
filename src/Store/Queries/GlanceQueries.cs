using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Events;
using ValueStream.Core.Numbers;
using ValueStream.Core.Wire;
using ValueStream.Store.Projections;

namespace ValueStream.Store.Queries;

/// <summary>Reads what one wants to know at a glance: what finished lately, the newest runs of some operations, names beside keys.</summary>
public sealed class GlanceQueries
{
    /// <summary>Deploys are looked for among those of so many operations.</summary>
    private const int MostDeployed = 50;

    private readonly Snapshot.Source _snapshots;
    private readonly TimeProvider _time;

    internal GlanceQueries(Snapshot.Source snapshots, TimeProvider time) => (_snapshots, _time) = (snapshots, time);

    /// <summary>The numbers of all operations since the last full hour but one began: of the last one to two hours.</summary>
    public async Task<(DateTimeOffset Since, NumbersView Numbers)> LatelyAsync(Visible visible, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        int[] hours = [RollupSeries.Hour(_time.GetUtcNow()) - 1, RollupSeries.Hour(_time.GetUtcNow())];
        var rollups = snapshot.Rollups.Where(r => r.Series == RollupSeries.Hours && hours.Contains(r.At));
        if (!visible.All)
        {
            var seen = visible.Of(snapshot.Operations);
            rollups = rollups.Where(r => seen.Any(o => o.Key == r.Operation));
        }
        var sum = new Tally();
        foreach (var data in await rollups.Select(static r => r.Data).ToListAsync(cancellationToken))
        {
            sum.AddBytes(data, facts: false);
        }
        return (RollupSeries.HourAt(hours[0]), NumberViews.View(sum, null));
    }

    /// <summary>The newest runs of some operations, newest start first.</summary>
    /// <param name="operations">Their keys.</param>
    /// <param name="count">How many at most, of all of them.</param>
    /// <param name="visible">What the caller may see.</param>
    /// <param name="cancellationToken">The request's end.</param>
    public async Task<IReadOnlyList<RunView>> NewestOfAsync(IEnumerable<string> operations, int count, Visible visible, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        var rows = new List<RunRow>();
        foreach (var text in operations)
        {
            if (ShortKey.TryParse(text, out var key))
            {
                // One piece of the index on (operation, at) each: of all together the database might read every run there is.
                rows.AddRange(await visible.Of(snapshot.Runs).Where(r => r.Operation == key.Value).OrderByDescending(static r => r.At).Take(count).ToListAsync(cancellationToken));
            }
        }
        rows.Sort(static (a, b) => b.At.CompareTo(a.At));
        return await RunViews.OfAsync(snapshot, [.. rows.Take(count)], visible, cancellationToken);
    }

    /// <summary>How many runs of each operation run now, the operations with most of them first.</summary>
    /// <param name="count">How many operations at most.</param>
    /// <param name="cancellationToken">The request's end.</param>
    public async Task<IReadOnlyList<(string Namespace, string Type, string Name, int Running)>> RunningAsync(int count, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        var running = (await snapshot.RunningAsync(cancellationToken)).OrderByDescending(static r => r.Value).Take(count).ToDictionary();
        var keys = running.Keys.ToArray();
        var names = await snapshot.Operations.Where(o => keys.Contains(o.Key)).Select(static o => new { o.Key, o.Namespace, o.Type, o.Name }).ToListAsync(cancellationToken);
        return [.. names.Select(o => (o.Namespace, o.Type, o.Name, running[o.Key])).OrderByDescending(static o => o.Item4)];
    }

    /// <summary>The newest successful deploys of a namespace that ended within a window: when, and what was deployed.</summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="window">The window.</param>
    /// <param name="count">How many at most.</param>
    /// <param name="visible">What the caller may see.</param>
    /// <param name="cancellationToken">The request's end.</param>
    public async Task<IReadOnlyList<(DateTimeOffset At, string Name)>> DeploysAsync(string ns, WindowView window, int count, Visible visible, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        var operations = await visible.Of(snapshot.Operations).Where(o => o.Namespace == ns && o.Type == "deploy" && o.LastAt >= window.From)
            .OrderByDescending(static o => o.LastAt).Take(MostDeployed).Select(static o => o.Key).ToListAsync(cancellationToken);
        var deploys = new List<(DateTimeOffset At, string Name)>();
        foreach (var operation in operations)
        {
            // By their start, which the index knows: one that began before the window is a rule too few, and no more.
            var runs = await snapshot.Runs.Where(r => r.Operation == operation && r.At >= window.From && r.At < window.To && r.Outcome == (short)Outcome.Success && r.EndedAt < window.To)
                .OrderByDescending(static r => r.At).Take(count).Select(static r => new { r.EndedAt, r.Name }).ToListAsync(cancellationToken);
            deploys.AddRange(runs.Select(static r => (r.EndedAt!.Value, r.Name)));
        }
        return [.. deploys.OrderByDescending(static d => d.At).Take(count)];
    }

    /// <summary>The names of runs, by their keys; those that are not known or not to be seen are absent.</summary>
    public async Task<IReadOnlyDictionary<string, string>> NamesAsync(IEnumerable<string> keys, Visible visible, CancellationToken cancellationToken)
    {
        var wanted = keys.Distinct().Select(static k => ShortKey.TryParse(k, out var key) ? key.Value : 0).ToArray();
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        var names = await visible.Of(snapshot.Runs).Where(r => wanted.Contains(r.Key)).Select(static r => new { r.Key, r.Attempt, r.Name }).ToListAsync(cancellationToken);
        return names.GroupBy(static n => n.Key).ToDictionary(static g => new ShortKey(g.Key).ToString(), static g => g.MaxBy(static n => n.Attempt)!.Name);
    }
}
