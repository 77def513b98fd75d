using ValueStream.Core.Events;

namespace ValueStream.Core.Wire;

/// <summary>One event as a sender writes it. Absent and null mean the same.</summary>
public sealed record EventRequest
{
    /// <summary>The event's own id: sending it again changes nothing. Without one the server makes one.</summary>
    public Guid? EventId { get; init; }

    /// <summary>One of <see cref="EventKinds.Actions"/>.</summary>
    public required string Action { get; init; }

    /// <summary>Whose event it is.</summary>
    public required RunRequest Run { get; init; }

    /// <summary>1, 2, ...: which attempt, where the sender knows.</summary>
    public int? Attempt { get; init; }

    /// <summary>The run's name, up to 200 characters.</summary>
    public string? Name { get; init; }

    /// <summary>Renderings of other runs: the first is the parent, the others <c>follows</c> links.</summary>
    public IReadOnlyList<string>? Parents { get; init; }

    /// <summary>Links to other runs, by rendering.</summary>
    public IReadOnlyList<RunLink>? Links { get; init; }

    /// <summary>On a transition, the stage that begins, up to 200 characters; the stage before ends.</summary>
    public string? Stage { get; init; }

    /// <summary>On an end, one of <see cref="Outcomes.All"/>; success where absent.</summary>
    public string? Outcome { get; init; }

    /// <summary>The legacy form of an outcome: true is failure.</summary>
    public bool? Error { get; init; }

    /// <summary>When it happened by the sender's clock; the receipt's time where absent.</summary>
    public DateTimeOffset? OccurredAt { get; init; }

    /// <summary>Who did it.</summary>
    public string? Actor { get; init; }

    /// <summary>Why.</summary>
    public string? Reason { get; init; }

    /// <summary>A note, on annotations.</summary>
    public string? Note { get; init; }

    /// <summary>Tags; values are strings, numbers or booleans.</summary>
    public IReadOnlyDictionary<string, TagValue>? Tags { get; init; }

    /// <summary>The W3C trace context in which the run began.</summary>
    public string? Traceparent { get; init; }

    /// <summary>Seconds, 1 to 86,400: for so long the run lives without another sign of life. Given with a start, and renewed by the action
    /// <c>heartbeat</c>, which has only a run and a lease and is no event of the log, unless the run counts as abandoned: then it lives again.</summary>
    public int? Lease { get; init; }

    /// <summary>True for history that is imported rather than observed.</summary>
    public bool? Import { get; init; }
}

/// <summary>A run's identity as a sender writes it.</summary>
public sealed record RunRequest
{
    /// <summary>Absent means <c>customhttp</c>.</summary>
    public string? Source { get; init; }

    /// <summary>The kind of work.</summary>
    public required string Type { get; init; }

    /// <summary>Absent means <c>default</c>.</summary>
    public string? Namespace { get; init; }

    /// <summary>The sender's id of the run.</summary>
    public required string Id { get; init; }
}

/// <summary>The answer to events.</summary>
public sealed record IngestAnswer
{
    /// <summary>How many were stored now.</summary>
    public required int Accepted { get; init; }

    /// <summary>How many were stored before, with the same content.</summary>
    public required int Duplicates { get; init; }

    /// <summary>How many were not stored.</summary>
    public required int Rejected { get; init; }

    /// <summary>One answer for each event, in the order sent.</summary>
    public required IReadOnlyList<IngestItem> Items { get; init; }
}

/// <summary>The answer to one event.</summary>
public sealed record IngestItem
{
    /// <summary>Its place in the request, from 0.</summary>
    public required int Index { get; init; }

    /// <summary><c>accepted</c>, <c>duplicate</c> or <c>rejected</c>.</summary>
    public required string Status { get; init; }

    /// <summary>Its position in the log; absent when rejected.</summary>
    public long? Position { get; init; }

    /// <summary>Its id, the sender's or the one made here.</summary>
    public Guid? EventId { get; init; }

    /// <summary>The run's rendering.</summary>
    public string? Run { get; init; }

    /// <summary>The run's short key: its page is <c>/runs/{key}</c>.</summary>
    public string? Key { get; init; }

    /// <summary>What is wrong and what to do, when rejected.</summary>
    public string? Problem { get; init; }
}

/// <summary>A line of a stream that was not stored; the answer to a stream holds one for each of them, in the lines' order.</summary>
public sealed record RejectedLine
{
    /// <summary>Its number, from 1; blank lines count.</summary>
    public required long Line { get; init; }

    /// <summary>Always <c>rejected</c>.</summary>
    public string Status { get; } = "rejected";

    /// <summary>Its id, where it could be read.</summary>
    public Guid? EventId { get; init; }

    /// <summary>What is wrong and what to do.</summary>
    public required string Problem { get; init; }
}

/// <summary>The last line of the answer to a stream. An answer without it was cut off: send the stream again.</summary>
public sealed record StreamAnswer
{
    /// <summary>How many were stored now.</summary>
    public required long Accepted { get; init; }

    /// <summary>How many were stored before, with the same content.</summary>
    public required long Duplicates { get; init; }

    /// <summary>How many were not stored.</summary>
    public required long Rejected { get; init; }

    /// <summary>Everything up to this line is settled: stored, or rejected.</summary>
    public required long LastLine { get; init; }

    /// <summary>Why the lines after it were not taken, and what to do; absent when the stream was read to its end.</summary>
    public string? Problem { get; init; }
}

/// <summary>What to check of the log.</summary>
public sealed record VerifyRequest
{
    /// <summary>Begin with the batch that holds this position; what is before it is believed. 1 where absent.</summary>
    public long? From { get; init; }

    /// <summary>A head that was exported before and kept elsewhere: only with it can a cut tail be found.</summary>
    public HeadView? Head { get; init; }
}

/// <summary>What to erase of an event.</summary>
public sealed record RedactRequest
{
    /// <summary>Some of <see cref="EventData.Erasable"/>; everything that people wrote (name, actor, reason, note, stage, what was set of an operation, tags) where absent.</summary>
    public IReadOnlyList<string>? Members { get; init; }

    /// <summary>Why; it stays in the log.</summary>
    public required string Reason { get; init; }

    /// <summary>Who asks for it.</summary>
    public string? Actor { get; init; }
}

/// <summary>The answer to an erasure.</summary>
/// <param name="Position">The position of the <c>redacted</c> event.</param>
public sealed record RedactAnswer(long Position);
