using System.Globalization;
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

    /// <summary>Recorded at or after this time.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Recorded before this time.</summary>
    public DateTimeOffset? To { get; init; }

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

    /// <summary>Of runs of this operation.</summary>
    public ShortKey? Operation { get; init; }

    /// <summary>How many at most, 1..1000.</summary>
    public int Limit { get; init; } = 100;

    /// <summary>Where to go on, from the page before.</summary>
    public string? Cursor { get; init; }

    /// <summary>Whether events are looked for that no index finds.</summary>
    internal bool IsSearch => (Kind ?? Source ?? Type ?? Namespace ?? Submitter ?? Actor ?? Outcome ?? Operation?.ToString()) is not null;
}

/// <summary>Reads the log.</summary>
public sealed class EventQueries
{
    /// <summary>A search that no index serves looks through so many positions for one page.</summary>
    public const int Looked = 20_000;

    private readonly Snapshot.Source _snapshots;

    internal EventQueries(Snapshot.Source snapshots) => _snapshots = snapshots;

    /// <summary>
    /// The events that match, newest position first. Where no index finds them, one page looks through <see cref="Looked"/> positions at most: it may
    /// have few events or none, and still a next page.
    /// </summary>
    /// <exception cref="BadCursorException">The filter's cursor is not one that this list gave.</exception>
    public async Task<ListView<EventView>> ListAsync(EventFilter filter, Visible visible, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        var events = visible.Of(snapshot.Database.Events.AsNoTracking());
        var before = await snapshot.Database.LogHead.AsNoTracking().Select(static h => h.Position).SingleAsync(cancellationToken) + 1;
        if (filter.Cursor is { } cursor)
        {
            before = long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out var position) ? Math.Min(before, position) : throw new BadCursorException();
        }
        before = filter.To is { } to ? Math.Min(before, await FirstAtAsync(snapshot, to, before, cancellationToken)) : before;
        var first = filter.From is { } from ? await FirstAtAsync(snapshot, from, before, cancellationToken) : 1;
        var floor = filter is { Run: null } && (filter.IsSearch || !visible.All) ? Math.Max(first, before - Looked) : first;
        events = Matching(snapshot, filter, events.Where(e => e.Position < before && e.Position >= floor));
        var rows = await events.OrderByDescending(static e => e.Position).Take(filter.Limit + 1).ToListAsync(cancellationToken);
        var next = rows.Count > filter.Limit ? rows[filter.Limit - 1].Position : floor > first ? floor : (long?)null;
        return new([.. rows.Take(filter.Limit).Select(View)], next?.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>One event, with the webhook's body that it came in where that is kept; null when there is none at that position.</summary>
    public async Task<EventView?> FindAsync(long position, Visible visible, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        if (await visible.Of(snapshot.Database.Events.AsNoTracking()).SingleOrDefaultAsync(e => e.Position == position, cancellationToken) is not { } row)
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

    private static IQueryable<EventRow> Matching(Snapshot snapshot, EventFilter f, IQueryable<EventRow> events)
    {
        events = f.Run is { Value: var run } ? events.Where(e => e.Run == run) : events;
        events = f.Source is { } source ? events.Where(e => e.Source == source) : events;
        events = f.Type is { } type ? events.Where(e => e.Type == type) : events;
        events = f.Namespace is { } ns ? events.Where(e => e.Namespace == ns) : events;
        events = f.Submitter is { } submitter ? events.Where(e => e.Submitter == submitter) : events;
        if (f.Kind is { } text)
        {
            var kind = Enum.GetValues<EventKind>().Where(k => k.Text() == text).Select(static k => (short)k).FirstOrDefault((short)-1);
            events = events.Where(e => e.Kind == kind);
        }
        if (f.Actor is { } actor)
        {
            events = events.Where(e => snapshot.Runs.Any(r => r.Key == e.Run && r.Actor == actor));
        }
        if (f.Outcome is not null)
        {
            var outcome = (short?)Outcomes.Parse(f.Outcome) ?? -1;
            events = events.Where(e => snapshot.Runs.Any(r => r.Key == e.Run && r.Outcome == outcome));
        }
        if (f.Operation is { Value: var operation })
        {
            events = events.Where(e => snapshot.Runs.Any(r => r.Key == e.Run && r.Operation == operation));
        }
        return events;
    }

    /// <summary>The first position before one that was recorded at a time or later; that one where there is none. Positions have no gaps and the log's clock never goes back, so halving finds it.</summary>
    private static async Task<long> FirstAtAsync(Snapshot snapshot, DateTimeOffset time, long before, CancellationToken cancellationToken)
    {
        var (low, high) = (1L, before);
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
