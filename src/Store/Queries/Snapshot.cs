using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using ValueStream.Store.Engines;
using ValueStream.Store.Projections;

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

    /// <summary>The keys of runs that have an event in some parts of the log and that at least one term of each of some sets finds.</summary>
    /// <param name="first">The first part's number.</param>
    /// <param name="last">The last part's number.</param>
    /// <param name="terms">The sets, at least one: <see cref="SearchTerms"/>.</param>
    /// <param name="most">How many keys at most.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    public Task<List<long>> FoundAsync(long first, long last, IReadOnlyList<long[]> terms, int most, CancellationToken cancellationToken)
    {
        var begins = Enumerable.Range(0, (int)(last - first) + 1).Select(i => SearchTerms.PartOf((first + i) * SearchTerms.Part)).ToArray();
        return KeysAsync($"""
            SELECT t.key FROM {_engine.Found(Live.Slot, "@t0")} AND {_engine.IsFound(Live.Slot, "@begins")} AND {IsFoundByAll(terms)}
            UNION SELECT t.key FROM run_parts_{Live.Slot} AS p CROSS JOIN run_tags_{Live.Slot} AS t WHERE p.part BETWEEN @first AND @last AND t.key = p.key AND {IsFoundByAll(terms)}
            LIMIT @most
            """, terms, cancellationToken, ("@begins", _engine.TagArray(begins)), ("@first", first), ("@last", last), ("@most", most));
    }

    /// <summary>The runs of the whole log that at least one term of each of some sets finds, some of them more than once.</summary>
    public Task<List<long>> FoundAsync(IReadOnlyList<long[]> terms, int most, CancellationToken cancellationToken) =>
        KeysAsync($"SELECT t.key FROM {_engine.Found(Live.Slot, "@t0")} AND {IsFoundByAll(terms)} LIMIT @most", terms, cancellationToken, ("@most", most));

    /// <summary>Those of some runs that at least one term of each of some sets finds.</summary>
    public async Task<HashSet<long>> FoundAmongAsync(IEnumerable<long> keys, IReadOnlyList<long[]> terms, CancellationToken cancellationToken) => 
        // The runs first, and by themselves: of a frequent term the index would give a million.
        [.. await KeysAsync($"""
            WITH t AS MATERIALIZED (SELECT key, attempt, ids FROM run_tags_{Live.Slot} WHERE {_engine.AnyOf("key", "keys")})
            SELECT key FROM t WHERE {IsFoundByAll(terms)}
            """, terms, cancellationToken, ("@keys", _engine.Array(keys)))];

    private string IsFoundByAll(IReadOnlyList<long[]> terms) => string.Join(" AND ", terms.Select((_, i) => _engine.IsFound(Live.Slot, $"@t{i}")));

    private async Task<List<long>> KeysAsync(string sql, IReadOnlyList<long[]> terms, CancellationToken cancellationToken, params IEnumerable<(string Name, object? Value)> parameters)
    {
        await using var command = Database.Database.GetDbConnection().Command(_transaction, sql, [.. parameters, .. terms.Select((t, i) => ($"@t{i}", (object?)_engine.TagArray(t)))]);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var keys = new List<long>();
        while (await reader.ReadAsync(cancellationToken))
        {
            keys.Add(reader.GetInt64(0));
        }
        return keys;
    }

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
