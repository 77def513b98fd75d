using System.Data.Common;
using ValueStream.Store.Engines;

namespace ValueStream.Store.Log;

/// <summary>
/// The furthest head that this server knows to be durable. A database whose head does not follow from it holds an older state of the log: it was
/// restored, or its standby was promoted without the last moments. What is missing there was acknowledged, and its positions must not go to other events.
/// </summary>
internal sealed class KnownHead(IEngine engine)
{
    private readonly Lock _changing = new();
    private LogHeadRow? _head;
    private bool _isRecalled;

    /// <summary>What the last look found wrong; null when nothing was.</summary>
    public string? Problem { get; private set; }

    /// <summary>Takes note of a head that is durable.</summary>
    public void Reached(LogHeadRow head)
    {
        lock (_changing)
        {
            Problem = null;
            // An append that nobody waited for any more may come late.
            if (_head is not { } known || known.LogId != head.LogId || (head.Epoch, head.Position).CompareTo((known.Epoch, known.Position)) > 0)
            {
                _head = head;
                engine.Keep(head);
            }
        }
    }

    /// <summary>Looks, when the server starts, whether the log is where it was and as far as it was.</summary>
    /// <param name="session">A transaction.</param>
    /// <param name="acceptRestored">Whether to go on from what is there, in a new epoch, whatever it is.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The head; it is <see cref="Reached"/> when the transaction is committed.</returns>
    /// <exception cref="LogRestoredException">It was restored, copied or moved, and nobody has accepted that.</exception>
    public async Task<LogHeadRow> OpenAsync(Session session, bool acceptRestored, CancellationToken cancellationToken)
    {
        var (head, here) = (await session.QueryAsync($"SELECT {Columns}, place, {engine.Place} FROM log_head WHERE id = 1{engine.ForUpdate}", static r =>
        {
            var head = Read(r);
            head.Place = r.GetString(5);
            return (head, r.GetString(6));
        }, cancellationToken)).Single();
        if (acceptRestored)
        {
            head.Epoch++;
        }
        else if (head.Place.Length > 0 && head.Place != here)
        {
            throw new LogRestoredException($"The log was written in another database than this one ({head.Place}, here it is {here}): it was restored, copied or moved. {HowToAccept}");
        }
        else
        {
            await CheckAsync(head, session, cancellationToken);
        }
        if (acceptRestored || head.Place != here)
        {
            await session.ExecuteAsync("UPDATE log_head SET place = @here, epoch = @epoch WHERE id = 1", cancellationToken, ("here", here), ("epoch", head.Epoch));
        }
        return head;
    }

    /// <summary>The columns of <c>log_head</c> that <see cref="Read"/> reads.</summary>
    public const string Columns = "position, hash, recorded_at, log_id, epoch";

    /// <summary>Reads a row that begins with <see cref="Columns"/>.</summary>
    public static LogHeadRow Read(DbDataReader r) => new()
    {
        Position = r.GetInt64(0),
        Hash = r.GetFieldValue<byte[]>(1),
        RecordedAt = Micros.ToTime(r.GetInt64(2)),
        LogId = r.GetGuidOfEngine(3),
        Epoch = r.GetInt64(4),
    };

    /// <summary>Checks that a head follows from the one known.</summary>
    /// <param name="head">The log's head.</param>
    /// <param name="session">A transaction that sees it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="LogRestoredException">It does not.</exception>
    public async Task CheckAsync(LogHeadRow head, Session session, CancellationToken cancellationToken)
    {
        // Another log has other positions. A higher epoch was given by somebody who has accepted what is missing.
        if (Known is not { } known || known.LogId != head.LogId || known.Epoch < head.Epoch)
        {
            return;
        }
        var follows = known.Epoch == head.Epoch && known.Position <= head.Position && (known.Position == 0 || (await session.QueryAsync(
            "SELECT hash FROM batches WHERE last = @last", static r => r.GetFieldValue<byte[]>(0), cancellationToken, ("last", known.Position)) switch
        {
            [var hash] => hash.AsSpan().SequenceEqual(known.Hash),
            // Archived since. Its hash is in a file, and appends do not wait for files: only what was read by all is archived, which a restored log has yet to do.
            _ => (await session.QueryAsync("SELECT last FROM segments WHERE last >= @last LIMIT 1", static r => r.GetInt64(0), cancellationToken, ("last", known.Position))).Count > 0,
        }));
        if (!follows)
        {
            Problem = $"The database holds an older state of the log than this server has seen: its head is at position {head.Position}, and {known.Position} was reached. "
                + HowToAccept;
            throw new LogRestoredException(Problem);
        }
    }

    /// <summary>What to do about it.</summary>
    public const string HowToAccept =
        "Was it restored from a backup? Then events that were acknowledged may be missing: compare with a head that was kept elsewhere (vscli verify --head). "
        + "To go on with what is there, make sure that nothing writes to the original any more, and start the server once with --accept-restored.";

    private LogHeadRow? Known
    {
        get
        {
            lock (_changing)
            {
                if (!_isRecalled)
                {
                    _isRecalled = true;
                    _head ??= engine.Recall();
                }
                return _head;
            }
        }
    }
}
