using Npgsql;

namespace ValueStream.Store.Tests.Log;

/// <summary>An append waits for the disk, whatever the database says of commits.</summary>
public sealed class DurableAppendTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Appends_commit_synchronously_where_the_database_has_that_switched_off()
    {
        await using var first = await StoreFixture.PostgresAsync();
        var name = new NpgsqlConnectionStringBuilder(first.ConnectionString).Database;
        // What is in force when the transaction commits: deferred triggers run then.
        await ExecuteAsync(first.ConnectionString, $"""
            ALTER DATABASE {name} SET synchronous_commit = off;
            CREATE TABLE seen (setting text);
            CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO seen VALUES (current_setting(''synchronous_commit'')); RETURN NULL; END';
            CREATE CONSTRAINT TRIGGER see AFTER UPDATE ON log_head DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION see();
            """);
        // New connections, to which the setting applies.
        await using var store = first.Beside();
        await store.Log.StartAsync(Cancel);
        var known = Given.Start(Given.Run("1"));

        await store.AppendAsync(known);
        await store.AppendAsync(Given.Start(Given.Run("2")));
        await store.AppendAsync(known);

        Assert.Equal("off", await AskAsync(store.ConnectionString, "SHOW synchronous_commit"));
        // The first is appended with a look at the head, the second in one statement; the third tells that it is stored, which is a promise too.
        Assert.Equal("on on on", await AskAsync(store.ConnectionString, "SELECT string_agg(setting, ' ') FROM seen"));
    }

    private static async Task ExecuteAsync(string connectionString, string sql)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancel);
    }

    private static async Task<string?> AskAsync(string connectionString, string sql)
    {
        await using var source = NpgsqlDataSource.Create(connectionString + ";Pooling=false");
        await using var command = source.CreateCommand(sql);
        return (string?)await command.ExecuteScalarAsync(Cancel);
    }
}
