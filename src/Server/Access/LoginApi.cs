using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Mvc;

namespace ValueStream.Server.Access;

/// <summary><c>/login</c>: a browser trades the token for a session.</summary>
internal static class LoginApi
{
    /// <summary>Maps the form's target; the form itself is a page.</summary>
    public static void MapLogin(this IEndpointRouteBuilder app) =>
        app.MapPost("/login", LogIn).AllowAnonymous().ExcludeFromDescription();

    private static async Task<IResult> LogIn(HttpContext context, IAntiforgery antiforgery, BootstrapToken token, [FromQuery] string? then)
    {
        await antiforgery.ValidateRequestAsync(context);
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
    private static string Local(string? address) =>
        address is ['/', ..] && !address.StartsWith("//", StringComparison.Ordinal) && !address.Contains('\\') ? address : "/";
}
