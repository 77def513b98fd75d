using ValueStream.Testing;

namespace ValueStream.Server.Tests.EndToEnd;

/// <summary>The databases that a server runs on, for tests that start their own servers.</summary>
internal static class Databases
{
    /// <summary>A new Postgres database; without a Postgres the test is skipped.</summary>
    public static async Task<TestDatabase> PostgresAsync()
    {
        var database = await TestDatabase.PostgresAsync();
        Assert.SkipWhen(database is null, "Postgres is not installed here.");
        return database;
    }

    /// <summary>A new SQLite database.</summary>
    public static Task<TestDatabase> SqliteAsync() => Task.FromResult(TestDatabase.Sqlite());
}
