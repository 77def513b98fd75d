using System.Text.Json;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Server.Ingest;
using ValueStream.Server.Operations;
using ValueStream.Store.Log;

namespace ValueStream.Server.Sources.CustomHttp;

/// <summary><c>POST /customhttp</c>: upstream's intake for scripts, body and answer unchanged.</summary>
internal static class CustomHttpApi
{
    /// <summary>Maps the routes.</summary>
    public static void MapCustomHttp(this IEndpointRouteBuilder app)
    {
        Describe(app.MapPost(Routes.CustomHttp, static (HttpRequest request, Gate gate, Deliveries deliveries, Ingestor ingestor, TimeProvider time, CancellationToken cancellationToken) =>
            TakeAsync(request, null, gate, deliveries, ingestor, time, cancellationToken)), "TakeCustomHttp", "Take upstream's custom event: {id, action, parentId, error, namespace, type, metadata}, keys in any case");
        Describe(app.MapPost(Routes.CustomHttp + "/{key}", TakeAsync), "TakeCustomHttpByKey", "Take upstream's custom event of a sender that can neither sign nor send a token");
    }

    private static void Describe(RouteHandlerBuilder route, string name, string summary) => route.AllowAnonymous().WithName(name).WithTags("Sources").WithSummary(summary)
        .Produces<string>(200, "text/plain").ProducesProblem(400).ProducesProblem(401).ProducesProblem(413).ProducesProblem(415).ProducesProblem(503);

    private static async Task<IResult> TakeAsync(
        HttpRequest request, string? key, Gate gate, Deliveries deliveries, Ingestor ingestor, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            var now = time.GetUtcNow();
            var (webhook, submitter, refusal) = await gate.AdmitAsync(SourceNames.CustomHttp, request, key, (w, secrets) => Verify(w, secrets, now), cancellationToken);
            if (refusal is not null)
            {
                deliveries.Count(SourceNames.CustomHttp, DeliveryResult.Refused, refusal.ProblemDetails.Detail);
                return refusal;
            }
            using var body = JsonReading.Parse(webhook.Body, lenient: true);
            var sending = new Sending(submitter!, now, null, new Delivery(webhook.Body.Span, now));
            var results = await ingestor.TakeAsync([Read(body.RootElement, sending)]);
            if (results is [AppendResult.Refused refused])
            {
                throw new UnreadableException("", refused.Problem);
            }
            deliveries.Count(SourceNames.CustomHttp, DeliveryResult.Accepted);
            return TypedResults.Text("success");
        }
        catch (UnreadableException e)
        {
            deliveries.Count(SourceNames.CustomHttp, DeliveryResult.Refused, e.Message);
            return Problems.Invalid(e.Field, e.What);
        }
    }

    /// <summary>Standard Webhooks, or upstream's header with what it meant to have: the hexadecimal HMAC-SHA256 of the body.</summary>
    private static SignatureCheck Verify(Webhook webhook, IReadOnlyList<string> secrets, DateTimeOffset now) =>
        Signatures.Standard(webhook, secrets, now) is var standard and not SignatureCheck.Missing ? standard : Signatures.Hex(webhook.Header("X-VS-Signature"), webhook.Body.Span, secrets);

    /// <summary>From body to event. An action that is neither start nor end was passed over by upstream; here it annotates.</summary>
    internal static NewEvent Read(JsonElement body, Sending sending)
    {
        if (body.ValueKind != JsonValueKind.Object)
        {
            throw new UnreadableException("", "The body must be a JSON object {id, action, type, ...}.");
        }
        var members = new Dictionary<string, JsonElement>(StringComparer.OrdinalIgnoreCase);
        foreach (var property in body.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.Null)
            {
                members[JsonReading.Name(property, "")] = property.Value;
            }
        }
        string? Text(string name, int longest) => members.TryGetValue(name, out var value) && value.Text(name, longest) is { Length: > 0 } text ? text : null;

        var run = new RunId(
            SourceNames.CustomHttp,
            Text("type", Limits.Word) ?? "deploy",
            Text("namespace", Limits.Word) ?? "default",
            Text("id", Limits.Id) ?? throw new UnreadableException("id", "It is missing; without it the end of a run cannot be told from another's."));
        var kind = Text("action", Limits.Word) switch { "start" => EventKind.Started, "end" => EventKind.Ended, _ => EventKind.Annotated };
        return EventReader.Make(kind, run, new EventData
        {
            Error = members.TryGetValue("error", out var error) && kind == EventKind.Ended ? error.Boolean("error") : null,
            Parents = Text("parentid", Limits.Reference) is { } parent ? [parent] : null,
            Tags = members.TryGetValue("metadata", out var metadata) ? metadata.Tags("metadata") : null,
        }, sending);
    }
}
