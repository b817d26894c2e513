"""The shape of the database: numbered migrations, and the second wall on PostgreSQL."""
from pathlib import Path
from urllib.parse import urlsplit

import peewee
from playhouse.migrations import Runner

import db
from models import User
from settings import setting

BOOKS = ("event", "personal_event", "installation_event")
FOLDER = Path(__file__).parent / "migrations"


def migrate() -> list[str]:
    """Apply what is not applied yet, as the owner of the tables. The names applied."""
    db.connect_to(setting.database_owner_url or setting.database)
    with db.database.connection_context():
        done = Runner(db.database.obj, str(FOLDER)).up()
        if setting.database_owner_url:
            _grant(urlsplit(setting.database).username or "")
    db.connect_to(setting.database)
    return [str(name) for name in done or ()]


def nothing_here() -> str:
    """A sentence where there is no installation; nothing is made by asking. OperationalError if nobody answers."""
    if not db.on_sqlite() or Path(db.database.database).exists():
        with db.database.connection_context():
            if User.table_exists():
                return ""
    where = Path(db.database.database).parent if db.on_sqlite() else db.name_of(setting.database)
    return (f"There is no installation in {where}. DATA and DATABASE_URL say where it is; ./run begins a new one, or "
            "flask --app app migrate.")


def require() -> None:
    """Stops with that sentence, or with one about a database that does not answer."""
    try:
        if nothing := nothing_here():
            raise SystemExit(nothing)
    except peewee.OperationalError as trouble:
        raise SystemExit(f"The database does not answer: {trouble}") from None


def open_books() -> list[str]:
    """The books whose lines could be changed or taken out, because the triggers that refuse it are not there."""
    if db.on_sqlite():
        there = db.database.execute_sql("SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        kept = {book for book in BOOKS if {(book, f"{book}_no_update"), (book, f"{book}_no_delete")} <= set(there)}
    else:
        kept = {book for (book,) in db.database.execute_sql(
            "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "WHERE t.tgname = c.relname || '_only_added_to' AND t.tgenabled <> 'D'").fetchall()}
    return [book for book in BOOKS if book not in kept]


def _grant(role: str) -> None:
    """The application reads and writes rows; it owns nothing, so that row-level security binds it."""
    quoted = '"' + role.replace('"', '""') + '"'
    db.database.execute_sql(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {quoted}")
    db.database.execute_sql(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {quoted}")
