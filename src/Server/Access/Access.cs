using System.Collections.Immutable;
using System.Globalization;
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
using ValueStream.Store.Access;
using ValueStream.Store.Queries;
using ValueStream.Web;

namespace ValueStream.Server.Access;

/// <summary>
/// Who may call. Where the server listens on this machine only and neither a bootstrap token nor a provider is set, everybody on it may send and read; else each request shows a token, as Bearer or
/// by a session that began with one, or a session that began at the provider. What a token or a person's role opens are its scopes, in its namespaces.
/// </summary>
internal static class AccessControl
{
    /// <summary>The variable that holds the bootstrap token.</summary>
    public const string TokenVariable = "VALUESTREAM_BOOTSTRAP_TOKEN";

    /// <summary>The policy of what takes events.</summary>
    public const string Ingest = "ingest";

    /// <summary>The policy of what tells something of runs; it holds where no other is named.</summary>
    public const string Read = "read";

    /// <summary>The policy of what tells or changes something of all namespaces at once.</summary>
    public const string ReadEverything = "read everything";

    /// <summary>The policy of what keeps the service running: a rebuild, a replay, an import. On a machine that is open to its users they may.</summary>
    public const string Operate = "operate";

    /// <summary>The policy of what tells nothing of runs.</summary>
    public const string Anything = "anything";

    /// <summary>The type of the claim that names a caller as the log does.</summary>
    public const string SubmitterClaim = "submitter";

    private const string ScopesClaim = "scopes";

    /// <summary>Registers authentication, and requires it everywhere.</summary>
    /// <param name="services">Where to.</param>
    /// <param name="token">The bootstrap token; null or empty when there is none.</param>
    /// <param name="oidc">The provider that people log in with; null when there is none.</param>
    /// <param name="isOpen">Whether who shows no token may send and read: nobody but this machine's users can reach the server.</param>
    public static IServiceCollection AddAccess(this IServiceCollection services, string? token, OidcSettings? oidc, bool isOpen)
    {
        services.AddSingleton<LoginLink>();
        services.AddSingleton(p => new Callers(string.IsNullOrEmpty(token) ? null : SHA256.HashData(Encoding.UTF8.GetBytes(token)), isOpen, p.GetRequiredService<Tokens>(),
            p.GetRequiredService<LoginLink>(), oidc));
        services.AddAuthentication("select")
            .AddPolicyScheme("select", null, o => o.ForwardDefaultSelector = context =>
                context.Request.Headers.Authorization.Count > 0 ? BearerHandler.Scheme
                : context.Request.Cookies.ContainsKey(Cookie) ? CookieAuthenticationDefaults.AuthenticationScheme
                : isOpen || !IsBrowser(context.Request) ? BearerHandler.Scheme
                : CookieAuthenticationDefaults.AuthenticationScheme)
            .AddScheme<AuthenticationSchemeOptions, BearerHandler>(BearerHandler.Scheme, null)
            .AddCookie(o =>
            {
                o.Cookie.Name = Cookie;
                o.Cookie.SameSite = SameSiteMode.Strict;
                o.Cookie.HttpOnly = true;
                o.LoginPath = "/login";
                o.ReturnUrlParameter = "then";
                o.ExpireTimeSpan = TimeSpan.FromHours(12);
                // What the session opens is asked at each request: its token may have been revoked, its role may open something else now.
                o.Events.OnValidatePrincipal = static async c =>
                {
                    var callers = c.HttpContext.RequestServices.GetRequiredService<Callers>();
                    if (await callers.AgainAsync(c.Principal, c.HttpContext.RequestAborted) is { } caller)
                    {
                        c.ReplacePrincipal(caller.ToPrincipal(CookieAuthenticationDefaults.AuthenticationScheme));
                    }
                    else if (callers.Anybody is { } anybody)
                    {
                        c.ReplacePrincipal(anybody);
                    }
                    else
                    {
                        c.RejectPrincipal();
                    }
                };
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
                o.Events.OnRedirectToAccessDenied = static c => BearerHandler.ForbidAsync(c.HttpContext);
            })
            .AddProvider(oidc);
        // The request rules check the Host header themselves, and say what to do; the framework's own filter would not know this machine's names.
        services.Configure<HostFilteringOptions>(static o => o.AllowedHosts = ["*"]);
        services.AddAuthorizationBuilder()
            .SetFallbackPolicy(Policy(Scopes.Read))
            .AddPolicy(Ingest, Policy(Scopes.Ingest))
            .AddPolicy(Read, Policy(Scopes.Read))
            .AddPolicy(ReadEverything, Policy(Scopes.Read, everything: true))
            .AddPolicy(Operate, static p => p.RequireAuthenticatedUser().RequireAssertion(static c => IsAnybody(c.User) || MayAdminister(c.User)))
            .AddPolicy(Anything, Policy(Scopes.None));
        return services;
    }

    /// <summary>The opaque id under which the log keeps who sent a request.</summary>
    public static string Submitter(this ClaimsPrincipal user) =>
        user.FindFirstValue(SubmitterClaim) ?? throw new InvalidOperationException("A request came through without having been authenticated.");

    /// <summary>Who did something, for the log: whom the request names, else the person as the provider calls them; null where neither is there. It is data, which can be erased.</summary>
    public static string? Actor(this ClaimsPrincipal user, string? named) => named ?? (user.Submitter().StartsWith(OidcSettings.SubmitterPrefix, StringComparison.Ordinal) ? Viewer.Name(user) : null);

    /// <summary>What a caller may do.</summary>
    public static Scopes Granted(this ClaimsPrincipal user) => Enum.TryParse<Scopes>(user.FindFirstValue(ScopesClaim), out var scopes) ? scopes : Scopes.None;

    /// <summary>The caller as the framework knows users.</summary>
    public static ClaimsPrincipal ToPrincipal(this Caller caller, string scheme) => new(new ViewerIdentity(
        [
            new Claim(SubmitterClaim, caller.Submitter), new Claim(ScopesClaim, caller.Scopes.ToString()),
            .. caller.Submitter == Callers.Loopback ? [] : new[] { new Claim(ClaimTypes.Name, caller.Name ?? caller.Submitter) },
        ], scheme, Visible.Of(caller.Namespaces)));

    /// <summary>Refuses what administrators do, to others; null to those who may.</summary>
    /// <param name="user">Who asks.</param>
    /// <param name="act">What it is, as a sentence begins.</param>
    /// <param name="everywhere">Whether it touches every namespace.</param>
    public static ProblemHttpResult? Refusal(this ClaimsPrincipal user, string act, bool everywhere = false) =>
        !user.Granted().HasFlag(Scopes.Admin)
            ? Problems.Forbidden(IsAnybody(user)
                ? $"{act} needs a login: open the link that the server printed at its start; or make a token of scope admin with 'token create', or start the server with {TokenVariable}, and open /login."
                : $"{act} needs scope admin, of a token or of a role.")
        : everywhere && !Viewer.MaySee(user).All ? Problems.Forbidden($"{act} needs a token or a role of all namespaces.")
        : null;

    private static bool MayAdminister(ClaimsPrincipal user) => user.Granted().HasFlag(Scopes.Admin) && Viewer.MaySee(user).All;

    private static bool IsAnybody(ClaimsPrincipal user) => user.FindFirstValue(SubmitterClaim) == Callers.Loopback;

    private static AuthorizationPolicy Policy(Scopes scope, bool everything = false) => new AuthorizationPolicyBuilder().RequireAuthenticatedUser()
        .RequireAssertion(c => c.User.Granted().HasFlag(scope) && (!everything || Viewer.MaySee(c.User).All)).Build();

    private const string Cookie = "valuestream";

    private static bool IsBrowser(HttpRequest request) =>
        request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);
}

/// <summary>Somebody who may call.</summary>
/// <param name="Submitter">How the log names it.</param>
/// <param name="Scopes">What it may do.</param>
/// <param name="Namespaces">In which namespaces, as patterns.</param>
/// <param name="Name">What a person is called; null where nobody says.</param>
internal sealed record Caller(string Submitter, Scopes Scopes, ImmutableArray<string> Namespaces, string? Name = null);

/// <summary>Tells who calls by what they show.</summary>
/// <param name="bootstrap">SHA-256 of the bootstrap token's UTF-8 bytes; null when there is none.</param>
/// <param name="isOpen">Whether who shows nothing may call.</param>
/// <param name="tokens">The tokens that were made.</param>
/// <param name="link">The login link of the start.</param>
/// <param name="oidc">The provider that people log in with; null when there is none.</param>
internal sealed class Callers(byte[]? bootstrap, bool isOpen, Tokens tokens, LoginLink link, OidcSettings? oidc)
{
    /// <summary>The submitter of whoever shows nothing, on this machine.</summary>
    public const string Loopback = "loopback";

    private const string BootstrapSubmitter = "token:0";

    private static readonly ImmutableArray<string> Everywhere = [Token.AllNamespaces];
    private static readonly Caller Administrator = new(BootstrapSubmitter, Scopes.Admin, Everywhere);

    private readonly Task<ClaimsPrincipal?> _anybody = Task.FromResult(isOpen ? new Caller(Loopback, Scopes.Ingest | Scopes.Read, Everywhere).ToPrincipal(Loopback) : null);

    /// <summary>Who shows nothing; null where everybody must show something.</summary>
    public ClaimsPrincipal? Anybody => _anybody.Result;

    /// <summary>Whether everybody must show something.</summary>
    public bool NeedsLogin => Anybody is null;

    /// <summary>Whose token a text is; null when it is nobody's. It is compared in time that does not depend on how much of it is right.</summary>
    public async ValueTask<Caller?> OfAsync(string text, CancellationToken cancellationToken) =>
        bootstrap is not null && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(text)), bootstrap) ? Administrator
        : await tokens.FindAsync(text, cancellationToken) is { } token ? Of(token) : null;

    /// <summary>Who began a session, as they may call now; null when they no longer may.</summary>
    public async ValueTask<Caller?> AgainAsync(ClaimsPrincipal? session, CancellationToken cancellationToken) => session?.FindFirstValue(AccessControl.SubmitterClaim) switch
    {
        null => null,
        BootstrapSubmitter => bootstrap is not null ? Administrator : null,
        var submitter when submitter.StartsWith(OidcSettings.SubmitterPrefix, StringComparison.Ordinal) => oidc?.Again(session),
        var submitter when submitter.Split(':') is ["token", var number] => int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            && await tokens.FindAsync(id, cancellationToken) is { } token ? Of(token) : null,
        var submitter => link.Again(submitter),
    };

    /// <summary>Who sends a request, by the token that it shows; anybody, where it shows none of this server's and need not. Null when nobody may send so.</summary>
    public Task<ClaimsPrincipal?> SenderOfAsync(HttpRequest request) =>
        BearerHandler.TokenOf(request) is { } text ? OfTokenAsync(text, request.HttpContext.RequestAborted) : _anybody;

    private async Task<ClaimsPrincipal?> OfTokenAsync(string text, CancellationToken cancellationToken) =>
        await OfAsync(text, cancellationToken) is { } caller ? caller.ToPrincipal(BearerHandler.Scheme) : Anybody;

    private static Caller Of(Token token) => new(token.Submitter, token.Scopes, token.Namespaces);
}

/// <summary><c>Authorization: Bearer</c> with a token. On a server that is open to its machine, whoever shows none of its tokens is anybody there.</summary>
internal sealed class BearerHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, Callers callers)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    /// <summary>The scheme's name.</summary>
    public new const string Scheme = "bearer";

    /// <summary>The token that a request shows; null when it shows none.</summary>
    public static string? TokenOf(HttpRequest request) =>
        request.Headers.Authorization.ToString() is var header && header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? header["Bearer ".Length..].Trim() : null;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync() =>
        await callers.SenderOfAsync(Request) is { } sender ? AuthenticateResult.Success(new AuthenticationTicket(sender, Scheme))
        : TokenOf(Request) is null ? AuthenticateResult.NoResult()
        : AuthenticateResult.Fail("The token is not this server's.");

    /// <summary>Answers somebody who did not say who it is.</summary>
    public static Task RefuseAsync(HttpContext context)
    {
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return Problems.Unauthorized().ExecuteAsync(context);
    }

    /// <summary>Answers somebody whose token does not open this.</summary>
    public static Task ForbidAsync(HttpContext context) =>
        Problems.Forbidden("The token, or the role, does not open this: it needs another scope (ingest to send, read to look, admin to set), or all namespaces. Whoever administers the server can make such a token.")
            .ExecuteAsync(context);

    protected override Task HandleChallengeAsync(AuthenticationProperties properties) => RefuseAsync(Context);

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) => ForbidAsync(Context);
}
