namespace ValueStream.Testing;

/// <summary>A new, empty database for a server that is a process of its own; a SQLite file goes with it.</summary>
public sealed class TestDatabase : IDisposable
{
    private readonly string? _folder;

    private TestDatabase(string connectionString, string? folder) => (ConnectionString, _folder) = (connectionString, folder);

    /// <summary>As <c>ConnectionStrings__ValueStream</c> takes it.</summary>
    public string ConnectionString { get; }

    /// <summary>A SQLite file in a folder of its own.</summary>
    public static TestDatabase Sqlite()
    {
        var folder = Directory.CreateTempSubdirectory("valuestream-test-").FullName;
        return new TestDatabase($"Data Source={Path.Combine(folder, "test.db")}", folder);
    }

    /// <summary>A Postgres database; null where there is no Postgres.</summary>
    public static async Task<TestDatabase?> PostgresAsync() =>
        await TestPostgres.NewDatabaseAsync() is { } connectionString ? new TestDatabase(connectionString, null) : null;

    /// <summary>One that is there already, and stays.</summary>
    public static TestDatabase At(string connectionString) => new(connectionString, null);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_folder is not null)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }
}
