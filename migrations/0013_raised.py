"""When an external became more than that: from then on they are known, not from when they were asked in."""
from peewee import SqliteDatabase


def up(_migrator, db):
    db.execute_sql('ALTER TABLE "membership" ADD COLUMN "raised" '
                   + ("INTEGER" if isinstance(db, SqliteDatabase) else "TIMESTAMPTZ"))
