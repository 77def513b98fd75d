using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ValueStream.Migrations.Postgres.Migrations
{
    /// <summary>
    /// Makes the database itself refuse what an append-only log never does. One change passes: an event's data erased whole, with the
    /// digest of salt and data in the salt's place.
    /// </summary>
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
                CREATE FUNCTION refuse_change_but_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                  IF OLD.data <> '' AND NEW.data = '' AND NEW.salt = sha256(OLD.salt || convert_to(OLD.data, 'UTF8'))
                     AND to_jsonb(NEW) - 'data' - 'salt' = to_jsonb(OLD) - 'data' - 'salt' THEN
                    RETURN NEW;
                  END IF;
                  RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP;
                END $$;
                CREATE TRIGGER events_no_update BEFORE UPDATE ON events FOR EACH ROW EXECUTE FUNCTION refuse_change_but_erasure();
                CREATE TRIGGER events_no_delete BEFORE DELETE ON events FOR EACH ROW EXECUTE FUNCTION refuse_change();
                CREATE TRIGGER events_no_truncate BEFORE TRUNCATE ON events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
                CREATE TRIGGER batches_no_change BEFORE UPDATE OR DELETE ON batches FOR EACH ROW EXECUTE FUNCTION refuse_change();
                CREATE TRIGGER batches_no_truncate BEFORE TRUNCATE ON batches FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql(
                """
                DROP TRIGGER events_no_update ON events;
                DROP TRIGGER events_no_delete ON events;
                DROP TRIGGER events_no_truncate ON events;
                DROP TRIGGER batches_no_change ON batches;
                DROP TRIGGER batches_no_truncate ON batches;
                DROP FUNCTION refuse_change_but_erasure();
                DROP FUNCTION refuse_change();
                """);
        }
    }
}
