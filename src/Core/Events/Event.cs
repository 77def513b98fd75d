using System.Collections.Immutable;

namespace ValueStream.Core.Events;

/// <summary>
/// One immutable fact about a run, as the fold reads it from the log. Members that every kind may carry
/// stand here; what is particular to a kind stands in its record below. Old events never change meaning.
/// </summary>
public abstract record Event
{
    /// <summary>The event's own id; the last tie-breaker of the fold's order.</summary>
    public required Guid EventId { get; init; }

    /// <summary>When it happened, as fixed at append (the sender's time corrected by its clock's offset,
    /// never later than the receipt). UTC, microseconds.</summary>
    public required DateTimeOffset EffectiveAt { get; init; }

    /// <summary>When the server appended it; no part of the fold's order.</summary>
    public DateTimeOffset RecordedAt { get; init; }

    /// <summary>The attempt that the sender named, 1..; null where the fold is to find it.</summary>
    public int? Attempt { get; init; }

    /// <summary>Who the server saw sending it, as an opaque id.</summary>
    public string Submitter { get; init; } = "";

    /// <summary>Who did it, as the sender claims.</summary>
    public string? Actor { get; init; }

    /// <summary>Why it was done, as the sender claims.</summary>
    public string? Reason { get; init; }

    /// <summary>References to parents: the first is the parent, the others are <c>follows</c> links.</summary>
    public ImmutableArray<string> Parents { get; init; } = [];

    /// <summary>Links to other runs.</summary>
    public ImmutableArray<RunLink> Links { get; init; } = [];

    /// <summary>Whether it is imported history rather than observed.</summary>
    public bool IsImported { get; init; }

    /// <summary>Tags; per key the last event in fold order wins.</summary>
    public ImmutableSortedDictionary<string, TagValue> Tags { get; init; } = NoTags;

    /// <summary>No tags, ordered ordinally.</summary>
    public static ImmutableSortedDictionary<string, TagValue> NoTags { get; } =
        ImmutableSortedDictionary.Create<string, TagValue>(StringComparer.Ordinal);
}

/// <summary>A run began.</summary>
public sealed record Started : Event
{
    /// <summary>The run's name, fixed by its start.</summary>
    public required string Name { get; init; }

    /// <summary>The W3C trace context in which it began, if the sender had one.</summary>
    public Traceparent? Traceparent { get; init; }
}

/// <summary>A run entered a stage; the stage before ends.</summary>
public sealed record Transitioned : Event
{
    /// <summary>The stage that begins; empty where it was erased.</summary>
    public required string Stage { get; init; }

    /// <summary>The run's name, where this is the first that is heard of it.</summary>
    public required string Name { get; init; }
}

/// <summary>A run's tags, actor or reason became known or changed, or a note was made.</summary>
public sealed record Annotated : Event
{
    /// <summary>Free text about the run.</summary>
    public string? Note { get; init; }
}

/// <summary>A run was linked to others.</summary>
public sealed record Linked : Event;

/// <summary>A run ended.</summary>
public sealed record Ended : Event
{
    /// <summary>How it ended.</summary>
    public required Outcome Outcome { get; init; }

    /// <summary>The name by which an end without a start is listed.</summary>
    public required string Name { get; init; }
}

/// <summary>Nothing was heard of a run for so long that it is taken to have died.</summary>
public sealed record Abandoned : Event;

/// <summary>An administrator set something. Applied after all other events, in the order of positions.</summary>
public sealed record Administered : Event
{
    /// <summary>Its position in the log.</summary>
    public required long Position { get; init; }

    /// <summary>What was set of a run.</summary>
    public RunSetting? Run { get; init; }

    /// <summary>What was set of an operation.</summary>
    public OperationSetting? Operation { get; init; }
}

/// <summary>A link from one run to another.</summary>
/// <param name="Kind">One of <see cref="LinkKinds"/>.</param>
/// <param name="Run">The target as the sender wrote it: a rendering.</param>
public sealed record RunLink(string Kind, string Run);

/// <summary>What a link means.</summary>
public static class LinkKinds
{
    /// <summary>The run belongs below the target; decides the trace. At most one.</summary>
    public const string Parent = "parent";

    /// <summary>The run came after the target.</summary>
    public const string Follows = "follows";

    /// <summary>The run holds the target: a sprint its issues, a deploy its changes.</summary>
    public const string Contains = "contains";

    /// <summary>The run names the target.</summary>
    public const string References = "references";

    /// <summary>The kinds that a sender may give.</summary>
    public const string All = "follows, contains, references";

    /// <summary>Whether a sender may give this kind.</summary>
    public static bool IsKnown(string kind) => kind is Follows or Contains or References;
}
