using System.Security.Claims;
using Microsoft.Extensions.Configuration;
using ValueStream.Server.Access;
using ValueStream.Store.Access;

namespace ValueStream.Server.Tests.Api.Access;

/// <summary>Which settings of a provider are wrong and what is said of them, and what somebody's roles open.</summary>
public sealed class OidcSettingsTests
{
    private static readonly (string, string)[] Right =
    [
        ("Oidc:Authority", "https://login.example/realms/main"), ("Oidc:ClientId", "valuestream"), ("Oidc:ClientSecret", "hunter2"),
        ("Oidc:Roles:0:Value", "vs-admins"), ("Oidc:Roles:0:Scopes", "admin"),
    ];

    [Fact]
    public void Without_any_of_them_there_is_no_provider() => Assert.Null(OidcSettings.Read(new ConfigurationBuilder().Build()));

    [Fact]
    public void What_is_left_out_is_as_usual()
    {
        var settings = Read();

        Assert.Equal(("roles", TimeSpan.FromHours(8)), (settings.RoleClaim, settings.Session));
        Assert.Equal(["openid", "profile"], settings.Scope);
        var role = Assert.Single(settings.Roles);
        Assert.Equal(("vs-admins", Scopes.Admin), (role.Value, role.Scopes));
        Assert.Equal(["*"], role.Namespaces);
    }

    [Theory]
    [InlineData("Authority", null, "Oidc__Authority is missing", "docs/operations.md")]
    [InlineData("Authority", "", "Oidc__Authority is missing")]
    [InlineData("Authority", "login.example", "Oidc__Authority", "https://login.example.com")]
    [InlineData("Authority", "http://login.example", "Oidc__Authority", "https://")]
    [InlineData("Authority", "https://me:hunter2@login.example", "Oidc__Authority")]
    [InlineData("Authority", "file:///etc/passwd", "Oidc__Authority")]
    [InlineData("ClientId", null, "Oidc__ClientId is missing")]
    [InlineData("ClientSecret", null, "Oidc__ClientSecret is missing")]
    [InlineData("Secret", "hunter2", "Oidc__Secret is not known", "Oidc__ClientSecret")]
    [InlineData("Scope", "profile", "Oidc__Scope", "openid profile")]
    [InlineData("Session", "0", "Oidc__Session is '0'", "86400")]
    [InlineData("Session", "86401", "Oidc__Session")]
    [InlineData("Session", "8h", "Oidc__Session is '8h'")]
    [InlineData("Roles:0:Value", null, "Oidc__Roles__0__Value is missing")]
    [InlineData("Roles:0:Scopes", null, "Oidc__Roles__0__Scopes is missing")]
    [InlineData("Roles:0:Scopes", "root", "Oidc__Roles__0", "ingest, read, admin")]
    [InlineData("Roles:0:Namespaces", "acme*", "Oidc__Roles__0", "acme.*")]
    [InlineData("Roles:0:Role", "x", "Oidc__Roles__0__Role is not known", "Oidc__Roles__0__Value")]
    [InlineData("Roles:1:Value", "vs-admins", "Oidc__Roles__1__Scopes is missing")]
    public void A_wrong_one_is_refused_with_its_name_and_what_to_do_and_no_secret_is_told(string setting, string? value, params string[] says)
    {
        var message = Refused([.. Right.Where(s => s.Item1 != $"Oidc:{setting}"), .. value is null ? [] : new[] { ($"Oidc:{setting}", value) }]);

        Assert.All(says, text => Assert.Contains(text, message, StringComparison.Ordinal));
        Assert.DoesNotContain("hunter2", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_provider_without_roles_would_let_nobody_in() =>
        Assert.Contains("Oidc__Roles__0__Value=vs-admins", Refused([.. Right.Where(static s => !s.Item1.Contains("Roles", StringComparison.Ordinal))]), StringComparison.Ordinal);

    [Fact]
    public void A_role_is_mapped_once() =>
        Assert.Contains("'vs-admins' twice", Refused([.. Right, ("Oidc:Roles:1:Value", "vs-admins"), ("Oidc:Roles:1:Scopes", "read")]), StringComparison.Ordinal);

    [Theory]
    [InlineData("", "", "")]
    [InlineData("unknown", "", "")]
    [InlineData("a", "Ingest, Read", "team-a.*")]
    [InlineData("b a", "Ingest, Read", "team-a.* team-b")]
    [InlineData("everything a", "Ingest, Read", "team-a.*")]
    [InlineData("everything admin", "Admin", "ops")]
    [InlineData("admin a b everything", "Admin", "ops")]
    [InlineData("sender everything", "Read", "*")]
    public void Scopes_are_those_of_the_first_role_and_namespaces_of_all_that_open_as_much(string roles, string scopes, string namespaces)
    {
        var settings = Read([
            ("Oidc:Roles:0:Value", "admin"), ("Oidc:Roles:0:Scopes", "admin"), ("Oidc:Roles:0:Namespaces", "ops"),
            ("Oidc:Roles:1:Value", "a"), ("Oidc:Roles:1:Scopes", "ingest,read"), ("Oidc:Roles:1:Namespaces", "team-a.*"),
            ("Oidc:Roles:2:Value", "b"), ("Oidc:Roles:2:Scopes", "read ingest"), ("Oidc:Roles:2:Namespaces", "team-b"),
            ("Oidc:Roles:3:Value", "everything"), ("Oidc:Roles:3:Scopes", "read"),
            ("Oidc:Roles:10:Value", "sender"), ("Oidc:Roles:10:Scopes", "ingest"),
        ]);

        var session = settings.Begin(Person([.. roles.Split(' ').Select(static r => ("roles", r))]), "cookies");
        var caller = session is null ? null : settings.Again(session);

        Assert.Equal(scopes, caller?.Scopes.ToString() ?? "");
        Assert.Equal(namespaces, string.Join(' ', caller?.Namespaces ?? []));
    }

    [Theory]
    [InlineData("Ada", "ada", "Ada")]
    [InlineData(null, "ada", "ada")]
    [InlineData("", "ada", "ada")]
    [InlineData("A\0a", "ada", "ada")]
    [InlineData(null, null, null)]
    public void A_person_is_called_as_the_provider_says_where_that_can_be_kept(string? name, string? user, string? called)
    {
        var settings = Read();

        var session = settings.Begin(Person([("roles", "vs-admins"), .. name is null ? [] : new[] { ("name", name) }, .. user is null ? [] : new[] { ("preferred_username", user) }]), "cookies")!;

        Assert.Equal(called, settings.Again(session)!.Name);
        Assert.Null(settings.Again(settings.Begin(Person([("roles", "vs-admins"), ("name", new('x', 201))]), "cookies")!)!.Name);
    }

    [Fact]
    public void A_person_has_one_name_in_the_log_by_issuer_and_subject()
    {
        Assert.Equal("oidc:", OidcSettings.Submitter("https://login.example", "1")[..5]);
        Assert.Equal(OidcSettings.Submitter("https://login.example", "1"), OidcSettings.Submitter("https://login.example", "1"));
        Assert.NotEqual(OidcSettings.Submitter("https://login.example", "1"), OidcSettings.Submitter("https://login.example", "2"));
        Assert.NotEqual(OidcSettings.Submitter("https://login.example", "1"), OidcSettings.Submitter("https://login.test", "1"));
    }

    private static ClaimsPrincipal Person(IEnumerable<(string Type, string Value)> claims) =>
        new(new ClaimsIdentity([new Claim("sub", "1", null, "https://login.example"), .. claims.Select(static c => new Claim(c.Type, c.Value))], "oidc"));

    private static string Refused((string, string)[] settings) => Assert.Throws<WrongSettingException>(() => OidcSettings.Read(Configuration(settings))).Message;

    private static OidcSettings Read(params (string, string)[] more) => OidcSettings.Read(Configuration([.. Right, .. more]))!;

    private static IConfigurationRoot Configuration((string Name, string Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.GroupBy(static s => s.Name).Select(static s => new KeyValuePair<string, string?>(s.Key, s.Last().Value))).Build();
}
