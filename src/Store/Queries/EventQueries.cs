using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Store.Log;

namespace ValueStream.Store.Queries;

/// <summary>Which events to list.</summary>
public sealed record EventFilter
{
    /// <summary>Of one run only.</summary>
    public ShortKey? Run { get; init; }

    /// <summary>How many at most, 1..1000.</summary>
    public int Limit { get; init; } = 100;

    /// <summary>Where to go on, from the page before.</summary>
    public string? Cursor { get; init; }
}

/// <summary>Reads the log.</summary>
public sealed class EventQueries
{
    private readonly Snapshot.Source _snapshots;

    internal EventQueries(Snapshot.Source snapshots) => _snapshots = snapshots;

    /// <summary>The events that match, newest position first.</summary>
    /// <exception cref="BadCursorException">The filter's cursor is not one that this list gave.</exception>
    public async Task<ListView<EventView>> ListAsync(EventFilter filter, Visible visible, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        var events = visible.Of(snapshot.Database.Events.AsNoTracking());
        if (filter.Run is { Value: var run })
        {
            events = events.Where(e => e.Run == run);
        }
        if (filter.Cursor is { } cursor)
        {
            var before = long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out var position) ? position : throw new BadCursorException();
            events = events.Where(e => e.Position < before);
        }
        var rows = await events.OrderByDescending(static e => e.Position).Take(filter.Limit + 1).ToListAsync(cancellationToken);
        var next = rows.Count > filter.Limit ? rows[filter.Limit - 1].Position.ToString(CultureInfo.InvariantCulture) : null;
        return new([.. rows.Take(filter.Limit).Select(View)], next);
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
