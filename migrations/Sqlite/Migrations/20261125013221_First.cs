using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ValueStream.Migrations.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class First : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "batches",
                columns: table => new
                {
                    last = table.Column<long>(type: "INTEGER", nullable: false),
                    first = table.Column<long>(type: "INTEGER", nullable: false),
                    hash = table.Column<byte[]>(type: "BLOB", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_batches", x => x.last);
                });

            migrationBuilder.CreateTable(
                name: "checkpoints",
                columns: table => new
                {
                    slot = table.Column<string>(type: "TEXT", nullable: false),
                    position = table.Column<long>(type: "INTEGER", nullable: false),
                    epoch = table.Column<long>(type: "INTEGER", nullable: false),
                    version = table.Column<int>(type: "INTEGER", nullable: false),
                    live = table.Column<bool>(type: "INTEGER", nullable: false),
                    building = table.Column<bool>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_checkpoints", x => x.slot);
                });

            migrationBuilder.CreateTable(
                name: "events",
                columns: table => new
                {
                    position = table.Column<long>(type: "INTEGER", nullable: false),
                    event_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    kind = table.Column<short>(type: "INTEGER", nullable: false),
                    source = table.Column<string>(type: "TEXT", nullable: false),
                    type = table.Column<string>(type: "TEXT", nullable: false),
                    @namespace = table.Column<string>(name: "namespace", type: "TEXT", nullable: false),
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    run = table.Column<long>(type: "INTEGER", nullable: false),
                    attempt = table.Column<int>(type: "INTEGER", nullable: true),
                    submitter = table.Column<string>(type: "TEXT", nullable: false),
                    occurred_at = table.Column<long>(type: "INTEGER", nullable: true),
                    recorded_at = table.Column<long>(type: "INTEGER", nullable: false),
                    effective_at = table.Column<long>(type: "INTEGER", nullable: false),
                    salt = table.Column<byte[]>(type: "BLOB", nullable: false),
                    data = table.Column<string>(type: "TEXT", nullable: false),
                    digest = table.Column<byte[]>(type: "BLOB", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_events", x => x.position);
                });

            migrationBuilder.CreateTable(
                name: "leadership",
                columns: table => new
                {
                    id = table.Column<int>(type: "INTEGER", nullable: false),
                    holder = table.Column<string>(type: "TEXT", nullable: false),
                    epoch = table.Column<long>(type: "INTEGER", nullable: false),
                    expires_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_leadership", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "log_head",
                columns: table => new
                {
                    id = table.Column<int>(type: "INTEGER", nullable: false),
                    log_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    position = table.Column<long>(type: "INTEGER", nullable: false),
                    hash = table.Column<byte[]>(type: "BLOB", nullable: false),
                    recorded_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_log_head", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "run_links_a",
                columns: table => new
                {
                    run_no = table.Column<long>(type: "INTEGER", nullable: false),
                    ordinal = table.Column<int>(type: "INTEGER", nullable: false),
                    kind = table.Column<string>(type: "TEXT", nullable: false),
                    target = table.Column<string>(type: "TEXT", nullable: false),
                    reference = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_run_links_a", x => new { x.run_no, x.ordinal });
                });

            migrationBuilder.CreateTable(
                name: "run_links_b",
                columns: table => new
                {
                    run_no = table.Column<long>(type: "INTEGER", nullable: false),
                    ordinal = table.Column<int>(type: "INTEGER", nullable: false),
                    kind = table.Column<string>(type: "TEXT", nullable: false),
                    target = table.Column<string>(type: "TEXT", nullable: false),
                    reference = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_run_links_b", x => new { x.run_no, x.ordinal });
                });

            migrationBuilder.CreateTable(
                name: "run_tags_a",
                columns: table => new
                {
                    tag_id = table.Column<long>(type: "INTEGER", nullable: false),
                    run_no = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_run_tags_a", x => new { x.tag_id, x.run_no });
                });

            migrationBuilder.CreateTable(
                name: "run_tags_b",
                columns: table => new
                {
                    tag_id = table.Column<long>(type: "INTEGER", nullable: false),
                    run_no = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_run_tags_b", x => new { x.tag_id, x.run_no });
                });

            migrationBuilder.CreateTable(
                name: "runs_a",
                columns: table => new
                {
                    no = table.Column<long>(type: "INTEGER", nullable: false),
                    key = table.Column<long>(type: "INTEGER", nullable: false),
                    attempt = table.Column<int>(type: "INTEGER", nullable: false),
                    source = table.Column<string>(type: "TEXT", nullable: false),
                    type = table.Column<string>(type: "TEXT", nullable: false),
                    @namespace = table.Column<string>(name: "namespace", type: "TEXT", nullable: false),
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    reference = table.Column<long>(type: "INTEGER", nullable: false),
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    operation = table.Column<long>(type: "INTEGER", nullable: false),
                    state = table.Column<short>(type: "INTEGER", nullable: false),
                    outcome = table.Column<short>(type: "INTEGER", nullable: true),
                    at = table.Column<long>(type: "INTEGER", nullable: false),
                    started_at = table.Column<long>(type: "INTEGER", nullable: true),
                    ended_at = table.Column<long>(type: "INTEGER", nullable: true),
                    duration = table.Column<long>(type: "INTEGER", nullable: true),
                    actor = table.Column<string>(type: "TEXT", nullable: true),
                    reason = table.Column<string>(type: "TEXT", nullable: true),
                    submitter = table.Column<string>(type: "TEXT", nullable: false),
                    parent = table.Column<string>(type: "TEXT", nullable: true),
                    parent_reference = table.Column<long>(type: "INTEGER", nullable: true),
                    traceparent = table.Column<string>(type: "TEXT", nullable: true),
                    trace_id = table.Column<long>(type: "INTEGER", nullable: false),
                    span_id = table.Column<long>(type: "INTEGER", nullable: false),
                    parent_span_id = table.Column<long>(type: "INTEGER", nullable: true),
                    tags = table.Column<string>(type: "TEXT", nullable: false),
                    flags = table.Column<string>(type: "TEXT", nullable: false),
                    last_position = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_runs_a", x => x.no);
                });

            migrationBuilder.CreateTable(
                name: "runs_b",
                columns: table => new
                {
                    no = table.Column<long>(type: "INTEGER", nullable: false),
                    key = table.Column<long>(type: "INTEGER", nullable: false),
                    attempt = table.Column<int>(type: "INTEGER", nullable: false),
                    source = table.Column<string>(type: "TEXT", nullable: false),
                    type = table.Column<string>(type: "TEXT", nullable: false),
                    @namespace = table.Column<string>(name: "namespace", type: "TEXT", nullable: false),
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    reference = table.Column<long>(type: "INTEGER", nullable: false),
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    operation = table.Column<long>(type: "INTEGER", nullable: false),
                    state = table.Column<short>(type: "INTEGER", nullable: false),
                    outcome = table.Column<short>(type: "INTEGER", nullable: true),
                    at = table.Column<long>(type: "INTEGER", nullable: false),
                    started_at = table.Column<long>(type: "INTEGER", nullable: true),
                    ended_at = table.Column<long>(type: "INTEGER", nullable: true),
                    duration = table.Column<long>(type: "INTEGER", nullable: true),
                    actor = table.Column<string>(type: "TEXT", nullable: true),
                    reason = table.Column<string>(type: "TEXT", nullable: true),
                    submitter = table.Column<string>(type: "TEXT", nullable: false),
                    parent = table.Column<string>(type: "TEXT", nullable: true),
                    parent_reference = table.Column<long>(type: "INTEGER", nullable: true),
                    traceparent = table.Column<string>(type: "TEXT", nullable: true),
                    trace_id = table.Column<long>(type: "INTEGER", nullable: false),
                    span_id = table.Column<long>(type: "INTEGER", nullable: false),
                    parent_span_id = table.Column<long>(type: "INTEGER", nullable: true),
                    tags = table.Column<string>(type: "TEXT", nullable: false),
                    flags = table.Column<string>(type: "TEXT", nullable: false),
                    last_position = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_runs_b", x => x.no);
                });

            migrationBuilder.CreateTable(
                name: "set_aside",
                columns: table => new
                {
                    slot = table.Column<string>(type: "TEXT", nullable: false),
                    position = table.Column<long>(type: "INTEGER", nullable: false),
                    problem = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_set_aside", x => new { x.slot, x.position });
                });

            migrationBuilder.CreateTable(
                name: "tags",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false),
                    key = table.Column<string>(type: "TEXT", nullable: false),
                    value = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_tags", x => x.id);
                });

            migrationBuilder.CreateIndex(
                name: "ix_events_event_id",
                table: "events",
                column: "event_id",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_events_run_position",
                table: "events",
                columns: new[] { "run", "position" });

            migrationBuilder.CreateIndex(
                name: "ix_run_links_a_reference",
                table: "run_links_a",
                column: "reference");

            migrationBuilder.CreateIndex(
                name: "ix_run_links_b_reference",
                table: "run_links_b",
                column: "reference");

            migrationBuilder.CreateIndex(
                name: "ix_runs_a_at_key_attempt",
                table: "runs_a",
                columns: new[] { "at", "key", "attempt" });

            migrationBuilder.CreateIndex(
                name: "ix_runs_a_key_attempt",
                table: "runs_a",
                columns: new[] { "key", "attempt" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_runs_a_parent_reference",
                table: "runs_a",
                column: "parent_reference",
                filter: "parent_reference IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_runs_a_parent_span_id",
                table: "runs_a",
                column: "parent_span_id",
                filter: "parent_span_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_runs_a_reference",
                table: "runs_a",
                column: "reference");

            migrationBuilder.CreateIndex(
                name: "ix_runs_a_span_id",
                table: "runs_a",
                column: "span_id");

            migrationBuilder.CreateIndex(
                name: "ix_runs_a_trace_id",
                table: "runs_a",
                column: "trace_id");

            migrationBuilder.CreateIndex(
                name: "ix_runs_b_at_key_attempt",
                table: "runs_b",
                columns: new[] { "at", "key", "attempt" });

            migrationBuilder.CreateIndex(
                name: "ix_runs_b_key_attempt",
                table: "runs_b",
                columns: new[] { "key", "attempt" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_runs_b_parent_reference",
                table: "runs_b",
                column: "parent_reference",
                filter: "parent_reference IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_runs_b_parent_span_id",
                table: "runs_b",
                column: "parent_span_id",
                filter: "parent_span_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_runs_b_reference",
                table: "runs_b",
                column: "reference");

            migrationBuilder.CreateIndex(
                name: "ix_runs_b_span_id",
                table: "runs_b",
                column: "span_id");

            migrationBuilder.CreateIndex(
                name: "ix_runs_b_trace_id",
                table: "runs_b",
                column: "trace_id");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "batches");

            migrationBuilder.DropTable(
                name: "checkpoints");

            migrationBuilder.DropTable(
                name: "events");

            migrationBuilder.DropTable(
                name: "leadership");

            migrationBuilder.DropTable(
                name: "log_head");

            migrationBuilder.DropTable(
                name: "run_links_a");

            migrationBuilder.DropTable(
                name: "run_links_b");

            migrationBuilder.DropTable(
                name: "run_tags_a");

            migrationBuilder.DropTable(
                name: "run_tags_b");

            migrationBuilder.DropTable(
                name: "runs_a");

            migrationBuilder.DropTable(
                name: "runs_b");

            migrationBuilder.DropTable(
                name: "set_aside");

            migrationBuilder.DropTable(
                name: "tags");
        }
    }
}
