using ValueStream.Core.Events;
using ValueStream.Store.Forwarding;

namespace ValueStream.Server.Forwarding;

/// <summary>
/// Follows the log for one tracer. Its checkpoint moves only after the tracer accepted what lies before, so what is not certain is sent again, under the
/// same ids; order is the log's. It holds two pieces of the log at most, however much there is to send.
/// </summary>
internal sealed partial class TracerLoop(
    TracerSettings settings, OtlpClient client, Exports exports, Tracers tracers, ForwardingMetrics metrics, string version, ILogger logger) : IDisposable
{
    /// <summary>Spans of one request, at most.</summary>
    public const int MostSpans = 500;

    /// <summary>So many spans in a row, each refused by itself, are set aside; then it is the tracer that is wrong, and it is waited for.</summary>
    public const int MostRefused = 50;

    /// <summary>Events of the log that are looked at in one piece.</summary>
    private const int MostEvents = 2_000;

    private const int FewestEvents = 50;

    /// <summary>Bytes of a request over which it is halved before it is tried.</summary>
    private const int MostBytes = 8 << 20;

    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestAskedFor = TimeSpan.FromHours(1);

    /// <summary>How often it is looked whether a parent that is waited for has come.</summary>
    private static readonly TimeSpan ParentEvery = TimeSpan.FromSeconds(1);

    private ExportBatch? _batch;
    private int _next;
    private long _position = -1;
    private (long From, Task<ExportBatch> Batch)? _ahead;
    private int _events = FewestEvents;
    private int _size = MostSpans;
    private int _most = MostSpans;
    private int _refused;
    private int _failures;
    private string? _lastError;

    /// <summary>The tracer's settings.</summary>
    public TracerSettings Settings => settings;

    /// <summary>One step: reads what comes next, if nothing is at hand, and sends one request.</summary>
    /// <returns>How long to wait before the next step: zero where there is more to do, null where nothing is until the projections move.</returns>
    public async Task<TimeSpan?> RunOnceAsync(CancellationToken cancellationToken)
    {
        var position = await tracers.OpenAsync(settings.Name, cancellationToken);
        if (position != _position)
        {
            // Somebody asked for something to be sent again, or another process led meanwhile.
            Forget();
            _position = position;
        }
        _batch ??= await ReadAsync(cancellationToken);
        if (_next == _batch.Items.Count)
        {
            return await EndAsync(_batch, cancellationToken);
        }
        List<ExportedRun> piece = [.. _batch.Items.Skip(_next).Take(_size)];
        var request = SpanMapping.Request(piece, version);
        if (request.CalculateSize() > MostBytes && piece.Count > 1)
        {
            _size = piece.Count / 2;
            _events = Math.Max(FewestEvents, _events / 2);
            return TimeSpan.Zero;
        }
        switch (await client.SendAsync(request, cancellationToken))
        {
            case OtlpAnswer.Accepted accepted:
                (_failures, _refused) = (0, 0);
                _size = Math.Min(2 * _size, _most);
                _most = Math.Min(MostSpans, _most + (_most / 16) + 1);
                await WentAsync(piece.Count, piece.Count, accepted, cancellationToken);
                return TimeSpan.Zero;
            case OtlpAnswer.Refused refused when piece.Count > 1:
                _size = piece.Count / 2;
                _most = refused.IsTooLarge ? _size : _most;
                return TimeSpan.Zero;
            case OtlpAnswer.Refused refused when _refused < MostRefused:
                _refused++;
                await SetAsideAsync(piece[0], refused.Why, cancellationToken);
                return TimeSpan.Zero;
            case OtlpAnswer.Refused refused:
                return await WaitAsync($"it refused {MostRefused} spans in a row, so that it is waited for: {refused.Why}", LongestWait, cancellationToken);
            case OtlpAnswer.Denied denied:
                return await WaitAsync(denied.Why, LongestWait, cancellationToken);
            case OtlpAnswer.Later later:
                var own = TimeSpan.FromTicks(Math.Min(FirstWait.Ticks << Math.Min(_failures, 6), LongestWait.Ticks));
                return await WaitAsync(later.Why, later.After is { Ticks: > 0 } after ? after < LongestAskedFor ? after : LongestAskedFor : Jitter(own), cancellationToken);
            default:
                throw new InvalidOperationException("An answer of an unknown kind.");
        }
    }

    /// <summary>Begins anew with what the database says: another process may have led meanwhile.</summary>
    public void Forget() => (_batch, _next, _position, _ahead) = (null, 0, -1, null);

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    private async Task<ExportBatch> ReadAsync(CancellationToken cancellationToken)
    {
        var batch = _ahead is var (from, ahead) && from == _position ? await ahead : await exports.ReadAsync(_position, _events, settings.Filter, cancellationToken);
        (_next, _ahead) = (0, null);
        if (batch.IsFull)
        {
            _events = Math.Min(MostEvents, 2 * _events);
            // What comes next is read while this is sent. What it freezes may be frozen: it goes out later.
            _ahead = (batch.To, exports.ReadAsync(batch.To, _events, settings.Filter, cancellationToken));
        }
        return batch;
    }

    /// <summary>All of a piece of the log was sent, or nothing of it is to be.</summary>
    private async Task<TimeSpan?> EndAsync(ExportBatch batch, CancellationToken cancellationToken)
    {
        _batch = null;
        if (batch.To > _position)
        {
            await MoveAsync(batch.To, 0, new OtlpAnswer.Accepted(0, null), cancellationToken);
        }
        return batch.IsFull ? TimeSpan.Zero : batch.IsHeld ? ParentEvery : null;
    }

    private Task WentAsync(int count, int sent, OtlpAnswer.Accepted answer, CancellationToken cancellationToken)
    {
        _next += count;
        metrics.Sent(settings.Name, sent);
        if (sent > 0 && _lastError is not null && answer.Note is null)
        {
            _lastError = null;
            LogWell(settings.Name);
        }
        if (answer.Note is { } note)
        {
            Tell(note);
        }
        var to = _next == _batch!.Items.Count ? _batch.To : _batch.Items[_next].Position - 1;
        return MoveAsync(Math.Max(to, _position), sent, answer, cancellationToken);
    }

    private async Task MoveAsync(long to, int sent, OtlpAnswer.Accepted answer, CancellationToken cancellationToken)
    {
        if (await tracers.MoveAsync(settings.Name, _position, to, sent, answer.Rejected, answer.Note, cancellationToken))
        {
            _position = to;
        }
        else
        {
            Forget();
        }
    }

    private async Task SetAsideAsync(ExportedRun run, string why, CancellationToken cancellationToken)
    {
        LogSetAside(settings.Name, run.Run.Key, run.Run.Attempt, why);
        metrics.SetAside(settings.Name);
        await tracers.SetAsideAsync(settings.Name, ShortKey.TryParse(run.Run.Key, out var key) ? key : default, run.Run.Attempt, why, cancellationToken);
        await WentAsync(1, 0, new OtlpAnswer.Accepted(0, null), cancellationToken);
    }

    private async Task<TimeSpan?> WaitAsync(string why, TimeSpan wait, CancellationToken cancellationToken)
    {
        _failures++;
        Tell(why);
        await tracers.FailedAsync(settings.Name, why, cancellationToken);
        return wait;
    }

    /// <summary>Says once what stays the same.</summary>
    private void Tell(string why)
    {
        if (why != _lastError)
        {
            _lastError = why;
            LogTrouble(settings.Name, why);
        }
    }

    /// <summary>Half of a time to all of it, so that many who wait do not come back at once.</summary>
    private static TimeSpan Jitter(TimeSpan wait) => wait * (0.5 + (Random.Shared.NextDouble() / 2));

    [LoggerMessage(Level = LogLevel.Warning, Message = "Tracer {Tracer}: {Why}. What it did not accept is sent again")]
    private partial void LogTrouble(string tracer, string why);

    [LoggerMessage(Level = LogLevel.Information, Message = "Tracer {Tracer} accepts spans again")]
    private partial void LogWell(string tracer);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Tracer {Tracer} refuses the span of run {Run}, attempt {Attempt}, which is set aside: {Why}")]
    private partial void LogSetAside(string tracer, string run, int attempt, string why);
}
