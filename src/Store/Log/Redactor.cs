using System.Collections.Immutable;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using ValueStream.Core.Events;
using ValueStream.Store.Engines;
using ValueStream.Store.Projections;

namespace ValueStream.Store.Log;

/// <summary>
/// Erases the data of an event: the one change that the log allows. The event's envelope, and with it the chain, still verifies; a
/// <c>redacted</c> event says who erased what and why, and holds what survives. Of an archived event the whole file is written anew, and the one that held the data is deleted.
/// </summary>
public sealed class Redactor
{
    /// <summary>What goes where nothing is named: everything that people wrote.</summary>
    private static readonly ImmutableArray<string> FreeText = ["name", "actor", "reason", "note", "stage", "operationSetting", "tags"];

    private readonly IEngine _engine;
    private readonly IDbContextFactory<Database> _databases;
    private readonly EventLog _log;
    private readonly LogReader _reader;
    private readonly Archiver _archiver;
    private readonly SegmentClaims _claims;
    private readonly TimeProvider _time;
    private readonly ProjectorSignals _signals;

    internal Redactor(
        IEngine engine, IDbContextFactory<Database> databases, EventLog log, LogReader reader, Archiver archiver, SegmentClaims claims, TimeProvider time, ProjectorSignals signals) =>
        (_engine, _databases, _log, _reader, _archiver, _claims, _time, _signals) = (engine, databases, log, reader, archiver, claims, time, signals);

    /// <summary>Erases.</summary>
    /// <param name="position">Which event.</param>
    /// <param name="members">What goes, some of <see cref="EventData.Erasable"/>; everything that people wrote when empty. The rest survives.</param>
    /// <param name="submitter">Who the server saw asking for it.</param>
    /// <param name="actor">Who asks for it, as claimed.</param>
    /// <param name="reason">Why.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The position of the <c>redacted</c> event; null when there is no such event or it is erased already.</returns>
    /// <exception cref="SegmentException">It is archived in a file that is missing or damaged.</exception>
    /// <exception cref="ArgumentException">One of the members is not erasable; its name is the message.</exception>
    public async Task<long?> RedactAsync(
        long position, IReadOnlyCollection<string> members, string submitter, string? actor, string reason, CancellationToken cancellationToken)
    {
        // Tried again where the event was archived, or another event of its segment erased, in between.
        while (true)
        {
            await using var database = await _databases.CreateDbContextAsync(cancellationToken);
            if (await LogReader.SegmentAtAsync(database, position, cancellationToken) is { } segment)
            {
                var batches = await _reader.ReadAsync(segment, cancellationToken);
                if (batches.SelectMany(static b => b.Events).Single(e => e.Position == position) is not { IsErased: false } archived)
                {
                    return null;
                }
                var survives = Surviving(archived, members);
                var (without, bytes) = Without(segment, batches, archived);
                await _archiver.WriteAsync(without, bytes, cancellationToken);
                var redacted = await SwapAsync(segment, without, archived, survives, submitter, actor, reason, cancellationToken);
                // The file that is not used any more: the one before, or where somebody was faster, this one.
                await (redacted is null ? _archiver.DropAsync(without, cancellationToken) : _claims.CleanAsync(cancellationToken));
                if (redacted is not null)
                {
                    _reader.Forget(segment);
                    return redacted;
                }
                continue;
            }
            await using (var session = await _engine.BeginAsync(cancellationToken))
            {
                var rows = await session.QueryAsync(
                    $"SELECT {EventSql.Columns} FROM events WHERE position = @position{_engine.ForUpdate}", EventSql.Read, cancellationToken, ("position", position));
                if (rows is [var row])
                {
                    if (row.IsErased)
                    {
                        return null;
                    }
                    var survives = Surviving(row, members);
                    await session.ExecuteAsync("UPDATE events SET data = '', salt = @digest WHERE position = @position", cancellationToken,
                        ("digest", HashChain.DataDigest(row.Salt, row.Data)), ("position", position));
                    return await TellAsync(session, row, survives, submitter, actor, reason, cancellationToken);
                }
            }
            if (await LogReader.SegmentAtAsync(database, position, cancellationToken) is null)
            {
                return null;
            }
        }
    }

    private static EventData Surviving(EventRow row, IReadOnlyCollection<string> members) => EventData.FromJson(row.Data).Without(members.Count > 0 ? members : FreeText);

    /// <summary>The segment, and its file's bytes, in which an event's data are erased as they would be in the table.</summary>
    private static (SegmentRow Segment, byte[] Bytes) Without(SegmentRow segment, List<LoggedBatch> batches, EventRow archived)
    {
        var erased = archived.Erased();
        var bytes = SegmentFormat.Write(segment.PreviousHash, batches.ConvertAll(b => b with { Events = b.Events.ConvertAll(e => e == archived ? erased : e) }));
        return (segment.With(SHA256.HashData(bytes)), bytes);
    }

    /// <summary>Puts a file in another's place; null where that one is not there any more.</summary>
    private async Task<long?> SwapAsync(
        SegmentRow segment, SegmentRow without, EventRow archived, EventData survives, string submitter, string? actor, string reason, CancellationToken cancellationToken)
    {
        await using var session = await _engine.BeginAsync(cancellationToken);
        if (!await SegmentClaims.TakeAsync(session, without.Sha256, cancellationToken) || await session.ExecuteAsync(
            "UPDATE segments SET sha256 = @sha256 WHERE last = @last AND sha256 = @was", cancellationToken, ("sha256", without.Sha256), ("last", segment.Last), ("was", segment.Sha256)) == 0)
        {
            return null;
        }
        await session.ExecuteAsync("UPDATE archived_events SET content = NULL WHERE run = @run AND position = @position", cancellationToken, ("run", archived.Run), ("position", archived.Position));
        await _claims.RetireAsync(session, segment, cancellationToken);
        return await TellAsync(session, archived, survives, submitter, actor, reason, cancellationToken);
    }

    /// <summary>Appends what the log says of it, erases what else has the event's text, and commits.</summary>
    private async Task<long> TellAsync(
        Session session, EventRow row, EventData survives, string submitter, string? actor, string reason, CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        var redacted = new Entry(new NewEvent
        {
            EventId = Guid.CreateVersion7(now),
            Kind = EventKind.Redacted,
            Run = new RunId(row.Source, row.Type, row.Namespace, row.Id),
            Submitter = submitter,
            ReceivedAt = now,
            Data = new EventData { Actor = actor, Reason = reason, Redaction = new Redaction(row.Position, survives) },
        });
        var results = await _log.AppendAsync([redacted], session, cancellationToken);
        if (EventData.FromJson(row.Data).Derived?.Delivery is { } delivery)
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
