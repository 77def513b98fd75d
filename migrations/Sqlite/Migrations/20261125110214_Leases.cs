using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ValueStream.Migrations.Sqlite.Migrations
{
    /// <summary>Until when runs have said that they live.</summary>
    public partial class Leases : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "leases",
                columns: table => new
                {
                    run = table.Column<long>(type: "INTEGER", nullable: false),
                    expires_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_leases", x => x.run);
                });

            migrationBuilder.CreateIndex(
                name: "ix_leases_expires_at",
                table: "leases",
                column: "expires_at");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "leases");
        }
    }
}
