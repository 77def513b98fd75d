namespace ValueStream.Server.Operations;

/// <summary>Keeps out of the log what the framework would write of addresses at its lower levels: a source's address may hold a key, a provider's what a login is tied to.</summary>
internal static class AddressLogs
{
    /// <summary>What writes whole addresses or request lines, none of it as a warning.</summary>
    private static readonly string[] Categories =
    [
        "Microsoft.AspNetCore.Hosting.Diagnostics", "Microsoft.AspNetCore.Routing.Matching.DfaMatcher", "Microsoft.AspNetCore.Server.Kestrel.BadRequests",
        "Microsoft.AspNetCore.Authentication.OpenIdConnect.OpenIdConnectHandler",
    ];

    /// <summary>Silences it below warnings, whatever level is configured: of rules that fit equally well the last one counts.</summary>
    public static IServiceCollection AddAddressLogs(this IServiceCollection services) => services.PostConfigure<LoggerFilterOptions>(static options =>
    {
        foreach (var provider in options.Rules.Select(static r => r.ProviderName).Append(null).Distinct().ToList())
        {
            foreach (var category in Categories)
            {
                options.Rules.Add(new LoggerFilterRule(provider, category, LogLevel.Warning, null));
            }
        }
    });
}
