using System.Globalization;
using System.Text.Json;

namespace ValueStream.Cli;

/// <summary>
/// One POST whose answer comes a line at a time. It may take as long as it will, so long as something comes: connecting has a
/// limit, and so has silence.
/// </summary>
internal static class LineStream
{
    private const int LongestLine = 64 << 10;

    /// <summary>Posts JSON and hands on the lines. Never throws.</summary>
    /// <param name="address">An <c>http://</c> or <c>https://</c> address.</param>
    /// <param name="body">The JSON text.</param>
    /// <param name="token">Sent as Bearer, unless null.</param>
    /// <param name="patience">For how long nothing may come.</param>
    /// <param name="take">Is given a line; true when it was the last word.</param>
    /// <returns>Status 200 when the last word came; another, with its body, when the server answered that; else 0 and why.</returns>
    public static async Task<Answer> PostAsync(
        string address, byte[] body, string? token, TimeSpan patience, Func<ReadOnlyMemory<byte>, bool> take)
    {
        if (Transport.CannotSpeak(address) is { } why)
        {
            return new(0, [], why);
        }
        using var silence = new CancellationTokenSource(patience);
        try
        {
            using var client = Transport.Client(address);
            using var request = Transport.Request(address, body, token);
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, silence.Token);
            using var stream = await response.Content.ReadAsStreamAsync(silence.Token);
            if ((int)response.StatusCode != 200)
            {
                var text = new byte[LongestLine];
                return new((int)response.StatusCode, text[..await stream.ReadAtLeastAsync(text, text.Length, false, silence.Token)]);
            }
            return await ReadAsync(stream, patience, silence, take);
        }
        catch (OperationCanceledException)
        {
            return Nothing(silence.IsCancellationRequested ? "nothing came" : "no connection", silence.IsCancellationRequested ? patience : Transport.Connecting);
        }
        catch (JsonException)
        {
            return NotOurs;
        }
        catch (HttpIOException e) when (e.HttpRequestError == HttpRequestError.ResponseEnded)
        {
            return CutOff;
        }
        catch (Exception e)
        {
            return new(0, [], Transport.Reason(e).TrimEnd('.'));
        }
    }

    private static Answer CutOff => new(0, [], "its answer ended before its last word");

    private static Answer NotOurs => new(0, [], "its answer is not ValueStream's");

    private static Answer Nothing(string what, TimeSpan time) =>
        new(0, [], string.Create(CultureInfo.InvariantCulture, $"{what} within {time.TotalSeconds:0.#} s"));

    private static async Task<Answer> ReadAsync(
        Stream stream, TimeSpan patience, CancellationTokenSource silence, Func<ReadOnlyMemory<byte>, bool> take)
    {
        var buffer = new byte[LongestLine];
        for (var count = 0; count < buffer.Length;)
        {
            silence.CancelAfter(patience);
            var read = await stream.ReadAsync(buffer.AsMemory(count), silence.Token);
            if (read == 0)
            {
                return CutOff;
            }
            count += read;
            var start = 0;
            for (int length; (length = buffer.AsSpan(start, count - start).IndexOf((byte)'\n')) >= 0; start += length + 1)
            {
                if (take(buffer.AsMemory(start, length)))
                {
                    return new(200, []);
                }
            }
            buffer.AsSpan(start, count - start).CopyTo(buffer);
            count -= start;
        }
        return NotOurs;
    }
}
