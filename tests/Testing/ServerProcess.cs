using System.Diagnostics;
using System.Text;

namespace ValueStream.Testing;

/// <summary>The real server, as a process of its own on a free port of this machine.</summary>
public sealed class ServerProcess : IAsyncDisposable
{
    private const string Announcement = "ValueStream is at ";

    private readonly Process _process;
    private readonly StringBuilder _output = new();

    private ServerProcess(Process process) => _process = process;

    /// <summary>Where it listens, without a slash at the end.</summary>
    public string Url { get; private set; } = "";

    /// <summary>Its process id.</summary>
    public int Id => _process.Id;

    /// <summary>A client for it.</summary>
    public HttpClient Http { get; private set; } = new();

    /// <summary>What it has written so far.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>Starts a server and waits until it listens.</summary>
    /// <param name="connectionString">Its database.</param>
    /// <param name="url">Where it is to listen; a free port of its own choice when null.</param>
    /// <param name="environment">More variables.</param>
    /// <param name="arguments">More arguments.</param>
    /// <exception cref="InvalidOperationException">It stopped instead; the message has what it wrote.</exception>
    public static async Task<ServerProcess> StartAsync(
        string connectionString, string? url = null, IReadOnlyDictionary<string, string>? environment = null, params string[] arguments)
    {
        var server = new ServerProcess(Launch(connectionString, url, environment, arguments));
        var listening = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        server._process.OutputDataReceived += (_, line) => server.Read(line.Data, listening);
        server._process.ErrorDataReceived += (_, line) => server.Read(line.Data, listening);
        server._process.EnableRaisingEvents = true;
        server._process.Exited += (_, _) => listening.TrySetException(new InvalidOperationException($"The server stopped:\n{server.Output}"));
        server._process.BeginOutputReadLine();
        server._process.BeginErrorReadLine();
        await listening.Task.WaitAsync(TimeSpan.FromSeconds(60));
        server.Http = new HttpClient { BaseAddress = new Uri(server.Url), Timeout = TimeSpan.FromSeconds(60) };
        return server;
    }

    /// <summary>Runs a server that is expected to stop by itself.</summary>
    /// <returns>Its exit code and all it wrote.</returns>
    public static Task<(int ExitCode, string Output)> RunAsync(
        string connectionString, string? url, IReadOnlyDictionary<string, string>? environment, params string[] arguments) =>
        EndAsync(Launch(connectionString, url, environment, arguments));

    /// <summary>Runs a command of the server's program, which listens nowhere.</summary>
    /// <returns>Its exit code and all it wrote, what goes to standard output first.</returns>
    public static Task<(int ExitCode, string Output)> CommandAsync(string connectionString, params string[] arguments) =>
        EndAsync(Launch(connectionString, null, [.. arguments]));

    private static async Task<(int ExitCode, string Output)> EndAsync(Process launched)
    {
        using var process = launched;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw new TimeoutException("The server did not stop by itself.");
        }
        return (process.ExitCode, await output + await error);
    }

    /// <summary>Ends it as a power cut would.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Ends it politely and waits.</summary>
    public async Task StopAsync()
    {
        Signal("TERM");
        await _process.WaitForExitAsync();
    }

    /// <summary>Sends it a signal: STOP, CONT, TERM.</summary>
    public void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", $"{Id}"]);
        kill.WaitForExit();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }
        _process.Dispose();
        Http.Dispose();
    }

    private static Process Launch(
        string connectionString, string? url, IReadOnlyDictionary<string, string>? environment, string[] arguments) =>
        Launch(connectionString, environment, ["--urls", url ?? "http://127.0.0.1:0", .. arguments]);

    private static Process Launch(string connectionString, IReadOnlyDictionary<string, string>? environment, string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "ValueStream.Server.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        start.Environment["ConnectionStrings__ValueStream"] = connectionString;
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }
        return Process.Start(start)!;
    }

    private void Read(string? line, TaskCompletionSource listening)
    {
        if (line is null)
        {
            return;
        }
        lock (_output)
        {
            _output.AppendLine(line);
        }
        if (line.StartsWith(Announcement, StringComparison.Ordinal))
        {
            Url = line[Announcement.Length..].Split(' ')[0];
            listening.TrySetResult();
        }
    }
}
