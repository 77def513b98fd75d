using System.Buffers;
using System.Data.Common;
using System.IO.Pipelines;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Server.Access;
using ValueStream.Store.Log;
using ValueStream.Store.Queries;
using ValueStream.Web;

namespace ValueStream.Server.Ingest;

/// <summary>
/// <c>POST /api/v1/events</c> with one event a line (NDJSON): a stream of any length, in constant memory. Lines collect to batches; while one
/// is written the next is read. The answer begins with the first batch that is durable, and says only which lines were not stored.
/// </summary>
internal sealed class EventStream(HttpContext context, Ingestor ingestor, TimeProvider time)
{
    private const int BatchLines = 500;
    private const int BatchBytes = 1 << 20;
    private const int BatchesInFlight = 2;

    private const string Again = "Send the stream again with the same Idempotency-Key; what was stored is not stored twice.";

    // A batch that is not full is written when no line has come for so long.
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(200);

    // How long a stream that has begun waits for a log that takes nothing, beyond the time that the log itself looks after a batch.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Queue<Batch> _inFlight = [];
    private readonly string _submitter = context.User.Submitter();
    private readonly Visible _writes = Viewer.MaySee(context.User);
    private readonly TimeSpan? _behind = context.Request.SentAt() is { } sentAt ? time.GetUtcNow() - sentAt : null;
    private readonly string? _key = ReadKey(context.Request);
    private Batch _open = new();
    private Task? _linger;
    private bool _skipping;
    private bool _ended;
    private long _line;
    private long _accepted;
    private long _duplicates;
    private long _rejected;
    private long _lastLine;

    private HttpResponse Response => context.Response;

    /// <summary>Whether a body of this content type is a stream of lines.</summary>
    public static bool Is(string? contentType)
    {
        var type = contentType.AsSpan();
        type = (type.IndexOf(';') is >= 0 and var end ? type[..end] : type).Trim();
        return type.Equals(Routes.Ndjson, StringComparison.OrdinalIgnoreCase)
            || type.Equals("application/ndjson", StringComparison.OrdinalIgnoreCase)
            || type.Equals("application/jsonl", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Lets a body be as long and as slow as its sender likes: of a stream only the lines are limited.</summary>
    public static void LiftLimits(HttpContext context)
    {
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = null;
        context.Features.GetRequiredFeature<IHttpMinRequestBodyDataRateFeature>().MinDataRate = null;
    }

    /// <summary>Reads the body to its end and answers.</summary>
    /// <param name="stopping">Ends the stream, with an answer to what was handed over.</param>
    /// <exception cref="UnreadableException">A header is wrong.</exception>
    /// <exception cref="LogUnavailableException">The log took nothing of it.</exception>
    public async Task TakeAsync(CancellationToken stopping)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        string? problem = null;
        try
        {
            await ReadLinesAsync(context.Request.BodyReader, stop.Token);
            await HandOverAsync();
            await SettleAllAsync();
            _lastLine = _line;
        }
        catch (LogUnavailableException e) when (Response.HasStarted)
        {
            problem = $"{e.Message} {Again}";
        }
        catch (DbException) when (Response.HasStarted)
        {
            problem = $"The database does not answer. {Again}";
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            problem = $"The server is stopping. {Again}";
            await SettleOrThrowAsync(new LogUnavailableException(problem));
        }
        catch (Exception e) when (e is IOException || Bodies.IsBroken(e))
        {
            // A sender that has gone hears nothing more, but one whose body cannot be unpacked does.
            problem = $"The body ends before its end: {e.Message} {Again}";
            await SettleOrThrowAsync(e);
        }
        if (!Response.HasStarted)
        {
            Begin(StatusCodes.Status200OK); // There was no event.
        }
        var answer = new StreamAnswer { Accepted = _accepted, Duplicates = _duplicates, Rejected = _rejected, LastLine = _lastLine, Problem = problem };
        await WriteAsync(JsonSerializer.SerializeToUtf8Bytes(answer, WireJson.Default.StreamAnswer));
    }

    private static string? ReadKey(HttpRequest request) => request.Headers[Routes.IdempotencyKeyHeader] switch
    {
        [] => null,
        [{ Length: > 0 and <= Limits.Id } key] when key.All(static c => c is >= ' ' and <= '~') => key,
        _ => throw new UnreadableException(Routes.IdempotencyKeyHeader, $"It must have 1 to {Limits.Id} printable ASCII characters."),
    };

    private async Task ReadLinesAsync(PipeReader reader, CancellationToken cancellationToken)
    {
        while (!_ended)
        {
            var read = await NextAsync(reader, cancellationToken);
            var buffer = read.Buffer;
            _ended = read.IsCompleted;
            var receivedAt = time.GetUtcNow();
            // The sender's clock was told once, at the beginning: how far it is off stays the same.
            var sending = new Sending(_submitter, receivedAt, receivedAt - _behind) { Writes = _writes };
            while (NextLine(ref buffer) is { } line)
            {
                await TakeLineAsync(line, sending, cancellationToken);
            }
            reader.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    /// <summary>What comes next. While nothing comes, what is done is answered, and a batch that has waited is written as it is.</summary>
    private async ValueTask<ReadResult> NextAsync(PipeReader reader, CancellationToken cancellationToken)
    {
        var pending = reader.ReadAsync(cancellationToken);
        if (pending.IsCompleted)
        {
            return await pending;
        }
        var read = pending.AsTask();
        while (!read.IsCompleted && (_open.Lines > 0 || _inFlight.Count > 0))
        {
            var done = _inFlight.TryPeek(out var oldest) ? oldest.Results : null;
            var first = await Task.WhenAny(new[] { read, done, _linger }.OfType<Task>());
            if (first == done)
            {
                await SettleAsync();
            }
            else if (first == _linger)
            {
                await HandOverAsync();
            }
        }
        return await read;
    }

    /// <summary>Cuts off the next line; null when there is no whole one. Of a line that is too long nothing is kept.</summary>
    private ReadOnlySequence<byte>? NextLine(ref ReadOnlySequence<byte> buffer)
    {
        ReadOnlySequence<byte> line;
        if (buffer.PositionOf((byte)'\n') is { } end)
        {
            line = buffer.Slice(0, end);
            buffer = buffer.Slice(buffer.GetPosition(1, end));
        }
        else if (_ended && (buffer.Length > 0 || _skipping))
        {
            line = buffer;
            buffer = buffer.Slice(buffer.End);
        }
        else
        {
            if (_skipping || buffer.Length > Limits.LineBytes)
            {
                _skipping = true;
                buffer = buffer.Slice(buffer.End);
            }
            return null;
        }
        _line++;
        return line;
    }

    private async ValueTask TakeLineAsync(ReadOnlySequence<byte> line, Sending sending, CancellationToken cancellationToken)
    {
        _open.LastLine = _line;
        var isTooLong = _skipping || line.Length > Limits.LineBytes;
        _skipping = false;
        var bytes = isTooLong ? default : line.IsSingleSegment ? line.First : line.ToArray();
        if (!isTooLong && bytes.Span.Trim(" \t\r"u8).IsEmpty)
        {
            return;
        }
        try
        {
            if (isTooLong)
            {
                throw new UnreadableException("", $"A line may have {Limits.LineBytes} bytes at the most.");
            }
            using var json = JsonReading.Parse(bytes, what: "line");
            var e = EventReader.Read(json.RootElement, await ingestor.LookUpAsync(json.RootElement, sending.Writes, cancellationToken), sending);
            _open.Events.Add((_line, _key is null || json.RootElement.Member("eventId") is not null ? e
                : e with { EventId = EventIds.Of("ndjson", _key, _line.ToString(System.Globalization.CultureInfo.InvariantCulture)) }));
        }
        catch (UnreadableException e)
        {
            _open.Rejected.Add(new RejectedLine { Line = _line, Problem = e.Sentence });
        }
        _open.Bytes += bytes.Length;
        if (_open.Lines == 1)
        {
            _linger = Task.Delay(Linger, CancellationToken.None);
        }
        if (_open.Lines == BatchLines || _open.Bytes >= BatchBytes)
        {
            await HandOverAsync();
        }
    }

    /// <summary>Gives the open batch to the log. The first goes alone: when the log does not take it, nothing of the stream is stored.</summary>
    private async Task HandOverAsync()
    {
        if (_open.Lines == 0)
        {
            return;
        }
        while (_inFlight.Count >= (Response.HasStarted ? BatchesInFlight : 1))
        {
            await SettleAsync();
        }
        var batch = _open;
        (_open, _linger) = (new Batch(), null);
        batch.Results = AppendAsync(batch.Inputs);
        _inFlight.Enqueue(batch);
        if (batch.Results.IsFaulted)
        {
            // The queue is full. No other batch may overtake this one.
            await SettleAllAsync();
        }
    }

    /// <summary>Appends. What the database refuses is halved until the line that it refuses stands alone.</summary>
    private async Task<IReadOnlyList<AppendResult>> AppendAsync(NewEvent[] events)
    {
        var results = await ingestor.TakeAsync(events);
        return results is [AppendResult.Refused, _, ..]
            ? [.. await AppendAsync(events[..(events.Length / 2)]), .. await AppendAsync(events[(events.Length / 2)..])]
            : results;
    }

    private async Task SettleAllAsync()
    {
        while (_inFlight.Count > 0)
        {
            await SettleAsync();
        }
    }

    /// <summary>Settles what was handed over before something went wrong. Where that is nothing, the error is the answer.</summary>
    private async Task SettleOrThrowAsync(Exception e)
    {
        try
        {
            await SettleAllAsync();
        }
        catch (LogUnavailableException)
        {
            // The answer says how far it came.
        }
        if (!Response.HasStarted)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(e);
        }
    }

    /// <summary>Waits for the oldest batch and answers for its lines.</summary>
    private async Task SettleAsync()
    {
        var batch = _inFlight.Peek();
        var results = await ResultsAsync(batch);
        _inFlight.Dequeue();
        foreach (var ((line, e), result) in batch.Events.Zip(results))
        {
            switch (result)
            {
                case AppendResult.Accepted:
                    _accepted++;
                    break;
                case AppendResult.Duplicate:
                    _duplicates++;
                    break;
                default:
                    batch.Rejected.Add(new RejectedLine { Line = line, EventId = e.EventId, Problem = Ingestor.ProblemOf(e, result)! });
                    break;
            }
        }
        _rejected += batch.Rejected.Count;
        _lastLine = batch.LastLine;
        if (!Response.HasStarted)
        {
            // As of an array: 422 when nothing of the whole body can be taken.
            Begin(_ended && _inFlight.Count == 0 && _accepted + _duplicates == 0 ? StatusCodes.Status422UnprocessableEntity : StatusCodes.Status200OK);
        }
        foreach (var line in batch.Rejected.OrderBy(static l => l.Line))
        {
            await WriteAsync(JsonSerializer.SerializeToUtf8Bytes(line, WireJson.Default.RejectedLine));
        }
        await Response.Body.FlushAsync();
    }

    /// <summary>A batch's results. Once the answer has begun, a log that takes nothing for a while is waited for.</summary>
    private async Task<IReadOnlyList<AppendResult>> ResultsAsync(Batch batch)
    {
        for (var began = time.GetTimestamp(); ;)
        {
            try
            {
                return await batch.Results;
            }
            catch (LogUnavailableException) when (Response.HasStarted && !context.RequestAborted.IsCancellationRequested && time.GetElapsedTime(began) < Patience)
            {
                await Task.Delay(100, CancellationToken.None);
                batch.Results = AppendAsync(batch.Inputs);
            }
        }
    }

    private void Begin(int status)
    {
        Response.StatusCode = status;
        Response.ContentType = Routes.Ndjson;
    }

    private async Task WriteAsync(byte[] json)
    {
        await Response.Body.WriteAsync(json);
        await Response.Body.WriteAsync("\n"u8.ToArray());
    }

    private sealed class Batch
    {
        public List<(long Line, NewEvent Event)> Events { get; } = [];

        public List<RejectedLine> Rejected { get; } = [];

        public int Lines => Events.Count + Rejected.Count;

        public int Bytes { get; set; }

        public long LastLine { get; set; }

        public NewEvent[] Inputs => [.. Events.Select(static e => e.Event)];

        public Task<IReadOnlyList<AppendResult>> Results { get; set; } = null!;
    }
}
