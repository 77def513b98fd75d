using ValueStream.Testing;

namespace ValueStream.Server.Tests.Api;

/// <summary>A real server for all tests of a collection, which run one after another: what they record they record under ids of their own.</summary>
public abstract class ApiServer : IAsyncLifetime
{
    private ServerProcess? _process;

    /// <summary>The server; where its database cannot be had the test is skipped.</summary>
    public ServerProcess Process
    {
        get
        {
            Assert.SkipWhen(_process is null, "Postgres is not installed here.");
            return _process;
        }
    }

    /// <summary>Its database.</summary>
    public string ConnectionString { get; private set; } = "";

    /// <summary>A client for it.</summary>
    public ApiClient Client => field ??= new ApiClient(Process.Http);

    public async ValueTask InitializeAsync()
    {
        if (await NewDatabaseAsync() is { } connectionString)
        {
            ConnectionString = connectionString;
            _process = await ServerProcess.StartAsync(connectionString, null, Environment);
        }
    }

    public virtual async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }
        GC.SuppressFinalize(this);
    }

    /// <summary>More of the server's environment.</summary>
    protected virtual IReadOnlyDictionary<string, string>? Environment => null;

    /// <summary>The connection string of a new database; null where there is none to be had.</summary>
    protected abstract Task<string?> NewDatabaseAsync();
}

/// <summary>A server on Postgres.</summary>
public sealed class PostgresServer : ApiServer
{
    protected override Task<string?> NewDatabaseAsync() => TestPostgres.NewDatabaseAsync();
}

/// <summary>A server on SQLite.</summary>
public class SqliteServer : ApiServer
{
    private readonly TemporaryFolder _folder = new();

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    protected override Task<string?> NewDatabaseAsync() => Task.FromResult<string?>(_folder.Database);
}

/// <summary>A folder that goes with the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("valuestream-api-").FullName;

    /// <summary>The connection string of a SQLite database in it.</summary>
    public string Database => $"Data Source={System.IO.Path.Combine(Path, "test.db")}";

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

[CollectionDefinition(Name)]
public sealed class OnPostgres : ICollectionFixture<PostgresServer>
{
    public const string Name = "a server on Postgres";
}

[CollectionDefinition(Name)]
public sealed class OnSqlite : ICollectionFixture<SqliteServer>
{
    public const string Name = "a server on SQLite";
}
