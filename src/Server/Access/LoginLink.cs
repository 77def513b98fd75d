using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using ValueStream.Store.Access;

namespace ValueStream.Server.Access;

/// <summary>
/// The way in where no administrator's token is there yet: a link that is printed at the start, good once and for a quarter of an hour. What it opens is an administrator's session, which is kept in
/// memory and ends with the server.
/// </summary>
/// <remarks>Its code stands behind the address's <c>#</c>, which browsers send to nobody: no request, referrer or log has it, and whatever fetches the link ahead of its reader spends nothing.</remarks>
internal sealed partial class LoginLink(TimeProvider time, ILogger<LoginLink> logger)
{
    /// <summary>How the log's name of whoever came by a link begins.</summary>
    public const string SubmitterPrefix = "link:";

    /// <summary>How long it may be used.</summary>
    public static readonly TimeSpan Validity = TimeSpan.FromMinutes(15);

    /// <summary>How long the session lasts, however much it is used.</summary>
    public static readonly TimeSpan Session = TimeSpan.FromHours(12);

    private const int SecretBytes = 32;

    private volatile Code? _code;
    private volatile Begun? _session;

    /// <summary>Makes the link's code; one that was made before is none any more.</summary>
    /// <returns>The code: the only time that it is told.</returns>
    public string Make()
    {
        var code = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));
        _code = new(Hash(code), time.GetUtcNow() + Validity);
        return code;
    }

    /// <summary>Whose session a code begins, the first time that it is shown; null after that, and where it is none. It is compared in time that does not depend on how much of it is right.</summary>
    public Caller? Redeem(string code)
    {
        var (made, now) = (_code, time.GetUtcNow());
        if (made is null || now >= made.Until || !CryptographicOperations.FixedTimeEquals(Hash(code), made.Hash) || Interlocked.CompareExchange(ref _code, null, made) != made)
        {
            return null;
        }
        var caller = new Caller(SubmitterPrefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)), Scopes.Admin, [Token.AllNamespaces]);
        _session = new(caller, now + Session);
        LogUsed(logger, caller.Submitter);
        return caller;
    }

    /// <summary>Who began a session, while it lasts.</summary>
    public Caller? Again(string submitter) => _session is { } begun && begun.Caller.Submitter == submitter && time.GetUtcNow() < begun.Until ? begun.Caller : null;

    /// <summary>Ends a session; of others it leaves the one there is.</summary>
    public void End(string submitter)
    {
        if (_session is { } begun && begun.Caller.Submitter == submitter)
        {
            _session = null;
        }
    }

    private static byte[] Hash(string code) => SHA256.HashData(Encoding.UTF8.GetBytes(code));

    [LoggerMessage(Level = LogLevel.Information, Message = "The login link of the start was used; the log calls whoever came by it {Submitter}")]
    private static partial void LogUsed(ILogger logger, string submitter);

    private sealed record Code(byte[] Hash, DateTimeOffset Until);

    private sealed record Begun(Caller Caller, DateTimeOffset Until);
}
