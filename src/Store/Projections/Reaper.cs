using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ValueStream.Core.Events;
using ValueStream.Core.Runs;
using ValueStream.Store.Log;
using ValueStream.Store.Queries;

namespace ValueStream.Store.Projections;

/// <summary>
/// Writes that a run was abandoned when nothing has been heard of it for too long (<see cref="Abandonment"/>). Only where the projector
/// runs, and only when that has read the whole log: what is still to be read may be the sign of life.
/// </summary>
public sealed partial class Reaper : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    // No run is abandoned sooner after its last sign of life, but for one whose short lease has run out: that one is found a little later.
    private static readonly TimeSpan Shortest = Abandonment.AfterParent;

    // Look-ups are for so many attempts at a time, and so are appends.
    private const int Piece = 1_000;

    private readonly Snapshot.Source _snapshots;
    private readonly Projector _projector;
    private readonly GroupCommit _log;
    private readonly TimeProvider _time;
    private readonly ILogger<Reaper> _logger;

    // Where the log was when it was last looked for and had not been read so far.
    private (long Position, DateTimeOffset At)? _mark;

    internal Reaper(Snapshot.Source snapshots, Projector projector, GroupCommit log, TimeProvider time, ILogger<Reaper> logger) =>
        (_snapshots, _projector, _log, _time, _logger) = (snapshots, projector, log, time, logger);

    /// <summary>Looks once.</summary>
    /// <returns>How many attempts were abandoned.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        var abandoned = 0;
        foreach (var piece in (await DueAsync(_time.GetUtcNow(), cancellationToken)).Chunk(Piece))
        {
            // Another process may have been quicker.
            abandoned += (await _log.AppendAsync(piece)).OfType<AppendResult.Accepted>().Count();
        }
        return abandoned;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    if (_projector.Leads && await RunOnceAsync(stoppingToken) is > 0 and var abandoned)
                    {
                        LogAbandoned(abandoned);
                    }
                }
                catch (Exception e) when (!stoppingToken.IsCancellationRequested)
                {
                    LogFailed(e);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private async Task<List<NewEvent>> DueAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        if (await AsOfAsync(snapshot, now, cancellationToken) is not { } asOf)
        {
            return [];
        }
        var silentSince = asOf - Shortest;
        string[] workItems = [.. Abandonment.WorkItems];
        var open = await snapshot.Running
            .Join(snapshot.Runs, static o => new { o.Key, o.Attempt }, static r => new { r.Key, r.Attempt }, static (_, r) => r)
            .Where(r => !r.IsImported && r.LastSignAt <= silentSince && r.StartRecordedAt != null
                && r.Source != SourceNames.Jira && !workItems.Contains(r.Type))
            .ToListAsync(cancellationToken);
        var due = new List<NewEvent>();
        foreach (var piece in open.Chunk(Piece))
        {
            var keys = piece.Select(static r => r.Key).ToArray();
            var leases = await snapshot.Database.Leases.AsNoTracking().Where(l => keys.Contains(l.Run)).ToDictionaryAsync(static l => l.Run, static l => l.ExpiresAt, cancellationToken);
            var parents = await ParentsAsync(snapshot, piece, cancellationToken);
            due.AddRange(piece
                .Where(r => Abandonment.DueAt(r.Source, r.Type, r.StartRecordedAt!.Value, r.LastSignAt, leases.TryGetValue(r.Key, out var lease) ? lease : null,
                    parents(r) is { State: (short)AttemptState.Ended, Source: SourceNames.CustomHttp } parent ? parent.EndRecordedAt : null) <= asOf)
                .Select(r => Abandoned(r, now)));
        }
        return due;
    }

    /// <summary>Up to when every sign of life has been read: now, or where events come without a pause when it was last looked; null while that is not known.</summary>
    private async Task<DateTimeOffset?> AsOfAsync(Snapshot snapshot, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var head = await snapshot.Database.LogHead.AsNoTracking().Select(static h => h.Position).SingleAsync(cancellationToken);
        var asOf = snapshot.Live.Position == head ? now : snapshot.Live.Position >= _mark?.Position ? _mark?.At : null;
        if (asOf is not null || _mark is null)
        {
            _mark = (head, now);
        }
        return asOf;
    }

    /// <summary>The parents of some attempts, as a trace would resolve them.</summary>
    private static async Task<Func<RunRow, RunRow?>> ParentsAsync(Snapshot snapshot, RunRow[] children, CancellationToken cancellationToken)
    {
        var references = children.Where(static r => r.Source == SourceNames.CustomHttp).Select(static r => r.ParentReference).OfType<long>().Distinct().ToArray();
        var spans = children.Where(static r => r.Source == SourceNames.CustomHttp && r.ParentReference == null).Select(static r => r.ParentSpanId).OfType<long>().Distinct().ToArray();
        var rows = await snapshot.Runs.Where(r => references.Contains(r.Reference) || spans.Contains(r.SpanId)).ToListAsync(cancellationToken);
        var identities = rows.Select(RunViews.Id).Distinct().ToLookup(static id => id.Rendering);
        var attempts = rows.OrderBy(static r => r.Attempt).ToLookup(static r => r.Key);
        var bySpan = rows.ToLookup(static r => r.SpanId);
        return child =>
        {
            if (child.Parent is not { } parent)
            {
                return child.ParentSpanId is { } span ? bySpan[span].FirstOrDefault() : null;
            }
            return References.Choose([.. identities[parent]], child.Namespace) is { } id && attempts[id.Key.Value].ToList() is { Count: > 0 } all
                ? References.AttemptAt(all, child.At, static r => (r.At, r.EndedAt)) : null;
        };
    }

    private static NewEvent Abandoned(RunRow run, DateTimeOffset now) => new()
    {
        // The same silence is told once, whoever tells it.
        EventId = EventIds.Of("abandoned", run.Source, run.Type, run.Namespace, run.Id, run.Attempt.ToString(CultureInfo.InvariantCulture), Micros.Of(run.LastSignAt).ToString(CultureInfo.InvariantCulture)),
        Kind = EventKind.Abandoned,
        Run = RunViews.Id(run),
        Attempt = run.Attempt,
        Submitter = "server",
        ReceivedAt = now,
        Data = new EventData(),
    };

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} runs are abandoned: nothing was heard of them for too long")]
    private partial void LogAbandoned(int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Whether runs died without an end could not be found out; it is tried again in a minute")]
    private partial void LogFailed(Exception exception);
}
