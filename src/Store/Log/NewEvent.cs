using ValueStream.Core.Events;

namespace ValueStream.Store.Log;

/// <summary>An event that is to be appended: checked, named, not yet in order.</summary>
public sealed record NewEvent
{
    private ShortKey? _key;

    /// <summary>Its id. The same id with the same content is the same event.</summary>
    public required Guid EventId { get; init; }

    /// <summary>Whether the server made the id of what the sender calls its delivery: an event of the same id is then the same event, whatever was made of
    /// the delivery before.</summary>
    public bool IsIdDerived { get; init; }

    /// <summary>What happened.</summary>
    public required EventKind Kind { get; init; }

    /// <summary>Whose event it is.</summary>
    public required RunId Run { get; init; }

    /// <summary>The run's short key.</summary>
    public ShortKey Key => _key ??= Run.Key;

    /// <summary>The attempt as sent.</summary>
    public int? Attempt { get; init; }

    /// <summary>Who the server saw sending it, as an opaque id, never a name.</summary>
    public required string Submitter { get; init; }

    /// <summary>The sender's time as sent.</summary>
    public DateTimeOffset? OccurredAt { get; init; }

    /// <summary>When the server received it.</summary>
    public required DateTimeOffset ReceivedAt { get; init; }

    /// <summary>What is added to the sender's time: server minus sender, zero where the clocks agree.</summary>
    public TimeSpan ClockOffset { get; init; }

    /// <summary>Everything else.</summary>
    public required EventData Data { get; init; }

    /// <summary>For how long its run says that it lives; no part of the event.</summary>
    public TimeSpan? Lease { get; init; }

    /// <summary>The webhook that it came in; its hash stands in the data's derived members.</summary>
    public Delivery? Delivery { get; init; }

    /// <summary>The time that folds and numbers use: the sender's, corrected, never later than the receipt.</summary>
    public DateTimeOffset EffectiveAt =>
        OccurredAt is { } occurredAt && occurredAt + ClockOffset < ReceivedAt ? occurredAt + ClockOffset : ReceivedAt;
}

/// <summary>What became of one event.</summary>
public abstract record AppendResult
{
    private AppendResult()
    {
    }

    /// <summary>It was stored, durably, at this position.</summary>
    public sealed record Accepted(long Position) : AppendResult;

    /// <summary>It was stored before, with the same content, at this position.</summary>
    public sealed record Duplicate(long Position) : AppendResult;

    /// <summary>An event of this id is stored with other content; this one was not.</summary>
    public sealed record Conflict(long Position) : AppendResult;

    /// <summary>The database refused what it holds; it was not stored.</summary>
    public sealed record Refused(string Problem) : AppendResult;
}

/// <summary>The log cannot take events now; nothing of the request was stored, as far as could be found out. Send it again.</summary>
public class LogUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The database holds an older state of the log than is known: it was restored. Until somebody accepts that, nothing is appended.</summary>
public sealed class LogRestoredException(string message) : LogUnavailableException(message);
