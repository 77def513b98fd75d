using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Events;
using ValueStream.Core.Numbers;
using ValueStream.Core.Wire;
using ValueStream.Store.Projections;

namespace ValueStream.Store.Queries;

/// <summary>Which numbers of an operation are wanted.</summary>
public sealed record MetricFilter
{
    /// <summary>The window's begin; 30 days before its end where absent.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>The window's end; now where absent.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>The steps of the series.</summary>
    public Interval Interval { get; init; } = Interval.Day;

    /// <summary>The key of the tag by whose values the runs are grouped; not at all where absent.</summary>
    public string? By { get; init; }

    /// <summary>In whose days and weeks the series is cut, such as <c>Europe/Berlin</c>; the reporting zone where absent.</summary>
    public string? Zone { get; init; }
}

/// <summary>Reads the numbers of one operation.</summary>
public sealed class MetricQueries
{
    /// <summary>So many values of a tag are listed; the rest is summed.</summary>
    public const int MostGroups = 100;

    private readonly Snapshot.Source _snapshots;
    private readonly TimeProvider _time;

    internal MetricQueries(Snapshot.Source snapshots, TimeProvider time) => (_snapshots, _time) = (snapshots, time);

    /// <summary>Tags whose values are not added up as runs come are looked for in no more than so many runs.</summary>
    internal int Newest { get; init; } = 20_000;

    /// <summary>The numbers of an operation; null when it is not there or not to be seen.</summary>
    /// <exception cref="BadArgumentException">The filter's window or zone cannot be answered.</exception>
    public async Task<MetricsView?> OfAsync(ShortKey key, MetricFilter filter, Visible visible, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        var counted = (await OperationSettings.LoadAsync(snapshot, cancellationToken)).CountedIn(key);
        var keys = await visible.Of(snapshot.Operations).Where(o => counted.Contains(o.Key)).Select(static o => o.Key).ToArrayAsync(cancellationToken);
        if (!keys.Contains(key.Value))
        {
            return null;
        }
        var now = _time.GetUtcNow();
        var to = Window.EndOf(filter.To, now);
        var reporting = TimeZoneInfo.FindSystemTimeZoneById(snapshot.Live.Zone);
        var window = Window.OfHours(filter.From ?? to.AddDays(-30), to, now, Zone(filter.Zone) ?? reporting, reporting);
        // The interval before, then the window itself.
        var before = window.Previous.Steps(filter.Interval).ToList();
        List<Window> steps = [.. before, .. window.Steps(filter.Interval)];
        var tallies = steps.ConvertAll(static _ => new Tally());
        var (totals, previous) = (new Tally(), new Tally());
        var step = 0;
        foreach (var (at, data) in (await RollupsAsync(snapshot, keys, [window.Previous, window], filter.Interval, cancellationToken)).OrderBy(static r => r.At))
        {
            while (at >= steps[step].End)
            {
                step++;
            }
            tallies[step].AddBytes(data, facts: false);
        }
        for (var i = 0; i < steps.Count; i++)
        {
            (i < before.Count ? previous : totals).Add(tallies[i]);
        }
        var series = steps.Zip(tallies, static (s, t) => new StepView(s.From, s.To, NumberViews.View(t, s.Days)));
        var (distribution, previousDistribution) = NumberViews.Distributions(totals.Successful, previous.Successful);
        var running = (await snapshot.RunningAsync(window.From, window.To, cancellationToken)).Sum(r => keys.Contains(r.Key) ? r.Value : 0);
        var view = new MetricsView
        {
            Definition = NumberViews.Definition,
            Window = window.View,
            Runs = FormattableString.Invariant($"{Routes.Runs}?operation={key}&from={window.From:yyyy-MM-ddTHH:mm:ssZ}&to={window.To:yyyy-MM-ddTHH:mm:ssZ}"),
            Totals = NumberViews.View(totals, window.Days, running),
            Previous = NumberViews.View(previous, window.Previous.Days),
            Change = NumberViews.Changes([NumberViews.Compare(previous, window.Previous.Days, totals, window.Days)]).Single(),
            Series = [.. series.Skip(before.Count)],
            PreviousSeries = [.. series.Take(before.Count)],
            Distribution = distribution,
            PreviousDistribution = previousDistribution,
        };
        return filter.By is null ? view
            : RollupSeries.Of(filter.By) is { } dimension ? await WithDimensionAsync(view, snapshot, keys, dimension, window, reporting, now, cancellationToken)
            : await WithSampleAsync(view, snapshot, keys, filter.By, window, Ended(totals), cancellationToken);
    }

    private static TimeZoneInfo? Zone(string? id) =>
        id is null ? null
        : TimeZoneInfo.TryFindSystemTimeZoneById(id, out var zone) ? zone
        : throw new BadArgumentException("zone", $"'{id}' is not known. Say a name of the IANA time zone database, such as Europe/Berlin.");

    /// <summary>The rollups of windows. What stands for a whole day in a window of hours has the day's first hour.</summary>
    private static async Task<List<(int At, byte[] Data)>> RollupsAsync(
        Snapshot snapshot, long[] keys, Window[] windows, Interval interval, CancellationToken cancellationToken)
    {
        var reporting = TimeZoneInfo.FindSystemTimeZoneById(snapshot.Live.Zone);
        var parts = Array.ConvertAll(windows, w => interval == Interval.Hour ? ([.. Enumerable.Range(w.First, w.End - w.First)], []) : w.Parts(reporting));
        var rollups = await OfSeriesAsync(RollupSeries.Hours, [.. parts.SelectMany(static p => p.Hours)]);
        var days = await OfSeriesAsync(RollupSeries.Days, [.. parts.SelectMany(static p => p.Days)]);
        rollups.AddRange(windows[0].IsDays ? days : days.Select(d => (RollupSeries.Hour(RollupSeries.DayAt(d.At, reporting)), d.Data)));
        return rollups;

        // The index begins with the series and the time: so the times are named one by one.
        async Task<List<(int At, byte[] Data)>> OfSeriesAsync(short series, int[] ats) => ats.Length == 0 ? []
            : (await snapshot.Rollups.Where(r => r.Series == series && ats.Contains(r.At) && keys.Contains(r.Operation))
                .Select(static r => new { r.At, r.Data }).ToListAsync(cancellationToken)).ConvertAll(static r => (r.At, r.Data));
    }

    /// <summary>Groups from the rollups of a tag: of all runs, by whole days.</summary>
    private static async Task<MetricsView> WithDimensionAsync(
        MetricsView view, Snapshot snapshot, long[] keys, short series, Window asked, TimeZoneInfo reporting, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var window = asked.IsDays ? asked : Window.OfDays(asked.From, asked.To, now, reporting);
        var ats = Enumerable.Range(window.First, window.End - window.First).ToArray();
        var rows = await snapshot.Rollups.Where(r => r.Series == series && ats.Contains(r.At) && keys.Contains(r.Operation))
            .Select(static r => new { r.Tag, r.Data }).ToListAsync(cancellationToken);
        var tallies = new Dictionary<long, Tally>();
        foreach (var row in rows)
        {
            Of(tallies, row.Tag).AddBytes(row.Data);
        }
        var rest = new Tally();
        foreach (var (_, data) in await RollupsAsync(snapshot, keys, [window], Interval.Day, cancellationToken))
        {
            rest.AddBytes(data, facts: false);
        }
        foreach (var tally in tallies.Values)
        {
            rest.Add(tally, -1);
        }
        var (listed, other) = MostFrequent(tallies);
        var ids = listed.Select(static t => t.Key).ToArray();
        var values = await snapshot.Database.Tags.AsNoTracking().Where(t => ids.Contains(t.Id)).ToDictionaryAsync(static t => t.Id, static t => t.Value, cancellationToken);
        return view with
        {
            Groups = Groups(listed.Select(t => (values[t.Key], t.Value)), other, rest, window.Days),
            GroupsWindow = window.View,
        };
    }

    /// <summary>Groups from the newest runs themselves.</summary>
    private async Task<MetricsView> WithSampleAsync(
        MetricsView view, Snapshot snapshot, long[] keys, string by, Window window, long ended, CancellationToken cancellationToken)
    {
        // Those that began before its end, for no other can have ended in it: a piece of the index on (operation, at).
        var all = keys is [var one] ? snapshot.Runs.Where(r => r.Operation == one) : snapshot.Runs.Where(r => keys.Contains(r.Operation));
        var runs = await (
            from r in all.Where(r => r.At < window.To).OrderByDescending(static r => r.At).Take(Newest)
            join t in snapshot.RunTags on new { r.Key, r.Attempt } equals new { t.Key, t.Attempt }
            where (r.EndedAt ?? r.AbandonedAt) >= window.From && (r.EndedAt ?? r.AbandonedAt) < window.To
            select new { r.Operation, r.Outcome, r.At, r.StartedAt, r.EndedAt, r.AbandonedAt, r.Duration, r.Flags, t.Tags }).ToListAsync(cancellationToken);
        var tallies = new Dictionary<string, Tally>(StringComparer.Ordinal);
        var without = new Tally();
        foreach (var run in runs)
        {
            var tally = TagText.Value(run.Tags, by) is { } value ? Of(tallies, value) : without;
            var contribution = new Contribution
            {
                Operation = run.Operation,
                Outcome = (Outcome?)run.Outcome,
                At = run.At,
                StartedAt = null,
                EndedAt = run.EndedAt,
                AbandonedAt = run.AbandonedAt,
                Duration = run.Duration,
                Actor = null,
                IsExcluded = Contribution.IsExcludedBy(run.Flags),
                Tags = CountedTags.Empty,
            };
            foreach (var share in contribution.EndShares())
            {
                tally.Add(share);
            }
        }
        var (listed, other) = MostFrequent(tallies);
        return view with
        {
            Groups = Groups(listed.Select(static t => (t.Key, t.Value)), other, without, runs.Count < ended ? null : window.Days),
            GroupsWindow = window.View,
            Sampled = new(Newest, runs.Count, ended),
        };
    }

    private static Tally Of<T>(Dictionary<T, Tally> tallies, T key) where T : notnull
    {
        if (!tallies.TryGetValue(key, out var tally))
        {
            tallies.Add(key, tally = new Tally());
        }
        return tally;
    }

    private static (List<KeyValuePair<T, Tally>> Listed, Tally Other) MostFrequent<T>(Dictionary<T, Tally> tallies) where T : notnull
    {
        var ordered = tallies.OrderByDescending(static t => t.Value.Finished).ThenByDescending(static t => Ended(t.Value)).ThenBy(static t => t.Key).ToList();
        var other = new Tally();
        ordered.Skip(MostGroups).ToList().ForEach(t => other.Add(t.Value));
        return ([.. ordered.Take(MostGroups)], other);
    }

    /// <param name="listed">The values, the most frequent first.</param>
    /// <param name="other">The sum of the other values.</param>
    /// <param name="without">The runs without the tag.</param>
    /// <param name="days">The days that they are of; null where not all runs were read.</param>
    private static List<GroupView> Groups(IEnumerable<(string Value, Tally Tally)> listed, Tally other, Tally without, double? days) =>
        [.. listed.Select(static l => ((string?)l.Value, l.Tally)).Append((GroupView.Other, other)).Append((null, without))
            .Where(static g => Ended(g.Item2) > 0)
            // A start is counted with no value: what a run is tagged with at its end may have come after it.
            .Select(g => new GroupView(g.Item1, NumberViews.View(g.Item2, days) with { Started = null }))];

    /// <summary>How many runs ended, or were given up.</summary>
    private static long Ended(Tally tally) => tally.Finished + tally[Counted.Skip] + tally[Counted.Abandoned] + tally[Counted.Excluded];
}
