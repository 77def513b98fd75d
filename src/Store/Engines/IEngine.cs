using System.Data.Common;
using Microsoft.EntityFrameworkCore;

namespace ValueStream.Store.Engines;

/// <summary>The few real differences between the databases. Everything else is the same SQL or EF Core.</summary>
internal interface IEngine : IAsyncDisposable
{
    /// <summary>The database's name for people: <c>Postgres</c> or <c>SQLite</c>.</summary>
    string Name { get; }

    /// <summary>Where the archive's files are if no setting says so: beside the data.</summary>
    string ArchiveFolder { get; }

    /// <summary>How many events are archived together.</summary>
    int SegmentEvents { get; }

    /// <summary>How long a transaction of the projector is to take when there is much to do.</summary>
    TimeSpan PassTime { get; }

    /// <summary>Follows a SELECT of the row that must stay ours until the end of the transaction.</summary>
    string ForUpdate { get; }

    /// <summary>SQL: a value without meaning; a statement that selects it makes its transaction's commit wait until it is on the disk.</summary>
    string Durable { get; }

    /// <summary>SQL: a column of numbers is one of a parameter's, which <see cref="Array(IEnumerable{long})"/> made.</summary>
    string AnyOf(string column, string parameter);

    /// <summary>SQL: a column of UUIDs is one of a parameter's, which <see cref="Array(IEnumerable{Guid})"/> made.</summary>
    string AnyId(string column, string parameter);

    /// <summary>The value of a parameter of <see cref="AnyOf"/>.</summary>
    object Array(IEnumerable<long> values);

    /// <summary>The value of a parameter of <see cref="AnyId"/>.</summary>
    object Array(IEnumerable<Guid> values);

    /// <summary>Points EF Core at the database and at its migrations.</summary>
    void Configure(DbContextOptionsBuilder options);

    /// <summary>What must be done before the first use: create the folder, take the lock that only one process may hold, mend what a killed process left.</summary>
    /// <exception cref="DatabaseInUseException">Another server holds the database.</exception>
    Task PrepareAsync(CancellationToken cancellationToken);

    /// <summary>Begins a transaction that writes.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="derived">Whether all it writes can be made again from the log: then its commit does not wait for the disk. A crash
    /// takes it back whole, never a part of it.</param>
    Task<Session> BeginAsync(CancellationToken cancellationToken, bool derived = false);

    /// <summary>
    /// Appends a batch in one transaction of its own, if the head is still the one that the batch was made for and none of its event
    /// ids is known. False means that nothing was written, and that it takes a look under the head's lock to find out why.
    /// </summary>
    /// <param name="head">The head that the batch follows.</param>
    /// <param name="batch">The batch; its hash and last position become the head's.</param>
    /// <param name="rows">Its events, at least one.</param>
    /// <param name="deliveries">What they came in, each once.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    Task<bool> TryAppendAsync(
        LogHeadRow head, BatchRow batch, IReadOnlyList<EventRow> rows, IReadOnlyList<DeliveryRow> deliveries, CancellationToken cancellationToken);

    /// <summary>SQL: the place of the log, by which a database shows that it was restored from a dump or copied; empty where it cannot.</summary>
    string Place { get; }

    /// <summary>The furthest head that a server of this database kept outside of it; null where none is kept.</summary>
    LogHeadRow? Recall();

    /// <summary>Keeps a head for <see cref="Recall"/>, where the engine has a place for it.</summary>
    void Keep(LogHeadRow head);

    /// <summary>Begins a transaction that only reads, all of it as of one moment.</summary>
    ValueTask<DbTransaction> BeginReadAsync(DbConnection connection, CancellationToken cancellationToken);

    /// <summary>SQL: <c>WITH RECURSIVE member(key, trace)</c> that holds some runs and all that steps lead to from them, each once: a run by its key or a trace by its id, the other being null.</summary>
    /// <param name="seeds">SQL: a SELECT of the members to begin with.</param>
    /// <param name="steps">From where to where.</param>
    string Walk(string seeds, IEnumerable<Step> steps);

    /// <summary>SQL that has the rest of a reader's transaction look things up by indexes, whatever the planner knows of the tables; null where it does anyway.</summary>
    string? LookUps { get; }

    /// <summary>SQL: a SELECT of the keys and attempts of runs that carry at least one of a parameter's tags, which <see cref="TagArray"/> made.</summary>
    string Tagged(string slot, string parameter);

    /// <summary>SQL: what follows FROM to get rows <c>t</c> with the key and attempt of runs that searches find by at least one of a parameter's terms, which
    /// <see cref="TagArray"/> made; conditions may follow.</summary>
    string Found(string slot, string parameter);

    /// <summary>SQL: the condition that a row <c>t</c> with a key and attempt is found by at least one of a parameter's terms.</summary>
    string IsFound(string slot, string parameter);

    /// <summary>The value of the parameter of <see cref="Tagged"/>, <see cref="Found"/> and <see cref="IsFound"/>.</summary>
    object TagArray(long[] tags);

    /// <summary>Deletes what lies in a segment that was just registered.</summary>
    /// <param name="session">The transaction that registered it.</param>
    /// <param name="segment">The segment.</param>
    /// <param name="erased">The positions of its events whose data are erased; another one that is stays.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>How many events and how many batches are gone.</returns>
    Task<(long Events, long Batches)> DeleteArchivedAsync(Session session, SegmentRow segment, IEnumerable<long> erased, CancellationToken cancellationToken);

    /// <summary>The events after a position, oldest first: at most <paramref name="limit"/>, and fewer where their data exceed <see cref="EventSql.MostRead"/>.</summary>
    Task<List<EventRow>> EventsAsync(long after, int limit, CancellationToken cancellationToken);

    /// <summary>The events of some runs up to a position, each run's oldest first, at most <paramref name="limit"/> of each.</summary>
    Task<List<EventRow>> HistoryAsync(IReadOnlyList<long> runs, long upTo, int limit, CancellationToken cancellationToken);

    /// <summary>Takes or renews the lease of the projector; its epoch, or null while another process holds it.</summary>
    Task<long?> HoldLeadershipAsync(string holder, CancellationToken cancellationToken);

    /// <summary>Gives the lease back, so that another process need not wait for its end.</summary>
    Task ReleaseLeadershipAsync(string holder, CancellationToken cancellationToken);

    /// <summary>Whether the database refused what it was given, so that giving it again cannot help.</summary>
    bool IsRefusal(Exception exception);
}

/// <summary>A transaction that writes. Disposed without a commit it leaves nothing behind.</summary>
internal abstract class Session(DbConnection connection, DbTransaction transaction) : IAsyncDisposable
{
    public DbConnection Connection => connection;

    public DbTransaction Transaction => transaction;

    /// <summary>Writes many rows.</summary>
    /// <param name="bulk">Table and columns.</param>
    /// <param name="rows">The rows; none is fine.</param>
    /// <param name="onConflict">What to do with rows that are there.</param>
    /// <param name="slot">Appended to the table's name.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public abstract Task InsertAsync<T>(
        Bulk<T> bulk, IReadOnlyList<T> rows, string onConflict, string slot, CancellationToken cancellationToken);

    /// <summary>Writes many rows, none of which is there yet.</summary>
    public abstract Task InsertNewAsync<T>(Bulk<T> bulk, IReadOnlyList<T> rows, string slot, CancellationToken cancellationToken);

    /// <summary>The rows of a table that have one of many keys.</summary>
    /// <param name="keys">The table and the key's columns.</param>
    /// <param name="rows">The keys, each once; none is fine.</param>
    /// <param name="columns">SQL: what to read of table <c>t</c>.</param>
    /// <param name="slot">Appended to the table's name.</param>
    /// <param name="read">Reads a row.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public abstract Task<List<TRow>> FindAsync<TKey, TRow>(
        Bulk<TKey> keys, IReadOnlyList<TKey> rows, string columns, string slot, Func<DbDataReader, TRow> read, CancellationToken cancellationToken);

    /// <summary>Deletes the rows of a table that have one of many keys.</summary>
    public abstract Task DeleteAsync<TKey>(Bulk<TKey> keys, IReadOnlyList<TKey> rows, string slot, CancellationToken cancellationToken);

    /// <summary>Runs a statement and tells how many rows it changed.</summary>
    public Task<int> ExecuteAsync(string sql, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters) =>
        connection.ExecuteAsync(transaction, sql, cancellationToken, parameters);

    /// <summary>Reads rows.</summary>
    public async Task<List<T>> QueryAsync<T>(
        string sql, Func<DbDataReader, T> read, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters)
    {
        await using var command = connection.Command(transaction, sql, parameters);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(read(reader));
        }
        return rows;
    }

    public virtual Task CommitAsync(CancellationToken cancellationToken) => transaction.CommitAsync(cancellationToken);

    public virtual async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync();
        await connection.DisposeAsync();
    }
}

/// <summary>Another server uses the database, and this kind of database is for one only.</summary>
public sealed class DatabaseInUseException(string message) : Exception(message);

/// <summary>A step of a walk, taken from a member <c>m</c>: by its key to rows <c>r</c> of one table, from each of these to rows <c>next</c> of another.</summary>
/// <param name="By">The table of <c>r</c>; null for a step that goes straight to <c>next</c>.</param>
/// <param name="Next">The table of <c>next</c>.</param>
/// <param name="On">SQL: which rows of it.</param>
/// <param name="To">SQL: the key and the trace that it leads to.</param>
internal readonly record struct Step(string? By, string Next, string On, string To = Step.ToRun)
{
    /// <summary>To the run <c>next</c>.</summary>
    public const string ToRun = "next.key, CAST(NULL AS bigint)";

    /// <summary>To the trace of the run <c>next</c>.</summary>
    public const string ToTrace = "CAST(NULL AS bigint), next.trace_id";
}
