using Google.Protobuf;
using ValueStream.Core.Events;
using ValueStream.Server.Ingest;
using ValueStream.Server.Otlp;
using ValueStream.Store.Log;

namespace ValueStream.Server.Sources.Otlp;

/// <summary>Takes the spans of a request.</summary>
internal static class OtlpIntake
{
    // One append's worth: of a request of tens of thousands of spans not everything waits in memory for the last.
    private const int Piece = 1000;

    /// <summary>Takes all that can be taken; what has been is durable when this returns.</summary>
    /// <param name="body">The body, unpacked.</param>
    /// <param name="contentType">What it is, as its sender says.</param>
    /// <param name="sending">Who sent it, and when.</param>
    /// <param name="ingestor">Where its events go.</param>
    /// <exception cref="NotUnderstoodException">It is not what its content type says, or reading it failed.</exception>
    public static async Task<TakenSpans> TakeAsync(ReadOnlyMemory<byte> body, string? contentType, Sending sending, Ingestor ingestor)
    {
        var (spans, events, duplicates) = (0, 0, 0);
        var problems = new Dictionary<string, int>();
        var waiting = new List<NewEvent>();
        foreach (var span in Understood(body, contentType))
        {
            spans++;
            if (span.Problem is { } problem)
            {
                problems[problem] = problems.GetValueOrDefault(problem) + 1;
                continue;
            }
            waiting.AddRange(Events(span, sending));
            if (waiting.Count >= Piece)
            {
                await StoreAsync();
            }
        }
        await StoreAsync();
        return new TakenSpans(spans, events, duplicates, problems);

        async Task StoreAsync()
        {
            var results = await ingestor.TakeAsync(waiting);
            // The end stands for its span.
            foreach (var refused in waiting.Zip(results).Where(static r => r.First.Kind == EventKind.Ended).Select(static r => r.Second).OfType<AppendResult.Refused>())
            {
                problems[refused.Problem] = problems.GetValueOrDefault(refused.Problem) + 1;
            }
            events += results.Count(static r => r is AppendResult.Accepted);
            duplicates += results.Count(static r => r is AppendResult.Duplicate);
            waiting.Clear();
        }
    }

    /// <summary>The spans of a body, one after the other. A fault of ours in reading one is told as something not understood, so that nothing is lost by it.</summary>
    private static IEnumerable<ReadSpan> Understood(ReadOnlyMemory<byte> body, string? contentType)
    {
        using var spans = SpanReader.Read(RequestOf(body, contentType)).GetEnumerator();
        while (true)
        {
            bool hasMore;
            try
            {
                hasMore = spans.MoveNext();
            }
            catch (Exception e)
            {
                throw new NotUnderstoodException(Mapping.Why(e));
            }
            if (!hasMore)
            {
                yield break;
            }
            yield return spans.Current;
        }
    }

    private static ExportTraceServiceRequest RequestOf(ReadOnlyMemory<byte> body, string? contentType)
    {
        try
        {
            return OtlpFormat.Of(contentType) == OtlpFormat.Json ? OtlpJson.Read(body) : ExportTraceServiceRequest.Parser.ParseFrom(body.Span);
        }
        catch (InvalidProtocolBufferException)
        {
            throw new NotUnderstoodException("The body is no protobuf message that can be read.");
        }
        catch (Exception e) when (e is not NotUnderstoodException)
        {
            throw new NotUnderstoodException(Mapping.Why(e));
        }
    }

    /// <summary>The events of a span, with the ids that they have whenever it is sent.</summary>
    private static IEnumerable<NewEvent> Events(ReadSpan span, Sending sending) => span.Events.Select((e, ordinal) =>
        EventReader.Make(e.Kind, e.Run, e.Data, sending, EventIds.Of(SourceNames.Otlp, e.Run.Rendering, e.Kind.Text(), $"{ordinal}")) with
        {
            IsIdDerived = true,
            Attempt = e.Attempt,
            OccurredAt = e.At,
        });
}

/// <summary>What became of the spans of a request.</summary>
/// <param name="Spans">How many there were.</param>
/// <param name="Events">How many events were stored now.</param>
/// <param name="Duplicates">How many events were stored before.</param>
/// <param name="Problems">Why spans were not taken, and how many each.</param>
internal sealed record TakenSpans(int Spans, int Events, int Duplicates, IReadOnlyDictionary<string, int> Problems)
{
    /// <summary>How many spans were not taken.</summary>
    public int Rejected => Problems.Values.Sum();

    /// <summary>Why they were not, as a sentence; null where all were.</summary>
    public string? Message => Rejected == 0 ? null : $"{Rejected} of {Spans} spans were not taken: {string.Join("; ", Problems.Select(static p => $"{p.Key} ({p.Value})"))}.";
}
