using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ValueStream.Migrations.Sqlite.Migrations
{
    /// <summary>
    /// Lets one delete through: that of whole batches from the front of the log, once a segment is registered that goes on where the one before ends and ends with one of
    /// the log's batches. SQLite cannot look at the end of a transaction whether all of it was deleted; the log's verification does.
    /// </summary>
    public partial class Segments : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "archived_events",
                columns: table => new
                {
                    event_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    position = table.Column<long>(type: "INTEGER", nullable: false),
                    run = table.Column<long>(type: "INTEGER", nullable: false),
                    content = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_archived_events", x => x.event_id);
                });

            migrationBuilder.CreateTable(
                name: "segment_claims",
                columns: table => new
                {
                    sha256 = table.Column<byte[]>(type: "BLOB", nullable: false),
                    first = table.Column<long>(type: "INTEGER", nullable: false),
                    last = table.Column<long>(type: "INTEGER", nullable: false),
                    expires_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_segment_claims", x => x.sha256);
                });

            migrationBuilder.CreateTable(
                name: "segments",
                columns: table => new
                {
                    last = table.Column<long>(type: "INTEGER", nullable: false),
                    first = table.Column<long>(type: "INTEGER", nullable: false),
                    previous_hash = table.Column<byte[]>(type: "BLOB", nullable: false),
                    hash = table.Column<byte[]>(type: "BLOB", nullable: false),
                    recorded_at = table.Column<long>(type: "INTEGER", nullable: false),
                    sha256 = table.Column<byte[]>(type: "BLOB", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_segments", x => x.last);
                });

            migrationBuilder.CreateIndex(
                name: "ix_archived_events_run_position",
                table: "archived_events",
                columns: new[] { "run", "position" });

            migrationBuilder.Sql(
                """
                DROP TRIGGER events_no_delete;
                DROP TRIGGER batches_no_delete;
                CREATE TRIGGER events_no_delete BEFORE DELETE ON events WHEN NOT EXISTS (SELECT 1 FROM segments WHERE last >= OLD.position AND first <= OLD.position)
                BEGIN SELECT RAISE(ABORT, 'events is append-only: DELETE is refused'); END;
                CREATE TRIGGER batches_no_delete BEFORE DELETE ON batches WHEN NOT EXISTS (SELECT 1 FROM segments WHERE last >= OLD.last AND first <= OLD.first)
                BEGIN SELECT RAISE(ABORT, 'batches is append-only: DELETE is refused'); END;
                CREATE TRIGGER segments_in_order BEFORE INSERT ON segments
                WHEN NOT (NEW.first = COALESCE((SELECT max(last) FROM segments), 0) + 1 AND NEW.last >= NEW.first AND length(NEW.sha256) = 32
                  AND NEW.previous_hash = COALESCE((SELECT hash FROM segments WHERE last = NEW.first - 1), NEW.previous_hash)
                  AND EXISTS (SELECT 1 FROM batches WHERE last = NEW.last AND hash = NEW.hash))
                BEGIN SELECT RAISE(ABORT, 'the log is append-only: a segment that is no whole batches from its front is refused'); END;
                CREATE TRIGGER segments_no_update BEFORE UPDATE ON segments
                WHEN NOT (length(NEW.sha256) = 32
                  AND (NEW.last, NEW.first, NEW.previous_hash, NEW.hash, NEW.recorded_at) = (OLD.last, OLD.first, OLD.previous_hash, OLD.hash, OLD.recorded_at))
                BEGIN SELECT RAISE(ABORT, 'segments is append-only: UPDATE is refused'); END;
                CREATE TRIGGER segments_no_delete BEFORE DELETE ON segments
                BEGIN SELECT RAISE(ABORT, 'segments is append-only: DELETE is refused'); END;
                CREATE TRIGGER archived_events_no_update BEFORE UPDATE ON archived_events
                WHEN NOT (NEW.content IS NULL AND (NEW.event_id, NEW.position, NEW.run) = (OLD.event_id, OLD.position, OLD.run))
                BEGIN SELECT RAISE(ABORT, 'archived_events is append-only: UPDATE is refused'); END;
                CREATE TRIGGER archived_events_no_delete BEFORE DELETE ON archived_events
                BEGIN SELECT RAISE(ABORT, 'archived_events is append-only: DELETE is refused'); END;
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            foreach (var table in new[] { "events", "batches" })
            {
                migrationBuilder.Sql(
                    $"""
                    DROP TRIGGER {table}_no_delete;
                    CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}
                    BEGIN SELECT RAISE(ABORT, '{table} is append-only: DELETE is refused'); END;
                    """);
            }

            migrationBuilder.DropTable(
                name: "archived_events");

            migrationBuilder.DropTable(
                name: "segment_claims");

            migrationBuilder.DropTable(
                name: "segments");
        }
    }
}
