using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using ValueStream.Core.Events;
using ValueStream.Server.Forwarding;
using ValueStream.Store;
using ValueStream.Store.Forwarding;
using ValueStream.Store.Log;
using ValueStream.Store.Projections;
using ValueStream.Testing;

namespace ValueStream.Server.Tests.Forwarding;

/// <summary>A store whose projector and forwarding are moved by hand, with a clock that the test sets.</summary>
internal sealed class ForwardedStore : IAsyncDisposable
{
    private readonly TestDatabase _database;
    private readonly ServiceProvider _services;
    private readonly List<TracerLoop> _loops = [];

    private ForwardedStore(TestDatabase database)
    {
        _database = database;
        _services = new ServiceCollection().AddLogging().AddMetrics().AddSingleton<TimeProvider>(Time).AddStore(database.ConnectionString).AddSingleton<ForwardingMetrics>().BuildServiceProvider();
    }

    public FakeTimeProvider Time { get; } = new(new(2026, 3, 2, 12, 0, 0, TimeSpan.Zero));

    public GroupCommit Log => _services.GetRequiredService<GroupCommit>();

    public Projector Projector => _services.GetRequiredService<Projector>();

    public Tracers Tracers => _services.GetRequiredService<Tracers>();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<ForwardedStore> OnAsync(TestDatabase database)
    {
        var store = new ForwardedStore(database);
        await store._services.GetRequiredService<Migrator>().MigrateAsync(Cancel);
        await store.Log.StartAsync(Cancel);
        return store;
    }

    /// <summary>What follows the log for a tracer; begun, so that what comes from now on is for it.</summary>
    public async Task<TracerLoop> FollowAsync(TracerSettings settings)
    {
        var loop = new TracerLoop(settings, new OtlpClient(settings, Time), _services.GetRequiredService<Exports>(), Tracers, _services.GetRequiredService<ForwardingMetrics>(), "1", NullLogger.Instance);
        _loops.Add(loop);
        await Tracers.OpenAsync(settings.Name, Cancel);
        return loop;
    }

    /// <summary>Steps until there is nothing more to do, or it waits.</summary>
    /// <returns>For how long it waits; null where nothing is left.</returns>
    public static async Task<TimeSpan?> DrainAsync(TracerLoop loop)
    {
        for (var step = 0; step < 5_000; step++)
        {
            if (await loop.RunOnceAsync(Cancel) is var wait && wait != TimeSpan.Zero)
            {
                return wait;
            }
        }
        throw new TimeoutException("It never ends.");
    }

    public async Task ProjectAsync()
    {
        while (await Projector.RunOnceAsync(Cancel) > 0)
        {
        }
    }

    /// <summary>Appends events a second apart, and has them projected.</summary>
    public async Task AppendAsync(params NewEvent[] events)
    {
        foreach (var e in events)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            var result = (await Log.AppendAsync([e with { ReceivedAt = Time.GetUtcNow() }]))[0];
            Assert.IsType<AppendResult.Accepted>(result);
        }
        await ProjectAsync();
    }

    /// <summary>A run from start to end.</summary>
    public Task RunAsync(string id, EventData? start = null, EventData? end = null) => AppendAsync(Start(id, start), End(id, end));

    public static NewEvent Start(string id, EventData? data = null) => Make(EventKind.Started, id, (data ?? new()) with { Name = data?.Name ?? id });

    public static NewEvent End(string id, EventData? data = null) => Make(EventKind.Ended, id, data);

    public static NewEvent Make(EventKind kind, string id, EventData? data = null) => new()
    {
        EventId = Guid.CreateVersion7(),
        Kind = kind,
        Run = Run(id),
        Submitter = "loopback",
        ReceivedAt = default,
        Data = data ?? new EventData(),
    };

    public static RunId Run(string id) => new(SourceNames.CustomHttp, "pipeline", "default", id);

    /// <summary>Names a run as a parent.</summary>
    public static EventData Below(string id) => new() { Parents = [Run(id).Rendering] };

    public async ValueTask DisposeAsync()
    {
        _loops.ForEach(static l => l.Dispose());
        await Log.StopAsync(CancellationToken.None);
        await _services.DisposeAsync();
        _database.Dispose();
    }
}
