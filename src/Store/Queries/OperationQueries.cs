using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Events;
using ValueStream.Core.Numbers;
using ValueStream.Core.Wire;
using ValueStream.Store.Projections;

namespace ValueStream.Store.Queries;

/// <summary>Which operations to list; absent members do not filter.</summary>
public sealed record OperationFilter
{
    /// <summary>Namespace.</summary>
    public string? Namespace { get; init; }

    /// <summary>Type.</summary>
    public string? Type { get; init; }

    /// <summary>A part of the name, in any case.</summary>
    public string? Name { get; init; }

    /// <summary>Whether those are listed, too, that an administrator has hidden.</summary>
    public bool Hidden { get; init; }

    /// <summary>The window's first day; 28 days where absent.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>The window ends with the day before which this is; today where absent.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>How many are listed at most, 1..<see cref="OperationQueries.MostListed"/>.</summary>
    public int Limit { get; init; } = OperationQueries.MostListed;
}

/// <summary>Reads the inventory: each kind of work with its numbers.</summary>
public sealed class OperationQueries : IDisposable
{
    /// <summary>So many operations are listed at most; the others are summed.</summary>
    public const int MostListed = 2_000;

    /// <summary>People, hosts and scripts are counted over so many days; an operation without a run for longer is dormant.</summary>
    private const int DaysOfPeople = 90;

    private const int DaysOfWindow = 28;

    /// <summary>What is usual is looked up for so many operations at once.</summary>
    private const int MostUsual = 200;

    private readonly Snapshot.Source _snapshots;
    private readonly TimeProvider _time;
    private readonly Kept<(int First, int End, string Zone), IReadOnlyList<Operation>> _kept;
    private readonly SemaphoreSlim _reading = new(1, 1);

    internal OperationQueries(Snapshot.Source snapshots, TimeProvider time) => (_snapshots, _time, _kept) = (snapshots, time, new(time, TimeSpan.FromSeconds(60)));

    /// <summary>An inventory that took this many rollups to read is kept for a minute; a smaller one is read anew each time.</summary>
    internal int Expensive { get; init; } = 5_000;

    /// <summary>The operations that match, the busiest of the window first, and the sum of those beyond the limit.</summary>
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
        var listed = matching.Take(filter.Limit).ToList();
        var others = new Tally();
        foreach (var operation in matching.Skip(filter.Limit))
        {
            others.Add(operation.Now);
        }
        return new OperationsView
        {
            Definition = NumberViews.Definition,
            Window = window.View,
            Items = Views(listed, window, settings),
            Others = matching.Count > listed.Count ? new OthersView(matching.Count - listed.Count, NumberViews.View(others, window.Days)) : null,
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
        return Views([Operation.Sum(operations.Single(o => o.Row.Key == key.Value), operations)], window, settings).Single() with { MergedInto = mergedInto };
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
    private async Task<IReadOnlyList<Operation>> AllAsync(Snapshot snapshot, Window window, CancellationToken cancellationToken)
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

    private static List<Operation> Ordered(IEnumerable<Operation> operations) =>
        [.. operations.OrderByDescending(static o => o.Now.Finished).ThenByDescending(static o => o.Row.LastAt).ThenBy(static o => o.Row.Key)];

    /// <summary>What is merged into another counts there, unless the caller has no such other.</summary>
    private static IEnumerable<Operation> Merged(IEnumerable<Operation> seen, OperationSettings settings)
    {
        if (!settings.HasMerges)
        {
            return seen;
        }
        var byKey = seen.ToDictionary(static o => o.Row.Key);
        return Ordered(byKey.Values
            .GroupBy(o => settings.Shown(new(o.Row.Key)).Value is var shown && byKey.ContainsKey(shown) ? shown : o.Row.Key)
            .Select(g => Operation.Sum(byKey[g.Key], [.. g])));
    }

    private static string NameOf(Operation operation, OperationSettings settings) => settings.Of(operation.Row.Key).Name ?? operation.Row.Name;

    private static async Task<(List<Operation> Operations, int Rollups)> ReadAsync(
        Snapshot snapshot, Window window, List<OperationRow> rows, IQueryable<RollupRow> rollups, CancellationToken cancellationToken)
    {
        var running = (await snapshot.RunningAsync(cancellationToken)).CountBy(static r => r.Operation).ToDictionary();
        var operations = rows.ToDictionary(static r => r.Key, r => new Operation(r, window, running.GetValueOrDefault(r.Key)));
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

    private List<OperationView> Views(List<Operation> listed, Window window, OperationSettings settings)
    {
        var dormant = _time.GetUtcNow().AddDays(-DaysOfPeople);
        return [.. listed.Zip(NumberViews.Changes(listed.Select(static o => o.Compared)), (o, change) => View(o, window, settings.Of(o.Row.Key), dormant, change))];
    }

    private static OperationView View(Operation o, Window window, OperationSetting setting, DateTimeOffset dormant, ChangesView change) =>
        new(new ShortKey(o.Row.Key).ToString(), o.Row.Namespace, o.Row.Type, setting.Name ?? o.Row.Name, NumberViews.View(o.Now, window.Days))
        {
            RunName = setting.Name is null ? null : o.Row.Name,
            Description = setting.Description,
            Owner = setting.Owner,
            Environment = setting.Environment,
            DurationLimit = setting.DurationLimit,
            IsOverDurationLimit = setting.DurationLimit is { } seconds ? o.Now.Successful.Quantile(0.95) > seconds : null,
            ErrorRateLimit = setting.ErrorRateLimit,
            IsOverErrorRateLimit = setting.ErrorRateLimit is { } share ? o.Now.ErrorRate > share : null,
            ReasonRequired = setting.ReasonRequired,
            Hidden = setting.Hidden,
            Merged = o.Merged.Count == 0 ? null : [.. o.Merged.Select(static k => new ShortKey(k).ToString())],
            FirstAt = o.Row.FirstAt,
            LastAt = o.Row.LastAt,
            DormantSince = o.Row.LastAt < dormant ? o.Row.LastAt : null,
            Running = o.Running,
            RunsPerWeek = o.Now.Finished / window.Days * 7,
            TimePerWeek = (o.Now.SuccessfulTime + o.Now.FailedTime + o.Now.OtherTime) / 1e6 / window.Days * 7,
            People = o.Count(Fact.Person),
            Hosts = o.Count(Fact.Host),
            Digests = o.Count(Fact.Digest),
            FinishedByDay = o.FinishedByDay,
            FailedByDay = o.FailedByDay,
            Change = change,
        };

    /// <summary>What the days of an operation add up to.</summary>
    private sealed class Operation(OperationRow row, Window window, int running)
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
        public static Operation Sum(Operation shown, IReadOnlyCollection<Operation> all)
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
            var sum = new Operation(row, shown.Window, all.Sum(static o => o.Running)) { Merged = [.. all.Select(static o => o.Row.Key).Where(k => k != row.Key).Order()] };
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

        public Comparison[] Compared => field ??= NumberViews.Compare(_before, window.Previous.Days, Now, window.Days);

        public void Add(int at, byte[] data)
        {
            var hasFacts = at >= window.End - DaysOfPeople;
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

        public int Count(Fact fact) =>
            Now.Facts.Keys.Concat(_before.Facts.Keys).Concat(_earlier.Facts.Keys).Where(f => f.Fact == fact).Distinct().Count();
    }
}
