using System.Security.Cryptography;
using ValueStream.Core.Events;

namespace ValueStream.Server.Sources.GitLab;

/// <summary>GitLab's webhooks: issues, merge requests, pipelines, jobs, deployments, releases, pushes.</summary>
internal sealed class GitLabSource : ISource
{
    /// <inheritdoc/>
    public string Name => SourceNames.GitLab;

    /// <inheritdoc/>
    /// <remarks>A signature that is there has to be right: the token beside it proves nothing then.</remarks>
    public SignatureCheck Verify(Webhook webhook, IReadOnlyList<string> secrets, DateTimeOffset now) =>
        Signatures.Standard(webhook, secrets, now) is not SignatureCheck.Missing and var signed ? signed : Signatures.Equal(webhook.Header("X-Gitlab-Token"), secrets);

    /// <inheritdoc/>
    /// <remarks>
    /// <c>Idempotency-Key</c> (17.4 and later) and <c>webhook-id</c> name a delivery. <c>X-Gitlab-Event-UUID</c> names the request that caused it: a hook that fires twice in
    /// one request, as for an approval that completes the approvals, has it twice, and so has one that another webhook caused. Only with the body it names a delivery.
    /// </remarks>
    public string? DeliveryId(Webhook webhook) => webhook.Header("Idempotency-Key") ?? webhook.Header("webhook-id")
        ?? (webhook.Header("X-Gitlab-Event-UUID") is { } cause ? $"{cause}-{Convert.ToHexStringLower(SHA256.HashData(webhook.Body.Span))}" : null);

    /// <inheritdoc/>
    public Told Read(Webhook webhook)
    {
        var hook = new Hook(webhook.Payload);
        var header = webhook.Header("X-Gitlab-Event");
        // System hooks carry events of all kinds.
        var kind = header is null or "System Hook" ? webhook.Payload["object_kind"].Text ?? webhook.Payload["event_name"].Text : header;
        return kind switch
        {
            "Issue Hook" or "Confidential Issue Hook" or "Work Item Hook" or "issue" or "work_item" => Issues.Read(hook),
            "Merge Request Hook" or "merge_request" => MergeRequests.Read(hook),
            "Pipeline Hook" or "pipeline" => Pipelines.Read(hook),
            "Job Hook" or "Build Hook" or "build" => Jobs.Read(hook),
            "Deployment Hook" or "deployment" => Deployments.Read(hook),
            "Release Hook" or "release" => Releases.Read(hook),
            "Push Hook" or "Tag Push Hook" or "push" or "tag_push" => Pushes.Read(hook),
            null => throw new NotUnderstoodException("Neither X-Gitlab-Event nor object_kind says what it tells of."),
            _ => Told.Nothing(header == kind ? $"Events of GitLab's kind {Payload.Cut(kind, 100)} are not recorded." : "Events of this kind (object_kind, event_name) are not recorded."),
        };
    }

    /// <inheritdoc/>
    public IEnumerable<Webhook> Unroll(Payload saved) => RestItems.Unroll(saved);
}
