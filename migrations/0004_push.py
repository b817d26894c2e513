"""Browsers that are told at once when a sign-in waits for a yes."""
from pathlib import Path

from peewee import SqliteDatabase


def up(_migrator, db):
    script = Path(__file__).with_suffix(".sqlite.sql" if isinstance(db, SqliteDatabase) else ".postgresql.sql")
    for statement in script.read_text().split(";\n"):
        if statement.strip():
            db.execute_sql(statement)
