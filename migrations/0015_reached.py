"""How people are reached: since when a recovery phone stands there, whose it is, and what did not reach whom."""
from peewee import SqliteDatabase


def up(_migrator, db):
    db.execute_sql('ALTER TABLE "account" ADD COLUMN "recovery_phone_since" '
                   + ("INTEGER" if isinstance(db, SqliteDatabase) else "TIMESTAMPTZ"))
    db.execute_sql("CREATE INDEX account_phone ON account (recovery_phone) WHERE recovery_phone <> ''")
    db.execute_sql("CREATE INDEX message_undelivered ON message (user_id) WHERE state <> 'sent'")
