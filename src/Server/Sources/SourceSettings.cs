using System.Collections.Frozen;
using System.Collections.Immutable;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;

namespace ValueStream.Server.Sources;

/// <summary>Who may deliver to a source, as configured under <c>Sources:name</c>.</summary>
/// <param name="Secrets">Secrets that its tool signs with; several while one is exchanged for another.</param>
/// <param name="Keys">Keys in the address (<c>/jenkins/KEY</c>), for tools that cannot sign.</param>
/// <param name="AllowUnsigned">Whether anybody may who reaches the address.</param>
internal sealed record SourceSettings(ImmutableArray<string> Secrets, ImmutableArray<string> Keys, bool AllowUnsigned)
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "Sources";

    /// <summary>A key of fewer characters could be guessed.</summary>
    public const int ShortestKey = 20;

    /// <summary>Every source that takes webhooks.</summary>
    public static readonly ImmutableArray<string> Names = [SourceNames.CustomHttp, .. AllSources.All.Select(static s => s.Name), SourceNames.Otlp];

    private static readonly ImmutableArray<string> AllRoutes = [.. Names.Select(RouteOf)];

    /// <summary>The settings of every source.</summary>
    /// <exception cref="WrongSettingException">One of them is wrong.</exception>
    public static FrozenDictionary<string, SourceSettings> Read(IConfiguration configuration)
    {
        var section = configuration.GetSection(Section);
        foreach (var child in section.GetChildren().Where(static c => !Names.Contains(c.Key, StringComparer.OrdinalIgnoreCase)))
        {
            throw new WrongSettingException($"{Section}:{child.Key} is no source. They are {string.Join(", ", Names)}.");
        }
        return Names.ToFrozenDictionary(static n => n, n => Of(section.GetSection(n)));
    }

    /// <summary>The route of a source.</summary>
    public static string RouteOf(string name) => name == SourceNames.Otlp ? Routes.Traces : "/" + name;

    /// <summary>The route of a source that an address is, or is below; null where it is neither.</summary>
    public static string? RouteOf(PathString address)
    {
        foreach (var route in AllRoutes)
        {
            if (address.StartsWithSegments(route, StringComparison.OrdinalIgnoreCase))
            {
                return route;
            }
        }
        return null;
    }

    private static SourceSettings Of(IConfigurationSection section)
    {
        foreach (var child in section.GetChildren().Where(static c => c.Key.ToUpperInvariant() is not ("SECRETS" or "KEYS" or "ALLOWUNSIGNED")))
        {
            throw new WrongSettingException($"{child.Path} is not known. A source has Secrets (Sources__github__Secrets__0=...), Keys and AllowUnsigned.");
        }
        var unsigned = section["AllowUnsigned"];
        return new SourceSettings(
            Texts(section.GetSection("Secrets"), static s => s.Trim().Length == 0 ? "an empty one would let everybody in. Make one with: openssl rand -hex 32"
                : s.StartsWith(Signatures.StandardPrefix, StringComparison.Ordinal) && Signatures.KeyOf(s) is null
                    ? $"after {Signatures.StandardPrefix} it must go on with the base64 of 1 to {Signatures.LongestKey} bytes, or nothing that is signed would ever be right. Copy it whole from the tool" : null),
            Texts(section.GetSection("Keys"), static k => k.Trim().Length >= ShortestKey ? null : $"it has fewer than {ShortestKey} characters and could be guessed. Make one with: openssl rand -hex 16"),
            string.IsNullOrEmpty(unsigned) ? false : bool.TryParse(unsigned, out var allowed) ? allowed
                : throw new WrongSettingException($"{section.Path}:AllowUnsigned is '{unsigned}'; write true or false."));
    }

    /// <summary>The texts of a setting, of each of which it is said why it is of no use; null where it is.</summary>
    private static ImmutableArray<string> Texts(IConfigurationSection section, Func<string, string?> fault) =>
    [
        // One alone may stand without a number.
        .. section.GetChildren().Select(static c => (c.Path, c.Value)).Concat(section.Value is { } alone ? [(section.Path, alone)] : [])
            .Select(t => fault(t.Value ?? "") is { } why ? throw new WrongSettingException($"{t.Path} is of no use: {why}.") : t.Value!),
    ];
}
