namespace ValueStream.Core.Events;

/// <summary>The kinds of event that this version writes, in the order in which the fold takes events of one moment.</summary>
public enum EventKind
{
    /// <summary>A run began.</summary>
    Started = 0,

    /// <summary>A run entered a stage.</summary>
    Transitioned = 1,

    /// <summary>Tags, actor, reason or a note were added.</summary>
    Annotated = 2,

    /// <summary>Links were added.</summary>
    Linked = 3,

    /// <summary>A run ended.</summary>
    Ended = 4,

    /// <summary>Nothing was heard of a run for so long that it is taken to have died. Written by the server alone.</summary>
    Abandoned = 5,

    /// <summary>Another event's data was erased; what survives of it stands here. Written by the server alone.</summary>
    Redacted = 6,

    /// <summary>An administrator set something of a run, or of what its source <c>valuestream</c> and its type name. Applied last, by
    /// position. Written by the server alone.</summary>
    Administered = 7,
}

/// <summary>The kinds' texts: the action that asks for one, and the fact in the log.</summary>
public static class EventKinds
{
    /// <summary>The actions that a sender may ask for.</summary>
    public const string Actions = $"start, end, transition, annotate, link, {Heartbeat}";

    /// <summary>The action that renews a run's lease. It is no event of the log.</summary>
    public const string Heartbeat = "heartbeat";

    /// <summary>The fact's name in log and API: past tense.</summary>
    public static string Text(this EventKind kind) => kind switch
    {
        EventKind.Started => "started",
        EventKind.Transitioned => "transitioned",
        EventKind.Annotated => "annotated",
        EventKind.Linked => "linked",
        EventKind.Ended => "ended",
        EventKind.Abandoned => "abandoned",
        EventKind.Redacted => "redacted",
        EventKind.Administered => "administered",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <summary>The kind of a fact's name, or null.</summary>
    public static EventKind? Parse(string? text) => text switch
    {
        "started" => EventKind.Started,
        "transitioned" => EventKind.Transitioned,
        "annotated" => EventKind.Annotated,
        "linked" => EventKind.Linked,
        "ended" => EventKind.Ended,
        "abandoned" => EventKind.Abandoned,
        "redacted" => EventKind.Redacted,
        "administered" => EventKind.Administered,
        _ => null,
    };

    /// <summary>The kind that an action asks for, or null when it is none of <see cref="Actions"/>, or no event.</summary>
    public static EventKind? FromAction(string? action) => action switch
    {
        "start" => EventKind.Started,
        "transition" => EventKind.Transitioned,
        "annotate" => EventKind.Annotated,
        "link" => EventKind.Linked,
        "end" => EventKind.Ended,
        _ => null,
    };
}
