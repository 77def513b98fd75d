using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Store.Engines;
using ValueStream.Store.Log;
using ValueStream.Store.Queries;

namespace ValueStream.Store.Forwarding;

/// <summary>Where the forwarding to a tracer stands.</summary>
/// <param name="Position">Everything up to here was accepted, left out or set aside.</param>
/// <param name="LagEvents">How many events of the log come after it.</param>
/// <param name="LagSeconds">Age in seconds of the first of them; 0 when there is none.</param>
/// <param name="LastSuccessAt">When it last accepted something.</param>
/// <param name="LastErrorAt">When it last did not.</param>
/// <param name="LastError">Why.</param>
/// <param name="Sent">Spans that it accepted, those that were sent again among them.</param>
/// <param name="Rejected">Spans that it said to have thrown away of requests that it accepted.</param>
/// <param name="SetAside">Spans that it refused, each by itself.</param>
public sealed record TracerState(
    long Position, long LagEvents, double LagSeconds, DateTimeOffset? LastSuccessAt, DateTimeOffset? LastErrorAt, string? LastError, long Sent, long Rejected, long SetAside);

/// <summary>Keeps where the forwarding to each tracer stands, so that any server can go on where another stopped.</summary>
public sealed class Tracers
{
    /// <summary>Of the spans that a tracer refused so many are kept, the newest.</summary>
    public const int MostSetAside = 1_000;

    /// <summary>What a tracer says is kept so far.</summary>
    public const int LongestReason = 1_000;

    private readonly Snapshot.Source _snapshots;
    private readonly LogReader _reader;
    private readonly IEngine _engine;
    private readonly TimeProvider _time;

    internal Tracers(Snapshot.Source snapshots, LogReader reader, IEngine engine, TimeProvider time) => (_snapshots, _reader, _engine, _time) = (snapshots, reader, engine, time);

    /// <summary>The position of a tracer. A new one begins with what the projections read next: what was before is sent when somebody asks for it. One that is beyond
    /// the log, because that was restored, begins at its end.</summary>
    public async Task<long> OpenAsync(string name, CancellationToken cancellationToken)
    {
        await using (var snapshot = await _snapshots.OpenAsync(cancellationToken))
        {
            var head = await snapshot.Database.LogHead.AsNoTracking().Select(static h => h.Position).SingleAsync(cancellationToken);
            if (await snapshot.Database.Tracers.AsNoTracking().Where(t => t.Name == name).Select(static t => (long?)t.Position).SingleOrDefaultAsync(cancellationToken) is { } position && position <= head)
            {
                return position;
            }
            await ExecuteAsync("INSERT INTO tracers (name, position, sent, rejected, set_aside) VALUES (@name, @position, 0, 0, 0) ON CONFLICT (name) DO UPDATE SET position = excluded.position WHERE tracers.position > @head",
                cancellationToken, ("name", name), ("position", snapshot.Live.Position), ("head", head));
        }
        return await OpenAsync(name, cancellationToken);
    }

    /// <summary>Moves a tracer on after it accepted what lies between.</summary>
    /// <param name="name">The tracer.</param>
    /// <param name="from">Where it was.</param>
    /// <param name="to">Where it is then.</param>
    /// <param name="sent">How many spans it accepted.</param>
    /// <param name="rejected">How many of them it said to have thrown away.</param>
    /// <param name="note">What it said beside; null where nothing.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False where it is somewhere else by now: another process leads, or somebody asked for something to be sent again.</returns>
    public async Task<bool> MoveAsync(string name, long from, long to, int sent, long rejected, string? note, CancellationToken cancellationToken)
    {
        var now = Micros.Of(_time.GetUtcNow());
        return await ExecuteAsync("""
            UPDATE tracers SET position = @to, sent = sent + @sent, rejected = rejected + @rejected, last_success_at = CASE WHEN @sent > 0 THEN @now ELSE last_success_at END,
              last_error_at = CASE WHEN @noted THEN @now ELSE last_error_at END, last_error = CASE WHEN @noted THEN @note ELSE last_error END
            WHERE name = @name AND position = @from
            """, cancellationToken, ("to", to), ("sent", (long)sent), ("rejected", rejected), ("now", now), ("noted", note is not null), ("note", Short(note ?? "")), ("name", name), ("from", from)) > 0;
    }

    /// <summary>Notes that a tracer did not accept something.</summary>
    public Task FailedAsync(string name, string why, CancellationToken cancellationToken) => ExecuteAsync(
        "UPDATE tracers SET last_error_at = @now, last_error = @why WHERE name = @name", cancellationToken, ("now", Micros.Of(_time.GetUtcNow())), ("why", Short(why)), ("name", name));

    /// <summary>Sets a span aside that a tracer refuses by itself.</summary>
    public async Task SetAsideAsync(string name, ShortKey run, int attempt, string reason, CancellationToken cancellationToken)
    {
        await using var session = await _engine.BeginAsync(cancellationToken);
        await session.ExecuteAsync("""
            INSERT INTO spans_set_aside (tracer, key, attempt, at, reason) VALUES (@name, @key, @attempt, @now, @reason)
            ON CONFLICT (tracer, key, attempt) DO UPDATE SET at = excluded.at, reason = excluded.reason
            """, cancellationToken, ("name", name), ("key", run.Value), ("attempt", attempt), ("now", Micros.Of(_time.GetUtcNow())), ("reason", Short(reason)));
        await session.ExecuteAsync(
            $"DELETE FROM spans_set_aside WHERE tracer = @name AND at < (SELECT min(at) FROM (SELECT at FROM spans_set_aside WHERE tracer = @name ORDER BY at DESC LIMIT {MostSetAside}) AS newest)",
            cancellationToken, ("name", name));
        await session.ExecuteAsync("UPDATE tracers SET set_aside = set_aside + 1 WHERE name = @name", cancellationToken, ("name", name));
        await session.CommitAsync(cancellationToken);
    }

    /// <summary>Has everything after a position sent again.</summary>
    /// <returns>The position, at most the end of the log; null where the tracer has never been opened.</returns>
    public async Task<long?> RewindAsync(string name, long position, CancellationToken cancellationToken)
    {
        await using var session = await _engine.BeginAsync(cancellationToken);
        var head = (await session.QueryAsync("SELECT position FROM log_head WHERE id = 1", static r => r.GetInt64(0), cancellationToken)).Single();
        position = Math.Clamp(position, 0, head);
        var moved = await session.ExecuteAsync("UPDATE tracers SET position = @position WHERE name = @name", cancellationToken, ("position", position), ("name", name));
        await session.CommitAsync(cancellationToken);
        return moved > 0 ? position : null;
    }

    /// <summary>Where a tracer stands; null where it has never been opened.</summary>
    public async Task<TracerState?> FindAsync(string name, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        if (await snapshot.Database.Tracers.AsNoTracking().SingleOrDefaultAsync(t => t.Name == name, cancellationToken) is not { } row)
        {
            return null;
        }
        var head = await snapshot.Database.LogHead.AsNoTracking().Select(static h => h.Position).SingleAsync(cancellationToken);
        var next = (await _reader.AtAsync(snapshot.Database, row.Position + 1, cancellationToken))?.RecordedAt;
        return new(row.Position, Math.Max(0, head - row.Position), next is { } at ? Math.Max(0, (_time.GetUtcNow() - at).TotalSeconds) : 0, row.LastSuccessAt, row.LastErrorAt, row.LastError, row.Sent, row.Rejected, row.SetAside);
    }

    /// <summary>The spans that a tracer refused, the newest first, with what is known of their runs.</summary>
    public async Task<IReadOnlyList<SpanSetAside>> SetAsideAsync(string name, Visible visible, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        return await snapshot.Database.SpansSetAside.AsNoTracking().Where(s => s.Tracer == name)
            .Join(visible.Of(snapshot.Runs), static s => new { s.Key, s.Attempt }, static r => new { r.Key, r.Attempt }, static (s, r) => new { s, r })
            .OrderByDescending(static x => x.s.At).Take(MostSetAside)
            .Select(static x => new SpanSetAside(new ShortKey(x.s.Key).ToString(), x.s.Attempt, x.r.Name, x.s.At, x.s.Reason)).ToListAsync(cancellationToken);
    }

    private static string Short(string text) => text.Length <= LongestReason ? text : text[..LongestReason];

    private async Task<int> ExecuteAsync(string sql, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters)
    {
        // A crash takes back the last moments of it: the same spans are sent again, under the same ids.
        await using var session = await _engine.BeginAsync(cancellationToken, derived: true);
        var changed = await session.ExecuteAsync(sql, cancellationToken, parameters);
        await session.CommitAsync(cancellationToken);
        return changed;
    }
}
