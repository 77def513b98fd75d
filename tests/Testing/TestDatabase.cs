using Microsoft.Data.Sqlite;
using Npgsql;

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

    /// <summary>Writes a backup with the database's own tools.</summary>
    /// <param name="file">Where to; there must be nothing yet.</param>
    public async Task BackUpAsync(string file)
    {
        if (_folder is null)
        {
            PostgresBinaries.Own(Path.GetDirectoryName(file)!);
            PostgresBinaries.RunPostgres("pg_dump", "-Fc", "-f", file, "-d", Uri);
            return;
        }
        await using var connection = new SqliteConnection(ConnectionString);
        await connection.OpenAsync();
        await using var command = new SqliteCommand($"VACUUM INTO '{file}'", connection);
        await command.ExecuteNonQueryAsync();
        SqliteConnection.ClearPool(connection);
    }

    /// <summary>Puts a backup in the database's place, whoever uses it.</summary>
    public async Task RestoreAsync(string file)
    {
        if (_folder is not null)
        {
            foreach (var old in Directory.EnumerateFiles(_folder, "test.db*").Where(static f => !f.EndsWith(".lock", StringComparison.Ordinal)))
            {
                File.Delete(old);
            }
            File.Copy(file, Path.Combine(_folder, "test.db"));
            return;
        }
        var builder = new NpgsqlConnectionStringBuilder(ConnectionString);
        var name = builder.Database;
        builder.Database = "postgres";
        await using (var connection = new NpgsqlConnection(builder.ConnectionString))
        {
            await connection.OpenAsync();
            foreach (var statement in new[] { $"DROP DATABASE {name} WITH (FORCE)", $"CREATE DATABASE {name} TEMPLATE template0" })
            {
                await using var command = new NpgsqlCommand(statement, connection);
                await command.ExecuteNonQueryAsync();
            }
        }
        PostgresBinaries.RunPostgres("pg_restore", "-d", Uri, file);
    }

    /// <summary>As Postgres's own programs take it.</summary>
    private string Uri
    {
        get
        {
            var builder = new NpgsqlConnectionStringBuilder(ConnectionString);
            return $"host={builder.Host} port={builder.Port} user={builder.Username} dbname={builder.Database}";
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_folder is not null)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }
}
