using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.Collections;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Server.Otlp;
using ValueStream.Server.Sources.Otlp;
using ValueStream.Store.Forwarding;

namespace ValueStream.Server.Forwarding;

/// <summary>From a finished run to its span, by OpenTelemetry's conventions for CI/CD, version 1.44. Pure. The table stands in <c>docs/tracers.md</c>.</summary>
internal static class SpanMapping
{
    /// <summary>Events and links of a span are at most so many; how many more there are is said.</summary>
    public const int Most = 128;

    private const uint Sampled = 1;
    private const uint KnowsParent = 0x100;
    private const uint ParentIsRemote = 0x200;

    /// <summary>Names that the conventions gave up, and what they are called now.</summary>
    private static readonly FrozenDictionary<string, string> Renamed = new Dictionary<string, string>
    {
        ["deployment.environment"] = "deployment.environment.name",
        ["vcs.repository.ref.name"] = "vcs.ref.head.name",
        ["vcs.repository.ref.revision"] = "vcs.ref.head.revision",
        ["vcs.repository.ref.type"] = "vcs.ref.head.type",
        ["vcs.repository.change.id"] = "vcs.change.id",
        ["vcs.repository.change.title"] = "vcs.change.title",
    }.ToFrozenDictionary();

    /// <summary>What names the service that a run is of, the first that there is.</summary>
    private static readonly string[] ServiceTags = ["service.name", "service", "vcs.repository.name"];

    /// <summary>One request with the spans of some runs, those of one service together.</summary>
    public static ExportTraceServiceRequest Request(IEnumerable<ExportedRun> runs, string version)
    {
        var request = new ExportTraceServiceRequest();
        foreach (var service in runs.GroupBy(static r => (Service(r.Run), r.Run.Namespace)))
        {
            var spans = new ScopeSpans { Scope = new() { Name = "valuestream", Version = version } };
            spans.Spans.AddRange(service.Select(Span));
            var resource = new Resource();
            Add(resource.Attributes, "service.name", service.Key.Item1);
            Add(resource.Attributes, "service.namespace", service.Key.Namespace);
            request.ResourceSpans.Add(new ResourceSpans { Resource = resource, ScopeSpans = { spans } });
        }
        return request;
    }

    /// <summary>The span of a run.</summary>
    public static Span Span(ExportedRun exported)
    {
        var run = exported.Run;
        var isRemote = exported.IsEntry && exported.Ids.ParentSpanId is not null;
        var span = new Span
        {
            TraceId = Bytes(exported.Ids.TraceId),
            SpanId = Bytes(exported.Ids.SpanId),
            ParentSpanId = exported.Ids.ParentSpanId is { } parent ? Bytes(parent) : ByteString.Empty,
            Name = exported.IsEntry ? $"{Action(run)} {run.Name}" : run.Name,
            Kind = exported.IsEntry ? Otlp.Span.Types.SpanKind.Server : Otlp.Span.Types.SpanKind.Internal,
            // An end without a start is a moment.
            StartTimeUnixNano = Nanoseconds(run.StartedAt ?? run.EndedAt!.Value),
            EndTimeUnixNano = Nanoseconds(run.EndedAt!.Value),
            Flags = Sampled | KnowsParent | (isRemote ? ParentIsRemote : 0),
        };
        foreach (var (key, value) in Attributes(exported))
        {
            span.Attributes.Add(new KeyValue { Key = key, Value = value });
        }
        if (ErrorOf(run) is { } error)
        {
            span.Status = new() { Code = Status.Types.StatusCode.Error, Message = run.Outcome == error ? "" : error };
        }
        var events = run.Stages.Select(static s => (At: s.From, Name: "stage", Key: "valuestream.stage", Text: s.Name))
            .Concat(exported.Notes.Select(static n => (n.At, Name: "note", Key: "valuestream.note", n.Text))).OrderBy(static e => e.At).ToList();
        foreach (var (at, name, key, text) in events.Take(Most))
        {
            var e = new Span.Types.Event { TimeUnixNano = Nanoseconds(at), Name = name };
            Add(e.Attributes, key, text);
            span.Events.Add(e);
        }
        span.DroppedEventsCount = (uint)Math.Max(0, events.Count - Most);
        foreach (var linked in exported.Links.Take(Most))
        {
            var link = new Span.Types.Link { TraceId = Bytes(linked.TraceId), SpanId = Bytes(linked.SpanId), Flags = Sampled };
            Add(link.Attributes, SpanReader.LinkKind, linked.Kind);
            Add(link.Attributes, "valuestream.run", linked.Run);
            span.Links.Add(link);
        }
        span.DroppedLinksCount = (uint)Math.Max(0, exported.Links.Count - Most);
        return span;
    }

    /// <summary>Tags as they are, then what the conventions want: what the server knows for sure overrules, what it only makes up does not.</summary>
    private static SortedDictionary<string, AnyValue> Attributes(ExportedRun exported)
    {
        var run = exported.Run;
        var all = new SortedDictionary<string, AnyValue>(StringComparer.Ordinal);
        foreach (var (key, value) in run.Tags)
        {
            all[Renamed.TryGetValue(key, out var now) && !run.Tags.ContainsKey(now) ? now : key] = Value(value);
        }
        foreach (var gone in Renamed.Keys)
        {
            all.Remove(gone);
        }
        if (exported.IsEntry)
        {
            Default("cicd.pipeline.name", run.Name);
            Default("cicd.pipeline.run.id", run.Id);
            Default("cicd.pipeline.action.name", Action(run));
            Set("cicd.pipeline.result", run.Outcome);
        }
        else
        {
            Default("cicd.pipeline.task.name", run.Name);
            Default("cicd.pipeline.task.run.id", run.Id);
            Default("cicd.pipeline.task.type", run.Type is "build" or "test" or "deploy" ? run.Type : null);
            Default("cicd.pipeline.task.run.url.full", run.Tags.TryGetValue("cicd.pipeline.run.url.full", out var url) ? url.Text : null);
            Set("cicd.pipeline.task.run.result", run.Outcome);
        }
        if (ErrorOf(run) is { } error)
        {
            Set("error.type", error);
        }
        else
        {
            all.Remove("error.type");
        }
        Default("user.name", run.Actor);
        Set("valuestream.run", Show(run));
        Set("valuestream.key", run.Key);
        Set("valuestream.source", run.Source);
        Set("valuestream.type", run.Type);
        all["valuestream.attempt"] = new() { IntValue = run.Attempt };
        Set("valuestream.reason", run.Reason);
        Set("valuestream.flags", run.Flags.Count > 0 ? string.Join(' ', run.Flags) : null);
        return all;

        void Set(string key, string? value)
        {
            if (value is { Length: > 0 })
            {
                all[key] = new() { StringValue = value };
            }
        }

        void Default(string key, string? value)
        {
            if (!all.ContainsKey(key))
            {
                Set(key, value);
            }
        }
    }

    /// <summary>What went wrong: what the sender calls it, else the outcome; null where nothing did.</summary>
    private static string? ErrorOf(RunView run) => run.Outcome is not ("failure" or "error" or "timeout") ? null
        : run.Tags.TryGetValue("error.type", out var type) && type.Text.Length > 0 ? type.Text : run.Outcome;

    private static string Action(RunView run) => run.Type switch { "build" => "BUILD", "sync" => "SYNC", _ => "RUN" };

    private static string Service(RunView run) =>
        ServiceTags.Select(k => run.Tags.TryGetValue(k, out var tag) ? tag.Text : null).FirstOrDefault(static t => t is { Length: > 0 })
        ?? (run.Namespace == "default" ? "valuestream" : run.Namespace);

    private static string Show(RunView run) => new RunId(run.Source, run.Type, run.Namespace, run.Id).Rendering;

    private static AnyValue Value(TagValue tag) => tag.Kind switch
    {
        JsonValueKind.True or JsonValueKind.False => new() { BoolValue = tag.Kind == JsonValueKind.True },
        JsonValueKind.Number when long.TryParse(tag.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => new() { IntValue = whole },
        JsonValueKind.Number when double.TryParse(tag.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) => new() { DoubleValue = number },
        _ => new() { StringValue = tag.Text },
    };

    private static void Add(RepeatedField<KeyValue> attributes, string key, string value) => attributes.Add(new KeyValue { Key = key, Value = new() { StringValue = value } });

    private static ByteString Bytes(string hex) => UnsafeByteOperations.UnsafeWrap(Convert.FromHexString(hex));

    private static ulong Nanoseconds(DateTimeOffset time) => (ulong)Math.Max(0, time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) * 100;
}
