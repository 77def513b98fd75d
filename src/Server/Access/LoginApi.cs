using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Mvc;
using ValueStream.Server.Operations;

namespace ValueStream.Server.Access;

/// <summary><c>/login</c>: a browser trades the token for a session.</summary>
internal static class LoginApi
{
    /// <summary>Maps the form and its target.</summary>
    public static void MapLogin(this IEndpointRouteBuilder app)
    {
        app.MapGet("/login", Form).AllowAnonymous().ExcludeFromDescription();
        app.MapPost("/login", LogIn).AllowAnonymous().ExcludeFromDescription();
    }

    /// <remarks>It is no page of the dashboard: it must not show what the dashboard's frame shows, and must work without any of its queries.</remarks>
    private static IResult Form(HttpContext context, IAntiforgery antiforgery, BootstrapToken token, [FromQuery] string? then, [FromQuery] string? wrong)
    {
        if (!token.IsSet)
        {
            return TypedResults.LocalRedirect(Local(then));
        }
        var tokens = antiforgery.GetAndStoreTokens(context);
        var html = HtmlEncoder.Default;
        return TypedResults.Content($"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>Log in · ValueStream</title>
            <link rel="stylesheet" href="/assets/site.css">
            <link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
            </head>
            <body>
            <main id="main" class="page">
            <h1>Log in to ValueStream</h1>
            {(wrong is null ? "" : "<p class=\"problem\" role=\"alert\">That is not this server's token.</p>")}
            <form method="post" action="/login?then={html.Encode(Uri.EscapeDataString(Local(then)))}">
            <input type="hidden" name="{html.Encode(tokens.FormFieldName)}" value="{html.Encode(tokens.RequestToken!)}">
            <p><label for="token">Token, as in the server's {AccessControl.TokenVariable}</label></p>
            <p><input id="token" name="token" type="password" autocomplete="current-password" required autofocus> <button>Log in</button></p>
            </form>
            </main>
            </body>
            </html>
            """, "text/html; charset=utf-8");
    }

    private static async Task<IResult> LogIn(HttpContext context, IAntiforgery antiforgery, BootstrapToken token, [FromQuery] string? then)
    {
        if (!context.Request.HasFormContentType)
        {
            return Problems.Invalid("Content-Type", "This address takes the form at /login. Scripts send 'Authorization: Bearer <token>' instead.",
                StatusCodes.Status415UnsupportedMediaType);
        }
        if (!await antiforgery.IsRequestValidAsync(context))
        {
            return Problems.Invalid("", "The form is out of date, or cookies are refused. Open /login again.");
        }
        var form = await context.Request.ReadFormAsync();
        if (!token.Is(form["token"]))
        {
            return TypedResults.LocalRedirect($"/login?wrong=1&then={Uri.EscapeDataString(Local(then))}");
        }
        await context.SignInAsync(CookieAuthenticationDefaults.AuthenticationScheme,
            AccessControl.Caller(BootstrapToken.Submitter, CookieAuthenticationDefaults.AuthenticationScheme));
        return TypedResults.LocalRedirect(Local(then));
    }

    /// <summary>An address of this server, whatever was asked for.</summary>
    public static string Local(string? address) =>
        address is ['/', ..] && !address.StartsWith("//", StringComparison.Ordinal) && !address.Contains('\\') ? address : "/";
}
