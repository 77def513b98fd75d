using Npgsql;
using ValueStream.Core.Wire;
using ValueStream.Testing;

namespace ValueStream.Server.Tests.Api.Operations;

/// <summary>The database goes away and comes back; the server stays.</summary>
public sealed class DatabaseGoneTests
{
    [Fact]
    public async Task While_the_database_is_away_the_server_says_when_to_try_again_and_afterwards_it_goes_on()
    {
        var connectionString = await TestPostgres.NewDatabaseAsync();
        Assert.SkipWhen(connectionString is null, "Postgres is not installed here.");
        await using var server = await ServerProcess.StartAsync(connectionString);
        var client = new ApiClient(server.Http);
        await client.RecordAsync(Sent.Start("default", "1"));
        var end = $$"""{"eventId":"{{Guid.CreateVersion7()}}",{{Sent.End("default", "1", 5)[1..]}}""";

        await AllowAsync(connectionString, false);
        var event_ = client.PostAsync(Routes.Events, end);
        foreach (var address in new[] { "/api/v1/runs", "/api/v1/log/head", "/api/v1/projections", "/runs" })
        {
            var answer = await client.GetAsync(address);
            answer.IsProblem(503, "database");
            Assert.Equal("2", answer.Headers["Retry-After"]);
        }
        foreach (var address in new[] { "/", "/runs", "/audit", "/system" })
        {
            var page = await client.GetAsync(address, ("Accept", "text/html"));
            Assert.Equal((503, "2"), (page.Status, page.Headers["Retry-After"]));
            Assert.Contains("http-equiv=\"refresh\"", page.Text, StringComparison.Ordinal);
        }
        var notReady = await client.GetAsync("/readyz");
        var refused = await event_;

        Assert.Equal(503, notReady.Status);
        Assert.False(notReady.Json.GetProperty("ready").GetBoolean());
        Assert.Contains("database", notReady.Json.GetProperty("problems")[0].GetString(), StringComparison.Ordinal);
        Assert.Equal(200, (await client.GetAsync("/healthz")).Status);
        refused.IsProblem(503, "again");
        Assert.Equal("2", refused.Headers["Retry-After"]);
        (await client.PostAsync(Routes.Events, "hello")).IsProblem(400);

        await AllowAsync(connectionString, true);
        Assert.Equal(200, (await client.GetAsync("/readyz")).Status);
        Assert.Equal(200, (await client.PostAsync(Routes.Events, end)).Status);
        await client.CaughtUpAsync();
        Assert.Equal(2, await client.HeadAsync());
        Assert.Equal(["ended"], (await client.ReadAsync("/api/v1/runs")).Each("state"));
    }

    /// <summary>Lets connections to the database be, or ends them and refuses new ones.</summary>
    private static async Task AllowAsync(string connectionString, bool allow)
    {
        var database = new NpgsqlConnectionStringBuilder(connectionString).Database;
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Database = "postgres" }.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(
            $"ALTER DATABASE {database} ALLOW_CONNECTIONS {allow}; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE NOT {allow} AND datname = '{database}'", connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
