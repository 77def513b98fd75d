using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ValueStream.Migrations.Sqlite.Migrations
{
    /// <summary>
    /// Makes the database itself refuse what an append-only log never does. One change passes: an event's data erased whole, with the
    /// digest of salt and data in the salt's place. SQLite cannot compute that digest; the log's verification does.
    /// </summary>
    public partial class AppendOnly : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql(
                """
                CREATE TRIGGER events_no_update BEFORE UPDATE ON events
                WHEN NOT (OLD.data <> '' AND NEW.data = '' AND length(NEW.salt) = 32
                  AND (NEW.position, NEW.event_id, NEW.kind, NEW.source, NEW.type, NEW.namespace, NEW.id, NEW.run, NEW.submitter, NEW.recorded_at, NEW.effective_at, NEW.digest)
                    = (OLD.position, OLD.event_id, OLD.kind, OLD.source, OLD.type, OLD.namespace, OLD.id, OLD.run, OLD.submitter, OLD.recorded_at, OLD.effective_at, OLD.digest)
                  AND NEW.attempt IS OLD.attempt AND NEW.occurred_at IS OLD.occurred_at)
                BEGIN SELECT RAISE(ABORT, 'events is append-only: UPDATE is refused'); END;
                """);
            foreach (var (table, change) in new[] { ("events", "DELETE"), ("batches", "UPDATE"), ("batches", "DELETE") })
            {
                migrationBuilder.Sql(
                    $"""
                    CREATE TRIGGER {table}_no_{change.ToLowerInvariant()} BEFORE {change} ON {table}
                    BEGIN SELECT RAISE(ABORT, '{table} is append-only: {change} is refused'); END;
                    """);
            }
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            foreach (var table in new[] { "events", "batches" })
            {
                migrationBuilder.Sql($"DROP TRIGGER {table}_no_update; DROP TRIGGER {table}_no_delete;");
            }
        }
    }
}
