using System.Diagnostics;
using System.Globalization;
using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using ValueStream.Core.Wire;
using ValueStream.Store.Projections;

namespace ValueStream.Store.Queries;

/// <summary>Which runs to list; absent members do not filter.</summary>
public sealed record RunFilter
{
    /// <summary>Ended at or after this time, or running.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Ended before this time, or running and started before it.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Source.</summary>
    public string? Source { get; init; }

    /// <summary>Namespace.</summary>
    public string? Namespace { get; init; }

    /// <summary>Type.</summary>
    public string? Type { get; init; }

    /// <summary>Name.</summary>
    public string? Name { get; init; }

    /// <summary>Operation, by its short key; with the runs that are counted under it because their operations are merged into it.</summary>
    public ShortKey? Operation { get; init; }

    /// <summary>The run's rendering, or an alias: then of every run that has it.</summary>
    public string? Id { get; init; }

    /// <summary><c>running</c>, <c>ended</c>, <c>orphan</c> or <c>abandoned</c>.</summary>
    public string? State { get; init; }

    /// <summary>One of <see cref="Outcomes.All"/>.</summary>
    public string? Outcome { get; init; }

    /// <summary>Actor.</summary>
    public string? Actor { get; init; }

    /// <summary>Shortest duration in seconds.</summary>
    public double? MinDuration { get; init; }

    /// <summary>Longest duration in seconds.</summary>
    public double? MaxDuration { get; init; }

    /// <summary>Tags that must all be there: <c>key:value</c> or <c>key=value</c>, by the values' texts. Where key or value have such
    /// characters themselves, every way of reading it is tried.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>How many at most, 1..200.</summary>
    public int Limit { get; init; } = 50;

    /// <summary>Where to go on, from the page before.</summary>
    public string? Cursor { get; init; }

    /// <summary>Whether a text can be one of <see cref="Tags"/>.</summary>
    public static bool IsTag(string text) => Readings(text).Any();

    /// <summary>The keys and values that a text can mean.</summary>
    internal static IEnumerable<(string Key, string Value)> Readings(string text) =>
        Enumerable.Range(1, Math.Max(0, text.Length - 1)).Where(i => text[i] is ':' or '=').Take(20).Select(i => (text[..i], text[(i + 1)..]));
}

/// <summary>Reads runs.</summary>
public sealed class RunQueries
{
    private readonly Snapshot.Source _snapshots;

    internal RunQueries(Snapshot.Source snapshots) => _snapshots = snapshots;

    /// <summary>The runs that match, newest start first; each attempt is an item.</summary>
    /// <exception cref="BadCursorException">The filter's cursor is not one that this list gave.</exception>
    public async Task<ListView<RunView>> ListAsync(RunFilter filter, Visible visible, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        var operations = filter.Operation is { } operation ? (await OperationSettings.LoadAsync(snapshot, cancellationToken)).CountedIn(operation) : [];
        var named = filter.Id is { } id ? (await Meanings.RunsAsync(snapshot, [id], visible, cancellationToken))[id].Select(static r => r.Key.Value).ToArray() : null;
        var rows = await Matching(snapshot, filter, operations, named, visible)
            .OrderByDescending(static r => r.At).ThenByDescending(static r => r.Key).ThenByDescending(static r => r.Attempt)
            .Take(filter.Limit + 1).ToListAsync(cancellationToken);
        var next = rows.Count > filter.Limit ? rows[filter.Limit - 1] : null;
        var page = rows.Take(filter.Limit).ToList();
        return new(await RunViews.OfAsync(snapshot, page, visible, cancellationToken), next is null ? null : Cursor(next));
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

    private static IQueryable<RunRow> Matching(Snapshot snapshot, RunFilter f, IReadOnlyList<long> operations, long[]? named, Visible visible)
    {
        var runs = visible.Of(snapshot.Runs);
        runs = f.From is { } from ? runs.Where(r => (r.EndedAt ?? r.AbandonedAt) >= from || r.State == (short)AttemptState.Running) : runs;
        runs = f.To is { } to ? runs.Where(r => (r.EndedAt ?? r.AbandonedAt) < to || (r.State == (short)AttemptState.Running && r.At < to)) : runs;
        runs = f.Source is { } source ? runs.Where(r => r.Source == source) : runs;
        runs = f.Namespace is { } ns ? runs.Where(r => r.Namespace == ns) : runs;
        runs = f.Type is { } type ? runs.Where(r => r.Type == type) : runs;
        runs = f.Name is { } name ? runs.Where(r => r.Name == name) : runs;
        runs = operations switch
        {
            [] => runs,
            [var one] => runs.Where(r => r.Operation == one),
            _ => runs.Where(r => operations.Contains(r.Operation)),
        };
        runs = f.Actor is { } actor ? runs.Where(r => r.Actor == actor) : runs;
        runs = named is null ? runs : runs.Where(r => named.Contains(r.Key));
        if (f.State is not null)
        {
            var state = RunViews.State(f.State);
            runs = runs.Where(r => r.State == state);
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
            runs = runs.Where(r => r.At < at || (r.At == at && (r.Key < runKey || (r.Key == runKey && r.Attempt < attempt))));
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
