using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using ValueStream.Core.Wire;
using ValueStream.Server.Tests.EndToEnd;
using ValueStream.Testing;

namespace ValueStream.Server.Tests.Faults;

/// <summary>
/// Servers under load whose database is mistreated, and what must be true after it. The servers are not started again: they
/// recover by themselves. It goes on for VALUESTREAM_FAULT_SECONDS, and for one fault at least.
/// </summary>
internal sealed class Trial : IAsyncDisposable
{
    private const int Clients = 16;

    // Within 5 s a request is answered whose batch is tried; it waits for one before it at most, and a busy machine takes its own time.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(12);
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan? Duration =
        double.TryParse(Environment.GetEnvironmentVariable("VALUESTREAM_FAULT_SECONDS"), CultureInfo.InvariantCulture, out var seconds) ? TimeSpan.FromSeconds(seconds) : null;

    private readonly Load _load = new();
    private readonly TestDatabase _database;
    private readonly long _began = Stopwatch.GetTimestamp();

    private Trial(TestDatabase database) => _database = database;

    /// <summary>The servers.</summary>
    public List<ServerProcess> Servers { get; } = [];

    /// <summary>How often a server refused so far.</summary>
    public int Refusals => _load.Refusals;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Skips the test where something is missing; on CI that is a failure.</summary>
    public static void Needs(bool isThere, string what)
    {
        Assert.False(TestPostgres.IsCi && !isThere, $"CI must have {what}.");
        Assert.SkipUnless(isThere, $"{what} is not installed here.");
    }

    /// <summary>Their bounds are times: beside other tests on a busy machine they would say nothing.</summary>
    private static void NeedsTime() =>
        Assert.SkipUnless(Duration is not null, "The fault tests run by themselves, with VALUESTREAM_FAULT_SECONDS=0 (each fault once) or more; see docs/operations.md.");

    /// <summary>A Postgres of the test's own.</summary>
    public static Task<PostgresCluster> NewClusterAsync(string? data = null, params string[] settings)
    {
        NeedsTime();
        Needs(PostgresCluster.IsAvailable, "Postgres");
        return PostgresCluster.StartNewAsync(data, settings);
    }

    /// <summary>Starts servers on a database, and clients that write to them.</summary>
    public static async Task<Trial> StartAsync(string connectionString, int servers = 1)
    {
        NeedsTime();
        var trial = new Trial(TestDatabase.At(connectionString));
        try
        {
            while (trial.Servers.Count < servers)
            {
                trial.Servers.Add(await ServerProcess.StartAsync(connectionString));
            }
            trial._load.Start([.. trial.Servers.Select(static s => s.Http)], Clients);
            await trial.WritesAsync();
            return trial;
        }
        catch
        {
            await trial.DisposeAsync();
            throw;
        }
    }

    /// <summary>Does something bad, and waits until events are taken again, until the time is over.</summary>
    /// <param name="fault">What to do; it is told how often it was done before.</param>
    public async Task RunAsync(Func<int, Task> fault)
    {
        var round = 0;
        do
        {
            await fault(round++);
            await WritesAsync();
        }
        while (Stopwatch.GetElapsedTime(_began) < Duration);
    }

    /// <summary>Waits until some hundred more events are taken.</summary>
    public Task WritesAsync()
    {
        var enough = _load.Acknowledged.Count + 300;
        return Until.AsksAsync(() => Task.FromResult(_load.Acknowledged.Count), count => count >= enough, Recovery);
    }

    /// <summary>Waits until clients are told that the server takes nothing now.</summary>
    public Task RefusesAsync()
    {
        var enough = _load.Refusals + 1;
        return Until.AsksAsync(() => Task.FromResult(_load.Refusals), count => count >= enough, Recovery);
    }

    /// <summary>
    /// Ends the load. Every acknowledged event is in the log, once, at the position told; positions have no gap; the chain verifies; the
    /// projections have read everything; what was not taken was refused with a problem and when to try again, in time.
    /// </summary>
    /// <param name="asking">The server that is asked; the first when null.</param>
    public async Task AssertNothingLostAsync(ServerProcess? asking = null)
    {
        await _load.StopAsync();
        var http = (asking ?? Servers[0]).Http;
        await using var log = new StoredLog(_database);
        await log.AssertHoldsAsync(_load);
        await log.AssertProjectedAsync(Recovery);

        using var verified = await http.PostAsync("/api/v1/log/verify", null, Cancel);
        var last = JsonSerializer.Deserialize((await verified.Content.ReadAsStringAsync(Cancel)).TrimEnd().Split('\n')[^1], WireJson.Default.VerifyProgress)!;
        Assert.True(last is { Done: true, Fault: null } && last.Position >= _load.Acknowledged.Count, $"{last}");
        var projections = await http.GetFromJsonAsync("/api/v1/projections", WireJson.Default.ListViewProjectionView, Cancel);
        Assert.All(projections!.Items, static p => Assert.Equal((0L, 0), (p.LagEvents, p.SetAside.Count)));
        using var ready = await http.GetAsync("/readyz", Cancel);
        Assert.True(ready.IsSuccessStatusCode, await ready.Content.ReadAsStringAsync(Cancel));

        Assert.True(_load.LongestWait < LongestWait, $"A client waited {_load.LongestWait}.");
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{_load.Acknowledged.Count} events taken, {_load.Refusals} refusals, longest wait {_load.LongestWait}, longest silence {_load.LongestSilence()}");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _load.StopAsync();
        _load.Dispose();
        foreach (var server in Servers)
        {
            await server.DisposeAsync();
        }
        _database.Dispose();
    }
}

/// <summary>One after another, and beside nothing else: they take what the machine has.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class FaultTests
{
    public const string Name = "faults";
}
