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

    /// <summary>Which database it is, its version and how much room all that is stored takes.</summary>
    /// <exception cref="System.Data.Common.DbException">The database does not answer.</exception>
    public async Task<(string Product, string Version, long Bytes)> DescribeAsync(CancellationToken cancellationToken)
    {
        await using var database = await _databases.CreateDbContextAsync(cancellationToken);
        var isSqlite = database.Database.IsSqlite();
        var version = await database.Database.SqlQueryRaw<string>(isSqlite ? "SELECT sqlite_version() AS \"Value\"" : "SELECT current_setting('server_version') AS \"Value\"")
            .SingleAsync(cancellationToken);
        var bytes = await database.Database.SqlQueryRaw<long>(isSqlite ? "SELECT (SELECT page_count FROM pragma_page_count) * (SELECT page_size FROM pragma_page_size) AS \"Value\""
            : "SELECT pg_database_size(current_database()) AS \"Value\"").SingleAsync(cancellationToken);
        return (isSqlite ? "SQLite" : "PostgreSQL", version, bytes);
    }
}
