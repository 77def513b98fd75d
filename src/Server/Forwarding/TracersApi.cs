using System.Globalization;
using System.Security.Claims;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Server.Access;
using ValueStream.Server.Api;
using ValueStream.Server.Ingest;
using ValueStream.Server.Operations;
using ValueStream.Store.Forwarding;
using ValueStream.Store.Log;
using ValueStream.Store.Queries;
using ValueStream.Web;

namespace ValueStream.Server.Forwarding;

/// <summary><c>/api/v1/tracers</c>: where the forwarding stands, and having something sent again.</summary>
internal static class TracersApi
{
    /// <summary>The type under which the acts of administrators on tracers stand in the log.</summary>
    public const string Type = "tracer";

    /// <summary>Maps the routes.</summary>
    public static void MapTracers(this IEndpointRouteBuilder app)
    {
        var api = app.MapGroup(Routes.Tracers).WithTags("Tracers").ProducesProblem(503);
        api.MapGet("/", List).RequireAuthorization(AccessControl.ReadEverything).WithName("ListTracers").WithSummary("The tracers that finished runs are forwarded to, with lag and last error");
        api.MapGet("/{name}/set-aside", SetAside).WithName("ListSpansSetAside").WithSummary("Spans that a tracer refused by themselves, newest first, at most 1,000").ProducesProblem(404);
        api.MapPost("/{name}/resend", Resend).WithName("ResendToTracer").WithSummary("Send everything after a position or since a time again, under the same ids")
            .Accepts<ResendRequest>("application/json").ProducesProblem(400).ProducesProblem(403).ProducesProblem(404);
        app.MapPageForms().MapPost("/system/tracers/{name}/resend", ResendForm);
    }

    private static async Task<Ok<ListView<TracerView>>> List(TracerList tracers, CancellationToken cancellationToken) =>
        TypedResults.Ok(new ListView<TracerView>(await tracers.ListAsync(cancellationToken), null));

    private static async Task<Results<Ok<ListView<SpanSetAside>>, ProblemHttpResult>> SetAside(
        string name, ClaimsPrincipal user, ConfiguredTracers configured, Tracers tracers, CancellationToken cancellationToken) =>
        configured.Find(name) is not { } tracer ? None(name)
        : TypedResults.Ok(new ListView<SpanSetAside>(await tracers.SetAsideAsync(tracer.Name, Viewer.MaySee(user), cancellationToken), null));

    private static async Task<Results<Ok<ResendAnswer>, ProblemHttpResult>> Resend(
        string name, HttpRequest request, ConfiguredTracers configured, Tracers tracers, EventQueries events, Ingestor ingestor, TimeProvider time, CancellationToken cancellationToken)
    {
        if (request.HttpContext.User.Refusal("Sending again", everywhere: true) is { } refusal)
        {
            return refusal;
        }
        if (configured.Find(name) is not { } tracer)
        {
            return None(name);
        }
        try
        {
            using var body = JsonReading.Parse(await request.ReadBodyAsync(cancellationToken));
            var root = body.RootElement.ValueKind == JsonValueKind.Object ? body.RootElement : throw new UnreadableException("", "The body must be an object.");
            var since = root.Member("since")?.Text("since", Limits.Word) is { } text ? Time(text) : (DateTimeOffset?)null;
            var position = root.Member("position") is not { } number ? (long?)null
                : number.ValueKind == JsonValueKind.Number && number.TryGetInt64(out var whole) && whole >= 0 ? whole : throw new UnreadableException("position", "It must be a whole number, 0 or more.");
            if (since is null == position is null)
            {
                throw new UnreadableException("", "Say either position (0 is the whole log) or since (a time).");
            }
            return await ResendAsync(tracer, position, since, root.Member("actor")?.Text("actor", Limits.Id), root.Member("reason")?.Text("reason", Limits.Reason),
                request.HttpContext.User.Submitter(), tracers, events, ingestor, time, cancellationToken) is { } answer ? TypedResults.Ok(answer) : NotYet(tracer);
        }
        catch (UnreadableException e)
        {
            return Problems.Invalid(e.Field, e.What);
        }
    }

    /// <summary>The form of the System page: a position, or a time as people write it.</summary>
    private static async Task<IResult> ResendForm(
        string name, HttpContext context, ConfiguredTracers configured, Tracers tracers, EventQueries events, Ingestor ingestor, TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (context.User.Refusal("Sending again", everywhere: true) is { } refusal)
        {
            return refusal;
        }
        if (configured.Find(name) is not { } tracer)
        {
            return None(name);
        }
        var form = await context.Request.ReadFormAsync(cancellationToken);
        var (from, reason) = (form["from"].ToString().Trim(), form["reason"].ToString().Trim());
        if (reason.Length > Limits.Reason)
        {
            return Problems.Invalid("reason", $"It is longer than {Limits.Reason} characters.");
        }
        try
        {
            var position = long.TryParse(from, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : (long?)null;
            return await ResendAsync(tracer, position, position is null ? Time(from) : null, null, reason.Length > 0 ? reason : null,
                context.User.Submitter(), tracers, events, ingestor, time, cancellationToken) is null ? NotYet(tracer) : TypedResults.LocalRedirect("/system?said=resend#tracers");
        }
        catch (UnreadableException)
        {
            return TypedResults.LocalRedirect("/system?said=unclear#tracers");
        }
    }

    /// <summary>The log first: who asked stands there before anything moves.</summary>
    private static async Task<ResendAnswer?> ResendAsync(
        TracerSettings tracer, long? position, DateTimeOffset? since, string? actor, string? reason, string submitter, Tracers tracers, EventQueries events, Ingestor ingestor, TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (await tracers.FindAsync(tracer.Name, cancellationToken) is null)
        {
            return null;
        }
        var from = position ?? await events.BeforeAsync(since!.Value, cancellationToken);
        var data = new EventData
        {
            Actor = actor,
            Reason = reason,
            Note = string.Create(CultureInfo.InvariantCulture, $"everything after position {from} is sent to tracer {tracer.Name} again"),
        };
        var e = EventReader.Make(EventKind.Administered, new RunId(SourceNames.ValueStream, Type, "default", tracer.Name), data, new Sending(submitter, time.GetUtcNow(), null));
        var result = (await ingestor.TakeAsync([e]))[0];
        return result is not AppendResult.Accepted { Position: var told } ? throw new UnreadableException("", Ingestor.ProblemOf(e, result) ?? "It was not stored.")
            : await tracers.RewindAsync(tracer.Name, from, cancellationToken) is { } moved ? new(moved, told) : null;
    }

    private static DateTimeOffset Time(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) ? time
        : throw new UnreadableException("since", $"'{text}' is no time; write it as 2026-03-01T12:00:00Z.");

    private static ProblemHttpResult None(string name) => Problems.NotFound($"There is no tracer '{name}'. {Routes.Tracers} lists those that are configured.");

    private static ProblemHttpResult NotYet(TracerSettings tracer) =>
        Problems.Invalid("", $"Nothing has been forwarded to {tracer.Name} yet: the forwarding begins within a second of the server's start. Try again in a moment.");
}

/// <summary>The tracers that are configured, with where each stands.</summary>
internal sealed class TracerList(ConfiguredTracers configured, Tracers tracers, Exports exports) : ITracerStatus
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<TracerView>> ListAsync(CancellationToken cancellationToken)
    {
        var views = new List<TracerView>();
        foreach (var tracer in configured.All)
        {
            var state = await tracers.FindAsync(tracer.Name, cancellationToken) ?? new(0, 0, 0, null, null, null, 0, 0, 0);
            views.Add(new()
            {
                Name = tracer.Name,
                Endpoint = tracer.Shown,
                Protocol = tracer.Protocol,
                Position = state.Position,
                LagEvents = state.LagEvents,
                LagSeconds = state.LagSeconds,
                LastSuccessAt = state.LastSuccessAt,
                LastErrorAt = state.LastErrorAt,
                LastError = state.LastError,
                Sent = state.Sent,
                Rejected = state.Rejected,
                SetAside = state.SetAside,
            });
        }
        return views;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<TracerLink>> LinksAsync(ShortKey run, int attempt, string @namespace, string name, CancellationToken cancellationToken)
    {
        var linking = configured.All.Where(t => t.Link is not null && t.Filter.Includes(@namespace, name, isImported: false)).ToList();
        return linking.Count == 0 || await exports.FindAsync(run, attempt, cancellationToken) is not { } ids ? []
            : linking.ConvertAll(t => new TracerLink(t.Name, TracerSettings.LinkTo(t.Link!, ids.TraceId, ids.SpanId)));
    }
}
