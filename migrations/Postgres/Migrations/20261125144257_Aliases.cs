using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ValueStream.Migrations.Postgres.Migrations
{
    /// <inheritdoc />
    public partial class Aliases : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "run_aliases_a",
                columns: table => new
                {
                    reference = table.Column<long>(type: "bigint", nullable: false),
                    key = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_run_aliases_a", x => new { x.reference, x.key });
                });

            migrationBuilder.CreateTable(
                name: "run_aliases_b",
                columns: table => new
                {
                    reference = table.Column<long>(type: "bigint", nullable: false),
                    key = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_run_aliases_b", x => new { x.reference, x.key });
                });

            migrationBuilder.CreateTable(
                name: "run_mentions_a",
                columns: table => new
                {
                    key = table.Column<long>(type: "bigint", nullable: false),
                    attempt = table.Column<int>(type: "integer", nullable: false),
                    ordinal = table.Column<int>(type: "integer", nullable: false),
                    place = table.Column<int>(type: "integer", nullable: false),
                    text = table.Column<string>(type: "text", nullable: false),
                    reference = table.Column<long>(type: "bigint", nullable: false),
                    is_causal = table.Column<bool>(type: "boolean", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_run_mentions_a", x => new { x.key, x.attempt, x.ordinal });
                });

            migrationBuilder.CreateTable(
                name: "run_mentions_b",
                columns: table => new
                {
                    key = table.Column<long>(type: "bigint", nullable: false),
                    attempt = table.Column<int>(type: "integer", nullable: false),
                    ordinal = table.Column<int>(type: "integer", nullable: false),
                    place = table.Column<int>(type: "integer", nullable: false),
                    text = table.Column<string>(type: "text", nullable: false),
                    reference = table.Column<long>(type: "bigint", nullable: false),
                    is_causal = table.Column<bool>(type: "boolean", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_run_mentions_b", x => new { x.key, x.attempt, x.ordinal });
                });

            migrationBuilder.CreateIndex(
                name: "ix_run_aliases_a_key",
                table: "run_aliases_a",
                column: "key");

            migrationBuilder.CreateIndex(
                name: "ix_run_aliases_b_key",
                table: "run_aliases_b",
                column: "key");

            migrationBuilder.CreateIndex(
                name: "ix_run_mentions_a_reference",
                table: "run_mentions_a",
                column: "reference");

            migrationBuilder.CreateIndex(
                name: "ix_run_mentions_b_reference",
                table: "run_mentions_b",
                column: "reference");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "run_aliases_a");

            migrationBuilder.DropTable(
                name: "run_aliases_b");

            migrationBuilder.DropTable(
                name: "run_mentions_a");

            migrationBuilder.DropTable(
                name: "run_mentions_b");
        }
    }
}
