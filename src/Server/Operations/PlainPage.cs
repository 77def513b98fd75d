using System.Text.Encodings.Web;

namespace ValueStream.Server.Operations;

/// <summary>A page that needs nothing but itself: no login, no database, none of the dashboard's frame.</summary>
internal static class PlainPage
{
    /// <summary>Whether a request is a person's, who wants a page, and not a script's.</summary>
    public static bool IsWanted(HttpRequest request) =>
        HttpMethods.IsGet(request.Method) && request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase)
        && !request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase);

    /// <summary>The page.</summary>
    /// <param name="title">Its title, as text.</param>
    /// <param name="content">What stands below the title, as HTML.</param>
    /// <param name="status">Its status code.</param>
    /// <param name="againAfter">Seconds after which the browser asks again; null for never.</param>
    /// <param name="againAt">For what it asks then, an address of this server; null for the page itself.</param>
    public static IResult Of(string title, string content, int status = StatusCodes.Status200OK, int? againAfter = null, string? againAt = null) => TypedResults.Content($"""
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        {(againAfter is { } seconds ? $"<meta http-equiv=\"refresh\" content=\"{seconds}{(againAt is null ? "" : $";url={HtmlEncoder.Default.Encode(againAt)}")}\">" : "")}
        <title>{HtmlEncoder.Default.Encode(title)} · ValueStream</title>
        <link rel="stylesheet" href="/assets/site.css">
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
        </head>
        <body>
        <main id="main" class="page plain">
        <h1>{HtmlEncoder.Default.Encode(title)}</h1>
        {content}
        </main>
        </body>
        </html>
        """, "text/html; charset=utf-8", statusCode: status);

    /// <summary>A problem for people: what is wrong, what to do, and where to go on.</summary>
    /// <param name="status">The status code.</param>
    /// <param name="title">What is wrong.</param>
    /// <param name="detail">What to do.</param>
    public static IResult Of(int status, string title, string? detail) => status == StatusCodes.Status503ServiceUnavailable
        // Whoever waits for the database sees the page that they asked for as soon as it is back.
        ? Of("Not now", $"<p>{HtmlEncoder.Default.Encode(detail ?? "")}</p><p class=\"dim\">Events that scripts report meanwhile are not lost: vscli keeps them and sends them later. This page tries again every 5 seconds.</p>", status, againAfter: 5)
        : Of(title, $"""<p>{HtmlEncoder.Default.Encode(detail ?? "")}</p><p><a href="/">Now</a> · <a href="/operations">Operations</a> · <a href="/runs">Runs</a> · <a href="/audit">Audit</a> · <a href="/system">System</a></p>""", status);
}
