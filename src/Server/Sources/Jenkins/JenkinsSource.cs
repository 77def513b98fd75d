using ValueStream.Core.Events;

namespace ValueStream.Server.Sources.Jenkins;

/// <summary>Jenkins, by the webhooks of two of its plugins: Statistics Gatherer, which upstream took, and Notification.</summary>
internal sealed class JenkinsSource : ISource
{
    /// <inheritdoc/>
    public string Name => SourceNames.Jenkins;

    /// <inheritdoc/>
    /// <remarks>Neither plugin signs anything. A proxy between may: by Standard Webhooks, else as GitHub does.</remarks>
    public SignatureCheck Verify(Webhook webhook, IReadOnlyList<string> secrets, DateTimeOffset now) => Signatures.Standard(webhook, secrets, now) is not SignatureCheck.Missing and var signed
        ? signed : Signatures.Hub(webhook.Header("X-Hub-Signature-256"), webhook.Body.Span, secrets);

    /// <inheritdoc/>
    /// <remarks>A delivery has no name, and no two phases of a build have the same body.</remarks>
    public string? DeliveryId(Webhook webhook) => null;

    /// <inheritdoc/>
    public Told Read(Webhook webhook) => webhook.Payload["build"].IsObject ? Notification.Read(webhook.Payload) : Statistics.Read(webhook.Payload);

    /// <inheritdoc/>
    public IEnumerable<Webhook> Unroll(Payload saved) => ApiItems.Unroll(saved);
}
