using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Server.Ingest;
using ValueStream.Server.Operations;
using ValueStream.Store;
using ValueStream.Store.Log;
using ValueStream.Store.Queries;
using ValueStream.Testing;

namespace ValueStream.Server.Tests.Api.Intake;

/// <summary>Heartbeats of runs that the server took to have died, on each database.</summary>
public abstract class RevivalContract
{
    private static readonly RunId Run = new(SourceNames.CustomHttp, "build", "default", "1");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private protected abstract Task<string?> NewDatabaseAsync();

    [Fact]
    public async Task A_heartbeat_of_an_abandoned_run_is_logged_as_an_annotation_of_nothing_and_the_run_lives_again()
    {
        using var intake = await StartAsync();
        await AppendAsync(intake, EventKind.Started, TimeSpan.FromHours(9));
        await AppendAsync(intake, EventKind.Abandoned, TimeSpan.FromHours(8));
        Assert.Equal("abandoned", (await ReadAsync(intake)).State);

        var answers = await SendAsync(intake, """{"action":"heartbeat","run":{"type":"build","id":"1"},"lease":90}""", """{"action":"heartbeat","run":{"type":"build","id":"1"},"lease":90}""");

        Assert.All(answers, static a => Assert.Equal("accepted", a.Item.Status));
        Assert.Equal("running", (await ReadAsync(intake)).State);
        var logged = (await intake.Services.GetRequiredService<EventQueries>().ListAsync(new() { Run = Run.Key }, Visible.Everything, Cancel)).Items;
        Assert.Equal(["annotated", "abandoned", "started"], logged.Select(static e => e.Kind));
        Assert.Equal(("{}", "token:7"), (logged[0].Data.ToJson(), logged[0].Submitter));
    }

    [Fact]
    public async Task A_heartbeat_of_a_run_that_runs_is_not_logged()
    {
        using var intake = await StartAsync();
        await AppendAsync(intake, EventKind.Started, TimeSpan.FromHours(9));
        await ReadAsync(intake);

        await SendAsync(intake, """{"action":"heartbeat","run":{"type":"build","id":"1"},"lease":90}""");

        Assert.Equal(1, (await intake.Services.GetRequiredService<EventQueries>().HeadAsync(Cancel)).Position);
    }

    private async Task<IHost> StartAsync()
    {
        var connectionString = await NewDatabaseAsync();
        Assert.SkipWhen(connectionString is null, "Postgres is not installed here.");
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddLogging(static l => l.ClearProviders()).AddMetrics().AddSingleton(TimeProvider.System).AddStore(connectionString).AddStoreWorkers()
            .AddSingleton<ServerMetrics>().AddSingleton<Ingestor>();
        var host = builder.Build();
        await host.Services.GetRequiredService<Migrator>().MigrateAsync(Cancel);
        await host.StartAsync(Cancel);
        return host;
    }

    private static Task<IReadOnlyList<AppendResult>> AppendAsync(IHost intake, EventKind kind, TimeSpan ago) => intake.Services.GetRequiredService<GroupCommit>().AppendAsync(
    [
        new NewEvent
        {
            EventId = Guid.CreateVersion7(), Kind = kind, Run = Run, Submitter = "loopback", ReceivedAt = TimeProvider.System.GetUtcNow() - ago, Data = new EventData(),
        },
    ]);

    private static Task<IReadOnlyList<(IngestItem Item, string? Field)>> SendAsync(IHost intake, params string[] events) =>
        intake.Services.GetRequiredService<Ingestor>().TakeAsync(
            [.. events.Select(static e => JsonElement.Parse(e))], new Sending("token:7", TimeProvider.System.GetUtcNow(), null), Cancel);

    /// <summary>The run, when the projections hold all of the log.</summary>
    private static async Task<RunView> ReadAsync(IHost intake)
    {
        var head = (await intake.Services.GetRequiredService<EventQueries>().HeadAsync(Cancel)).Position;
        var projections = intake.Services.GetRequiredService<ProjectionQueries>();
        await Until.HoldsAsync("the projections have caught up", async () => await projections.PositionAsync(Cancel) >= head);
        return (await intake.Services.GetRequiredService<RunQueries>().FindAsync(Run.Key, null, Visible.Everything, Cancel))!;
    }
}

public sealed class PostgresRevivalTests : RevivalContract
{
    private protected override Task<string?> NewDatabaseAsync() => TestPostgres.NewDatabaseAsync();
}

public sealed class SqliteRevivalTests : RevivalContract, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private protected override Task<string?> NewDatabaseAsync() => Task.FromResult<string?>(_folder.Database);
}
