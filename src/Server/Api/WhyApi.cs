using System.ComponentModel;
using System.Security.Claims;
using Microsoft.AspNetCore.Http.HttpResults;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Server.Operations;
using ValueStream.Store.Queries;
using ValueStream.Web;

namespace ValueStream.Server.Api;

/// <summary>Why: what failed and slow runs share, and what changed.</summary>
internal static class WhyApi
{
    /// <summary>Maps the routes.</summary>
    public static void MapWhy(this IEndpointRouteBuilder app)
    {
        app.MapGet("/api/v1/operations/changes", Changes).WithName("ListChanges").WithTags("Operations")
            .WithSummary("The operations whose newest 20 runs differ from the 100 before, and what changed with them");
        app.MapGet("/api/v1/operations/{key}/correlations", OfOperation).WithName("GetCorrelations").WithTags("Operations")
            .WithSummary("What an operation's failed or slow runs share more than the others, the strongest first").ProducesProblem(400).ProducesProblem(404);
        app.MapGet(Routes.Correlations, OfRuns).WithName("GetRunCorrelations").WithTags("Runs")
            .WithSummary("What the failed or slow runs of a search share more than the others, or what all of them share that others of their operations do not").ProducesProblem(400);
    }

    private static async Task<Ok<OperationChangesView>> Changes(ClaimsPrincipal user, TimeProvider time, OperationQueries operations, ChangeQueries changes, CancellationToken cancellationToken)
    {
        var visible = Viewer.MaySee(user);
        // The window that the Now page asks for, so that both have what is kept of it.
        var busiest = await operations.ListAsync(new OperationFilter { From = time.GetUtcNow().AddDays(-6), Details = false }, visible, cancellationToken);
        return TypedResults.Ok(await changes.ListAsync(busiest.Items.Select(static o => o.Key), visible, cancellationToken));
    }

    private static async Task<Results<Ok<CorrelationsView>, ProblemHttpResult>> OfOperation(
        string key, ClaimsPrincipal user, CorrelationQueries correlations, CancellationToken cancellationToken,
        [Description("failed or slow")] string? of = null,
        [Description("The window's begin, snapped to the hour before; 30 days before its end where absent")] DateTimeOffset? from = null,
        [Description("The window's end, snapped to the hour after; now where absent")] DateTimeOffset? to = null) =>
        CorrelationGroups.Parse(of) is not { } group || group == CorrelationGroup.These ? Problems.Invalid("of", $"{Said(of)}say failed or slow.")
        : ShortKey.TryParse(key, out var operation) && await correlations.OfAsync(operation, group, from, to, Viewer.MaySee(user), cancellationToken) is { } view ? TypedResults.Ok(view)
        : Problems.NotFound($"There is no operation with key '{key}'. /api/v1/operations lists them; a run names its own.");

    private static async Task<Results<Ok<CorrelationsView>, ProblemHttpResult>> OfRuns(
        [AsParameters] RunSearch search, ClaimsPrincipal user, CorrelationQueries correlations, CancellationToken cancellationToken, [Description("failed, slow or these")] string? of = null) =>
        search.Problem() is { } problem ? problem
        : CorrelationGroups.Parse(of) is not { } group ? Problems.Invalid("of", $"{Said(of)}say failed, slow or these.")
        : TypedResults.Ok(await correlations.OfAsync(search.ToFilter(), group, Viewer.MaySee(user), cancellationToken));

    private static string Said(string? of) => of is null ? "It is not there; " : $"'{of}' is not known; ";
}
