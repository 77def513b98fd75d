using System.Security.Claims;
using Microsoft.AspNetCore.Http.HttpResults;
using ValueStream.Server.Access;
using ValueStream.Server.Ingest;
using ValueStream.Server.Sources;
using ValueStream.Store.Log;
using ValueStream.Store.Projections;

namespace ValueStream.Server.Api;

/// <summary>What the forms of the System page do: the same as the API, answered with the page.</summary>
internal static class SystemForms
{
    /// <summary>Maps the forms' targets.</summary>
    public static void MapSystemForms(this IEndpointRouteBuilder app)
    {
        var forms = app.MapPageForms().MapGroup("/system").RequireAuthorization(AccessControl.Operate);
        forms.MapPost("/rebuild", async (Projector projector, CancellationToken cancellationToken) =>
            Said(await projector.BeginRebuildAsync(cancellationToken) ? "rebuild" : "rebuilding", "projections"));
        forms.MapPost("/quarantine/{id:guid}/replay", async (Guid id, HttpContext context, Quarantine quarantine, Ingestor ingestor, CancellationToken cancellationToken) =>
        {
            try
            {
                return Said(await QuarantineApi.TryAgainAsync(id, context.User.Submitter(), quarantine, ingestor, cancellationToken) is null ? "gone" : "replayed", "quarantine");
            }
            catch (NotUnderstoodException)
            {
                return Said("still", "quarantine");
            }
        });
        forms.MapPost("/quarantine/{id:guid}/drop", async (Guid id, ClaimsPrincipal user, Quarantine quarantine, CancellationToken cancellationToken) =>
            user.Refusal("Throwing deliveries away", everywhere: true) is { } refusal ? (IResult)refusal
            : Said(await quarantine.RemoveAsync(id, cancellationToken) ? "dropped" : "gone", "quarantine"));
    }

    private static RedirectHttpResult Said(string what, string anchor) => TypedResults.LocalRedirect($"/system?said={what}#{anchor}");
}
