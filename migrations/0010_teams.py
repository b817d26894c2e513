"""The teams that somebody invited is going to join."""
from peewee import SqliteDatabase


def up(_migrator, db):
    kind = "TEXT" if isinstance(db, SqliteDatabase) else "JSONB"
    db.execute_sql(f"""ALTER TABLE "invitation" ADD COLUMN "teams" {kind} NOT NULL DEFAULT '[]'""")
    if kind == "JSONB":
        db.execute_sql('ALTER TABLE "invitation" ALTER COLUMN "teams" DROP DEFAULT')
