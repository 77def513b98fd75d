using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Mvc;
using ValueStream.Server.Operations;
using ValueStream.Store.Access;

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
    private static async Task<IResult> Form(HttpContext context, IAntiforgery antiforgery, Callers callers, Tokens made, [FromQuery] string? then, [FromQuery] string? wrong)
    {
        if (!callers.NeedsLogin && !await made.AnyAdminAsync(context.RequestAborted))
        {
            // There is no token that would open more.
            return TypedResults.LocalRedirect(Local(then));
        }
        var tokens = antiforgery.GetAndStoreTokens(context);
        var html = HtmlEncoder.Default;
        return PlainPage.Of("Log in to ValueStream", $"""
            {(wrong is null ? "" : "<p class=\"problem\" role=\"alert\">That is not this server's token.</p>")}
            <form method="post" action="/login?then={html.Encode(Uri.EscapeDataString(Local(then)))}">
            <input type="hidden" name="{html.Encode(tokens.FormFieldName)}" value="{html.Encode(tokens.RequestToken!)}">
            <p><label for="token">A token of this server: the one in its {AccessControl.TokenVariable}, or one that an administrator made</label></p>
            <p><input id="token" name="token" type="password" autocomplete="current-password" required autofocus> <button>Log in</button></p>
            </form>
            """);
    }

    private static async Task<IResult> LogIn(HttpContext context, IAntiforgery antiforgery, Callers callers, [FromQuery] string? then)
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
        if (await callers.OfAsync(form["token"].ToString().Trim(), context.RequestAborted) is not { } caller)
        {
            return TypedResults.LocalRedirect($"/login?wrong=1&then={Uri.EscapeDataString(Local(then))}");
        }
        await context.SignInAsync(CookieAuthenticationDefaults.AuthenticationScheme, caller.ToPrincipal(CookieAuthenticationDefaults.AuthenticationScheme));
        return TypedResults.LocalRedirect(Local(then));
    }

    /// <summary>An address of this server, whatever was asked for; one that can stand in a header as it is.</summary>
    public static string Local(string? address) =>
        address is ['/', ..] && !address.StartsWith("//", StringComparison.Ordinal) && address.All(static c => c is > ' ' and < '\x7f' and not '\\') ? address : "/";
}
