using ValueStream.Testing;

namespace ValueStream.Server.Tests.Faults;

/// <summary>The primary is lost and its synchronous standby takes its place. The server's connection string names both.</summary>
[Collection(FaultTests.Name)]
public sealed class FailoverTests
{
    [Fact]
    public async Task A_promoted_standby_has_every_acknowledged_event_and_the_server_goes_on_with_it()
    {
        await using var primary = await Trial.NewClusterAsync();
        await using var standby = await StandbyAsync(primary);
        await using var trial = await Trial.StartAsync(Both(primary, standby));
        await trial.RunAsync(static _ => Task.CompletedTask);

        primary.Kill();
        standby.Promote();

        await trial.WritesAsync();
        await trial.AssertNothingLostAsync();
    }

    [Fact]
    public async Task A_commit_whose_wait_for_the_standby_was_cancelled_is_not_acknowledged()
    {
        await using var primary = await Trial.NewClusterAsync();
        await using var standby = await StandbyAsync(primary);
        await using var trial = await Trial.StartAsync(Both(primary, standby));

        // Postgres calls it a success: the commit is on the primary, and everybody sees it.
        standby.Stop();
        var cancelled = 0L;
        for (var refusals = trial.Refusals; trial.Refusals < refusals + 20; await Task.Delay(200, TestContext.Current.CancellationToken))
        {
            cancelled += await primary.AskAsync<long>(
                "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND query NOT LIKE '%checkpoints%'");
        }
        Assert.True(cancelled > 0);
        primary.Kill();
        standby.Start();
        standby.Promote();

        await trial.WritesAsync();
        await trial.AssertNothingLostAsync();
    }

    private static string Both(PostgresCluster primary, PostgresCluster standby) =>
        $"Host=127.0.0.1:{primary.Port},127.0.0.1:{standby.Port};Username=postgres;Database=valuestream;Target Session Attributes=primary";

    private static async Task<PostgresCluster> StandbyAsync(PostgresCluster primary)
    {
        var standby = primary.StartStandby("standby");
        await primary.ExecuteAsync("ALTER SYSTEM SET synchronous_standby_names = 'standby'");
        await primary.ExecuteAsync("SELECT pg_reload_conf()");
        await Until.AsksAsync(
            () => primary.AskAsync<long>("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"), static count => count == 1, TimeSpan.FromSeconds(20));
        return standby;
    }
}
