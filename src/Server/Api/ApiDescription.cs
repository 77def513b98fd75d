using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using ValueStream.Core.Wire;

namespace ValueStream.Server.Api;

/// <summary>What <c>/openapi/v1.json</c> says beyond what the routes say of themselves.</summary>
internal static class ApiDescription
{
    /// <summary>Names the API; leaves the address out, so that the text is the same on every server.</summary>
    public static void Configure(OpenApiOptions options) => options.AddDocumentTransformer(static (document, _, _) =>
    {
        document.Info = new OpenApiInfo
        {
            Title = "ValueStream",
            Version = "v1",
            Description = "Who ran what, when, why, how often, how long it takes, how often it fails. Times are ISO 8601 UTC, durations seconds, errors RFC 9457 problems.",
        };
        document.Servers = [];
        return Task.CompletedTask;
    });

    /// <summary>Bodies and answers of the events' intake. The body is read by hand, so that every error can say what is wrong.</summary>
    public static async Task TakesEvents(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        async Task<OpenApiMediaType> A(params Type[] types)
        {
            var schemas = new List<IOpenApiSchema>();
            foreach (var type in types)
            {
                schemas.Add(await context.GetOrCreateSchemaAsync(type, cancellationToken: cancellationToken));
            }
            return new() { Schema = schemas is [var only] ? only : new OpenApiSchema { AnyOf = schemas } };
        }
        operation.RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Content = new Dictionary<string, OpenApiMediaType>
            {
                ["application/json"] = await A(typeof(EventRequest)),
                [Routes.Ndjson] = await A(typeof(EventRequest)),
            },
        };
        operation.Responses!["200"].Content![Routes.Ndjson] = await A(typeof(RejectedLine), typeof(StreamAnswer));
    }
}
