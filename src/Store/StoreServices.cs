using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ValueStream.Store.Access;
using ValueStream.Store.Engines;
using ValueStream.Store.Forwarding;
using ValueStream.Store.Log;
using ValueStream.Store.Projections;
using ValueStream.Store.Queries;

namespace ValueStream.Store;

/// <summary>Registers the store.</summary>
public static class StoreServices
{
    /// <summary>Adds the log, the projector and the queries over one database.</summary>
    /// <param name="services">Where to.</param>
    /// <param name="connectionString"><c>Data Source=...</c> is SQLite, <c>Host=...</c> is Postgres.</param>
    /// <param name="reportingZone">In whose days runs are added up; UTC where it is absent. Another one makes the projections anew.</param>
    /// <param name="archive">What of the log is archived, and where to; nothing by itself where it is absent.</param>
    /// <exception cref="ArgumentException">The connection string is neither.</exception>
    public static IServiceCollection AddStore(this IServiceCollection services, string connectionString, TimeZoneInfo? reportingZone = null, ArchiveSettings? archive = null)
    {
        var zone = reportingZone ?? TimeZoneInfo.Utc;
        // Made here, so that a wrong connection string is told at once; handed over, so that it is closed with the rest.
        var engine = EngineFor(connectionString);
        services.AddSingleton(_ => engine);
        services.AddPooledDbContextFactory<Database>(static (provider, options) =>
        {
            provider.GetRequiredService<IEngine>().Configure(options);
            options.UseSnakeCaseNamingConvention();
        });
        services.AddSingleton<ProjectorSignals>();
        services.AddSingleton<KnownHead>();
        services.AddSingleton<EventLog>();
        services.AddSingleton<Snapshot.Source>();
        archive ??= new ArchiveSettings();
        services.AddSingleton(new SegmentFiles(archive.Folder ?? engine.ArchiveFolder));
        services.AddSingleton<SegmentClaims>();
        services.AddSingleton<LogReader>();
        services.AddSingleton(p => new Archiver(
            p.GetRequiredService<IEngine>(), p.GetRequiredService<Snapshot.Source>(), p.GetRequiredService<EventLog>(), p.GetRequiredService<LogReader>(), p.GetRequiredService<SegmentFiles>(),
            p.GetRequiredService<SegmentClaims>(), p.GetRequiredService<Projector>(), p.GetRequiredService<ProjectorSignals>(), archive, p.GetRequiredService<TimeProvider>(), p.GetRequiredService<ILogger<Archiver>>()));
        services.AddSingleton(p => new Migrator(
            p.GetRequiredService<IEngine>(), p.GetRequiredService<IDbContextFactory<Database>>(), p.GetRequiredService<KnownHead>(), p.GetRequiredService<TimeProvider>(), zone));
        services.AddSingleton(static p => new GroupCommit(
            p.GetRequiredService<EventLog>(), p.GetRequiredService<KnownHead>(), p.GetRequiredService<IEngine>(), p.GetRequiredService<ProjectorSignals>(),
            p.GetRequiredService<ILogger<GroupCommit>>()));
        services.AddSingleton(static p => new Quarantine(p.GetRequiredService<IEngine>(), p.GetRequiredService<IDbContextFactory<Database>>(), p.GetRequiredService<TimeProvider>()));
        services.AddSingleton(static p => new Tokens(p.GetRequiredService<IDbContextFactory<Database>>(), p.GetRequiredService<TimeProvider>()));
        services.AddSingleton(static p => new Leases(p.GetRequiredService<IEngine>(), p.GetRequiredService<TimeProvider>()));
        services.AddSingleton(static p => new Retention(p.GetRequiredService<IEngine>(), p.GetRequiredService<TimeProvider>(), p.GetRequiredService<ILogger<Retention>>()));
        services.AddSingleton(p => new Projector(
            p.GetRequiredService<IEngine>(), p.GetRequiredService<IDbContextFactory<Database>>(), p.GetRequiredService<LogReader>(), p.GetRequiredService<ProjectorSignals>(),
            p.GetRequiredService<ILogger<Projector>>(), zone));
        services.AddSingleton(static p => new Reaper(
            p.GetRequiredService<Snapshot.Source>(), p.GetRequiredService<Projector>(), p.GetRequiredService<GroupCommit>(), p.GetRequiredService<TimeProvider>(),
            p.GetRequiredService<ILogger<Reaper>>()));
        services.AddSingleton(static p => new DeployContents(
            p.GetRequiredService<Snapshot.Source>(), p.GetRequiredService<Projector>(), p.GetRequiredService<GroupCommit>(), p.GetRequiredService<TimeProvider>(),
            p.GetRequiredService<ILogger<DeployContents>>()));
        services.AddSingleton(static p => new ChainVerifier(
            p.GetRequiredService<IEngine>(), p.GetRequiredService<Snapshot.Source>(), p.GetRequiredService<IDbContextFactory<Database>>(), p.GetRequiredService<LogReader>()));
        services.AddSingleton(static p => new Redactor(
            p.GetRequiredService<IEngine>(), p.GetRequiredService<IDbContextFactory<Database>>(), p.GetRequiredService<EventLog>(), p.GetRequiredService<LogReader>(), p.GetRequiredService<Archiver>(),
            p.GetRequiredService<SegmentClaims>(), p.GetRequiredService<TimeProvider>(), p.GetRequiredService<ProjectorSignals>()));
        services.AddSingleton(static p => new RunQueries(p.GetRequiredService<Snapshot.Source>()));
        services.AddSingleton(static p => new AdministrationQueries(p.GetRequiredService<Snapshot.Source>(), p.GetRequiredService<LogReader>()));
        services.AddSingleton(static p => new TraceQueries(p.GetRequiredService<Snapshot.Source>(), p.GetRequiredService<TimeProvider>()));
        services.AddSingleton(static p => new OperationQueries(p.GetRequiredService<Snapshot.Source>(), p.GetRequiredService<TimeProvider>()));
        services.AddSingleton(static p => new MetricQueries(p.GetRequiredService<Snapshot.Source>(), p.GetRequiredService<TimeProvider>()));
        services.AddSingleton(static p => new PathQueries(p.GetRequiredService<Snapshot.Source>(), p.GetRequiredService<TimeProvider>()));
        services.AddSingleton(static p => new RetryQueries(p.GetRequiredService<Snapshot.Source>(), p.GetRequiredService<TimeProvider>()));
        services.AddSingleton(static p => new CorrelationQueries(p.GetRequiredService<Snapshot.Source>(), p.GetRequiredService<TimeProvider>()));
        services.AddSingleton(static p => new ChangeQueries(p.GetRequiredService<Snapshot.Source>(), p.GetRequiredService<TimeProvider>()));
        services.AddSingleton(static p => new GlanceQueries(p.GetRequiredService<Snapshot.Source>(), p.GetRequiredService<TimeProvider>()));
        services.AddSingleton(static p => new TagQueries(p.GetRequiredService<Snapshot.Source>()));
        services.AddSingleton(static p => new EventQueries(p.GetRequiredService<Snapshot.Source>(), p.GetRequiredService<LogReader>()));
        services.AddSingleton(static p => new ProjectionQueries(p.GetRequiredService<Snapshot.Source>(), p.GetRequiredService<LogReader>(), p.GetRequiredService<TimeProvider>()));
        services.AddSingleton(static p => new Exports(p.GetRequiredService<Snapshot.Source>(), p.GetRequiredService<LogReader>(), p.GetRequiredService<IEngine>(), p.GetRequiredService<TimeProvider>()));
        services.AddSingleton(static p => new Tracers(p.GetRequiredService<Snapshot.Source>(), p.GetRequiredService<LogReader>(), p.GetRequiredService<IEngine>(), p.GetRequiredService<TimeProvider>()));
        services.AddSingleton(static p => new HealthQueries(p.GetRequiredService<IDbContextFactory<Database>>(), p.GetRequiredService<TimeProvider>()));
        return services;
    }

    /// <summary>Adds the workers that write the log and follow it.</summary>
    public static IServiceCollection AddStoreWorkers(this IServiceCollection services) => services
        .AddHostedService(static p => p.GetRequiredService<GroupCommit>())
        .AddHostedService(static p => p.GetRequiredService<Projector>())
        .AddHostedService(static p => p.GetRequiredService<Reaper>())
        .AddHostedService(static p => p.GetRequiredService<DeployContents>())
        .AddHostedService(static p => p.GetRequiredService<Archiver>())
        .AddHostedService(static p => p.GetRequiredService<Retention>());

    /// <summary>Whether a connection string means Postgres; null when it means neither database.</summary>
    public static bool? IsPostgres(string connectionString) =>
        connectionString.Contains("Host=", StringComparison.OrdinalIgnoreCase) ? true
        : connectionString.Contains("Data Source=", StringComparison.OrdinalIgnoreCase) ? false
        : null;

    private static IEngine EngineFor(string connectionString) => IsPostgres(connectionString) switch
    {
        true => new PostgresEngine(connectionString),
        false => new SqliteEngine(connectionString),
        null => throw new ArgumentException("The connection string names neither 'Host=' (Postgres) nor 'Data Source=' (SQLite).", nameof(connectionString)),
    };
}
