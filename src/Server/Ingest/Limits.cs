namespace ValueStream.Server.Ingest;

/// <summary>How much one sender may say at once.</summary>
internal static class Limits
{
    /// <summary>Bytes of one request.</summary>
    public const int RequestBytes = 25 << 20;

    /// <summary>Bytes of one request of OpenTelemetry's protocol.</summary>
    public const int OtlpBytes = 16 << 20;

    /// <summary>Bytes of one event.</summary>
    public const int EventBytes = 1 << 20;

    /// <summary>Bytes of one line of a stream.</summary>
    public const int LineBytes = 256 << 10;

    /// <summary>Events in one array.</summary>
    public const int Events = 10_000;

    /// <summary>How deep JSON may be nested.</summary>
    public const int Depth = 16;

    /// <summary>Characters of an id, a name, a stage or an actor.</summary>
    public const int Id = 200;

    /// <summary>Characters of a type or a namespace.</summary>
    public const int Word = 100;

    /// <summary>Characters of a tag's key.</summary>
    public const int TagKey = 128;

    /// <summary>Characters of a tag's value.</summary>
    public const int TagValue = 2048;

    /// <summary>Characters of a reason or a note.</summary>
    public const int Reason = 4000;

    /// <summary>Characters of a reference to another run: a rendering of the longest members.</summary>
    public const int Reference = 512;

    /// <summary>Seconds of one lease.</summary>
    public const int Lease = 86_400;

    /// <summary>Tags of one event.</summary>
    public const int Tags = 200;

    /// <summary>Parents or links of one event.</summary>
    public const int Links = 1000;
}
