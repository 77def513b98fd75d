using ValueStream.Core.Events;

namespace ValueStream.Server.Sources.CdEvents;

/// <summary>CDEvents, the common vocabulary of tools for continuous delivery, as CloudEvents over HTTP.</summary>
internal sealed class CdEventsSource : ISource
{
    /// <inheritdoc/>
    public string Name => SourceNames.CdEvents;

    /// <summary>CloudEvents have no signature of their own; senders that sign do it as Standard Webhooks has it.</summary>
    public SignatureCheck Verify(Webhook webhook, IReadOnlyList<string> secrets, DateTimeOffset now) => Signatures.Standard(webhook, secrets, now);

    /// <summary>An event is known by its source and its id, whichever way it comes.</summary>
    public string? DeliveryId(Webhook webhook)
    {
        var cdEvent = CdEvent.Of(webhook);
        return $"{cdEvent.Source} {cdEvent.Id}";
    }

    /// <inheritdoc/>
    public Told Read(Webhook webhook) => Vocabulary.Read(CdEvent.Of(webhook));

    /// <summary>The events of a batch, each as if it had come alone: one that is not understood costs the others nothing.</summary>
    public IEnumerable<Webhook> Split(Webhook webhook) => webhook.Body.Span.TrimStart(" \t\r\n"u8) is [(byte)'[', ..] ? Unroll(Payload.Parse(webhook.Body)) : [webhook];

    /// <inheritdoc/>
    public IEnumerable<Webhook> Unroll(Payload saved) => saved.IsArray ? saved.Items.Select(static i => Webhook.Of(i))
        : saved.IsObject ? [Webhook.Of(saved)] : throw new NotUnderstoodException("It is neither an event nor a list of events.");
}
