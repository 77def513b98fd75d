using System.Diagnostics;
using System.Globalization;
using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using ValueStream.Core.Wire;
using ValueStream.Store.Projections;

namespace ValueStream.Store.Queries;

/// <summary>The runs of an operation around one of them.</summary>
/// <param name="Previous">The one that began before it; null for the first.</param>
/// <param name="Next">The one that began after it; null for the newest.</param>
/// <param name="LastGood">The last before it that succeeded and counts, among the <see cref="RunQueries.Newest"/> before it; null where there is none.</param>
public sealed record RunNeighbours(RunView? Previous, RunView? Next, RunView? LastGood);

/// <summary>When a run ended and what it came to.</summary>
/// <param name="At">When it ended or was given up.</param>
/// <param name="Outcome">Its outcome; null where it was abandoned.</param>
public readonly record struct RunEnd(DateTimeOffset At, Outcome? Outcome);

/// <summary>The ends of the newest runs of a search.</summary>
/// <param name="Items">Those that ended, in no order.</param>
/// <param name="Running">How many of them run.</param>
/// <param name="Since">They are those that began since then; null where they are all that match.</param>
public sealed record RunEnds(IReadOnlyList<RunEnd> Items, int Running, DateTimeOffset? Since);

/// <summary>Reads runs.</summary>
public sealed class RunQueries
{
    /// <summary>A part of a name is looked for in the runs of so many operations.</summary>
    public const int MostNamed = 50;

    /// <summary>So many runs are counted, or looked through for the last good one.</summary>
    public const int Newest = 2_000;

    /// <summary>So many runs are looked at for those to be counted.</summary>
    internal const int MostLookedAt = 10 * Newest;

    /// <summary>So many pages are read for the next one with a run on it.</summary>
    private const int MostPages = 20;

    private readonly Snapshot.Source _snapshots;

    internal RunQueries(Snapshot.Source snapshots) => _snapshots = snapshots;

    /// <summary>The runs that match, newest start first; each attempt is an item. A page of those without a reason may hold fewer than there is room for, and still have a next.</summary>
    /// <exception cref="BadCursorException">The filter's cursor is not one that this list gave.</exception>
    public async Task<ListView<RunView>> ListAsync(RunFilter filter, Visible visible, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        var operations = await OperationsAsync(snapshot, filter, visible, cancellationToken);
        var named = await NamedAsync(snapshot, filter, visible, cancellationToken);
        for (var page = 1; ; page++)
        {
            var rows = await NewestAsync(OfEach(visible.Of(snapshot.Runs), operations).Select(runs => Matching(snapshot, runs, filter, named)), filter.Limit + 1, cancellationToken);
            var next = rows.Count > filter.Limit ? Cursor(rows[filter.Limit - 1]) : null;
            var views = await RunViews.OfAsync(snapshot, [.. rows.Take(filter.Limit)], visible, cancellationToken);
            var found = filter.WithoutReason ? views.FindAll(static v => v.Reason is null) : views;
            // A page of which every run has a reason after all is passed over.
            if (found.Count > 0 || next is null || page == MostPages)
            {
                return new(found, next);
            }
            filter = filter with { Cursor = next };
        }
    }

    /// <summary>When the newest <see cref="Newest"/> runs that match ended, among ten times as many that are looked at; from the first on, whatever the filter's cursor.</summary>
    public async Task<RunEnds> EndsAsync(RunFilter filter, Visible visible, CancellationToken cancellationToken)
    {
        filter = filter with { Cursor = null };
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        var operations = await OperationsAsync(snapshot, filter, visible, cancellationToken);
        var named = await NamedAsync(snapshot, filter, visible, cancellationToken);
        // What few runs match must not be looked for in all of them.
        var isSearch = filter with { To = null, Operation = null, Text = null, Id = null, Tags = [], Limit = 0 } != new RunFilter { Tags = [], Limit = 0 };
        var isFound = named is not null || filter.Tags.Count > 0 || !isSearch;
        var (looked, since) = (new List<(DateTimeOffset At, short State, RunEnd? End)>(), (DateTimeOffset?)null);
        foreach (var of in OfEach(visible.Of(snapshot.Runs), operations))
        {
            var runs = (filter.To is { } to ? of.Where(r => r.At < to) : of).OrderByDescending(static r => r.At);
            var found = await Matching(snapshot, isFound ? runs : runs.Take(MostLookedAt), filter, named)
                .OrderByDescending(static r => r.At).Take(Newest + 1).Select(static r => new { r.At, r.State, r.Outcome, Ended = r.EndedAt ?? r.AbandonedAt }).ToListAsync(cancellationToken);
            looked.AddRange(found.Select(static r => (r.At, r.State, r.Ended is { } ended ? new RunEnd(ended, (Outcome?)r.Outcome) : (RunEnd?)null)));
            if (!isFound && await runs.Skip(MostLookedAt - 1).Select(static r => new { r.At }).Take(2).ToListAsync(cancellationToken) is [var last, _] && !(last.At < since))
            {
                since = last.At;
            }
        }
        var newest = looked.OrderByDescending(static r => r.At).Take(Newest).ToList();
        since = newest.Count < looked.Count && !(newest[^1].At < since) ? newest[^1].At : since;
        return new([.. newest.Select(static r => r.End).OfType<RunEnd>()], newest.Count(static r => r.State == (short)AttemptState.Running), since);
    }

    /// <summary>The runs of the same operation before and after an attempt, by their starts; null when it is not there or not to be seen.</summary>
    public async Task<RunNeighbours?> NeighboursAsync(ShortKey key, int attempt, Visible visible, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        if (await PlaceAsync(snapshot, key, attempt, visible, cancellationToken) is not var (row, same))
        {
            return null;
        }
        var before = (await NewestAsync(same.Select(runs => Before(runs, row)), 1, cancellationToken)).FirstOrDefault();
        var after = (await OldestAsync(same.Select(runs => After(runs, row)), 1, cancellationToken)).FirstOrDefault();
        var good = (await NewestAsync(same.Select(runs => Before(runs, row).OrderByDescending(static r => r.At).Take(Newest)
            .Where(static r => r.Outcome == (short)Outcome.Success && r.State == (short)AttemptState.Ended && !r.Flags.Contains("excluded"))), 1, cancellationToken)).FirstOrDefault();
        var views = await RunViews.OfAsync(snapshot, [.. new[] { before, after, good }.OfType<RunRow>().Distinct()], visible, cancellationToken);
        return new(View(before), View(after), View(good));

        RunView? View(RunRow? of) => of is null ? null : views.Find(v => v.Key == new ShortKey(of.Key).ToString() && v.Attempt == of.Attempt);
    }

    /// <summary>The runs of the same operation around an attempt, itself among them, the newest first: as many before it as after it where there are. Empty
    /// when it is not there or not to be seen.</summary>
    public async Task<IReadOnlyList<RunView>> AroundAsync(ShortKey key, int attempt, int count, Visible visible, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        if (await PlaceAsync(snapshot, key, attempt, visible, cancellationToken) is not var (row, same))
        {
            return [];
        }
        var after = await OldestAsync(same.Select(runs => After(runs, row)), count - 1, cancellationToken);
        var before = await NewestAsync(same.Select(runs => Before(runs, row)), count - 1, cancellationToken);
        var later = Math.Min(after.Count, Math.Max(count / 2, count - 1 - before.Count));
        return await RunViews.OfAsync(snapshot, [.. after.Take(later).Reverse(), row, .. before.Take(count - 1 - later)], visible, cancellationToken);
    }

    /// <summary>One attempt of a run, the newest where none is named; null when it is not there or not to be seen.</summary>
    public async Task<RunView?> FindAsync(ShortKey key, int? attempt, Visible visible, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        var row = await visible.Of(snapshot.Runs).Where(r => r.Key == key.Value && (attempt == null || r.Attempt == attempt))
            .OrderByDescending(static r => r.Attempt).FirstOrDefaultAsync(cancellationToken);
        return row is null ? null : (await RunViews.OfAsync(snapshot, [row], visible, cancellationToken))[0];
    }

    /// <summary>
    /// The runs that a text means: a key, a rendering or an alias. One that has been appended but not yet projected is waited for, up to two
    /// seconds. None when it is unknown or not to be seen; more than one when it is ambiguous, and so means nothing.
    /// </summary>
    public async Task<IReadOnlyList<RunId>> ResolveAsync(string text, Visible visible, CancellationToken cancellationToken)
    {
        long? head = null;
        for (var began = Stopwatch.GetTimestamp(); ; await Task.Delay(20, cancellationToken))
        {
            await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
            List<RunId> runs = ShortKey.TryParse(text, out var key)
                ? [.. (await visible.Of(snapshot.Runs).Where(r => r.Key == key.Value).Take(1).ToListAsync(cancellationToken)).Select(RunViews.Id)]
                : [.. (await Meanings.RunsAsync(snapshot, [text], visible, cancellationToken))[text]];
            head ??= await snapshot.Database.LogHead.AsNoTracking().Select(static h => h.Position).SingleAsync(cancellationToken);
            if (runs.Count > 0 || snapshot.Live.Position >= head || Stopwatch.GetElapsedTime(began) > TimeSpan.FromSeconds(2))
            {
                return runs;
            }
        }
    }

    /// <summary>Those of some runs of which an attempt matches.</summary>
    internal static async Task<HashSet<long>> AmongAsync(Snapshot snapshot, RunFilter filter, long[] among, Visible visible, CancellationToken cancellationToken)
    {
        var operations = await OperationsAsync(snapshot, filter, visible, cancellationToken);
        var keys = new HashSet<long>();
        foreach (var runs in OfEach(visible.Of(snapshot.Runs), operations))
        {
            keys.UnionWith(await Matching(snapshot, runs, filter, among).Select(static r => r.Key).ToListAsync(cancellationToken));
        }
        return keys;
    }

    /// <summary>The newest finished runs that match, part by part: those of each operation that the filter leads to, for its part of the index.</summary>
    /// <param name="snapshot">Where to look.</param>
    /// <param name="filter">Which runs; from the first on, whatever its cursor.</param>
    /// <param name="most">So many at most of one part; of each of several, four times an equal share.</param>
    /// <param name="mostLookedAt">So many are looked at for those that match, where no index finds them.</param>
    /// <param name="visible">What the caller may see.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    internal static async Task<IReadOnlyList<IQueryable<RunRow>>> FinishedAsync(
        Snapshot snapshot, RunFilter filter, int most, int mostLookedAt, Visible visible, CancellationToken cancellationToken)
    {
        filter = filter with { Cursor = null };
        var operations = await OperationsAsync(snapshot, filter, visible, cancellationToken);
        var named = await NamedAsync(snapshot, filter, visible, cancellationToken);
        var isFound = named is not null || filter.Tags.Count > 0;
        var parts = OfEach(visible.Of(snapshot.Runs), operations).ToList();
        var each = parts.Count <= 1 ? most : Math.Min(most, 4 * most / parts.Count);
        return parts.ConvertAll(of =>
        {
            var runs = (filter.To is { } to ? of.Where(r => r.At < to) : of).OrderByDescending(static r => r.At);
            return Matching(snapshot, isFound ? runs : runs.Take(mostLookedAt / parts.Count), filter, named)
                .Where(static r => r.Outcome != null).OrderByDescending(static r => r.At).Take(each);
        });
    }

    /// <summary>The operations to which a filter leads; null where it leads to none in particular.</summary>
    private static async Task<IReadOnlyList<long>?> OperationsAsync(Snapshot snapshot, RunFilter filter, Visible visible, CancellationToken cancellationToken)
    {
        if (filter.Operation is null && filter.Text is null && !filter.WithoutReason)
        {
            return null;
        }
        var settings = await OperationSettings.LoadAsync(snapshot, cancellationToken);
        var operations = filter.Operation is { } operation ? settings.CountedIn(operation) : null;
        if (filter.WithoutReason)
        {
            operations = [.. settings.ReasonRequired.Where(o => operations?.Contains(o) != false)];
        }
        if (filter.Text is not { } text)
        {
            return operations;
        }
        var names = await visible.Of(snapshot.Operations).OrderByDescending(static o => o.LastAt).Select(static o => new { o.Key, o.Name }).ToListAsync(cancellationToken);
        return [.. names.Where(o => operations?.Contains(o.Key) != false
            && (o.Name.Contains(text, StringComparison.OrdinalIgnoreCase) || settings.Of(o.Key).Name?.Contains(text, StringComparison.OrdinalIgnoreCase) == true))
            .Take(MostNamed).Select(static o => o.Key)];
    }

    private static async Task<long[]?> NamedAsync(Snapshot snapshot, RunFilter filter, Visible visible, CancellationToken cancellationToken) =>
        filter.Id is { } id ? [.. (await Meanings.RunsAsync(snapshot, [id], visible, cancellationToken))[id].Select(static r => r.Key.Value)] : null;

    /// <summary>The runs of each operation, for its part of the index; all runs where no operation is meant.</summary>
    private static IEnumerable<IQueryable<RunRow>> OfEach(IQueryable<RunRow> runs, IReadOnlyList<long>? operations) =>
        operations is null ? [runs] : operations.Select(o => runs.Where(r => r.Operation == o));

    /// <summary>An attempt, and the runs of each operation that is counted with its own.</summary>
    private static async Task<(RunRow Row, List<IQueryable<RunRow>> Same)?> PlaceAsync(
        Snapshot snapshot, ShortKey key, int attempt, Visible visible, CancellationToken cancellationToken)
    {
        if (await visible.Of(snapshot.Runs).FirstOrDefaultAsync(r => r.Key == key.Value && r.Attempt == attempt, cancellationToken) is not { } row)
        {
            return null;
        }
        var settings = await OperationSettings.LoadAsync(snapshot, cancellationToken);
        var counted = settings.CountedIn(settings.Shown(new(row.Operation)));
        // Of an operation all runs may be seen, or none: so that none is looked through for nothing.
        var seen = visible.All ? counted : await visible.Of(snapshot.Operations).Where(o => counted.Contains(o.Key)).Select(static o => o.Key).ToListAsync(cancellationToken);
        return (row, [.. OfEach(snapshot.Runs, seen)]);
    }

    /// <remarks>The first condition alone is one that an index can answer.</remarks>
    private static IQueryable<RunRow> Before(IQueryable<RunRow> runs, RunRow row) =>
        runs.Where(r => r.At <= row.At && (r.At < row.At || r.Key < row.Key || (r.Key == row.Key && r.Attempt < row.Attempt)));

    private static IQueryable<RunRow> After(IQueryable<RunRow> runs, RunRow row) =>
        runs.Where(r => r.At >= row.At && (r.At > row.At || r.Key > row.Key || (r.Key == row.Key && r.Attempt > row.Attempt)));

    private static async Task<List<RunRow>> NewestAsync(IEnumerable<IQueryable<RunRow>> parts, int count, CancellationToken cancellationToken)
    {
        var rows = new List<RunRow>();
        foreach (var part in parts)
        {
            rows.AddRange(await part.OrderByDescending(static r => r.At).ThenByDescending(static r => r.Key).ThenByDescending(static r => r.Attempt).Take(count).ToListAsync(cancellationToken));
        }
        return [.. rows.OrderByDescending(static r => r.At).ThenByDescending(static r => r.Key).ThenByDescending(static r => r.Attempt).Take(count)];
    }

    private static async Task<List<RunRow>> OldestAsync(IEnumerable<IQueryable<RunRow>> parts, int count, CancellationToken cancellationToken)
    {
        var rows = new List<RunRow>();
        foreach (var part in parts)
        {
            rows.AddRange(await part.OrderBy(static r => r.At).ThenBy(static r => r.Key).ThenBy(static r => r.Attempt).Take(count).ToListAsync(cancellationToken));
        }
        return [.. rows.OrderBy(static r => r.At).ThenBy(static r => r.Key).ThenBy(static r => r.Attempt).Take(count)];
    }

    private static IQueryable<RunRow> Matching(Snapshot snapshot, IQueryable<RunRow> runs, RunFilter f, long[]? named)
    {
        runs = f.From is { } from ? runs.Where(r => (r.EndedAt ?? r.AbandonedAt) >= from || r.State == (short)AttemptState.Running) : runs;
        // No run ends before it begins.
        runs = f.To is { } to ? runs.Where(r => r.At < to && ((r.EndedAt ?? r.AbandonedAt) < to || r.State == (short)AttemptState.Running)) : runs;
        runs = f.Source is { } source ? runs.Where(r => r.Source == source) : runs;
        runs = f.Namespace is { } ns ? runs.Where(r => r.Namespace == ns) : runs;
        runs = f.Type is { } type ? runs.Where(r => r.Type == type) : runs;
        runs = f.Name is { } name ? runs.Where(r => r.Name == name) : runs;
        runs = f.WithoutReason ? runs.Where(static r => r.Reason == null) : runs;
        runs = f.Actor is { } actor ? runs.Where(r => r.Actor == actor) : runs;
        runs = named is null ? runs : runs.Where(r => named.Contains(r.Key));
        if (f.State is not null)
        {
            var state = RunViews.State(f.State);
            runs = runs.Where(r => r.State == state);
            if (state == (short)AttemptState.Running)
            {
                // Few run of very many. SQLite would look for them by their start among all if it were not told to begin with those that run.
                var running = snapshot.Running.Select(static r => r.Key);
                runs = runs.Where(r => running.Contains(r.Key));
            }
        }
        if (f.Outcome is not null)
        {
            var outcome = (short?)Outcomes.Parse(f.Outcome) ?? -1;
            runs = runs.Where(r => r.Outcome == outcome);
        }
        if (f.MinDuration is { } shortest)
        {
            var min = shortest * 1e6;
            runs = runs.Where(r => r.Duration >= min);
        }
        if (f.MaxDuration is { } longest)
        {
            var max = longest * 1e6;
            runs = runs.Where(r => r.Duration <= max);
        }
        foreach (var tag in f.Tags)
        {
            var tagged = snapshot.Tagged([.. RunFilter.Readings(tag).Select(static r => TagDictionary.IdOf(r.Key, r.Value))]);
            runs = runs.Where(r => tagged.Any(t => t.Key == r.Key && t.Attempt == r.Attempt));
        }
        if (f.Cursor is { } cursor)
        {
            var (at, runKey, attempt) = Parse(cursor);
            runs = runs.Where(r => r.At <= at && (r.At < at || r.Key < runKey || (r.Key == runKey && r.Attempt < attempt)));
        }
        return runs;
    }

    private static string Cursor(RunRow row) => $"{Micros.Of(row.At)}.{new ShortKey(row.Key)}.{row.Attempt}";

    private static (DateTimeOffset At, long Key, int Attempt) Parse(string cursor) =>
        cursor.Split('.') is [var micros, var text, var number]
        && long.TryParse(micros, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var at)
        && at > Micros.Of(DateTimeOffset.MinValue) && at < Micros.Of(DateTimeOffset.MaxValue)
        && ShortKey.TryParse(text, out var key) && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var attempt)
            ? (Micros.ToTime(at), key.Value, attempt)
            : throw new BadCursorException();

    /// <summary>Which of these runs are abandoned: what is said of them now is said of an attempt that is taken to have died.</summary>
    public async Task<IReadOnlySet<ShortKey>> AbandonedAsync(IReadOnlyCollection<ShortKey> keys, CancellationToken cancellationToken)
    {
        var wanted = keys.Select(static k => k.Value).ToArray();
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        var open = await snapshot.Runs
            .Where(r => wanted.Contains(r.Key) && (r.State == (short)AttemptState.Running || r.State == (short)AttemptState.Abandoned))
            .Select(static r => new { r.Key, r.Attempt, r.State }).ToListAsync(cancellationToken);
        return open.GroupBy(static r => r.Key).Select(static run => run.MaxBy(static r => r.Attempt)!)
            .Where(static r => r.State == (short)AttemptState.Abandoned).Select(static r => new ShortKey(r.Key)).ToHashSet();
    }
}

/// <summary>A cursor is not one that the list gave.</summary>
public sealed class BadCursorException() : Exception("The cursor is not one that this list gave. Take 'next' from an answer as it is, or leave the cursor out.");

/// <summary>A position that the log has not reached.</summary>
public sealed class NotYetException(long position, long head)
    : Exception($"The log ends at position {head}, before {position}. Take a position that an answer gave, or leave it out.");
