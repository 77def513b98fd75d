using ValueStream.Core.Wire;

namespace ValueStream.Cli;

/// <summary>Where events go. Precedence: flag, environment, default.</summary>
/// <param name="Events">The address of the events API; null when only upstream's intake is known.</param>
/// <param name="CustomHttp">The address of upstream's intake, for servers without the API; null when none was given.</param>
/// <param name="Token">Sent as Bearer; null when there is none.</param>
/// <param name="Source">The flag or variable that says so, or that nothing does.</param>
internal sealed record Settings(string? Events, string? CustomHttp, string? Token, string Source)
{
    private const string SecretVariable = "VS_CUSTOM_HTTP_EVENT_SOURCE_SECRET";

    /// <summary>The flags that say where events go.</summary>
    public static readonly Flag[] Flags = [new("url"), new("event-source-url"), new("secret-key")];

    /// <summary>A variable of the environment; null when it is not set or empty.</summary>
    public static string? Variable(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    /// <summary>Reads flags and environment.</summary>
    public static Settings From(Arguments arguments)
    {
        var secret = arguments.Text("secret-key") is { } key ? (key, "-secret-key")
            : Variable(SecretVariable) is { } value ? (value, SecretVariable) : default((string, string)?);
        return Address(arguments) with { Secret = secret?.Item1, SecretSource = secret?.Item2 };
    }

    private static Settings Address(Arguments arguments)
    {
        var token = Variable("VALUESTREAM_TOKEN")?.Trim();
        if (token.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            Talk.Say("VALUESTREAM_TOKEN holds characters that no token has, and was ignored");
            token = null;
        }
        if (arguments.Text("url") is { } url)
        {
            return Of(url, token, "-url");
        }
        if (arguments.Text("event-source-url") is { } source)
        {
            return OfCustomHttp(source, token, "-event-source-url");
        }
        if (Variable("VALUESTREAM_URL") is { } variable)
        {
            return Of(variable, token, "VALUESTREAM_URL");
        }
        return Variable("VS_CUSTOM_HTTP_EVENT_SOURCE_URL") is { } upstream
            ? OfCustomHttp(upstream, token, "VS_CUSTOM_HTTP_EVENT_SOURCE_URL")
            : Of("http://127.0.0.1:5000", token, "the default");
    }

    /// <summary>Where the log is checked; null when only upstream's intake is known.</summary>
    public string? VerifyLog => Root is null ? null : Root + Routes.VerifyLog;

    /// <summary>What the API's routes are added to; null when only upstream's intake is known.</summary>
    public string? Root => Events?[..^Routes.Events.Length];

    /// <summary>Where the server says whether it takes events; null when only upstream's intake is known.</summary>
    public string? Ready => Events is null ? null : Events[..^Routes.Events.Length] + Routes.Ready;

    /// <summary>What the server is known by here.</summary>
    public string Server => Events ?? CustomHttp!;

    /// <summary>The server as it may be shown.</summary>
    public string Shown => WithoutUser(Server);

    /// <summary>Signs what upstream's intake is sent; null when there is none.</summary>
    public string? Secret { get; private init; }

    /// <summary>The flag or variable that the secret is from.</summary>
    public string? SecretSource { get; private init; }

    /// <summary>An address without what it says of a user: that may be a password.</summary>
    public static string WithoutUser(string address)
    {
        var scheme = address.IndexOf("://", StringComparison.Ordinal) + 3;
        var path = address.IndexOf('/', scheme);
        var user = address.AsSpan(0, path < 0 ? address.Length : path).LastIndexOf('@');
        return user < scheme ? address : address[..scheme] + address[(user + 1)..];
    }

    private static Settings Of(string url, string? token, string source) => new(Full(url) + Routes.Events, null, token, source);

    // An upstream address whose last part is its route has our API beside it; any other may be a proxy's, so it is taken as it is.
    private static Settings OfCustomHttp(string url, string? token, string source)
    {
        var address = Full(url);
        return address.EndsWith(Routes.CustomHttp, StringComparison.Ordinal)
            ? new(address[..^Routes.CustomHttp.Length] + Routes.Events, address, token, source)
            : new(null, address, token, source);
    }

    private static string Full(string url)
    {
        var address = url.Trim().TrimEnd('/');
        return address.Contains("://", StringComparison.Ordinal) ? address : "http://" + address;
    }
}
