using System.Globalization;
using ValueStream.Core.Events;

namespace ValueStream.Core.Spans;

/// <summary>
/// The ids under which runs are known to tracers. Both are the head of
/// SHA-256(source, type, namespace, id, attempt), each as a 4-byte big-endian length and UTF-8 bytes,
/// the attempt in decimal: the trace's over its root, the span's over the run itself.
/// A run that came as a span keeps the ids that it came with.
/// </summary>
public static class SpanIds
{
    private const int TraceLength = 32;
    private const int SpanLength = 16;

    /// <summary>The trace id of the trace that a run is the root of: 32 hexadecimal digits.</summary>
    public static string TraceId(RunId root, int attempt) =>
        IsSpan(root) ? root.Id[..TraceLength] : Convert.ToHexStringLower(Hash(root, attempt).AsSpan(0, 16));

    /// <summary>The span id of a run's attempt: 16 hexadecimal digits.</summary>
    public static string SpanId(RunId run, int attempt) =>
        IsSpan(run) ? run.Id[(TraceLength + 1)..] : Convert.ToHexStringLower(Hash(run, attempt).AsSpan(0, 8));

    /// <summary>The id of the run that a span is: its trace id and its span id.</summary>
    public static string RunOf(string traceId, string spanId) => $"{traceId}-{spanId}";

    /// <summary>Whether a run is a span that was started in a trace context: a hash is nothing else's id, but spans of strangers may have the same one in other traces.</summary>
    public static bool IsIn(RunId run, int attempt, Traceparent context) => SpanId(run, attempt) == context.SpanId && (!IsSpan(run) || TraceId(run, attempt) == context.TraceId);

    private static bool IsSpan(RunId run) => run is { Source: SourceNames.Otlp, Id: { Length: TraceLength + 1 + SpanLength } };

    private static byte[] Hash(RunId run, int attempt) =>
        Hashes.Of(run.Source, run.Type, run.Namespace, run.Id, attempt.ToString(CultureInfo.InvariantCulture));
}
