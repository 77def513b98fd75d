using ValueStream.Core.Events;

namespace ValueStream.Server.Sources.Jira;

/// <summary>Jira, in the cloud and on one's own server: issues with the columns that they pass through, sprints, epics.</summary>
internal sealed class JiraSource : ISource
{
    /// <inheritdoc/>
    public string Name => SourceNames.Jira;

    /// <inheritdoc/>
    public SignatureCheck Verify(Webhook webhook, IReadOnlyList<string> secrets, DateTimeOffset now) =>
        Signatures.Hub(webhook.Header("X-Hub-Signature"), webhook.Body.Span, secrets);

    /// <inheritdoc/>
    public string? DeliveryId(Webhook webhook) => webhook.Header("X-Atlassian-Webhook-Identifier");

    /// <inheritdoc/>
    public Told Read(Webhook webhook)
    {
        var payload = webhook.Payload;
        return payload["webhookEvent"].Text switch
        {
            "jira:issue_created" or "jira:issue_updated" or "jira:issue_deleted" => Issues.Read(new Delivery(payload)),
            // What a workflow's step and an automation rule send names no event; the latter may be the bare issue.
            null when payload["issue"].IsObject || payload["fields"].IsObject => Issues.Read(new Delivery(payload)),
            null => throw new NotUnderstoodException("The body names no webhookEvent and holds no issue."),
            "comment_created" or "comment_updated" => Comments.Read(payload),
            "sprint_created" or "sprint_updated" or "sprint_started" or "sprint_closed" or "sprint_deleted" => Sprints.Read(payload),
            "issuelink_created" or "issuelink_deleted" => Told.Nothing("A link's own webhook names its issues by numbers of the database only; the issues' webhooks tell of it."),
            var other => Told.Nothing($"Nothing is recorded of {Naming.Name(other)}."),
        };
    }

    /// <inheritdoc/>
    public IEnumerable<Webhook> Unroll(Payload saved) => Saved.Unroll(saved);
}
