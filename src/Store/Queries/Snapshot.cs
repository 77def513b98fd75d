using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using ValueStream.Store.Engines;

namespace ValueStream.Store.Queries;

/// <summary>
/// One consistent view of the database: everything read through it is of one moment, the slot that is live in it included,
/// so that a rebuild may finish meanwhile.
/// </summary>
internal sealed class Snapshot : IAsyncDisposable
{
    private readonly DbTransaction _transaction;

    private readonly IEngine _engine;

    private Snapshot(Database database, IEngine engine, DbTransaction transaction, CheckpointRow live) =>
        (Database, _engine, _transaction, Live) = (database, engine, transaction, live);

    public Database Database { get; }

    /// <summary>The slot to read and the position up to which it has read the log.</summary>
    public CheckpointRow Live { get; }

    public IQueryable<RunRow> Runs => Database.Runs(Live.Slot);

    public IQueryable<RunLinkRow> RunLinks => Database.RunLinks(Live.Slot);

    public IQueryable<RunAliasRow> RunAliases => Database.RunAliases(Live.Slot);

    public IQueryable<RunMentionRow> RunMentions => Database.RunMentions(Live.Slot);

    public IQueryable<RunStageRow> RunStages => Database.RunStages(Live.Slot);

    public IQueryable<RunningRow> Running => Database.Running(Live.Slot);

    public IQueryable<RunTagsRow> RunTags => Database.RunTags(Live.Slot);

    public IQueryable<OperationRow> Operations => Database.Operations(Live.Slot);

    public IQueryable<OperationSettingRow> OperationSettings => Database.OperationSettings(Live.Slot);

    public IQueryable<RollupRow> Rollups => Database.Rollups(Live.Slot);

    /// <summary>SQL that begins with some keys and goes on by steps: see <see cref="IEngine.Walk"/>.</summary>
    public string Walk(string seeds, IEnumerable<Step> steps) => _engine.Walk(seeds, steps);

    /// <summary>What follows looks things up by indexes: see <see cref="IEngine.LookUps"/>.</summary>
    public Task LookUpAsync(CancellationToken cancellationToken) =>
        _engine.LookUps is { } sql ? Database.Database.ExecuteSqlRawAsync(sql, cancellationToken) : Task.CompletedTask;

    /// <summary>The attempts that carry at least one of some tags.</summary>
    public IQueryable<TaggedRun> Tagged(long[] tags) =>
        Database.Database.SqlQueryRaw<TaggedRun>(_engine.Tagged(Live.Slot, "{0}"), _engine.TagArray(tags));

    /// <summary>How many attempts of each operation run. Counted by the database: there may be as many as there are runs.</summary>
    public Task<Dictionary<long, int>> RunningAsync(CancellationToken cancellationToken) =>
        CountAsync(Running, cancellationToken);

    /// <summary>How many attempts of each operation run that began at one time or after it, and before another.</summary>
    public Task<Dictionary<long, int>> RunningAsync(DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken) =>
        CountAsync(Running.Where(r => r.At >= from && r.At < to), cancellationToken);

    private static Task<Dictionary<long, int>> CountAsync(IQueryable<RunningRow> running, CancellationToken cancellationToken) =>
        running.GroupBy(static r => r.Operation).Select(static g => new { g.Key, Count = g.Count() })
            .ToDictionaryAsync(static g => g.Key, static g => g.Count, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _transaction.DisposeAsync();
        await Database.DisposeAsync();
    }

    /// <summary>Opens snapshots.</summary>
    internal sealed class Source(IDbContextFactory<Database> databases, IEngine engine)
    {
        public async Task<Snapshot> OpenAsync(CancellationToken cancellationToken)
        {
            var database = await databases.CreateDbContextAsync(cancellationToken);
            try
            {
                await database.Database.OpenConnectionAsync(cancellationToken);
                var transaction = await engine.BeginReadAsync(database.Database.GetDbConnection(), cancellationToken);
                await database.Database.UseTransactionAsync(transaction, cancellationToken);
                var live = await database.Checkpoints.AsNoTracking().SingleAsync(static c => c.Live, cancellationToken);
                return new Snapshot(database, engine, transaction, live);
            }
            catch
            {
                await database.DisposeAsync();
                throw;
            }
        }
    }
}

/// <summary>An attempt that a search by tags found.</summary>
internal sealed record TaggedRun(long Key, int Attempt);
