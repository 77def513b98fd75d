using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ValueStream.Migrations.Postgres.Migrations
{
    /// <summary>Makes the database itself refuse what an append-only log never does.</summary>
    public partial class AppendOnly : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql(
                """
                CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                  RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP;
                END $$;
                """);
            foreach (var table in new[] { "events", "batches" })
            {
                migrationBuilder.Sql(
                    $"""
                    CREATE TRIGGER {table}_rows_append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change();
                    CREATE TRIGGER {table}_append_only BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
                    """);
            }
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            foreach (var table in new[] { "events", "batches" })
            {
                migrationBuilder.Sql($"DROP TRIGGER {table}_rows_append_only ON {table}; DROP TRIGGER {table}_append_only ON {table};");
            }
            migrationBuilder.Sql("DROP FUNCTION refuse_change();");
        }
    }
}
