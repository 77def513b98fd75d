using System.Globalization;
using System.Security.Claims;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Server.Access;
using ValueStream.Server.Ingest;
using ValueStream.Server.Operations;
using ValueStream.Server.Sources.Otlp;
using ValueStream.Store.Log;
using ValueStream.Store.Queries;

namespace ValueStream.Server.Sources;

/// <summary><c>/api/v1/quarantine</c>: deliveries that were not understood, until they are.</summary>
internal static class QuarantineApi
{
    private const int MostListed = 200;

    /// <summary>Maps the routes.</summary>
    public static void MapQuarantine(this IEndpointRouteBuilder app)
    {
        var api = app.MapGroup(Routes.Quarantine).WithTags("Sources").RequireAuthorization(AccessControl.ReadEverything).ProducesProblem(400).ProducesProblem(404).ProducesProblem(503);
        api.MapGet("/", ListAsync).WithName("ListQuarantine").WithSummary("Deliveries that were not understood, newest first");
        api.MapGet("/{id}", ShowAsync).WithName("GetQuarantined").WithSummary("One of them, with its body");
        api.MapPost("/{id}/replay", ReplayAsync).RequireAuthorization(AccessControl.Operate).WithName("ReplayQuarantined").ProducesProblem(422)
            .WithSummary("Try to understand one again; where it succeeds its events are in the log, as of the time when it came, and it is no longer kept");
        api.MapDelete("/{id}", DropAsync).WithName("DropQuarantined").ProducesProblem(403).WithSummary("Throw one away");
    }

    private static async Task<Ok<QuarantineList>> ListAsync(Quarantine quarantine, string? source, int? limit, string? cursor, CancellationToken cancellationToken)
    {
        var most = limit switch { null => 50, >= 1 and <= MostListed => limit.Value, _ => throw new BadArgumentException("limit", $"It must be 1 to {MostListed}.") };
        var found = await quarantine.ListAsync(source, cursor is null ? null : Before(cursor), most + 1, cancellationToken);
        return TypedResults.Ok(new QuarantineList(
            [.. found.Take(most).Select(static q => new QuarantineItem { Id = q.Id.ToString(), ReceivedAt = q.ReceivedAt, Source = q.Source, Reason = q.Reason, Bytes = q.Length })],
            found.Count > most ? $"{found[most - 1].ReceivedAt:O} {found[most - 1].Id}" : null));
    }

    private static async Task<Results<Ok<QuarantineEntry>, ProblemHttpResult>> ShowAsync(string id, Quarantine quarantine, CancellationToken cancellationToken) =>
        await FindAsync(quarantine, id, cancellationToken) is not { } found ? None(id) : TypedResults.Ok(new QuarantineEntry
        {
            Id = found.Id.ToString(),
            ReceivedAt = found.ReceivedAt,
            Source = found.Source,
            Reason = found.Reason,
            Headers = found.Headers,
            Body = Encoding.UTF8.GetString(found.Body.Span),
        });

    private static async Task<Results<Ok<ReplayAnswer>, ProblemHttpResult>> ReplayAsync(
        string id, HttpRequest request, Quarantine quarantine, Ingestor ingestor, CancellationToken cancellationToken)
    {
        try
        {
            return Guid.TryParse(id, out var guid) && await TryAgainAsync(guid, request.HttpContext.User.Submitter(), quarantine, ingestor, cancellationToken) is { } answer
                ? TypedResults.Ok(answer) : None(id);
        }
        catch (NotUnderstoodException e)
        {
            return Problems.Invalid("", e.Message, StatusCodes.Status422UnprocessableEntity);
        }
    }

    /// <summary>Tries to understand a delivery again; what it came to, or null where it is not there.</summary>
    /// <exception cref="NotUnderstoodException">It still is not understood, and kept.</exception>
    public static async Task<ReplayAnswer?> TryAgainAsync(Guid id, string submitter, Quarantine quarantine, Ingestor ingestor, CancellationToken cancellationToken)
    {
        var found = await quarantine.FindAsync(id, cancellationToken);
        if (found?.Source == SourceNames.Otlp)
        {
            var spans = await OtlpIntake.TakeAsync(found.Body, found.Headers.GetValueOrDefault("Content-Type"), new Sending(submitter, found.ReceivedAt, null), ingestor);
            await quarantine.RemoveAsync(found.Id, cancellationToken);
            return new ReplayAnswer { Events = spans.Events, Duplicates = spans.Duplicates, Ignored = spans.Message };
        }
        if (found is null || AllSources.All.FirstOrDefault(s => s.Name == found.Source) is not { } source)
        {
            return null;
        }
        var (told, results) = await Mapping.TakeAsync(source, new Webhook(found.Headers, found.Body, default), submitter, found.ReceivedAt, ingestor);
        await quarantine.RemoveAsync(found.Id, cancellationToken);
        return new ReplayAnswer
        {
            Events = results.Count(static r => r is AppendResult.Accepted),
            Duplicates = results.Count(static r => r is AppendResult.Duplicate),
            Ignored = told.Ignored,
        };
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DropAsync(string id, ClaimsPrincipal user, Quarantine quarantine, CancellationToken cancellationToken) =>
        // Replaying does no more than the tool could do by itself; this destroys what it sent.
        user.Refusal("Throwing deliveries away", everywhere: true) is { } refusal ? refusal
        : Guid.TryParse(id, out var guid) && await quarantine.RemoveAsync(guid, cancellationToken) ? TypedResults.NoContent()
        : None(id);

    private static async Task<QuarantinedRequest?> FindAsync(Quarantine quarantine, string id, CancellationToken cancellationToken) =>
        Guid.TryParse(id, out var guid) ? await quarantine.FindAsync(guid, cancellationToken) : null;

    private static (DateTimeOffset, Guid) Before(string cursor) =>
        cursor.Split(' ') is [var time, var id]
        && DateTimeOffset.TryParseExact(time, "O", CultureInfo.InvariantCulture, DateTimeStyles.None, out var receivedAt) && Guid.TryParse(id, out var guid)
            ? (receivedAt, guid) : throw new BadCursorException();

    private static ProblemHttpResult None(string id) => Problems.NotFound($"There is no delivery '{id}' in quarantine. {Routes.Quarantine} lists those that are.");
}
