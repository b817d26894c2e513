"""A real browser against the running product."""
import os
import shutil
from pathlib import Path

import pytest

from tests import postgresql
from tests.conftest import SCRATCH
from tests.serving import Sink, product

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]
WHOLE = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LEAN = ("chromium-headless-shell",)             # has no windows, and so a quarter less to do
ON_A_MAC = ("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
            "/Applications/Chromium.app/Contents/MacOS/Chromium")


def browser_path(names: tuple[str, ...]) -> str | None:
    found = [os.environ.get("CHROME"), *(shutil.which(name) for name in names), *ON_A_MAC]
    return next((path for path in found if path and Path(path).exists()), None)


def how_to_launch(said: dict, names: tuple[str, ...]) -> dict:
    path = browser_path(names)
    if path is None and not os.environ.get("PLAYWRIGHT_BROWSERS_PATH"):
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no Chromium found: install one, or set CHROME")
    return {**said, **({"executable_path": path} if path else {}), "args": FLAGS}


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return how_to_launch(browser_type_launch_args, LEAN + WHOLE)


class Running:
    """A product with the demo cast, its address, and the sink its mail goes to."""

    def __init__(self, address: str, sink: Sink):
        self.address, self.sink = address, sink


@pytest.fixture(scope="session")
def running_on_sqlite(tmp_path_factory):
    with Sink() as sink, product(tmp_path_factory.mktemp("sqlite"), SMTP_URL=sink.url) as address:
        yield Running(address, sink)


@pytest.fixture(scope="session")
def running_on_postgresql(tmp_path_factory):
    with postgresql.empty_database(SCRATCH) as (url, owner), Sink() as sink, \
            product(tmp_path_factory.mktemp("postgresql"), SMTP_URL=sink.url, DATABASE_URL=url,
                    DATABASE_OWNER_URL=owner) as address:
        yield Running(address, sink)


@pytest.fixture(params=["sqlite", "postgresql"])
def running(request):
    return request.getfixturevalue(f"running_on_{request.param}")
