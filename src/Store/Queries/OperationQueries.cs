using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Events;
using ValueStream.Core.Numbers;
using ValueStream.Core.Runs;
using ValueStream.Core.Wire;
using ValueStream.Store.Projections;

namespace ValueStream.Store.Queries;

/// <summary>Reads the inventory: each kind of work with its numbers.</summary>
public sealed class OperationQueries : IDisposable
{
    /// <summary>So many operations are listed at most; the others are summed.</summary>
    public const int MostListed = 2_000;

    /// <summary>People, hosts and scripts are counted over so many days; an operation without a run for longer is dormant.</summary>
    internal const int DaysOfPeople = 90;

    private const int DaysOfWindow = 28;

    /// <summary>So many of the people are named.</summary>
    private const int MostNames = 3;

    /// <summary>What is usual is looked up for so many operations at once.</summary>
    private const int MostUsual = 200;

    private readonly Snapshot.Source _snapshots;
    private readonly TimeProvider _time;
    private readonly Kept<(int First, int End, string Zone), IReadOnlyList<OperationSum>> _kept;
    private readonly SemaphoreSlim _reading = new(1, 1);

    internal OperationQueries(Snapshot.Source snapshots, TimeProvider time) => (_snapshots, _time, _kept) = (snapshots, time, new(time, TimeSpan.FromSeconds(60)));

    /// <summary>An inventory that took this many rollups to read is kept for a minute; a smaller one is read anew each time.</summary>
    internal int Expensive { get; init; } = 5_000;

    /// <summary>The operations that match, in the filter's order, and the sum of those that are not listed.</summary>
    /// <exception cref="BadArgumentException">There is no such window.</exception>
    public async Task<OperationsView> ListAsync(OperationFilter filter, Visible visible, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        var window = WindowOf(snapshot, filter);
        var settings = await OperationSettings.LoadAsync(snapshot, cancellationToken);
        // What is kept is everybody's, and older than what was set: who may see what under which name is decided here.
        var matching = Merged((await AllAsync(snapshot, window, cancellationToken)).Where(o => visible.Includes(o.Row.Namespace)), settings)
            .Where(o => (filter.Namespace is null || o.Row.Namespace == filter.Namespace) && (filter.Type is null || o.Row.Type == filter.Type)
                && (filter.Name is null || NameOf(o, settings).Contains(filter.Name, StringComparison.OrdinalIgnoreCase))
                && (filter.Hidden || settings.Of(o.Row.Key).Hidden is not true)).ToList();
        // Judged together, listed or not: what is thought of a change does not depend on the page that it is on.
        var judged = matching.Zip(NumberViews.Changes(matching.Select(static o => o.Compared)), (o, change) => new Entry(o, settings.Of(o.Row.Key), change)).ToList();
        if (filter.GroupBy is { } by)
        {
            await GroupAsync(snapshot, judged, by, cancellationToken);
        }
        var ordered = Ordered(judged, filter);
        var listed = ordered.Skip(filter.Skip).Take(filter.Limit).ToList();
        var others = new Tally();
        foreach (var entry in ordered.Take(filter.Skip).Concat(ordered.Skip(filter.Skip + filter.Limit)))
        {
            others.Add(entry.Operation.Now, facts: false);
        }
        return new OperationsView
        {
            Definition = NumberViews.Definition,
            Window = window.View,
            Summary = Summary(judged, window),
            Items = await ViewsAsync(snapshot, listed, window, filter.Details, cancellationToken),
            Groups = filter.GroupBy is null ? null : [.. judged.ToLookup(static e => e.Group) is var all
                ? listed.Select(static e => e.Group).Distinct().Select(value => new OperationGroupView(value, Summary([.. all[value]], window))) : []],
            Others = judged.Count > listed.Count ? new OthersView(judged.Count - listed.Count, NumberViews.View(others, window.Days)) : null,
        };
    }

    /// <summary>One operation; null when it is not there or not to be seen.</summary>
    /// <exception cref="BadArgumentException">There is no such window.</exception>
    public async Task<OperationView?> FindAsync(ShortKey key, DateTimeOffset? from, DateTimeOffset? to, Visible visible, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        var window = WindowOf(snapshot, new OperationFilter { From = from, To = to });
        var settings = await OperationSettings.LoadAsync(snapshot, cancellationToken);
        var into = settings.Shown(key);
        long[] asked = [.. settings.CountedIn(key), into.Value];
        var rows = await visible.Of(snapshot.Operations).Where(o => asked.Contains(o.Key)).ToListAsync(cancellationToken);
        if (!rows.Exists(r => r.Key == key.Value))
        {
            return null;
        }
        var mergedInto = into != key && rows.RemoveAll(r => r.Key == into.Value) > 0 ? into.ToString() : null;
        var keys = rows.ConvertAll(static r => r.Key).ToArray();
        var (first, end) = Read(window);
        var ats = Enumerable.Range(first, end - first).ToArray();
        var (operations, _) = await ReadAsync(snapshot, window, rows,
            snapshot.Rollups.Where(r => r.Series == RollupSeries.Days && ats.Contains(r.At) && keys.Contains(r.Operation)), cancellationToken);
        var one = OperationSum.Of(operations.Single(o => o.Row.Key == key.Value), operations);
        var entry = new Entry(one, settings.Of(key.Value), NumberViews.Changes([one.Compared]).Single());
        return (await ViewsAsync(snapshot, [entry], window, details: true, cancellationToken)).Single() with { MergedInto = mergedInto };
    }

    /// <summary>How long successful runs of some operations took in the last 28 days, seconds; those that had none are absent.</summary>
    public async Task<IReadOnlyDictionary<string, DurationView>> UsualAsync(IEnumerable<string> operations, Visible visible, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        var settings = await OperationSettings.LoadAsync(snapshot, cancellationToken);
        var window = WindowOf(snapshot, new OperationFilter());
        var counted = operations.Distinct().Take(MostUsual).Select(static o => ShortKey.TryParse(o, out var key) ? key : default)
            .Where(static k => k.Value != 0).ToDictionary(static k => k, k => settings.CountedIn(settings.Shown(k)));
        var wanted = counted.Values.SelectMany(static k => k).Distinct().ToArray();
        long[] keys = visible.All ? wanted : await visible.Of(snapshot.Operations).Where(o => wanted.Contains(o.Key)).Select(static o => o.Key).ToArrayAsync(cancellationToken);
        var days = Enumerable.Range(window.First, window.End - window.First).ToArray();
        var tallies = keys.ToDictionary(static k => k, static _ => new Tally());
        await foreach (var rollup in snapshot.Rollups.Where(r => r.Series == RollupSeries.Days && days.Contains(r.At) && keys.Contains(r.Operation))
            .Select(static r => new { r.Operation, r.Data }).AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            tallies[rollup.Operation].AddBytes(rollup.Data, facts: false);
        }
        var usual = new Dictionary<string, DurationView>(StringComparer.Ordinal);
        foreach (var (operation, parts) in counted)
        {
            var sum = new Tally();
            foreach (var part in parts)
            {
                if (tallies.TryGetValue(part, out var tally))
                {
                    sum.Add(tally);
                }
            }
            if (!sum.Successful.IsEmpty)
            {
                usual.Add(operation.ToString(), NumberViews.View(sum, null).Duration);
            }
        }
        return usual;
    }

    /// <inheritdoc/>
    public void Dispose() => _reading.Dispose();

    private Window WindowOf(Snapshot snapshot, OperationFilter filter)
    {
        var now = _time.GetUtcNow();
        var zone = TimeZoneInfo.FindSystemTimeZoneById(snapshot.Live.Zone);
        var to = Window.EndOf(filter.To, now);
        return Window.OfDays(filter.From ?? RollupSeries.DayAt(RollupSeries.Day(to.AddTicks(-1), zone) - (DaysOfWindow - 1), zone), to, now, zone);
    }

    /// <summary>Which days are read: those of the window, those that it is compared with, those whose people count.</summary>
    private static (int First, int End) Read(Window window) => (Math.Min(window.Previous.First, window.End - DaysOfPeople), window.End);

    /// <summary>Every operation, the busiest first.</summary>
    private async Task<IReadOnlyList<OperationSum>> AllAsync(Snapshot snapshot, Window window, CancellationToken cancellationToken)
    {
        var key = (window.First, window.End, window.Zone.Id);
        if (_kept.Get(key) is { } kept)
        {
            return kept;
        }
        // One at a time: whoever waited finds what the one before has read.
        await _reading.WaitAsync(cancellationToken);
        try
        {
            if (_kept.Get(key) is { } read)
            {
                return read;
            }
            var (first, end) = Read(window);
            var (operations, rollups) = await ReadAsync(snapshot, window, await snapshot.Operations.ToListAsync(cancellationToken),
                snapshot.Rollups.Where(r => r.Series == RollupSeries.Days && r.At >= first && r.At < end), cancellationToken);
            var ordered = Ordered(operations);
            if (rollups >= Expensive)
            {
                _kept.Keep(key, ordered);
            }
            return ordered;
        }
        finally
        {
            _reading.Release();
        }
    }

    private static List<OperationSum> Ordered(IEnumerable<OperationSum> operations) =>
        [.. operations.OrderByDescending(static o => o.Now.Finished).ThenByDescending(static o => o.Row.LastAt).ThenBy(static o => o.Row.Key)];

    /// <summary>What is merged into another counts there, unless the caller has no such other.</summary>
    private static IEnumerable<OperationSum> Merged(IEnumerable<OperationSum> seen, OperationSettings settings)
    {
        if (!settings.HasMerges)
        {
            return seen;
        }
        var byKey = seen.ToDictionary(static o => o.Row.Key);
        return Ordered(byKey.Values
            .GroupBy(o => settings.Shown(new(o.Row.Key)).Value is var shown && byKey.ContainsKey(shown) ? shown : o.Row.Key)
            .Select(g => OperationSum.Of(byKey[g.Key], [.. g])));
    }

    private static List<Entry> Ordered(List<Entry> entries, OperationFilter filter)
    {
        var grouped = entries.OrderBy(static e => e.Group is null).ThenBy(static e => e.Group, StringComparer.OrdinalIgnoreCase).ThenBy(static e => e.Group, StringComparer.Ordinal);
        if (filter.Order == OperationOrder.Change)
        {
            grouped = grouped.ThenBy(static e => e.Change.P50.Verdict switch { "change" => 0, "noise" => 1, _ => 2 });
        }
        return [.. filter.Order switch
        {
            OperationOrder.Name => Then(static e => e.Name, StringComparer.OrdinalIgnoreCase),
            OperationOrder.Owner => Then(static e => e.Setting.Owner, StringComparer.OrdinalIgnoreCase),
            OperationOrder.P50 => Then(static e => e.Operation.Now.Successful.Quantile(0.5)),
            OperationOrder.P95 => Then(static e => e.Operation.Now.Successful.Quantile(0.95)),
            OperationOrder.Change => Then(static e => e.Change.P50.Relative),
            OperationOrder.ErrorRate => Then(static e => e.Operation.Now.ErrorRate),
            OperationOrder.Time => Then(static e => (double?)e.Operation.Time),
            OperationOrder.FailedTime => Then(static e => (long?)e.Operation.Now.FailedTime),
            OperationOrder.People => Then(static e => (int?)e.Operation.Count(Fact.Person)),
            OperationOrder.Hosts => Then(static e => (int?)e.Operation.Count(Fact.Host)),
            OperationOrder.Last => Then(static e => (DateTimeOffset?)e.Operation.Row.LastAt),
            _ => Then(static e => (long?)e.Operation.Now.Finished),
        }];

        IEnumerable<Entry> Then<T>(Func<Entry, T> by, IComparer<T>? comparer = null)
        {
            var known = grouped.ThenBy(e => by(e) is null);
            return filter.Descending ? known.ThenByDescending(by, comparer) : known.ThenBy(by, comparer);
        }
    }

    private static OperationsSummary Summary(IReadOnlyCollection<Entry> entries, Window window) => new(
        entries.Count,
        entries.Sum(static e => e.Operation.Now.Finished) / window.Days * 7,
        entries.Sum(static e => e.Operation.Time) / 1e6 / window.Days * 7,
        entries.Count(static e => e.Change.P50 is { Verdict: "change", Absolute: > 0 }),
        entries.Count(static e => e.Change.ErrorRate is { Verdict: "change", Absolute: > 0 }),
        entries.Count(static e => e.IsOverDurationLimit is true || e.IsOverErrorRateLimit is true),
        entries.Count(static e => e.Operation.Count(Fact.Person) == 1),
        entries.Sum(static e => e.Operation.Now.FailedTime) / 1e6 / window.Days * 7);

    private static string NameOf(OperationSum operation, OperationSettings settings) => settings.Of(operation.Row.Key).Name ?? operation.Row.Name;

    /// <summary>Notes of each what it is put together by.</summary>
    private static async Task GroupAsync(Snapshot snapshot, List<Entry> entries, string by, CancellationToken cancellationToken)
    {
        var tags = by.StartsWith(OperationFilter.OfTag, StringComparison.Ordinal) ? await TagOfLastRunsAsync(snapshot, entries, by[OperationFilter.OfTag.Length..], cancellationToken) : [];
        foreach (var entry in entries)
        {
            entry.Group = by switch
            {
                "namespace" => entry.Operation.Row.Namespace,
                "type" => entry.Operation.Row.Type,
                "owner" => entry.Setting.Owner,
                "environment" => entry.Setting.Environment,
                _ => entry.Operation.Keys.Where(tags.ContainsKey).Select(k => tags[k]).OrderByDescending(static t => t.At).FirstOrDefault().Value,
            };
        }
    }

    private static async Task<(List<OperationSum> Operations, int Rollups)> ReadAsync(
        Snapshot snapshot, Window window, List<OperationRow> rows, IQueryable<RollupRow> rollups, CancellationToken cancellationToken)
    {
        var running = await snapshot.RunningAsync(cancellationToken);
        var operations = rows.ToDictionary(static r => r.Key, r => new OperationSum(r, window, running.GetValueOrDefault(r.Key)));
        var read = 0;
        await foreach (var rollup in rollups.Select(static r => new { r.At, r.Operation, r.Data }).AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            read++;
            if (operations.TryGetValue(rollup.Operation, out var operation))
            {
                operation.Add(rollup.At, rollup.Data);
            }
        }
        return ([.. operations.Values], read);
    }

    private async Task<IReadOnlyList<OperationView>> ViewsAsync(Snapshot snapshot, List<Entry> listed, Window window, bool details, CancellationToken cancellationToken)
    {
        var dormant = _time.GetUtcNow().AddDays(-DaysOfPeople);
        if (!details)
        {
            return listed.ConvertAll(e => View(e, window, dormant));
        }
        var people = listed.ConvertAll(static e => e.Operation.Most(Fact.Person, MostNames).ToArray());
        var ids = people.SelectMany(static p => p).Distinct().ToArray();
        var names = await snapshot.Database.Tags.AsNoTracking().Where(t => ids.Contains(t.Id)).ToDictionaryAsync(static t => t.Id, static t => t.Value, cancellationToken);
        var last = await LastRunsAsync(snapshot, listed, cancellationToken);
        return [.. listed.Zip(people, (e, most) => View(e, window, dormant) with
        {
            PeopleNames = [.. most.Select(names.GetValueOrDefault).OfType<string>()],
            LastRun = e.Operation.Keys.Select(last.GetValueOrDefault).OfType<LastRunView>().MaxBy(static r => r.At),
        })];
    }

    /// <summary>The last run of each operation, as the operations' rows say when it was: one look at the index on (operation, at) for each.</summary>
    private static async Task<Dictionary<long, LastRunView>> LastRunsAsync(Snapshot snapshot, List<Entry> listed, CancellationToken cancellationToken)
    {
        var keys = listed.SelectMany(static e => e.Operation.Keys).ToArray();
        var runs = await snapshot.Operations.Where(o => keys.Contains(o.Key))
            .Join(snapshot.Runs, static o => new { Operation = o.Key, At = o.LastAt }, static r => new { r.Operation, r.At },
                static (o, r) => new { Operation = o.Key, r.Key, r.Attempt, r.At, r.State, r.Outcome })
            .ToListAsync(cancellationToken);
        var last = new Dictionary<long, LastRunView>();
        foreach (var r in runs.OrderBy(static r => r.Key))
        {
            // Of those that started at the same moment, one.
            last.TryAdd(r.Operation, new(new ShortKey(r.Key).ToString(), r.Attempt, r.At, ((AttemptState)r.State).ToString().ToLowerInvariant(), ((Outcome?)r.Outcome)?.Text()));
        }
        return last;
    }

    /// <summary>What the last run of each operation has as a tag's value, null for none, and when it started.</summary>
    private static async Task<Dictionary<long, (DateTimeOffset At, string? Value)>> TagOfLastRunsAsync(Snapshot snapshot, List<Entry> entries, string key, CancellationToken cancellationToken)
    {
        await snapshot.LookUpAsync(cancellationToken);
        var keys = entries.SelectMany(static e => e.Operation.Keys).ToArray();
        var last = new Dictionary<long, (DateTimeOffset At, string? Value)>();
        var runs = snapshot.Operations.Where(o => keys.Contains(o.Key))
            .Join(snapshot.Runs, static o => new { Operation = o.Key, At = o.LastAt }, static r => new { r.Operation, r.At }, static (o, r) => new { Operation = o.Key, r.Key, r.Attempt, r.At })
            .Join(snapshot.RunTags, static r => new { r.Key, r.Attempt }, static t => new { t.Key, t.Attempt }, static (r, t) => new { r.Operation, r.Key, r.At, t.Tags });
        foreach (var r in (await runs.ToListAsync(cancellationToken)).OrderBy(static r => r.Key))
        {
            last.TryAdd(r.Operation, (r.At, TagText.Value(r.Tags, key)));
        }
        return last;
    }

    private static OperationView View(Entry entry, Window window, DateTimeOffset dormant)
    {
        var (o, setting, change) = entry;
        return new(new ShortKey(o.Row.Key).ToString(), o.Row.Namespace, o.Row.Type, entry.Name, o.Numbers)
        {
            RunName = setting.Name is null ? null : o.Row.Name,
            Group = entry.Group,
            Description = setting.Description,
            Owner = setting.Owner,
            Environment = setting.Environment,
            DurationLimit = setting.DurationLimit,
            IsOverDurationLimit = entry.IsOverDurationLimit,
            ErrorRateLimit = setting.ErrorRateLimit,
            IsOverErrorRateLimit = entry.IsOverErrorRateLimit,
            ReasonRequired = setting.ReasonRequired,
            Hidden = setting.Hidden,
            Merged = o.Merged.Count == 0 ? null : [.. o.Merged.Select(static k => new ShortKey(k).ToString())],
            FirstAt = o.Row.FirstAt,
            LastAt = o.Row.LastAt,
            DormantSince = o.Row.LastAt < dormant ? o.Row.LastAt : null,
            Running = o.Running,
            RunsPerWeek = o.Now.Finished / window.Days * 7,
            TimePerWeek = o.Time / 1e6 / window.Days * 7,
            FailedTimePerWeek = o.Now.FailedTime / 1e6 / window.Days * 7,
            People = o.Count(Fact.Person),
            Hosts = o.Count(Fact.Host),
            Digests = o.Count(Fact.Digest),
            FinishedByDay = o.FinishedByDay,
            FailedByDay = o.FailedByDay,
            Change = change,
        };
    }

    /// <summary>An operation of an answer, with what is set of it and what is thought of its changes.</summary>
    private sealed record Entry(OperationSum Operation, OperationSetting Setting, ChangesView Change)
    {
        public string Name => Setting.Name ?? Operation.Row.Name;

        public bool? IsOverDurationLimit => Setting.DurationLimit is { } seconds ? Operation.Now.Successful.Quantile(0.95) > seconds : null;

        public bool? IsOverErrorRateLimit => Setting.ErrorRateLimit is { } share ? Operation.Now.ErrorRate > share : null;

        /// <summary>What it is put together with others by.</summary>
        public string? Group { get; set; }
    }
}
