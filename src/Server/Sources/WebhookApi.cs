using System.Collections.Frozen;
using Microsoft.AspNetCore.Http.HttpResults;
using ValueStream.Core.Wire;
using ValueStream.Server.Access;
using ValueStream.Server.Ingest;
using ValueStream.Store.Log;

namespace ValueStream.Server.Sources;

/// <summary><c>POST /github</c>, <c>/gitlab</c>, <c>/jenkins</c>, <c>/jira</c>, <c>/cdevents</c>: the webhooks of tools.</summary>
internal static partial class WebhookApi
{
    /// <summary>Maps the routes.</summary>
    public static void MapWebhooks(this IEndpointRouteBuilder app)
    {
        foreach (var name in SourceSettings.Names.Where(app.ServiceProvider.GetRequiredService<Gate>().IsOpen))
        {
            LogOpen(app.ServiceProvider.GetRequiredService<ILogger<WebhookIntake>>(), name);
        }
        foreach (var source in AllSources.All)
        {
            app.MapPost($"/{source.Name}", (HttpRequest request, WebhookIntake intake, CancellationToken cancellationToken) => intake.TakeAsync(source, request, null, cancellationToken)).WithName($"Take-{source.Name}").WithSummary($"Take a webhook of {source.Name}").Describe();
            app.MapPost($"/{source.Name}/{{key}}", (HttpRequest request, string key, WebhookIntake intake, CancellationToken cancellationToken) => intake.TakeAsync(source, request, key, cancellationToken)).WithName($"Take-{source.Name}-by-key").WithSummary($"Take a webhook of {source.Name}, whose sender cannot sign").Describe();
        }
        app.MapGet(Routes.Sources, static (Deliveries deliveries, Gate gate) => TypedResults.Ok(deliveries.View(gate))).RequireAuthorization(AccessControl.ReadEverything).WithName("ListSources").WithTags("Sources")
            .WithSummary("The sources that take webhooks: what lets a delivery in, and what became of those that came").Produces<SourceList>();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Source} takes webhooks of anybody who reaches this server: AllowUnsigned is set")]
    private static partial void LogOpen(ILogger logger, string source);

    private static void Describe(this RouteHandlerBuilder route) => route.AllowAnonymous().WithTags("Sources")
        .WithDescription("Answers after its events are durable: 200 'success'; 200 'ignored: ...' for what is not recorded; 202 for what cannot be understood, which is kept and can be replayed.")
        .Produces<string>(200, "text/plain").Produces<string>(202, "text/plain").ProducesProblem(400).ProducesProblem(401).ProducesProblem(413).ProducesProblem(415).ProducesProblem(503);
}

/// <summary>Takes the webhooks of every tool.</summary>
internal sealed partial class WebhookIntake(
    Gate gate, Ingestor ingestor, Quarantine quarantine, Deliveries deliveries, TimeProvider time, ILogger<WebhookIntake> logger)
{
    /// <summary>Headers that are kept of a webhook that is not understood. None of them holds a secret.</summary>
    private static readonly FrozenSet<string> Kept = FrozenSet.Create(StringComparer.OrdinalIgnoreCase,
        "Content-Type", "User-Agent", "X-GitHub-Event", "X-GitHub-Delivery", "X-GitHub-Hook-Installation-Target-Type", "X-Gitlab-Event", "X-Gitlab-Event-UUID", "X-Gitlab-Instance",
        "Idempotency-Key", "webhook-id", "webhook-timestamp", "X-Atlassian-Webhook-Identifier", "X-Atlassian-Webhook-Retry", "X-Atlassian-Webhook-Flow",
        "ce-id", "ce-source", "ce-type", "ce-subject", "ce-time");

    /// <summary>Takes one.</summary>
    public async Task<IResult> TakeAsync(ISource source, HttpRequest request, string? key, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var (webhook, submitter, refusal) = await gate.AdmitAsync(source.Name, request, key, (w, secrets) => source.Verify(w, secrets, now), cancellationToken);
        if (refusal is not null)
        {
            deliveries.Count(source.Name, DeliveryResult.Refused, refusal.ProblemDetails.Detail);
            LogRefused(source.Name, refusal.ProblemDetails.Detail);
            return refusal;
        }
        List<Webhook> parts;
        try
        {
            parts = [.. source.Split(webhook)];
        }
        catch (NotUnderstoodException e)
        {
            return Answer([await KeepAsync(source, webhook, e.Message, cancellationToken)]);
        }
        var taken = new List<(DeliveryResult, string)>();
        foreach (var part in parts)
        {
            taken.Add(await TakePartAsync(source, part, submitter!, now, cancellationToken));
        }
        return Answer(taken);
    }

    private async Task<(DeliveryResult, string)> TakePartAsync(ISource source, Webhook webhook, string submitter, DateTimeOffset now, CancellationToken cancellationToken)
    {
        try
        {
            var (told, _) = await Mapping.TakeAsync(source, webhook, submitter, now, ingestor);
            var result = told.Ignored is null ? DeliveryResult.Accepted : DeliveryResult.Ignored;
            deliveries.Count(source.Name, result, told.Ignored);
            return (result, told.Ignored is { } ignored ? $"ignored: {ignored}" : "success");
        }
        catch (NotUnderstoodException e)
        {
            return await KeepAsync(source, webhook, e.Message, cancellationToken);
        }
    }

    private async Task<(DeliveryResult, string)> KeepAsync(ISource source, Webhook webhook, string why, CancellationToken cancellationToken)
    {
        var id = await quarantine.AddAsync(source.Name, why, webhook.Headers.Where(static h => Kept.Contains(h.Key)).ToDictionary(), webhook.Body, cancellationToken);
        deliveries.Count(source.Name, DeliveryResult.Quarantined, why);
        LogQuarantined(source.Name, id, why);
        return (DeliveryResult.Quarantined, $"kept in quarantine as {id}: {why}");
    }

    /// <summary>The answer to a delivery; of several, it tells each thing once, and whether something is kept.</summary>
    private static ContentHttpResult Answer(List<(DeliveryResult Result, string Text)> taken) => TypedResults.Text(
        taken.Count == 0 ? "ignored: It is an empty list." : string.Join('\n', taken.Select(static t => t.Text).Distinct()),
        statusCode: taken.Any(static t => t.Result == DeliveryResult.Quarantined) ? StatusCodes.Status202Accepted : StatusCodes.Status200OK);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A webhook of {Source} was refused: {Why}")]
    private partial void LogRefused(string source, string? why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A webhook of {Source} is in quarantine as {Id}: {Why}")]
    private partial void LogQuarantined(string source, Guid id, string why);
}
