using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Events;
using ValueStream.Core.Numbers;
using ValueStream.Core.Runs;
using ValueStream.Store.Projections;

namespace ValueStream.Store.Queries;

/// <summary>A finished run that is compared with others.</summary>
internal sealed record SampledRun(long Key, int Attempt, DateTimeOffset At, Outcome Outcome, long? Duration, bool IsExcluded, TraitsOf Traits)
{
    public bool IsFailed => Outcome.IsFailed();
}

/// <summary>The runs of two groups.</summary>
/// <param name="Runs">The newest first, and whether each is in the group that is asked about.</param>
/// <param name="LeftOut">How many are in neither, by why.</param>
/// <param name="IsMore">Whether older ones match, too.</param>
internal sealed record Sample(IReadOnlyList<(SampledRun Run, bool IsInGroup)> Runs, Dictionary<string, long> LeftOut, bool IsMore)
{
    public int Group { get; } = Runs.Count(static r => r.IsInGroup);

    public int Rest => Runs.Count - Group;
}

/// <summary>Reads the newest finished runs of a search, and parts them into two groups.</summary>
/// <param name="snapshot">Where to look.</param>
/// <param name="settings">Which operations are counted under which.</param>
/// <param name="visible">What the caller may see.</param>
/// <param name="newest">So many runs are read.</param>
internal sealed class SampleReader(Snapshot snapshot, OperationSettings settings, Visible visible, int newest)
{
    /// <summary>For each run that is read, so many are looked at where no index finds those that match.</summary>
    private const int LookedAtForEach = 5;

    /// <summary>What matches a search is compared with others of so many operations, those with most of the matching runs.</summary>
    private const int MostOperations = 50;

    /// <summary>The newest finished runs that match, the newest first; one more than asked for where there are more.</summary>
    public async Task<List<SampledRun>> NewestAsync(RunFilter filter, int most, CancellationToken cancellationToken)
    {
        var runs = new List<SampledRun>();
        foreach (var part in await RunQueries.FinishedAsync(snapshot, filter, most + 1, newest * LookedAtForEach, visible, cancellationToken))
        {
            var rows = await (
                from r in part
                join t in snapshot.RunTags on new { r.Key, r.Attempt } equals new { t.Key, t.Attempt } into all
                from t in all.DefaultIfEmpty()
                select new { r.Key, r.Attempt, r.At, r.Outcome, r.Duration, r.Flags, r.Type, r.Namespace, r.Operation, r.Actor, Ids = (long[]?)t.Ids }).ToListAsync(cancellationToken);
            runs.AddRange(rows.Select(r => new SampledRun(r.Key, r.Attempt, r.At, (Outcome)r.Outcome!.Value, r.Duration, Contribution.IsExcludedBy(r.Flags),
                new(r.Type, r.Namespace, settings.Shown(new(r.Operation)).Value, r.Actor, r.Ids))));
        }
        return [.. runs.OrderByDescending(static r => r.At).ThenByDescending(static r => r.Key).Take(most + 1)];
    }

    /// <summary>Parts runs into those that failed, or were slow, and the others.</summary>
    public Sample Split(List<SampledRun> runs, CorrelationGroup of)
    {
        var isMore = runs.Count > newest;
        var limits = of == CorrelationGroup.Slow ? Limits(runs) : [];
        var leftOut = new Dictionary<string, long>();
        var parted = new List<(SampledRun, bool)>();
        foreach (var run in runs.Take(newest))
        {
            var why = run switch
            {
                { IsExcluded: true } => "excluded",
                { Outcome: Outcome.Cancellation } => "cancellation",
                { Outcome: Outcome.Skip } => "skip",
                _ when of == CorrelationGroup.Failed => null,
                { IsFailed: true } => "failed",
                { Duration: null } => "orphan",
                _ when run.Duration > LongestPlausible => "implausible",
                _ when !limits.ContainsKey(run.Traits.Operation) => "few",
                _ => null,
            };
            if (why is not null)
            {
                leftOut[why] = leftOut.GetValueOrDefault(why) + 1;
            }
            else
            {
                parted.Add((run, of == CorrelationGroup.Failed ? run.IsFailed : run.Duration > limits[run.Traits.Operation]));
            }
        }
        return new(parted, leftOut, isMore);
    }

    /// <summary>The runs of a search, and as many others of their operations, of each in the same proportion.</summary>
    public async Task<Sample> TheseAsync(RunFilter filter, CancellationToken cancellationToken)
    {
        var half = newest / 2;
        var these = await NewestAsync(filter, half, cancellationToken);
        var isMore = these.Count > half;
        these = [.. these.Take(half)];
        var leftOut = new Dictionary<string, long>();
        var byOperation = these.GroupBy(static r => r.Traits.Operation).OrderByDescending(static g => g.Count()).ToList();
        var compared = byOperation.Take(MostOperations).ToList();
        var all = compared.Sum(static g => g.Count());
        if (byOperation.Count > MostOperations)
        {
            leftOut["few"] = these.Count - all;
        }
        var parted = new List<(SampledRun Run, bool IsInGroup)>();
        foreach (var operation in compared)
        {
            var own = operation.Select(static r => (r.Key, r.Attempt)).ToHashSet();
            // Where not all that match were read, an older run may be one of them.
            var since = isMore ? these[^1].At : DateTimeOffset.MinValue;
            var wanted = Math.Max(FewestOthers, (int)((long)half * own.Count / all));
            var others = await NewestAsync(new RunFilter { Operation = new(operation.Key), From = filter.From, To = filter.To }, wanted + own.Count, cancellationToken);
            parted.AddRange(operation.Select(static r => (r, true)));
            parted.AddRange(others.Where(r => r.At >= since && !own.Contains((r.Key, r.Attempt))).Take(wanted).Select(static r => (r, false)));
        }
        foreach (var run in parted.Where(static r => r.Run.IsExcluded))
        {
            leftOut["excluded"] = leftOut.GetValueOrDefault("excluded") + 1;
        }
        return new([.. parted.Where(static r => !r.Run.IsExcluded).OrderByDescending(static r => r.Run.At)], leftOut, isMore);
    }

    /// <summary>Microseconds.</summary>
    private static readonly long LongestPlausible = Attempt.LongestPlausible.Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>However few of an operation match, so many others of it are looked at.</summary>
    private const int FewestOthers = 200;

    /// <summary>The 95th percentile of the successful durations of each operation, where enough of them are known.</summary>
    private static Dictionary<long, double> Limits(List<SampledRun> runs) => runs
        .Where(static r => r is { IsExcluded: false, Outcome: Outcome.Success, Duration: not null } && r.Duration <= LongestPlausible)
        .GroupBy(static r => r.Traits.Operation, static r => (double)r.Duration!.Value).Where(static g => g.Count() >= CorrelationQueries.FewestForSlow)
        .ToDictionary(static g => g.Key, static g => Quantiles.Of([.. g.Order()], 0.95));
}
