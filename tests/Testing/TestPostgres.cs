using System.Diagnostics;
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
            : FindBinaries() is { } binaries ? StartLocal(binaries)
            : File.Exists("/var/run/docker.sock") ? await StartContainerAsync()
            : null;
        if (server is not null)
        {
            AppDomain.CurrentDomain.ProcessExit += (_, _) => server._stop().AsTask().Wait();
        }
        return server;
    }

    private static string? FindBinaries() =>
        Directory.Exists("/usr/lib/postgresql")
            ? Directory.EnumerateDirectories("/usr/lib/postgresql").Select(static d => Path.Combine(d, "bin"))
                .Where(static d => File.Exists(Path.Combine(d, "initdb"))).Order(StringComparer.Ordinal).LastOrDefault()
            : null;

    /// <summary>Postgres refuses to run as root, so it runs as user postgres then, on a socket in a folder of its own.</summary>
    private static TestPostgres StartLocal(string binaries)
    {
        var folder = Directory.CreateTempSubdirectory("valuestream-postgres-").FullName;
        var asRoot = Environment.UserName == "root";
        if (asRoot)
        {
            Run("chown", ["postgres", folder]);
        }
        var data = Path.Combine(folder, "data");
        RunAs(binaries, "initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8");
        RunAs(binaries, "pg_ctl", "-D", data, "-w", "-l", Path.Combine(folder, "log"), "-o",
            $"-c listen_addresses='' -c unix_socket_directories='{folder}' -c max_connections=300", "start");
        return new TestPostgres($"Host={folder};Username=postgres;Database=postgres", () =>
        {
            RunAs(binaries, "pg_ctl", "-D", data, "-m", "immediate", "stop");
            // A hundred databases are some thousand files: they go by themselves, for the test runner waits ten seconds at most.
            Run("/bin/sh", ["-c", "rm -rf \"$0\" &", folder]);
            return ValueTask.CompletedTask;
        });

        void RunAs(string from, string program, params string[] arguments)
        {
            var path = Path.Combine(from, program);
            if (asRoot)
            {
                Run("setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", path, .. arguments]);
            }
            else
            {
                Run(path, arguments);
            }
        }
    }

    private static async Task<TestPostgres> StartContainerAsync()
    {
        var container = new PostgreSqlBuilder("postgres:17-alpine").Build();
        await container.StartAsync();
        return new TestPostgres(container.GetConnectionString(), container.DisposeAsync);
    }

    private static void Run(string program, string[] arguments)
    {
        // The output goes nowhere: pg_ctl's child keeps the pipe, so reading it to its end would wait for the server.
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "\"$0\" \"$@\" >/dev/null 2>&1 </dev/null", program, .. arguments])
        {
            WorkingDirectory = "/",
        })!;
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} ended with {process.ExitCode}.");
        }
    }
}
