using ValueStream.Core.Wire;
using ValueStream.Server.Access;
using ValueStream.Store.Log;
using ValueStream.Store.Queries;

namespace ValueStream.Server.Operations;

/// <summary><c>/healthz</c>: alive. <c>/readyz</c>: able to take events.</summary>
internal static class Health
{
    private static readonly string[] Head = ["HEAD"];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Maps both routes.</summary>
    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        app.MapGet("/healthz", static () => TypedResults.Text("alive")).AllowAnonymous().WithName("Alive").WithTags("Health");
        app.MapGet("/readyz", Ready).RequireAuthorization(AccessControl.Anything).WithName("Ready").WithTags("Health")
            .WithSummary("Ready: the database answers, its schema is this version's, the queue has room")
            .Produces<ReadyView>().Produces<ReadyView>(503);
        // Load balancers ask by either method.
        app.MapMethods("/healthz", Head, static () => TypedResults.Ok()).AllowAnonymous().ExcludeFromDescription();
        app.MapMethods("/readyz", Head, Ready).RequireAuthorization(AccessControl.Anything).ExcludeFromDescription();
    }

    private static async Task<IResult> Ready(
        HealthQueries health, ProjectionQueries projections, GroupCommit log, Archiver archiver, CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        var warnings = new List<string>();
        try
        {
            var ((isCurrent, clock), standing) = await AskAsync().WaitAsync(Patience, cancellationToken);
            if (!isCurrent)
            {
                problems.Add("The database's schema is not this version's; run the server once with --migrate-only.");
            }
            if (clock.Duration() > TimeSpan.FromSeconds(5))
            {
                warnings.Add($"This node's clock is {clock.TotalSeconds:0.0} s from the database's.");
            }
            foreach (var projection in standing.Items)
            {
                if (projection.LagSeconds > 60)
                {
                    warnings.Add($"Projection {projection.Name} is {projection.LagEvents} events and {projection.LagSeconds:0} s behind.");
                }
                if (projection.SetAside.Count > 0)
                {
                    warnings.Add($"Projection {projection.Name} has set events aside, the last at position {projection.SetAside[0].Position}.");
                }
            }
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            problems.Add("The database does not answer.");
        }
        if (archiver.Problem is { } problem)
        {
            warnings.Add(problem);
        }
        if (log.Restored is { } restored)
        {
            problems.Add(restored);
        }
        if (!log.HasRoom)
        {
            problems.Add("The queue of events is full.");
        }
        return TypedResults.Json(new ReadyView(problems.Count == 0, problems, warnings), ServerJson.Default.ReadyView,
            statusCode: problems.Count == 0 ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);

        // A database that hangs is left alone with the question: whoever asks must have an answer while there is use for one.
        async Task<((bool, TimeSpan), ListView<ProjectionView>)> AskAsync() =>
            (await health.LookAsync(cancellationToken), await projections.ListAsync(Visible.Everything, cancellationToken));
    }
}

/// <summary>Whether the server can take events.</summary>
/// <param name="Ready">Whether it can.</param>
/// <param name="Problems">Why not.</param>
/// <param name="Warnings">What somebody should look at, though it can.</param>
internal sealed record ReadyView(bool Ready, IReadOnlyList<string> Problems, IReadOnlyList<string> Warnings);
