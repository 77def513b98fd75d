using System.Collections.Concurrent;
using System.Security.Claims;
using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using OpenIddict.Server.AspNetCore;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace ValueStream.Testing;

/// <summary>Somebody with an account at the provider.</summary>
public sealed record Person(string Subject, string Name, params string[] Roles);

/// <summary>A provider of OpenID Connect on a port of this machine: OpenIddict with one client, whose one user is who the test says.</summary>
public sealed class LoginProvider : IAsyncDisposable
{
    public const string ClientId = "valuestream";
    public const string ClientSecret = "client-SECRET-eeeeeeeeeeeeeeee";

    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, bool> _redeemed = new();

    private LoginProvider(WebApplication app) => _app = app;

    /// <summary>Who logs in; null for somebody who gives up.</summary>
    public Person? Person { get; set; }

    /// <summary>Whether the person is shown a page of the provider's and has to go on from there.</summary>
    public bool Asks { get; set; }

    /// <summary>What is done to the claims of the next ID tokens before they are signed; null for nothing.</summary>
    public Action<ClaimsPrincipal>? Claims { get; set; }

    /// <summary>What is done to the next answers with tokens; null for nothing.</summary>
    public Action<OpenIddictResponse>? Answer { get; set; }

    /// <summary>What the last request for tokens was answered.</summary>
    public OpenIddictResponse? Answered { get; private set; }

    /// <summary>How often somebody logged out here.</summary>
    public int Logouts { get; private set; }

    /// <summary>Its address by the name localhost, another site than 127.0.0.1.</summary>
    public string Authority { get; private set; } = "";

    /// <summary>The settings of a server that people log in to with it.</summary>
    public Dictionary<string, string> Settings(params (string Role, string Scopes, string Namespaces)[] roles)
    {
        var settings = new Dictionary<string, string> { ["Oidc__Authority"] = Authority, ["Oidc__ClientId"] = ClientId, ["Oidc__ClientSecret"] = ClientSecret };
        foreach (var (i, (role, scopes, namespaces)) in roles.Index())
        {
            (settings[$"Oidc__Roles__{i}__Value"], settings[$"Oidc__Roles__{i}__Scopes"], settings[$"Oidc__Roles__{i}__Namespaces"]) = (role, scopes, namespaces);
        }
        return settings;
    }

    /// <summary>Starts it.</summary>
    public static async Task<LoginProvider> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        LoginProvider? provider = null;
        builder.Services.AddOpenIddict().AddServer(server =>
        {
            server.SetAuthorizationEndpointUris("authorize").SetTokenEndpointUris("token").SetEndSessionEndpointUris("logout");
            server.AllowAuthorizationCodeFlow().RequireProofKeyForCodeExchange().RegisterScopes(Scopes.Profile);
            server.AddEphemeralEncryptionKey().AddEphemeralSigningKey().DisableAccessTokenEncryption().EnableDegradedMode();
            server.UseAspNetCore().EnableAuthorizationEndpointPassthrough().EnableEndSessionEndpointPassthrough().DisableTransportSecurityRequirement();
            server.AddEventHandler<ValidateAuthorizationRequestContext>(h => h.UseInlineHandler(context =>
            {
                if (context.ClientId != ClientId || context.RedirectUri?.EndsWith("/login/oidc/callback", StringComparison.Ordinal) is not true)
                {
                    context.Reject(Errors.InvalidRequest, "This client is not registered so.");
                }
                return default;
            }));
            server.AddEventHandler<ValidateTokenRequestContext>(h => h.UseInlineHandler(context =>
            {
                if (context.ClientId != ClientId || context.ClientSecret != ClientSecret)
                {
                    context.Reject(Errors.InvalidClient, "The client is another.");
                }
                else if (!provider!._redeemed.TryAdd(context.Request.Code!, true))
                {
                    context.Reject(Errors.InvalidGrant, "The code was redeemed before.");
                }
                return default;
            }));
            server.AddEventHandler<ValidateEndSessionRequestContext>(h => h.UseInlineHandler(context =>
            {
                if (context.ClientId != ClientId || context.PostLogoutRedirectUri?.EndsWith("/login", StringComparison.Ordinal) is not true)
                {
                    context.Reject(Errors.InvalidRequest, "This client is not registered so.");
                }
                return default;
            }));
            server.AddEventHandler<ProcessSignInContext>(h => h.SetOrder(OpenIddictServerHandlers.PrepareIdentityTokenPrincipal.Descriptor.Order + 1).UseInlineHandler(context =>
            {
                if (context.IdentityTokenPrincipal is { } principal)
                {
                    provider!.Claims?.Invoke(principal);
                }
                return default;
            }));
            server.AddEventHandler<ApplyTokenResponseContext>(h => h.SetOrder(int.MinValue).UseInlineHandler(context =>
            {
                provider!.Answer?.Invoke(context.Response);
                provider.Answered = context.Response;
                return default;
            }));
        });
        var app = builder.Build();
        provider = new LoginProvider(app);
        app.UseAuthentication();
        app.MapGet("/authorize", provider.AuthorizeAsync);
        app.MapGet("/logout", provider.LogOut);
        await app.StartAsync();
        provider.Authority = $"http://localhost:{new Uri(app.Urls.First()).Port}";
        return provider;
    }

    /// <summary>Ends it: nobody answers from now on.</summary>
    public Task StopAsync() => _app.StopAsync();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task AuthorizeAsync(HttpContext context)
    {
        if (Asks && !context.Request.Query.ContainsKey("agreed"))
        {
            context.Response.ContentType = "text/html";
            await context.Response.WriteAsync($"<!doctype html><html lang=\"en\"><title>Provider</title><link rel=\"icon\" href=\"data:,\"><a href=\"{context.Request.PathBase}{context.Request.Path}{context.Request.QueryString.Value!.Replace("&", "&amp;", StringComparison.Ordinal)}&amp;agreed=1\">It is me</a>");
        }
        else if (Person is not { } person)
        {
            await context.ForbidAsync(OpenIddictServerAspNetCoreDefaults.AuthenticationScheme, new AuthenticationProperties(new Dictionary<string, string?>
            {
                [OpenIddictServerAspNetCoreConstants.Properties.Error] = Errors.AccessDenied,
            }));
        }
        else
        {
            var identity = new ClaimsIdentity(OpenIddictServerAspNetCoreDefaults.AuthenticationScheme);
            identity.SetClaim(OpenIddictConstants.Claims.Subject, person.Subject).SetClaim(OpenIddictConstants.Claims.Name, person.Name).SetClaims("roles", [.. person.Roles]);
            identity.SetScopes(context.GetOpenIddictServerRequest()!.GetScopes());
            identity.SetDestinations(static _ => [Destinations.IdentityToken]);
            await context.SignInAsync(OpenIddictServerAspNetCoreDefaults.AuthenticationScheme, new ClaimsPrincipal(identity));
        }
    }

    private SignOutHttpResult LogOut()
    {
        Logouts++;
        return TypedResults.SignOut(new AuthenticationProperties { RedirectUri = "/" }, [OpenIddictServerAspNetCoreDefaults.AuthenticationScheme]);
    }
}
