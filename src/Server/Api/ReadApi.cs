using System.ComponentModel;
using System.Security.Claims;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Server.Access;
using ValueStream.Server.Operations;
using ValueStream.Store.Queries;
using ValueStream.Web;

namespace ValueStream.Server.Api;

/// <summary>What can be read: events, head, projections, runs, traces.</summary>
internal static class ReadApi
{
    /// <summary>Maps the routes.</summary>
    public static void MapReads(this IEndpointRouteBuilder app)
    {
        var api = app.MapGroup("/api/v1");
        api.MapGet("/events", Events).WithName("ListEvents").WithTags("Events").WithSummary("Search the log, newest first").WithDescription(
            "JSON by the page; with 'Accept: text/csv' or 'Accept: application/x-ndjson' the whole answer as a stream. Each says as of which position it speaks, which asked for as asOf gives the same answer later: "
            + $"in JSON as asOf, head and projected, else in the headers {Routes.AsOfHeader}, {Routes.HeadHeader} (position and hash) and {Routes.ProjectedHeader}.").ProducesProblem(400);
        api.MapGet("/events/{position:long}", Event).WithName("GetEvent").WithTags("Events").WithSummary("One event, with the webhook's body that it came in while that is kept").ProducesProblem(404);
        api.MapGet("/log/head", Head).WithName("GetHead").WithTags("Events").WithSummary("The end of the log: position and chain hash");
        api.MapGet("/projections", Projections).WithName("ListProjections").WithTags("Projections").WithSummary("Position and lag of every projection");
        api.MapPost("/projections/runs/rebuild", Rebuild).RequireAuthorization(AccessControl.Operate).WithName("RebuildProjection").WithTags("Projections")
            .WithSummary("Compute the projections anew from the whole log, beside the live ones").ProducesProblem(409);
        api.MapGet("/runs", Runs).WithName("ListRuns").WithTags("Runs").WithSummary("Search runs: those that ended in the window or are running, newest start first").ProducesProblem(400);
        api.MapGet("/runs/{key}", Run).WithName("GetRun").WithTags("Runs").WithSummary("One run, the newest attempt unless one is named").ProducesProblem(404);
        api.MapGet("/runs/{key}/trace", Trace).WithName("GetTrace").WithTags("Runs").WithSummary("The trace that a run belongs to, with its critical path").ProducesProblem(404);
        api.MapGet("/runs/{key}/events", History).WithName("ListRunEvents").WithTags("Runs").WithSummary("A run's history, newest first").ProducesProblem(400).ProducesProblem(404);
    }

    private static async Task<Results<Ok<EventsView>, EventStream, ProblemHttpResult>> Events(
        [AsParameters] EventSearch search, HttpRequest request, ClaimsPrincipal user, EventQueries events, GlanceQueries glances, CancellationToken cancellationToken)
    {
        var streamed = EventStream.Wanted(request);
        if ((streamed is not null && search.Limit is not null ? Problems.Invalid("limit", "CSV and NDJSON are the whole answer. Leave it out.") : search.Problem()) is { } problem)
        {
            return problem;
        }
        request.HttpContext.Response.Headers.Vary = HeaderNames.Accept;
        var visible = Viewer.MaySee(user);
        return streamed is null ? TypedResults.Ok(await events.ListAsync(search.ToFilter(), visible, cancellationToken))
            : new EventStream(await events.ExportAsync(search.ToFilter(), visible, cancellationToken), streamed, glances, visible);
    }

    private static async Task<Results<Ok<EventView>, ProblemHttpResult>> Event(long position, ClaimsPrincipal user, EventQueries events, CancellationToken cancellationToken) =>
        await events.FindAsync(position, Viewer.MaySee(user), cancellationToken) is { } view
            ? TypedResults.Ok(view) : Problems.NotFound($"There is no event at position {position}. /api/v1/log/head says which is the last.");

    private static async Task<Ok<HeadView>> Head(EventQueries events, CancellationToken cancellationToken) =>
        TypedResults.Ok(await events.HeadAsync(cancellationToken));

    private static async Task<Ok<ListView<ProjectionView>>> Projections(ClaimsPrincipal user, ProjectionQueries projections, CancellationToken cancellationToken) =>
        TypedResults.Ok(await projections.ListAsync(Viewer.MaySee(user), cancellationToken));

    private static async Task<Results<Accepted, ProblemHttpResult>> Rebuild(Store.Projections.Projector projector, CancellationToken cancellationToken) =>
        await projector.BeginRebuildAsync(cancellationToken) ? TypedResults.Accepted("/api/v1/projections") : Problems.Conflict("A rebuild is under way; /api/v1/projections shows how far it is.");

    private static async Task<Results<Ok<ListView<RunView>>, ProblemHttpResult>> Runs(
        [AsParameters] RunSearch search, ClaimsPrincipal user, RunQueries runs, CancellationToken cancellationToken)
    {
        if (search.Problem() is { } problem)
        {
            return problem;
        }
        return TypedResults.Ok(await runs.ListAsync(search.ToFilter(), Viewer.MaySee(user), cancellationToken));
    }

    private static async Task<Results<Ok<RunView>, ProblemHttpResult>> Run(
        string key, ClaimsPrincipal user, RunQueries runs, CancellationToken cancellationToken, int? attempt = null) =>
        ShortKey.TryParse(key, out var run) && await runs.FindAsync(run, attempt, Viewer.MaySee(user), cancellationToken) is { } view
            ? TypedResults.Ok(view) : Unknown(key, attempt);

    private static async Task<Results<Ok<TraceView>, ProblemHttpResult>> Trace(
        string key, ClaimsPrincipal user, TraceQueries traces, CancellationToken cancellationToken, int? attempt = null) =>
        ShortKey.TryParse(key, out var run) && await traces.OfAsync(run, attempt, Viewer.MaySee(user), cancellationToken) is { } view
            ? TypedResults.Ok(view) : Unknown(key, attempt);

    private static async Task<Results<Ok<EventsView>, ProblemHttpResult>> History(
        string key, ClaimsPrincipal user, RunQueries runs, EventQueries events, CancellationToken cancellationToken, int limit = 100, string? cursor = null)
    {
        if (limit is < 1 or > 1000)
        {
            return Problems.Invalid("limit", "It must be 1 to 1,000.");
        }
        if (!ShortKey.TryParse(key, out var run))
        {
            return Unknown(key, null);
        }
        // A run that has neither started nor ended is no row yet, but it has been annotated or linked.
        var history = await events.ListAsync(new EventFilter { Run = run, Limit = limit, Cursor = cursor }, Viewer.MaySee(user), cancellationToken);
        return history.Items.Count > 0 || await runs.FindAsync(run, null, Viewer.MaySee(user), cancellationToken) is not null
            ? TypedResults.Ok(history) : Unknown(key, null);
    }

    private static ProblemHttpResult Unknown(string key, int? attempt) =>
        Problems.NotFound($"There is no run with key '{key}'{(attempt is { } number ? $" and attempt {number}" : "")}. /api/v1/runs?id=... finds a run by its rendering.");
}

/// <summary>The search of <c>GET /api/v1/events</c>, as it stands in the address.</summary>
internal sealed record EventSearch
{
    [Description("Recorded at or after this time, or with clock=occurred, happened then")]
    public DateTimeOffset? From { get; init; }

    [Description("Recorded before this time, or with clock=occurred, happened before it")]
    public DateTimeOffset? To { get; init; }

    [Description("Whose time 'from' and 'to' are: recorded, the server's, where absent; occurred, the sender's as corrected (effectiveAt)")]
    public string? Clock { get; init; }

    [Description("started, ended, transitioned, annotated, linked, abandoned, redacted or administered")]
    public string? Kind { get; init; }

    public string? Source { get; init; }

    public string? Type { get; init; }

    public string? Namespace { get; init; }

    [Description("Who the server saw sending it")]
    public string? Submitter { get; init; }

    [Description("All events of runs of this actor")]
    public string? Actor { get; init; }

    [Description("All events of runs that ended so: success, failure, error, timeout, cancellation or skip")]
    public string? Outcome { get; init; }

    [Description("All events of runs of this operation, by its key")]
    public string? Operation { get; init; }

    [Description("All events of one run, by its key")]
    public string? Run { get; init; }

    [Description("All events of runs with this tag, key:value or key=value; may stand more than once, then all must be there")]
    public string[]? Tag { get; init; }

    [Description("Words that must all stand in actor, reason, name, note or tags of the event or its run, in any case; deploy* is every word that begins so")]
    public string? Q { get; init; }

    [Description("Up to this position of the log: the asOf of an answer gives that answer again")]
    public long? AsOf { get; init; }

    [Description("1 to 1,000, 100 where absent")]
    public int? Limit { get; init; }

    [Description("'next' of the page before; a page that searches looks through 20,000 events, and may have few and still a next")]
    public string? Cursor { get; init; }

    /// <summary>What is wrong with it, if anything.</summary>
    public ProblemHttpResult? Problem() =>
        Limit is < 1 or > 1000 ? Problems.Invalid("limit", "It must be 1 to 1,000.")
        : Outcome is not null && Outcomes.Parse(Outcome) is null ? Problems.Invalid("outcome", $"'{Outcome}' is not known; say one of {Outcomes.All}.")
        : Kind is not null && !Enum.GetValues<EventKind>().Any(k => k.Text() == Kind) ? Problems.Invalid("kind", $"'{Kind}' is not known; say one of {string.Join(", ", Enum.GetValues<EventKind>().Select(static k => k.Text()))}.")
        : Operation is not null && !ShortKey.TryParse(Operation, out _) ? Problems.Invalid("operation", "It is not an operation's key.")
        : Run is not null && !ShortKey.TryParse(Run, out _) ? Problems.Invalid("run", "It is not a run's key.")
        : Clock is not (null or "recorded" or "occurred") ? Problems.Invalid("clock", $"'{Clock}' is not known; say recorded or occurred.")
        : Tag?.FirstOrDefault(static t => !RunFilter.IsTag(t)) is { } tag ? Problems.Invalid("tag", $"'{tag}' must be key:value.")
        : Q is not null && !EventFilter.IsText(Q) ? Problems.Invalid("q", "There is no word in it; a word is letters or digits.")
        : AsOf < 0 ? Problems.Invalid("asOf", "It must be a position of the log.")
        : null;

    /// <summary>As the store takes it.</summary>
    public EventFilter ToFilter() => new()
    {
        From = From,
        To = To,
        Kind = Kind,
        Source = Source,
        Type = Type,
        Namespace = Namespace,
        Submitter = Submitter,
        Actor = Actor,
        Outcome = Outcome,
        Operation = ShortKey.TryParse(Operation, out var operation) ? operation : null,
        Run = ShortKey.TryParse(Run, out var run) ? run : null,
        ByOccurrence = Clock == "occurred",
        Tags = Tag ?? [],
        Text = Q,
        AsOf = AsOf,
        Limit = Limit ?? 100,
        Cursor = Cursor,
    };
}

/// <summary>The search of <c>GET /api/v1/runs</c>, as it stands in the address.</summary>
internal sealed record RunSearch
{
    [Description("Ended at or after this time, or running")]
    public DateTimeOffset? From { get; init; }

    [Description("Ended before this time, or running")]
    public DateTimeOffset? To { get; init; }

    public string? Source { get; init; }

    public string? Namespace { get; init; }

    public string? Type { get; init; }

    public string? Name { get; init; }

    [Description("A part of the name, in any case")]
    public string? Q { get; init; }

    [Description("An operation's key")]
    public string? Operation { get; init; }

    [Description("A run's rendering, vstrace-source-type-namespace-id")]
    public string? Id { get; init; }

    [Description("running, ended, orphan or abandoned")]
    public string? State { get; init; }

    [Description("success, failure, error, timeout, cancellation or skip")]
    public string? Outcome { get; init; }

    public string? Actor { get; init; }

    [Description("missing: only those of operations marked 'reason required' that give none, and for which no change, issue or commit gives one")]
    public string? Reason { get; init; }

    [Description("Seconds")]
    public double? MinDuration { get; init; }

    [Description("Seconds")]
    public double? MaxDuration { get; init; }

    [Description("key:value or key=value; may stand more than once, then all must be there")]
    public string[]? Tag { get; init; }

    [Description("1 to 200, 50 where absent")]
    public int? Limit { get; init; }

    [Description("'next' of the page before")]
    public string? Cursor { get; init; }

    /// <summary>What is wrong with it, if anything.</summary>
    public ProblemHttpResult? Problem() =>
        Limit is < 1 or > 200 ? Problems.Invalid("limit", "It must be 1 to 200.")
        : Outcome is not null && Outcomes.Parse(Outcome) is null ? Problems.Invalid("outcome", $"'{Outcome}' is not known; say one of {Outcomes.All}.")
        : State is not (null or "running" or "ended" or "orphan" or "abandoned") ? Problems.Invalid("state", $"'{State}' is not known; say running, ended, orphan or abandoned.")
        : Operation is not null && !ShortKey.TryParse(Operation, out _) ? Problems.Invalid("operation", "It is not an operation's key.")
        : Reason is not (null or "missing") ? Problems.Invalid("reason", $"'{Reason}' is not known; say missing, or leave it out.")
        : MinDuration is { } min && !double.IsFinite(min) ? Problems.Invalid("minDuration", "It must be a number of seconds.")
        : MaxDuration is { } max && !double.IsFinite(max) ? Problems.Invalid("maxDuration", "It must be a number of seconds.")
        : Tag?.FirstOrDefault(static t => !RunFilter.IsTag(t)) is { } tag ? Problems.Invalid("tag", $"'{tag}' must be key:value.")
        : null;

    /// <summary>As the store takes it.</summary>
    public RunFilter ToFilter() => new()
    {
        From = From,
        To = To,
        Source = Source,
        Namespace = Namespace,
        Type = Type,
        Name = Name,
        Text = Q,
        Operation = ShortKey.TryParse(Operation, out var operation) ? operation : null,
        Id = Id,
        State = State,
        Outcome = Outcome,
        Actor = Actor,
        WithoutReason = Reason is not null,
        MinDuration = MinDuration,
        MaxDuration = MaxDuration,
        Tags = Tag ?? [],
        Limit = Limit ?? 50,
        Cursor = Cursor,
    };
}
