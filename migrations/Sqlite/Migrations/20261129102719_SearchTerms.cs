using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ValueStream.Migrations.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class SearchTerms : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "run_parts_a",
                columns: table => new
                {
                    part = table.Column<long>(type: "INTEGER", nullable: false),
                    key = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_run_parts_a", x => new { x.part, x.key });
                });

            migrationBuilder.CreateTable(
                name: "run_parts_b",
                columns: table => new
                {
                    part = table.Column<long>(type: "INTEGER", nullable: false),
                    key = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_run_parts_b", x => new { x.part, x.key });
                });

            migrationBuilder.CreateTable(
                name: "words",
                columns: table => new
                {
                    word = table.Column<string>(type: "TEXT", nullable: false),
                    term = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_words", x => new { x.word, x.term });
                });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "run_parts_a");

            migrationBuilder.DropTable(
                name: "run_parts_b");

            migrationBuilder.DropTable(
                name: "words");
        }
    }
}
