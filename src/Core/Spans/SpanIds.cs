using System.Globalization;
using ValueStream.Core.Events;

namespace ValueStream.Core.Spans;

/// <summary>
/// The ids under which runs are known to tracers. Both are the head of
/// SHA-256(source, type, namespace, id, attempt), each as a 4-byte big-endian length and UTF-8 bytes,
/// the attempt in decimal: the trace's over its root, the span's over the run itself.
/// </summary>
public static class SpanIds
{
    /// <summary>The trace id of the trace that a run is the root of: 32 hexadecimal digits.</summary>
    public static string TraceId(RunId root, int attempt) => Convert.ToHexStringLower(Hash(root, attempt).AsSpan(0, 16));

    /// <summary>The span id of a run's attempt: 16 hexadecimal digits.</summary>
    public static string SpanId(RunId run, int attempt) => Convert.ToHexStringLower(Hash(run, attempt).AsSpan(0, 8));

    private static byte[] Hash(RunId run, int attempt) =>
        Hashes.Of(run.Source, run.Type, run.Namespace, run.Id, attempt.ToString(CultureInfo.InvariantCulture));
}
