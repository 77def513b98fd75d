using Microsoft.EntityFrameworkCore;
using ValueStream.Store.Engines;

namespace ValueStream.Store.Log;

/// <summary>
/// Keeps account of files that no segment has: before a file is written it is claimed, and whoever registers or deletes it takes the claim away in the same transaction. So a
/// server that is killed at any point leaves no file behind of which nobody knows, and none is deleted that another server has just registered.
/// </summary>
internal sealed class SegmentClaims(IEngine engine, IDbContextFactory<Database> databases, SegmentFiles files, TimeProvider time)
{
    // Longer than writing a file takes; what is still there then was left by a server that was killed.
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(10);

    /// <summary>Claims a file that is about to be written.</summary>
    public async Task ClaimAsync(SegmentRow file, CancellationToken cancellationToken)
    {
        await using var session = await engine.BeginAsync(cancellationToken);
        await AddAsync(session, file, time.GetUtcNow() + Life, cancellationToken);
        await session.CommitAsync(cancellationToken);
    }

    /// <summary>Claims a file that a transaction takes out of use: it goes as soon as that is committed.</summary>
    public Task RetireAsync(Session session, SegmentRow file, CancellationToken cancellationToken) => AddAsync(session, file, time.GetUtcNow(), cancellationToken);

    /// <summary>Takes a claim away within the transaction that registers the file; false where it is gone: then the file may be, too.</summary>
    public static async Task<bool> TakeAsync(Session session, byte[] sha256, CancellationToken cancellationToken) =>
        await session.ExecuteAsync("DELETE FROM segment_claims WHERE sha256 = @sha256", cancellationToken, ("sha256", sha256)) > 0;

    /// <summary>Deletes the files whose claims have expired.</summary>
    public async Task CleanAsync(CancellationToken cancellationToken)
    {
        await using var database = await databases.CreateDbContextAsync(cancellationToken);
        var now = time.GetUtcNow();
        foreach (var claim in await database.SegmentClaims.AsNoTracking().Where(c => c.ExpiresAt <= now).ToListAsync(cancellationToken))
        {
            await using var session = await engine.BeginAsync(cancellationToken);
            if (!await TakeAsync(session, claim.Sha256, cancellationToken))
            {
                continue;
            }
            // Asked with the claim in hand, without which nobody can register the file.
            var isUsed = await session.QueryAsync("SELECT last FROM segments WHERE sha256 = @sha256", static r => r.GetInt64(0), cancellationToken, ("sha256", claim.Sha256));
            if (isUsed.Count == 0)
            {
                files.Delete(SegmentFiles.NameOf(claim.First, claim.Last, claim.Sha256));
            }
            await session.CommitAsync(cancellationToken);
        }
    }

    private static Task<int> AddAsync(Session session, SegmentRow file, DateTimeOffset expiresAt, CancellationToken cancellationToken) => session.ExecuteAsync(
        "INSERT INTO segment_claims (sha256, first, last, expires_at) VALUES (@sha256, @first, @last, @expiresAt) ON CONFLICT (sha256) DO UPDATE SET expires_at = excluded.expires_at",
        cancellationToken, ("sha256", file.Sha256), ("first", file.First), ("last", file.Last), ("expiresAt", Micros.Of(expiresAt)));
}
