using System.Net;
using System.Net.Sockets;
using ValueStream.Testing;

namespace ValueStream.Server.Tests.Api.Operations;

/// <summary>What stops a start says which setting is wrong and what to do, in a sentence.</summary>
public sealed class StartTests : IDisposable
{
    private const string Token = "VALUESTREAM_BOOTSTRAP_TOKEN";

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task An_address_that_others_can_reach_needs_a_token() =>
        IsRefused(await ServerProcess.RunAsync(_folder.Database, "http://0.0.0.0:0", null), Token, "openssl rand", "Oidc__Authority", "http://127.0.0.1:5000");

    [Fact]
    public async Task With_a_token_the_server_listens_where_others_can_reach_it()
    {
        await using var server = await ServerProcess.StartAsync(_folder.Database, "http://0.0.0.0:0", new Dictionary<string, string> { [Token] = new('t', 20) });
        using var http = new HttpClient { BaseAddress = new Uri(server.Url.Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal).Replace("[::]", "127.0.0.1", StringComparison.Ordinal)) };

        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/healthz", TestContext.Current.CancellationToken)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync("/runs", TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact]
    public async Task A_flag_that_is_not_known_is_refused() => IsRefused(await RunAsync(null, "--dmeo"), "--dmeo", "--demo", "--migrate-only", "--urls");

    [Fact]
    public async Task A_reporting_zone_that_is_none_is_refused() =>
        IsRefused(await RunAsync(new() { ["ReportingZone"] = "Europe/Atlantis" }), "ReportingZone", "Europe/Atlantis", "Europe/Berlin", "UTC");

    [Fact]
    public async Task Projections_count_in_the_days_of_the_reporting_zone_and_are_made_anew_in_those_of_another()
    {
        await using (var first = await ServerProcess.StartAsync(_folder.Database, null, new Dictionary<string, string> { ["ReportingZone"] = "Europe/Berlin" }))
        {
            await new ApiClient(first.Http).RecordAsync(Sent.Start("default", "1"));
            Assert.Equal("Europe/Berlin", await ZoneAsync(first));
        }
        await using var second = await ServerProcess.StartAsync(_folder.Database);

        await Until.HoldsAsync("the projections are in UTC", async () => await ZoneAsync(second) == "UTC");

        static async Task<string?> ZoneAsync(ServerProcess server) => (await new ApiClient(server.Http).ReadAsync("/api/v1/projections")).GetProperty("items")[0].Text("zone");
    }

    [Fact]
    public async Task A_demo_refuses_Postgres() =>
        IsRefused(await ServerProcess.RunAsync("Host=127.0.0.1;Database=precious", null, null, "--demo"), "--demo", "ConnectionStrings__ValueStream");

    [Theory]
    [InlineData("Host=127.0.0.1;Port=1;Password=hunter2;Username=u", "ConnectionStrings__ValueStream", "127.0.0.1:1")]
    [InlineData("Data Source=/proc/nowhere/x.db", "ConnectionStrings__ValueStream", "/proc/nowhere")]
    public async Task A_database_that_cannot_be_used_ends_the_start(string connectionString, params string[] says)
    {
        var run = await ServerProcess.RunAsync(connectionString, null, null);

        IsRefused(run, says);
        Assert.DoesNotContain("hunter2", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_left_as_it_is()
    {
        var path = Path.Combine(_folder.Path, "letter.txt");
        await File.WriteAllTextAsync(path, new string('x', 5000), TestContext.Current.CancellationToken);

        IsRefused(await ServerProcess.RunAsync($"Data Source={path}", null, null), "ConnectionStrings__ValueStream");

        Assert.Equal(new string('x', 5000), await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_second_server_on_one_SQLite_file_refuses_to_start_and_the_first_goes_on()
    {
        await using var first = await ServerProcess.StartAsync(_folder.Database);

        IsRefused(await RunAsync(null), "test.db", "Postgres");

        await new ApiClient(first.Http).RecordAsync(Sent.Start("default", "1"));
    }

    [Fact]
    public async Task A_database_is_free_again_after_its_server_was_stopped_or_killed()
    {
        await using (var first = await ServerProcess.StartAsync(_folder.Database))
        {
            await new ApiClient(first.Http).RecordAsync(Sent.Start("default", "1"));
            await first.StopAsync();
        }
        await using (var second = await ServerProcess.StartAsync(_folder.Database))
        {
            await second.KillAsync();
        }
        await using var third = await ServerProcess.StartAsync(_folder.Database);

        Assert.Equal(1, await new ApiClient(third.Http).HeadAsync());
    }

    [Fact]
    public async Task An_address_that_is_taken_ends_the_start()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var url = $"http://{taken.LocalEndpoint}";

        IsRefused(await ServerProcess.RunAsync(_folder.Database, url, null), url, "--urls");
    }

    public void Dispose() => _folder.Dispose();

    private Task<(int ExitCode, string Output)> RunAsync(Dictionary<string, string>? environment, params string[] arguments) =>
        ServerProcess.RunAsync(_folder.Database, null, environment, arguments);

    private static void IsRefused((int ExitCode, string Output) run, params string[] says)
    {
        Assert.True(run.ExitCode == 2, $"{run.ExitCode}: {run.Output}");
        Assert.DoesNotContain("Unhandled exception", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("ValueStream is at", run.Output, StringComparison.Ordinal);
        Assert.All(says, text => Assert.Contains(text, run.Output, StringComparison.OrdinalIgnoreCase));
    }
}

/// <summary><c>--migrate-only</c>, on each database.</summary>
public abstract class MigrateOnlyContract
{
    protected abstract Task<string?> NewDatabaseAsync();

    [Fact]
    public async Task It_brings_the_database_up_to_date_and_stops()
    {
        var connectionString = await NewDatabaseAsync();
        Assert.SkipWhen(connectionString is null, "Postgres is not installed here.");

        var (exitCode, output) = await ServerProcess.RunAsync(connectionString, null, null, "--migrate-only");

        Assert.True(exitCode == 0, output);
        Assert.DoesNotContain("ValueStream is at", output, StringComparison.Ordinal);
        await using var server = await ServerProcess.StartAsync(connectionString);
        Assert.Equal(0, await new ApiClient(server.Http).HeadAsync());
    }
}

public sealed class PostgresMigrateOnlyTests : MigrateOnlyContract
{
    protected override Task<string?> NewDatabaseAsync() => TestPostgres.NewDatabaseAsync();
}

public sealed class SqliteMigrateOnlyTests : MigrateOnlyContract, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    protected override Task<string?> NewDatabaseAsync() => Task.FromResult<string?>(_folder.Database);
}
