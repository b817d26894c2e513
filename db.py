"""The database, and the one way to change it."""
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import peewee
from peewee import DatabaseProxy, Field, Model, PostgresqlDatabase, SqliteDatabase

from rows import NewRow
from settings import alone_in, private

database = DatabaseProxy()

# Full synchronous: what was answered «done» survives a power cut. 2 MB of cache for each thread, and
# a map of 128 MB that all of them share.
PRAGMAS = {"journal_mode": "wal", "synchronous": "full", "foreign_keys": 1, "busy_timeout": 10_000,
           "cache_size": -2_000, "mmap_size": 128 << 20, "trusted_schema": 0}


class Sqlite(SqliteDatabase):
    # Types that STRICT tables know, so that no text ever lands in a number.
    field_types = SqliteDatabase.field_types | {"INSTANT": "INTEGER"}

    def _connect(self) -> Any:
        private(Path(self.database).parent)
        return super()._connect()

    def _load_functions(self, connection: Any) -> None:
        """None of Peewee's own: we use none, and a connection with one takes the process with it when its thread
        ends, as the function's destructor then runs without the interpreter's lock."""

    def rollback(self) -> Any:
        # A full disk has rolled everything back already; a second time would hide the reason.
        return super().rollback() if self.connection().in_transaction else None


class Postgresql(PostgresqlDatabase):
    """Tells the server, before a statement, for whom it is: row-level security is the second wall."""

    field_types = PostgresqlDatabase.field_types | {"INSTANT": "TIMESTAMPTZ"}
    wall: Callable[[], str] = staticmethod(lambda: "")

    def execute_sql(self, sql: str, params: Any = None) -> Any:
        wanted = self.wall()
        connection = self.connection()
        if getattr(connection, "_kanton_wall", "") != wanted:
            super().execute_sql("SELECT set_config('kanton.organisation', %s, false)", (wanted,))
            connection._kanton_wall = wanted
        return super().execute_sql(sql, params)

    def rollback(self) -> Any:
        # A rolled back transaction takes its set_config with it; ask again.
        self.connection()._kanton_wall = None
        return super().rollback()


def connect_to(url: str) -> None:
    """Choose the database. Nothing is opened before the first question."""
    database.initialize(_postgresql(url) if url.startswith("postgresql:") else _sqlite(url))


def _postgresql(url: str) -> Postgresql:
    return Postgresql(url, prefer_psycopg3=True)


def _sqlite(url: str) -> Sqlite:
    return Sqlite(url.removeprefix("sqlite:///"), pragmas=PRAGMAS)


FileTrouble = (getattr(peewee, "pysq3", None) or sqlite3).OperationalError     # what such a file may raise


def open_plain(path: str) -> Any:
    """A SQLite file for throw-away counters: each statement by itself, synchronous NORMAL."""
    module = getattr(peewee, "pysq3", None) or sqlite3
    connection = module.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
    with alone_in(Path(path).parent):           # of two who bring a new file to this mode, SQLite lets neither wait
        connection.execute("PRAGMA journal_mode=wal")
    connection.execute("PRAGMA synchronous=normal")
    return connection


def on_sqlite() -> bool:
    return isinstance(database.obj, SqliteDatabase)


def sqlite_version() -> tuple[int, ...]:
    """Of the library in use: pysqlite3's when it is installed."""
    module = getattr(peewee, "pysq3", None) or sqlite3
    return tuple(module.sqlite_version_info)


def owned_here() -> bool:
    """On PostgreSQL: is our role above row-level security, as owner of a table or as superuser?"""
    if on_sqlite():
        return False
    return bool(database.execute_sql(
        "SELECT rolsuper OR rolbypassrls OR EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = 'public' AND "
        "tableowner = current_user) FROM pg_roles WHERE rolname = current_user").fetchone()[0])


def name_of(url: str) -> str:
    """What may be printed of a database address: no password."""
    parts = urlsplit(url)
    return url.replace(f":{parts.password}@", ":…@") if parts.password else url


@contextmanager
def transaction() -> Iterator[None]:
    """Everything inside happens, or nothing does.

    On SQLite the write lock is taken at the start, so that a transaction which
    reads first and writes later cannot be refused half-way. Verbs may call
    verbs: the inner one joins the outer.
    """
    if database.in_transaction():
        yield
    elif on_sqlite():
        with database.atomic("IMMEDIATE"):
            yield
    else:
        with database.atomic():
            yield


def once_kept(do: Callable[[], Any]) -> None:
    """Called when this transaction is kept: once, however often it is said in it. At once where there is none."""
    if do not in database._state.commit_callbacks:
        database.after_commit(do)


def locked(query: Any) -> Any:
    """The query, holding its rows until the transaction ends. SQLite holds everything anyway."""
    return query if on_sqlite() else query.for_update()


def held(query: Any) -> Any:
    """The same for accounts: others may go on writing what refers to them, so that two who tell each other of
    something do not wait crosswise."""
    return query if on_sqlite() else query.for_update("FOR NO KEY UPDATE")


def exclusively(name: str) -> None:
    """Until this transaction ends nobody else passes here under the same name."""
    if not on_sqlite():
        database.execute_sql("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (name,))


def placeholders(sql: str) -> str:
    """Constant SQL written with `?`, as the database at hand wants it."""
    return sql if on_sqlite() else sql.replace("?", "%s")


class InstantField(Field):
    """An instant in UTC: whole seconds on SQLite, timestamptz on PostgreSQL."""

    field_type = "INSTANT"

    if TYPE_CHECKING:                           # on a row it is an instant, or nothing
        def __get__(self, row: Any, table: Any = None) -> Any: ...
        def __set__(self, row: Any, value: datetime | None) -> None: ...

    def db_value(self, value: Any) -> Any:
        return stored(value) if isinstance(value, datetime) else value

    def python_value(self, value: Any) -> datetime | None:
        return instant(value)


def instant(value: Any) -> datetime | None:
    """A stored instant as an aware datetime, for those who read plain tuples."""
    if value is None or isinstance(value, datetime):
        return value
    return datetime.fromtimestamp(value, UTC)


def learn() -> None:
    """SQLite looks how full its tables are, by samples: with a hundred thousand rows it would choose wrong indexes
    otherwise. PostgreSQL does that by itself."""
    if on_sqlite():
        database.execute_sql("PRAGMA optimize=0x10002")


def stored(value: datetime) -> Any:
    """An instant as the database at hand stores it, for those who write constant SQL."""
    return int(value.timestamp()) if on_sqlite() else value


class Record(Model):
    """A row of a table that belongs to nobody in particular."""

    class Meta:
        database = database
        legacy_table_names = False
        only_save_dirty = True
        strict_tables = True

    @classmethod
    def insert(cls, *args: Any, **values: Any) -> NewRow:
        return NewRow(cls, cls._normalize_data(args[0] if args else None, values))
