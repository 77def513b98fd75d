using System.Text.Json;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Server.Access;
using ValueStream.Server.Ingest;
using ValueStream.Server.Operations;
using ValueStream.Store.Log;

namespace ValueStream.Server.Sources.CustomHttp;

/// <summary><c>POST /customhttp</c>: upstream's intake for scripts, body and answer unchanged.</summary>
internal static class CustomHttpApi
{
    /// <summary>Maps the route.</summary>
    public static void MapCustomHttp(this IEndpointRouteBuilder app) =>
        app.MapPost(Routes.CustomHttp, Take).WithName("TakeCustomHttp").WithTags("Sources")
            .WithSummary("Take upstream's custom event: {id, action, parentId, error, namespace, type, metadata}, keys in any case")
            .Produces<string>(200, "text/plain").ProducesProblem(400).ProducesProblem(413).ProducesProblem(415).ProducesProblem(503);

    private static async Task<IResult> Take(HttpRequest request, Ingestor ingestor, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            var bytes = await request.ReadBodyAsync(cancellationToken);
            using var body = JsonReading.Parse(bytes, lenient: true);
            var now = time.GetUtcNow();
            var sending = new Sending(request.HttpContext.User.Submitter(), now, null, new Delivery(bytes.Span, now));
            var results = await ingestor.TakeAsync([Read(body.RootElement, sending)]);
            return results is [AppendResult.Refused refused] ? Problems.Invalid("", refused.Problem) : TypedResults.Text("success");
        }
        catch (UnreadableException e)
        {
            return Problems.Invalid(e.Field, e.What);
        }
    }

    /// <summary>From body to event. An action that is neither start nor end was passed over by upstream; here it annotates.</summary>
    internal static NewEvent Read(JsonElement body, Sending sending)
    {
        if (body.ValueKind != JsonValueKind.Object)
        {
            throw new UnreadableException("", "The body must be a JSON object {id, action, type, ...}.");
        }
        var members = new Dictionary<string, JsonElement>(StringComparer.OrdinalIgnoreCase);
        foreach (var property in body.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.Null)
            {
                members[JsonReading.Name(property, "")] = property.Value;
            }
        }
        string? Text(string name, int longest) => members.TryGetValue(name, out var value) && value.Text(name, longest) is { Length: > 0 } text ? text : null;

        var run = new RunId(
            SourceNames.CustomHttp,
            Text("type", Limits.Word) ?? "deploy",
            Text("namespace", Limits.Word) ?? "default",
            Text("id", Limits.Id) ?? throw new UnreadableException("id", "It is missing; without it the end of a run cannot be told from another's."));
        var kind = Text("action", Limits.Word) switch { "start" => EventKind.Started, "end" => EventKind.Ended, _ => EventKind.Annotated };
        return EventReader.Make(kind, run, new EventData
        {
            Error = members.TryGetValue("error", out var error) && kind == EventKind.Ended ? error.Boolean("error") : null,
            Parents = Text("parentid", Limits.Reference) is { } parent ? [parent] : null,
            Tags = members.TryGetValue("metadata", out var metadata) ? metadata.Tags("metadata") : null,
        }, sending);
    }
}
