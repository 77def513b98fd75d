using System.Collections.Immutable;
using ValueStream.Core.Events;
using ValueStream.Core.Spans;
using ValueStream.Server.Ingest;
using ValueStream.Server.Otlp;
using Event = ValueStream.Server.Otlp.Span.Types.Event;

namespace ValueStream.Server.Sources.Otlp;

/// <summary>From spans to the events of runs. Pure: the same span gives the same events, in the same order.</summary>
internal static class SpanReader
{
    /// <summary>The type of a run that is a span and nothing that the conventions for CI and CD know.</summary>
    public const string Plain = "span";

    /// <summary>Span events of one span that are taken; SDKs keep 128.</summary>
    public const int MostEvents = 1000;

    /// <summary>A link's attribute that says which of <see cref="LinkKinds"/> it is.</summary>
    public const string LinkKind = "valuestream.link.kind";

    private const int TraceIdBytes = 16;
    private const int SpanIdBytes = 8;

    /// <summary>What a request tells, span by span.</summary>
    public static IEnumerable<ReadSpan> Read(ExportTraceServiceRequest request)
    {
        foreach (var resourceSpans in request.ResourceSpans)
        {
            var resource = new Attributes(resourceSpans.Resource?.Attributes);
            foreach (var scopeSpans in resourceSpans.ScopeSpans)
            {
                var common = new Tagging { { "otel.scope.name", Clean(scopeSpans.Scope?.Name) }, { "otel.scope.version", Clean(scopeSpans.Scope?.Version) } };
                resource.AddTo(common);
                foreach (var span in scopeSpans.Spans)
                {
                    yield return WhyNot(span) is { } problem ? new ReadSpan([], problem) : new ReadSpan([.. Read(span, resource, common)], null);
                }
            }
        }
    }

    private static IEnumerable<ToolEvent> Read(Span span, Attributes resource, Tagging common)
    {
        var own = new Attributes(span.Attributes);
        var (type, name) = Naming(span, own, resource);
        var traceId = Hex(span.TraceId);
        var run = new RunId(SourceNames.Otlp, type, Sources.Naming.Namespace(resource.Text("service.namespace") ?? "default"), SpanIds.RunOf(traceId, Hex(span.SpanId)));
        var (start, end) = (TimeOf(span.StartTimeUnixNano), TimeOf(span.EndTimeUnixNano));
        var outcome = OutcomeOf(span, own, type);
        name = Sources.Naming.Name(name);

        var tags = new Tagging();
        own.AddTo(tags);
        tags.Add("span.kind", span.Kind is Span.Types.SpanKind.Unspecified ? null : $"{span.Kind}".ToLowerInvariant());
        tags.Add("otel.status_description", Clean(span.Status?.Message));
        tags.Add("w3c.tracestate", Clean(span.TraceState));
        tags.Add("error.type", outcome is Outcome.Success or Outcome.Skip || own.Has("error.type") ? null : ExceptionOf(span));
        Dropped(tags, "attributes", span.DroppedAttributesCount);
        Dropped(tags, "events", span.DroppedEventsCount + Over(span.Events.Count, MostEvents));
        Dropped(tags, "links", span.DroppedLinksCount + Over(span.Links.Count, Limits.Links));
        tags.Fill(common);

        yield return Of(EventKind.Started, start, new EventData
        {
            Name = name,
            Traceparent = HasParent(span) ? new Traceparent(traceId, Hex(span.ParentSpanId), (byte)span.Flags).ToString() : null,
            Links = span.Links.Count == 0 ? null : [.. span.Links.Where(static l => IsId(l.TraceId, TraceIdBytes) && IsId(l.SpanId, SpanIdBytes)).Take(Limits.Links).Select(LinkOf)],
            Tags = tags.ToTags(),
        });
        foreach (var e in span.Events.Take(MostEvents))
        {
            yield return Happened(e);
        }
        yield return Of(EventKind.Ended, end, new EventData { Name = name, Outcome = outcome.Text() });

        ToolEvent Of(EventKind kind, DateTimeOffset at, EventData data) => new(kind, run, at, data) { Attempt = 1 };

        ToolEvent Happened(Event e)
        {
            var at = IsTime(e.TimeUnixNano) ? TimeOf(e.TimeUnixNano) : start;
            var attributes = new Attributes(e.Attributes);
            var note = attributes.ToString() is { Length: > 0 } about ? $"{e.Name}: {about}" : e.Name;
            // A stage is part of the run's time; a note may be of any.
            return (attributes.Text("cicd.pipeline.run.state") ?? attributes.Text("cicd.pipeline.task.run.state")) is { } stage
                ? Of(EventKind.Transitioned, at < start ? start : at > end ? end : at, new EventData { Name = name, Stage = Sources.Naming.Name(stage) })
                : Of(EventKind.Annotated, at, new EventData { Note = Payload.Cut(Tagging.WithoutCredentials(Clean(note)), Limits.Reason) });
        }
    }

    /// <summary>Why a span cannot be taken; null where it can.</summary>
    private static string? WhyNot(Span span) =>
        !IsId(span.TraceId, TraceIdBytes) ? "the trace id is not 16 bytes, or all zero"
        : !IsId(span.SpanId, SpanIdBytes) ? "the span id is not 8 bytes, or all zero"
        : span.ParentSpanId.Length is not (0 or SpanIdBytes) ? "the parent's span id is not 8 bytes"
        : span.ParentSpanId == span.SpanId ? "it is its own parent"
        : !IsTime(span.StartTimeUnixNano) ? "the start is missing, or not before the year 2200"
        : !IsTime(span.EndTimeUnixNano) ? "the end is missing, or not before the year 2200"
        : span.EndTimeUnixNano < span.StartTimeUnixNano ? "it ends before it starts"
        : null;

    /// <summary>What kind of run a span is, and its name.</summary>
    private static (string Type, string Name) Naming(Span span, Attributes own, Attributes resource)
    {
        var pipeline = own.Text("cicd.pipeline.name") ?? own.Text("ci.pipeline.name") ?? own.Text("ci.pipeline.id") ?? resource.Text("cicd.pipeline.name");
        if (own.Text("cicd.pipeline.task.name") is { } task)
        {
            var type = own.Text("cicd.pipeline.task.type");
            return (type is "build" or "test" or "deploy" ? type : "task", Joined(pipeline, task));
        }
        // What runs within a pipeline may name it, too.
        if (pipeline is not null && (span.Kind == Span.Types.SpanKind.Server || !HasParent(span) || own.Has("cicd.pipeline.result") || own.Has("cicd.pipeline.action.name")))
        {
            return ("pipeline", pipeline);
        }
        return own.Has("deployment.name") || own.Has("deployment.id") ? ("deploy", own.Text("deployment.name") ?? Clean(span.Name))
            : own.Has("test.case.name") || own.Has("test.suite.name") ? ("test", Joined(own.Text("test.suite.name"), own.Text("test.case.name")))
            : (Plain, Clean(span.Name));
    }

    private static Outcome OutcomeOf(Span span, Attributes own, string type)
    {
        string[] results = type == "pipeline" ? ["cicd.pipeline.result", "ci.pipeline.run.result"]
            : ["cicd.pipeline.task.run.result", "deployment.status", "test.case.result.status", "test.suite.run.status", "cicd.pipeline.result"];
        return results.Select(own.Text).Select(Sources.Naming.OutcomeOf).FirstOrDefault(static o => o is not null)
            ?? (span.Status?.Code == Status.Types.StatusCode.Error ? Outcome.Failure : Outcome.Success);
    }

    private static RunLink LinkOf(Span.Types.Link link) => new(
        new Attributes(link.Attributes).Text(LinkKind) is { } kind && LinkKinds.IsKnown(kind) ? kind : LinkKinds.Follows, Aliases.OfSpan(Hex(link.TraceId), Hex(link.SpanId)));

    private static string? ExceptionOf(Span span) =>
        span.Events.Where(static e => e.Name == "exception").Select(static e => new Attributes(e.Attributes).Text("exception.type")).LastOrDefault(static t => t is not null);

    private static void Dropped(Tagging tags, string what, uint count) => tags.Add($"otel.dropped_{what}_count", count == 0 ? null : $"{count}");

    private static uint Over(int count, int most) => (uint)Math.Max(0, count - most);

    private static string Joined(params IEnumerable<string?> names) => string.Join(" / ", names.OfType<string>());

    private static bool HasParent(Span span) => IsId(span.ParentSpanId, SpanIdBytes);

    private static bool IsId(Google.Protobuf.ByteString id, int length) => id.Length == length && id.Span.ContainsAnyExcept((byte)0);

    private static string Hex(Google.Protobuf.ByteString id) => Convert.ToHexStringLower(id.Span);

    private static bool IsTime(ulong nanoseconds) => nanoseconds > 0 && TimeOf(nanoseconds).Year < 2200;

    private static DateTimeOffset TimeOf(ulong nanoseconds) => DateTimeOffset.UnixEpoch.AddTicks((long)(nanoseconds / 100));

    private static string Clean(string? text) => text?.Replace("\0", "", StringComparison.Ordinal) ?? "";
}

/// <summary>A span that was read.</summary>
/// <param name="Events">What it tells, its start first and its end last; nothing where it cannot be taken.</param>
/// <param name="Problem">Why it cannot be taken, as the end of a sentence; null where it can.</param>
internal sealed record ReadSpan(ImmutableArray<ToolEvent> Events, string? Problem);
