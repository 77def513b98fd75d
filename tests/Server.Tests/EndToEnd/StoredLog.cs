using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using ValueStream.Store;
using ValueStream.Store.Engines;
using ValueStream.Store.Log;
using ValueStream.Testing;

namespace ValueStream.Server.Tests.EndToEnd;

/// <summary>Looks into a server's database from outside, as an operator would.</summary>
internal sealed class StoredLog(TestDatabase database) : IAsyncDisposable
{
    private readonly ServiceProvider _services =
        new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System).AddStore(database.ConnectionString).BuildServiceProvider();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>What the log promises of what was acknowledged: all of it there, once, at the position told; positions 1..N; the chain right.
    /// What was not acknowledged was refused as it should be.</summary>
    public async Task AssertHoldsAsync(Load load)
    {
        await using var db = await OpenAsync();
        var stored = await db.Events.AsNoTracking().OrderBy(static e => e.Position).Select(static e => new { e.Position, e.EventId }).ToListAsync(Cancel);
        Assert.Equal(Enumerable.Range(1, stored.Count).Select(static i => (long)i), stored.Select(static e => e.Position));
        var byId = stored.ToDictionary(static e => e.EventId, static e => e.Position);
        Assert.NotEmpty(load.Acknowledged);
        Assert.Empty(load.Surprises);
        Assert.All(load.Acknowledged, a => Assert.Equal(a.Value.Position, byId.GetValueOrDefault(a.Key)));
        Assert.Null(await _services.GetRequiredService<ChainVerifier>().FirstFaultAsync(Cancel));
    }

    /// <summary>Waits until the live projection has read everything, then compares it with a count over the log.</summary>
    public async Task AssertProjectedAsync(TimeSpan atMost)
    {
        await using var db = await OpenAsync();
        var head = await db.LogHead.AsNoTracking().Select(static h => h.Position).SingleAsync(Cancel);
        var live = await Until.AsksAsync(() => db.Checkpoints.AsNoTracking().SingleAsync(static c => c.Live, Cancel), c => c.Position == head, atMost);
        var runs = await db.Events.Select(static e => e.Run).Distinct().CountAsync(Cancel);
        Assert.Equal(runs, await db.Runs(live.Slot).CountAsync(Cancel));
        Assert.Equal(
            await db.Events.CountAsync(static e => e.Kind == (short)Core.Events.EventKind.Ended, Cancel),
            await db.Runs(live.Slot).CountAsync(static r => r.EndedAt != null, Cancel));
    }

    /// <summary>The process that runs the projector and its epoch.</summary>
    public async Task<(int ProcessId, long Epoch)> LeaderAsync()
    {
        await using var db = await OpenAsync();
        var row = await db.Leadership.AsNoTracking().SingleAsync(Cancel);
        return (row.Holder.Split('/') is [_, var pid, _] ? int.Parse(pid, null) : 0, row.Epoch);
    }

    /// <summary>Changes what the log holds, behind its back.</summary>
    public async Task TamperAsync(params string[] statements)
    {
        var engine = _services.GetRequiredService<IEngine>();
        await using var session = await engine.BeginAsync(Cancel);
        string[] unlock = engine.Name == "Postgres"
            ? ["ALTER TABLE events DISABLE TRIGGER ALL", "ALTER TABLE batches DISABLE TRIGGER ALL"]
            : ["DROP TRIGGER events_no_update", "DROP TRIGGER events_no_delete", "DROP TRIGGER batches_no_delete"];
        foreach (var statement in unlock.Concat(statements))
        {
            await session.ExecuteAsync(statement, Cancel);
        }
        await session.CommitAsync(Cancel);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _services.DisposeAsync();

    private Task<Database> OpenAsync() => _services.GetRequiredService<IDbContextFactory<Database>>().CreateDbContextAsync(Cancel);
}
