using Microsoft.AspNetCore.Mvc;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Server.Ingest;
using ValueStream.Server.Operations;
using ValueStream.Store.Log;

namespace ValueStream.Server.Sources.Otlp;

/// <summary><c>POST /v1/traces</c>: spans of anything that speaks OpenTelemetry's protocol over HTTP.</summary>
internal static partial class OtlpApi
{
    /// <summary>Maps the route.</summary>
    public static void MapOtlp(this IEndpointRouteBuilder app) => app.MapPost(Routes.Traces, TakeAsync).AllowAnonymous().WithName("TakeSpans").WithTags("Sources")
        .WithSummary("Take spans (OTLP over HTTP, protobuf or JSON)")
        .WithDescription("Answers by OTLP's rules after the spans are durable: 200, with partialSuccess where spans were not taken; else a google.rpc.Status. The answer has the request's content type. "
            + "Bodies may be compressed with gzip or br; 16 MB unpacked are the most. The token, or a key of the source otlp, goes into 'Authorization: Bearer'.")
        .WithMetadata(new RequestSizeLimitAttribute(Limits.OtlpBytes))
        .Accepts<object>(OtlpFormat.Protobuf, OtlpFormat.Json)
        .Produces<object>(200, OtlpFormat.Protobuf, OtlpFormat.Json).Produces<object>(400, OtlpFormat.Protobuf, OtlpFormat.Json).Produces<object>(401, OtlpFormat.Protobuf, OtlpFormat.Json)
        .Produces<object>(413, OtlpFormat.Protobuf, OtlpFormat.Json).Produces<object>(415, OtlpFormat.Protobuf, OtlpFormat.Json).Produces<object>(503, OtlpFormat.Protobuf, OtlpFormat.Json);

    private static async Task<IResult> TakeAsync(
        HttpRequest request, Gate gate, Ingestor ingestor, Quarantine quarantine, Deliveries deliveries, TimeProvider time, ILogger<Ingestor> logger, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (OtlpFormat.Of(request.ContentType) is not { } format)
        {
            return Problems.Invalid("Content-Type", $"It must be {OtlpFormat.Protobuf} or {OtlpFormat.Json}.", StatusCodes.Status415UnsupportedMediaType);
        }
        // Exporters sign nothing, and can set headers.
        var (webhook, submitter, refusal) = await gate.AdmitAsync(SourceNames.Otlp, request, gate.BearerKey(SourceNames.Otlp, request), static (_, _) => SignatureCheck.Missing, cancellationToken);
        if (refusal is not null)
        {
            deliveries.Count(SourceNames.Otlp, DeliveryResult.Refused, refusal.ProblemDetails.Detail);
            LogRefused(logger, refusal.ProblemDetails.Detail);
            return refusal;
        }
        try
        {
            var taken = await OtlpIntake.TakeAsync(webhook.Body, request.ContentType, new Sending(submitter!, now, null), ingestor);
            deliveries.Count(SourceNames.Otlp, taken.Spans > 0 && taken.Rejected == taken.Spans ? DeliveryResult.Ignored : DeliveryResult.Accepted, taken.Message);
            if (taken.Message is { } message)
            {
                LogRejected(logger, message);
            }
            return OtlpFormat.Answer(format, taken);
        }
        catch (NotUnderstoodException e)
        {
            var headers = request.Headers.Where(static h => h.Key is "Content-Type" or "User-Agent").ToDictionary(static h => h.Key, static h => h.Value.ToString());
            var id = await quarantine.AddAsync(SourceNames.Otlp, e.Message, headers, webhook.Body, cancellationToken);
            deliveries.Count(SourceNames.Otlp, DeliveryResult.Quarantined, e.Message);
            LogQuarantined(logger, id, e.Message);
            // By the protocol's rules 400, so that its sender is told and does not try again; it is kept all the same.
            return Problems.Invalid("", $"{e.Message} It is kept in quarantine as {id}.");
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "An export of spans was refused: {Why}")]
    private static partial void LogRefused(ILogger logger, string? why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Why}")]
    private static partial void LogRejected(ILogger logger, string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "An export of spans is in quarantine as {Id}: {Why}")]
    private static partial void LogQuarantined(ILogger logger, Guid id, string why);
}
