using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Threading.RateLimiting;
using ValueStream.Server.Operations;
using ValueStream.Server.Sources;

namespace ValueStream.Server.Access;

/// <summary>
/// How often somebody may ask: by token for whoever has shown one, by address for everybody else. On this machine nobody is counted who need not say who it is. Guesses at a token are few for
/// every address, this machine's too: a proxy may stand on it.
/// </summary>
internal static class RateLimits
{
    /// <summary>The settings' section.</summary>
    public const string Section = "RateLimits";

    /// <summary>Requests a minute of one token, before any is refused; 0 for no limit.</summary>
    public const int PerToken = 120_000;

    /// <summary>Requests a minute of one address, of those that show no token; 0 for no limit.</summary>
    public const int PerAddress = 12_000;

    /// <summary>Tokens and keys a minute that one address may try and that are none of this server's, each counted once, and logins; 0 for no limit.</summary>
    public const int WrongPerAddress = 60;

    private static readonly string[] Names = [nameof(PerToken), nameof(PerAddress), nameof(WrongPerAddress)];

    /// <summary>Registers the limits.</summary>
    /// <exception cref="WrongSettingException">A setting is wrong.</exception>
    public static IServiceCollection AddRateLimits(this IServiceCollection services, IConfiguration configuration)
    {
        var section = configuration.GetSection(Section);
        if (section.GetChildren().FirstOrDefault(static c => !Names.Contains(c.Key, StringComparer.OrdinalIgnoreCase)) is { } unknown)
        {
            throw new WrongSettingException($"{unknown.Path} is not known. The limits are {string.Join(", ", Names.Select(static n => $"{Section}__{n}"))}.");
        }
        var (perToken, perAddress) = (Read(section, nameof(PerToken), PerToken), Read(section, nameof(PerAddress), PerAddress));
        services.AddSingleton(new Guesses(Read(section, nameof(WrongPerAddress), WrongPerAddress)));
        return services.AddRateLimiter(limiter =>
        {
            limiter.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, string>(context => context.User.Identity switch
            {
                { IsAuthenticated: true, AuthenticationType: not Callers.Loopback } => AMinute(context.User.Submitter(), perToken),
                _ when IsThisMachine(context) => RateLimitPartition.GetNoLimiter(""),
                _ => AMinute($"address:{AddressOf(context)}", perAddress),
            });
            limiter.OnRejected = static async (context, _) => await RefuseAsync(context.HttpContext, context.Lease,
                context.HttpContext.User.Identity?.IsAuthenticated is true ? $"This token asks more often than {Section}__{nameof(PerToken)} allows. Wait as long as Retry-After says, send several events at once, or raise that limit."
                : $"This address asks more often than {Section}__{nameof(PerAddress)} allows without a token. Wait as long as Retry-After says, send 'Authorization: Bearer <token>', or raise that limit.");
        });
    }

    /// <summary>Refuses an address that has guessed too often, before anything is compared with what it sends. It belongs before the authentication.</summary>
    public static void UseGuessLimit(this IApplicationBuilder app)
    {
        var guesses = app.ApplicationServices.GetRequiredService<Guesses>();
        app.Use((context, next) => Shown(context.Request) is { } shown ? LimitAsync(guesses, shown, context, next) : next(context));
    }

    private static async Task LimitAsync(Guesses guesses, string shown, HttpContext context, RequestDelegate next)
    {
        var isLogin = shown.Length == 0;
        using var lease = guesses.Try(context, isLogin ? 1 : 0);
        if (!lease.IsAcquired)
        {
            await RefuseAsync(context, lease, $"This address has tried too many tokens or keys that are none of this server's. Wait as long as Retry-After says; look at what it sends, or raise {Section}__{nameof(WrongPerAddress)}.");
            return;
        }
        await next(context);
        if (!isLogin && context.Response.StatusCode == StatusCodes.Status401Unauthorized && context.User.Identity?.IsAuthenticated is not true)
        {
            guesses.Count(context, shown);
        }
    }

    /// <summary>A limit of so many requests a minute, all at once or one after the other; 0 for none.</summary>
    private static RateLimitPartition<string> AMinute(string who, int requests) => requests == 0 ? RateLimitPartition.GetNoLimiter("") : RateLimitPartition.GetTokenBucketLimiter(who, _ =>
    {
        var aSecond = Math.Max(1, requests / 60);
        return new() { TokenLimit = requests, TokensPerPeriod = aSecond, ReplenishmentPeriod = TimeSpan.FromMinutes((double)aSecond / requests), QueueLimit = 0 };
    });

    /// <summary>Where a request comes from: an address of IPv4, or the network of IPv6 that one customer has whole.</summary>
    private static string AddressOf(HttpContext context) => context.Connection.RemoteIpAddress switch
    {
        null => "local",
        { IsIPv4MappedToIPv6: true } mapped => mapped.MapToIPv4().ToString(),
        { AddressFamily: AddressFamily.InterNetworkV6 } address => Convert.ToHexString(address.GetAddressBytes(), 0, 8),
        var address => address.ToString(),
    };

    private static bool IsThisMachine(HttpContext context) => context.Connection.RemoteIpAddress is not { } address || IPAddress.IsLoopback(address);

    /// <summary>
    /// What a request shows that could be guessed: a token or a key; empty for a login; null for nothing. A signature is none: it cannot be guessed, and tools that sign with another secret must not
    /// shut out their neighbours at the same address. What GitLab sends is its secret itself.
    /// </summary>
    private static string? Shown(HttpRequest request) =>
        request.Headers.Authorization.ToString() is { Length: > 0 } header ? header
        : request.Headers["X-Gitlab-Token"].ToString() is { Length: > 0 } token ? token
        : HttpMethods.IsPost(request.Method) && request.Path.Equals("/login", StringComparison.OrdinalIgnoreCase) ? ""
        : SourceSettings.RouteOf(request.Path) is { } route && request.Path.Value!.Length > route.Length + 1 ? request.Path.Value
        : null;

    private static int Read(IConfigurationSection section, string name, int usual) => section[name] switch
    {
        null or "" => usual,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) => number,
        var text => throw new WrongSettingException($"{Section}__{name} is '{text}'; write a whole number of requests a minute, or 0 for no limit."),
    };

    private static Task RefuseAsync(HttpContext context, RateLimitLease lease, string what)
    {
        var after = lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? wait : TimeSpan.Zero;
        context.Response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(after.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        return Problems.TooMany(context.Request, what).ExecuteAsync(context);
    }

    /// <summary>The tokens and keys that addresses try and that are none.</summary>
    /// <param name="perAddress">How many a minute; 0 for no limit.</param>
    private sealed class Guesses(int perAddress) : IDisposable
    {
        // Whole numbers: a bucket that fills again by fractions would let guesses pass that it could not count.
        private readonly PartitionedRateLimiter<HttpContext> _addresses = PartitionedRateLimiter.Create<HttpContext, string>(context => perAddress == 0 ? RateLimitPartition.GetNoLimiter("")
            : RateLimitPartition.GetFixedWindowLimiter(AddressOf(context), _ => new() { PermitLimit = perAddress, Window = TimeSpan.FromMinutes(1), QueueLimit = 0 }));

        // The same wrong token again is no other guess: one that was taken away must not shut out its neighbours for being tried all day.
        private readonly PartitionedRateLimiter<string> _tried = PartitionedRateLimiter.Create<string, string>(static guess =>
            RateLimitPartition.GetFixedWindowLimiter(guess, static _ => new() { PermitLimit = 1, Window = TimeSpan.FromMinutes(1), QueueLimit = 0 }));

        /// <summary>Whether an address may try, and that it does.</summary>
        public RateLimitLease Try(HttpContext context, int logins) => _addresses.AttemptAcquire(context, logins);

        /// <summary>Counts what it tried and what was none.</summary>
        public void Count(HttpContext context, string shown)
        {
            using var first = _tried.AttemptAcquire(AddressOf(context) + Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(shown))));
            if (first.IsAcquired)
            {
                using var counted = _addresses.AttemptAcquire(context);
            }
        }

        public void Dispose()
        {
            _addresses.Dispose();
            _tried.Dispose();
        }
    }
}
