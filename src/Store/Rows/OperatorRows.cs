namespace ValueStream.Store;

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
