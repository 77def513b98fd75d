using System.Collections.Concurrent;
using System.IO.Compression;
using System.Threading.Channels;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using ValueStream.Server.Forwarding;
using ValueStream.Server.Otlp;

namespace ValueStream.Server.Tests.Forwarding;

/// <summary>A span that a tracer took.</summary>
/// <param name="Span">The span.</param>
/// <param name="Service">Its service.</param>
internal sealed record TakenSpan(Span Span, string Service)
{
    public string Name => Span.Name;

    public string TraceId => Convert.ToHexStringLower(Span.TraceId.Span);

    public string SpanId => Convert.ToHexStringLower(Span.SpanId.Span);

    public string Parent => Convert.ToHexStringLower(Span.ParentSpanId.Span);

    public string? Attribute(string key) => Span.Attributes.FirstOrDefault(a => a.Key == key)?.Value.StringValue;
}

/// <summary>A tracer that takes OTLP over HTTP and answers as a test says.</summary>
internal sealed class FakeTracer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Channel<int> _requests = Channel.CreateUnbounded<int>();

    private FakeTracer(WebApplication app) => _app = app;

    /// <summary>What the next requests are answered, in turn; all others are taken.</summary>
    public ConcurrentQueue<Func<HttpContext, IReadOnlyList<TakenSpan>, Task<bool>>> Answers { get; } = new();

    /// <summary>What every request is answered that has no answer of its own; null takes it.</summary>
    public Func<HttpContext, IReadOnlyList<TakenSpan>, Task<bool>>? Always { get; set; }

    /// <summary>What it took, in order.</summary>
    public ConcurrentQueue<TakenSpan> Taken { get; } = new();

    /// <summary>The names of what it took.</summary>
    public IEnumerable<string> Names => Taken.Select(static s => s.Name);

    /// <summary>How many spans each request had.</summary>
    public ConcurrentQueue<int> Sizes { get; } = new();

    /// <summary>The headers of the last request.</summary>
    public IHeaderDictionary LastHeaders { get; private set; } = new HeaderDictionary();

    public string Url => _app.Urls.First();

    public static async Task<FakeTracer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var tracer = new FakeTracer(builder.Build());
        tracer._app.Run(tracer.TakeAsync);
        await tracer._app.StartAsync();
        return tracer;
    }

    /// <summary>Waits until a request has come, whatever becomes of it.</summary>
    public async Task RequestedAsync() => await _requests.Reader.ReadAsync(TestContext.Current.CancellationToken);

    public static Task<bool> SaysAsync(HttpContext context, int status, IMessage? body = null, params (string Name, string Value)[] headers)
    {
        context.Response.StatusCode = status;
        foreach (var (name, value) in headers)
        {
            context.Response.Headers[name] = value;
        }
        context.Response.ContentType = "application/x-protobuf";
        return AnswerAsync(context, body?.ToByteArray() ?? []).ContinueWith(_ => status < 300, TaskScheduler.Default);
    }

    /// <summary>An answer of a status.</summary>
    public static Func<HttpContext, IReadOnlyList<TakenSpan>, Task<bool>> Status(int status, string message = "", params (string Name, string Value)[] headers) =>
        (context, _) => SaysAsync(context, status, new RpcStatus { Message = message }, headers);

    /// <summary>The connection breaks instead of an answer.</summary>
    public static Task<bool> Resets(HttpContext context, IReadOnlyList<TakenSpan> _)
    {
        context.Abort();
        return Task.FromResult(false);
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private static async Task AnswerAsync(HttpContext context, byte[] body) => await context.Response.Body.WriteAsync(body);

    private async Task TakeAsync(HttpContext context)
    {
        Assert.Equal("/v1/traces", context.Request.Path);
        LastHeaders = new HeaderDictionary(context.Request.Headers.ToDictionary(static h => h.Key, static h => h.Value));
        using var body = new MemoryStream();
        await (context.Request.Headers.ContentEncoding == "gzip" ? new GZipStream(context.Request.Body, CompressionMode.Decompress) : context.Request.Body).CopyToAsync(body);
        var spans = context.Request.ContentType == "application/json" ? [] : ExportTraceServiceRequest.Parser.ParseFrom(body.ToArray()).ResourceSpans
            .SelectMany(static r => r.ScopeSpans.SelectMany(static s => s.Spans), static (r, s) => new TakenSpan(s, r.Resource.Attributes.First(static a => a.Key == "service.name").Value.StringValue)).ToList();
        Sizes.Enqueue(spans.Count);
        _requests.Writer.TryWrite(spans.Count);
        var isTaken = Answers.TryDequeue(out var answer) ? await answer(context, spans) : Always is not { } always || await always(context, spans);
        if (isTaken)
        {
            spans.ForEach(Taken.Enqueue);
        }
    }

    /// <summary>Settings for it.</summary>
    public TracerSettings Settings(string name = "fake") => new() { Name = name, Endpoint = new(Url + "/v1/traces") };
}
