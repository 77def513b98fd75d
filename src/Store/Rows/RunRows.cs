namespace ValueStream.Store;

/// <summary>One attempt of a run. There is a table for each slot.</summary>
internal sealed class RunRow
{
    /// <summary>The run's short key.</summary>
    public long Key { get; set; }
    public int Attempt { get; set; }
    public required string Source { get; set; }
    public required string Type { get; set; }
    public required string Namespace { get; set; }
    public required string Id { get; set; }

    /// <summary>Hash of the run's rendering, by which references find it.</summary>
    public long Reference { get; set; }

    public required string Name { get; set; }
    public long Operation { get; set; }
    public short State { get; set; }
    public short? Outcome { get; set; }

    /// <summary>Start, or end where no start is known: the order of lists.</summary>
    public DateTimeOffset At { get; set; }

    public DateTimeOffset? StartedAt { get; set; }
    public DateTimeOffset? EndedAt { get; set; }

    /// <summary>When it was given up; null unless it is.</summary>
    public DateTimeOffset? AbandonedAt { get; set; }

    /// <summary>When the server recorded its start; null for an orphan.</summary>
    public DateTimeOffset? StartRecordedAt { get; set; }

    /// <summary>When the server recorded its end; null while it is open.</summary>
    public DateTimeOffset? EndRecordedAt { get; set; }

    /// <summary>When the server recorded the last that its senders said of it.</summary>
    public DateTimeOffset LastSignAt { get; set; }

    /// <summary>Whether it is imported history.</summary>
    public bool IsImported { get; set; }

    /// <summary>Why it was left out of the numbers; null unless it is and a reason was given.</summary>
    public string? ExcludedBecause { get; set; }

    /// <summary>Microseconds from start to end.</summary>
    public long? Duration { get; set; }

    public string? Actor { get; set; }
    public string? Reason { get; set; }
    public required string Submitter { get; set; }

    /// <summary>The parent's rendering as sent; whether it is known is found out by reading.</summary>
    public string? Parent { get; set; }

    /// <summary>Hash of <see cref="Parent"/>.</summary>
    public long? ParentReference { get; set; }

    /// <summary>The W3C trace context as sent.</summary>
    public string? Traceparent { get; set; }

    /// <summary>The first 64 bits of the run's trace id as far as it knows by itself: the W3C one, else its own as a root.
    /// Runs of one trace whose common parent never reported find each other by it.</summary>
    public long TraceId { get; set; }

    /// <summary>The run's id for tracers, by which a child's trace context names it.</summary>
    public long SpanId { get; set; }

    /// <summary>The span in which it was started, from <see cref="Traceparent"/>.</summary>
    public long? ParentSpanId { get; set; }

    /// <summary>Flags, separated by spaces.</summary>
    public required string Flags { get; set; }

    /// <summary>The last event that this row has seen: pages use it to tell whether something changed.</summary>
    public long LastPosition { get; set; }
}

/// <summary>A link of an attempt to another run. There is a table for each slot.</summary>
internal sealed class RunLinkRow
{
    public long Key { get; set; }
    public int Attempt { get; set; }
    public int Ordinal { get; set; }
    public required string Kind { get; set; }
    public required string Target { get; set; }

    /// <summary>Hash of <see cref="Target"/>.</summary>
    public long Reference { get; set; }
}

/// <summary>A shorter text by which a run is known. There is a table for each slot.</summary>
internal sealed class RunAliasRow
{
    /// <summary>Hash of the text.</summary>
    public long Reference { get; set; }

    /// <summary>The run's short key.</summary>
    public long Key { get; set; }
}

/// <summary>What a place in the texts of an attempt may name, read in one way. There is a table for each slot.</summary>
internal sealed class RunMentionRow
{
    public long Key { get; set; }
    public int Attempt { get; set; }

    /// <summary>The order in which readings count: by places, in a place the longest first.</summary>
    public int Ordinal { get; set; }

    /// <summary>Which of the places it is.</summary>
    public int Place { get; set; }

    public required string Text { get; set; }

    /// <summary>Hash of <see cref="Text"/>.</summary>
    public long Reference { get; set; }

    /// <summary>Whether it can be the attempt's parent: no sender named one, and it was started in no trace.</summary>
    public bool IsCausal { get; set; }
}

/// <summary>A stage that an attempt passed through. There is a table for each slot.</summary>
internal sealed class RunStageRow
{
    public long Key { get; set; }
    public int Attempt { get; set; }
    public int Ordinal { get; set; }
    public required string Name { get; set; }
    public DateTimeOffset FromAt { get; set; }

    /// <summary>Null while it lasts.</summary>
    public DateTimeOffset? ToAt { get; set; }
}

/// <summary>
/// An attempt that runs. There is a table for each slot: few of very many run, and what a run's row says of it is in no index, so that on Postgres the end of a
/// run changes its row in place.
/// </summary>
internal sealed class RunningRow
{
    public long Key { get; set; }
    public int Attempt { get; set; }

    /// <summary>What it is a run of.</summary>
    public long Operation { get; set; }

    /// <summary>When its row says that it was: its start.</summary>
    public DateTimeOffset At { get; set; }
}

/// <summary>The tags of an attempt. There is a table for each slot: beside its run, because tags are long and seldom change.</summary>
internal sealed class RunTagsRow
{
    public long Key { get; set; }
    public int Attempt { get; set; }

    /// <summary>Tags as JSON.</summary>
    public required string Tags { get; set; }

    /// <summary>Their ids in the dictionary and the other terms that searches find it by (<see cref="Projections.SearchTerms"/>), ascending. On SQLite a trigger keeps an
    /// index of them.</summary>
    public required long[] Ids { get; set; }
}

/// <summary>A later part of the log in which a run has events, beside the one in which it begins. There is a table for each slot.</summary>
internal sealed class RunPartRow
{
    /// <summary>The part's number: its positions divided by its length.</summary>
    public long Part { get; set; }

    /// <summary>The run's short key.</summary>
    public long Key { get; set; }
}
