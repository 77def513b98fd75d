using System.Diagnostics;
using System.Net.Sockets;

namespace ValueStream.Testing;

/// <summary>PgBouncer in transaction mode in front of a Postgres, with fewer connections than its clients have.</summary>
public sealed class PgBouncer : IAsyncDisposable
{
    private const string Program = "/usr/sbin/pgbouncer";

    private readonly string _folder = PostgresBinaries.NewFolder();
    private readonly int _port = PostgresCluster.FreePort();
    private Process? _process;

    private PgBouncer()
    {
    }

    /// <summary>Whether it can be had on this machine.</summary>
    public static bool IsAvailable => File.Exists(Program);

    /// <summary>The cluster's database, through it.</summary>
    public string ConnectionString => $"Host=127.0.0.1;Port={_port};Username=postgres;Database=valuestream";

    /// <summary>Starts one.</summary>
    public static async Task<PgBouncer> StartNewAsync(PostgresCluster cluster)
    {
        var bouncer = new PgBouncer();
        await File.WriteAllTextAsync(Path.Combine(bouncer._folder, "users.txt"), "\"postgres\" \"\"\n");
        await File.WriteAllTextAsync(bouncer.Settings, $"""
            [databases]
            * = host=127.0.0.1 port={cluster.Port}
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {bouncer._port}
            unix_socket_dir =
            auth_type = trust
            auth_file = {bouncer._folder}/users.txt
            logfile = {bouncer._folder}/log
            pool_mode = transaction
            default_pool_size = 4

            """);
        await bouncer.StartAsync();
        return bouncer;
    }

    /// <summary>Starts it and waits until it listens.</summary>
    public async Task StartAsync()
    {
        var (program, arguments) = PostgresBinaries.AsPostgres(Program, "-q", Settings);
        _process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = "/" })!;
        for (var began = Stopwatch.GetTimestamp(); ; await Task.Delay(25))
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync("127.0.0.1", _port);
                return;
            }
            catch (SocketException) when (!_process.HasExited && Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(10))
            {
            }
        }
    }

    /// <summary>Kills it, and with it every connection through it.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await KillAsync();
        }
        catch (InvalidOperationException)
        {
            // It is not running.
        }
        Directory.Delete(_folder, recursive: true);
    }

    private string Settings => Path.Combine(_folder, "pgbouncer.ini");
}
