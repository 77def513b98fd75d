using System.Net;
using System.Text.Json;
using ValueStream.Core.Wire;
using ValueStream.Server.Tests.Api;
using ValueStream.Testing;

namespace ValueStream.Server.Tests.EndToEnd;

/// <summary>A database that is restored to an older state: positions that were given out are not given out again unless somebody says so.</summary>
public abstract class RestoreContract : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("valuestream-backup-").FullName;

    private protected abstract Task<TestDatabase> NewDatabaseAsync();

    private protected string Backup => Path.Combine(_folder, "backup");

    [Fact]
    public async Task A_server_does_not_start_on_an_older_state_until_it_is_accepted()
    {
        using var database = await NewDatabaseAsync();
        string kept;
        await using (var server = await ServerProcess.StartAsync(database.ConnectionString))
        {
            await AppendAsync(server, "a", "b", "c");
            await database.BackUpAsync(Backup);
            await AppendAsync(server, "d", "e");
            kept = await server.Http.GetStringAsync("/api/v1/log/head", TestContext.Current.CancellationToken);
            await server.StopAsync();
        }
        await database.RestoreAsync(Backup);

        var (exitCode, output) = await ServerProcess.RunAsync(database.ConnectionString, null, null);
        Assert.Equal(2, exitCode);
        Assert.Contains("--accept-restored", output, StringComparison.Ordinal);

        await using (var server = await ServerProcess.StartAsync(database.ConnectionString, arguments: "--accept-restored"))
        {
            Assert.Contains("epoch is now 2", server.Output, StringComparison.Ordinal);
            Assert.Equal([4], await AppendAsync(server, "f"));
            Assert.Equal((4, 2), await HeadAsync(server));
            // Who kept a head sees what is missing, and why.
            var answer = await new ApiClient(server.Http).PostAsync("/api/v1/log/verify", $$"""{"head":{{kept}}}""");
            var fault = JsonElement.Parse(answer.Text.TrimEnd().Split('\n')[^1]).GetProperty("fault");
            Assert.Equal(5, fault.GetProperty("position").GetInt64());
            Assert.Contains("restored", fault.Text("problem"), StringComparison.Ordinal);
            await server.StopAsync();
        }

        await using var again = await ServerProcess.StartAsync(database.ConnectionString);
        Assert.Equal([5], await AppendAsync(again, "g"));
        Assert.Equal((5, 2), await HeadAsync(again));
    }

    /// <summary>Appends a run for each id; the positions.</summary>
    private protected static async Task<IEnumerable<long>> AppendAsync(ServerProcess server, params string[] ids) =>
        (await new ApiClient(server.Http).RecordAsync([.. ids.Select(static id => Sent.Start("restore", id))])).Select(static i => i.GetProperty("position").GetInt64());

    private protected static async Task<(long Position, long Epoch)> HeadAsync(ServerProcess server)
    {
        var head = await new ApiClient(server.Http).ReadAsync("/api/v1/log/head");
        return (head.GetProperty("position").GetInt64(), head.GetProperty("epoch").GetInt64());
    }

    public void Dispose()
    {
        Directory.Delete(_folder, recursive: true);
        GC.SuppressFinalize(this);
    }
}

public sealed class PostgresRestoreTests : RestoreContract
{
    private protected override Task<TestDatabase> NewDatabaseAsync() => Databases.PostgresAsync();

    [Fact]
    public async Task A_running_server_takes_nothing_more_until_one_server_has_accepted_the_older_state()
    {
        using var database = await NewDatabaseAsync();
        await using var one = await ServerProcess.StartAsync(database.ConnectionString);
        await using var other = await ServerProcess.StartAsync(database.ConnectionString);
        await AppendAsync(one, "a", "b", "c");
        await database.BackUpAsync(Backup);
        await AppendAsync(one, "d", "e");
        await AppendAsync(other, "f");

        await database.RestoreAsync(Backup);

        foreach (var server in new[] { one, other })
        {
            var client = new ApiClient(server.Http);
            var refused = await client.PostAsync(Routes.Events, $"[{Sent.Start("restore", "g")}]");
            refused.IsProblem(503);
            Assert.Contains("--accept-restored", refused.Text, StringComparison.Ordinal);
            Assert.Contains("older state", (await client.GetAsync("/readyz")).Text, StringComparison.Ordinal);
            Assert.Equal((3, 1), await HeadAsync(server));
        }

        await one.StopAsync();
        await using var accepting = await ServerProcess.StartAsync(database.ConnectionString, arguments: "--accept-restored");
        Assert.Equal([4], await AppendAsync(accepting, "g"));
        Assert.Equal([5], await AppendAsync(other, "h"));
        Assert.Equal(HttpStatusCode.OK, (await other.Http.GetAsync("/readyz", TestContext.Current.CancellationToken)).StatusCode);
    }
}

public sealed class SqliteRestoreTests : RestoreContract
{
    private protected override Task<TestDatabase> NewDatabaseAsync() => Databases.SqliteAsync();

    [Fact]
    public async Task A_backup_that_lacks_nothing_and_a_new_log_in_its_place_need_no_word()
    {
        using var database = await NewDatabaseAsync();
        await using (var server = await ServerProcess.StartAsync(database.ConnectionString))
        {
            await AppendAsync(server, "a", "b");
            await database.BackUpAsync(Backup);
            await server.StopAsync();
        }
        await database.RestoreAsync(Backup);
        await using (var server = await ServerProcess.StartAsync(database.ConnectionString))
        {
            Assert.Equal([3], await AppendAsync(server, "c"));
            await server.StopAsync();
        }

        File.Delete(new Microsoft.Data.Sqlite.SqliteConnectionStringBuilder(database.ConnectionString).DataSource);
        await using var anew = await ServerProcess.StartAsync(database.ConnectionString);
        Assert.Equal([1], await AppendAsync(anew, "a"));
    }
}
