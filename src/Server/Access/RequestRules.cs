using ValueStream.Server.Operations;
using ValueStream.Web;

namespace ValueStream.Server.Access;

/// <summary>
/// What holds for every request before anything else looks at it: the Host header is one of ours (against DNS rebinding), intake and API take
/// nothing from another site's pages, and pages may load nothing from elsewhere.
/// </summary>
internal static class RequestRules
{
    /// <summary>Adds the rules.</summary>
    public static void UseRequestRules(this WebApplication app)
    {
        var allowed = Addresses.AllowedHosts(app.Configuration);
        app.Use((context, next) =>
        {
            // At the last moment: an error's answer begins with no headers.
            context.Response.OnStarting(static response => SetHeadersAsync(((HttpResponse)response).Headers), context.Response);
            var host = context.Request.Host.Host;
            if (!allowed.Contains(host))
            {
                return Problems.Invalid("Host", $"This server is not called '{Short(host)}'. If it should be, add the name to the setting AllowedHosts "
                    + "(AllowedHosts=name1;name2 in the environment).").ExecuteAsync(context);
            }
            if (context.Request.QueryString.HasValue && context.Request.Query.FirstOrDefault(static q => q.Value.Any(static v => v?.Contains('\0') is true)) is { Key: { } name })
            {
                return Problems.Invalid(name, "It contains a NUL character, which no text here has.").ExecuteAsync(context);
            }
            if (!IsPage(context) && IsForeign(context.Request))
            {
                return Problems.Forbidden("A page of another site may not call this server. Requests of scripts and tools carry no Origin header.").ExecuteAsync(context);
            }
            return next(context);
        });
    }

    private static Task SetHeadersAsync(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy = WebModule.ContentSecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "same-origin";
        return Task.CompletedTask;
    }

    /// <summary>Whether a page of another site caused the request. Browsers send these headers; scripts and tools do not.</summary>
    private static bool IsForeign(HttpRequest request)
    {
        var origin = request.Headers.Origin.ToString();
        return request.Headers["Sec-Fetch-Site"].ToString() is "cross-site"
            || (origin.Length > 0 && !origin.Equals($"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>A page that a link elsewhere may lead to: it changes nothing, and its content cannot be read from there.</summary>
    private static bool IsPage(HttpContext context) => HttpMethods.IsGet(context.Request.Method)
        && !context.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase)
        && !context.Request.Path.StartsWithSegments("/live", StringComparison.OrdinalIgnoreCase);

    private static string Short(string text) => text.Length > 100 ? text[..100] : text;
}
