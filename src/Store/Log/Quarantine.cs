using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using ValueStream.Store.Engines;

namespace ValueStream.Store.Log;

/// <summary>Keeps requests that were authentic and could not be understood, so that nothing of them is lost until a mended server can take them.</summary>
public sealed class Quarantine
{
    // Of those that came in one microsecond the page before had some.
    private const int MostAtOnce = 10;

    private readonly IEngine _engine;
    private readonly IDbContextFactory<Database> _databases;
    private readonly TimeProvider _time;

    internal Quarantine(IEngine engine, IDbContextFactory<Database> databases, TimeProvider time) => (_engine, _databases, _time) = (engine, databases, time);

    /// <summary>Puts a request in; it is on the disk when this returns.</summary>
    /// <param name="source">Which intake it came to.</param>
    /// <param name="reason">Why it could not be understood.</param>
    /// <param name="headers">Its headers, without those that hold secrets.</param>
    /// <param name="body">Its body, unpacked.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The entry's id.</returns>
    public async Task<Guid> AddAsync(
        string source, string reason, IReadOnlyDictionary<string, string> headers, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        var row = new QuarantineRow
        {
            Id = Guid.CreateVersion7(now),
            ReceivedAt = now,
            Source = source,
            Reason = reason,
            Headers = JsonSerializer.Serialize(headers),
            Body = Compressed.Of(body.Span),
            Length = body.Length,
        };
        await using var session = await _engine.BeginAsync(cancellationToken);
        await session.InsertAsync(QuarantineSql.Insert, [row], "", "", cancellationToken);
        await session.CommitAsync(cancellationToken);
        return row.Id;
    }

    /// <summary>Requests that are kept, newest first.</summary>
    /// <param name="source">Of this intake only; null for all.</param>
    /// <param name="before">Only those that came before this one, which need not be there any more; null from the newest on.</param>
    /// <param name="most">How many at the most.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<IReadOnlyList<QuarantinedItem>> ListAsync(
        string? source, (DateTimeOffset ReceivedAt, Guid Id)? before, int most, CancellationToken cancellationToken)
    {
        await using var database = await _databases.CreateDbContextAsync(cancellationToken);
        var rows = database.Quarantine.AsNoTracking();
        if (source is not null)
        {
            rows = rows.Where(q => q.Source == source);
        }
        if (before is { } last)
        {
            rows = rows.Where(q => q.ReceivedAt <= last.ReceivedAt);
        }
        var found = await rows.OrderByDescending(static q => q.ReceivedAt).ThenByDescending(static q => q.Id).Take(most + MostAtOnce)
            // Servers of before wrote no length; what they kept is gone after 90 days.
            .Select(static q => new { q.Id, q.ReceivedAt, q.Source, q.Reason, q.Length, Body = q.Length == null ? q.Body : null }).ToListAsync(cancellationToken);
        return [.. found.Where(q => before is not { } b || (q.ReceivedAt, q.Id).CompareTo((b.ReceivedAt, b.Id)) < 0).Take(most)
            .Select(static q => new QuarantinedItem(q.Id, q.ReceivedAt, q.Source, q.Reason, q.Length ?? Compressed.Read(q.Body!).Length))];
    }

    /// <summary>How many are kept.</summary>
    public async Task<long> CountAsync(CancellationToken cancellationToken)
    {
        await using var database = await _databases.CreateDbContextAsync(cancellationToken);
        return await database.Quarantine.LongCountAsync(cancellationToken);
    }

    /// <summary>A request that is kept; null when there is none of that id.</summary>
    public async Task<QuarantinedRequest?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var database = await _databases.CreateDbContextAsync(cancellationToken);
        return await database.Quarantine.AsNoTracking().SingleOrDefaultAsync(q => q.Id == id, cancellationToken) is { } row ? View(row) : null;
    }

    /// <summary>Takes a request out; whether there was one.</summary>
    public async Task<bool> RemoveAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var database = await _databases.CreateDbContextAsync(cancellationToken);
        return await database.Quarantine.Where(q => q.Id == id).ExecuteDeleteAsync(cancellationToken) > 0;
    }

    private static QuarantinedRequest View(QuarantineRow row) => new(row.Id, row.ReceivedAt, row.Source, row.Reason,
        JsonSerializer.Deserialize<Dictionary<string, string>>(row.Headers)!.ToImmutableDictionary(StringComparer.OrdinalIgnoreCase), Compressed.Read(row.Body));
}

/// <summary>A request in quarantine, as it is listed.</summary>
/// <param name="Id">The entry's id.</param>
/// <param name="ReceivedAt">When it came.</param>
/// <param name="Source">Which intake it came to.</param>
/// <param name="Reason">Why it could not be understood.</param>
/// <param name="Length">Bytes of its body, unpacked.</param>
public sealed record QuarantinedItem(Guid Id, DateTimeOffset ReceivedAt, string Source, string Reason, int Length);

/// <summary>A request in quarantine.</summary>
/// <param name="Id">The entry's id.</param>
/// <param name="ReceivedAt">When it came.</param>
/// <param name="Source">Which intake it came to.</param>
/// <param name="Reason">Why it could not be understood.</param>
/// <param name="Headers">Its headers, without those that hold secrets; names in any case.</param>
/// <param name="Body">Its body, unpacked.</param>
public sealed record QuarantinedRequest(Guid Id, DateTimeOffset ReceivedAt, string Source, string Reason, ImmutableDictionary<string, string> Headers, ReadOnlyMemory<byte> Body);
