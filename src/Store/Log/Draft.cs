namespace ValueStream.Store.Log;

/// <summary>A batch that is being put together: what becomes of each of its events, and the rows that this makes. It touches nothing.</summary>
/// <param name="head">What the batch hangs on.</param>
/// <param name="stored">Events of the log that have ids of the batch.</param>
/// <param name="archived">Archived ones that have.</param>
internal sealed class Draft(LogHeadRow head, IReadOnlyList<EventRow> stored, IReadOnlyList<ArchivedEventRow> archived)
{
    private readonly Dictionary<Guid, EventRow> _byId = stored.ToDictionary(static r => r.EventId);
    private readonly Dictionary<Guid, ArchivedEventRow> _archivedById = archived.ToDictionary(static r => r.EventId);
    private readonly List<EventRow> _rows = [];
    private readonly Dictionary<string, DeliveryRow> _deliveries = [];

    /// <summary>A batch of which no event is known; where one is, the database will not take it.</summary>
    public Draft(LogHeadRow head)
        : this(head, [], [])
    {
    }

    /// <summary>What the batch hangs on.</summary>
    public LogHeadRow Head => head;

    /// <summary>A result for each event, in the order in which they were added.</summary>
    public List<AppendResult> Results { get; } = [];

    /// <summary>The rows of those that are new, in the order of their positions.</summary>
    public IReadOnlyList<EventRow> Rows => _rows;

    /// <summary>The deliveries that these came in, each once.</summary>
    public IReadOnlyList<DeliveryRow> Deliveries => _deliveries.Count == 0 ? [] : [.. _deliveries.Values];

    /// <summary>Adds events behind the others.</summary>
    /// <param name="events">The events.</param>
    /// <param name="now">The time of their recording; never before what is recorded already.</param>
    public void Add(IReadOnlyList<Entry> events, DateTimeOffset now)
    {
        var last = _rows.Count > 0 ? _rows[^1].RecordedAt : head.RecordedAt;
        var recordedAt = now > last ? now : last;
        _byId.EnsureCapacity(_byId.Count + events.Count);
        foreach (var entry in events)
        {
            if (_byId.TryGetValue(entry.Event.EventId, out var stored))
            {
                Results.Add(
                    stored.Salt.AsSpan().SequenceEqual(entry.Salt) ? new AppendResult.Accepted(stored.Position)
                    : entry.HasContentOf(stored) ? new AppendResult.Duplicate(stored.Position)
                    : new AppendResult.Conflict(stored.Position));
                continue;
            }
            if (_archivedById.TryGetValue(entry.Event.EventId, out var gone))
            {
                Results.Add(entry.HasContentOf(gone) ? new AppendResult.Duplicate(gone.Position) : new AppendResult.Conflict(gone.Position));
                continue;
            }
            var row = entry.ToRow(head.Position + _rows.Count + 1, recordedAt);
            _byId.Add(row.EventId, row);
            _rows.Add(row);
            Results.Add(new AppendResult.Accepted(row.Position));
            // Only of what is stored now: one that comes again must not bring back what was erased.
            if (entry.Event.Delivery is { } delivery)
            {
                _deliveries.TryAdd(Convert.ToHexString(delivery.Row.Sha256), delivery.Row);
            }
        }
    }
}
