using System.Buffers;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using ValueStream.Server.Otlp;

namespace ValueStream.Server.Forwarding;

/// <summary>What a tracer made of a request.</summary>
internal abstract record OtlpAnswer
{
    private OtlpAnswer()
    {
    }

    /// <summary>It took it. What it says to have thrown away of it is not to be sent again.</summary>
    /// <param name="Rejected">How many spans it threw away.</param>
    /// <param name="Note">What it said beside; null where nothing.</param>
    public sealed record Accepted(long Rejected, string? Note) : OtlpAnswer;

    /// <summary>It does not take what is in it: less of it may do.</summary>
    /// <param name="Why">What it said.</param>
    /// <param name="IsTooLarge">Whether it is too much at once.</param>
    public sealed record Refused(string Why, bool IsTooLarge = false) : OtlpAnswer;

    /// <summary>It cannot now, or was not reached: the same again, later.</summary>
    /// <param name="Why">What happened.</param>
    /// <param name="After">For how long it wishes to be left alone; null where it did not say.</param>
    public sealed record Later(string Why, TimeSpan? After = null) : OtlpAnswer;

    /// <summary>It takes nothing from us, whatever it is: credentials or address are wrong. Somebody has to mend that.</summary>
    public sealed record Denied(string Why) : OtlpAnswer;
}

/// <summary>Sends spans to one tracer by OTLP over HTTP, and reads by the protocol's rules what it answers.</summary>
internal sealed class OtlpClient : IDisposable
{
    /// <summary>An answer is read so far.</summary>
    public const int LargestAnswer = 4 << 20;

    private const int LongestWord = 300;

    private readonly TracerSettings _settings;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;

    public OtlpClient(TracerSettings settings, TimeProvider time)
    {
        (_settings, _time) = (settings, time);
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.GZip,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            // Its own requests are no part of anybody's trace.
            ActivityHeadersPropagator = null,
        };
        if (settings.Authorities is { } authorities)
        {
            handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            handler.SslOptions.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }
        _http = new(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Sends a request. What can go wrong is an answer.</summary>
    public async Task<OtlpAnswer> SendAsync(ExportTraceServiceRequest spans, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_settings.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, _settings.Endpoint) { Content = Body(spans) };
            foreach (var (name, value) in _settings.Headers)
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
            request.Headers.UserAgent.Add(new("valuestream", null));
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            var body = await ReadAsync(response.Content, either.Token);
            return response.IsSuccessStatusCode ? Accepted(body, IsJson(response)) : Failed(response, Said(body, IsJson(response)));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new OtlpAnswer.Later($"no answer within {_settings.Timeout.TotalSeconds:0} s");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            var cause = e.GetBaseException().Message;
            return new OtlpAnswer.Later(e.Message.Contains(cause, StringComparison.Ordinal) ? e.Message : $"{e.Message} {cause}");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private ByteArrayContent Body(ExportTraceServiceRequest spans)
    {
        using var bytes = new MemoryStream();
        using (var to = _settings.IsCompressed ? new GZipStream(bytes, CompressionLevel.Fastest, leaveOpen: true) : (Stream)bytes)
        {
            if (_settings.IsJson)
            {
                var buffer = new ArrayBufferWriter<byte>();
                SpanJson.Write(spans, buffer);
                to.Write(buffer.WrittenSpan);
            }
            else
            {
                spans.WriteTo(to);
            }
        }
        var body = new ByteArrayContent(bytes.ToArray());
        body.Headers.ContentType = new(_settings.IsJson ? "application/json" : "application/x-protobuf");
        if (_settings.IsCompressed)
        {
            body.Headers.ContentEncoding.Add("gzip");
        }
        return body;
    }

    /// <summary>The answer's body, no further than an answer may be long.</summary>
    private static async Task<byte[]> ReadAsync(HttpContent content, CancellationToken cancellationToken)
    {
        await using var from = await content.ReadAsStreamAsync(cancellationToken);
        using var body = new MemoryStream();
        var piece = new byte[16 << 10];
        while (body.Length < LargestAnswer && await from.ReadAsync(piece, cancellationToken) is > 0 and var read)
        {
            body.Write(piece, 0, (int)Math.Min(read, LargestAnswer - body.Length));
        }
        return body.ToArray();
    }

    private static OtlpAnswer.Accepted Accepted(byte[] body, bool isJson)
    {
        try
        {
            if (body.Length == 0)
            {
                return new(0, null);
            }
            var (rejected, message) = isJson ? PartialOfJson(body) : PartialOf(ExportTraceServiceResponse.Parser.ParseFrom(body));
            return new(rejected, rejected > 0 ? $"it threw {rejected} spans away: {Short(message)}" : message.Length > 0 ? Short(message) : null);
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or JsonException or InvalidOperationException or FormatException)
        {
            // It said 200. Sending it again would only double what it has.
            return new(0, "it says 200, and its answer cannot be read: is it a tracer?");
        }
    }

    private static (long, string) PartialOf(ExportTraceServiceResponse response) =>
        response.PartialSuccess is { } partial ? (Math.Max(0, partial.RejectedSpans), partial.ErrorMessage) : (0, "");

    private static (long, string) PartialOfJson(byte[] body)
    {
        using var json = JsonDocument.Parse(body);
        if (!json.RootElement.TryGetProperty("partialSuccess", out var partial) || partial.ValueKind != JsonValueKind.Object)
        {
            return (0, "");
        }
        var rejected = !partial.TryGetProperty("rejectedSpans", out var count) ? 0
            : count.ValueKind == JsonValueKind.String ? long.Parse(count.GetString()!, System.Globalization.CultureInfo.InvariantCulture) : count.GetInt64();
        return (Math.Max(0, rejected), partial.TryGetProperty("errorMessage", out var message) ? message.GetString() ?? "" : "");
    }

    private OtlpAnswer Failed(HttpResponseMessage response, string said)
    {
        var status = (int)response.StatusCode;
        // One that repeats what it was sent must not have our secrets shown.
        said = _settings.Headers.Aggregate(said, static (text, header) => text.Replace(header.Value, "…", StringComparison.Ordinal));
        var why = $"{status} {response.ReasonPhrase}{(said.Length > 0 ? ": " + said : "")}";
        return status switch
        {
            // What of 5xx and the like is not for us to wait for would be lost if it were not tried again.
            408 or 425 or 429 or >= 500 => new OtlpAnswer.Later(why, RetryAfter(response.Headers.RetryAfter)),
            // About the address, the credentials or the form, not about what is sent.
            401 or 402 or 403 or 404 or 405 or 406 or 407 or 411 or 415 => new OtlpAnswer.Denied(why),
            >= 400 => new OtlpAnswer.Refused(why, status == 413),
            _ => new OtlpAnswer.Denied(why),
        };
    }

    private TimeSpan? RetryAfter(RetryConditionHeaderValue? header) =>
        (header?.Delta ?? header?.Date - _time.GetUtcNow()) is { } after ? after > TimeSpan.Zero ? after : TimeSpan.Zero : null;

    /// <summary>What an answer that refuses says: a google.rpc.Status, or the beginning of a text.</summary>
    private static string Said(byte[] body, bool isJson)
    {
        try
        {
            if (isJson)
            {
                using var json = JsonDocument.Parse(body);
                return json.RootElement.TryGetProperty("message", out var message) ? Short(message.GetString() ?? "") : "";
            }
            return Short(RpcStatus.Parser.ParseFrom(body).Message);
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or JsonException or InvalidOperationException)
        {
            return Short(Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, 4 * LongestWord))));
        }
    }

    private static bool IsJson(HttpResponseMessage response) => response.Content.Headers.ContentType?.MediaType is "application/json";

    /// <summary>One line of what others wrote.</summary>
    private static string Short(string text)
    {
        var line = new string([.. text.Select(static c => char.IsControl(c) || c == '\uFFFD' ? ' ' : c)]).Trim();
        return line.Length <= LongestWord ? line : line[..LongestWord] + "…";
    }
}
