using Microsoft.AspNetCore.Antiforgery;
using ValueStream.Server.Operations;

namespace ValueStream.Server.Api;

/// <summary>What the forms of pages have in common.</summary>
internal static class PageForms
{
    /// <summary>A group of their targets. What is no form, or has not the token of its page, is answered before anything is done.</summary>
    public static RouteGroupBuilder MapPageForms(this IEndpointRouteBuilder app) => app.MapGroup("").ExcludeFromDescription().AddEndpointFilter(static async (context, next) =>
        !await context.HttpContext.RequestServices.GetRequiredService<IAntiforgery>().IsRequestValidAsync(context.HttpContext)
            ? Problems.Invalid("", "The form is out of date, or cookies are refused. Open its page again.")
        : !context.HttpContext.Request.HasFormContentType
            ? Problems.Invalid("Content-Type", "This address takes the form of a page. Scripts use the API, which /openapi/v1.json describes.", StatusCodes.Status415UnsupportedMediaType)
        : await next(context));
}
