using ValueStream.Core.Events;

namespace ValueStream.Core.Wire;

/// <summary>A page of a list.</summary>
/// <param name="Items">The items, in the list's order.</param>
/// <param name="Next">The cursor of the next page; absent on the last.</param>
public sealed record ListView<T>(IReadOnlyList<T> Items, string? Next);

/// <summary>A page of the log's events, and what it speaks of.</summary>
/// <param name="Items">The events, newest first.</param>
/// <param name="Next">The cursor of the next page; absent on the last.</param>
/// <param name="AsOf">The last position that was looked at: asked for as <c>asOf</c>, it gives the same answer later.</param>
/// <param name="Head">The end of the log when it was asked.</param>
/// <param name="Projected">The position up to which it was known what runs are; filters by actor, outcome, operation, tag and words go by that.</param>
public sealed record EventsView(IReadOnlyList<EventView> Items, string? Next, long AsOf, HeadView Head, long Projected);

/// <summary>One attempt of a run.</summary>
public sealed record RunView
{
    /// <summary>The run's short key, 13 characters of [0-9a-v].</summary>
    public required string Key { get; init; }

    /// <summary>The sender's id. The texts of a run that the caller may not see are empty.</summary>
    public required string Id { get; init; }

    /// <summary>1, 2, ...</summary>
    public required int Attempt { get; init; }

    /// <summary>Where it was reported from.</summary>
    public required string Source { get; init; }

    /// <summary>The partition it belongs to.</summary>
    public required string Namespace { get; init; }

    /// <summary>The kind of work.</summary>
    public required string Type { get; init; }

    /// <summary>Its name, fixed by its start.</summary>
    public required string Name { get; init; }

    /// <summary>The short key of its operation: (namespace, type, name).</summary>
    public required string Operation { get; init; }

    /// <summary>The trace it belongs to, 32 hexadecimal digits.</summary>
    public string? TraceId { get; init; }

    /// <summary>Its id for tracers, 16 hexadecimal digits; unique to the attempt.</summary>
    public required string SpanId { get; init; }

    /// <summary><c>running</c>, <c>ended</c>, <c>abandoned</c> or <c>orphan</c> (an end without a start).</summary>
    public required string State { get; init; }

    /// <summary>One of <see cref="Outcomes.All"/>; absent while it runs and when it was abandoned.</summary>
    public string? Outcome { get; init; }

    /// <summary>When it started; absent for an orphan.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended; absent while it runs and when it was abandoned.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>When it was given up, because nothing had been heard of it for too long; absent unless it is abandoned.</summary>
    public DateTimeOffset? AbandonedAt { get; init; }

    /// <summary>Seconds from start to end; absent unless both are known.</summary>
    public double? Duration { get; init; }

    /// <summary>Who did it, as the sender claims.</summary>
    public string? Actor { get; init; }

    /// <summary>Why, as the sender claims; where it says nothing, what <see cref="ReasonFrom"/> names.</summary>
    public string? Reason { get; init; }

    /// <summary>Where the reason is from if the sender gave none: the title of the <c>change</c> or <c>issue</c> that the run is of, links to or is below, or the first line of
    /// its <c>commit</c>'s message. In a list and on a run's page; absent where the sender gave one, and where none was found.</summary>
    public string? ReasonFrom { get; init; }

    /// <summary>Who the server saw sending it.</summary>
    public required string Submitter { get; init; }

    /// <summary>The rendering of its parent; as long as that is not known, the reference as it was sent.</summary>
    public string? Parent { get; init; }

    /// <summary><c>text</c> where no sender said what its parent is, and it was found in branch, title, name, notes, commit message or reason.</summary>
    public string? ParentFrom { get; init; }

    /// <summary>True where the reference to its parent could mean more than one run, and so means none.</summary>
    public bool? ParentAmbiguous { get; init; }

    /// <summary>Its links.</summary>
    public required IReadOnlyList<LinkView> Links { get; init; }

    /// <summary>The stages that it passed through, in order of time; they are part of its own time.</summary>
    public IReadOnlyList<StageView> Stages { get; init; } = [];

    /// <summary>Its tags.</summary>
    public required IReadOnlyDictionary<string, TagValue> Tags { get; init; }

    /// <summary>What a reader should know of its numbers: <c>skewed</c>, <c>implausible</c>, <c>joinedLate</c>, <c>excluded</c>, <c>truncated</c>.</summary>
    public required IReadOnlyList<string> Flags { get; init; }

    /// <summary>Why an administrator left it out of the numbers.</summary>
    public string? ExcludedBecause { get; init; }

    /// <summary>True for another team's run: times and outcome only.</summary>
    public bool? Hidden { get; init; }
}

/// <summary>A stage that a run passed through.</summary>
/// <param name="Name">What its sender calls it.</param>
/// <param name="From">When it was entered.</param>
/// <param name="To">When it was left; absent while the run is in it.</param>
public sealed record StageView(string Name, DateTimeOffset From, DateTimeOffset? To);

/// <summary>A link of a run.</summary>
/// <param name="Kind"><c>follows</c>, <c>contains</c> or <c>references</c>.</param>
/// <param name="Run">The target's rendering; as long as that is not known, the reference as it was sent.</param>
/// <param name="Resolved">Whether that run is known; until then the link is pending.</param>
/// <param name="Ambiguous">True where the reference could mean more than one run, and so means none.</param>
public sealed record LinkView(string Kind, string Run, bool Resolved, bool? Ambiguous = null);

/// <summary>A trace: the DAG of a root and everything below it. Runs are named by their <c>spanId</c>, which tells attempts apart.</summary>
public sealed record TraceView
{
    /// <summary>32 hexadecimal digits.</summary>
    public required string TraceId { get; init; }

    /// <summary>The root's <c>spanId</c>.</summary>
    public required string Root { get; init; }

    /// <summary>Seconds from the first start to the last end, or to now while something runs.</summary>
    public required double Duration { get; init; }

    /// <summary>The runs, depth first, siblings by start.</summary>
    public required IReadOnlyList<RunView> Runs { get; init; }

    /// <summary>Parent edges and links among these runs.</summary>
    public required IReadOnlyList<EdgeView> Edges { get; init; }

    /// <summary>The chain of runs and waits that decided when the root ended, in order of time.</summary>
    public required IReadOnlyList<PathView> CriticalPath { get; init; }

    /// <summary>Where the root's time went: in runs of which types, at work or waiting, in which stages. Absent from servers of before.</summary>
    public LeadTimeView? LeadTime { get; init; }

    /// <summary>The <c>spanId</c>s of runs whose parent was refused because it would have closed a cycle.</summary>
    public required IReadOnlyList<string> Refused { get; init; }

    /// <summary>True when the trace has more runs than one answer holds (10,000).</summary>
    public required bool Truncated { get; init; }
}

/// <summary>An edge of a trace.</summary>
/// <param name="From">The parent, or the run that links.</param>
/// <param name="To">The child, or the link's target.</param>
/// <param name="Kind"><c>parent</c>, <c>follows</c>, <c>contains</c> or <c>references</c>.</param>
public sealed record EdgeView(string From, string To, string Kind);

/// <summary>A piece of the critical path.</summary>
/// <param name="Kind"><c>run</c> or <c>wait</c>.</param>
/// <param name="Run">The run that worked, or the one whose parts were waited for.</param>
/// <param name="From">Where it begins.</param>
/// <param name="To">Where it ends.</param>
/// <param name="Stage">Of a wait, the stage that the run was in; absent where it was in none.</param>
public sealed record PathView(string Kind, string Run, DateTimeOffset From, DateTimeOffset To, string? Stage = null);

/// <summary>One event of the log.</summary>
public sealed record EventView
{
    /// <summary>Its gapless number.</summary>
    public required long Position { get; init; }

    /// <summary>Its id.</summary>
    public required Guid EventId { get; init; }

    /// <summary><c>started</c>, <c>transitioned</c>, <c>annotated</c>, <c>linked</c>, <c>ended</c>, <c>abandoned</c>, <c>redacted</c>, <c>administered</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>The run's rendering.</summary>
    public required string Run { get; init; }

    /// <summary>The run's short key.</summary>
    public required string Key { get; init; }

    /// <summary>The attempt as sent.</summary>
    public int? Attempt { get; init; }

    /// <summary>The run's source.</summary>
    public required string Source { get; init; }

    /// <summary>The run's namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>The run's type.</summary>
    public required string Type { get; init; }

    /// <summary>The sender's time, as sent.</summary>
    public DateTimeOffset? OccurredAt { get; init; }

    /// <summary>The time that folds and numbers use.</summary>
    public required DateTimeOffset EffectiveAt { get; init; }

    /// <summary>The server's time of the append.</summary>
    public required DateTimeOffset RecordedAt { get; init; }

    /// <summary>Who the server saw sending it.</summary>
    public required string Submitter { get; init; }

    /// <summary>Who did it, as the sender claims.</summary>
    public string? Actor { get; init; }

    /// <summary>Why, as the sender claims.</summary>
    public string? Reason { get; init; }

    /// <summary>Everything the sender said, and under <c>derived</c> what the server worked out.</summary>
    public required EventData Data { get; init; }

    /// <summary>True when its data were erased; a later <c>redacted</c> event of the run says who did it and what survives.</summary>
    public bool? Erased { get; init; }

    /// <summary>Its SHA-256 in the log's chain, hexadecimal.</summary>
    public required string Digest { get; init; }

    /// <summary>The webhook's body that it came in, where one event is asked for and the body is still kept (90 days, unless the event is erased).</summary>
    public DeliveryView? Delivery { get; init; }
}

/// <summary>The body of a webhook, as it came.</summary>
public sealed record DeliveryView
{
    /// <summary>Its SHA-256, hexadecimal, as in the event's <c>derived.delivery</c>.</summary>
    public required string Sha256 { get; init; }

    /// <summary>When it came; of a body that came more than once, the last time.</summary>
    public required DateTimeOffset ReceivedAt { get; init; }

    /// <summary>The body, where it is text in UTF-8.</summary>
    public string? Text { get; init; }

    /// <summary>The body in base64, where it is not.</summary>
    public string? Base64 { get; init; }
}

/// <summary>The end of the log.</summary>
/// <param name="LogId">Which log.</param>
/// <param name="Position">The last event's position; 0 when there is none.</param>
/// <param name="Hash">The chain's hash over everything up to it, hexadecimal.</param>
/// <param name="RecordedAt">When that event was recorded; absent when there is none.</param>
/// <param name="Epoch">1, and one more with each restore to an older state that somebody accepted: positions after the restored head were given out again.</param>
public sealed record HeadView(Guid LogId, long Position, string Hash, DateTimeOffset? RecordedAt, long Epoch = 1);

/// <summary>How far a check of the log has come.</summary>
/// <param name="Position">Everything up to it is as it was appended.</param>
/// <param name="Head">The last position to check.</param>
/// <param name="Done">Whether this is the last word.</param>
/// <param name="Fault">What was found; absent while nothing was.</param>
/// <param name="Verified">The head that was checked, to be kept elsewhere; only in the last word, and only where nothing was found.</param>
public sealed record VerifyProgress(long Position, long Head, bool Done, VerifyFault? Fault, HeadView? Verified = null);

/// <summary>The first position of the log that fails.</summary>
/// <param name="Position">Its position; 0 when it is about the log as a whole.</param>
/// <param name="Problem">What is wrong.</param>
public sealed record VerifyFault(long Position, string Problem);

/// <summary>Where a projection stands.</summary>
public sealed record ProjectionView
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>The version of its rules.</summary>
    public required int Version { get; init; }

    /// <summary>The reporting zone in whose days it counts, such as <c>Europe/Berlin</c>.</summary>
    public required string Zone { get; init; }

    /// <summary>The slot that answers queries, <c>a</c> or <c>b</c>.</summary>
    public required string Slot { get; init; }

    /// <summary>It holds everything up to this position of the log.</summary>
    public required long Position { get; init; }

    /// <summary>When the event at that position was recorded: what the answers hold goes up to this time. Absent while it has read none.</summary>
    public DateTimeOffset? DataTo { get; init; }

    /// <summary>How many events of the log it has yet to read.</summary>
    public required long LagEvents { get; init; }

    /// <summary>Age in seconds of the oldest event that it has yet to read; 0 when there is none.</summary>
    public required double LagSeconds { get; init; }

    /// <summary>Position reached by a rebuild in the other slot; absent when none runs.</summary>
    public long? Rebuilding { get; init; }

    /// <summary>How much of the log that rebuild has read, 0..1; absent when none runs.</summary>
    public double? RebuildProgress { get; init; }

    /// <summary>Events that could not be read and were left out.</summary>
    public required IReadOnlyList<SetAsideView> SetAside { get; init; }
}

/// <summary>An event that a projection could not take.</summary>
/// <param name="Position">Its position in the log.</param>
/// <param name="Problem">Why.</param>
public sealed record SetAsideView(long Position, string Problem);
