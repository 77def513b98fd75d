using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;
using ValueStream.Store.Access;

namespace ValueStream.Server.Access;

/// <summary>
/// The short way of events that a script or a tool sends. Authentication, limits and authorization of the framework, made for whatever may come, take 15 us of such a request, a quarter of what the
/// server spends on it. Here the same three questions are asked of the same objects: who sends it, how often, may it. Whoever is not plainly let through goes the long way, which refuses.
/// </summary>
internal static class ShortWay
{
    /// <summary>Adds it, for endpoints with the policy <see cref="AccessControl.Ingest"/>. It belongs after what holds for every request, and before the authentication.</summary>
    public static void UseShortWay(this WebApplication app)
    {
        var callers = app.Services.GetRequiredService<Callers>();
        var limiter = app.Services.GetRequiredService<IOptions<RateLimiterOptions>>().Value.GlobalLimiter!;
        app.Use((context, next) =>
        {
            if (context.GetEndpoint() is { RequestDelegate: { } take } endpoint && endpoint.Metadata.GetMetadata<IAuthorizeData>()?.Policy == AccessControl.Ingest
                && IsPlain(context.Request) && callers.SenderOfAsync(context.Request) is { IsCompletedSuccessfully: true, Result: { } sender } && sender.Granted().HasFlag(Scopes.Ingest))
            {
                context.User = sender;
                using var lease = limiter.AttemptAcquire(context);
                if (lease.IsAcquired)
                {
                    return take(context);
                }
            }
            return next(context);
        });
    }

    /// <summary>Whether nothing else on the long way would look at it: no session, nothing to unpack.</summary>
    private static bool IsPlain(HttpRequest request) => request.Headers.Cookie.Count == 0 && request.Headers.ContentEncoding.Count == 0;
}
