using ValueStream.Testing;

namespace ValueStream.Server.Tests.EndToEnd;

/// <summary>A server that dies without a word loses nothing that it acknowledged, on each database.</summary>
public abstract class KillContract
{
    private protected abstract Task<TestDatabase> NewDatabaseAsync();

    [Fact]
    public async Task Ten_kills_under_load_lose_and_double_nothing_and_the_projections_catch_up()
    {
        using var database = await NewDatabaseAsync();
        await using var log = new StoredLog(database);
        using var load = new Load();
        var url = Cli.ScriptedServer.Nobody();
        using var http = new HttpClient { BaseAddress = new Uri(url) };
        load.Start(http, 16);
        var random = new Random(11);
        for (var kill = 0; kill < 10; kill++)
        {
            await using var server = await ServerProcess.StartAsync(database.ConnectionString, url);
            var before = load.Acknowledged.Count;
            await Until.AsksAsync(() => Task.FromResult(load.Acknowledged.Count), count => count >= before + random.Next(50, 500), TimeSpan.FromSeconds(30));
            await server.KillAsync();
        }
        await load.StopAsync();

        await using var last = await ServerProcess.StartAsync(database.ConnectionString, url);
        await log.AssertHoldsAsync(load);
        await log.AssertProjectedAsync(TimeSpan.FromSeconds(30));
    }
}

public sealed class PostgresKillTests : KillContract
{
    private protected override Task<TestDatabase> NewDatabaseAsync() => Databases.PostgresAsync();
}

public sealed class SqliteKillTests : KillContract
{
    private protected override Task<TestDatabase> NewDatabaseAsync() => Databases.SqliteAsync();
}
