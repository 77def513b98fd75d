using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;
using ValueStream.Core.Events;
using ValueStream.Store.Log;
using ValueStream.Store.Queries;

namespace ValueStream.Server.Ingest;

/// <summary>Who sent a request, and when by both clocks.</summary>
/// <param name="Submitter">The opaque id of the sender.</param>
/// <param name="ReceivedAt">The server's time of the receipt.</param>
/// <param name="SentAt">The sender's time of the sending, where it said.</param>
/// <param name="Delivery">A webhook's body, to be kept.</param>
internal sealed record Sending(string Submitter, DateTimeOffset ReceivedAt, DateTimeOffset? SentAt, Delivery? Delivery = null)
{
    /// <summary>Clocks that differ by less are taken to agree: the rest is the time on the way.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(2);

    /// <summary>In which namespaces its token may write.</summary>
    public Visible Writes { get; init; } = Visible.Everything;

    /// <summary>Server minus sender, zero where the clocks agree.</summary>
    public TimeSpan ClockOffset => SentAt is { } sentAt && (ReceivedAt - sentAt).Duration() > Tolerance ? ReceivedAt - sentAt : TimeSpan.Zero;
}

/// <summary>Turns what a sender wrote into an event, or says what is wrong with it. Pure.</summary>
internal static class EventReader
{
    /// <summary>Reads one event of the API.</summary>
    /// <param name="item">The JSON object.</param>
    /// <param name="run">Whose event it is, where the sender wrote a reference that had to be looked up.</param>
    /// <param name="sending">Who sent it and when.</param>
    /// <exception cref="UnreadableException">Something is wrong with it.</exception>
    public static NewEvent Read(JsonElement item, RunId? run, Sending sending)
    {
        if (item.ValueKind != JsonValueKind.Object)
        {
            throw new UnreadableException("", "An event must be a JSON object.");
        }
        if (JsonMarshal.GetRawUtf8Value(item).Length > Limits.EventBytes)
        {
            throw new UnreadableException("", $"An event may have {Limits.EventBytes} bytes at the most.");
        }
        var action = item.Member("action")?.FrequentText("action", Limits.Word) ?? throw new UnreadableException("action", $"It is missing; say one of {EventKinds.Actions}.");
        if (action == EventKinds.Heartbeat)
        {
            throw new UnreadableException("action", "A heartbeat is no event of the log; send it by itself or in an array.");
        }
        var kind = EventKinds.FromAction(action) ?? throw new UnreadableException("action", $"'{action}' is not known; say one of {EventKinds.Actions}.");
        run = Allowed(run ?? ReadRun(item.Member("run")), sending);
        var name = item.Member("name")?.Text("name", Limits.Id);
        var tags = item.Member("tags")?.Tags("tags");
        var data = new EventData
        {
            Name = name,
            Actor = item.Member("actor")?.FrequentText("actor", Limits.Id),
            Reason = item.Member("reason")?.Text("reason", Limits.Reason),
            Note = item.Member("note")?.Text("note", Limits.Reason),
            Outcome = ReadOutcome(item),
            Error = item.Member("error")?.Boolean("error"),
            Parents = ReadParents(item),
            Links = ReadLinks(item),
            Traceparent = item.Member("traceparent")?.Text("traceparent", Limits.Reference),
            Import = item.Member("import")?.Boolean("import"),
            Tags = tags,
            Derived = Derive(kind, run, name, tags, sending),
            Stage = ReadStage(item, kind),
        };
        return Of(kind, run, data, sending, ReadId(item), ReadAttempt(item), item.Member("occurredAt")?.Time("occurredAt"), ReadLease(item));
    }

    /// <summary>A run's sign of life; null when the item is something else.</summary>
    /// <param name="item">The JSON object.</param>
    /// <param name="run">Whose it is, where the sender wrote a reference that had to be looked up.</param>
    /// <param name="sending">Who sent it and when.</param>
    /// <exception cref="UnreadableException">Something is wrong with it.</exception>
    public static (RunId Run, TimeSpan Lease)? ReadHeartbeat(JsonElement item, RunId? run, Sending sending) =>
        item.ValueKind == JsonValueKind.Object && item.Member("action") is { ValueKind: JsonValueKind.String } action && action.ValueEquals(EventKinds.Heartbeat)
            ? (Allowed(run ?? ReadRun(item.Member("run")), sending), ReadLease(item) ?? throw new UnreadableException("lease", "It is missing; say for how many seconds the run lives without another heartbeat."))
            : null;

    /// <summary>An event with what the server works out: the name, the clock's offset, the delivery's hash.</summary>
    public static NewEvent Make(EventKind kind, RunId run, EventData data, Sending sending, Guid? eventId = null) =>
        Of(kind, run, Derive(kind, run, data.Name, data.Tags, sending) is { } derived ? data with { Derived = derived } : data, sending, eventId);

    private static NewEvent Of(
        EventKind kind, RunId run, EventData data, Sending sending, Guid? eventId, int? attempt = null, DateTimeOffset? occurredAt = null, TimeSpan? lease = null) => new()
    {
        EventId = eventId ?? Guid.CreateVersion7(sending.ReceivedAt),
        Kind = kind,
        Run = run,
        Attempt = attempt,
        Submitter = sending.Submitter,
        OccurredAt = occurredAt,
        ReceivedAt = sending.ReceivedAt,
        ClockOffset = sending.ClockOffset,
        Delivery = sending.Delivery,
        Lease = lease,
        Data = data,
    };

    /// <summary>What the server works out; null where that is nothing.</summary>
    private static DerivedData? Derive(EventKind kind, RunId run, string? sent, ImmutableSortedDictionary<string, TagValue>? tags, Sending sending)
    {
        var name = kind is EventKind.Started or EventKind.Transitioned or EventKind.Ended && string.IsNullOrEmpty(sent) ? EventData.NameOr(sent, tags, run.Type) : null;
        double? offset = sending.ClockOffset == TimeSpan.Zero ? null : sending.ClockOffset.TotalSeconds;
        var delivery = sending.Delivery?.Hash;
        return name is null && offset is null && delivery is null ? null
            : new DerivedData { Name = name?[..Math.Min(name.Length, Limits.Id)], ClockOffset = offset, Delivery = delivery };
    }

    /// <summary>A type or a namespace.</summary>
    public static string Word(string text, string field) =>
        text.Length == 0 ? throw new UnreadableException(field, "It is empty.")
        : text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-') ? text
        : throw new UnreadableException(field, "It may have letters, digits, '_', '.' and '-' only.");

    private static RunId Allowed(RunId run, Sending sending) => sending.Writes.Includes(run.Namespace) ? run
        : throw new UnreadableException("run.namespace", $"The token may not write namespace '{run.Namespace}'; use one that may, or say a namespace that this one may write.");

    private static RunId ReadRun(JsonElement? run)
    {
        if (run is not { ValueKind: JsonValueKind.Object } member)
        {
            throw new UnreadableException("run", "It is missing; say {\"type\": ..., \"id\": ...}, or a run's rendering or key as a string.");
        }
        var source = member.Member("source")?.FrequentText("run.source", Limits.Word) ?? SourceNames.CustomHttp;
        if (source != SourceNames.CustomHttp)
        {
            throw new UnreadableException("run.source", $"Only '{SourceNames.CustomHttp}' may be written here; leave it out.");
        }
        var id = member.Member("id")?.Text("run.id", Limits.Id);
        return new RunId(
            source,
            Word(member.Member("type")?.FrequentText("run.type", Limits.Word) ?? throw new UnreadableException("run.type", "It is missing."), "run.type"),
            Word(member.Member("namespace")?.FrequentText("run.namespace", Limits.Word) ?? "default", "run.namespace"),
            string.IsNullOrEmpty(id) ? throw new UnreadableException("run.id", "It is missing.") : id);
    }

    private static Guid? ReadId(JsonElement item) => item.Member("eventId") switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } id when id.TryGetGuid(out var guid) => guid,
        _ => throw new UnreadableException("eventId", "It must be a UUID, for example 0198c0de-0000-7000-8000-000000000001."),
    };

    /// <summary>Which attempt is meant, where the sender says so.</summary>
    public static int? ReadAttempt(JsonElement item) => item.Member("attempt") switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } number when number.TryGetInt32(out var attempt) && attempt is >= 1 and <= 1_000_000 => attempt,
        _ => throw new UnreadableException("attempt", "It must be a whole number from 1 to 1,000,000."),
    };

    private static TimeSpan? ReadLease(JsonElement item) => item.Member("lease") switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } number when number.TryGetInt32(out var seconds) && seconds is >= 1 and <= Limits.Lease => TimeSpan.FromSeconds(seconds),
        _ => throw new UnreadableException("lease", $"It must be a whole number of seconds from 1 to {Limits.Lease}."),
    };

    private static string? ReadOutcome(JsonElement item)
    {
        var outcome = item.Member("outcome")?.FrequentText("outcome", Limits.Word);
        return outcome is null || Outcomes.Parse(outcome) is not null ? outcome
            : throw new UnreadableException("outcome", $"'{outcome}' is not known; say one of {Outcomes.All}.");
    }

    private static string? ReadStage(JsonElement item, EventKind kind)
    {
        var stage = item.Member("stage")?.Text("stage", Limits.Id);
        return kind != EventKind.Transitioned || !string.IsNullOrWhiteSpace(stage) ? stage
            : throw new UnreadableException("stage", stage is null ? "It is missing; say which stage begins." : "It is empty; say which stage begins.");
    }

    private static ImmutableArray<string>? ReadParents(JsonElement item) => item.Member("parents") is not { } parents ? null
        : [.. parents.Items("parents", Limits.Links).Select(static p => Reference(p.Element, p.Field))];

    private static ImmutableArray<RunLink>? ReadLinks(JsonElement item) => item.Member("links") is not { } links ? null
        : [.. links.Items("links", Limits.Links).Select(static l =>
        {
            if (l.Element.ValueKind != JsonValueKind.Object)
            {
                throw new UnreadableException(l.Field, "It must be an object {\"kind\": ..., \"run\": ...}.");
            }
            var kind = l.Element.Member("kind")?.Text($"{l.Field}.kind", Limits.Word) ?? LinkKinds.References;
            return new RunLink(
                LinkKinds.IsKnown(kind) ? kind : throw new UnreadableException($"{l.Field}.kind", $"'{kind}' is not known; say one of {LinkKinds.All}."),
                Reference(l.Element.Member("run") ?? throw new UnreadableException($"{l.Field}.run", "It is missing."), $"{l.Field}.run"));
        })];

    private static string Reference(JsonElement element, string field) => element.Text(field, Limits.Reference) is { Length: > 0 } text ? text
        : throw new UnreadableException(field, "It is empty.");
}
