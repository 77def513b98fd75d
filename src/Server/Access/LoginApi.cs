using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Mvc;
using ValueStream.Server.Api;
using ValueStream.Server.Operations;
using ValueStream.Web;

namespace ValueStream.Server.Access;

/// <summary><c>/login</c>: a browser trades a token, or the code of the start's login link, for a session. <c>/logout</c>: it ends it.</summary>
internal static class LoginApi
{
    /// <summary>Maps the forms and their targets.</summary>
    public static void MapLogin(this IEndpointRouteBuilder app)
    {
        app.MapGet("/login", Form).AllowAnonymous().ExcludeFromDescription();
        app.MapPost("/login", LogIn).AllowAnonymous().ExcludeFromDescription();
        app.MapGet("/logout", LogOutForm).RequireAuthorization(AccessControl.Anything).ExcludeFromDescription();
        app.MapPageForms().MapPost("/logout", LogOut).RequireAuthorization(AccessControl.Anything);
        app.MapOidcLogin();
    }

    /// <remarks>It is no page of the dashboard: it must not show what the dashboard's frame shows, and must work without any of its queries.</remarks>
    private static IResult Form(HttpContext context, IAntiforgery antiforgery, [FromQuery] string? then, [FromQuery] string? wrong, [FromServices] OidcSettings? oidc = null) => PlainPage.Of("Log in to ValueStream", $"""
        {(wrong is null ? "" : "<p class=\"problem\" role=\"alert\">That is not this server's token, or a login link that was used or is too old.</p>")}
        {OidcLogin.Link(oidc, Local(then))}
        <form method="post" action="/login?then={Html(Uri.EscapeDataString(Local(then)))}">
        {Hidden(context, antiforgery)}
        <p><label for="token">A token of this server: the one in its {AccessControl.TokenVariable}, one that an administrator made, or what stands behind the # of the login link</label></p>
        <p><input id="token" name="token" type="password" autocomplete="current-password" required autofocus> <button>Log in</button></p>
        </form>
        <p class="dim">Without one: <code>token create --name=me --scopes=admin</code> of the server's program makes an administrator's, whether the server runs or not.</p>
        <script src="/assets/login.js" type="module"></script>
        """);

    private static async Task<IResult> LogIn(HttpContext context, IAntiforgery antiforgery, Callers callers, LoginLink link, [FromQuery] string? then)
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
        var shown = (await context.Request.ReadFormAsync())["token"].ToString().Trim();
        if ((link.Redeem(shown) ?? await callers.OfAsync(shown, context.RequestAborted)) is not { } caller)
        {
            return TypedResults.LocalRedirect($"/login?wrong=1&then={Uri.EscapeDataString(Local(then))}");
        }
        await context.SignInAsync(CookieAuthenticationDefaults.AuthenticationScheme, caller.ToPrincipal(CookieAuthenticationDefaults.AuthenticationScheme));
        return TypedResults.LocalRedirect(Local(then));
    }

    private static IResult LogOutForm(HttpContext context, IAntiforgery antiforgery) => Viewer.Name(context.User) is not { } name ? TypedResults.LocalRedirect("/login") : PlainPage.Of("Log out of ValueStream", $"""
        <p>You are <bdi>{Html(name)}</bdi>; the log calls you <code>{Html(context.User.Submitter())}</code>.</p>
        <form method="post" action="/logout">{Hidden(context, antiforgery)}<button>Log out</button></form>
        <p><a href="/">Back</a></p>
        """);

    private static async Task<IResult> LogOut(HttpContext context, LoginLink link)
    {
        link.End(context.User.Submitter());
        await context.SignOutAsync(CookieAuthenticationDefaults.AuthenticationScheme);
        return PlainPage.Of("You are logged out", $"""
            {(context.User.Submitter().StartsWith(OidcSettings.SubmitterPrefix, StringComparison.Ordinal) ? await OidcLogin.LogOutThereAsync(context) : "")}
            <p><a href="/login">Log in again</a></p>
            """);
    }

    private static string Hidden(HttpContext context, IAntiforgery antiforgery)
    {
        var tokens = antiforgery.GetAndStoreTokens(context);
        return $"<input type=\"hidden\" name=\"{Html(tokens.FormFieldName)}\" value=\"{Html(tokens.RequestToken!)}\">";
    }

    private static string Html(string text) => HtmlEncoder.Default.Encode(text);

    /// <summary>An address of this server, whatever was asked for; one that can stand in a header as it is.</summary>
    public static string Local(string? address) =>
        address is ['/', ..] && !address.StartsWith("//", StringComparison.Ordinal) && address.All(static c => c is > ' ' and < '\x7f' and not '\\') ? address : "/";
}
