using Microsoft.EntityFrameworkCore;

namespace ValueStream.Store.Queries;

/// <summary>Asks the database how it is.</summary>
public sealed class HealthQueries
{
    private readonly IDbContextFactory<Database> _databases;
    private readonly TimeProvider _time;

    internal HealthQueries(IDbContextFactory<Database> databases, TimeProvider time) => (_databases, _time) = (databases, time);

    /// <summary>Whether the schema is this version's, and this process's clock minus the database's (zero on SQLite, which has none of its own).</summary>
    /// <exception cref="System.Data.Common.DbException">The database does not answer.</exception>
    public async Task<(bool IsCurrent, TimeSpan ClockDifference)> LookAsync(CancellationToken cancellationToken)
    {
        await using var database = await _databases.CreateDbContextAsync(cancellationToken);
        var isCurrent = !(await database.Database.GetPendingMigrationsAsync(cancellationToken)).Any();
        if (database.Database.IsSqlite())
        {
            return (isCurrent, TimeSpan.Zero);
        }
        var clock = await database.Database
            .SqlQuery<long>($"SELECT (extract(epoch from clock_timestamp()) * 1000000)::bigint AS \"Value\"").SingleAsync(cancellationToken);
        return (isCurrent, _time.GetUtcNow() - Micros.ToTime(clock));
    }
}
