using ValueStream.Testing;

namespace ValueStream.Server.Tests.Faults;

/// <summary>PgBouncer in transaction mode: each transaction may have another backend, and none keeps anything.</summary>
[Collection(FaultTests.Name)]
public sealed class PoolerTests
{
    [Fact]
    public async Task Through_PgBouncer_two_servers_write_and_project_and_its_restart_loses_nothing()
    {
        Trial.Needs(PgBouncer.IsAvailable, "PgBouncer");
        await using var cluster = await Trial.NewClusterAsync();
        await cluster.ExecuteAsync("ALTER DATABASE valuestream SET synchronous_commit = off");
        await using var bouncer = await PgBouncer.StartNewAsync(cluster);
        await using var trial = await Trial.StartAsync(bouncer.ConnectionString, servers: 2);

        await trial.RunAsync(async _ =>
        {
            await bouncer.KillAsync();
            await bouncer.StartAsync();
        });

        await trial.AssertNothingLostAsync();
        Assert.Equal(0, await cluster.AskAsync<long>("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"));
    }
}
