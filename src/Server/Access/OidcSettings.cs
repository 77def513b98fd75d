using System.Collections.Immutable;
using System.Globalization;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using ValueStream.Server.Ingest;
using ValueStream.Store.Access;

namespace ValueStream.Server.Access;

/// <summary>The provider that people log in with, as configured under <c>Oidc</c>. No record, so that nothing writes its secret by accident.</summary>
internal sealed class OidcSettings
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "Oidc";

    /// <summary>How the log's name of everybody who logged in with a provider begins.</summary>
    public const string SubmitterPrefix = "oidc:";

    private const int LongestSession = 86_400;
    private const string Help = "What to set is in docs/operations.md, Access.";
    private const string AuthorityClaim = "authority";
    private const string RoleHeldClaim = "role";

    private static readonly string[] Members = ["Authority", "ClientId", "ClientSecret", "RoleClaim", "Scope", "Session", "Roles"];
    private static readonly string[] RoleMembers = ["Value", "Scopes", "Namespaces"];
    private static readonly string[] NameClaims = ["name", "preferred_username"];
    private static readonly char[] Separators = [' ', ','];

    /// <summary>The issuer's address, below which it describes itself.</summary>
    public required Uri Authority { get; init; }

    /// <summary>What this server is called there.</summary>
    public required string ClientId { get; init; }

    /// <summary>How it proves there that it is this server.</summary>
    public required string ClientSecret { get; init; }

    /// <summary>The claim of the ID token that holds a person's roles.</summary>
    public required string RoleClaim { get; init; }

    /// <summary>What is asked of the provider.</summary>
    public required ImmutableArray<string> Scope { get; init; }

    /// <summary>How long a session lasts, however much it is used: as late as that does the server notice what changed at the provider.</summary>
    public required TimeSpan Session { get; init; }

    /// <summary>What each role opens; of several that a person has the first counts.</summary>
    public required ImmutableArray<OidcRole> Roles { get; init; }

    /// <summary>Reads them; null where there are none.</summary>
    /// <exception cref="WrongSettingException">One of them is missing or wrong.</exception>
    public static OidcSettings? Read(IConfiguration configuration)
    {
        var section = configuration.GetSection(Section);
        if (!section.Exists())
        {
            return null;
        }
        CheckMembers(section, Members);
        return new OidcSettings
        {
            Authority = ReadAuthority(Needed(section, "Authority")),
            ClientId = Needed(section, "ClientId"),
            ClientSecret = Needed(section, "ClientSecret"),
            RoleClaim = section["RoleClaim"] is { Length: > 0 } claim ? claim : "roles",
            Scope = (section["Scope"] is { Length: > 0 } scope ? scope : "openid profile").Split(Separators, StringSplitOptions.RemoveEmptyEntries) is var asked && asked.Contains("openid") ? [.. asked]
                : throw new WrongSettingException($"{Section}__Scope has not 'openid', without which a provider says nothing of who logs in. Write, for example, 'openid profile'."),
            Session = TimeSpan.FromSeconds(section["Session"] is not { Length: > 0 } text ? 28_800
                : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 1 and <= LongestSession ? seconds
                : throw new WrongSettingException($"{Section}__Session is '{text}'; write seconds, 1 to {LongestSession} (a day).")),
            Roles = ReadRoles(section.GetSection("Roles")),
        };
    }

    /// <summary>What a session is to hold of somebody who logged in: no more than what each request needs. Null where none of the roles opens anything.</summary>
    /// <param name="person">As the provider says.</param>
    /// <param name="scheme">The session's scheme.</param>
    public ClaimsPrincipal? Begin(ClaimsPrincipal person, string scheme)
    {
        // The claim's issuer is that of the token that was checked; the framework drops the claim that says it.
        var subject = person.FindFirst("sub") ?? throw new InvalidOperationException("The provider's token names no subject.");
        var name = NameClaims.Select(person.FindFirstValue).FirstOrDefault(static n => n is { Length: > 0 and <= Limits.Id } && !n.Contains('\0', StringComparison.Ordinal));
        var held = person.FindAll(RoleClaim).Select(static c => c.Value).Where(v => Roles.Any(r => r.Value == v)).Distinct().ToList();
        return held.Count == 0 ? null : new ClaimsPrincipal(new ClaimsIdentity(
            [
                new Claim(AccessControl.SubmitterClaim, Submitter(subject.Issuer, subject.Value)), new Claim(AuthorityClaim, Authority.OriginalString),
                .. held.Select(static h => new Claim(RoleHeldClaim, h)), .. name is null ? [] : new[] { new Claim(ClaimTypes.Name, name) },
            ], scheme));
    }

    /// <summary>Who began a session, as they may call by the roles that are mapped now; null when they no longer may.</summary>
    public Caller? Again(ClaimsPrincipal session)
    {
        if (session.FindFirstValue(AuthorityClaim) != Authority.OriginalString)
        {
            return null;
        }
        var held = session.FindAll(RoleHeldClaim).Select(static c => c.Value).ToHashSet();
        // Namespaces are added up over the roles that open as much as the first one: nobody gets a scope where no role has it.
        return Roles.Where(r => held.Contains(r.Value)).ToList() is [var first, ..] roles
            ? new(session.Submitter(), first.Scopes, [.. roles.Where(r => r.Scopes.HasFlag(first.Scopes)).SelectMany(static r => r.Namespaces).Distinct()], session.FindFirstValue(ClaimTypes.Name))
            : null;
    }

    /// <summary>How the log names a person: always the same, and no name.</summary>
    /// <param name="issuer">Who says who it is.</param>
    /// <param name="subject">The issuer's own id of the person.</param>
    public static string Submitter(string issuer, string subject) =>
        SubmitterPrefix + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{issuer}\n{subject}")).AsSpan(0, 16));

    private static Uri ReadAuthority(string text) =>
        !Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.UserInfo.Length > 0 || uri.Query.Length > 0 || uri.Fragment.Length > 0
            ? throw new WrongSettingException($"{Section}__Authority is no address of a provider. Write the issuer's, for example https://login.example.com/realms/main; /.well-known/openid-configuration must be found below it.")
        : uri.Scheme == "http" && !uri.IsLoopback
            ? throw new WrongSettingException($"{Section}__Authority begins with http://: on the way somebody else could say who logs in. Write its https:// address.")
        : uri;

    private static ImmutableArray<OidcRole> ReadRoles(IConfigurationSection section)
    {
        ImmutableArray<OidcRole> roles = [.. section.GetChildren().Select(ReadRole)];
        return roles.Length == 0 ? throw new WrongSettingException($"{Section}__Roles is missing: nobody could get in. Say what a role opens: {Section}__Roles__0__Value=vs-admins, {Section}__Roles__0__Scopes=admin, {Section}__Roles__0__Namespaces=*. {Help}")
            : roles.GroupBy(static r => r.Value).FirstOrDefault(static g => g.Count() > 1) is { } twice ? throw new WrongSettingException($"{Section}__Roles has '{twice.Key}' twice: say in one place what it opens.")
            : roles;
    }

    private static OidcRole ReadRole(IConfigurationSection section)
    {
        CheckMembers(section, RoleMembers);
        var value = Needed(section, "Value");
        try
        {
            // By the rules of tokens: what a role opens is what a token would.
            var opens = new TokenRequest(value, Needed(section, "Scopes").Split(Separators, StringSplitOptions.RemoveEmptyEntries), section["Namespaces"]?.Split(Separators, StringSplitOptions.RemoveEmptyEntries), null, null, null)
                .ToSpecification(DateTimeOffset.MinValue);
            return new(value, opens.Scopes, [.. opens.Namespaces]);
        }
        catch (UnreadableException e)
        {
            throw new WrongSettingException($"{Shown(section)}: {e.Sentence}");
        }
    }

    private static string Needed(IConfigurationSection section, string name) => section[name] is { Length: > 0 } text ? text
        : throw new WrongSettingException($"{Shown(section)}__{name} is missing. {Help}");

    private static void CheckMembers(IConfigurationSection section, string[] known)
    {
        if (section.GetChildren().FirstOrDefault(c => !known.Contains(c.Key, StringComparer.OrdinalIgnoreCase)) is { } unknown)
        {
            throw new WrongSettingException($"{Shown(unknown)} is not known. There are {string.Join(", ", known.Select(k => $"{Shown(section)}__{k}"))}.");
        }
    }

    /// <summary>As it is written in the environment.</summary>
    private static string Shown(IConfigurationSection section) => section.Path.Replace(":", "__", StringComparison.Ordinal);
}

/// <summary>What a role of the provider opens here.</summary>
/// <param name="Value">The role, as the provider writes it.</param>
/// <param name="Scopes">What its holders may do.</param>
/// <param name="Namespaces">In which namespaces.</param>
internal sealed record OidcRole(string Value, Scopes Scopes, ImmutableArray<string> Namespaces);
