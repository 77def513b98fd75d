using Microsoft.EntityFrameworkCore;
using ValueStream.Store.Engines;
using ValueStream.Store.Log;
using ValueStream.Store.Projections;

namespace ValueStream.Store;

/// <summary>Brings the database to this version, and a new one to its first state.</summary>
public sealed class Migrator
{
    private readonly IEngine _engine;
    private readonly IDbContextFactory<Database> _databases;
    private readonly TimeProvider _time;

    internal Migrator(IEngine engine, IDbContextFactory<Database> databases, TimeProvider time) => (_engine, _databases, _time) = (engine, databases, time);

    /// <summary>The database's name for people.</summary>
    public string EngineName => _engine.Name;

    /// <summary>Applies what is missing; where nothing is, it only reads. Safe to run by several servers at once: EF Core takes a lock.</summary>
    /// <exception cref="DatabaseInUseException">Another server holds the SQLite database.</exception>
    /// <exception cref="MissingRightsException">This role may not use all of the database.</exception>
    public async Task MigrateAsync(CancellationToken cancellationToken)
    {
        await _engine.PrepareAsync(cancellationToken);
        await using var database = await _databases.CreateDbContextAsync(cancellationToken);
        if ((await database.Database.GetPendingMigrationsAsync(cancellationToken)).Any())
        {
            await database.Database.MigrateAsync(cancellationToken);
        }
        await Rights.CheckAsync(database, cancellationToken);
        if (await HasFirstStateAsync(database, cancellationToken))
        {
            return;
        }

        // Whoever comes first makes the log: from here on it has an id that all its hashes grow from.
        var logId = Guid.NewGuid();
        await using var session = await _engine.BeginAsync(cancellationToken);
        await session.ExecuteAsync("""
            INSERT INTO log_head (id, log_id, position, hash, recorded_at) VALUES (1, @logId, 0, @hash, @now) ON CONFLICT (id) DO NOTHING
            """, cancellationToken,
            ("logId", _engine.Name == "Postgres" ? logId : logId.ToByteArray(bigEndian: true)), ("hash", HashChain.Genesis(logId)), ("now", Micros.Of(_time.GetUtcNow())));
        await session.ExecuteAsync("INSERT INTO leadership (id, holder, epoch, expires_at) VALUES (1, '', 0, 0) ON CONFLICT (id) DO NOTHING", cancellationToken);
        foreach (var slot in Database.Slots)
        {
            await session.ExecuteAsync("""
                INSERT INTO checkpoints (slot, position, epoch, version, live, building) VALUES (@slot, 0, 0, @version, @live, @no) ON CONFLICT (slot) DO NOTHING
                """, cancellationToken, ("slot", slot), ("version", RunsProjection.Version), ("live", slot == "a"), ("no", false));
        }
        await session.CommitAsync(cancellationToken);
    }

    private static async Task<bool> HasFirstStateAsync(Database database, CancellationToken cancellationToken) =>
        await database.LogHead.AnyAsync(cancellationToken) && await database.Leadership.AnyAsync(cancellationToken)
        && await database.Checkpoints.CountAsync(cancellationToken) == Database.Slots.Length;
}
