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

    /// <summary>The body of the events' intake. It is read by hand, whatever content type it was sent with, so that every error can say what is wrong.</summary>
    public static async Task TakesEvents(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken) =>
        operation.RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Content = new Dictionary<string, OpenApiMediaType>
            {
                ["application/json"] = new() { Schema = await context.GetOrCreateSchemaAsync(typeof(EventRequest), cancellationToken: cancellationToken) },
            },
        };
}
