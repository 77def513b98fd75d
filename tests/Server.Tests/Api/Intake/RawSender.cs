using System.Globalization;
using System.Net.Sockets;
using System.Text;
using ValueStream.Core.Wire;

namespace ValueStream.Server.Tests.Api.Intake;

/// <summary>A sender that writes a stream of lines when it likes, reads the answer meanwhile, and may go away at any time.</summary>
internal sealed class RawSender : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp);
    private readonly StringBuilder _answer = new();

    public static async Task<RawSender> StartAsync(ApiServer server, string key)
    {
        var url = new Uri(server.Process.Url);
        var sender = new RawSender();
        await sender._socket.ConnectAsync(url.Host, url.Port);
        await sender.WriteAsync($"POST {Routes.Events} HTTP/1.1\r\nHost: {url.Authority}\r\nContent-Type: {Routes.Ndjson}\r\n"
            + $"{Routes.IdempotencyKeyHeader}: {key}\r\nTransfer-Encoding: chunked\r\n\r\n");
        return sender;
    }

    public Task SendAsync(string text) => WriteAsync($"{Encoding.UTF8.GetByteCount(text).ToString("x", CultureInfo.InvariantCulture)}\r\n{text}\r\n");

    /// <summary>Ends the body as it should end.</summary>
    public Task EndAsync() => WriteAsync("0\r\n\r\n");

    /// <summary>Goes away without a word.</summary>
    public void Cut()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Close();
    }

    /// <summary>Reads until the answer holds a text.</summary>
    /// <returns>All that came so far.</returns>
    public async Task<string> UntilAsync(string text)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var buffer = new byte[4096];
        while (!_answer.ToString().Contains(text, StringComparison.Ordinal))
        {
            var count = await _socket.ReceiveAsync(buffer, limit.Token);
            Assert.True(count > 0, $"The answer ended without '{text}': {_answer}");
            _answer.Append(Encoding.UTF8.GetString(buffer, 0, count));
        }
        return _answer.ToString();
    }

    public void Dispose() => _socket.Dispose();

    private async Task WriteAsync(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        for (var sent = 0; sent < bytes.Length;)
        {
            sent += await _socket.SendAsync(bytes.AsMemory(sent));
        }
    }
}
