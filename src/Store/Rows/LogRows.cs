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
