using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace ValueStream.Store;

/// <summary>
/// The database's shape, for migrations and reads. The hot paths write with SQL of their own (see <c>Engines</c>).
/// Projection tables exist twice, once for each slot, as two entity types over one row type.
/// </summary>
/// <param name="options">Which engine and connection.</param>
public sealed class Database(DbContextOptions<Database> options) : DbContext(options)
{
    /// <summary>The two slots.</summary>
    internal static readonly string[] Slots = ["a", "b"];

    internal DbSet<EventRow> Events => Set<EventRow>();

    internal DbSet<BatchRow> Batches => Set<BatchRow>();

    internal DbSet<LogHeadRow> LogHead => Set<LogHeadRow>();

    internal DbSet<SegmentRow> Segments => Set<SegmentRow>();

    internal DbSet<ArchivedEventRow> ArchivedEvents => Set<ArchivedEventRow>();

    internal DbSet<SegmentClaimRow> SegmentClaims => Set<SegmentClaimRow>();

    internal DbSet<DeliveryRow> Deliveries => Set<DeliveryRow>();

    internal DbSet<LeaseRow> Leases => Set<LeaseRow>();

    internal DbSet<QuarantineRow> Quarantine => Set<QuarantineRow>();

    internal DbSet<TokenRow> Tokens => Set<TokenRow>();

    internal DbSet<TracerRow> Tracers => Set<TracerRow>();

    internal DbSet<ExportRow> Exports => Set<ExportRow>();

    internal DbSet<SpanSetAsideRow> SpansSetAside => Set<SpanSetAsideRow>();

    internal DbSet<CheckpointRow> Checkpoints => Set<CheckpointRow>();

    internal DbSet<LeadershipRow> Leadership => Set<LeadershipRow>();

    internal DbSet<SetAsideRow> SetAside => Set<SetAsideRow>();

    internal DbSet<TagRow> Tags => Set<TagRow>();

    internal DbSet<WordRow> Words => Set<WordRow>();

    internal IQueryable<RunRow> Runs(string slot) => Set<RunRow>($"runs_{slot}").AsNoTracking();

    internal IQueryable<RunLinkRow> RunLinks(string slot) => Set<RunLinkRow>($"run_links_{slot}").AsNoTracking();

    internal IQueryable<RunAliasRow> RunAliases(string slot) => Set<RunAliasRow>($"run_aliases_{slot}").AsNoTracking();

    internal IQueryable<RunMentionRow> RunMentions(string slot) => Set<RunMentionRow>($"run_mentions_{slot}").AsNoTracking();

    internal IQueryable<RunStageRow> RunStages(string slot) => Set<RunStageRow>($"run_stages_{slot}").AsNoTracking();

    internal IQueryable<RunningRow> Running(string slot) => Set<RunningRow>($"running_{slot}").AsNoTracking();

    internal IQueryable<RunTagsRow> RunTags(string slot) => Set<RunTagsRow>($"run_tags_{slot}").AsNoTracking();

    internal IQueryable<OperationRow> Operations(string slot) => Set<OperationRow>($"operations_{slot}").AsNoTracking();

    internal IQueryable<OperationSettingRow> OperationSettings(string slot) => Set<OperationSettingRow>($"operation_settings_{slot}").AsNoTracking();

    internal IQueryable<RollupRow> Rollups(string slot) => Set<RollupRow>($"rollups_{slot}").AsNoTracking();

    /// <inheritdoc/>
    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) =>
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<MicrosecondsConverter>();

    /// <inheritdoc/>
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<EventRow>(e =>
        {
            e.ToTable("events").HasKey(x => x.Position);
            e.Property(x => x.Position).ValueGeneratedNever();
            e.Property(x => x.Id).IsRequired();
            e.Ignore(x => x.IsErased);
            e.HasIndex(x => x.EventId).IsUnique();
            e.HasIndex(x => new { x.Run, x.Position });
        });
        modelBuilder.Entity<BatchRow>(e =>
        {
            e.ToTable("batches").HasKey(x => x.Last);
            e.Property(x => x.Last).ValueGeneratedNever();
        });
        modelBuilder.Entity<LogHeadRow>(e =>
        {
            e.ToTable("log_head").HasKey(x => x.Id);
            e.Property(x => x.Id).ValueGeneratedNever();
            e.Property(x => x.Epoch).HasDefaultValue(1L);
            e.Property(x => x.Place).HasDefaultValue("");
            e.Ignore(x => x.HasArchive);
        });
        modelBuilder.Entity<SegmentRow>(e =>
        {
            e.ToTable("segments").HasKey(x => x.Last);
            e.Property(x => x.Last).ValueGeneratedNever();
        });
        modelBuilder.Entity<ArchivedEventRow>(e =>
        {
            e.ToTable("archived_events").HasKey(x => x.EventId);
            e.Property(x => x.EventId).ValueGeneratedNever();
            e.HasIndex(x => new { x.Run, x.Position });
        });
        modelBuilder.Entity<SegmentClaimRow>().ToTable("segment_claims").HasKey(x => x.Sha256);
        modelBuilder.Entity<DeliveryRow>(e =>
        {
            e.ToTable("deliveries").HasKey(x => x.Sha256);
            e.HasIndex(x => x.ReceivedAt);
        });
        modelBuilder.Entity<LeaseRow>(e =>
        {
            e.ToTable("leases").HasKey(x => x.Run);
            e.Property(x => x.Run).ValueGeneratedNever();
            e.HasIndex(x => x.ExpiresAt);
        });
        modelBuilder.Entity<QuarantineRow>(e =>
        {
            e.ToTable("quarantine").HasKey(x => x.Id);
            e.Property(x => x.Id).ValueGeneratedNever();
            e.HasIndex(x => x.ReceivedAt);
        });
        modelBuilder.Entity<TokenRow>().ToTable("tokens").HasKey(x => x.Id);
        modelBuilder.Entity<TracerRow>().ToTable("tracers").HasKey(x => x.Name);
        modelBuilder.Entity<ExportRow>().ToTable("exports").HasKey(x => new { x.Key, x.Attempt });
        modelBuilder.Entity<SpanSetAsideRow>().ToTable("spans_set_aside").HasKey(x => new { x.Tracer, x.Key, x.Attempt });
        modelBuilder.Entity<CheckpointRow>(e =>
        {
            e.ToTable("checkpoints").HasKey(x => x.Slot);
            e.Property(x => x.Zone).HasDefaultValue("UTC");
        });
        modelBuilder.Entity<LeadershipRow>(e =>
        {
            e.ToTable("leadership").HasKey(x => x.Id);
            e.Property(x => x.Id).ValueGeneratedNever();
        });
        modelBuilder.Entity<SetAsideRow>().ToTable("set_aside").HasKey(x => new { x.Slot, x.Position });
        modelBuilder.Entity<TagRow>(e =>
        {
            e.ToTable("tags").HasKey(x => x.Id);
            e.Property(x => x.Id).ValueGeneratedNever();
        });
        modelBuilder.Entity<WordRow>(e =>
        {
            e.ToTable("words").HasKey(x => new { x.Word, x.Term });
            if (Database.IsNpgsql())
            {
                // Beginnings of words are looked for by it, in the order of their characters.
                e.Property(x => x.Word).UseCollation("C");
            }
        });
        foreach (var slot in Slots)
        {
            modelBuilder.SharedTypeEntity<RunRow>($"runs_{slot}", e => Runs(e, slot));
            modelBuilder.SharedTypeEntity<RunLinkRow>($"run_links_{slot}", e =>
            {
                e.ToTable($"run_links_{slot}").HasKey(x => new { x.Key, x.Attempt, x.Ordinal });
                e.HasIndex(x => x.Reference);
            });
            modelBuilder.SharedTypeEntity<RunAliasRow>($"run_aliases_{slot}", e =>
            {
                e.ToTable($"run_aliases_{slot}").HasKey(x => new { x.Reference, x.Key });
                e.HasIndex(x => x.Key);
            });
            modelBuilder.SharedTypeEntity<RunMentionRow>($"run_mentions_{slot}", e =>
            {
                e.ToTable($"run_mentions_{slot}").HasKey(x => new { x.Key, x.Attempt, x.Ordinal });
                e.HasIndex(x => x.Reference);
            });
            modelBuilder.SharedTypeEntity<RunStageRow>($"run_stages_{slot}", e => e.ToTable($"run_stages_{slot}").HasKey(x => new { x.Key, x.Attempt, x.Ordinal }));
            modelBuilder.SharedTypeEntity<RunningRow>($"running_{slot}", e =>
            {
                e.ToTable($"running_{slot}").HasKey(x => new { x.Key, x.Attempt });
                e.HasIndex(x => x.At);
            });
            modelBuilder.SharedTypeEntity<RunTagsRow>($"run_tags_{slot}", e =>
            {
                e.ToTable($"run_tags_{slot}").HasKey(x => new { x.Key, x.Attempt });
                if (Database.IsNpgsql())
                {
                    // Merged into the index a little at a time, so that a search has little to look through.
                    e.HasIndex(x => x.Ids).HasMethod("gin").HasStorageParameter("gin_pending_list_limit", 512);
                }
            });
            modelBuilder.SharedTypeEntity<RunPartRow>($"run_parts_{slot}", e => e.ToTable($"run_parts_{slot}").HasKey(x => new { x.Part, x.Key }));
            modelBuilder.SharedTypeEntity<OperationRow>($"operations_{slot}", e =>
            {
                e.ToTable($"operations_{slot}").HasKey(x => x.Key);
                e.Property(x => x.Key).ValueGeneratedNever();
            });
            modelBuilder.SharedTypeEntity<OperationSettingRow>($"operation_settings_{slot}", e =>
            {
                e.ToTable($"operation_settings_{slot}").HasKey(x => x.Key);
                e.Property(x => x.Key).ValueGeneratedNever();
            });
            modelBuilder.SharedTypeEntity<RollupRow>($"rollups_{slot}", e => e.ToTable($"rollups_{slot}").HasKey(x => new { x.Series, x.At, x.Operation, x.Tag }));
        }

        if (Database.IsSqlite())
        {
            // SQLite has no UUIDs: 16 bytes in text order, so that ids made in order of time are stored in order of time.
            var bytes = new ValueConverter<Guid, byte[]>(static id => id.ToByteArray(true), static b => new Guid(b, true));
            modelBuilder.Entity<EventRow>().Property(x => x.EventId).HasConversion(bytes);
            modelBuilder.Entity<ArchivedEventRow>().Property(x => x.EventId).HasConversion(bytes);
            modelBuilder.Entity<LogHeadRow>().Property(x => x.LogId).HasConversion(bytes);
            modelBuilder.Entity<QuarantineRow>().Property(x => x.Id).HasConversion(bytes);
        }
    }

    private void Runs(EntityTypeBuilder<RunRow> e, string slot)
    {
        e.ToTable($"runs_{slot}").HasKey(x => new { x.Key, x.Attempt });
        e.Property(x => x.Id).IsRequired();
        e.HasIndex(x => x.Reference);
        e.HasIndex(x => x.ParentReference).HasFilter("parent_reference IS NOT NULL");
        e.HasIndex(x => x.TraceId);
        e.HasIndex(x => x.SpanId);
        e.HasIndex(x => x.ParentSpanId).HasFilter("parent_span_id IS NOT NULL");
        e.HasIndex(x => new { x.At, x.Key, x.Attempt });
        e.HasIndex(x => new { x.Operation, x.At });
        if (Database.IsNpgsql())
        {
            // Room in each page for what the ends of its runs change: such a row is written in place, and no index with it.
            e.HasStorageParameter("fillfactor", 85);
        }
    }
}

/// <summary>Times are whole microseconds since 1970 UTC on both databases: both keep and compare them exactly.</summary>
internal sealed class MicrosecondsConverter() : ValueConverter<DateTimeOffset, long>(static t => Micros.Of(t), static m => Micros.ToTime(m));

/// <summary>Microseconds since 1970-01-01T00:00:00Z.</summary>
internal static class Micros
{
    public static long Of(DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    public static DateTimeOffset ToTime(long micros) => new(DateTimeOffset.UnixEpoch.Ticks + micros * TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);

    /// <summary>The same moment without what is finer than a microsecond.</summary>
    public static DateTimeOffset Truncate(DateTimeOffset time) => ToTime(Of(time));
}
