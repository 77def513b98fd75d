namespace ValueStream.Server.Tests.Faults;

/// <summary>Two servers on one database, and clients that go to the other one with what they do not know the fate of.</summary>
[Collection(FaultTests.Name)]
public sealed class ServerKilledTests
{
    [Fact]
    public async Task What_a_killed_server_did_not_answer_is_taken_by_the_other_once()
    {
        await using var cluster = await Trial.NewClusterAsync();
        await using var trial = await Trial.StartAsync(cluster.ConnectionString, servers: 2);
        await trial.RunAsync(static _ => Task.CompletedTask);

        await trial.Servers[0].KillAsync();

        await trial.WritesAsync();
        await trial.AssertNothingLostAsync(trial.Servers[1]);
    }
}
