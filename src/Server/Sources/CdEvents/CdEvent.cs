using System.Globalization;
using System.Net.Mime;
using CloudNative.CloudEvents.SystemTextJson;
using System.Text.Json;
using ValueStream.Core.Events;

namespace ValueStream.Server.Sources.CdEvents;

/// <summary>One event of the vocabulary, whichever way CloudEvents' HTTP binding brought it: the whole of it stands in the CloudEvent's data.</summary>
internal sealed class CdEvent
{
    private const string Structured = "application/cloudevents+json";
    private const string Types = "dev.cdevents.";
    private const string CustomTypes = "dev.cdeventsx.";

    private static readonly JsonEventFormatter Formatter = new();

    private readonly Payload _event;

    private CdEvent(Payload cdEvent, Func<string, string?> attribute)
    {
        _event = cdEvent;
        var context = cdEvent["context"];
        Id = context["id"].Text ?? attribute("id") ?? throw new NotUnderstoodException("The event's context has no id.");
        Source = context["source"].Text ?? attribute("source") ?? throw new NotUnderstoodException("The event's context has no source.");
        At = context["timestamp"].Time ?? TimeOf(attribute("time"));
        var type = (context["type"].Text ?? attribute("type") ?? throw new NotUnderstoodException("The event's context has no type.")).ToLowerInvariant();
        IsCustom = type.StartsWith(CustomTypes, StringComparison.Ordinal);
        if (!IsCustom && !type.StartsWith(Types, StringComparison.Ordinal) || type[(IsCustom ? CustomTypes : Types).Length..].Split('.') is not [{ Length: > 0 } subject, { Length: > 0 } predicate, ..])
        {
            throw new NotUnderstoodException($"'{Payload.Cut(type, 100)}' is no type of CDEvents (dev.cdevents.<subject>.<predicate>.<version>).");
        }
        (Subject, Predicate) = (subject, predicate);
        SubjectId = Subjects["id"].Text ?? attribute("subject") ?? throw new NotUnderstoodException("The event's subject has no id.");
    }

    /// <summary>Reads one.</summary>
    /// <exception cref="NotUnderstoodException">It is none.</exception>
    public static CdEvent Of(Webhook webhook)
    {
        var payload = webhook.Payload;
        if (!IsStructured(webhook))
        {
            // The attributes are a copy of what stands in the data, which may be all that was kept.
            return new CdEvent(payload, name => webhook.Header("ce-" + name) is { } value ? Uri.UnescapeDataString(value) : null);
        }
        try
        {
            var cloudEvent = Formatter.DecodeStructuredModeMessage(webhook.Body, new ContentType(Structured), null);
            return new CdEvent(DataOf(cloudEvent.Data), name => cloudEvent[name] is { } value ? cloudEvent.GetAttribute(name)!.Format(value) : null);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or JsonException)
        {
            throw new NotUnderstoodException("It is no CloudEvent that can be read: specversion, id, source and type are needed, and attributes have names of small letters and digits.");
        }
    }

    /// <summary>What its sender calls it, the same when it is sent again.</summary>
    public string Id { get; }

    /// <summary>Who sent it: an address, or part of one.</summary>
    public string Source { get; }

    /// <summary>When it happened.</summary>
    public DateTimeOffset? At { get; }

    /// <summary>What it is about, of <c>pipelinerun</c> and the like.</summary>
    public string Subject { get; }

    /// <summary>What happened to that.</summary>
    public string Predicate { get; }

    /// <summary>Whether it is a tool's own, outside the vocabulary.</summary>
    public bool IsCustom { get; }

    /// <summary>What its sender calls what it is about.</summary>
    public string SubjectId { get; }

    /// <summary>What is told of that.</summary>
    public Payload Content => Subjects["content"];

    /// <summary>What the sender told beside the vocabulary.</summary>
    public Payload Custom => _event["customData"];

    /// <summary>Its links to other events: PATH, RELATION, END.</summary>
    public IEnumerable<Payload> Links => _event["context"]["links"].Items;

    /// <summary>The W3C trace that its chain is, a chain's id being as long as a trace's; null where it is in none.</summary>
    public string? Trace => Guid.TryParse(_event["context"]["chainId"].Text, out var chain) && chain != Guid.Empty ? chain.ToString("n") : null;

    /// <summary>The run that it is about.</summary>
    /// <param name="type">The run's type.</param>
    public RunId Run(string type) => Run(type, SubjectId, Subjects["source"].Text);

    /// <summary>A run of the same source, or of the one that is named.</summary>
    public RunId Run(string type, string id, string? source) => new(SourceNames.CdEvents, type, NamespaceOf(source ?? Source), Naming.Id(id));

    private Payload Subjects => _event["subject"];

    /// <summary>A source's host and path with dots.</summary>
    private static string NamespaceOf(string source)
    {
        var path = Uri.TryCreate(source, UriKind.Absolute, out var address) && address.Host.Length > 0 ? address.Host + address.AbsolutePath : source;
        return path.Trim('/') is { Length: > 0 } named ? Naming.Namespace(named) : "default";
    }

    private static bool IsStructured(Webhook webhook) =>
        webhook.Header("Content-Type")?.StartsWith("application/cloudevents", StringComparison.OrdinalIgnoreCase) is true
        || (webhook.Payload["specversion"].Exists && !webhook.Payload["context"].Exists);

    private static Payload DataOf(object? data) => data switch
    {
        JsonElement element when element.ValueKind == JsonValueKind.String => Payload.Parse(System.Text.Encoding.UTF8.GetBytes(element.GetString()!)),
        JsonElement element => new Payload(element),
        byte[] bytes => Payload.Parse(bytes),
        string text => Payload.Parse(System.Text.Encoding.UTF8.GetBytes(text)),
        _ => default,
    };

    private static DateTimeOffset? TimeOf(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) && time.Year is >= 1970 and <= 2200 ? time.ToUniversalTime() : null;
}
