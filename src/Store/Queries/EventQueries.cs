using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Unicode;
using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Store.Log;

namespace ValueStream.Store.Queries;

/// <summary>Which events to list; absent members do not filter.</summary>
public sealed record EventFilter
{
    /// <summary>Of one run only.</summary>
    public ShortKey? Run { get; init; }

    /// <summary>At or after this time.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Before this time.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Whether <see cref="From"/> and <see cref="To"/> are about when it happened, by the sender's corrected clock, instead of when it was recorded.</summary>
    public bool ByOccurrence { get; init; }

    /// <summary>A kind of event, such as <c>started</c>.</summary>
    public string? Kind { get; init; }

    /// <summary>The run's source.</summary>
    public string? Source { get; init; }

    /// <summary>The run's type.</summary>
    public string? Type { get; init; }

    /// <summary>The run's namespace.</summary>
    public string? Namespace { get; init; }

    /// <summary>Who the server saw sending it.</summary>
    public string? Submitter { get; init; }

    /// <summary>Of runs of this actor, whichever event of theirs says so.</summary>
    public string? Actor { get; init; }

    /// <summary>Of runs that ended so: one of <see cref="Outcomes.All"/>.</summary>
    public string? Outcome { get; init; }

    /// <summary>Of runs of this operation, or of one that is merged into it.</summary>
    public ShortKey? Operation { get; init; }

    /// <summary>Of runs that carry all of these, each written as in <see cref="RunFilter.Tags"/>. Actor, outcome, operation and tags must be those of one attempt.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Words, all of which stand in actor, reason, name, note or tags of the event or of an attempt of its run: see <see cref="IsText"/>.</summary>
    public string? Text { get; init; }

    /// <summary>Up to this position of the log: what was answered when it was the last, is answered again.</summary>
    public long? AsOf { get; init; }

    /// <summary>How many at most, 1..1000.</summary>
    public int Limit { get; init; } = 100;

    /// <summary>Where to go on, from the page before.</summary>
    public string? Cursor { get; init; }

    /// <summary>Whether a text can be <see cref="Text"/>: whether a word is in it. A word is letters and digits in any case, and with a <c>*</c> after them whatever begins so.</summary>
    public static bool IsText(string text) => Words.Parse(text) is not null;

    /// <summary>Whether events are looked for that no index finds.</summary>
    internal bool IsSearch => (Kind ?? Source ?? Type ?? Namespace ?? Submitter ?? Text) is not null || OfRuns is not null || (ByOccurrence && (From ?? To) is not null);

    /// <summary>What the runs must be whose events are asked for; null where they may be any.</summary>
    internal RunFilter? OfRuns => (Actor ?? Outcome ?? Operation?.ToString()) is null && Tags.Count == 0 ? null
        : new() { Actor = Actor, Outcome = Outcome, Operation = Operation, Tags = Tags };
}

/// <summary>The whole answer to a search of the log.</summary>
/// <param name="AsOf">The last position that was looked at.</param>
/// <param name="Head">The end of the log when it was asked.</param>
/// <param name="Projected">The position up to which runs were known when it was asked.</param>
/// <param name="Slices">Its events, newest first, read as they are taken.</param>
public sealed record EventExport(long AsOf, HeadView Head, long Projected, IAsyncEnumerable<IReadOnlyList<EventView>> Slices);

/// <summary>Reads the log.</summary>
public sealed class EventQueries
{
    /// <summary>A search that no index serves looks through so many positions for one page.</summary>
    public const int Looked = 20_000;

    /// <summary>Of so many runs the events are found by the runs; where more match, by going through the log.</summary>
    private const int MostRuns = 5_000;

    /// <summary>So many events are read at once for an export.</summary>
    private const int Slice = 1_000;

    /// <summary>The events of so many positions are held against their runs at once, and the texts of so many against words.</summary>
    private const int Piece = 5_000, PieceOfTexts = 2_000;

    private readonly Snapshot.Source _snapshots;

    private readonly LogReader _reader;

    internal EventQueries(Snapshot.Source snapshots, LogReader reader) => (_snapshots, _reader) = (snapshots, reader);

    /// <summary>
    /// The events that match, newest position first. Where no index finds them, one page looks through <see cref="Looked"/> positions at most: it may
    /// have few events or none, and still a next page.
    /// </summary>
    /// <exception cref="BadCursorException">The filter's cursor is not one that this list gave.</exception>
    /// <exception cref="NotYetException">The filter is about a position that the log has not reached.</exception>
    public async Task<EventsView> ListAsync(EventFilter filter, Visible visible, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        var search = await SearchAsync(snapshot, filter, visible, cancellationToken);
        var (rows, next) = await PageAsync(snapshot, search, search.Before, filter.Limit, cancellationToken);
        return new([.. rows.Select(View)], next?.ToString(CultureInfo.InvariantCulture), search.AsOf, search.Head, snapshot.Live.Position);
    }

    /// <summary>All events that match, newest position first, whatever the filter's limit. They are read slice by slice, each in a transaction of its own: however
    /// long it takes and however many they are, nothing waits for it.</summary>
    /// <exception cref="BadCursorException">The filter's cursor is not one that the list gave.</exception>
    /// <exception cref="NotYetException">The filter is about a position that the log has not reached.</exception>
    public async Task<EventExport> ExportAsync(EventFilter filter, Visible visible, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        var search = await SearchAsync(snapshot, filter, visible, cancellationToken);
        return new(search.AsOf, search.Head, snapshot.Live.Position, SlicesAsync(search, cancellationToken));
    }

    /// <summary>One event, with the webhook's body that it came in where that is kept; null when there is none at that position.</summary>
    public async Task<EventView?> FindAsync(long position, Visible visible, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        if (await _reader.AtAsync(snapshot.Database, position, cancellationToken) is not { } row || !visible.Includes(row.Namespace))
        {
            return null;
        }
        var view = View(row);
        if (view.Data.Derived?.Delivery is not { } hash)
        {
            return view;
        }
        var sha256 = Convert.FromHexString(hash);
        return await snapshot.Database.Deliveries.AsNoTracking().SingleOrDefaultAsync(d => d.Sha256 == sha256, cancellationToken) is { } delivery
            ? view with { Delivery = View(delivery) } : view;
    }

    /// <summary>The end of the log.</summary>
    public async Task<HeadView> HeadAsync(CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        return (await snapshot.Database.LogHead.AsNoTracking().SingleAsync(cancellationToken)).ToView();
    }

    /// <summary>The position after which everything was recorded at a time or later.</summary>
    public async Task<long> BeforeAsync(DateTimeOffset time, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        var head = await snapshot.Database.LogHead.AsNoTracking().Select(static h => h.Position).SingleAsync(cancellationToken);
        return await FirstAtAsync(snapshot, time, head + 1, cancellationToken) - 1;
    }

    /// <summary>What a search comes to, once for all its slices.</summary>
    /// <param name="Filter">What is asked for.</param>
    /// <param name="Visible">What the caller may see.</param>
    /// <param name="AsOf">The last position to look at.</param>
    /// <param name="Head">The end of the log.</param>
    /// <param name="First">The first position to look at.</param>
    /// <param name="Before">Where to begin, going back.</param>
    /// <param name="Runs">The only runs whose events can match; null where they are not known or too many.</param>
    /// <param name="Words">The words to find.</param>
    private sealed record Search(EventFilter Filter, Visible Visible, long AsOf, HeadView Head, long First, long Before, long[]? Runs, Words? Words);

    private async Task<Search> SearchAsync(Snapshot snapshot, EventFilter filter, Visible visible, CancellationToken cancellationToken)
    {
        var head = (await snapshot.Database.LogHead.AsNoTracking().SingleAsync(cancellationToken)).ToView();
        var asOf = filter.AsOf ?? head.Position;
        if (asOf > head.Position)
        {
            throw new NotYetException(asOf, head.Position);
        }
        var before = asOf + 1;
        // Nothing happens after it was recorded: what happened since a time stands where that time was recorded, or later.
        var first = filter.From is { } from ? await FirstAtAsync(snapshot, from, before, cancellationToken) : 1;
        before = filter is { To: { } to, ByOccurrence: false } ? await FirstAtAsync(snapshot, to, before, cancellationToken) : before;
        if (filter.Cursor is { } cursor)
        {
            before = long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out var position) ? Math.Min(before, position) : throw new BadCursorException();
        }
        var runs = filter.OfRuns is { } ofRuns && (ofRuns.Operation is not null || ofRuns.Tags.Count > 0)
            ? await RunQueries.KeysAsync(snapshot, ofRuns, null, MostRuns, visible, cancellationToken) : null;
        return new(filter, visible, asOf, head, first, before, runs?.ToArray(), filter.Text is { } text ? Words.Parse(text) : null);
    }

    private async IAsyncEnumerable<IReadOnlyList<EventView>> SlicesAsync(Search search, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (long? before = search.Before; before is { } position;)
        {
            await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
            (var rows, before) = await PageAsync(snapshot, search, position, Slice, cancellationToken);
            if (rows.Count > 0)
            {
                yield return [.. rows.Select(View)];
            }
        }
    }

    /// <summary>The newest events before a position that match, and where to go on; null when that was all.</summary>
    private async Task<(List<EventRow> Rows, long? Next)> PageAsync(Snapshot snapshot, Search search, long before, int limit, CancellationToken cancellationToken)
    {
        var isFound = search.Filter.Run is not null || search.Runs is not null;
        var floor = !isFound && (search.Filter.IsSearch || !search.Visible.All) ? Math.Max(search.First, before - Looked) : search.First;
        var ofRuns = search.Runs is null ? search.Filter.OfRuns : null;
        var rows = new List<EventRow>();
        for (var more = true; more && rows.Count <= limit;)
        {
            var events = Matching(search.Filter, search.Visible.Of(snapshot.Database.Events.AsNoTracking())).Where(e => e.Position < before && e.Position >= floor);
            // In an order that no index has, where the runs are known: else the database might go through the whole log to find a few.
            var newest = search.Runs is { } keys ? events.Where(e => keys.Contains(e.Run)).OrderByDescending(static e => e.Position + 0) : events.OrderByDescending(static e => e.Position);
            if (ofRuns is null && search.Words is null)
            {
                rows = await newest.Take(limit + 1).ToListAsync(cancellationToken);
                break;
            }
            var size = search.Words is null ? Piece : PieceOfTexts;
            var candidates = search.Words is null ? newest.Take(size).Select(static e => new Candidate(e.Position, e.Run, "")) : newest.Take(size).Select(static e => new Candidate(e.Position, e.Run, e.Data));
            var piece = await candidates.ToListAsync(cancellationToken);
            more = piece.Count == size;
            before = more ? piece[^1].Position : before;
            var positions = (await MatchingAsync(snapshot, search, piece, cancellationToken)).Take(limit + 1 - rows.Count).ToArray();
            rows.AddRange(await snapshot.Database.Events.AsNoTracking().Where(e => positions.Contains(e.Position)).OrderByDescending(static e => e.Position).ToListAsync(cancellationToken));
        }
        if (rows.Count <= limit)
        {
            // What is before the tables is in the archive.
            await foreach (var piece in _reader.BackAsync(snapshot.Database, before, floor, search.Filter.Run is { } run ? [run.Value] : search.Runs, cancellationToken))
            {
                var events = Matching(search.Filter, search.Visible.Of(piece.AsQueryable())).Where(e => search.Runs == null || search.Runs.Contains(e.Run)).ToList();
                var positions = (await MatchingAsync(snapshot, search, events.ConvertAll(static e => new Candidate(e.Position, e.Run, e.Data)), cancellationToken)).ToHashSet();
                rows.AddRange(events.Where(e => positions.Contains(e.Position)));
                if (rows.Count > limit)
                {
                    break;
                }
            }
        }
        var next = rows.Count > limit ? rows[limit - 1].Position : floor > search.First ? floor : (long?)null;
        return (rows.Count > limit ? rows[..limit] : rows, next);
    }

    /// <summary>The positions of those of some events that are of the runs and have the words that are asked for.</summary>
    private static async Task<IEnumerable<long>> MatchingAsync(Snapshot snapshot, Search search, List<Candidate> piece, CancellationToken cancellationToken)
    {
        if (search.Runs is null && search.Filter.OfRuns is { } ofRuns)
        {
            var matching = (await RunQueries.KeysAsync(snapshot, ofRuns, [.. piece.Select(static e => e.Run).Distinct()], Piece, search.Visible, cancellationToken))!;
            piece = piece.FindAll(e => matching.Contains(e.Run));
        }
        return (search.Words is { } words ? await WithWordsAsync(snapshot, piece, words, cancellationToken) : piece).Select(static e => e.Position);
    }

    /// <summary>An event of which it is not known yet whether it matches.</summary>
    private readonly record struct Candidate(long Position, long Run, string Data);

    /// <summary>Those of some events that have all words, in themselves or together with an attempt of their run.</summary>
    private static async Task<List<Candidate>> WithWordsAsync(Snapshot snapshot, List<Candidate> events, Words words, CancellationToken cancellationToken)
    {
        var keys = events.Select(static e => e.Run).Distinct().ToArray();
        var tags = await snapshot.RunTags.Where(t => keys.Contains(t.Key)).Select(static t => new { t.Key, t.Attempt, t.Tags }).ToDictionaryAsync(static t => (t.Key, t.Attempt), static t => t.Tags, cancellationToken);
        var attempts = (await snapshot.Runs.Where(r => keys.Contains(r.Key)).Select(static r => new { r.Key, r.Attempt, r.Actor, r.Reason, r.Name }).ToListAsync(cancellationToken))
            .ToLookup(static r => r.Key, r => (Texts: new[] { r.Actor, r.Reason, r.Name }, Tags: tags.GetValueOrDefault((r.Key, r.Attempt))));
        return events.FindAll(e => AreIn(e.Data, [], null) || attempts[e.Run].Any(a => AreIn(e.Data, a.Texts, a.Tags)));

        bool AreIn(string data, string?[] texts, string? tags)
        {
            // Most are out by a look at the texts as they are stored, before any is taken apart.
            if (!words.MayBeIn([data, tags, .. texts]))
            {
                return false;
            }
            var own = data.Length == 0 ? new EventData() : EventData.FromJson(data);
            IEnumerable<KeyValuePair<string, TagValue>> all = [.. own.Tags ?? Event.NoTags, .. tags is null ? Event.NoTags : EventData.ReadTags(tags)];
            return words.AreIn([.. texts.Concat([own.Actor, own.Reason, own.Name, own.Note]).Concat(all.SelectMany(static t => new[] { t.Key, t.Value.Text })).SelectMany(Words.Of)]);
        }
    }

    private static IQueryable<EventRow> Matching(EventFilter f, IQueryable<EventRow> events)
    {
        events = f.Run is { Value: var run } ? events.Where(e => e.Run == run) : events;
        events = f.Source is { } source ? events.Where(e => e.Source == source) : events;
        events = f.Type is { } type ? events.Where(e => e.Type == type) : events;
        events = f.Namespace is { } ns ? events.Where(e => e.Namespace == ns) : events;
        events = f.Submitter is { } submitter ? events.Where(e => e.Submitter == submitter) : events;
        events = f is { ByOccurrence: true, From: { } from } ? events.Where(e => e.EffectiveAt >= from) : events;
        events = f is { ByOccurrence: true, To: { } to } ? events.Where(e => e.EffectiveAt < to) : events;
        if (f.Kind is { } text)
        {
            var kind = Enum.GetValues<EventKind>().Where(k => k.Text() == text).Select(static k => (short)k).FirstOrDefault((short)-1);
            events = events.Where(e => e.Kind == kind);
        }
        return events;
    }

    /// <summary>The first position before one that was recorded at a time or later; that one where there is none. Positions have no gaps and the log's clock never goes back, so halving finds it.</summary>
    private async Task<long> FirstAtAsync(Snapshot snapshot, DateTimeOffset time, long before, CancellationToken cancellationToken)
    {
        if (await snapshot.Database.Segments.AsNoTracking().Where(s => s.RecordedAt >= time).OrderBy(static s => s.Last).FirstOrDefaultAsync(cancellationToken) is { } segment)
        {
            return segment.First >= before ? before
                : Math.Min(before, (await _reader.ReadAsync(segment, cancellationToken)).SelectMany(static b => b.Events).First(e => e.RecordedAt >= time).Position);
        }
        var (low, high) = (Math.Min(before, await LogReader.ArchivedAsync(snapshot.Database, cancellationToken) + 1), before);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            if (await snapshot.Database.Events.Where(e => e.Position == middle).Select(static e => e.RecordedAt).SingleAsync(cancellationToken) < time)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }
        return low;
    }

    private static DeliveryView View(DeliveryRow delivery)
    {
        var body = Compressed.Read(delivery.Body);
        var isText = Utf8.IsValid(body);
        return new DeliveryView
        {
            Sha256 = Convert.ToHexStringLower(delivery.Sha256),
            ReceivedAt = delivery.ReceivedAt,
            Text = isText ? Encoding.UTF8.GetString(body) : null,
            Base64 = isText ? null : Convert.ToBase64String(body),
        };
    }

    private static EventView View(EventRow e)
    {
        var run = new RunId(e.Source, e.Type, e.Namespace, e.Id);
        var data = e.IsErased ? new EventData() : EventData.FromJson(e.Data);
        return new EventView
        {
            Position = e.Position,
            EventId = e.EventId,
            // A newer server beside this one may write kinds that this one does not know.
            Kind = Enum.IsDefined((EventKind)e.Kind) ? ((EventKind)e.Kind).Text() : $"kind {e.Kind}",
            Run = run.Rendering,
            Key = run.Key.ToString(),
            Attempt = e.Attempt,
            Source = e.Source,
            Namespace = e.Namespace,
            Type = e.Type,
            OccurredAt = e.OccurredAt,
            EffectiveAt = e.EffectiveAt,
            RecordedAt = e.RecordedAt,
            Submitter = e.Submitter,
            Actor = data.Actor,
            Reason = data.Reason,
            Data = data,
            Erased = e.IsErased ? true : null,
            Digest = Convert.ToHexStringLower(e.Digest),
        };
    }
}
