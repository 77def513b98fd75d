using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ValueStream.Migrations.Postgres.Migrations
{
    /// <inheritdoc />
    public partial class Running : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AlterTable(
                name: "runs_b")
                .Annotation("Npgsql:StorageParameter:fillfactor", 85);

            migrationBuilder.AlterTable(
                name: "runs_a")
                .Annotation("Npgsql:StorageParameter:fillfactor", 85);

            migrationBuilder.CreateTable(
                name: "running_a",
                columns: table => new
                {
                    key = table.Column<long>(type: "bigint", nullable: false),
                    attempt = table.Column<int>(type: "integer", nullable: false),
                    operation = table.Column<long>(type: "bigint", nullable: false),
                    at = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_running_a", x => new { x.key, x.attempt });
                });

            migrationBuilder.CreateTable(
                name: "running_b",
                columns: table => new
                {
                    key = table.Column<long>(type: "bigint", nullable: false),
                    attempt = table.Column<int>(type: "integer", nullable: false),
                    operation = table.Column<long>(type: "bigint", nullable: false),
                    at = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_running_b", x => new { x.key, x.attempt });
                });

            migrationBuilder.CreateIndex(
                name: "ix_running_a_at",
                table: "running_a",
                column: "at");

            migrationBuilder.CreateIndex(
                name: "ix_running_b_at",
                table: "running_b",
                column: "at");

            // Until the projections are built anew, which the new version does by itself.
            foreach (var slot in (string[])["a", "b"])
            {
                migrationBuilder.Sql($"INSERT INTO running_{slot} SELECT key, attempt, operation, at FROM runs_{slot} WHERE state = 0");
            }

            migrationBuilder.DropIndex(
                name: "ix_runs_b_at",
                table: "runs_b");

            migrationBuilder.DropIndex(
                name: "ix_runs_a_at",
                table: "runs_a");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "running_a");

            migrationBuilder.DropTable(
                name: "running_b");

            migrationBuilder.AlterTable(
                name: "runs_b")
                .OldAnnotation("Npgsql:StorageParameter:fillfactor", 85);

            migrationBuilder.AlterTable(
                name: "runs_a")
                .OldAnnotation("Npgsql:StorageParameter:fillfactor", 85);

            migrationBuilder.CreateIndex(
                name: "ix_runs_b_at",
                table: "runs_b",
                column: "at",
                filter: "state = 0");

            migrationBuilder.CreateIndex(
                name: "ix_runs_a_at",
                table: "runs_a",
                column: "at",
                filter: "state = 0");
        }
    }
}
