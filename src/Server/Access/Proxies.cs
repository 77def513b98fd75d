using System.Net;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Options;

namespace ValueStream.Server.Access;

/// <summary>Whose word is taken for where a request came from and whether it came by TLS: that of the proxies which <c>TrustedProxies</c> names, nobody's else.</summary>
internal static class Proxies
{
    /// <summary>The setting.</summary>
    public const string Setting = "TrustedProxies";

    // The framework's own switch, which believes whoever sends the headers.
    private const string TrustsAnybody = "ForwardedHeaders_Enabled";

    /// <summary>Takes the word of the configured proxies, says to browsers that came by TLS that they shall keep to it, and lets no cookie that was set there leave by anything else.</summary>
    /// <exception cref="WrongSettingException">A setting is wrong.</exception>
    public static IServiceCollection AddProxies(this IServiceCollection services, IConfiguration configuration)
    {
        if (string.Equals(configuration[TrustsAnybody], "true", StringComparison.OrdinalIgnoreCase))
        {
            throw new WrongSettingException($"ASPNETCORE_FORWARDEDHEADERS_ENABLED takes anybody's word for where a request came from. Unset it, and name your proxies in {Setting} (10.0.0.0/8;192.0.2.1).");
        }
        var networks = (configuration[Setting] ?? "").Split([';', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Network).ToList();
        services.Configure<ForwardedHeadersOptions>(options =>
        {
            // Not the host's name: which names are this server's is settled by what the proxy passes on.
            options.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
            options.ForwardLimit = null;
            options.KnownProxies.Clear();
            options.KnownIPNetworks.Clear();
            networks.ForEach(options.KnownIPNetworks.Add);
        });
        services.AddAntiforgery(static options => options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest);
        return services;
    }

    /// <summary>Lets the requests of those proxies be those of who is behind them. Where there are none it adds nothing: the framework's part makes a connection's addresses anew for each request.</summary>
    public static void UseProxies(this WebApplication app)
    {
        if (app.Services.GetRequiredService<IOptions<ForwardedHeadersOptions>>().Value.KnownIPNetworks.Count > 0)
        {
            app.UseForwardedHeaders();
        }
    }

    private static System.Net.IPNetwork Network(string text) =>
        System.Net.IPNetwork.TryParse(text, out var network) ? network
        : IPAddress.TryParse(text, out var address) ? new System.Net.IPNetwork(address, address.GetAddressBytes().Length * 8)
        : throw new WrongSettingException($"{Setting} has '{text}', which is no address and no network. Write, for example, 10.0.0.0/8;192.0.2.1");
}
