using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Events;
using ValueStream.Core.Numbers;
using ValueStream.Core.Wire;

namespace ValueStream.Store.Queries;

/// <summary>Finds the operations whose newest runs differ from those before them, and what changed with them.</summary>
public sealed class ChangeQueries
{
    /// <summary>So many operations are looked at, those with most runs.</summary>
    public const int MostOperations = 30;

    /// <summary>So many runs of an operation are looked at for those that count.</summary>
    private const int MostLookedAt = 250;

    /// <summary>So many traits are listed of a change.</summary>
    private const int MostTraits = 5;

    /// <summary>A trait whose shares differ by less is not what changed.</summary>
    private const double LeastScore = 0.5;

    private readonly Snapshot.Source _snapshots;
    private readonly Kept<string, IReadOnlyList<Newest>> _kept;

    internal ChangeQueries(Snapshot.Source snapshots, TimeProvider time) => (_snapshots, _kept) = (snapshots, new(time, TimeSpan.FromSeconds(60)));

    /// <summary>What changed of some operations, judged together. What was read of them is kept for a minute.</summary>
    /// <param name="operations">Their keys, those that matter most first; the first <see cref="MostOperations"/> are looked at.</param>
    /// <param name="visible">What the caller may see.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    public async Task<OperationChangesView> ListAsync(IEnumerable<string> operations, Visible visible, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        var settings = await OperationSettings.LoadAsync(snapshot, cancellationToken);
        var shown = operations.Select(static o => ShortKey.TryParse(o, out var key) ? key.Value : 0).Distinct().Take(MostOperations).ToList();
        var counted = shown.SelectMany(k => settings.CountedIn(new(k))).ToArray();
        // Whoever may see the same operations is given the same answer.
        var rows = await visible.Of(snapshot.Operations).Where(o => counted.Contains(o.Key)).ToDictionaryAsync(static o => o.Key, cancellationToken);
        shown.RemoveAll(k => !rows.ContainsKey(k));
        var key = string.Join(',', shown.SelectMany(k => settings.CountedIn(new(k))).Where(rows.ContainsKey));
        if (_kept.Get(key) is not { } newest)
        {
            var read = new List<Newest>();
            foreach (var operation in shown)
            {
                read.Add(await ReadAsync(snapshot, operation, [.. settings.CountedIn(new(operation)).Where(rows.ContainsKey)], cancellationToken));
            }
            _kept.Keep(key, newest = read);
        }
        return new()
        {
            Definition = $"The newest {Recent.Newest} runs of an operation that succeeded or failed, against the {Recent.Before} before: the median of the successful by rank sum, the error rate by two proportions or Fisher. "
                + "A change: p below 0.05 after Benjamini-Hochberg over all operations looked at, 10 % or more, at least 5 runs on both sides.",
            Operations = newest.Count,
            Items = await JudgeAsync(snapshot, settings, newest, rows, cancellationToken),
        };
    }

    /// <summary>What changed of one operation, judged by itself; null where nothing did, or it is not there or not to be seen.</summary>
    public async Task<OperationChangeView?> OfAsync(ShortKey key, Visible visible, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        var settings = await OperationSettings.LoadAsync(snapshot, cancellationToken);
        var counted = settings.CountedIn(key);
        var rows = await visible.Of(snapshot.Operations).Where(o => counted.Contains(o.Key)).ToDictionaryAsync(static o => o.Key, cancellationToken);
        if (!rows.ContainsKey(key.Value))
        {
            return null;
        }
        var newest = await ReadAsync(snapshot, key.Value, [.. rows.Keys], cancellationToken);
        return await JudgeAsync(snapshot, settings, [newest], rows, cancellationToken) is [var change] ? change : null;
    }

    private static async Task<Newest> ReadAsync(Snapshot snapshot, long shown, long[] counted, CancellationToken cancellationToken)
    {
        var runs = new List<Run>();
        foreach (var operation in counted)
        {
            // A piece of the index on (operation, at): what is beyond it is not looked for.
            runs.AddRange(await snapshot.Runs.Where(r => r.Operation == operation).OrderByDescending(static r => r.At).Take(MostLookedAt)
                .Where(static r => (r.Outcome == (short)Outcome.Success || r.Outcome == (short)Outcome.Failure || r.Outcome == (short)Outcome.Error || r.Outcome == (short)Outcome.Timeout)
                    && !r.Flags.Contains("excluded"))
                .OrderByDescending(static r => r.At).Take(Recent.Newest + Recent.Before)
                .Select(static r => new Run(r.Key, r.Attempt, r.At, r.Outcome != (short)Outcome.Success, r.Duration, r.Actor)).ToListAsync(cancellationToken));
        }
        return new(shown, [.. runs.OrderByDescending(static r => r.At).ThenByDescending(static r => r.Key).Take(Recent.Newest + Recent.Before)]);
    }

    private static async Task<IReadOnlyList<OperationChangeView>> JudgeAsync(
        Snapshot snapshot, OperationSettings settings, IReadOnlyList<Newest> newest, Dictionary<long, OperationRow> rows, CancellationToken cancellationToken)
    {
        var compared = newest.Select(static n => n.Compared).ToList();
        var judged = NumberViews.Judge([.. compared.SelectMany(static c => new[] { c.P50, c.ErrorRate })]);
        var items = new List<OperationChangeView>();
        for (var i = 0; i < newest.Count; i++)
        {
            var (p50, errorRate) = (judged[2 * i], judged[2 * i + 1]);
            if (p50.Verdict != Verdict.Change.Text() && errorRate.Verdict != Verdict.Change.Text())
            {
                continue;
            }
            var (row, runs) = (rows[newest[i].Operation], newest[i].Runs);
            var key = new ShortKey(row.Key);
            var since = runs[Recent.Newest - 1].At;
            items.Add(new()
            {
                Key = key.ToString(),
                Namespace = row.Namespace,
                Type = row.Type,
                Name = settings.Of(row.Key).Name ?? row.Name,
                Since = since,
                Newest = Recent.Newest,
                Before = runs.Count - Recent.Newest,
                P50 = compared[i].P50.After,
                P50Before = compared[i].P50.Before,
                ErrorRate = compared[i].ErrorRate.After,
                ErrorRateBefore = compared[i].ErrorRate.Before,
                P50Change = p50,
                ErrorRateChange = errorRate,
                Traits = await TraitsAsync(snapshot, runs, key, cancellationToken),
                Runs = FormattableString.Invariant($"{Routes.Runs}?operation={key}&from={since.UtcDateTime:yyyy-MM-ddTHH:mm:ss}Z"),
            });
        }
        return [.. items.OrderBy(static c => Math.Min(c.P50Change.P ?? 1, c.ErrorRateChange.P ?? 1))];
    }

    /// <summary>What at least half of the newest runs share more or less than those before.</summary>
    private static async Task<IReadOnlyList<CorrelationView>> TraitsAsync(Snapshot snapshot, IReadOnlyList<Run> runs, ShortKey operation, CancellationToken cancellationToken)
    {
        var keys = runs.Select(static r => r.Key).Distinct().ToArray();
        var tags = await snapshot.RunTags.Where(t => keys.Contains(t.Key)).Select(static t => new { t.Key, t.Attempt, t.Ids })
            .ToDictionaryAsync(static t => (t.Key, t.Attempt), static t => t.Ids, cancellationToken);
        var traits = new RunTraits(TraitLevel.Own);
        for (var i = 0; i < runs.Count; i++)
        {
            traits.Tables[0].Begin(i, i < Recent.Newest);
            // All of one operation: what they are is no difference.
            traits.Add(0, new("", "", 0, runs[i].Actor, tags.GetValueOrDefault((runs[i].Key, runs[i].Attempt))));
        }
        var (found, _, _) = await traits.FindAsync(snapshot, new HashSet<string>(), cancellationToken);
        return [.. found.Where(static c => Math.Abs(c.Score) >= LeastScore).Take(MostTraits).Select(c => CorrelationQueries.View(c, new RunFilter { Operation = operation }, []))];
    }

    private sealed record Run(long Key, int Attempt, DateTimeOffset At, bool Failed, long? Duration, string? Actor);

    /// <summary>The newest runs of an operation, the newest first.</summary>
    private sealed record Newest(long Operation, IReadOnlyList<Run> Runs)
    {
        public (Comparison P50, Comparison ErrorRate) Compared => Recent.Compare([.. Runs.Select(static r => new EndedRun(r.Failed, r.Duration))]);
    }
}
