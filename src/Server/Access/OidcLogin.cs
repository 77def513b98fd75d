using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;
using ValueStream.Server.Operations;

namespace ValueStream.Server.Access;

/// <summary>The login at a provider of OpenID Connect: the code flow with PKCE, from <c>/login/oidc</c> to a session.</summary>
internal static partial class OidcLogin
{
    /// <summary>The scheme's name.</summary>
    public const string Scheme = "oidc";

    /// <summary>Where it begins.</summary>
    public const string Route = "/login/oidc";

    /// <summary>Where the provider leads back to: what has to be registered there.</summary>
    public const string Callback = Route + "/callback";

    private const string Done = "/login/done";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Registers the provider, where there is one.</summary>
    public static AuthenticationBuilder AddProvider(this AuthenticationBuilder authentication, OidcSettings? settings)
    {
        if (settings is null)
        {
            return authentication;
        }
        authentication.Services.AddSingleton(settings);
        return authentication.AddOpenIdConnect(Scheme, o =>
        {
            o.Authority = settings.Authority.OriginalString;
            o.RequireHttpsMetadata = !settings.Authority.IsLoopback;
            (o.ClientId, o.ClientSecret) = (settings.ClientId, settings.ClientSecret);
            o.SignInScheme = CookieAuthenticationDefaults.AuthenticationScheme;
            // By an address, not by a form of another site, which the request rules refuse. The cookies of the way there and back come along with a link from there, and with nothing else.
            (o.ResponseType, o.ResponseMode, o.UsePkce) = (OpenIdConnectResponseType.Code, OpenIdConnectResponseMode.Query, true);
            (o.CorrelationCookie.SameSite, o.CorrelationCookie.SecurePolicy) = (SameSiteMode.Lax, CookieSecurePolicy.SameAsRequest);
            (o.NonceCookie.SameSite, o.NonceCookie.SecurePolicy) = (SameSiteMode.Lax, CookieSecurePolicy.SameAsRequest);
            o.CallbackPath = Callback;
            // Nobody but the person ends a session here: these would be ways for other sites to do it.
            (o.RemoteSignOutPath, o.SignedOutCallbackPath) = (default, default);
            (o.MapInboundClaims, o.DisableTelemetry, o.BackchannelTimeout) = (false, true, Patience);
            o.Scope.Clear();
            foreach (var scope in settings.Scope)
            {
                o.Scope.Add(scope);
            }
            o.Events.OnTokenValidated = static c =>
            {
                // The framework takes the connection's word for a token that has no signature. We take none for it.
                if (c.SecurityToken.RawSignature.Length == 0)
                {
                    c.Fail(new SecurityTokenInvalidSignatureException("The ID token is not signed."));
                }
                return Task.CompletedTask;
            };
            o.Events.OnTicketReceived = c => BeginSessionAsync(c, settings);
            o.Events.OnRemoteFailure = ExplainAsync;
            o.Events.OnAccessDenied = static c =>
            {
                c.HandleResponse();
                return GivenUp().ExecuteAsync(c.HttpContext);
            };
        });
    }

    /// <summary>Maps where it begins and where it ends.</summary>
    public static void MapOidcLogin(this IEndpointRouteBuilder app)
    {
        app.MapGet(Route, BeginAsync).AllowAnonymous().ExcludeFromDescription();
        app.MapGet(Done, Arrived).AllowAnonymous().ExcludeFromDescription();
    }

    /// <summary>The way to the provider, for the form at /login; nothing where there is none.</summary>
    /// <remarks>A link: the pages' policy lets forms lead nowhere else, not even by way of this server.</remarks>
    public static string Link(OidcSettings? settings, string then) => settings is null ? ""
        : $"<p><a href=\"{Route}?then={Text(Uri.EscapeDataString(then))}\">Log in at {Text(settings.Authority.Authority)}</a></p><p>Or with a token:</p>";

    /// <summary>The way to end the session at the provider as well; nothing where the provider offers none.</summary>
    public static async Task<string> LogOutThereAsync(HttpContext context)
    {
        try
        {
            var options = context.RequestServices.GetRequiredService<IOptionsMonitor<OpenIdConnectOptions>>().Get(Scheme);
            var provider = await options.ConfigurationManager!.GetConfigurationAsync(context.RequestAborted);
            return string.IsNullOrEmpty(provider.EndSessionEndpoint) ? "" : $"<p>You are still logged in at {Text(new Uri(provider.EndSessionEndpoint).Authority)}: whoever uses this browser can come back without a password. <a href=\""
                + $"{Text(QueryHelpers.AddQueryString(provider.EndSessionEndpoint, new Dictionary<string, string?> { ["client_id"] = options.ClientId, ["post_logout_redirect_uri"] = $"{context.Request.Scheme}://{context.Request.Host}/login" }))}\">Log out there, too</a></p>";
        }
        catch (Exception e) when (IsProviderAway(e))
        {
            return "";
        }
    }

    private static async Task<IResult> BeginAsync(HttpContext context, ILoggerFactory loggers, [FromQuery] string? then, [FromServices] OidcSettings? settings = null)
    {
        if (settings is null)
        {
            return TypedResults.NotFound();
        }
        try
        {
            await context.ChallengeAsync(Scheme, new AuthenticationProperties { RedirectUri = $"{Done}?then={Uri.EscapeDataString(LoginApi.Local(then))}" });
            return TypedResults.Empty;
        }
        catch (Exception e) when (IsProviderAway(e) && !context.RequestAborted.IsCancellationRequested)
        {
            return Away(loggers, e);
        }
    }

    /// <remarks>A page and no redirect: the session's cookie does not come along on a way that began at another site, and this page's own link begins here.</remarks>
    private static IResult Arrived([FromQuery] string? then) =>
        PlainPage.Of("You are logged in", $"<p><a href=\"{Text(LoginApi.Local(then))}\">Go on</a></p>", againAfter: 0, againAt: LoginApi.Local(then));

    /// <summary>What the provider said was checked. The session holds who it is and which of the roles open something here.</summary>
    private static async Task BeginSessionAsync(TicketReceivedContext context, OidcSettings settings)
    {
        if (settings.Begin(context.Principal!, CookieAuthenticationDefaults.AuthenticationScheme) is not { } session)
        {
            context.HandleResponse();
            await PlainPage.Of("Nothing is open to you here", $"""
                <p>{Text(settings.Authority.Authority)} says who you are, but none of your roles there (claim <code>{Text(settings.RoleClaim)}</code>) opens anything here. Whoever administers this server says in
                <code>{OidcSettings.Section}__Roles</code> which roles do.</p>
                <p><a href="/login">Log in otherwise</a></p>{await LogOutThereAsync(context.HttpContext)}
                """, StatusCodes.Status403Forbidden).ExecuteAsync(context.HttpContext);
            return;
        }
        context.Principal = session;
        context.Properties!.IssuedUtc = context.Options.TimeProvider!.GetUtcNow();
        context.Properties.ExpiresUtc = context.Properties.IssuedUtc + settings.Session;
        context.Properties.AllowRefresh = false;
    }

    private static Task ExplainAsync(RemoteFailureContext context)
    {
        context.HandleResponse();
        var loggers = context.HttpContext.RequestServices.GetRequiredService<ILoggerFactory>();
        return (context.Failure switch
        {
            { } e when IsProviderAway(e) => Away(loggers, e),
            // What a browser brought: no state, one of another browser, one that was used. It says nothing of the provider.
            null or AuthenticationFailureException => GivenUp(),
            var e => Refused(loggers, e),
        }).ExecuteAsync(context.HttpContext);
    }

    private static IResult GivenUp() => Failed("The login was given up, took too long, was begun in another browser, or was completed before.", StatusCodes.Status400BadRequest);

    private static IResult Away(ILoggerFactory loggers, Exception e)
    {
        LogAway(loggers.CreateLogger(typeof(OidcLogin)), e.GetBaseException().Message);
        return Failed("The provider does not answer, or not as one. Try again in a moment; tokens go on working. This server's log says more.", StatusCodes.Status502BadGateway);
    }

    private static IResult Refused(ILoggerFactory loggers, Exception e)
    {
        LogRefused(loggers.CreateLogger(typeof(OidcLogin)), e.GetBaseException().Message);
        return Failed("What the provider answered was not accepted. This server's log says why.", StatusCodes.Status400BadRequest);
    }

    private static IResult Failed(string why, int status) =>
        PlainPage.Of("You are not logged in", $"<p class=\"problem\" role=\"alert\">{Text(why)}</p><p><a href=\"/login\">Log in again</a></p>", status);

    /// <summary>Whether it is the provider that could not be asked. The framework wraps what it could not fetch of its description into an InvalidOperationException.</summary>
    private static bool IsProviderAway(Exception e) =>
        e is HttpRequestException or IOException or OperationCanceledException || (e is InvalidOperationException && e.Message.StartsWith("IDX20803", StringComparison.Ordinal));

    private static string Text(string text) => HtmlEncoder.Default.Encode(text);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The login provider cannot be asked: {Why}")]
    private static partial void LogAway(ILogger logger, string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A login was refused for what the provider answered: {Why}")]
    private static partial void LogRefused(ILogger logger, string why);
}
