using System.Net.Sockets;
using System.Text;

namespace ValueStream.Server.Tests.Security;

/// <summary>Sends what no client would: the very bytes.</summary>
internal static class RawHttp
{
    /// <summary>Sends a request and reads all of the answer, until the server closes or has said nothing for so long.</summary>
    /// <param name="url">The server.</param>
    /// <param name="request">The request, lines ended by LF alone; CR is put before each. <c>{host}</c> stands for the server's name.</param>
    /// <param name="patience">How long an answer may take.</param>
    public static async Task<string> SendAsync(string url, string request, TimeSpan? patience = null)
    {
        var address = new Uri(url);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(patience ?? TimeSpan.FromSeconds(30));
        using var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port, limit.Token);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request.Replace("\n", "\r\n", StringComparison.Ordinal).Replace("{host}", address.Authority, StringComparison.Ordinal)), limit.Token);
        using var answer = new MemoryStream();
        try
        {
            await stream.CopyToAsync(answer, limit.Token);
        }
        catch (IOException) when (answer.Length > 0)
        {
            // It was answered, then cut.
        }
        return Encoding.UTF8.GetString(answer.ToArray());
    }
}
