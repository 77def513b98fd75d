using System.ComponentModel;
using System.Security.Claims;
using Microsoft.AspNetCore.Http.HttpResults;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Server.Operations;
using ValueStream.Store.Queries;
using ValueStream.Web;

namespace ValueStream.Server.Api;

/// <summary>The inventory, the numbers of an operation, and the tags that there are.</summary>
internal static class OperationsApi
{
    private const int MostTags = 1_000;

    /// <summary>Maps the routes.</summary>
    public static void MapOperations(this IEndpointRouteBuilder app)
    {
        var api = app.MapGroup("/api/v1");
        api.MapGet("/operations", Operations).WithName("ListOperations").WithTags("Operations")
            .WithSummary("The inventory: kinds of work with their numbers, compared with the days before").ProducesProblem(400);
        api.MapGet("/operations/{key}", Operation).WithName("GetOperation").WithTags("Operations")
            .WithSummary("One operation of the inventory").ProducesProblem(400).ProducesProblem(404);
        api.MapGet("/operations/{key}/metrics", Metrics).WithName("GetMetrics").WithTags("Operations")
            .WithSummary("The numbers of an operation: by interval and by tag, compared with the interval before").ProducesProblem(400).ProducesProblem(404);
        api.MapGet("/tags", Tags).WithName("ListTags").WithTags("Tags").WithSummary("Keys of tags, for completion").ProducesProblem(400);
        api.MapGet("/tags/{**key}", Values).WithName("ListTagValues").WithTags("Tags").WithSummary("Values of a tag, for completion").ProducesProblem(400);
    }

    private static async Task<Results<Ok<OperationsView>, ProblemHttpResult>> Operations(
        [AsParameters] OperationSearch search, ClaimsPrincipal user, OperationQueries operations, CancellationToken cancellationToken) =>
        search.Problem() is { } problem ? problem : TypedResults.Ok(await operations.ListAsync(search.ToFilter(), Viewer.MaySee(user), cancellationToken));

    private static async Task<Results<Ok<OperationView>, ProblemHttpResult>> Operation(
        string key, ClaimsPrincipal user, OperationQueries operations, CancellationToken cancellationToken,
        [Description("The window's first day; 28 days where absent")] DateTimeOffset? from = null, [Description("The end of the window's last day; now where absent")] DateTimeOffset? to = null) =>
        ShortKey.TryParse(key, out var operation) && await operations.FindAsync(operation, from, to, Viewer.MaySee(user), cancellationToken) is { } view
            ? TypedResults.Ok(view) : Unknown(key);

    private static async Task<Results<Ok<MetricsView>, ProblemHttpResult>> Metrics(
        string key, [AsParameters] MetricSearch search, ClaimsPrincipal user, MetricQueries metrics, CancellationToken cancellationToken)
    {
        if (search.Problem() is { } problem)
        {
            return problem;
        }
        return ShortKey.TryParse(key, out var operation) && await metrics.OfAsync(operation, search.ToFilter(), Viewer.MaySee(user), cancellationToken) is { } view
            ? TypedResults.Ok(view) : Unknown(key);
    }

    private static async Task<Results<Ok<ListView<string>>, ProblemHttpResult>> Tags(
        ClaimsPrincipal user, TagQueries tags, CancellationToken cancellationToken, [Description("What the keys begin with")] string q = "", [Description("1 to 1,000")] int limit = 100) =>
        limit is < 1 or > MostTags ? Problems.Invalid("limit", $"It must be 1 to {MostTags:N0}.")
        : TypedResults.Ok(await tags.KeysAsync(q, limit, Viewer.MaySee(user), cancellationToken));

    private static async Task<Results<Ok<ListView<string>>, ProblemHttpResult>> Values(
        string key, ClaimsPrincipal user, TagQueries tags, CancellationToken cancellationToken, [Description("What the values begin with")] string q = "", [Description("1 to 1,000")] int limit = 100) =>
        limit is < 1 or > MostTags ? Problems.Invalid("limit", $"It must be 1 to {MostTags:N0}.")
        : TypedResults.Ok(await tags.ValuesAsync(key, q, limit, Viewer.MaySee(user), cancellationToken));

    private static ProblemHttpResult Unknown(string key) => Problems.NotFound($"There is no operation with key '{key}'. /api/v1/operations lists them; a run names its own.");
}

/// <summary>What <c>GET /api/v1/operations</c> lists, as it stands in the address.</summary>
internal sealed record OperationSearch
{
    public string? Namespace { get; init; }

    public string? Type { get; init; }

    [Description("A part of the name, in any case")]
    public string? Q { get; init; }

    [Description("true: those as well that an administrator has hidden")]
    public bool? Hidden { get; init; }

    [Description("The window's first day; 28 days where absent")]
    public DateTimeOffset? From { get; init; }

    [Description("The end of the window's last day; now where absent")]
    public DateTimeOffset? To { get; init; }

    [Description("runs, name, p50, p95, change, errors, time, failed, people, hosts, last or owner; with a '-' before it the largest first; -runs where absent")]
    public string? Sort { get; init; }

    [Description("namespace, type, owner or environment, or a tag of the last run of each, as tag:service: those with the same one together")]
    public string? Group { get; init; }

    [Description("How many are passed over; none where absent")]
    public int? Offset { get; init; }

    [Description("1 to 2,000, 2,000 where absent; the others are summed")]
    public int? Limit { get; init; }

    /// <summary>What is wrong with it, if anything.</summary>
    public ProblemHttpResult? Problem() =>
        Limit is < 1 or > OperationQueries.MostListed ? Problems.Invalid("limit", $"It must be 1 to {OperationQueries.MostListed:N0}.")
        : Offset < 0 ? Problems.Invalid("offset", "It must not be below 0.")
        : Sort is not null && new OperationFilter().In(Sort) is null ? Problems.Invalid("sort", $"'{Sort}' is not known; say {string.Join(", ", OperationFilter.Orders.Keys)}, with a '-' before it for the largest first.")
        : Group is not null && !OperationFilter.IsGroup(Group) ? Problems.Invalid("group", $"'{Group}' is not known; say {string.Join(", ", OperationFilter.Groups)}, or a tag, as {OperationFilter.OfTag}service.")
        : null;

    /// <summary>As the store takes it.</summary>
    public OperationFilter ToFilter() => new OperationFilter
    {
        Namespace = Namespace,
        Type = Type,
        Name = Q,
        Hidden = Hidden is true,
        From = From,
        To = To,
        GroupBy = Group,
        Skip = Offset ?? 0,
        Limit = Limit ?? OperationQueries.MostListed,
    }.In(Sort ?? "-runs")!;
}

/// <summary>What <c>GET /api/v1/operations/{key}/metrics</c> tells, as it stands in the address.</summary>
internal sealed record MetricSearch
{
    [Description("The window's begin, snapped to the hour before; 30 days before its end where absent")]
    public DateTimeOffset? From { get; init; }

    [Description("The window's end, snapped to the hour after; now where absent")]
    public DateTimeOffset? To { get; init; }

    [Description("hour, day or week; day where absent")]
    public string? Interval { get; init; }

    [Description("The key of a tag by whose values the runs are grouped")]
    public string? By { get; init; }

    [Description("In whose days and weeks the window is cut, such as Europe/Berlin; the reporting zone where absent")]
    public string? Zone { get; init; }

    /// <summary>What is wrong with it, if anything.</summary>
    public ProblemHttpResult? Problem() =>
        Interval is not (null or "hour" or "day" or "week") ? Problems.Invalid("interval", $"'{Interval}' is not known; say hour, day or week.")
        : By is "" ? Problems.Invalid("by", "It is empty; say the key of a tag, or leave it out.")
        : null;

    /// <summary>As the store takes it.</summary>
    public MetricFilter ToFilter() => new()
    {
        From = From,
        To = To,
        Interval = Interval switch { "hour" => Store.Queries.Interval.Hour, "week" => Store.Queries.Interval.Week, _ => Store.Queries.Interval.Day },
        By = By,
        Zone = Zone,
    };
}
