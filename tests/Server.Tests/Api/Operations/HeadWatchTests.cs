using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using ValueStream.Core.Events;
using ValueStream.Core.Wire;
using ValueStream.Server.Access;
using ValueStream.Server.Operations;
using ValueStream.Store;
using ValueStream.Store.Log;
using ValueStream.Store.Queries;
using ValueStream.Testing;

namespace ValueStream.Server.Tests.Api.Operations;

/// <summary>The hourly look at the head, by a clock that the test sets.</summary>
public sealed class HeadWatchTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_hour_the_new_head_takes_the_place_of_the_one_before()
    {
        using var folder = new TemporaryFolder();
        await using var watched = await Watched.StartAsync(folder.Database);
        var first = await watched.HeadAsync();
        await watched.SaidAsync(first, times: 1);
        await Metrics.ReadAsync(watched.Client, m => m.Text.Contains(first.Hash, StringComparison.Ordinal));

        await watched.AppendAsync();
        var next = await watched.HeadAsync();
        watched.Time.Advance(TimeSpan.FromMinutes(60) - TimeSpan.FromTicks(1));
        Assert.Single(watched.Log);
        watched.Time.Advance(TimeSpan.FromTicks(1));
        await watched.SaidAsync(next, times: 2);

        // One series, or each head that ever was would stand there for as long as the server runs.
        var head = Assert.Single((await Metrics.ReadAsync(watched.Client, m => m.Text.Contains(next.Hash, StringComparison.Ordinal))).Of("valuestream_log_head"));
        Assert.Equal((1, next.Hash), (head.Value, head.Labels["valuestream_log_hash"]));
    }

    [Fact]
    public async Task While_the_database_is_away_it_says_so_once_and_looks_again_each_minute()
    {
        Faults.Trial.Needs(PostgresCluster.IsAvailable, "Postgres");
        await using var cluster = await PostgresCluster.StartNewAsync();
        await using var watched = await Watched.StartAsync(cluster.ConnectionString);
        var head = await watched.HeadAsync();
        await watched.SaidAsync(head, times: 1);

        cluster.Stop();
        watched.Time.Advance(TimeSpan.FromHours(1));
        await watched.LoggedAsync(2);
        watched.Time.Advance(TimeSpan.FromMinutes(1));
        cluster.Start();
        await watched.SaidAsync(head, times: 3, () => watched.Time.Advance(TimeSpan.FromMinutes(1)));

        Assert.Equal([LogLevel.Information, LogLevel.Warning, LogLevel.Information], watched.Log.Select(static l => l.Level).Take(3));
    }

    /// <remarks>An exporter has a limit of its own, which takes months to reach; here it is smaller.</remarks>
    [Fact]
    public void A_head_keeps_its_hash_however_many_there_were_before()
    {
        var exporter = new LastHash();
        using var provider = Sdk.CreateMeterProviderBuilder().AddMeter("heads").AddReader(new BaseExportingMetricReader(exporter))
            .AddView("valuestream.log.head", new MetricStreamConfiguration { CardinalityLimit = 3 }).Build();
        using var gauge = new HeadGauge("heads");
        for (var position = 1; position <= 20; position++)
        {
            gauge.Show(new HeadView(Guid.Empty, position - 1, "never read", null));
            gauge.Show(new HeadView(Guid.Empty, position, $"hash {position}", null));

            provider.ForceFlush();

            Assert.Equal([$"hash {position}"], exporter.Hashes);
        }
    }

    private sealed class LastHash : BaseExporter<Metric>
    {
        public List<object?> Hashes { get; } = [];

        public override ExportResult Export(in Batch<Metric> batch)
        {
            Hashes.Clear();
            foreach (var metric in batch)
            {
                if (metric.Name != "valuestream.log.head")
                {
                    continue;
                }
                foreach (ref readonly var point in metric.GetMetricPoints())
                {
                    var attributes = new Dictionary<string, object?>();
                    foreach (var (name, value) in point.Tags)
                    {
                        attributes.Add(name, value);
                    }
                    Hashes.Add(attributes.GetValueOrDefault("valuestream.log.hash"));
                }
            }
            return ExportResult.Success;
        }
    }

    /// <summary>The store, the watch and <c>/metrics</c>, in this process.</summary>
    private sealed class Watched : IAsyncDisposable, ILoggerProvider, ILogger
    {
        private readonly WebApplication _app;

        private Watched(string connectionString)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders().AddProvider(this);
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            builder.Services.AddSingleton<TimeProvider>(Time);
            builder.Services.AddStore(connectionString).AddStoreWorkers().AddTelemetry(builder.Configuration).AddAccess(null, null, isOpen: true);
            _app = builder.Build();
            _app.UseAuthentication();
            _app.UseAuthorization();
            _app.MapMetrics();
        }

        public FakeTimeProvider Time { get; } = new(Sent.Noon);

        public ConcurrentQueue<(LogLevel Level, string Text)> Log { get; } = [];

        public ApiClient Client => field ??= new ApiClient(new HttpClient { BaseAddress = new Uri(_app.Urls.First()) });

        public static async Task<Watched> StartAsync(string connectionString)
        {
            // The other host that this process runs has a gauge of the same name: it must be gone.
            await RouteTable.ReadAsync();
            var watched = new Watched(connectionString);
            await watched._app.Services.GetRequiredService<Migrator>().MigrateAsync(Cancel);
            await watched._app.StartAsync(Cancel);
            return watched;
        }

        public Task<HeadView> HeadAsync() => _app.Services.GetRequiredService<EventQueries>().HeadAsync(Cancel);

        public Task<IReadOnlyList<AppendResult>> AppendAsync() => _app.Services.GetRequiredService<GroupCommit>().AppendAsync(
        [
            new NewEvent
            {
                EventId = Guid.CreateVersion7(),
                Kind = EventKind.Started,
                Run = new RunId(SourceNames.CustomHttp, "build", "default", "1"),
                Submitter = "loopback",
                ReceivedAt = Time.GetUtcNow(),
                Data = new EventData(),
            },
        ]);

        public Task LoggedAsync(int times, Action? meanwhile = null) => Until.HoldsAsync($"{times} lines", () =>
        {
            meanwhile?.Invoke();
            return Task.FromResult(Log.Count >= times);
        });

        public async Task SaidAsync(HeadView head, int times, Action? meanwhile = null)
        {
            await LoggedAsync(times, meanwhile);
            Assert.Equal((LogLevel.Information, $"The log's head: position {head.Position}, hash {head.Hash}, log {head.LogId}"), Log.Last());
        }

        public ValueTask DisposeAsync() => _app.DisposeAsync();

        ILogger ILoggerProvider.CreateLogger(string categoryName) => categoryName == typeof(HeadWatch).FullName ? this : NullLogger.Instance;

        void IDisposable.Dispose()
        {
        }

        bool ILogger.IsEnabled(LogLevel logLevel) => true;

        IDisposable? ILogger.BeginScope<TState>(TState state) => null;

        void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Log.Enqueue((logLevel, formatter(state, exception)));
    }
}
