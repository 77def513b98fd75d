using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using ValueStream.Core.Events;
using ValueStream.Store.Engines;
using ValueStream.Store.Log;
using ValueStream.Store.Projections;
using ValueStream.Store.Queries;
using ValueStream.Testing;

namespace ValueStream.Store.Tests;

/// <summary>A store over a new database, with its log's writer running and its projector moved by hand.</summary>
internal sealed class StoreFixture : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly string? _folder;

    private StoreFixture(string connectionString, string? folder, FakeTimeProvider time, string archive)
    {
        Time = time;
        _folder = folder;
        Archive = archive;
        ConnectionString = connectionString;
        _services = new ServiceCollection().AddLogging().AddSingleton<TimeProvider>(time).AddStore(connectionString, archive: new ArchiveSettings(archive, TimeSpan.FromDays(30))).BuildServiceProvider();
        Projector = Get<Projector>();
    }

    public static readonly DateTimeOffset Noon = new(2026, 3, 2, 12, 0, 0, TimeSpan.Zero);

    public string ConnectionString { get; }

    /// <summary>The folder of the archive's files; what is older than 30 days goes there by itself.</summary>
    public string Archive { get; }

    public FakeTimeProvider Time { get; }

    public GroupCommit Log => Get<GroupCommit>();

    /// <summary>The projector at work; another one after <see cref="RestartProjectorAsync"/>.</summary>
    public Projector Projector { get; private set; }

    public T Get<T>() where T : notnull => _services.GetRequiredService<T>();

    public static async Task<StoreFixture> PostgresAsync()
    {
        var connectionString = await TestPostgres.NewDatabaseAsync();
        Assert.SkipWhen(connectionString is null, "Postgres is not installed here.");
        var folder = NewFolder();
        return await StartAsync(new StoreFixture(connectionString, folder, new FakeTimeProvider(Noon), Path.Combine(folder, "archive")));
    }

    public static async Task<StoreFixture> SqliteAsync()
    {
        var folder = NewFolder();
        return await StartAsync(new StoreFixture($"Data Source={Path.Combine(folder, "test.db")}", folder, new FakeTimeProvider(Noon), Path.Combine(folder, "archive")));
    }

    /// <summary>Another process's store over the same database.</summary>
    public StoreFixture Beside() => new(ConnectionString, null, Time, Archive);

    /// <summary>The projector dies and another one takes its place, which the database would allow when the lease has run out.</summary>
    /// <param name="batchEvents">How many events it reads in a pass.</param>
    /// <param name="zone">Its reporting zone.</param>
    public async Task RestartProjectorAsync(int batchEvents = 500, TimeZoneInfo? zone = null)
    {
        await ExpireLeaseAsync();
        Projector = NewProjector(batchEvents, zone);
    }

    /// <summary>A projector as another process would have it.</summary>
    public Projector NewProjector(int batchEvents = 500, TimeZoneInfo? zone = null) => new(
        Get<IEngine>(), Get<IDbContextFactory<Database>>(), Get<LogReader>(), Get<ProjectorSignals>(), NullLogger<Projector>.Instance, zone ?? TimeZoneInfo.Utc) { MostEvents = batchEvents };

    /// <summary>An archiver as a server with some tracers would have it, that makes segments of four events.</summary>
    public Archiver NewArchiver(params string[] tracers) => new(
        Get<IEngine>(), Get<Snapshot.Source>(), Get<EventLog>(), Get<LogReader>(), Get<SegmentFiles>(), Get<SegmentClaims>(), Projector, Get<ProjectorSignals>(),
        new ArchiveSettings(Tracers: tracers), Time, NullLogger<Archiver>.Instance) { SegmentEvents = 4 };

    /// <summary>The time of the projector's lease passes.</summary>
    public async Task ExpireLeaseAsync()
    {
        await using var session = await Get<IEngine>().BeginAsync(TestContext.Current.CancellationToken);
        await session.ExecuteAsync("UPDATE leadership SET expires_at = 0", TestContext.Current.CancellationToken);
        await session.CommitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Passes of the projector until there is nothing left to read.</summary>
    public async Task CatchUpAsync()
    {
        while (await Projector.RunOnceAsync(TestContext.Current.CancellationToken) > 0)
        {
        }
    }

    public async Task<IReadOnlyList<AppendResult>> AppendAsync(params NewEvent[] events) => await Log.AppendAsync(events);

    public async ValueTask DisposeAsync()
    {
        await Log.StopAsync(CancellationToken.None);
        await _services.DisposeAsync();
        if (_folder is not null)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private static string NewFolder() => Directory.CreateTempSubdirectory("valuestream-test-").FullName;

    private static async Task<StoreFixture> StartAsync(StoreFixture store)
    {
        await store.Get<Migrator>().MigrateAsync(TestContext.Current.CancellationToken);
        await store.Log.StartAsync(TestContext.Current.CancellationToken);
        return store;
    }
}

/// <summary>Events of which only what matters is said.</summary>
internal static class Given
{
    public static RunId Run(string id = "1", string type = "pipeline", string @namespace = "default") => new(SourceNames.CustomHttp, type, @namespace, id);

    public static NewEvent Start(RunId run, double seconds = 0, EventData? data = null) => Event(EventKind.Started, run, seconds, data);

    public static NewEvent End(RunId run, double seconds, EventData? data = null) => Event(EventKind.Ended, run, seconds, data);

    public static NewEvent Event(EventKind kind, RunId run, double seconds, EventData? data = null) => new()
    {
        EventId = Guid.CreateVersion7(),
        Kind = kind,
        Run = run,
        Submitter = "loopback",
        OccurredAt = StoreFixture.Noon.AddHours(-1).AddSeconds(seconds),
        ReceivedAt = StoreFixture.Noon,
        Data = data ?? new EventData(),
    };
}
