using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ValueStream.Migrations.Postgres.Migrations
{
    /// <summary>
    /// Lets one delete through: that of whole batches from the front of the log, once a segment is registered that goes on where the one before ends and ends with one of
    /// the log's batches. The transaction that registers it must delete all that it holds. It is deleted by a function of the owner's, so that a server's role needs no right to delete.
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
                    event_id = table.Column<Guid>(type: "uuid", nullable: false),
                    position = table.Column<long>(type: "bigint", nullable: false),
                    run = table.Column<long>(type: "bigint", nullable: false),
                    content = table.Column<long>(type: "bigint", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_archived_events", x => x.event_id);
                });

            migrationBuilder.CreateTable(
                name: "segment_claims",
                columns: table => new
                {
                    sha256 = table.Column<byte[]>(type: "bytea", nullable: false),
                    first = table.Column<long>(type: "bigint", nullable: false),
                    last = table.Column<long>(type: "bigint", nullable: false),
                    expires_at = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_segment_claims", x => x.sha256);
                });

            migrationBuilder.CreateTable(
                name: "segments",
                columns: table => new
                {
                    last = table.Column<long>(type: "bigint", nullable: false),
                    first = table.Column<long>(type: "bigint", nullable: false),
                    previous_hash = table.Column<byte[]>(type: "bytea", nullable: false),
                    hash = table.Column<byte[]>(type: "bytea", nullable: false),
                    recorded_at = table.Column<long>(type: "bigint", nullable: false),
                    sha256 = table.Column<byte[]>(type: "bytea", nullable: false)
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
                CREATE FUNCTION refuse_delete_but_archiving() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                  IF TG_TABLE_NAME = 'events' THEN
                    IF EXISTS (SELECT 1 FROM segments WHERE last >= OLD.position AND first <= OLD.position) THEN
                      RETURN OLD;
                    END IF;
                  ELSIF EXISTS (SELECT 1 FROM segments WHERE last >= OLD.last AND first <= OLD.first) THEN
                    RETURN OLD;
                  END IF;
                  RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP;
                END $$;
                CREATE FUNCTION refuse_gap_before_segment() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                  IF NEW.first = COALESCE((SELECT max(last) FROM segments), 0) + 1 AND NEW.last >= NEW.first AND length(NEW.sha256) = 32
                     AND NEW.previous_hash = COALESCE((SELECT hash FROM segments WHERE last = NEW.first - 1), (SELECT sha256(uuid_send(log_id)) FROM log_head))
                     AND EXISTS (SELECT 1 FROM batches WHERE last = NEW.last AND hash = NEW.hash) THEN
                    RETURN NEW;
                  END IF;
                  RAISE EXCEPTION 'the log is append-only: a segment that is no whole batches from its front is refused';
                END $$;
                CREATE FUNCTION refuse_rest_of_segment() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                  IF EXISTS (SELECT 1 FROM events WHERE position <= NEW.last) OR EXISTS (SELECT 1 FROM batches WHERE last <= NEW.last) THEN
                    RAISE EXCEPTION 'the log is append-only: a segment of which a part stays in the tables is refused';
                  END IF;
                  RETURN NULL;
                END $$;
                CREATE FUNCTION refuse_change_of_segment_but_file() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                  IF length(NEW.sha256) = 32 AND to_jsonb(NEW) - 'sha256' = to_jsonb(OLD) - 'sha256' THEN
                    RETURN NEW;
                  END IF;
                  RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP;
                END $$;
                CREATE FUNCTION refuse_change_of_archived_but_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                  IF NEW.content IS NULL AND to_jsonb(NEW) - 'content' = to_jsonb(OLD) - 'content' THEN
                    RETURN NEW;
                  END IF;
                  RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP;
                END $$;
                DO $do$ BEGIN
                  EXECUTE format($format$
                    CREATE FUNCTION delete_archived(segment bigint, erased bigint[], OUT gone_events bigint, OUT gone_batches bigint)
                      LANGUAGE plpgsql SECURITY DEFINER SET search_path = %I, pg_temp AS $$
                    DECLARE
                      s segments;
                    BEGIN
                      SELECT * INTO STRICT s FROM segments WHERE last = segment;
                      DELETE FROM events WHERE position BETWEEN s.first AND s.last AND (data <> '' OR position = ANY(erased));
                      GET DIAGNOSTICS gone_events = ROW_COUNT;
                      DELETE FROM batches WHERE last BETWEEN s.first AND s.last;
                      GET DIAGNOSTICS gone_batches = ROW_COUNT;
                    END $$;
                    $format$, current_schema());
                END $do$;
                REVOKE ALL ON FUNCTION delete_archived(bigint, bigint[]) FROM PUBLIC;
                DROP TRIGGER events_no_delete ON events;
                DROP TRIGGER batches_no_change ON batches;
                CREATE TRIGGER events_no_delete BEFORE DELETE ON events FOR EACH ROW EXECUTE FUNCTION refuse_delete_but_archiving();
                CREATE TRIGGER batches_no_delete BEFORE DELETE ON batches FOR EACH ROW EXECUTE FUNCTION refuse_delete_but_archiving();
                CREATE TRIGGER batches_no_update BEFORE UPDATE ON batches FOR EACH ROW EXECUTE FUNCTION refuse_change();
                CREATE TRIGGER segments_in_order BEFORE INSERT ON segments FOR EACH ROW EXECUTE FUNCTION refuse_gap_before_segment();
                CREATE CONSTRAINT TRIGGER segments_whole AFTER INSERT ON segments DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_rest_of_segment();
                CREATE TRIGGER segments_no_update BEFORE UPDATE ON segments FOR EACH ROW EXECUTE FUNCTION refuse_change_of_segment_but_file();
                CREATE TRIGGER segments_no_delete BEFORE DELETE ON segments FOR EACH ROW EXECUTE FUNCTION refuse_change();
                CREATE TRIGGER segments_no_truncate BEFORE TRUNCATE ON segments FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
                CREATE TRIGGER archived_events_no_update BEFORE UPDATE ON archived_events FOR EACH ROW EXECUTE FUNCTION refuse_change_of_archived_but_erasure();
                CREATE TRIGGER archived_events_no_delete BEFORE DELETE ON archived_events FOR EACH ROW EXECUTE FUNCTION refuse_change();
                CREATE TRIGGER archived_events_no_truncate BEFORE TRUNCATE ON archived_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql(
                """
                DROP TRIGGER events_no_delete ON events;
                DROP TRIGGER batches_no_delete ON batches;
                DROP TRIGGER batches_no_update ON batches;
                CREATE TRIGGER events_no_delete BEFORE DELETE ON events FOR EACH ROW EXECUTE FUNCTION refuse_change();
                CREATE TRIGGER batches_no_change BEFORE UPDATE OR DELETE ON batches FOR EACH ROW EXECUTE FUNCTION refuse_change();
                """);

            migrationBuilder.DropTable(
                name: "archived_events");

            migrationBuilder.DropTable(
                name: "segment_claims");

            migrationBuilder.DropTable(
                name: "segments");

            migrationBuilder.Sql(
                """
                DROP FUNCTION delete_archived(bigint, bigint[]);
                DROP FUNCTION refuse_delete_but_archiving();
                DROP FUNCTION refuse_gap_before_segment();
                DROP FUNCTION refuse_rest_of_segment();
                DROP FUNCTION refuse_change_of_segment_but_file();
                DROP FUNCTION refuse_change_of_archived_but_erasure();
                """);
        }
    }
}
