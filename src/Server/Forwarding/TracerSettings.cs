using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using ValueStream.Store.Forwarding;

namespace ValueStream.Server.Forwarding;

/// <summary>A tracer that finished runs are forwarded to, as configured under <c>Tracers:name</c>. No record, so that nothing writes its secrets by accident.</summary>
internal sealed partial class TracerSettings
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "Tracers";

    private const string TracesPath = "/v1/traces";
    private const string Known = "Endpoint, Protocol, Gzip, Headers, Token, Certificate, Namespaces, Operations, IncludeImported, Link and Timeout";

    private static readonly ImmutableArray<string> Members =
        ["ENDPOINT", "PROTOCOL", "GZIP", "HEADERS", "TOKEN", "CERTIFICATE", "NAMESPACES", "OPERATIONS", "INCLUDEIMPORTED", "LINK", "TIMEOUT"];

    /// <summary>Its name, in addresses and tables.</summary>
    public required string Name { get; init; }

    /// <summary>Where spans are posted to.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>Whether they go as JSON rather than protobuf.</summary>
    public bool IsJson { get; init; }

    /// <summary>Whether they go compressed.</summary>
    public bool IsCompressed { get; init; } = true;

    /// <summary>Headers that go along, the token among them. Secrets.</summary>
    public ImmutableArray<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>The authorities that its certificate must be from; those of the machine where there are none.</summary>
    public X509Certificate2Collection? Authorities { get; init; }

    /// <summary>Which runs it is told of.</summary>
    public ExportFilter Filter { get; init; } = ExportFilter.Observed;

    /// <summary>The address of a span in it, with <c>{traceId}</c> and <c>{spanId}</c>.</summary>
    public string? Link { get; init; }

    /// <summary>How long it may take to answer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The protocol's name.</summary>
    public string Protocol => IsJson ? "http/json" : "http/protobuf";

    /// <summary>The endpoint as it may be shown: what stands before an <c>@</c> or after a <c>?</c> may be a secret.</summary>
    public string Shown => Endpoint.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);

    /// <summary>The tracers that are configured.</summary>
    /// <exception cref="WrongSettingException">One of their settings is wrong.</exception>
    public static ImmutableArray<TracerSettings> Read(IConfiguration configuration) =>
        [.. configuration.GetSection(Section).GetChildren().Select(Of).OrderBy(static t => t.Name, StringComparer.Ordinal)];

    private static TracerSettings Of(IConfigurationSection section)
    {
        if (!TracerName().IsMatch(section.Key))
        {
            throw new WrongSettingException($"{section.Path}: a tracer's name has 1 to 50 letters, digits, '-' and '_' ({Section}__jaeger__Endpoint=http://localhost:4318).");
        }
        foreach (var child in section.GetChildren().Where(static c => !Members.Contains(c.Key.ToUpperInvariant())))
        {
            throw new WrongSettingException($"{child.Path} is not known. A tracer has {Known}.");
        }
        return new TracerSettings
        {
            Name = section.Key,
            Endpoint = ReadEndpoint(section),
            IsJson = section["Protocol"] switch
            {
                null or "" or "http/protobuf" => false,
                "http/json" => true,
                var other => throw new WrongSettingException($"{section.Path}:Protocol is '{other}'; write http/protobuf or http/json."),
            },
            IsCompressed = Flag(section, "Gzip", true),
            Headers = ReadHeaders(section),
            Authorities = ReadCertificate(section),
            Filter = new(Patterns(section.GetSection("Namespaces")), Patterns(section.GetSection("Operations")), Flag(section, "IncludeImported", false)),
            Link = ReadLink(section),
            Timeout = section["Timeout"] is not { Length: > 0 } text ? TimeSpan.FromSeconds(30)
                : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 1 and <= 600 ? TimeSpan.FromSeconds(seconds)
                : throw new WrongSettingException($"{section.Path}:Timeout is '{text}'; write seconds, 1 to 600."),
        };
    }

    private static Uri ReadEndpoint(IConfigurationSection section)
    {
        var text = section["Endpoint"];
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.Fragment.Length > 0)
        {
            throw new WrongSettingException(string.IsNullOrEmpty(text)
                ? $"{section.Path}:Endpoint is missing. Write where it takes OTLP by HTTP, for example http://localhost:4318."
                : $"{section.Path}:Endpoint is no http:// or https:// address. Write where it takes OTLP by HTTP, for example http://localhost:4318.");
        }
        if (uri.UserInfo.Length > 0)
        {
            throw new WrongSettingException($"{section.Path}:Endpoint has credentials in it. Write them as {section.Path}:Headers:Authorization, or as {section.Path}:Token.");
        }
        var path = uri.AbsolutePath.TrimEnd('/');
        return path.EndsWith(TracesPath, StringComparison.Ordinal) ? uri : new UriBuilder(uri) { Path = path + TracesPath }.Uri;
    }

    private static ImmutableArray<KeyValuePair<string, string>> ReadHeaders(IConfigurationSection section)
    {
        var headers = section.GetSection("Headers").GetChildren().Select(static h => KeyValuePair.Create(h.Key, h.Value ?? "")).ToList();
        if (section["Token"] is { Length: > 0 } token)
        {
            headers.Add(new("Authorization", "Bearer " + token));
        }
        foreach (var (name, value) in headers)
        {
            // The value is never said: it is a secret.
            if (!HeaderName().IsMatch(name) || value.Length == 0 || value.Any(static c => c is < ' ' or > '~'))
            {
                throw new WrongSettingException($"{section.Path}:Headers:{name} cannot be sent: a header has a name of letters, digits and '-', and a value of printable ASCII.");
            }
            if (name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase) || name.Equals("Host", StringComparison.OrdinalIgnoreCase) || name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase))
            {
                throw new WrongSettingException($"{section.Path}:Headers:{name} is set by the server itself; leave it out.");
            }
        }
        return headers.GroupBy(static h => h.Key, StringComparer.OrdinalIgnoreCase).FirstOrDefault(static g => g.Count() > 1) is { } twice
            ? throw new WrongSettingException($"{section.Path} has {twice.Key} twice; write either Token or Headers:Authorization.") : [.. headers];
    }

    private static X509Certificate2Collection? ReadCertificate(IConfigurationSection section)
    {
        if (section["Certificate"] is not { Length: > 0 } path)
        {
            return null;
        }
        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPemFile(path);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new WrongSettingException($"{section.Path}:Certificate cannot be read: {e.Message} Write the path of a PEM file with the certificate of the authority.");
        }
        return authorities.Count > 0 ? authorities : throw new WrongSettingException($"{section.Path}:Certificate names a file without a certificate in PEM form.");
    }

    private static string? ReadLink(IConfigurationSection section) =>
        section["Link"] is not { Length: > 0 } link ? null
        : link.Contains("{traceId}", StringComparison.Ordinal) && Uri.TryCreate(LinkTo(link, new('0', 32), new('0', 16)), UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" ? link
        : throw new WrongSettingException($"{section.Path}:Link must be an http:// or https:// address with {{traceId}} in it, for example http://localhost:16686/trace/{{traceId}}?uiFind={{spanId}}.");

    /// <summary>The address of a span by a template.</summary>
    public static string LinkTo(string template, string traceId, string spanId) =>
        template.Replace("{traceId}", traceId, StringComparison.Ordinal).Replace("{spanId}", spanId, StringComparison.Ordinal);

    private static bool Flag(IConfigurationSection section, string name, bool otherwise) => section[name] is not { Length: > 0 } text ? otherwise
        : bool.TryParse(text, out var flag) ? flag : throw new WrongSettingException($"{section.Path}:{name} is '{text}'; write true or false.");

    /// <summary>One alone may stand without a number.</summary>
    private static ImmutableArray<string> Patterns(IConfigurationSection section) =>
        [.. section.GetChildren().Select(static c => c.Value).Append(section.Value).OfType<string>().Where(static p => p.Length > 0)];

    [GeneratedRegex("^[A-Za-z0-9_-]{1,50}$")]
    private static partial Regex TracerName();

    [GeneratedRegex("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")]
    private static partial Regex HeaderName();
}
