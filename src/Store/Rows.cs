using ValueStream.Core.Wire;

namespace ValueStream.Store;

/// <summary>An event as the log keeps it. Rows are only ever inserted.</summary>
internal sealed class EventRow
{
    public long Position { get; set; }
    public Guid EventId { get; set; }
    public short Kind { get; set; }
    public required string Source { get; set; }
    public required string Type { get; set; }
    public required string Namespace { get; set; }
    public required string Id { get; set; }

    /// <summary>The short key of the run, by which its history is found.</summary>
    public long Run { get; set; }

    public int? Attempt { get; set; }
    public required string Submitter { get; set; }
    public DateTimeOffset? OccurredAt { get; set; }
    public DateTimeOffset RecordedAt { get; set; }
    public DateTimeOffset EffectiveAt { get; set; }
    /// <summary>16 random bytes; of an erased event the digest of its data, so that the envelope still verifies.</summary>
    public required byte[] Salt { get; set; }

    /// <summary>The JSON text exactly as it was hashed; empty when it was erased.</summary>
    public required string Data { get; set; }

    /// <summary>Whether its data were erased.</summary>
    public bool IsErased => Data.Length == 0;

    public required byte[] Digest { get; set; }

    /// <summary>The same event as it is when its data are erased.</summary>
    public EventRow Erased()
    {
        var erased = (EventRow)MemberwiseClone();
        (erased.Salt, erased.Data) = (Log.HashChain.DataDigest(Salt, Data), "");
        return erased;
    }
}

/// <summary>One append: a link of the chain over the events first..last. Rows are only ever inserted.</summary>
internal sealed class BatchRow
{
    public long Last { get; set; }
    public long First { get; set; }
    public required byte[] Hash { get; set; }
}

/// <summary>The end of the log; the one row whose lock serialises appends.</summary>
internal sealed class LogHeadRow
{
    public int Id { get; set; }
    public Guid LogId { get; set; }
    public long Position { get; set; }
    public required byte[] Hash { get; set; }
    public DateTimeOffset RecordedAt { get; set; }

    /// <summary>1, and one more with each restore that was accepted.</summary>
    public long Epoch { get; set; }

    /// <summary>Where the log was when a server last started: a restored or copied database says where it was before.</summary>
    public string Place { get; set; } = "";

    /// <summary>Whether a part of the log was archived before the head was where it is. Each archiving moves the head. No column: it is looked up under the head's lock.</summary>
    public bool HasArchive { get; set; }

    public HeadView ToView() => new(LogId, Position, Convert.ToHexStringLower(Hash), Position == 0 ? null : RecordedAt, Epoch);
}

/// <summary>A piece of the front of the log that is in a file. The pieces follow each other from position 1 on; the tables go on after the last. Inserted once; only
/// <see cref="Sha256"/> changes, when an event in it is erased.</summary>
internal sealed class SegmentRow
{
    public long Last { get; set; }
    public long First { get; set; }

    /// <summary>The hash of the batch before the first one.</summary>
    public required byte[] PreviousHash { get; set; }

    /// <summary>The hash of the last batch.</summary>
    public required byte[] Hash { get; set; }

    /// <summary>When the last event was recorded.</summary>
    public DateTimeOffset RecordedAt { get; set; }

    /// <summary>SHA-256 of the file. The file's name is made of it and of the positions.</summary>
    public required byte[] Sha256 { get; set; }

    /// <summary>The same segment in another file.</summary>
    public SegmentRow With(byte[] sha256)
    {
        var other = (SegmentRow)MemberwiseClone();
        other.Sha256 = sha256;
        return other;
    }
}

/// <summary>What of an archived event stays in the database: enough to know it when it comes again, and to find those of a run.</summary>
internal sealed class ArchivedEventRow
{
    public Guid EventId { get; set; }
    public long Position { get; set; }

    /// <summary>The short key of the run.</summary>
    public long Run { get; set; }

    /// <summary>A digest of what the sender said; null where nobody can tell, because it was erased or is not understood.</summary>
    public long? Content { get; set; }
}

/// <summary>A segment's file that is not one of <see cref="SegmentRow"/>'s: one that is about to be written, or that another took the place of.
/// Whoever registers such a file or deletes it deletes this row in the same transaction, so that nobody deletes what another registers.</summary>
internal sealed class SegmentClaimRow
{
    public required byte[] Sha256 { get; set; }
    public long First { get; set; }
    public long Last { get; set; }

    /// <summary>When it can go at the latest, if nobody has registered it.</summary>
    public DateTimeOffset ExpiresAt { get; set; }
}

/// <summary>The body of a webhook, kept for a while beside the events that it became.</summary>
internal sealed class DeliveryRow
{
    public required byte[] Sha256 { get; set; }
    public DateTimeOffset ReceivedAt { get; set; }

    /// <summary>Compressed with Brotli.</summary>
    public required byte[] Body { get; set; }
}

/// <summary>Until when a run has said that it lives. It is no part of the log: what was said is forgotten when it is over.</summary>
internal sealed class LeaseRow
{
    /// <summary>The run's short key.</summary>
    public long Run { get; set; }

    public DateTimeOffset ExpiresAt { get; set; }
}

/// <summary>A request that was authentic and could not be understood, kept to be taken in after a mend.</summary>
internal sealed class QuarantineRow
{
    public Guid Id { get; set; }
    public DateTimeOffset ReceivedAt { get; set; }
    public required string Source { get; set; }

    /// <summary>Why it could not be understood.</summary>
    public required string Reason { get; set; }

    /// <summary>Its headers as a JSON object, those that hold secrets left out.</summary>
    public required string Headers { get; set; }

    /// <summary>Compressed with Brotli.</summary>
    public required byte[] Body { get; set; }

    /// <summary>Bytes of the body before it was compressed; null where a server of before wrote it.</summary>
    public int? Length { get; set; }
}

/// <summary>A token; what it is made of is kept as hashes only.</summary>
internal sealed class TokenRow
{
    public int Id { get; set; }

    public required string Name { get; set; }

    public short Scopes { get; set; }

    /// <summary>Patterns of namespaces, separated by spaces.</summary>
    public required string Namespaces { get; set; }

    /// <summary>SHA-256 of the secret.</summary>
    public required byte[] Hash { get; set; }

    /// <summary>SHA-256 of the secret before the last rotation.</summary>
    public byte[]? OldHash { get; set; }

    /// <summary>Until when that one holds.</summary>
    public DateTimeOffset? OldUntil { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>Who made it, as the log names submitters.</summary>
    public required string CreatedBy { get; set; }

    public DateTimeOffset? ExpiresAt { get; set; }

    public DateTimeOffset? RevokedAt { get; set; }

    public DateTimeOffset? LastUsedAt { get; set; }
}

/// <summary>Where the forwarding to one tracer stands. Moved by compare-and-set on its position.</summary>
internal sealed class TracerRow
{
    /// <summary>The name it is configured by.</summary>
    public required string Name { get; set; }

    /// <summary>Everything up to here was accepted, left out or set aside.</summary>
    public long Position { get; set; }

    public DateTimeOffset? LastSuccessAt { get; set; }
    public DateTimeOffset? LastErrorAt { get; set; }
    public string? LastError { get; set; }

    /// <summary>Spans that it accepted, those that were sent again among them.</summary>
    public long Sent { get; set; }

    /// <summary>Spans that it said to have thrown away of a request that it accepted.</summary>
    public long Rejected { get; set; }

    /// <summary>Spans that it refused, each by itself.</summary>
    public long SetAside { get; set; }
}

/// <summary>The ids under which tracers know an attempt of a run: written before it is first sent, and never changed. No rebuild touches them.</summary>
internal sealed class ExportRow
{
    /// <summary>The run's short key.</summary>
    public long Key { get; set; }

    public int Attempt { get; set; }

    /// <summary>16 bytes.</summary>
    public required byte[] TraceId { get; set; }

    /// <summary>8 bytes.</summary>
    public required byte[] SpanId { get; set; }

    /// <summary>8 bytes; null for the root of a trace.</summary>
    public byte[]? ParentSpanId { get; set; }
}

/// <summary>A span that a tracer refused by itself.</summary>
internal sealed class SpanSetAsideRow
{
    public required string Tracer { get; set; }

    /// <summary>The run's short key.</summary>
    public long Key { get; set; }

    public int Attempt { get; set; }
    public DateTimeOffset At { get; set; }
    public required string Reason { get; set; }
}

/// <summary>Where the projections of one slot stand. Moved by compare-and-set on (position, epoch).</summary>
internal sealed class CheckpointRow
{
    public required string Slot { get; set; }
    public long Position { get; set; }
    public long Epoch { get; set; }
    /// <summary>The version of the rules by which the slot was filled.</summary>
    public int Version { get; set; }

    /// <summary>The reporting zone in whose days the slot counts.</summary>
    public string Zone { get; set; } = "UTC";

    /// <summary>Whether queries read this slot. True for exactly one row.</summary>
    public bool Live { get; set; }

    /// <summary>Whether a rebuild is filling this slot.</summary>
    public bool Building { get; set; }
}

/// <summary>Who runs the projector; a lease on the database's clock.</summary>
internal sealed class LeadershipRow
{
    public int Id { get; set; }
    public required string Holder { get; set; }
    public long Epoch { get; set; }
    public DateTimeOffset ExpiresAt { get; set; }
}

/// <summary>An event that the projections of a slot could not take.</summary>
internal sealed class SetAsideRow
{
    public required string Slot { get; set; }
    public long Position { get; set; }
    public required string Problem { get; set; }
}

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

/// <summary>The dictionary of tags: the id is the hash of key and value.</summary>
internal sealed class TagRow
{
    public long Id { get; set; }
    public required string Key { get; set; }
    public required string Value { get; set; }
}

/// <summary>A term in which a word stands: a short tag, name or actor of the dictionary, or the word itself where a text has it.</summary>
internal sealed class WordRow
{
    /// <summary>The word, in lower case, at most 64 characters of it.</summary>
    public required string Word { get; set; }

    /// <summary>The term; <see cref="Projections.SearchTerms.OfKeys"/> where it stands in keys of tags.</summary>
    public long Term { get; set; }
}

/// <summary>A later part of the log in which a run has events, beside the one in which it begins. There is a table for each slot.</summary>
internal sealed class RunPartRow
{
    /// <summary>The part's number: its positions divided by its length.</summary>
    public long Part { get; set; }

    /// <summary>The run's short key.</summary>
    public long Key { get; set; }
}

/// <summary>A kind of work that runs repeat. There is a table for each slot.</summary>
internal sealed class OperationRow
{
    public long Key { get; set; }
    public required string Namespace { get; set; }
    public required string Type { get; set; }
    public required string Name { get; set; }

    /// <summary>The first of its runs' <see cref="RunRow.At"/>.</summary>
    public DateTimeOffset FirstAt { get; set; }

    /// <summary>The last of them.</summary>
    public DateTimeOffset LastAt { get; set; }
}

/// <summary>What runs of an operation add up to over a period. There is a table for each slot.</summary>
internal sealed class RollupRow
{
    /// <summary>Which series of the operation: see <c>RollupSeries</c>.</summary>
    public short Series { get; set; }

    /// <summary>Hours since 1970 UTC, or days since 1970 in the reporting zone.</summary>
    public int At { get; set; }

    public long Operation { get; set; }

    /// <summary>The tag whose runs these are; 0 in the series of all.</summary>
    public long Tag { get; set; }

    /// <summary>A <c>Tally</c>.</summary>
    public required byte[] Data { get; set; }
}

/// <summary>What administrators have set for an operation. There is a table for each slot.</summary>
internal sealed class OperationSettingRow
{
    /// <summary>The operation's key.</summary>
    public long Key { get; set; }

    public required string Namespace { get; set; }

    /// <summary>The settings as JSON.</summary>
    public required string Data { get; set; }
}
