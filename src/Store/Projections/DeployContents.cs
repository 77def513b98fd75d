using System.Collections.Immutable;
using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ValueStream.Core.Events;
using ValueStream.Store.Log;
using ValueStream.Store.Queries;

namespace ValueStream.Store.Projections;

/// <summary>
/// Links a deploy with the pull requests that it brought: those whose commits were pushed between the revision that was deployed before and its own, as far as recorded pushes tell. How far that is
/// stands beside them, in the tag <see cref="Coverage"/>. Only where the projector runs. Pushes and pull requests may be heard of after the deploy, so a recent deploy is looked at again until all is known.
/// </summary>
public sealed partial class DeployContents : BackgroundService
{
    /// <summary>
    /// The tag that says how much of what lies between is known: <c>complete</c>; <c>partial</c> where a push in between was not recorded whole; <c>none</c> where recorded pushes do not lead from the revision
    /// back to the one before; <c>first</c> where none with a revision was deployed before; <c>rollback</c> where the revision is older than the one before.
    /// </summary>
    public const string Coverage = "deployment.changes.coverage";

    /// <summary>The tag that has the number of pull requests.</summary>
    public const string Changes = "deployment.changes";

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(10);

    // A push may be delivered after the deploy of what it pushed, but hardly later than this.
    private static readonly TimeSpan LookedAtFor = TimeSpan.FromHours(1);

    // What was imported at once is looked at over many passes.
    private const int MostDeploys = 2_000;
    private const int MostAtOnce = 100;
    private const int MostPushes = 200;
    private const int Piece = 500;

    private readonly Snapshot.Source _snapshots;
    private readonly Projector _projector;
    private readonly GroupCommit _log;
    private readonly TimeProvider _time;
    private readonly ILogger<DeployContents> _logger;

    // How often deploys were looked at; those of which all is known are not again.
    private readonly Dictionary<(long, int), int> _looked = [];
    private const int AllIsKnown = int.MaxValue;
    private long _seen;

    internal DeployContents(Snapshot.Source snapshots, Projector projector, GroupCommit log, TimeProvider time, ILogger<DeployContents> logger) =>
        (_snapshots, _projector, _log, _time, _logger) = (snapshots, projector, log, time, logger);

    /// <summary>Looks once.</summary>
    /// <returns>Of how many deploys something new was found out.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        var found = await FindAsync(_time.GetUtcNow(), cancellationToken);
        return found.Count == 0 ? 0 : (await _log.AppendAsync(found)).OfType<AppendResult.Accepted>().Count();
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
                    if (_projector.Leads)
                    {
                        await RunOnceAsync(stoppingToken);
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

    private async Task<List<NewEvent>> FindAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var snapshot = await _snapshots.OpenAsync(cancellationToken);
        if (snapshot.Live.Position == _seen)
        {
            return [];
        }
        _seen = snapshot.Live.Position;
        var since = now - LookedAtFor;
        // Where nobody tells of pushes there is nothing to say of deploys.
        var operations = !await snapshot.Operations.AnyAsync(static o => o.Type == "push", cancellationToken) ? []
            : await snapshot.Operations.Where(static o => o.Type == "deploy").Select(static o => o.Key).ToArrayAsync(cancellationToken);
        // By what the index of operations is in the order of; a deploy takes less than the rest of a day.
        var from = since - TimeSpan.FromDays(1);
        var deploys = operations.Length == 0 ? [] : await snapshot.Runs
            .Where(r => operations.Contains(r.Operation) && (r.At >= from || r.IsImported) && r.EndRecordedAt >= since && r.Outcome == (short)Outcome.Success)
            .OrderByDescending(static r => r.EndRecordedAt).Take(MostDeploys).ToListAsync(cancellationToken);
        foreach (var old in _looked.Keys.Except(deploys.Select(static d => (d.Key, d.Attempt))).ToList())
        {
            _looked.Remove(old);
        }
        var events = new List<NewEvent>();
        foreach (var deploy in deploys.Where(d => _looked.GetValueOrDefault((d.Key, d.Attempt)) != AllIsKnown)
            .OrderBy(d => _looked.GetValueOrDefault((d.Key, d.Attempt))).Take(MostAtOnce))
        {
            _looked[(deploy.Key, deploy.Attempt)] = _looked.GetValueOrDefault((deploy.Key, deploy.Attempt)) + 1;
            if (await RevisionOfAsync(snapshot, deploy, cancellationToken) is not { } revision)
            {
                continue;
            }
            var (coverage, changes) = await ContentsAsync(snapshot, deploy, revision, cancellationToken);
            events.Add(Contains(deploy, coverage, changes, now));
            if (coverage is "complete" or "rollback")
            {
                _looked[(deploy.Key, deploy.Attempt)] = AllIsKnown;
            }
        }
        return events;
    }

    private static async Task<(string Coverage, ImmutableArray<string> Changes)> ContentsAsync(
        Snapshot snapshot, RunRow deploy, string revision, CancellationToken cancellationToken)
    {
        var before = await snapshot.Runs
            .Where(r => r.Operation == deploy.Operation && r.At < deploy.At && r.Outcome == (short)Outcome.Success && r.Key != deploy.Key)
            .OrderByDescending(static r => r.At).FirstOrDefaultAsync(cancellationToken);
        if (before is null || await RevisionOfAsync(snapshot, before, cancellationToken) is not { } last)
        {
            return ("first", []);
        }
        var (reached, isWhole, revisions) = await BackAsync(snapshot, revision, last, cancellationToken);
        if (!reached && (await BackAsync(snapshot, last, revision, cancellationToken)).Reached)
        {
            return ("rollback", []);
        }
        return (!reached ? "none" : isWhole ? "complete" : "partial", await PullRequestsAsync(snapshot, revisions, cancellationToken));
    }

    /// <summary>The revisions that pushes brought on the way back from one revision to another; none where the way does not lead there: what lies on it may have been deployed long before, by another branch.</summary>
    private static async Task<(bool Reached, bool IsWhole, List<string> Revisions)> BackAsync(Snapshot snapshot, string from, string to, CancellationToken cancellationToken)
    {
        var revisions = new List<string>();
        var isWhole = true;
        var at = from;
        for (var i = 0; at != to; i++)
        {
            if (i == MostPushes || await PushOfAsync(snapshot, at, cancellationToken) is not { } push)
            {
                return (false, false, []);
            }
            // Oldest first. What was deployed may lie within a push.
            var brought = Text(push, "vcs.push.revisions")?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
            var place = Array.IndexOf(brought, to);
            revisions.AddRange(brought[(place + 1)..]);
            revisions.Add(at);
            isWhole &= Text(push, "vcs.push.revisions.complete") == "true";
            if (place >= 0)
            {
                return (true, isWhole, revisions);
            }
            if (Text(push, "vcs.ref.base.revision") is not { } previous)
            {
                return (false, false, []);
            }
            at = previous;
        }
        return (true, isWhole, revisions);
    }

    /// <summary>The tags of the push that made a revision the head of a branch; of several the one that says most.</summary>
    private static async Task<ImmutableSortedDictionary<string, TagValue>?> PushOfAsync(Snapshot snapshot, string revision, CancellationToken cancellationToken)
    {
        var pushes = await snapshot.Tagged([TagDictionary.IdOf("vcs.ref.head.revision", revision)])
            .Join(snapshot.Runs.Where(static r => r.Type == "push"), static t => new { t.Key, t.Attempt }, static r => new { r.Key, r.Attempt }, static (t, r) => t)
            .Join(snapshot.RunTags, static t => new { t.Key, t.Attempt }, static r => new { r.Key, r.Attempt }, static (t, r) => r.Tags).ToListAsync(cancellationToken);
        return pushes.Select(EventData.ReadTags).OrderByDescending(static p => Text(p, "vcs.ref.base.revision") is not null).ThenByDescending(static p => Text(p, "vcs.push.revisions")?.Length).FirstOrDefault();
    }

    private static async Task<ImmutableArray<string>> PullRequestsAsync(Snapshot snapshot, List<string> revisions, CancellationToken cancellationToken)
    {
        var found = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var piece in revisions.Distinct().Chunk(Piece))
        {
            long[] tags = [.. piece.SelectMany(static r => new[] { TagDictionary.IdOf("vcs.change.merge.revision", r), TagDictionary.IdOf("vcs.ref.head.revision", r) })];
            var rows = await snapshot.Tagged(tags)
                .Join(snapshot.Runs.Where(static r => r.Type == "pull_request" && r.Outcome == (short)Outcome.Success), static t => new { t.Key, t.Attempt }, static r => new { r.Key, r.Attempt },
                    static (t, r) => new { r.Source, r.Type, r.Namespace, r.Id }).Distinct().ToListAsync(cancellationToken);
            found.UnionWith(rows.Select(static r => new RunId(r.Source, r.Type, r.Namespace, r.Id).Rendering));
        }
        return [.. found];
    }

    private static async Task<string?> RevisionOfAsync(Snapshot snapshot, RunRow run, CancellationToken cancellationToken) =>
        await snapshot.RunTags.Where(t => t.Key == run.Key && t.Attempt == run.Attempt).Select(static t => t.Tags).SingleOrDefaultAsync(cancellationToken) is { } tags
            ? Text(EventData.ReadTags(tags), "vcs.ref.head.revision") : null;

    private static string? Text(ImmutableSortedDictionary<string, TagValue> tags, string key) => tags.TryGetValue(key, out var value) && value.Text.Length > 0 ? value.Text : null;

    private static NewEvent Contains(RunRow deploy, string coverage, ImmutableArray<string> changes, DateTimeOffset now) => new()
    {
        // The same finding is told once, whoever tells it.
        EventId = EventIds.Of("contents", deploy.Source, deploy.Type, deploy.Namespace, deploy.Id, deploy.Attempt.ToString(CultureInfo.InvariantCulture), coverage, string.Join(' ', changes)),
        IsIdDerived = true,
        Kind = EventKind.Linked,
        Run = RunViews.Id(deploy),
        Attempt = deploy.Attempt,
        Submitter = "server",
        ReceivedAt = now,
        Data = new EventData
        {
            Links = changes.IsEmpty ? null : [.. changes.Select(static c => new RunLink(LinkKinds.Contains, c))],
            Import = deploy.IsImported ? true : null,
            Tags = Event.NoTags.Add(Coverage, coverage).Add(Changes, new TagValue(changes.Length.ToString(CultureInfo.InvariantCulture), System.Text.Json.JsonValueKind.Number)),
        },
    };

    [LoggerMessage(Level = LogLevel.Warning, Message = "What deploys contain could not be found out; it is tried again in a moment")]
    private partial void LogFailed(Exception exception);
}
