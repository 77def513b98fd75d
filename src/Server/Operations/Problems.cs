using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;
using ValueStream.Server.Ingest;
using ValueStream.Store.Log;
using ValueStream.Store.Queries;

namespace ValueStream.Server.Operations;

/// <summary>Every error that the server answers, in RFC 9457's form: a type, a sentence that says what to do, errors by field.</summary>
internal static partial class Problems
{
    private const string Prefix = "urn:valuestream:problem:";

    /// <summary>What was sent is wrong; <paramref name="field"/> names where.</summary>
    public static ProblemHttpResult Invalid(string field, string what, int status = StatusCodes.Status400BadRequest) =>
        TypedResults.Problem(Details(status, "invalid", "The request is not understood", $"{(field.Length > 0 ? field + ": " : "")}{what}",
            new() { [field.Length > 0 ? field : "$"] = [what] }));

    /// <summary>An id that was sent is stored with other content.</summary>
    public static ProblemHttpResult Conflict(string what) =>
        TypedResults.Problem(Details(StatusCodes.Status409Conflict, "conflict", "This event id is taken", what));

    /// <summary>There is no such thing, or it is not the caller's to see.</summary>
    public static ProblemHttpResult NotFound(string what) =>
        TypedResults.Problem(Details(StatusCodes.Status404NotFound, "not-found", "Not found", what));

    /// <summary>The caller may not do this.</summary>
    public static ProblemHttpResult Forbidden(string what) =>
        TypedResults.Problem(Details(StatusCodes.Status403Forbidden, "forbidden", "Refused", what));

    /// <summary>The caller did not say who it is.</summary>
    public static ProblemHttpResult Unauthorized(
        string what = "Send 'Authorization: Bearer <token>' (vscli takes it from VALUESTREAM_TOKEN), or log in at /login.") =>
        TypedResults.Problem(Details(StatusCodes.Status401Unauthorized, "unauthorized", "Say who you are", what));

    /// <summary>The caller asks too often; the answer's Retry-After says how long it should wait.</summary>
    public static IResult TooMany(HttpRequest request, string what) =>
        Answer(request, Details(StatusCodes.Status429TooManyRequests, "too-many", "Too many requests", what));

    /// <summary>Registers the handlers that turn whatever goes wrong into a problem.</summary>
    public static IServiceCollection AddProblems(this IServiceCollection services) => services
        .AddProblemDetails()
        .AddExceptionHandler<Handler>()
        // A fault of ours is logged; what the handler below answers for a reason is not.
        .Configure<ExceptionHandlerOptions>(static o => o.SuppressDiagnosticsCallback = static c => c.HttpContext.Response.StatusCode != 500)
        // Else a parameter that cannot be read is answered without a word.
        .Configure<RouteHandlerOptions>(static o => o.ThrowOnBadRequest = true);

    /// <summary>Gives a bare status code its problem.</summary>
    public static Task ExplainAsync(StatusCodeContext context)
    {
        var response = context.HttpContext.Response;
        return Answer(context.HttpContext.Request, response.StatusCode switch
        {
            404 => Details(404, "not-found", "Not found", "There is nothing at this address. The API is described at /openapi/v1.json."),
            405 => Details(405, "method", "Not by this method", $"This address takes {response.Headers.Allow}. The API is described at /openapi/v1.json."),
            var status => Details(status, "invalid", ReasonPhrases.GetReasonPhrase(status), "The request cannot be answered. The API is described at /openapi/v1.json."),
        }).ExecuteAsync(context.HttpContext);
    }

    /// <summary>A page for people, RFC 9457's form for everything else.</summary>
    private static IResult Answer(HttpRequest request, ProblemDetails details) => PlainPage.IsWanted(request)
        ? PlainPage.Of(details.Status ?? 500, details.Title ?? "", details.Status == 404 ? "There is nothing at this address: it may have been mistyped, or what stood here is gone. A run is found on the Runs page by its name, its id or its key." : details.Detail) : TypedResults.Problem(details);

    private static ProblemDetails Details(int status, string type, string title, string detail, Dictionary<string, string[]>? errors = null)
    {
        var details = new ProblemDetails { Status = status, Type = Prefix + type, Title = title, Detail = detail };
        if (errors is not null)
        {
            details.Extensions["errors"] = errors;
        }
        return details;
    }

    private static long MostMegabytes(HttpContext context) =>
        (context.Features.Get<IExceptionHandlerFeature>()?.Endpoint?.Metadata.GetMetadata<IRequestSizeLimitMetadata>()?.MaxRequestBodySize ?? Limits.RequestBytes) >> 20;

    /// <summary>How the framework says that a parameter cannot be read: its type, its name, its value.</summary>
    [GeneratedRegex("^Failed to bind parameter \"\\S+ (\\w+)\" from \"(.*)\"\\.$", RegexOptions.Singleline)]
    private static partial Regex Unreadable();

    private sealed class Handler : IExceptionHandler
    {
        public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken cancellationToken)
        {
            var details = exception switch
            {
                BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } =>
                    Details(413, "too-large", "The body is too large", $"Send fewer events at once; one event may have 1 MB, one request {MostMegabytes(context)} MB."),
                BadHttpRequestException e when Unreadable().Match(e.Message) is { Success: true, Groups: [_, var name, var value] } =>
                    Invalid(JsonNamingPolicy.CamelCase.ConvertName(name.Value), $"'{value.Value}' cannot be read.").ProblemDetails,
                BadHttpRequestException e => Details(e.StatusCode, "invalid", "The request is not understood", e.Message),
                _ when Bodies.IsBroken(exception) => Details(400, "invalid", "The request is not understood", $"The body is not what its Content-Encoding says: {exception.Message}"),
                NotYetException => Details(400, "invalid", "The request is not understood", exception.Message, new() { ["asOf"] = [exception.Message] }),
                BadCursorException => Details(400, "invalid", "The request is not understood", exception.Message, new() { ["cursor"] = [exception.Message] }),
                BadArgumentException e => Invalid(e.Argument, e.Message).ProblemDetails,
                SegmentException => Details(503, "archive", "A file of the archive cannot be read", exception.Message),
                LogDamagedException => Details(500, "damaged", "The log is not what was appended", $"{exception.Message} 'vscli verify' looks at all of it."),
                LogUnavailableException => Details(503, "unavailable", "Not now", exception.Message),
                System.Data.Common.DbException or TimeoutException or { InnerException: System.Data.Common.DbException } =>
                    Details(503, "unavailable", "Not now", "The database does not answer. Try again in a moment; /readyz says when it is back."),
                OperationCanceledException when context.RequestAborted.IsCancellationRequested => Details(499, "gone", "The client went away", ""),
                _ => Details(500, "bug", "Something is broken here", "This is a fault of the server, not of the request; its log says more."),
            };
            if (details.Status == 503)
            {
                context.Response.Headers.RetryAfter = "2";
            }
            // Whatever the caller says it accepts: an error that cannot be read is better than none.
            await Answer(context.Request, details).ExecuteAsync(context);
            return true;
        }
    }
}
