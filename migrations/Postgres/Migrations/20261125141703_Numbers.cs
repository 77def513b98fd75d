using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ValueStream.Migrations.Postgres.Migrations
{
    /// <summary>
    /// The projections of version 2: runs without a surrogate, tags in one row a run, stages, operations and rollups. The tables are made anew,
    /// and the log is read into them from its beginning.
    /// </summary>
    public partial class Numbers : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable("run_tags_a");
            migrationBuilder.DropTable("run_tags_b");
            migrationBuilder.DropTable("run_links_a");
            migrationBuilder.DropTable("run_links_b");
            migrationBuilder.DropTable("runs_a");
            migrationBuilder.DropTable("runs_b");
            migrationBuilder.Sql("UPDATE checkpoints SET position = 0, version = 2, building = false");
            migrationBuilder.Sql("DELETE FROM set_aside");

            migrationBuilder.AddColumn<string>(
                name: "zone",
                table: "checkpoints",
                type: "text",
                nullable: false,
                defaultValue: "UTC");

            migrationBuilder.CreateTable(
                name: "operation_settings_a",
                columns: table => new
                {
                    key = table.Column<long>(type: "bigint", nullable: false),
                    @namespace = table.Column<string>(name: "namespace", type: "text", nullable: false),
                    data = table.Column<string>(type: "text", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_operation_settings_a", x => x.key);
                });

            migrationBuilder.CreateTable(
                name: "operation_settings_b",
                columns: table => new
                {
                    key = table.Column<long>(type: "bigint", nullable: false),
                    @namespace = table.Column<string>(name: "namespace", type: "text", nullable: false),
                    data = table.Column<string>(type: "text", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_operation_settings_b", x => x.key);
                });

            migrationBuilder.CreateTable(
                name: "operations_a",
                columns: table => new
                {
                    key = table.Column<long>(type: "bigint", nullable: false),
                    @namespace = table.Column<string>(name: "namespace", type: "text", nullable: false),
                    type = table.Column<string>(type: "text", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    first_at = table.Column<long>(type: "bigint", nullable: false),
                    last_at = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_operations_a", x => x.key);
                });

            migrationBuilder.CreateTable(
                name: "operations_b",
                columns: table => new
                {
                    key = table.Column<long>(type: "bigint", nullable: false),
                    @namespace = table.Column<string>(name: "namespace", type: "text", nullable: false),
                    type = table.Column<string>(type: "text", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    first_at = table.Column<long>(type: "bigint", nullable: false),
                    last_at = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_operations_b", x => x.key);
                });

            migrationBuilder.CreateTable(
                name: "rollups_a",
                columns: table => new
                {
                    series = table.Column<short>(type: "smallint", nullable: false),
                    at = table.Column<int>(type: "integer", nullable: false),
                    operation = table.Column<long>(type: "bigint", nullable: false),
                    tag = table.Column<long>(type: "bigint", nullable: false),
                    data = table.Column<byte[]>(type: "bytea", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_rollups_a", x => new { x.series, x.at, x.operation, x.tag });
                });

            migrationBuilder.CreateTable(
                name: "rollups_b",
                columns: table => new
                {
                    series = table.Column<short>(type: "smallint", nullable: false),
                    at = table.Column<int>(type: "integer", nullable: false),
                    operation = table.Column<long>(type: "bigint", nullable: false),
                    tag = table.Column<long>(type: "bigint", nullable: false),
                    data = table.Column<byte[]>(type: "bytea", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_rollups_b", x => new { x.series, x.at, x.operation, x.tag });
                });

            migrationBuilder.CreateTable(
                name: "run_links_a",
                columns: table => new
                {
                    key = table.Column<long>(type: "bigint", nullable: false),
                    attempt = table.Column<int>(type: "integer", nullable: false),
                    ordinal = table.Column<int>(type: "integer", nullable: false),
                    kind = table.Column<string>(type: "text", nullable: false),
                    target = table.Column<string>(type: "text", nullable: false),
                    reference = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_run_links_a", x => new { x.key, x.attempt, x.ordinal });
                });

            migrationBuilder.CreateTable(
                name: "run_links_b",
                columns: table => new
                {
                    key = table.Column<long>(type: "bigint", nullable: false),
                    attempt = table.Column<int>(type: "integer", nullable: false),
                    ordinal = table.Column<int>(type: "integer", nullable: false),
                    kind = table.Column<string>(type: "text", nullable: false),
                    target = table.Column<string>(type: "text", nullable: false),
                    reference = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_run_links_b", x => new { x.key, x.attempt, x.ordinal });
                });

            migrationBuilder.CreateTable(
                name: "run_stages_a",
                columns: table => new
                {
                    key = table.Column<long>(type: "bigint", nullable: false),
                    attempt = table.Column<int>(type: "integer", nullable: false),
                    ordinal = table.Column<int>(type: "integer", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    from_at = table.Column<long>(type: "bigint", nullable: false),
                    to_at = table.Column<long>(type: "bigint", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_run_stages_a", x => new { x.key, x.attempt, x.ordinal });
                });

            migrationBuilder.CreateTable(
                name: "run_stages_b",
                columns: table => new
                {
                    key = table.Column<long>(type: "bigint", nullable: false),
                    attempt = table.Column<int>(type: "integer", nullable: false),
                    ordinal = table.Column<int>(type: "integer", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    from_at = table.Column<long>(type: "bigint", nullable: false),
                    to_at = table.Column<long>(type: "bigint", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_run_stages_b", x => new { x.key, x.attempt, x.ordinal });
                });

            migrationBuilder.CreateTable(
                name: "run_tags_a",
                columns: table => new
                {
                    key = table.Column<long>(type: "bigint", nullable: false),
                    attempt = table.Column<int>(type: "integer", nullable: false),
                    tags = table.Column<string>(type: "text", nullable: false),
                    ids = table.Column<long[]>(type: "bigint[]", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_run_tags_a", x => new { x.key, x.attempt });
                });

            migrationBuilder.CreateTable(
                name: "run_tags_b",
                columns: table => new
                {
                    key = table.Column<long>(type: "bigint", nullable: false),
                    attempt = table.Column<int>(type: "integer", nullable: false),
                    tags = table.Column<string>(type: "text", nullable: false),
                    ids = table.Column<long[]>(type: "bigint[]", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_run_tags_b", x => new { x.key, x.attempt });
                });

            migrationBuilder.CreateTable(
                name: "runs_a",
                columns: table => new
                {
                    key = table.Column<long>(type: "bigint", nullable: false),
                    attempt = table.Column<int>(type: "integer", nullable: false),
                    source = table.Column<string>(type: "text", nullable: false),
                    type = table.Column<string>(type: "text", nullable: false),
                    @namespace = table.Column<string>(name: "namespace", type: "text", nullable: false),
                    id = table.Column<string>(type: "text", nullable: false),
                    reference = table.Column<long>(type: "bigint", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    operation = table.Column<long>(type: "bigint", nullable: false),
                    state = table.Column<short>(type: "smallint", nullable: false),
                    outcome = table.Column<short>(type: "smallint", nullable: true),
                    at = table.Column<long>(type: "bigint", nullable: false),
                    started_at = table.Column<long>(type: "bigint", nullable: true),
                    ended_at = table.Column<long>(type: "bigint", nullable: true),
                    abandoned_at = table.Column<long>(type: "bigint", nullable: true),
                    start_recorded_at = table.Column<long>(type: "bigint", nullable: true),
                    end_recorded_at = table.Column<long>(type: "bigint", nullable: true),
                    last_sign_at = table.Column<long>(type: "bigint", nullable: false),
                    is_imported = table.Column<bool>(type: "boolean", nullable: false),
                    excluded_because = table.Column<string>(type: "text", nullable: true),
                    duration = table.Column<long>(type: "bigint", nullable: true),
                    actor = table.Column<string>(type: "text", nullable: true),
                    reason = table.Column<string>(type: "text", nullable: true),
                    submitter = table.Column<string>(type: "text", nullable: false),
                    parent = table.Column<string>(type: "text", nullable: true),
                    parent_reference = table.Column<long>(type: "bigint", nullable: true),
                    traceparent = table.Column<string>(type: "text", nullable: true),
                    trace_id = table.Column<long>(type: "bigint", nullable: false),
                    span_id = table.Column<long>(type: "bigint", nullable: false),
                    parent_span_id = table.Column<long>(type: "bigint", nullable: true),
                    flags = table.Column<string>(type: "text", nullable: false),
                    last_position = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_runs_a", x => new { x.key, x.attempt });
                });

            migrationBuilder.CreateTable(
                name: "runs_b",
                columns: table => new
                {
                    key = table.Column<long>(type: "bigint", nullable: false),
                    attempt = table.Column<int>(type: "integer", nullable: false),
                    source = table.Column<string>(type: "text", nullable: false),
                    type = table.Column<string>(type: "text", nullable: false),
                    @namespace = table.Column<string>(name: "namespace", type: "text", nullable: false),
                    id = table.Column<string>(type: "text", nullable: false),
                    reference = table.Column<long>(type: "bigint", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    operation = table.Column<long>(type: "bigint", nullable: false),
                    state = table.Column<short>(type: "smallint", nullable: false),
                    outcome = table.Column<short>(type: "smallint", nullable: true),
                    at = table.Column<long>(type: "bigint", nullable: false),
                    started_at = table.Column<long>(type: "bigint", nullable: true),
                    ended_at = table.Column<long>(type: "bigint", nullable: true),
                    abandoned_at = table.Column<long>(type: "bigint", nullable: true),
                    start_recorded_at = table.Column<long>(type: "bigint", nullable: true),
                    end_recorded_at = table.Column<long>(type: "bigint", nullable: true),
                    last_sign_at = table.Column<long>(type: "bigint", nullable: false),
                    is_imported = table.Column<bool>(type: "boolean", nullable: false),
                    excluded_because = table.Column<string>(type: "text", nullable: true),
                    duration = table.Column<long>(type: "bigint", nullable: true),
                    actor = table.Column<string>(type: "text", nullable: true),
                    reason = table.Column<string>(type: "text", nullable: true),
                    submitter = table.Column<string>(type: "text", nullable: false),
                    parent = table.Column<string>(type: "text", nullable: true),
                    parent_reference = table.Column<long>(type: "bigint", nullable: true),
                    traceparent = table.Column<string>(type: "text", nullable: true),
                    trace_id = table.Column<long>(type: "bigint", nullable: false),
                    span_id = table.Column<long>(type: "bigint", nullable: false),
                    parent_span_id = table.Column<long>(type: "bigint", nullable: true),
                    flags = table.Column<string>(type: "text", nullable: false),
                    last_position = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_runs_b", x => new { x.key, x.attempt });
                });

            migrationBuilder.CreateIndex(
                name: "ix_run_links_a_reference",
                table: "run_links_a",
                column: "reference");

            migrationBuilder.CreateIndex(
                name: "ix_run_links_b_reference",
                table: "run_links_b",
                column: "reference");

            migrationBuilder.CreateIndex(
                name: "ix_run_tags_a_ids",
                table: "run_tags_a",
                column: "ids")
                .Annotation("Npgsql:IndexMethod", "gin")
                .Annotation("Npgsql:StorageParameter:gin_pending_list_limit", 512);

            migrationBuilder.CreateIndex(
                name: "ix_run_tags_b_ids",
                table: "run_tags_b",
                column: "ids")
                .Annotation("Npgsql:IndexMethod", "gin")
                .Annotation("Npgsql:StorageParameter:gin_pending_list_limit", 512);

            migrationBuilder.CreateIndex(
                name: "ix_runs_a_at",
                table: "runs_a",
                column: "at",
                filter: "state = 0");

            migrationBuilder.CreateIndex(
                name: "ix_runs_a_at_key_attempt",
                table: "runs_a",
                columns: new[] { "at", "key", "attempt" });

            migrationBuilder.CreateIndex(
                name: "ix_runs_a_operation_at",
                table: "runs_a",
                columns: new[] { "operation", "at" });

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
                name: "ix_runs_b_at",
                table: "runs_b",
                column: "at",
                filter: "state = 0");

            migrationBuilder.CreateIndex(
                name: "ix_runs_b_at_key_attempt",
                table: "runs_b",
                columns: new[] { "at", "key", "attempt" });

            migrationBuilder.CreateIndex(
                name: "ix_runs_b_operation_at",
                table: "runs_b",
                columns: new[] { "operation", "at" });

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

            // A run that ends is written again in its place where its page has room, and no index need be told.
            migrationBuilder.Sql("ALTER TABLE runs_a SET (fillfactor = 85)");
            migrationBuilder.Sql("ALTER TABLE runs_b SET (fillfactor = 85)");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            // What was before is made from the log by the version that made it.
            throw new System.NotSupportedException("The projections of version 1 are not made again. Restore a backup to go back.");
        }
    }
}
