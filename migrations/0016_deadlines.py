"""Where an announced deadline is the beginning of a day; who has been told that a second factor is demanded; and,
found at once, accounts that are locked and requests of those who lost a factor."""
from peewee import SqliteDatabase


def up(_migrator, db):
    on_sqlite = isinstance(db, SqliteDatabase)
    for table, column, kind, default in (("organisation", "two_factor_zone", "TEXT", "''"),
                                         ("membership", "warned", *(("INTEGER", "0") if on_sqlite
                                                                    else ("BOOLEAN", "FALSE")))):
        db.execute_sql(f'ALTER TABLE "{table}" ADD COLUMN "{column}" {kind} NOT NULL DEFAULT {default}')
        if not on_sqlite:
            db.execute_sql(f'ALTER TABLE "{table}" ALTER COLUMN "{column}" DROP DEFAULT')
    db.execute_sql("CREATE INDEX account_locked ON account (id) WHERE locked IS NOT NULL")
    db.execute_sql("CREATE INDEX recovery_under_way ON recovery (user_id) WHERE closed IS NULL")
    db.execute_sql("UPDATE organisation SET two_factor_zone = time_zone WHERE two_factor = 'announced'")
