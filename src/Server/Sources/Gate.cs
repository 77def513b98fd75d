using System.Collections.Frozen;
using System.Security.Claims;
using Microsoft.AspNetCore.Http.HttpResults;
using ValueStream.Server.Access;
using ValueStream.Server.Ingest;
using ValueStream.Server.Operations;
using ValueStream.Store.Access;
using ValueStream.Web;

namespace ValueStream.Server.Sources;

/// <summary>
/// Decides who may deliver. A signature that is there must be right, and then nothing else is asked. Without one it takes the token of the server, or a key in the address; nobody need show
/// anything where the source is configured so, or where neither it nor the server has any secret, which is on this machine only.
/// </summary>
internal sealed class Gate(FrozenDictionary<string, SourceSettings> settings, Callers callers)
{
    /// <summary>How a source can be reached now: <c>signed</c>, <c>key</c>, <c>token</c>, <c>unsigned</c>, <c>loopback</c>; more than one where more than one will do.</summary>
    public IReadOnlyList<string> Ways(string source)
    {
        var own = settings[source];
        string?[] ways =
        [
            own.Secrets.IsEmpty ? null : "signed",
            own.Keys.IsEmpty ? null : "key",
            callers.NeedsLogin ? "token" : null,
            own.AllowUnsigned ? "unsigned" : null,
            IsForAnybodyHere(own) ? "loopback" : null,
        ];
        return [.. ways.OfType<string>()];
    }

    /// <summary>Whether anybody may deliver who reaches the server.</summary>
    public bool IsOpen(string source) => settings[source].AllowUnsigned;

    /// <summary>The key of a source that a request has as its Bearer token, for senders that cannot choose an address but set headers; null where the source has none, or it is the server's token.</summary>
    public string? BearerKey(string source, HttpRequest request) =>
        !settings[source].Keys.IsEmpty && request.Headers.Authorization.ToString() is var header && header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
            && !ShowsToken(request.HttpContext.User) ? header[Bearer.Length..].Trim() : null;

    /// <summary>Lets a delivery in, or says why not. A body whose sender shows nothing, or what no body could make right, is not even read.</summary>
    /// <param name="source">The source's name.</param>
    /// <param name="request">The request.</param>
    /// <param name="key">The key in the address, if any.</param>
    /// <param name="verify">What its signature is worth by some secrets; it is asked before the body is there, too.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<Admission> AdmitAsync(
        string source, HttpRequest request, string? key, Func<Webhook, IReadOnlyList<string>, SignatureCheck> verify, CancellationToken cancellationToken)
    {
        var own = settings[source];
        var webhook = new Webhook(request.Headers.ToDictionary(static h => h.Key, static h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase), default, default);
        var check = own.Secrets.IsEmpty ? SignatureCheck.Missing : verify(webhook, own.Secrets);
        var (submitter, refusal) = check switch
        {
            SignatureCheck.Missing => WithoutSignature(source, own, key, request.HttpContext.User),
            SignatureCheck.Wrong => (null, WrongSignature(source)),
            _ => ($"webhook:{source}", null),
        };
        if (refusal is null)
        {
            webhook = webhook with { Body = await request.ReadBodyAsync(cancellationToken) };
            if (check == SignatureCheck.Undecided && verify(webhook, own.Secrets) != SignatureCheck.Right)
            {
                refusal = WrongSignature(source);
            }
        }
        if (refusal is not null)
        {
            request.HttpContext.Response.Headers.WWWAuthenticate = "Bearer";
        }
        return new Admission(webhook, submitter, refusal is null ? null : Problems.Unauthorized(refusal));
    }

    private const string Bearer = "Bearer ";

    private static string WrongSignature(string source) =>
        $"The signature is not made with a secret of this server. Set the same secret at the tool and in {SourceSettings.Section}__{source}__Secrets__0.";

    private (string? Submitter, string? Refusal) WithoutSignature(string source, SourceSettings own, string? key, ClaimsPrincipal user) =>
        key is not null
            ? Signatures.Equal(key, own.Keys) == SignatureCheck.Right ? ($"webhook:{source}", null) : (null, $"The key is not one of this server's. Set it in Sources__{source}__Keys__0, or send 'Authorization: Bearer <token>' without one.")
            : ShowsToken(user) ? MayDeliver(user) ? (user.Submitter(), null)
                : (null, "The token does not open this: a tool's deliveries are of any namespace, so it needs a token of scope ingest for all of them.")
            : user.Identity?.IsAuthenticated is true && IsForAnybodyHere(own) ? (user.Submitter(), null)
            : own.AllowUnsigned ? ($"unsigned:{source}", null)
            : own.Secrets.IsEmpty && own.Keys.IsEmpty
                ? (null, $"This route is closed. Set a secret in {SourceSettings.Section}__{source}__Secrets__0 and the same at the tool, or send 'Authorization: Bearer <token>'.")
            : (null, "The request is not signed, and has no key in its address. Set the tool's secret, or send 'Authorization: Bearer <token>'.");

    private static bool ShowsToken(ClaimsPrincipal user) => user.Identity?.IsAuthenticated is true && user.Submitter() != Callers.Loopback;

    private static bool MayDeliver(ClaimsPrincipal user) => user.Granted().HasFlag(Scopes.Ingest) && Viewer.MaySee(user).All;

    private bool IsForAnybodyHere(SourceSettings own) => !callers.NeedsLogin && own.Secrets.IsEmpty && own.Keys.IsEmpty;
}

/// <summary>A delivery at the gate.</summary>
/// <param name="Webhook">What came; its body only where it was let in.</param>
/// <param name="Submitter">Who delivers.</param>
/// <param name="Refusal">Why it is not let in; null where it is.</param>
internal sealed record Admission(Webhook Webhook, string? Submitter, ProblemHttpResult? Refusal);
