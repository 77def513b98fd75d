namespace ValueStream.Core.Wire;

/// <summary>The addresses that both the server and vscli know.</summary>
public static class Routes
{
    /// <summary>Takes events, answers queries over them.</summary>
    public const string Events = "/api/v1/events";

    /// <summary>Searches runs; below it stand one run, its trace and its events.</summary>
    public const string Runs = "/api/v1/runs";

    /// <summary>Tells what runs of a search share more than others.</summary>
    public const string Correlations = Runs + "/correlations";

    /// <summary>Tells where the log ends.</summary>
    public const string Head = "/api/v1/log/head";

    /// <summary>Tells how far the read models are.</summary>
    public const string Projections = "/api/v1/projections";

    /// <summary>Checks the log, and tells how far it has come.</summary>
    public const string VerifyLog = "/api/v1/log/verify";

    /// <summary>Takes documents that were saved of a tool; below it stands one route for each source.</summary>
    public const string Import = "/api/v1/import";

    /// <summary>The deliveries that were not understood; below it stands each of them.</summary>
    public const string Quarantine = "/api/v1/quarantine";

    /// <summary>Whether the server takes events.</summary>
    public const string Ready = "/readyz";

    /// <summary>Lists the sources that take webhooks.</summary>
    public const string Sources = "/api/v1/sources";

    /// <summary>Lists the tracers that finished runs are forwarded to; below it stands each of them.</summary>
    public const string Tracers = "/api/v1/tracers";

    /// <summary>Upstream's intake for custom events.</summary>
    public const string CustomHttp = "/customhttp";

    /// <summary>OpenTelemetry's own address for spans.</summary>
    public const string Traces = "/v1/traces";

    /// <summary>The sender's clock when it sent, so that the server can correct the times of the events.</summary>
    public const string SentAtHeader = "X-Sent-At";

    /// <summary>What names a stream of events: its lines get their ids from it, so that sending it again stores nothing twice.</summary>
    public const string IdempotencyKeyHeader = "Idempotency-Key";

    /// <summary>The name of the file that a saved document is from, percent-encoded: some tell by it what kind of delivery they are.</summary>
    public const string SavedAsHeader = "X-Saved-As";

    /// <summary>The last position of the log that an answer without JSON around it speaks of.</summary>
    public const string AsOfHeader = "X-ValueStream-As-Of";

    /// <summary>The end of the log when it was asked: its position and its hash, parted by a blank.</summary>
    public const string HeadHeader = "X-ValueStream-Head";

    /// <summary>The position up to which it was known what runs are.</summary>
    public const string ProjectedHeader = "X-ValueStream-Projected";

    /// <summary>The content type of a stream of events, one a line.</summary>
    public const string Ndjson = "application/x-ndjson";
}
