using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace ValueStream.Testing;

/// <summary>A Postgres of the test's own, to be mistreated: on a free port of this machine, gone with the test.</summary>
public sealed class PostgresCluster : IAsyncDisposable
{
    private readonly string _folder;
    private readonly string[] _settings;

    private PostgresCluster(string folder, string data, string[] settings) => (_folder, Data, _settings) = (folder, data, settings);

    /// <summary>Whether it can be had on this machine.</summary>
    public static bool IsAvailable => PostgresBinaries.Find() is not null;

    /// <summary>Its data folder.</summary>
    public string Data { get; }

    /// <summary>Where it listens on 127.0.0.1.</summary>
    public int Port { get; } = FreePort();

    /// <summary>What is started in the place of Postgres's own program, with its arguments; null for that itself.</summary>
    public string? Program { get; set; }

    /// <summary>Its database <c>valuestream</c>.</summary>
    public string ConnectionString => $"Host=127.0.0.1;Port={Port};Username=postgres;Database=valuestream";

    /// <summary>What it has written so far.</summary>
    public string Output => File.Exists(Log) ? File.ReadAllText(Log) : "";

    private string Log => Path.Combine(_folder, "log");

    /// <summary>Makes and starts one with an empty database.</summary>
    /// <param name="data">An empty folder for its data, in which its write-ahead log is not; null for one beside everything else.</param>
    /// <param name="settings">More settings, as <c>name=value</c>.</param>
    public static async Task<PostgresCluster> StartNewAsync(string? data = null, params string[] settings)
    {
        var folder = PostgresBinaries.NewFolder();
        var cluster = new PostgresCluster(folder, data ?? Path.Combine(folder, "data"), settings);
        try
        {
            PostgresBinaries.RunPostgres("initdb", ["-D", cluster.Data, "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8",
                .. data is null ? (string[])[] : ["--waldir", Path.Combine(folder, "wal")]]);
            cluster.Start();
            await cluster.ExecuteAsync("CREATE DATABASE valuestream", "postgres");
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>A copy that follows this one as a hot standby, and is started.</summary>
    /// <param name="name">How it calls itself, for <c>synchronous_standby_names</c>.</param>
    public PostgresCluster StartStandby(string name)
    {
        var folder = PostgresBinaries.NewFolder();
        var standby = new PostgresCluster(folder, Path.Combine(folder, "data"), []);
        PostgresBinaries.RunPostgres("pg_basebackup", "-D", standby.Data, "-d", $"host=127.0.0.1 port={Port} user=postgres application_name={name}",
            "--checkpoint=fast", "--write-recovery-conf", "--no-sync");
        standby.Start();
        return standby;
    }

    /// <summary>Starts it. What a killed one left running must have gone first, which may take a moment.</summary>
    public void Start()
    {
        for (var began = Stopwatch.GetTimestamp(); ;)
        {
            try
            {
                PostgresBinaries.RunPostgres("pg_ctl", ["-D", Data, "-w", "-l", Log, .. Program is null ? (string[])[] : ["-p", Program], "-o",
                    string.Join(' ', ((string[])[$"listen_addresses=127.0.0.1", $"port={Port}", $"unix_socket_directories={_folder}", .. _settings]).Select(static s => $"-c {s}")), "start"]);
                return;
            }
            catch (InvalidOperationException) when (Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(20))
            {
                Thread.Sleep(100);
            }
        }
    }

    /// <summary>Stops it.</summary>
    /// <param name="mode"><c>fast</c> ends its sessions, <c>immediate</c> leaves a crash behind.</param>
    public void Stop(string mode = "fast") => PostgresBinaries.RunPostgres("pg_ctl", "-D", Data, "-w", "-m", mode, "stop");

    /// <summary>Makes a standby the primary.</summary>
    public void Promote() => PostgresBinaries.RunPostgres("pg_ctl", "-D", Data, "-w", "promote");

    /// <summary>Kills the postmaster as a power cut would; its children end when they notice.</summary>
    public void Kill() => Signal("KILL", Postmaster);

    /// <summary>Kills one process that serves a client; the postmaster then ends all others and recovers by itself.</summary>
    public async Task KillBackendAsync() =>
        Signal("KILL", await AskAsync<int>("SELECT pid FROM pg_stat_activity WHERE datname = 'valuestream' AND pid <> pg_backend_pid() ORDER BY state_change DESC LIMIT 1"));

    /// <summary>All of it stands still: connections are taken by the kernel, and nobody answers.</summary>
    public void Pause() => Signal("STOP", [Postmaster, .. Children()]);

    /// <summary>It goes on after <see cref="Pause"/>.</summary>
    public void Continue() => Signal("CONT", [Postmaster, .. Children()]);

    /// <summary>Runs a statement as an administrator.</summary>
    public async Task ExecuteAsync(string sql, string database = "valuestream")
    {
        await using var connection = await OpenAsync(database);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Asks for one value as an administrator.</summary>
    public async Task<T> AskAsync<T>(string sql)
    {
        await using var connection = await OpenAsync("valuestream");
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync() is T value ? value : throw new InvalidOperationException($"No answer to {sql}");
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        if (File.Exists(Path.Combine(Data, "postmaster.pid")))
        {
            try
            {
                Continue();
                Stop("immediate");
            }
            catch (Exception e) when (e is InvalidOperationException or IOException)
            {
                // It was killed, and what it left says so.
            }
        }
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>A port of this machine that nobody listens on.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private int Postmaster => int.Parse(File.ReadLines(Path.Combine(Data, "postmaster.pid")).First(), CultureInfo.InvariantCulture);

    private async Task<NpgsqlConnection> OpenAsync(string database)
    {
        var connection = new NpgsqlConnection($"{ConnectionString};Database={database};Pooling=false");
        await connection.OpenAsync();
        return connection;
    }

    private int[] Children()
    {
        var parent = $"PPid:\t{Postmaster}";
        return [.. Directory.EnumerateDirectories("/proc").Where(d => int.TryParse(Path.GetFileName(d), out _) && IsChild(d)).Select(static d => int.Parse(Path.GetFileName(d), CultureInfo.InvariantCulture))];

        bool IsChild(string process)
        {
            try
            {
                return File.ReadLines(Path.Combine(process, "status")).Contains(parent);
            }
            catch (IOException)
            {
                // It has ended meanwhile.
                return false;
            }
        }
    }

    /// <summary>Those that have ended meanwhile do not matter.</summary>
    private static void Signal(string name, params IEnumerable<int> processes)
    {
        using var kill = Process.Start(new ProcessStartInfo("kill", [$"-{name}", .. processes.Select(static p => p.ToString(CultureInfo.InvariantCulture))]) { RedirectStandardError = true })!;
        kill.WaitForExit();
    }
}
