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

    private Snapshot(Database database, DbTransaction transaction, CheckpointRow live) => (Database, _transaction, Live) = (database, transaction, live);

    public Database Database { get; }

    /// <summary>The slot to read and the position up to which it has read the log.</summary>
    public CheckpointRow Live { get; }

    public IQueryable<RunRow> Runs => Database.Runs(Live.Slot);

    public IQueryable<RunLinkRow> RunLinks => Database.RunLinks(Live.Slot);

    public IQueryable<RunTagRow> RunTags => Database.RunTags(Live.Slot);

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
                return new Snapshot(database, transaction, live);
            }
            catch
            {
                await database.DisposeAsync();
                throw;
            }
        }
    }
}
