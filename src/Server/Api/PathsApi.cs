using System.ComponentModel;
using System.Security.Claims;
using Microsoft.AspNetCore.Http.HttpResults;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Server.Operations;
using ValueStream.Store.Queries;
using ValueStream.Web;

namespace ValueStream.Server.Api;

/// <summary>Where the time of an operation's runs goes, and what its failures were worth.</summary>
internal static class PathsApi
{
    /// <summary>Maps the routes.</summary>
    public static void MapPaths(this IEndpointRouteBuilder app)
    {
        var api = app.MapGroup("/api/v1/operations/{key}").WithTags("Operations");
        api.MapGet("/path", Path).WithName("GetPath")
            .WithSummary("Where the time goes from start to end of its newest 200 runs: steps and waits of the critical paths, types, stages").ProducesProblem(400).ProducesProblem(404);
        api.MapGet("/retries", Retried).WithName("GetRetries")
            .WithSummary("Flaky or broken: what runs of the same revision came to, first and final error rates, and time lost to retries").ProducesProblem(400).ProducesProblem(404);
    }

    private static async Task<Results<Ok<PathSharesView>, ProblemHttpResult>> Path(
        string key, ClaimsPrincipal user, PathQueries paths, CancellationToken cancellationToken,
        [Description(FromText)] DateTimeOffset? from = null, [Description(ToText)] DateTimeOffset? to = null) =>
        ShortKey.TryParse(key, out var operation) && await paths.OfAsync(operation, from, to, Viewer.MaySee(user), cancellationToken) is { } view
            ? TypedResults.Ok(view) : Unknown(key);

    private static async Task<Results<Ok<RetriesView>, ProblemHttpResult>> Retried(
        string key, ClaimsPrincipal user, RetryQueries retries, CancellationToken cancellationToken,
        [Description(FromText)] DateTimeOffset? from = null, [Description(ToText)] DateTimeOffset? to = null) =>
        ShortKey.TryParse(key, out var operation) && await retries.OfAsync(operation, from, to, Viewer.MaySee(user), cancellationToken) is { } view
            ? TypedResults.Ok(view) : Unknown(key);

    private const string FromText = "The window's begin, snapped to the hour before; 30 days before its end where absent";

    private const string ToText = "The window's end, snapped to the hour after; now where absent";

    private static ProblemHttpResult Unknown(string key) => Problems.NotFound($"There is no operation with key '{key}'. /api/v1/operations lists them; a run names its own.");
}
