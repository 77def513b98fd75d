using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Server.Tests.Api;
using ValueStream.Store;
using ValueStream.Store.Log;
using ValueStream.Store.Projections;
using ValueStream.Testing;

namespace ValueStream.Server.Tests.EndToEnd;

/// <summary>A run that a server gave up, as its sender and its readers see it, on each database.</summary>
public abstract class AbandonedContract
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private protected abstract Task<TestDatabase> NewDatabaseAsync();

    [Fact]
    public async Task A_run_that_was_given_up_is_found_as_such_lives_again_by_a_heartbeat_and_ends_as_it_says()
    {
        using var database = await NewDatabaseAsync();
        await AbandonAsync(database.ConnectionString, new RunId(SourceNames.CustomHttp, "backup", "default", "1"));
        await using var server = await ServerProcess.StartAsync(database.ConnectionString);
        var client = new ApiClient(server.Http);
        await client.CaughtUpAsync();

        var abandoned = (await client.ReadAsync("/api/v1/runs?state=abandoned")).GetProperty("items")[0];
        Assert.Equal(("1", "abandoned", null), (abandoned.Text("id"), abandoned.Text("state"), abandoned.Text("outcome")));
        Assert.NotNull(abandoned.Text("abandonedAt"));
        Assert.Empty((await client.ReadAsync("/api/v1/runs?state=running")).GetProperty("items").EnumerateArray());

        const string heartbeat = """{"action":"heartbeat","run":{"type":"backup","id":"1"},"lease":600}""";
        var head = await client.HeadAsync();
        await client.RecordAsync(heartbeat, heartbeat, """{"action":"heartbeat","run":{"type":"backup","id":"2"},"lease":600}""");
        Assert.Equal(head + 1, await client.HeadAsync());
        Assert.Equal(("annotated", "loopback"), ((await client.LastEventAsync()).Text("kind"), (await client.LastEventAsync()).Text("submitter")));
        Assert.Equal(["1"], (await client.ReadAsync("/api/v1/runs?state=running")).Each("id"));

        // While it lives a heartbeat is no event of the log.
        Assert.Equal(200, (await client.PostAsync(Routes.Events, heartbeat)).Status);
        Assert.Equal(head + 1, await client.HeadAsync());
        await client.RecordAsync("""{"action":"end","run":{"type":"backup","id":"1"},"outcome":"failure"}""");
        Assert.Equal([("1", "failure")], (await client.ReadAsync("/api/v1/runs?state=ended")).GetProperty("items").EnumerateArray().Select(static r => (r.Text("id"), r.Text("outcome"))));
        Assert.Empty((await client.ReadAsync("/api/v1/runs?state=abandoned")).GetProperty("items").EnumerateArray());
    }

    /// <summary>What a server of the day before yesterday did: it took a start, and nothing came after it.</summary>
    private static async Task AbandonAsync(string connectionString, RunId run)
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow().AddDays(-2));
        await using var store = new ServiceCollection().AddLogging().AddSingleton<TimeProvider>(time).AddStore(connectionString).BuildServiceProvider();
        await store.GetRequiredService<Migrator>().MigrateAsync(Cancel);
        var log = store.GetRequiredService<GroupCommit>();
        await log.StartAsync(Cancel);
        await log.AppendAsync([new NewEvent { EventId = Guid.CreateVersion7(), Kind = EventKind.Started, Run = run, Submitter = "loopback", ReceivedAt = time.GetUtcNow(), Data = new EventData() }]);
        var projector = store.GetRequiredService<Projector>();
        await projector.RunOnceAsync(Cancel);
        time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(1, await store.GetRequiredService<Reaper>().RunOnceAsync(Cancel));
        await projector.StartAsync(Cancel);
        await projector.StopAsync(Cancel);
        await log.StopAsync(Cancel);
    }
}

public sealed class PostgresAbandonedTests : AbandonedContract
{
    private protected override Task<TestDatabase> NewDatabaseAsync() => Databases.PostgresAsync();
}

public sealed class SqliteAbandonedTests : AbandonedContract
{
    private protected override Task<TestDatabase> NewDatabaseAsync() => Databases.SqliteAsync();
}
