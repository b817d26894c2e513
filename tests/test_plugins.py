"""A package of somebody else brings a way to sign in and a second factor: no file of ours is another one for it."""
import importlib
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import plugins
import templating
from models import Credential, Session, User
from settings import setting

ROOT = Path(__file__).parent.parent
KNOCKING = ROOT / "tests" / "fixtures" / "knocking"


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """The package in a folder Python looks into, as an installer leaves it there: its modules and what it says of
    itself."""
    folder = tmp_path / "site-packages"
    shutil.copytree(KNOCKING / "src", folder)
    told = tomllib.loads((KNOCKING / "pyproject.toml").read_text())["project"]
    about = folder / f"{told['name']}-{told['version']}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {told['name']}\nVersion: {told['version']}\n")
    (about / "entry_points.txt").write_text("".join(
        f"[{group}]\n" + "".join(f"{name} = {where}\n" for name, where in entries.items())
        for group, entries in told["entry-points"].items()))
    monkeypatch.syspath_prepend(str(folder))
    _forget()
    yield folder
    _forget()
    for name in [name for name in sys.modules if name.partition(".")[0] == told["name"]]:
        del sys.modules[name]


def _forget():
    plugins.find.cache_clear()
    templating.environment.cache_clear()
    importlib.invalidate_caches()


@pytest.fixture
def knocking(installed, database):
    with setting.changed(backends=("password", "knock"), second_factors=("totp", "rhythm", "backup_codes")):
        yield


def knock(browser, email, right=True):
    """Through its own page, to whatever comes after."""
    page = browser.get("/signin/with/knock")
    number = int(page.text("number")) + right
    return browser.post("/signin/with/knock", email=email, answer=str(number))


def test_its_way_to_sign_in_is_offered_and_opens(visitor, knocking):
    browser = visitor()
    assert "/signin/with/knock" in browser.get("/signin").links
    knock(browser, "grace@field.example")
    assert browser.get("/account").path == "/account"
    assert Session.select().order_by(Session.id.desc()).get().proofs == "knock"


def test_its_no_is_a_no(visitor, knocking):
    browser = visitor()
    assert knock(browser, "grace@field.example", right=False).path == "/signin"
    browser.get("/account")
    assert browser.page.path == "/signin"


def test_its_second_factor_is_set_up_asked_for_and_let_go(browse, visitor, knocking, cast):
    browser = browse("grace")
    assert "Rhythm" in browser.get("/account/security/two-factor").text()
    page = browser.get("/account/security/two-factor/rhythm")
    assert page.text("rhythm") == "short short long"
    assert "not your rhythm" in browser.post("/account/security/two-factor/rhythm", expect=422, code="long").errors
    browser.post("/account/security/two-factor/rhythm", code="short short long")
    assert User.get_by_id(cast.people["grace"].id).two_factor
    other = visitor()
    assert knock(other, "grace@field.example").path == "/signin/second-step"      # every door asks (TF-08)
    other.post("/signin/second-step", expect=422, factor="rhythm", code="long")
    other.post("/signin/second-step", factor="rhythm", code="short short long")
    assert Session.select().order_by(Session.id.desc()).get().proofs == "knock rhythm"
    credential = Credential.get(Credential.kind == "rhythm")
    browser.get(f"/account/security/factors/{credential.public_id}/remove")
    browser.post(f"/account/security/factors/{credential.public_id}/remove")
    assert not User.get_by_id(cast.people["grace"].id).two_factor


def test_what_is_installed_and_not_named_is_off(visitor, installed, database):
    browser = visitor()
    assert "/signin/with/knock" not in browser.get("/signin").links
    browser.get("/signin/with/knock", expect=404)


def test_a_name_that_nobody_offers_is_a_mistake(database):
    with pytest.raises(LookupError, match="knock"):
        plugins.find("accounts.backends", "knock")


def test_no_file_of_ours_knows_of_it():
    ours = subprocess.run(["git", "grep", "-lwiE", "knocking|rhythm", "--", "*.py", "*.html", ":!tests"],
                          cwd=KNOCKING.parents[2], capture_output=True, text=True, check=False)
    assert not ours.stdout


def test_what_an_extra_lacks_is_said_in_one_sentence(tmp_path):
    without = "import sys; sys.modules['ldap'] = None; import app; app.create_app()"
    environment = os.environ | {"BACKENDS": "password ldap", "LDAP_URL": "ldaps://ldap.example", "LDAP_BASE": "dc=x",
                                "DATA": str(tmp_path)}
    start = subprocess.run([sys.executable, "-c", without], cwd=ROOT, env=environment, capture_output=True, text=True,
                           check=False)
    assert start.returncode == 1
    assert start.stderr.strip().splitlines()[-1].startswith("`ldap` needs the extra `ldap`")
    assert "Traceback" not in start.stderr
