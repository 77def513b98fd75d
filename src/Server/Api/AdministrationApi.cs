using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using ValueStream.Core.Wire;
using ValueStream.Server.Access;
using ValueStream.Server.Ingest;
using ValueStream.Server.Operations;
using ValueStream.Store.Log;
using ValueStream.Store.Queries;
using ValueStream.Web;

namespace ValueStream.Server.Api;

/// <summary>
/// What administrators set: of an operation, and whether a run counts. Each act is one <c>administered</c> event, so that the audit shows
/// it. What is sent says what is to hold, so sending it again changes nothing but the audit.
/// </summary>
internal static class AdministrationApi
{
    /// <summary>Maps the routes.</summary>
    public static void MapAdministration(this IEndpointRouteBuilder app)
    {
        var api = app.MapGroup("/api/v1").ProducesProblem(400).ProducesProblem(403).ProducesProblem(404).ProducesProblem(503);
        api.MapPatch("/operations/{key}", Operation).WithName("SetOperation").WithTags("Operations")
            .WithSummary("Rename, merge, describe, own or hide an operation, set its environment, limits and whether its runs should have a reason; answers what then holds")
            .Accepts<OperationSettingRequest>("application/json");
        api.MapPut("/runs/{key}/exclusion", Exclusion).WithName("ExcludeRun").WithTags("Runs")
            .WithSummary("Leave a run out of the numbers, or take it in again")
            .Accepts<ExclusionRequest>("application/json");
    }

    private static async Task<Results<Ok<OperationSettingAnswer>, ProblemHttpResult>> Operation(
        string key, HttpRequest request, AdministrationQueries administration, Ingestor ingestor, TimeProvider time, CancellationToken cancellationToken)
    {
        if (request.HttpContext.User.Refusal("Administering") is { } refusal)
        {
            return refusal;
        }
        if (!ShortKey.TryParse(key, out var operation) || await administration.FindAsync(operation, Viewer.MaySee(request.HttpContext.User), cancellationToken) is not { } found)
        {
            return Unknown(key);
        }
        try
        {
            using var body = JsonReading.Parse(await request.ReadBodyAsync(cancellationToken));
            return TypedResults.Ok(await SetAsync(operation, found, body.RootElement, request, administration, ingestor, time, cancellationToken));
        }
        catch (UnreadableException e)
        {
            return Problems.Invalid(e.Field, e.What);
        }
    }

    /// <summary>Sets something of an operation.</summary>
    /// <exception cref="UnreadableException">It cannot be set.</exception>
    public static async Task<OperationSettingAnswer> SetAsync(
        ShortKey operation, AdministeredOperation found, JsonElement body, HttpRequest request, AdministrationQueries administration, Ingestor ingestor, TimeProvider time,
        CancellationToken cancellationToken)
    {
        var setting = Read(body);
        if (setting.MergedInto is { Length: > 0 } target)
        {
            await CheckMergeAsync(operation, target, Viewer.MaySee(request.HttpContext.User), administration, cancellationToken);
        }
        var position = await AppendAsync(OperationSetting.IdOf(found.Namespace, operation), null, new EventData
        {
            Actor = request.HttpContext.User.Actor(Actor(body)),
            Reason = Reason(body),
            OperationSetting = setting,
        }, request, ingestor, time);
        return new(position, operation.ToString(), found.Setting.Then(setting));
    }

    private static async Task<Results<Ok<ExclusionAnswer>, ProblemHttpResult>> Exclusion(
        string key, HttpRequest request, RunQueries runs, Ingestor ingestor, TimeProvider time, CancellationToken cancellationToken)
    {
        if (request.HttpContext.User.Refusal("Administering") is { } refusal)
        {
            return refusal;
        }
        try
        {
            using var body = JsonReading.Parse(await request.ReadBodyAsync(cancellationToken));
            return await ExcludeAsync(key, body.RootElement, request, runs, ingestor, time, cancellationToken) is { } answer ? TypedResults.Ok(answer)
                : Problems.NotFound($"There is no run with key '{key}'{(EventReader.ReadAttempt(body.RootElement) is { } attempt ? $" and attempt {attempt}" : "")}. /api/v1/runs?id=... finds a run by its rendering.");
        }
        catch (UnreadableException e)
        {
            return Problems.Invalid(e.Field, e.What);
        }
    }

    /// <summary>Leaves a run out of the numbers, or takes it in again; null where there is no such attempt of it.</summary>
    /// <exception cref="UnreadableException">It is not said which of the two, or not why.</exception>
    public static async Task<ExclusionAnswer?> ExcludeAsync(
        string key, JsonElement body, HttpRequest request, RunQueries runs, Ingestor ingestor, TimeProvider time, CancellationToken cancellationToken)
    {
        var root = Members(body);
        var visible = Viewer.MaySee(request.HttpContext.User);
        var attempt = EventReader.ReadAttempt(root);
        if (!ShortKey.TryParse(key, out var run) || await runs.ResolveAsync(key, visible, cancellationToken) is not [var id]
            || await runs.FindAsync(run, attempt, visible, cancellationToken) is null)
        {
            return null;
        }
        var excluded = root.Member("excluded")?.Boolean("excluded")
            ?? throw new UnreadableException("excluded", "It is missing; say true to leave the run out of the numbers, false to take it in again.");
        var reason = Reason(root);
        if (excluded && string.IsNullOrWhiteSpace(reason))
        {
            throw new UnreadableException("reason", "Say why the run is left out of the numbers: it stands beside the run.");
        }
        var position = await AppendAsync(
            id, attempt, new EventData { Actor = request.HttpContext.User.Actor(Actor(root)), Reason = reason, RunSetting = new RunSetting { Excluded = excluded } }, request, ingestor, time);
        return new(position, key, attempt, excluded);
    }

    /// <returns>The event's position.</returns>
    private static async Task<long> AppendAsync(
        RunId run, int? attempt, EventData data, HttpRequest request, Ingestor ingestor, TimeProvider time)
    {
        var e = EventReader.Make(EventKind.Administered, run, data, new Sending(request.HttpContext.User.Submitter(), time.GetUtcNow(), null)) with { Attempt = attempt };
        return (await ingestor.TakeAsync([e]))[0] switch
        {
            AppendResult.Accepted accepted => accepted.Position,
            var result => throw new UnreadableException("", Ingestor.ProblemOf(e, result) ?? "It was not stored."),
        };
    }

    /// <summary>There is no such operation.</summary>
    public static ProblemHttpResult Unknown(string key) => Problems.NotFound($"There is no operation with key '{key}'. /api/v1/operations?hidden=true lists them.");

    private static OperationSetting Read(JsonElement body)
    {
        var root = Members(body);
        var setting = new OperationSetting
        {
            Name = Text(root, "name", Limits.Id),
            MergedInto = Text(root, "mergedInto", Limits.Word),
            Description = Text(root, "description", Limits.Reason),
            Owner = Text(root, "owner", Limits.Id),
            Environment = Text(root, "environment", Limits.Id),
            DurationLimit = root.Member("durationLimit")?.Number("durationLimit"),
            ErrorRateLimit = root.Member("errorRateLimit")?.Number("errorRateLimit"),
            Hidden = root.Member("hidden")?.Boolean("hidden"),
            ReasonRequired = root.Member("reasonRequired")?.Boolean("reasonRequired"),
        };
        if (setting.DurationLimit is 0 || setting.DurationLimit > Attempt.LongestPlausible.TotalSeconds)
        {
            throw new UnreadableException("durationLimit", $"It must be more than 0 and at most {Attempt.LongestPlausible.TotalSeconds:0} seconds (five years), or below 0 for none.");
        }
        if (setting.ErrorRateLimit > 1)
        {
            throw new UnreadableException("errorRateLimit", "It must be a share from 0 to 1 (0.05 is 5 %), or below 0 for none.");
        }
        return setting != new OperationSetting() ? setting
            : throw new UnreadableException("", "Nothing is to be set; say some of name, mergedInto, description, owner, environment, durationLimit, errorRateLimit, hidden, reasonRequired.");
    }

    private static async Task CheckMergeAsync(ShortKey operation, string target, Visible visible, AdministrationQueries administration, CancellationToken cancellationToken)
    {
        const string field = "mergedInto";
        if (!ShortKey.TryParse(target, out var into) || await administration.FindAsync(into, visible, cancellationToken) is null)
        {
            throw new UnreadableException(field, $"There is no operation with key '{target}'.");
        }
        if (into == operation)
        {
            throw new UnreadableException(field, "An operation cannot be merged into itself; say \"\" to have it stand by itself again.");
        }
        if (await administration.LeadsToAsync(into, operation, cancellationToken))
        {
            throw new UnreadableException(field, $"Operation {target} is itself merged into this one; take that back first (\"mergedInto\": \"\").");
        }
    }

    /// <summary>A text without the space around it: what is nothing else takes back what was set.</summary>
    private static string? Text(JsonElement root, string field, int longest) => root.Member(field)?.Text(field, longest)!.Trim();

    private static string? Reason(JsonElement root) => root.Member("reason")?.Text("reason", Limits.Reason);

    private static string? Actor(JsonElement root) => root.Member("actor")?.Text("actor", Limits.Id);

    private static JsonElement Members(JsonElement body) => body.ValueKind == JsonValueKind.Object ? body
        : throw new UnreadableException("", "The body must be an object.");
}
