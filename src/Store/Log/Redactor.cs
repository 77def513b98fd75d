using System.Collections.Immutable;
using ValueStream.Core.Events;
using ValueStream.Store.Engines;
using ValueStream.Store.Projections;

namespace ValueStream.Store.Log;

/// <summary>
/// Erases the data of an event: the one change that the log allows. The event's envelope, and with it the chain, still verifies; a
/// <c>redacted</c> event says who erased what and why, and holds what survives.
/// </summary>
public sealed class Redactor
{
    /// <summary>What goes where nothing is named: everything that people wrote.</summary>
    private static readonly ImmutableArray<string> FreeText = ["name", "actor", "reason", "note", "stage", "operationSetting", "tags"];

    private readonly IEngine _engine;
    private readonly EventLog _log;
    private readonly TimeProvider _time;
    private readonly ProjectorSignals _signals;

    internal Redactor(IEngine engine, EventLog log, TimeProvider time, ProjectorSignals signals) =>
        (_engine, _log, _time, _signals) = (engine, log, time, signals);

    /// <summary>Erases.</summary>
    /// <param name="position">Which event.</param>
    /// <param name="members">What goes, some of <see cref="EventData.Erasable"/>; everything that people wrote when empty. The rest survives.</param>
    /// <param name="submitter">Who the server saw asking for it.</param>
    /// <param name="actor">Who asks for it, as claimed.</param>
    /// <param name="reason">Why.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The position of the <c>redacted</c> event; null when there is no such event or it is erased already.</returns>
    /// <exception cref="ArgumentException">One of the members is not erasable; its name is the message.</exception>
    public async Task<long?> RedactAsync(
        long position, IReadOnlyCollection<string> members, string submitter, string? actor, string reason, CancellationToken cancellationToken)
    {
        await using var session = await _engine.BeginAsync(cancellationToken);
        var rows = await session.QueryAsync(
            $"SELECT {EventSql.Columns} FROM events WHERE position = @position AND data <> ''{_engine.ForUpdate}", EventSql.Read, cancellationToken, ("position", position));
        if (rows is not [var row])
        {
            return null;
        }
        var data = EventData.FromJson(row.Data);
        var survives = data.Without(members.Count > 0 ? members : FreeText);
        await session.ExecuteAsync("UPDATE events SET data = '', salt = @digest WHERE position = @position", cancellationToken,
            ("digest", HashChain.DataDigest(row.Salt, row.Data)), ("position", position));
        var now = _time.GetUtcNow();
        var redacted = new Entry(new NewEvent
        {
            EventId = Guid.CreateVersion7(now),
            Kind = EventKind.Redacted,
            Run = new RunId(row.Source, row.Type, row.Namespace, row.Id),
            Submitter = submitter,
            ReceivedAt = now,
            Data = new EventData { Actor = actor, Reason = reason, Redaction = new Redaction(position, survives) },
        });
        var results = await _log.AppendAsync([redacted], session, cancellationToken);
        if (data.Derived?.Delivery is { } delivery)
        {
            await session.ExecuteAsync("DELETE FROM deliveries WHERE sha256 = @sha256", cancellationToken, ("sha256", Convert.FromHexString(delivery)));
        }
        // What a tracer said of the run's span may repeat what is erased.
        await session.ExecuteAsync("DELETE FROM spans_set_aside WHERE key = @key", cancellationToken, ("key", row.Run));
        await session.CommitAsync(cancellationToken);
        _signals.Appended.Set();
        return ((AppendResult.Accepted)results[0]).Position;
    }
}
