namespace ValueStream.Server.Tests.Faults;

/// <summary>Postgres dies without a word and is started again, in the middle of writing.</summary>
[Collection(FaultTests.Name)]
public sealed class PostgresKilledTests
{
    [Fact]
    public async Task Killed_postmasters_and_backends_lose_nothing_even_where_the_database_says_that_commits_need_not_wait()
    {
        // What is not flushed by a commit stays in Postgres's own memory, and is lost with it.
        await using var cluster = await Trial.NewClusterAsync(null, "wal_writer_delay=10s", "wal_writer_flush_after=1GB", "wal_buffers=64MB");
        await cluster.ExecuteAsync("ALTER DATABASE valuestream SET synchronous_commit = off");
        await using var trial = await Trial.StartAsync(cluster.ConnectionString);

        await trial.RunAsync(async round =>
        {
            await cluster.KillBackendAsync();
            await trial.WritesAsync();
            cluster.Kill();
            cluster.Start();
        });

        await trial.AssertNothingLostAsync();
    }
}
