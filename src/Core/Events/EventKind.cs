namespace ValueStream.Core.Events;

/// <summary>The kinds of event that this version writes, in the order in which the fold takes events of one moment.</summary>
public enum EventKind
{
    /// <summary>A run began.</summary>
    Started = 0,

    // 1 is kept for transitioned: the numbers are the fold's order.

    /// <summary>Tags, actor, reason or a note were added.</summary>
    Annotated = 2,

    /// <summary>Links were added.</summary>
    Linked = 3,

    /// <summary>A run ended.</summary>
    Ended = 4,

    // 5 is kept for abandoned.

    /// <summary>Another event's data was erased; what survives of it stands here. Written by the server alone.</summary>
    Redacted = 6,
}

/// <summary>The kinds' texts: the action that asks for one, and the fact in the log.</summary>
public static class EventKinds
{
    /// <summary>The actions that a sender may ask for.</summary>
    public const string Actions = $"start, end, annotate, link, {Heartbeat}";

    /// <summary>The action that renews a run's lease. It is no event of the log.</summary>
    public const string Heartbeat = "heartbeat";

    /// <summary>The fact's name in log and API: past tense.</summary>
    public static string Text(this EventKind kind) => kind switch
    {
        EventKind.Started => "started",
        EventKind.Annotated => "annotated",
        EventKind.Linked => "linked",
        EventKind.Ended => "ended",
        EventKind.Redacted => "redacted",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <summary>The kind of a fact's name, or null.</summary>
    public static EventKind? Parse(string? text) => text switch
    {
        "started" => EventKind.Started,
        "annotated" => EventKind.Annotated,
        "linked" => EventKind.Linked,
        "ended" => EventKind.Ended,
        "redacted" => EventKind.Redacted,
        _ => null,
    };

    /// <summary>The kind that an action asks for, or null when it is none of <see cref="Actions"/>, or no event.</summary>
    public static EventKind? FromAction(string? action) => action switch
    {
        "start" => EventKind.Started,
        "annotate" => EventKind.Annotated,
        "link" => EventKind.Linked,
        "end" => EventKind.Ended,
        _ => null,
    };
}
