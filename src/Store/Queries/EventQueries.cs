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

    /// <summary>So many events are read at once for an export.</summary>
    private const int Slice = 1_000;

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

    private async Task<EventSearch> SearchAsync(Snapshot snapshot, EventFilter filter, Visible visible, CancellationToken cancellationToken)
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
        var words = filter.Text is { } text ? Words.Parse(text) : null;
        return new(filter, visible, asOf, head, first, before, words, await EventSearch.TermsAsync(snapshot, filter, words, visible, cancellationToken));
    }

    private async IAsyncEnumerable<IReadOnlyList<EventView>> SlicesAsync(EventSearch search, [EnumeratorCancellation] CancellationToken cancellationToken)
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
    private async Task<(List<EventRow> Rows, long? Next)> PageAsync(Snapshot snapshot, EventSearch search, long before, int limit, CancellationToken cancellationToken)
    {
        var isFound = search.Filter.Run is not null || search.Terms.Count > 0;
        var floor = !isFound && (search.Filter.IsSearch || !search.Visible.All) ? Math.Max(search.First, before - Looked) : search.First;
        var rows = new List<EventRow>();
        await foreach (var piece in search.PiecesAsync(snapshot, _reader, before, floor, limit + 1, cancellationToken))
        {
            rows.AddRange((await search.MatchingAsync(snapshot, piece, cancellationToken)).Take(limit + 1 - rows.Count));
            if (rows.Count > limit)
            {
                break;
            }
        }
        var next = rows.Count > limit ? rows[limit - 1].Position : floor > search.First ? floor : (long?)null;
        return (rows.Count > limit ? rows[..limit] : rows, next);
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
