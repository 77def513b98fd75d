using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;

namespace ValueStream.Server.Tests.Cli;

/// <summary>A request as it came.</summary>
internal sealed record Received(string Path, Dictionary<string, string> Headers, string Body)
{
    /// <summary>The events in it.</summary>
    public List<JsonElement> Events
    {
        get
        {
            var body = JsonDocument.Parse(Body).RootElement;
            return body.ValueKind == JsonValueKind.Array ? [.. body.EnumerateArray()] : [body];
        }
    }
}

/// <summary>
/// What a server does with a request: the bytes it sends before it closes the connection, or falls silent where they end with
/// <see cref="ScriptedServer.Silence"/>; null when it never answers.
/// </summary>
internal delegate string? Reply(Received request);

/// <summary>An HTTP server that does as it is told, request after request; the last instruction stands for all that follow.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    /// <summary>Stands at the end of bytes after which the connection stays open and nothing comes.</summary>
    public const string Silence = "\0";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<Received> _received = new();
    private readonly Reply[] _script;
    private readonly Task _serving;

    public ScriptedServer(params Reply[] script)
    {
        _script = script;
        _listener.Start();
        _serving = Serve();
    }

    /// <summary>Makes it a server on https.</summary>
    public X509Certificate2? Certificate { get; init; }

    public string Url => (Certificate is null ? "http://" : "https://") + _listener.LocalEndpoint;

    public List<Received> Requests => [.. _received];

    /// <summary>Every event in every request.</summary>
    public List<JsonElement> Events => [.. _received.SelectMany(r => r.Events)];

    /// <summary>Accepts everything.</summary>
    public static Reply Accepts => request => Http(200, Answer(request, _ => """ "status":"accepted","position":1"""));

    /// <summary>Never answers.</summary>
    public static Reply Hangs => _ => null;

    /// <summary>Accepts everything, in chunks.</summary>
    public static Reply AcceptsInChunks => request =>
    {
        var answer = Answer(request, _ => """ "status":"duplicate" """);
        return string.Create(CultureInfo.InvariantCulture,
            $"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            + $"5\r\n{answer[..5]}\r\n{answer.Length - 5:x};x=y\r\n{answer[5..]}\r\n0\r\n\r\n");
    };

    /// <summary>Sends these bytes.</summary>
    public static Reply Sends(string bytes) => _ => bytes;

    /// <summary>Answers with a status and a body.</summary>
    public static Reply Status(int status, string body = "") => _ => Http(status, body);

    /// <summary>Rejects the events of a type, accepts the others.</summary>
    public static Reply Rejects(string type) => request =>
    {
        var all = request.Events.All(e => Type(e) == type);
        return Http(all ? 422 : 200, Answer(request, e =>
            Type(e) == type ? """ "status":"rejected","problem":"no such type" """ : """ "status":"accepted" """));
    };

    /// <summary>An address where nobody listens.</summary>
    public static string Nobody()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return "http://" + listener.LocalEndpoint;
    }

    public static string Http(int status, string body) => string.Create(CultureInfo.InvariantCulture,
        $"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}");

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _serving;
        _stop.Dispose();
    }

    private static string? Type(JsonElement request) => request.GetProperty("run").GetProperty("type").GetString();

    private static string Answer(Received request, Func<JsonElement, string> item)
    {
        var items = request.Events.Select((e, i) => $$"""{"index":{{i}},"eventId":"{{(e.TryGetProperty("eventId", out var id) ? id : default)}}","run":"x",{{item(e)}}}""");
        return $$"""{"accepted":0,"duplicates":0,"rejected":0,"items":[{{string.Join(',', items)}}]}""";
    }

    private async Task Serve()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                connections.Add(Answer(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException || _stop.IsCancellationRequested)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task Answer(TcpClient client)
    {
        using (client)
        {
            try
            {
                Stream stream = client.GetStream();
                if (Certificate is not null)
                {
                    var secure = new SslStream(stream);
                    await secure.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = Certificate }, _stop.Token);
                    stream = secure;
                }
                var request = await Read(stream);
                Reply reply;
                lock (_received)
                {
                    reply = _script[Math.Min(_received.Count, _script.Length - 1)];
                    _received.Enqueue(request);
                }
                var bytes = reply(request) ?? Silence;
                await stream.WriteAsync(Encoding.UTF8.GetBytes(bytes.TrimEnd(Silence[0])), _stop.Token);
                if (bytes.EndsWith(Silence, StringComparison.Ordinal))
                {
                    await Task.Delay(Timeout.Infinite, _stop.Token);
                }
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or AuthenticationException)
            {
                // The test is over, or the client has gone.
            }
        }
    }

    private async Task<Received> Read(Stream stream)
    {
        var bytes = new List<byte>();
        var buffer = new byte[8192];
        while (true)
        {
            var read = await stream.ReadAsync(buffer, _stop.Token);
            bytes.AddRange(buffer.AsSpan(0, read));
            var text = Encoding.UTF8.GetString([.. bytes]);
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end < 0)
            {
                _ = read > 0 ? 0 : throw new EndOfStreamException();
                continue;
            }
            var lines = text[..end].Split("\r\n");
            var headers = lines.Skip(1).Select(l => l.Split(": ", 2)).ToDictionary(p => p[0], p => p[1], StringComparer.OrdinalIgnoreCase);
            var body = text[(end + 4)..];
            if (read == 0 || Encoding.UTF8.GetByteCount(body) >= int.Parse(headers.GetValueOrDefault("Content-Length", "0"), CultureInfo.InvariantCulture))
            {
                return new Received(lines[0].Split(' ')[1], headers, body);
            }
        }
    }
}
