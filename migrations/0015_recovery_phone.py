"""Since when a recovery phone stands there; and found by its number, when somebody has forgotten the address."""
from peewee import SqliteDatabase


def up(_migrator, db):
    db.execute_sql('ALTER TABLE "account" ADD COLUMN "recovery_phone_since" '
                   + ("INTEGER" if isinstance(db, SqliteDatabase) else "TIMESTAMPTZ"))
    db.execute_sql("CREATE INDEX account_phone ON account (recovery_phone) WHERE recovery_phone <> ''")
