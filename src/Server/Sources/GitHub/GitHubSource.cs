using ValueStream.Core.Events;

namespace ValueStream.Server.Sources.GitHub;

/// <summary>GitHub: issues, pull requests and their reviews, pushes, workflow runs and jobs, other tools' checks, deployments, releases.</summary>
internal sealed class GitHubSource : ISource
{
    /// <inheritdoc/>
    public string Name => SourceNames.GitHub;

    /// <summary>The older <c>X-Hub-Signature</c>, made with SHA-1, is sent along and proves nothing.</summary>
    public SignatureCheck Verify(Webhook webhook, IReadOnlyList<string> secrets, DateTimeOffset now) =>
        Signatures.Hub(webhook.Header("X-Hub-Signature-256"), webhook.Body.Span, secrets);

    /// <inheritdoc/>
    public string? DeliveryId(Webhook webhook) => webhook.Header("X-GitHub-Delivery");

    /// <inheritdoc/>
    public Told Read(Webhook webhook)
    {
        var delivery = new Delivery(webhook.Payload);
        return webhook.Header(Event) switch
        {
            null => throw new NotUnderstoodException($"The header {Event}, which says what the delivery is about, is missing."),
            "issues" => Issues.Read(delivery),
            "pull_request" => PullRequests.Read(delivery),
            "pull_request_review" => Reviews.Read(delivery),
            "push" => Pushes.Read(delivery),
            "workflow_run" => WorkflowRuns.Read(delivery),
            "workflow_job" => WorkflowJobs.Read(delivery),
            "check_run" => Checks.ReadRun(delivery),
            "check_suite" => Checks.ReadSuite(delivery),
            "deployment" => Deployments.Read(delivery),
            "deployment_status" => Deployments.ReadStatus(delivery),
            "release" => Releases.Read(delivery),
            "ping" => Told.Nothing("The webhook is set up."),
            var other => Told.Nothing($"Events of the kind {Payload.Cut(other, 100)} are not recorded."),
        };
    }

    /// <inheritdoc/>
    public IEnumerable<Webhook> Unroll(Payload saved) => SavedPages.Unroll(saved);

    /// <summary>The header that says what a delivery is about.</summary>
    internal const string Event = "X-GitHub-Event";
}
