using System.Text.Json;
using Microsoft.AspNetCore.Mvc;
using ValueStream.Core.Wire;

namespace ValueStream.Web.Pages.Audit;

/// <summary>Events as the API gives them, one a line.</summary>
internal sealed class NdjsonResult(IReadOnlyList<EventView> events) : IActionResult
{
    public async Task ExecuteResultAsync(ActionContext context)
    {
        var response = context.HttpContext.Response;
        response.ContentType = Routes.Ndjson;
        response.Headers.ContentDisposition = "attachment; filename=audit.ndjson";
        foreach (var e in events)
        {
            await JsonSerializer.SerializeAsync(response.Body, e, WireJson.Default.EventView, context.HttpContext.RequestAborted);
            await response.Body.WriteAsync("\n"u8.ToArray(), context.HttpContext.RequestAborted);
        }
    }
}
