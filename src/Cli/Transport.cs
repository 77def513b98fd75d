using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using ValueStream.Core.Wire;

namespace ValueStream.Cli;

/// <summary>
/// One request with a hard deadline over all of it: look-up, connection, sending, answer. For <c>http://</c> a plain socket,
/// because HttpClient costs 2 ms of start; HttpClient for <c>https://</c> and where the environment names a proxy.
/// </summary>
internal static class Transport
{
    /// <summary>After so many milliseconds a server counts as slow.</summary>
    public const int Slow = 20;

    /// <summary>Bytes that an answer may have.</summary>
    public const int LargestAnswer = 4 << 20;

    // Upstream's name for it; hexadecimal, as the raw bytes that upstream compared are no header.
    private const string SignatureHeader = "X-VS-Signature";

    /// <summary>Posts JSON. Never throws.</summary>
    /// <param name="address">An <c>http://</c> or <c>https://</c> address.</param>
    /// <param name="body">The JSON text.</param>
    /// <param name="token">Sent as Bearer, unless null.</param>
    /// <param name="deadline">By <see cref="Environment.TickCount64"/>.</param>
    /// <param name="whenSlow">Called, once or again, before the wait for a slow answer: what must not hang on it.</param>
    /// <param name="signature">Sent as upstream's signature of the body, unless null.</param>
    public static Answer Post(string address, byte[] body, string? token, long deadline, Action? whenSlow = null, string? signature = null) =>
        Send(address, body, token, deadline, whenSlow, signature);

    /// <summary>Gets. Never throws.</summary>
    /// <param name="address">An <c>http://</c> or <c>https://</c> address.</param>
    /// <param name="token">Sent as Bearer, unless null.</param>
    /// <param name="deadline">By <see cref="Environment.TickCount64"/>.</param>
    public static Answer Get(string address, string? token, long deadline) => Send(address, null, token, deadline, null, null);

    private static Answer Send(string address, byte[]? body, string? token, long deadline, Action? whenSlow, string? signature)
    {
        var left = deadline - Environment.TickCount64;
        if (left <= 0)
        {
            return Answer.Nothing("there was no time left");
        }
        Answer? answer = null;
        try
        {
            if (Target.Parse(address) is { } target && (target.IsLoopback || Settings.Variable("http_proxy") is null))
            {
                answer = ExchangePlain(target, body, token, deadline, whenSlow, signature);
            }
            else if (CannotSpeak(address) is { } why)
            {
                return Answer.Nothing(why);
            }
            else
            {
                whenSlow?.Invoke();
                Answer? late = null;
                answer = InTime(() => late = ExchangeByClient(address, body, token, signature), deadline) ? late : null;
            }
        }
        catch (Exception e)
        {
            return Answer.Nothing(Reason(e));
        }
        return answer ?? Answer.Nothing(string.Create(CultureInfo.InvariantCulture, $"no answer within {left / 1000.0:0.#} s"));
    }

    /// <summary>
    /// Does what may hang where no timeout reaches (name look-up, for one) on a thread that dies with the process. False when it is not
    /// done by the deadline; it may be at it still.
    /// </summary>
    private static bool InTime(Action work, long deadline)
    {
        Exception? problem = null;
        var thread = new Thread(() =>
        {
            try
            {
                work();
            }
            catch (Exception e)
            {
                problem = e;
            }
        }, 256 * 1024)
        {
            IsBackground = true,
        };
        thread.Start();
        if (!thread.Join((int)Math.Clamp(deadline - Environment.TickCount64, 0, int.MaxValue)))
        {
            return false;
        }
        return problem is null ? true : throw problem;
    }

    /// <summary>
    /// Why an address cannot be spoken to at all; null when it can. .NET ends the process where it needs OpenSSL and finds none, whatever
    /// is caught: so it is looked for first, by the names by which .NET looks for it.
    /// </summary>
    public static string? CannotSpeak(string address) =>
        !address.StartsWith("https://", StringComparison.OrdinalIgnoreCase) || HasOpenSsl ? null
        : "https needs the OpenSSL library (libssl), which this machine does not have";

    private static bool HasOpenSsl => new[] { "3", "1.1", Settings.Variable("CLR_OPENSSL_VERSION_OVERRIDE") ?? "3" }
        .Any(static version => NativeLibrary.TryLoad("libssl.so." + version, out _));

    /// <summary>Why an exchange failed, as a phrase.</summary>
    public static string Reason(Exception e) => e.GetBaseException() switch
    {
        SocketException { SocketErrorCode: SocketError.ConnectionRefused } => "connection refused",
        SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain } => "its name is not known",
        SocketException { SocketErrorCode: SocketError.HostUnreachable or SocketError.NetworkUnreachable } => "it cannot be reached",
        SocketException { SocketErrorCode: SocketError.ConnectionReset } => "the connection was cut",
        var other => other.Message,
    };

    /// <summary>How long a client of <see cref="Client"/> tries to connect.</summary>
    public static readonly TimeSpan Connecting = TimeSpan.FromSeconds(10);

    /// <summary>An HttpClient for questions that may take a while: it has a limit on connecting alone.</summary>
    public static HttpClient Client(string address) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        ConnectTimeout = Connecting,
        UseProxy = Target.Parse(address) is not { IsLoopback: true },
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>A POST of JSON for HttpClient; a GET where there is no body.</summary>
    public static HttpRequestMessage Request(string address, byte[]? body, string? token)
    {
        var request = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post, address);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }
        request.Headers.Add(Routes.SentAtHeader, SentAt());
        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }
        return request;
    }

    // Null when it is late.
    private static Answer? ExchangePlain(Target target, byte[]? body, string? token, long deadline, Action? whenSlow, string? signature)
    {
        var head = Encoding.UTF8.GetBytes(
            $"{(body is null ? "GET" : "POST")} {target.Path} HTTP/1.1\r\nHost: {target.Authority}\r\n"
            + (body is null ? "" : $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\n")
            + $"{Routes.SentAtHeader}: {SentAt()}\r\nConnection: close\r\nUser-Agent: vscli\r\n"
            + (signature is null ? "" : $"{SignatureHeader}: {signature}\r\n")
            + (token is null ? "\r\n" : $"Authorization: Bearer {token}\r\n\r\n"));
        var addresses = Addresses(target, deadline, whenSlow);
        for (var i = 0; i < addresses.Length; i++)
        {
            using var socket = PlainSocket.Connect(addresses[i], target.Port, deadline, whenSlow);
            if (socket.Error != 0 && i + 1 < addresses.Length)
            {
                continue;
            }
            return socket is { Error: 0, IsLate: false } && socket.Send([.. head, .. body ?? []]) ? Receive(socket) : Failed(socket);
        }
        return null;
    }

    private static Answer? Receive(PlainSocket socket)
    {
        var received = new byte[4096];
        var count = 0;
        while (count < LargestAnswer)
        {
            var read = socket.Receive(received.AsSpan(count));
            if (read < 0)
            {
                return Failed(socket);
            }
            count += read;
            if (PlainAnswer.Read(received.AsSpan(0, count), read == 0) is { } answer)
            {
                return answer;
            }
            if (read == 0)
            {
                return Answer.Nothing(count == 0 ? "the connection was closed without an answer" : "the answer was cut off");
            }
            if (count == received.Length)
            {
                Array.Resize(ref received, count * 2);
            }
        }
        return Answer.Nothing("the answer is too long");
    }

    private static Answer? Failed(PlainSocket socket) => socket.IsLate ? null : Answer.Nothing(socket.Error switch
    {
        111 => "connection refused",
        104 or 32 => "the connection was cut",
        101 or 113 => "it cannot be reached",
        var error => Marshal.GetPInvokeErrorMessage(error),
    });

    private static IPAddress[] Addresses(Target target, long deadline, Action? whenSlow)
    {
        if (IPAddress.TryParse(target.Host, out var literal))
        {
            return [literal];
        }
        if (target.IsLoopback)
        {
            return [IPAddress.Loopback, IPAddress.IPv6Loopback];
        }
        whenSlow?.Invoke();
        IPAddress[] late = [];
        return InTime(() => late = Dns.GetHostAddresses(target.Host), deadline) ? late : [];
    }

    private static Answer ExchangeByClient(string address, byte[]? body, string? token, string? signature)
    {
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
        using var client = new HttpClient(handler);
        using var request = Request(address, body, token);
        if (signature is not null)
        {
            request.Headers.Add(SignatureHeader, signature);
        }
        using var response = client.Send(request);
        using var content = new MemoryStream();
        response.Content.ReadAsStream().CopyTo(content);
        return new Answer((int)response.StatusCode, content.ToArray());
    }

    private static string SentAt() => DateTimeOffset.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    /// <summary>The parts of an <c>http://</c> address.</summary>
    /// <param name="Host">The name or number, an IPv6 number without brackets.</param>
    /// <param name="Port">The port.</param>
    /// <param name="Authority">Host and port as the Host header has them.</param>
    /// <param name="Path">From the first slash on.</param>
    internal sealed record Target(string Host, int Port, string Authority, string Path)
    {
        /// <summary>Whether it is this machine.</summary>
        public bool IsLoopback => Host is "localhost" or "::1" || Host.StartsWith("127.", StringComparison.Ordinal);

        /// <summary>Null when the address is not a plain <c>http://</c> one, so that HttpClient shall judge it.</summary>
        public static Target? Parse(string address)
        {
            const string scheme = "http://";
            if (!address.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
            {
                return null;
            }
            var slash = address.IndexOf('/', scheme.Length);
            var authority = slash < 0 ? address[scheme.Length..] : address[scheme.Length..slash];
            var path = slash < 0 ? "/" : address[slash..];
            var colon = authority.LastIndexOf(':');
            var bracket = authority.LastIndexOf(']');
            var port = 80;
            if (colon > bracket
                && !int.TryParse(authority.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port)
                || authority.Contains('@') || port is 0 or > 65535
                || address.AsSpan().ContainsAnyExceptInRange('!', '~') || address.AsSpan().ContainsAny('?', '#'))
            {
                return null;
            }
            var host = (colon > bracket ? authority[..colon] : authority).Trim('[', ']');
            return host.Length == 0 ? null : new Target(host, port, authority, path);
        }
    }
}
