using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Server.Access;
using ValueStream.Server.Ingest;
using ValueStream.Server.Operations;
using ValueStream.Store.Log;
using ValueStream.Store.Queries;
using ValueStream.Web;

namespace ValueStream.Server.Api;

/// <summary>What is done to the log as a whole: checking it, archiving it, and the one change that it allows.</summary>
internal static class LogApi
{
    /// <summary>Maps the routes.</summary>
    public static void MapLog(this IEndpointRouteBuilder app)
    {
        var api = app.MapGroup("").WithTags("Events");
        api.MapPost(Routes.VerifyLog, Verify).WithName("VerifyLog")
            .WithSummary("Check every digest, the chain and the head; one JSON object a line, the last is done and has the head that was checked")
            .Accepts<VerifyRequest>("application/json").Produces<VerifyProgress>(200, "application/x-ndjson").ProducesProblem(400);
        api.MapPost("/api/v1/log/archive", Archive).WithName("ArchiveLog")
            .WithSummary("Move the front of the log into compressed files; every answer stays the same").ProducesProblem(400).ProducesProblem(403).ProducesProblem(503);
        api.MapPost("/api/v1/events/{position:long}/redact", Redact).WithName("RedactEvent")
            .WithSummary("Erase an event's data; what survives and who did it stand in a redacted event").ProducesProblem(400).ProducesProblem(403).ProducesProblem(404);
    }

    private static IResult Verify(HttpContext context, ChainVerifier verifier, LastVerified last, VerifyRequest? request) =>
        request?.From is < 1 ? Problems.Invalid("from", "It must be 1 or more.")
        : TypedResults.Stream(async body =>
        {
            await foreach (var progress in verifier.VerifyAsync(request ?? new VerifyRequest(), context.RequestAborted))
            {
                await JsonSerializer.SerializeAsync(body, progress, WireJson.Default.VerifyProgress, context.RequestAborted);
                await body.WriteAsync("\n"u8.ToArray(), context.RequestAborted);
                await body.FlushAsync(context.RequestAborted);
                if (progress.Done && (progress.Fault is not null || request?.From is null or 1))
                {
                    last.Set(progress);
                }
            }
        }, "application/x-ndjson");

    private static async Task<Results<Ok<Archived>, ProblemHttpResult>> Archive(ArchiveRequest request, HttpContext context, Archiver archiver, TimeProvider time, CancellationToken cancellationToken)
    {
        if (context.User.Refusal("Archiving", everywhere: true) is { } refusal)
        {
            return refusal;
        }
        if (string.IsNullOrWhiteSpace(request.Reason) || request.Reason.Length > Limits.Reason)
        {
            return Problems.Invalid("reason", $"Say why, in up to {Limits.Reason} characters: it stays in the log.");
        }
        if (request.Actor?.Length > Limits.Id)
        {
            return Problems.Invalid("actor", $"It has {request.Actor.Length} characters; {Limits.Id} are the most.");
        }
        if (request is { UpTo: null, Before: null })
        {
            return Problems.Invalid("upTo", "Say how much: upTo, the last position that may go, or before, the time before which it was recorded, or both.");
        }
        if (request.UpTo < 1)
        {
            return Problems.Invalid("upTo", "It must be 1 or more.");
        }
        // Not what is written by this.
        var before = request.Before is { } given && given < time.GetUtcNow() ? given : time.GetUtcNow();
        return TypedResults.Ok(await archiver.ArchiveAsync(request.UpTo ?? long.MaxValue, before, context.User.Submitter(), request.Actor, request.Reason, cancellationToken));
    }

    private static async Task<Results<Ok<RedactAnswer>, ProblemHttpResult>> Redact(
        long position, RedactRequest request, HttpContext context, EventQueries events, Redactor redactor, CancellationToken cancellationToken)
    {
        if (context.User.Refusal("Erasing") is { } refusal)
        {
            return refusal;
        }
        if (string.IsNullOrWhiteSpace(request.Reason) || request.Reason.Length > Limits.Reason)
        {
            return Problems.Invalid("reason", $"Say why, in up to {Limits.Reason} characters: it stays in the log.");
        }
        try
        {
            return await events.FindAsync(position, Viewer.MaySee(context.User), cancellationToken) is not null
                && await redactor.RedactAsync(position, request.Members ?? [], context.User.Submitter(), context.User.Actor(request.Actor), request.Reason, cancellationToken) is { } redacted
                ? TypedResults.Ok(new RedactAnswer(redacted))
                : Problems.NotFound($"There is no event at position {position}, or its data was erased before.");
        }
        catch (ArgumentException e)
        {
            return Problems.Invalid("members", $"'{e.Message.Split(' ')[0]}' cannot be erased; say some of {EventData.Erasable}.");
        }
    }
}

/// <summary>How much of the log to archive: whole batches, as far as projections and tracers have read them.</summary>
/// <param name="UpTo">The last position that may go.</param>
/// <param name="Before">The time before which it was recorded.</param>
/// <param name="Actor">Who asks for it, as the audit is to say.</param>
/// <param name="Reason">Why; it stays in the log.</param>
internal sealed record ArchiveRequest(long? UpTo, DateTimeOffset? Before, string? Actor, string? Reason);
