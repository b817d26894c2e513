"""The shape that migrations make is the shape that `models.py` tells of, on both databases."""
import pytest

import db
import schema
import worker
from models import OWNED, TABLES
from settings import setting
from tests import postgresql
from tests.conftest import SCRATCH


@pytest.fixture(params=["sqlite", "postgresql"])
def two_shapes(request, tmp_path, monkeypatch):
    """(as migrated, as told by the models), each {table: columns, indexes, references}."""
    if request.param == "sqlite":
        with setting.changed(data=tmp_path, database_url=f"sqlite:///{tmp_path / 'migrated.db'}"):
            schema.migrate()
            migrated = read()
        told = made(f"sqlite:///{tmp_path / 'told.db'}")
    else:
        with postgresql.empty_database(SCRATCH) as (url, owner), setting.changed(
                data=tmp_path, database_url=url, database_owner_url=owner):
            schema.migrate()
            db.connect_to(owner)
            migrated = read()
        for table in TABLES:                    # a word that SQLite alone knows
            monkeypatch.setattr(table._meta, "strict_tables", False)
        with postgresql.empty_database(SCRATCH) as (_url, owner):
            told = made(owner)
    return migrated, told


def made(url):
    db.connect_to(url)
    with db.database.connection_context():
        db.database.create_tables(TABLES)
    return read()


def read():
    with db.database.connection_context():
        return {table._meta.table_name: shape(table._meta.table_name) for table in TABLES}


def shape(table):
    ask = db.database
    return {"columns": {each.name: (each.data_type.upper(), each.null) for each in ask.get_columns(table)},
            "indexes": {(each.name, tuple(each.columns), each.unique) for each in ask.get_indexes(table)},
            "references": {(each.column, each.dest_table, each.dest_column) for each in ask.get_foreign_keys(table)}}


def test_migrations_make_what_the_models_tell_of(two_shapes):
    migrated, told = two_shapes
    for table in told:
        assert migrated[table] == told[table], table


def test_every_table_of_an_organisation_stands_behind_the_second_wall(tmp_path):
    with postgresql.empty_database(SCRATCH) as (url, owner), setting.changed(
            data=tmp_path, database_url=url, database_owner_url=owner):
        schema.migrate()
        db.connect_to(owner)
        with db.database.connection_context():
            walled = {name for (name,) in db.database.execute_sql(
                "SELECT c.relname FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid "
                "WHERE c.relrowsecurity AND c.relforcerowsecurity").fetchall()}
    assert {table._meta.table_name for table in OWNED} == walled


def test_sqlite_learns_how_full_its_tables_are(cast, sqlite_only):
    next(do for name, _when, do in worker.EVERY if name == "learn what the tables hold")()
    known = {table for (table,) in db.database.execute_sql("SELECT tbl FROM sqlite_stat1").fetchall()}
    assert {"membership", "access_grant", "product"} <= known
