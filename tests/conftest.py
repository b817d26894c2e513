"""The cast (demo.py) on two databases, clients, letters, clock."""
import importlib.util
import os
import shutil
import tempfile
from pathlib import Path

# Nothing of the tests is to survive them: their databases stand in memory, where there is room.
MEMORY = Path("/dev/shm")
if "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 4 << 30:
    tempfile.tempdir = str(MEMORY)

SCRATCH = Path(tempfile.mkdtemp(prefix="kanton-tests-"))
os.environ.update(DATA=str(SCRATCH / "data"), BASE_URL="http://localhost:8000",
                  SECRET_KEY="only for tests, and long enough for them", LANGUAGES="en fr de es it")
for name in ("DATABASE_URL", "SMTP_URL", "REDIS_URL", "DEMO"):
    os.environ.pop(name, None)

import pytest  # noqa: E402

import db  # noqa: E402
import schema  # noqa: E402
from accounts import passwords  # noqa: E402
from settings import setting  # noqa: E402
from tests import postgresql  # noqa: E402
from tests.browsing import Browser  # noqa: E402

# Thousands sign in here: the same hash, of less memory. Whoever starts the product itself has it whole, and what it
# costs there is test_passwords.py's.
AS_DECIDED = passwords.hasher
passwords.hasher = passwords.Argon2id(passes=1, memory=64 << 10)

# Where python-ldap could not be built (./test says so).
collect_ignore = [] if importlib.util.find_spec("ldap") else [
    "accounts/backends/test_ldap.py", "blueprints/accounts/test_elsewhere.py"]


def pytest_addoption(parser):
    parser.addoption("--all", action="store_true", help="axe in five languages, and whatever else takes long")


# Of pages, one database tells all there is to tell: what their verbs do is tested on both, and every page is opened
# once on the other (test_pages.py, test_statements.py, test_tenancy.py). `--all` runs them on both.
PAGES = ("blueprints/", "browser/", "test_doors.py", "test_forgery.py", "test_fresh.py", "test_headers.py",
         "test_policies_at_doors.py",
         "test_routes.py", "test_written_by_people.py")
# Nor is what is said to a proxy, a provider, a directory or a key, except where a test wants `each_database`.
PROTOCOLS = ("accounts/backends/", "accounts/test_passkeys.py", "accounts/test_pushes.py", "accounts/test_sms.py",
             "gate/", "notices/channels/", "test_wire.py")


def pytest_collection_modifyitems(config, items):
    """What is about one database does not exist for the other; it is not left out."""
    def elsewhere(item):
        page = str(item.path.relative_to(Path(__file__).parent)).startswith(PAGES + PROTOCOLS)
        return ("postgresql_only" in item.fixturenames and "sqlite" in item.name
                or "sqlite_only" in item.fixturenames and "postgresql" in item.name
                or "postgresql" in item.name and page and not config.getoption("--all")
                and not {"postgresql_only", "each_database"} & set(item.fixturenames))
    items[:] = [item for item in items if not elsewhere(item)]


@pytest.fixture(scope="session", autouse=True)
def _scratch():
    yield
    postgresql.stop()
    shutil.rmtree(SCRATCH, ignore_errors=True)


@pytest.fixture(scope="session")
def stage():
    """The cast, played once on each database; every test gets a copy of its own."""
    return {"sqlite": _play_on_sqlite(), "postgresql": None}


def _play_on_sqlite():
    import demo
    path = SCRATCH / "stage" / "kanton.db"
    with setting.changed(data=path.parent, database_url=f"sqlite:///{path}"):
        schema.migrate()
        with db.database.connection_context():
            cast = demo.play()
    return path, cast


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, stage, tmp_path):
    """An installation with the cast in it: settings in force, database open."""
    if request.param == "sqlite":
        path, cast = stage["sqlite"]
        for file in path.parent.glob("kanton.db*"):
            shutil.copy(file, tmp_path / file.name)
        url, end = f"sqlite:///{tmp_path / 'kanton.db'}", lambda: None
    else:
        url, cast, end = postgresql.copy_of_stage(stage, SCRATCH)
    with setting.changed(data=tmp_path, database_url=url, rate_limits="on"):
        db.connect_to(url)
        db.database.connect()
        yield cast
        db.database.close()
    end()


@pytest.fixture
def cast(database):
    return database


@pytest.fixture
def lumen(cast):
    """At work for Atelier Lumen."""
    from tenancy import working_for
    with working_for(cast.organisations["lumen"]) as organisation:
        yield organisation


@pytest.fixture
def postgresql_only():
    """For what is true of PostgreSQL only: see `pytest_collection_modifyitems`."""


@pytest.fixture
def known_for_long(cast):
    """Everybody has belonged for a month (`Membership.belongs`)."""
    from clock import DAY, now
    from models import Membership
    from tenancy import across_organisations
    with across_organisations("making members old"):
        Membership.update(joined=now() - 30 * DAY).execute()


@pytest.fixture
def each_database():
    """For what belongs to a protocol, but asks the database in words of its own: see there."""


@pytest.fixture
def sqlite_only():
    """For what is true of SQLite only: see `pytest_collection_modifyitems`."""


@pytest.fixture(scope="session")
def one_app():
    """The application, once: settings and database are chosen for each test."""
    from app import create_app
    app = create_app()
    app.testing = False             # errors answer as they do in life
    return app


@pytest.fixture
def app(database, one_app):
    db.connect_to(setting.database)
    return one_app


@pytest.fixture
def visitor(app, cast):
    """A browser nobody has signed in with."""
    return lambda **headers: Browser(app, cast, **headers)


@pytest.fixture
def browse(visitor):
    """A browser somebody of the cast has signed in with: `browse("anne")`."""
    return lambda who, **headers: visitor(**headers).sign_in(who)


@pytest.fixture
def letters(database):
    """What waits in the outbox, written: [(message, letter)], the latest last. Who asked is answered before."""
    from accounts import asked
    from models import Message
    from notices import letters as written

    def all_of(to=None):
        asked.answer_due()
        return [(message, written.write(message)) for message in Message.select().order_by(Message.id)
                if message.facts is not None and (to is None or message.recipient == to)]
    return all_of


@pytest.fixture
def count(monkeypatch):
    """The statements that are made, of any kind but SET and transaction words (decision 30)."""
    made = []
    real = type(db.database.obj).execute_sql

    def counted(self, sql, *more, **most):
        if not sql.lstrip().upper().startswith(("SET", "BEGIN", "COMMIT", "ROLLBACK", "SELECT SET_CONFIG", "SAVEPOINT",
                                                "RELEASE")):
            made.append(sql)
        return real(self, sql, *more, **most)

    monkeypatch.setattr(type(db.database.obj), "execute_sql", counted)
    return made
