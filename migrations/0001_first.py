"""The first shape: people, organisations, memory. Books are append-only; rows know their organisation."""
from pathlib import Path

from peewee import SqliteDatabase

BOOKS = ("event", "personal_event", "installation_event")
OWNED = ("membership", "invitation", "picture", "event", "event_facts")


def up(migrator, db):
    sqlite = isinstance(db, SqliteDatabase)
    _run(db, Path(__file__).with_suffix(".sqlite.sql" if sqlite else ".postgresql.sql").read_text())
    for statement in (_append_only_sqlite if sqlite else _append_only_postgresql)():
        db.execute_sql(statement)
    if not sqlite:
        db.execute_sql("CREATE TABLE hit (bucket TEXT PRIMARY KEY, ends BIGINT NOT NULL, times INTEGER NOT NULL)")
        for table in OWNED:
            for statement in _second_wall(table):
                db.execute_sql(statement)


def _run(db, script):
    lines = [line for line in script.splitlines() if line.strip()]
    for statement in "\n".join(lines).split(";\n"):
        db.execute_sql(statement.rstrip(";"))


def _append_only_sqlite():
    for book in BOOKS:
        for deed in ("UPDATE", "DELETE"):
            yield (f"CREATE TRIGGER {book}_no_{deed.lower()} BEFORE {deed} ON {book} "
                   f"BEGIN SELECT RAISE(ABORT, '{book} is only ever added to'); END")


def _append_only_postgresql():
    yield ("CREATE FUNCTION only_added_to() RETURNS trigger LANGUAGE plpgsql AS "
           "$$ BEGIN RAISE EXCEPTION 'a book is only ever added to'; END $$")
    for book in BOOKS:
        yield (f"CREATE TRIGGER {book}_only_added_to BEFORE UPDATE OR DELETE ON {book} "
               "FOR EACH ROW EXECUTE FUNCTION only_added_to()")


def _second_wall(table):
    """An organisation's number opens its rows, 0 opens all, nothing opens none."""
    at_work = "nullif(current_setting('kanton.organisation', true), '')::int"
    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    yield f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"
    yield f"CREATE POLICY organisation_at_work ON {table} USING ({at_work} IN (0, organisation_id))"
