using ValueStream.Testing;

namespace ValueStream.Server.Tests.EndToEnd;

/// <summary>Two servers on one Postgres: both take events, one projects.</summary>
public sealed class TwoServersTests
{
    // A lease runs for 6 s and is looked at every 2 s; a busy machine takes its own time.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Twenty_clients_at_two_servers_get_positions_without_gaps_and_one_server_projects()
    {
        using var database = await Databases.PostgresAsync();
        await using var log = new StoredLog(database);
        await using var one = await ServerProcess.StartAsync(database.ConnectionString);
        await using var other = await ServerProcess.StartAsync(database.ConnectionString);
        var leader = await log.LeaderAsync();
        using var load = await LoadedAsync(one, other);

        await Until.AsksAsync(() => Task.FromResult(load.Acknowledged.Count), static count => count >= 4000, TimeSpan.FromSeconds(60));
        await load.StopAsync();

        await log.AssertHoldsAsync(load);
        await log.AssertProjectedAsync(Patience);
        Assert.Equal(leader, await log.LeaderAsync());
        Assert.Contains(leader.ProcessId, new[] { one.Id, other.Id });
    }

    [Fact]
    public async Task A_killed_leader_is_followed_by_the_other()
    {
        using var database = await Databases.PostgresAsync();
        await using var log = new StoredLog(database);
        await using var one = await ServerProcess.StartAsync(database.ConnectionString);
        await using var other = await ServerProcess.StartAsync(database.ConnectionString);
        var (leader, follower) = await RolesAsync(log, one, other);
        using var load = await LoadedAsync(one, other);

        await leader.KillAsync();

        await Until.AsksAsync(log.LeaderAsync, l => l.ProcessId == follower.Id, Patience);
        await load.StopAsync();
        await log.AssertHoldsAsync(load);
        await log.AssertProjectedAsync(Patience);
    }

    [Fact]
    public async Task A_paused_leader_does_not_stop_the_others_appends_and_changes_nothing_when_it_wakes()
    {
        using var database = await Databases.PostgresAsync();
        await using var log = new StoredLog(database);
        await using var one = await ServerProcess.StartAsync(database.ConnectionString);
        await using var other = await ServerProcess.StartAsync(database.ConnectionString);
        var (leader, follower) = await RolesAsync(log, one, other);
        using var load = await LoadedAsync(one, other);

        // Under load it may be paused with the head locked or its projection half written.
        leader.Signal("STOP");
        var paused = await log.LeaderAsync();
        var next = await Until.AsksAsync(log.LeaderAsync, l => l.ProcessId == follower.Id, Patience);
        var before = load.Acknowledged.Count;
        await Until.AsksAsync(() => Task.FromResult(load.Acknowledged.Count), count => count > before + 100, Patience);
        Assert.True(load.LongestSilence() < Patience, $"silent for {load.LongestSilence()}");
        Assert.True(next.Epoch > paused.Epoch);

        leader.Signal("CONT");
        before = load.Acknowledged.Count;
        await Until.AsksAsync(() => Task.FromResult(load.Acknowledged.Count), count => count > before + 500, Patience);
        await load.StopAsync();

        await log.AssertHoldsAsync(load);
        await log.AssertProjectedAsync(Patience);
        Assert.Equal(next, await log.LeaderAsync());
    }

    private static async Task<(ServerProcess Leader, ServerProcess Follower)> RolesAsync(StoredLog log, ServerProcess one, ServerProcess other)
    {
        var leader = await Until.AsksAsync(log.LeaderAsync, static l => l.ProcessId != 0, Patience);
        return leader.ProcessId == one.Id ? (one, other) : (other, one);
    }

    private static async Task<Load> LoadedAsync(params ServerProcess[] servers)
    {
        var load = new Load();
        foreach (var server in servers)
        {
            load.Start(server.Http, 10);
        }
        await Until.AsksAsync(() => Task.FromResult(load.Acknowledged.Count), static count => count > 200, Patience);
        return load;
    }
}
