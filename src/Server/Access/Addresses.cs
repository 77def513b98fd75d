using System.Net;

namespace ValueStream.Server.Access;

/// <summary>Where the server listens, and under which names it may be called.</summary>
internal static class Addresses
{
    /// <summary>The address when none is configured.</summary>
    public const string Default = "http://127.0.0.1:5000";

    /// <summary>Every address that configuration asks for.</summary>
    public static IReadOnlyList<string> Configured(IConfiguration configuration)
    {
        var urls = (configuration["urls"] ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var ports = (configuration["http_ports"] ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries).Select(static p => $"http://*:{p}")
            .Concat((configuration["https_ports"] ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries).Select(static p => $"https://*:{p}"));
        var endpoints = configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(static e => e["Url"]).OfType<string>().ToList();
        return endpoints.Count > 0 ? endpoints : urls.Length > 0 ? urls : [.. ports];
    }

    /// <summary>The first address that others than this machine can reach; null when there is none.</summary>
    public static string? FirstPublic(IEnumerable<string> addresses) => addresses.FirstOrDefault(static a => !IsLoopback(Host(a)));

    /// <summary>The names by which the server may be called: those it listens on, this machine's own, and those that AllowedHosts adds.</summary>
    public static HashSet<string> AllowedHosts(IConfiguration configuration) => new(
        [
            "localhost", "127.0.0.1", "[::1]",
            .. Configured(configuration).Select(Host).Where(static h => h is not ("*" or "+" or "0.0.0.0" or "[::]")),
            .. (configuration["AllowedHosts"] ?? "").Split([';', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
        ], StringComparer.OrdinalIgnoreCase);

    private static string Host(string address) => BindingAddress.Parse(address) switch
    {
        { IsUnixPipe: true } => "localhost",
        { Host: var host } => host,
    };

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
