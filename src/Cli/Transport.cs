using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using ValueStream.Core.Wire;

namespace ValueStream.Cli;

/// <summary>What came back from one request.</summary>
/// <param name="Status">The HTTP status; 0 when no whole answer came in time.</param>
/// <param name="Body">The answer's body.</param>
/// <param name="Problem">Why no answer came, as a phrase.</param>
internal readonly record struct Answer(int Status, byte[] Body, string? Problem = null)
{
    /// <summary>Why it is not the answer that was hoped for, as a phrase.</summary>
    public string Why => Status switch
    {
        0 => Problem!,
        401 or 403 => $"it answered {Status}: VALUESTREAM_TOKEN is missing or not allowed to do this",
        404 => "it answered 404: VALUESTREAM_URL does not name a ValueStream server",
        >= 400 and < 500 or 503 => Detail(),
        _ => $"it answered {Status}",
    };

    /// <summary>What the server says of a problem; null where it says nothing, or something else answers.</summary>
    public string? Details
    {
        get
        {
            try
            {
                using var problem = JsonDocument.Parse(Body);
                if (problem.RootElement.ValueKind == JsonValueKind.Object && problem.RootElement.TryGetProperty("detail", out var detail))
                {
                    // Of a single event the detail has the errors in it.
                    return problem.RootElement.TryGetProperty("errors", out var errors) && !Tells(detail.ToString(), errors)
                        ? $"{detail} {errors.GetRawText()}" : detail.ToString();
                }
            }
            catch (JsonException)
            {
                // Then the body speaks for itself.
            }
            return null;
        }
    }

    /// <summary>Whether a 404 is the server's word about a thing, rather than that of something else that answers there.</summary>
    public bool SaysThereIsNone => Status == 404 && Details?.StartsWith("There is no ", StringComparison.Ordinal) is true;

    private static bool Tells(string detail, JsonElement errors) => errors.ValueKind == JsonValueKind.Object
        && errors.EnumerateObject().All(field => field.Value.ValueKind == JsonValueKind.Array && field.Value.EnumerateArray().All(text => detail.Contains(text.ToString(), StringComparison.Ordinal)));

    private string Detail() => Details ?? $"it answered {Status} {Encoding.UTF8.GetString(Body.AsSpan(0, Math.Min(Body.Length, 500)))}".TrimEnd();
}

/// <summary>
/// One request with a hard deadline over all of it: look-up, connection, sending, answer. For <c>http://</c> a plain socket,
/// because HttpClient costs 2 ms of start; HttpClient for <c>https://</c> and where the environment names a proxy.
/// </summary>
internal static class Transport
{
    /// <summary>After so many milliseconds a server counts as slow.</summary>
    public const int Slow = 20;

    private const int LargestAnswer = 4 << 20;

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
            return Nothing("there was no time left");
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
                return Nothing(why);
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
            return Nothing(Reason(e));
        }
        return answer ?? Nothing(string.Create(CultureInfo.InvariantCulture, $"no answer within {left / 1000.0:0.#} s"));
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
    /// Reads an HTTP/1.1 response out of what was received so far. Null while it is incomplete; status 0 when it is none.
    /// </summary>
    /// <param name="received">Everything received.</param>
    /// <param name="closed">Whether the server has closed the connection.</param>
    public static Answer? Read(ReadOnlySpan<byte> received, bool closed)
    {
        while (true)
        {
            var end = received.IndexOf("\r\n\r\n"u8);
            if (!received.StartsWith("HTTP/1."u8[..Math.Min(7, received.Length)]))
            {
                return Nothing("the answer is not HTTP");
            }
            if (end < 0)
            {
                return null;
            }
            var head = Encoding.Latin1.GetString(received[..end]);
            var rest = received[(end + 4)..];
            if (head.Length < 12 || !int.TryParse(head.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var status))
            {
                return Nothing("the answer is not HTTP");
            }
            if (status < 200)
            {
                received = rest;
                continue;
            }
            if (status == 204)
            {
                return new Answer(status, []);
            }
            if (Header(head, "Transfer-Encoding") is { } encoding && encoding.Contains("chunked", StringComparison.OrdinalIgnoreCase))
            {
                return Unchunk(rest) is { } whole ? new Answer(status, whole) : null;
            }
            if (Header(head, "Content-Length") is { } text
                && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var length))
            {
                return rest.Length >= length ? new Answer(status, rest[..length].ToArray()) : null;
            }
            return closed ? new Answer(status, rest.ToArray()) : null;
        }
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

    private static Answer Nothing(string problem) => new(0, [], problem);

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
            if (Read(received.AsSpan(0, count), read == 0) is { } answer)
            {
                return answer;
            }
            if (read == 0)
            {
                return Nothing(count == 0 ? "the connection was closed without an answer" : "the answer was cut off");
            }
            if (count == received.Length)
            {
                Array.Resize(ref received, count * 2);
            }
        }
        return Nothing("the answer is too long");
    }

    private static Answer? Failed(PlainSocket socket) => socket.IsLate ? null : Nothing(socket.Error switch
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

    private static string? Header(string head, string name)
    {
        foreach (var line in head.Split("\r\n"))
        {
            if (line.Length > name.Length && line[name.Length] == ':' && line.StartsWith(name, StringComparison.OrdinalIgnoreCase))
            {
                return line[(name.Length + 1)..].Trim();
            }
        }
        return null;
    }

    private static byte[]? Unchunk(ReadOnlySpan<byte> chunks)
    {
        using var whole = new MemoryStream();
        while (true)
        {
            var end = chunks.IndexOf("\r\n"u8);
            if (end < 0)
            {
                return null;
            }
            var size = chunks[..end];
            var extension = size.IndexOf((byte)';');
            size = extension < 0 ? size : size[..extension];
            const NumberStyles hex = NumberStyles.AllowHexSpecifier | NumberStyles.AllowTrailingWhite;
            if (!int.TryParse(size, hex, CultureInfo.InvariantCulture, out var length)
                || length is < 0 or > LargestAnswer)
            {
                throw new InvalidDataException("the answer's chunks cannot be read");
            }
            chunks = chunks[(end + 2)..];
            if (length == 0)
            {
                return whole.ToArray();
            }
            if (chunks.Length < length + 2)
            {
                return null;
            }
            whole.Write(chunks[..length]);
            chunks = chunks[(length + 2)..];
        }
    }

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
