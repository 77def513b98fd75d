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
    private readonly KnownHead _known;
    private readonly TimeProvider _time;

    private readonly TimeZoneInfo _zone;

    internal Migrator(IEngine engine, IDbContextFactory<Database> databases, KnownHead known, TimeProvider time, TimeZoneInfo zone) =>
        (_engine, _databases, _known, _time, _zone) = (engine, databases, known, time, zone);

    /// <summary>The database's name for people.</summary>
    public string EngineName => _engine.Name;

    /// <summary>Applies what is missing; where nothing is, it only reads. Safe to run by several servers at once: EF Core takes a lock.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="acceptRestored">Whether to go on in a new epoch if the log was restored to an older state.</param>
    /// <returns>The log's epoch.</returns>
    /// <exception cref="DatabaseInUseException">Another server holds the SQLite database.</exception>
    /// <exception cref="MissingRightsException">This role may not use all of the database.</exception>
    /// <exception cref="LogRestoredException">The log was restored, and that is not to be accepted.</exception>
    public async Task<long> MigrateAsync(CancellationToken cancellationToken, bool acceptRestored = false)
    {
        await _engine.PrepareAsync(cancellationToken);
        await using var database = await _databases.CreateDbContextAsync(cancellationToken);
        if ((await database.Database.GetPendingMigrationsAsync(cancellationToken)).Any())
        {
            await database.Database.MigrateAsync(cancellationToken);
        }
        await Rights.CheckAsync(database, cancellationToken);
        await using var session = await _engine.BeginAsync(cancellationToken);
        if (!await HasFirstStateAsync(database, cancellationToken))
        {
            await MakeFirstStateAsync(session, cancellationToken);
        }
        var head = await _known.OpenAsync(session, acceptRestored, cancellationToken);
        await session.CommitAsync(cancellationToken);
        if (acceptRestored)
        {
            _known.Reached(head);
        }
        return head.Epoch;
    }

    /// <summary>Whoever comes first makes the log: from here on it has an id that all its hashes grow from.</summary>
    private async Task MakeFirstStateAsync(Session session, CancellationToken cancellationToken)
    {
        var logId = Guid.NewGuid();
        await session.ExecuteAsync("""
            INSERT INTO log_head (id, log_id, position, hash, recorded_at) VALUES (1, @logId, 0, @hash, @now) ON CONFLICT (id) DO NOTHING
            """, cancellationToken,
            ("logId", _engine.Name == "Postgres" ? logId : logId.ToByteArray(bigEndian: true)), ("hash", HashChain.Genesis(logId)), ("now", Micros.Of(_time.GetUtcNow())));
        await session.ExecuteAsync("INSERT INTO leadership (id, holder, epoch, expires_at) VALUES (1, '', 0, 0) ON CONFLICT (id) DO NOTHING", cancellationToken);
        foreach (var slot in Database.Slots)
        {
            await session.ExecuteAsync("""
                INSERT INTO checkpoints (slot, position, epoch, version, zone, live, building) VALUES (@slot, 0, 0, @version, @zone, @live, @no) ON CONFLICT (slot) DO NOTHING
                """, cancellationToken, ("slot", slot), ("version", RunsProjection.Version), ("zone", _zone.Id), ("live", slot == "a"), ("no", false));
        }
    }

    private static async Task<bool> HasFirstStateAsync(Database database, CancellationToken cancellationToken) =>
        await database.LogHead.AnyAsync(cancellationToken) && await database.Leadership.AnyAsync(cancellationToken)
        && await database.Checkpoints.CountAsync(cancellationToken) == Database.Slots.Length;
}
