using System.Collections.Frozen;
using System.Security.Claims;
using Microsoft.AspNetCore.Http.HttpResults;
using ValueStream.Server.Access;
using ValueStream.Server.Operations;

namespace ValueStream.Server.Sources;

/// <summary>
/// Decides who may deliver. A signature that is there must be right, and then nothing else is asked. Without one it takes the token of the server, or a key in the address; nobody need show
/// anything where the source is configured so, or where neither it nor the server has any secret, which is on this machine only.
/// </summary>
internal sealed class Gate(FrozenDictionary<string, SourceSettings> settings, BootstrapToken token)
{
    /// <summary>How a source can be reached now: <c>signed</c>, <c>key</c>, <c>token</c>, <c>unsigned</c>, <c>loopback</c>; more than one where more than one will do.</summary>
    public IReadOnlyList<string> Ways(string source)
    {
        var own = settings[source];
        string?[] ways =
        [
            own.Secrets.IsEmpty ? null : "signed",
            own.Keys.IsEmpty ? null : "key",
            token.IsSet ? "token" : null,
            own.AllowUnsigned ? "unsigned" : null,
            IsForAnybodyHere(own) ? "loopback" : null,
        ];
        return [.. ways.OfType<string>()];
    }

    /// <summary>Who delivers; or why nobody may.</summary>
    /// <param name="source">The source's name.</param>
    /// <param name="signed">What the signature is worth, by the secrets that it is given: it is asked only where there are some.</param>
    /// <param name="key">The key in the address, if any.</param>
    /// <param name="user">Whoever authenticated.</param>
    public (string? Submitter, ProblemHttpResult? Refusal) Admit(string source, Func<IReadOnlyList<string>, Signed> signed, string? key, ClaimsPrincipal user)
    {
        var own = settings[source];
        var signature = own.Secrets.IsEmpty ? Signed.Missing : signed(own.Secrets);
        if (signature == Signed.Wrong)
        {
            return (null, Problems.Unauthorized($"The signature is not made of a secret of this server. Set the same secret at the tool and in {SourceSettings.Section}__{source}__Secrets__0."));
        }
        if (signature == Signed.Right || (key is not null && own.Keys.Aggregate(false, (found, k) => found | Signatures.Equal(key, [k]) == Signed.Right)))
        {
            return ($"webhook:{source}", null);
        }
        if (key is not null)
        {
            return (null, Problems.Unauthorized("The key in the address is not one of this server's."));
        }
        if (user.Identity?.IsAuthenticated is true && (token.IsSet || IsForAnybodyHere(own)))
        {
            return (user.Submitter(), null);
        }
        return own.AllowUnsigned ? ($"unsigned:{source}", null) : (null, own.Secrets.IsEmpty && own.Keys.IsEmpty
            ? Problems.Unauthorized($"This route is closed. Set a secret in {SourceSettings.Section}__{source}__Secrets__0 and the same at the tool, or send 'Authorization: Bearer <token>'.")
            : Problems.Unauthorized("The request is not signed, and has no key in its address. Set the tool's secret, or send 'Authorization: Bearer <token>'."));
    }

    private bool IsForAnybodyHere(SourceSettings own) => !token.IsSet && own.Secrets.IsEmpty && own.Keys.IsEmpty;
}
