using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ValueStream.Migrations.Sqlite.Migrations
{
    /// <summary>What is kept beside the log for a while, and what shows that the log was restored: its epoch and its place.</summary>
    public partial class Deliveries : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(
                name: "epoch",
                table: "log_head",
                type: "INTEGER",
                nullable: false,
                defaultValue: 1L);

            migrationBuilder.AddColumn<string>(
                name: "place",
                table: "log_head",
                type: "TEXT",
                nullable: false,
                defaultValue: "");

            migrationBuilder.CreateTable(
                name: "deliveries",
                columns: table => new
                {
                    sha256 = table.Column<byte[]>(type: "BLOB", nullable: false),
                    received_at = table.Column<long>(type: "INTEGER", nullable: false),
                    body = table.Column<byte[]>(type: "BLOB", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_deliveries", x => x.sha256);
                });

            migrationBuilder.CreateTable(
                name: "quarantine",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    received_at = table.Column<long>(type: "INTEGER", nullable: false),
                    source = table.Column<string>(type: "TEXT", nullable: false),
                    reason = table.Column<string>(type: "TEXT", nullable: false),
                    headers = table.Column<string>(type: "TEXT", nullable: false),
                    body = table.Column<byte[]>(type: "BLOB", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_quarantine", x => x.id);
                });

            migrationBuilder.CreateIndex(
                name: "ix_deliveries_received_at",
                table: "deliveries",
                column: "received_at");

            migrationBuilder.CreateIndex(
                name: "ix_quarantine_received_at",
                table: "quarantine",
                column: "received_at");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "deliveries");

            migrationBuilder.DropTable(
                name: "quarantine");

            migrationBuilder.DropColumn(
                name: "epoch",
                table: "log_head");

            migrationBuilder.DropColumn(
                name: "place",
                table: "log_head");
        }
    }
}
