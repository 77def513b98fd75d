using ValueStream.Core.Events;
using ValueStream.Core.Wire;

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
    /// <summary>The events that match, newest position first.</summary>
    public Task<ListView<EventView>> ListAsync(EventFilter filter, Visible visible, CancellationToken cancellationToken) => throw new NotImplementedException();
}
