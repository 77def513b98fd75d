using Npgsql;
using Testcontainers.PostgreSql;

namespace ValueStream.Testing;

/// <summary>
/// A Postgres for tests, one for the whole test process, a fresh database for each test: the server that
/// VALUESTREAM_TEST_POSTGRES names, else local binaries, else a container where a Docker socket exists. Without any of them
/// tests are skipped, visibly; with CI=true they fail.
/// </summary>
public sealed class TestPostgres : IAsyncDisposable
{
    private static readonly Lazy<Task<TestPostgres?>> Shared = new(StartAsync);
    private static int _databases;

    private readonly string _connectionString;
    private readonly Func<ValueTask> _stop;

    private TestPostgres(string connectionString, Func<ValueTask> stop) => (_connectionString, _stop) = (connectionString, stop);

    /// <summary>Whether missing tools are a failure rather than a reason to skip.</summary>
    public static bool IsCi => Environment.GetEnvironmentVariable("CI") == "true";

    /// <summary>The connection string of a new, empty database; null when there is no Postgres to be had.</summary>
    public static async Task<string?> NewDatabaseAsync()
    {
        if (await Shared.Value is not { } server)
        {
            return IsCi ? throw new InvalidOperationException("CI must have Postgres: install Debian's package 'postgresql'.") : null;
        }
        var name = $"test_{Environment.ProcessId}_{Interlocked.Increment(ref _databases)}";
        await using var connection = new NpgsqlConnection(server._connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"CREATE DATABASE {name} TEMPLATE template0", connection);
        await command.ExecuteNonQueryAsync();
        return new NpgsqlConnectionStringBuilder(server._connectionString) { Database = name, MaxPoolSize = 30 }.ConnectionString;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _stop();

    private static async Task<TestPostgres?> StartAsync()
    {
        var server = Environment.GetEnvironmentVariable("VALUESTREAM_TEST_POSTGRES") is { Length: > 0 } given
            ? new TestPostgres(given, static () => ValueTask.CompletedTask)
            : PostgresBinaries.Find() is not null ? StartLocal()
            : File.Exists("/var/run/docker.sock") ? await StartContainerAsync()
            : null;
        if (server is not null)
        {
            AppDomain.CurrentDomain.ProcessExit += (_, _) => server._stop().AsTask().Wait();
        }
        return server;
    }

    private static TestPostgres StartLocal()
    {
        var folder = PostgresBinaries.NewFolder();
        var data = Path.Combine(folder, "data");
        PostgresBinaries.RunPostgres("initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8");
        PostgresBinaries.RunPostgres("pg_ctl", "-D", data, "-w", "-l", Path.Combine(folder, "log"), "-o",
            $"-c listen_addresses='' -c unix_socket_directories='{folder}' -c max_connections=300", "start");
        return new TestPostgres($"Host={folder};Username=postgres;Database=postgres", () =>
        {
            PostgresBinaries.RunPostgres("pg_ctl", "-D", data, "-m", "immediate", "stop");
            // A hundred databases are some thousand files: they go by themselves, for the test runner waits ten seconds at most.
            PostgresBinaries.Run("/bin/sh", "-c", "rm -rf \"$0\" &", folder);
            return ValueTask.CompletedTask;
        });
    }

    private static async Task<TestPostgres> StartContainerAsync()
    {
        var container = new PostgreSqlBuilder("postgres:17-alpine").Build();
        await container.StartAsync();
        return new TestPostgres(container.GetConnectionString(), container.DisposeAsync);
    }
}
