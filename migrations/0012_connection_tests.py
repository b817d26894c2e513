"""What was seen of an application's connection when it was tested."""
from pathlib import Path

from peewee import SqliteDatabase


def up(_migrator, db):
    script = Path(__file__).with_suffix(".sqlite.sql" if isinstance(db, SqliteDatabase) else ".postgresql.sql")
    for statement in script.read_text().split(";\n"):
        if statement.strip():
            db.execute_sql(statement)
    if not isinstance(db, SqliteDatabase):
        at_work = "nullif(current_setting('kanton.organisation', true), '')::int"
        db.execute_sql("ALTER TABLE connection_test ENABLE ROW LEVEL SECURITY")
        db.execute_sql("ALTER TABLE connection_test FORCE ROW LEVEL SECURITY")
        db.execute_sql(f"CREATE POLICY organisation_at_work ON connection_test "
                       f"USING ({at_work} IN (0, organisation_id))")
