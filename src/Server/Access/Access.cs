using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using ValueStream.Server.Operations;

namespace ValueStream.Server.Access;

/// <summary>
/// Who may call. Without a token the server listens on this machine only, and everybody on it may; with VALUESTREAM_BOOTSTRAP_TOKEN that one
/// token is needed on every route but /healthz, as Bearer or to log in.
/// </summary>
internal static class AccessControl
{
    /// <summary>The variable that holds the token.</summary>
    public const string TokenVariable = "VALUESTREAM_BOOTSTRAP_TOKEN";

    private const string SubmitterClaim = "submitter";

    /// <summary>Registers authentication, and requires it everywhere.</summary>
    /// <param name="services">Where to.</param>
    /// <param name="token">The token; null or empty when there is none.</param>
    public static IServiceCollection AddAccess(this IServiceCollection services, string? token)
    {
        var hasToken = !string.IsNullOrEmpty(token);
        services.AddSingleton(new BootstrapToken(hasToken ? SHA256.HashData(Encoding.UTF8.GetBytes(token!)) : null));
        services.AddAuthentication(hasToken ? "select" : LoopbackHandler.Scheme)
            .AddPolicyScheme("select", null, o => o.ForwardDefaultSelector = context =>
                context.Request.Headers.Authorization.Count > 0 || !IsBrowser(context.Request) && !context.Request.Cookies.ContainsKey("valuestream") ? BearerHandler.Scheme
                : CookieAuthenticationDefaults.AuthenticationScheme)
            .AddScheme<AuthenticationSchemeOptions, LoopbackHandler>(LoopbackHandler.Scheme, null)
            .AddScheme<AuthenticationSchemeOptions, BearerHandler>(BearerHandler.Scheme, null)
            .AddCookie(o =>
            {
                o.Cookie.Name = "valuestream";
                o.Cookie.SameSite = SameSiteMode.Strict;
                o.Cookie.HttpOnly = true;
                o.LoginPath = "/login";
                o.ReturnUrlParameter = "then";
                o.ExpireTimeSpan = TimeSpan.FromHours(12);
                // A person is shown the form; a script whose session has ended is told so.
                o.Events.OnRedirectToLogin = static c =>
                {
                    if (!IsBrowser(c.Request))
                    {
                        return BearerHandler.RefuseAsync(c.HttpContext);
                    }
                    c.Response.Redirect(c.RedirectUri);
                    return Task.CompletedTask;
                };
            });
        // The request rules check the Host header themselves, and say what to do; the framework's own filter would not know this machine's names.
        services.Configure<HostFilteringOptions>(static o => o.AllowedHosts = ["*"]);
        services.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
        return services;
    }

    /// <summary>The opaque id under which the log keeps who sent a request.</summary>
    public static string Submitter(this ClaimsPrincipal user) =>
        user.FindFirstValue(SubmitterClaim) ?? throw new InvalidOperationException("A request came through without having been authenticated.");

    /// <summary>Somebody who may call.</summary>
    public static ClaimsPrincipal Caller(string submitter, string scheme) => new(new ClaimsIdentity([new Claim(SubmitterClaim, submitter)], scheme));

    private static bool IsBrowser(HttpRequest request) =>
        request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);
}

/// <summary>The hash of the one token, or null when there is none.</summary>
/// <param name="hash">SHA-256 of its UTF-8 bytes.</param>
internal sealed class BootstrapToken(byte[]? hash)
{
    /// <summary>The submitter of whoever uses it.</summary>
    public const string Submitter = "token:0";

    /// <summary>Whether there is one at all; without it nobody need log in.</summary>
    public bool IsSet => hash is not null;

    /// <summary>Refuses what needs somebody who has shown who they are, on this machine too; null where they have.</summary>
    /// <param name="act">What it is, as a sentence begins.</param>
    public ProblemHttpResult? Refusal(string act) =>
        IsSet ? null : Problems.Forbidden($"{act} needs a login: start the server with {AccessControl.TokenVariable}.");

    /// <summary>Whether a text is the token, in time that does not depend on how much of it is right.</summary>
    public bool Is(string? text) =>
        hash is not null && text is not null && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(text)), hash);
}

/// <summary>No token is set, so only this machine can call, and everybody on it may.</summary>
internal sealed class LoopbackHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    /// <summary>The scheme's name.</summary>
    public new const string Scheme = "loopback";

    private static readonly Task<AuthenticateResult> Anybody =
        Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(AccessControl.Caller("loopback", Scheme), Scheme)));

    protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Anybody;
}

/// <summary><c>Authorization: Bearer</c> with the token.</summary>
internal sealed class BearerHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, BootstrapToken token)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    /// <summary>The scheme's name.</summary>
    public new const string Scheme = "bearer";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var header = Request.Headers.Authorization.ToString();
        return Task.FromResult(
            !header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? AuthenticateResult.NoResult()
            : token.Is(header["Bearer ".Length..].Trim()) ? AuthenticateResult.Success(new AuthenticationTicket(AccessControl.Caller(BootstrapToken.Submitter, Scheme), Scheme))
            : AuthenticateResult.Fail("The token is not this server's."));
    }

    /// <summary>Answers somebody who did not say who it is.</summary>
    public static Task RefuseAsync(HttpContext context)
    {
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return Problems.Unauthorized().ExecuteAsync(context);
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties) => RefuseAsync(Context);
}
