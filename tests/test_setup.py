"""Starting: what refuses, what is made, what strangers find (group PS, some of BS)."""
import os
import shutil
import socket
import stat
import subprocess
import sys

import pytest

import crypto
import db
import plugins
from accounts import passwords
from settings import Settings, setting
from tests.conftest import AS_DECIDED
from tests.serving import ROOT, free_port
from tests.together import at_once


def start(tmp_path, **environment):
    """What the product says when it is started like this, and its exit status."""
    plain = {name: value for name, value in os.environ.items()
             if name not in ("SECRET_KEY", "DATA", "BASE_URL", "DATABASE_URL", "LANGUAGES")}
    done = subprocess.run([sys.executable, "-c", "from app import create_app; create_app()"], cwd=ROOT, text=True,
                          env=plain | {"DATA": str(tmp_path)} | environment, capture_output=True, timeout=60)
    return done.returncode, done.stderr.strip().splitlines()[-1] if done.stderr.strip() else ""


@pytest.mark.parametrize(("user", "sudo", "apt", "status", "said"), [
    (0, False, 0, 0, "Installing gcc …"), (1000, True, 0, 0, "Installing gcc …"),
    (1000, False, 0, 1, "only root can install it: apt-get install gcc"), (0, False, 100, 1, "E: no such package")])
def test_what_the_system_lacks_is_installed_or_said(tmp_path, user, sudo, apt, status, said):
    """As root, with sudo, without either, and when apt-get fails."""
    commands = {"id": f"echo {user}", "sudo": f'touch {tmp_path}/asked; exec "$@"' if sudo else "",
                "apt-get": f'[ "$1" = update ] || {{ echo "E: no such package"; exit {apt}; }}'}
    for name, does in commands.items():
        if not does:
            continue
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / name).chmod(0o755)
    for name in ("env", "touch"):
        (tmp_path / name).symlink_to(shutil.which(name))
    done = subprocess.run(["/bin/sh", "-euc", ". ./setup.sh; debian_install gcc || exit 1"], cwd=ROOT, text=True,
                          env={"PATH": str(tmp_path)}, capture_output=True, timeout=60)
    assert done.returncode == status
    assert said in done.stderr
    assert (tmp_path / "asked").exists() is (user != 0 and sudo)


LDAP = {"BACKENDS": "password ldap", "LDAP_URL": "ldaps://ldap.example", "LDAP_BASE": "dc=x"}
OIDC = {"BACKENDS": "password oidc", "UPSTREAM_OIDC": "company", "UPSTREAM_OIDC_COMPANY_CLIENT_ID": "kanton",
        "UPSTREAM_OIDC_COMPANY_ISSUER": "https://login.example"}


@pytest.mark.parametrize(("environment", "said"), [
    ({"SECRET_KEY": "short"}, "SECRET_KEY is too short"), ({"SECRET_KEY_FILE": "/nowhere"}, "No such file"),
    ({"BASE_URL": "kanton.example"}, "BASE_URL='kanton.example' is not an address like https://kanton.example"),
    ({"BASE_URL": "https://kanton.example/path"}, "without a path"), ({"BASE_URL": "https://kanton.example/"}, "slash"),
    ({"BASE_URL": "http://localhost:99999"}, "BASE_URL"), ({"BASE_URL": ""}, "BASE_URL"),
    ({"BASE_URL": "https://[::1"}, "BASE_URL"), ({"BASE_URL": "https://me@kanton.example"}, "BASE_URL"),
    ({"DATA": "/dev/null"}, "DATA='/dev/null' is no folder"), ({"DATA": "/dev/null/x"}, "is no folder"),
    ({"LANGUAGES": "en, xx"}, "no translation for xx; there are en, fr, de"), ({"LANGUAGES": ","}, "no language"),
    ({"BASE_URL": "https://kanton.example", "RATE_LIMITS": "off"}, "loopback"), ({"RATE_LIMITS": ""}, "neither `on`"),
    ({"WORKERS": "many"}, "WORKERS='many' is not a whole number"), ({"WORKERS": "0"}, "WORKERS='0' is too small"),
    ({"SMS_A_DAY": "-1"}, "at least 1"), ({"SIGNUP": "perhaps"}, "SIGNUP='perhaps' is neither `open` nor `invited`"),
    ({"TRUSTED_PROXIES": "127.0.0.1 0.0.0.0/0"}, "TRUSTED_PROXIES: '0.0.0.0/0' is no address"),
    ({"TRUSTED_PROXIES": "proxy"}, "'proxy'"), ({"DATABASE_URL": "mysql://x"}, "neither sqlite"),
    ({"DATABASE_OWNER_URL": "postgresql://x/y"}, "DATABASE_URL is to be postgresql"),
    ({"SMTP_URL": "mail.example"}, "neither smtp"), ({"SMTP_URL": "smtp://mail.example:port"}, "neither smtp"),
    ({"MAIL_FROM": "Kanton"}, "MAIL_FROM='Kanton' is no e-mail address"), ({"SUPPORT": "us"}, "SUPPORT='us' is no"),
    ({"REDIS_URL": "localhost:6379"}, "redis://host"), ({"INSTANCE": ""}, "INSTANCE is empty"),
    ({"DEBUG": "perhaps"}, "DEBUG='perhaps' is neither `on` nor `off`"),
    ({"BACKENDS": ""}, "BACKENDS names nothing; there are"),
    ({"BACKENDS": "password ldpa"}, "BACKENDS: there is no 'ldpa'; there are ldap, oidc, passkey, password"),
    ({"SECOND_FACTORS": "toto"}, "SECOND_FACTORS: there is no 'toto'; there are approval,"),
    ({"SECOND_FACTORS": "totp sms"}, "SMS_URL is empty"), ({"PRODUCT_KINDS": "opera"}, "there is no 'opera'"),
    ({"CHANNELS": "email psuh"}, "CHANNELS: there is no 'psuh'"), ({"CHANNELS": "push"}, "does not name `email`"),
    ({"PUSH_SERVICES": "https://push.example/x"}, "PUSH_SERVICES: 'https://push.example/x' is no host"),
    ({"SMS_URL": "nonsense://key@{number}"}, "SMS_URL=nonsense://… is no address that apprise knows"),
    ({"SMS_COUNTRIES": "CH XX"}, "SMS_COUNTRIES: 'XX' is no country"), ({"SMS_COUNTRIES": "ch"}, "like CH"),
    ({**LDAP, "LDAP_JOIN": "perhaps"}, "LDAP_JOIN='perhaps' is neither `on` nor `off`"),
    ({**LDAP, "LDAP_URL": "ldaps://ldap.example:x"}, "LDAP_URL="), ({**LDAP, "LDAP_BASE": ""}, "LDAP_BASE is empty"),
    ({**LDAP, "LDAP_CA": "/nowhere"}, "LDAP_CA='/nowhere' is no file"),
    ({**LDAP, "LDAP_NAMES": ""}, "LDAP_NAMES names no"), ({**LDAP, "LDAP_FILTER": "objectClass=person"}, "in brackets"),
    ({**LDAP, "LDAP_BIND_DN": "cn=kanton"}, "LDAP_BIND_DN needs LDAP_BIND_PASSWORD"),
    ({**LDAP, "LDAP_GROUPS": "ou=groups", "LDAP_GROUP_FILTER": "(member=dn)"}, "put {dn} there"),
    ({**OIDC, "UPSTREAM_OIDC": "my-company"}, "UPSTREAM_OIDC: 'my-company' is no name: write small letters and digits"),
    ({**OIDC, "UPSTREAM_OIDC": "company other"}, "UPSTREAM_OIDC_OTHER_ISSUER is missing: The provider's address"),
    ({**OIDC, "UPSTREAM_OIDC": "company company"}, "the name of another way already"),
    ({**OIDC, "UPSTREAM_OIDC_COMPANY_CLIENT_ID": ""}, "UPSTREAM_OIDC_COMPANY_CLIENT_ID is missing"),
    ({**OIDC, "UPSTREAM_OIDC_COMPANY_ISSUER": "http://login.example"}, "is not https"),
    ({**OIDC, "UPSTREAM_OIDC_COMPANY_ISSUER": "http://[x"}, "is not https"),
    ({**OIDC, "UPSTREAM_OIDC_COMPANY_SCOPES": "email"}, "has to name `openid`"),
    ({**OIDC, "UPSTREAM_OIDC_COMPANY_NETWORKS": "home"}, "UPSTREAM_OIDC_COMPANY_NETWORKS: 'home' is no address"),
    ({**OIDC, "PROVIDER_NETWORKS": "10.0.0.0/33"}, "PROVIDER_NETWORKS: '10.0.0.0/33' is no address")])
def test_ps_02_a_wrong_setting_stops_the_start_with_a_sentence(environment, said):
    with pytest.raises(SystemExit) as stop:
        plugins.require_all(Settings.from_environment(environment))
    assert said in stop.value.code
    assert "\n" not in stop.value.code


def test_ps_02_no_secret_is_said_with_it():
    for name, url in (("SMTP_URL", "mail://me:hidden@x"), ("DATABASE_URL", "mysql://me:hidden@x"),
                      ("REDIS_URL", "http://me:hidden@x"), ("SMS_URL", "nonsense://hidden@{number}")):
        with pytest.raises(SystemExit) as stop:
            plugins.require_all(Settings.from_environment({name: url}))
        assert "hidden" not in stop.value.code


def test_ps_02_it_stops_the_start_before_anything_is_made(tmp_path):
    said = serve(tmp_path, "--no-demo", "--port", str(free_port()), BACKENDS="password ldpa")
    assert said.strip() == "BACKENDS: there is no 'ldpa'; there are ldap, oidc, passkey, password"
    assert list(tmp_path.iterdir()) == []
    assert start(tmp_path, BASE_URL="kanton.example")[1].startswith("BASE_URL=")


def test_settings_as_they_are_written_can_work(tmp_path):
    made = Settings.from_environment({**OIDC, "SUPPORT": "help@müller.example", "REDIS_URL": "unix:///run/redis.sock",
                                      "DATABASE_URL": "postgresql:///kanton?host=/run/postgresql", "WORKERS": "2",
                                      "SMTP_URL": "smtps://me:p%40ss@mail.example", "LDAP_JOIN": "No"})
    assert (made.workers, made.ldap_join, made.upstreams[0].client_id) == (2, False, "kanton")


def test_ps_02_a_key_others_may_read_stops_the_start(tmp_path):
    key = tmp_path / "secret.key"
    key.write_text("x" * 48)
    key.chmod(0o644)
    status, line = start(tmp_path)
    assert status != 0
    assert "can be read by others" in line


@pytest.mark.parametrize("content", ["", "short\n"])
def test_ps_02_a_broken_key_stops_the_start(tmp_path, content):
    key = tmp_path / "secret.key"
    key.write_text(content)
    key.chmod(0o600)
    status, line = start(tmp_path)
    assert status != 0
    assert "is broken" in line


def test_ps_02_a_full_disk_leaves_no_half_key(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _file: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError):
        crypto.make_master(tmp_path)
    assert list(tmp_path.iterdir()) == []


def serve(tmp_path, *options, **environment):
    """What `./run` says when it is started like this and does not start."""
    plain = {name: value for name, value in os.environ.items()
             if name not in ("SECRET_KEY", "DATA", "BASE_URL", "DATABASE_URL", "LANGUAGES")}
    done = subprocess.run([sys.executable, "-m", "serve", "--data", str(tmp_path), *options], cwd=ROOT, text=True,
                          env=plain | environment, capture_output=True, timeout=60)
    assert done.returncode != 0
    return done.stdout + done.stderr


def test_ps_02_the_demonstration_is_not_opened_for_real(tmp_path):
    plain = {name: value for name, value in os.environ.items() if name not in ("SECRET_KEY", "DATABASE_URL")}
    subprocess.run([sys.executable, "-c", "import installation; installation.prepare(with_demo=True)"], cwd=ROOT,
                   env=plain | {"DATA": str(tmp_path)}, check=True, timeout=60)
    said = serve(tmp_path, "--no-demo", "--port", str(free_port()))
    assert "whose passwords everybody knows" in said
    assert "Traceback" not in said


def test_ps_02_another_key_stops_the_start(tmp_path, cast, sqlite_only):
    db.database.close()
    said = serve(tmp_path, "--port", str(free_port()), SECRET_KEY="quite another key than the one there was")
    assert "not the one this database was made with" in said
    assert "Traceback" not in said


def test_a_port_that_is_taken_is_said_at_once(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = serve(tmp_path, "--port", str(taken.getsockname()[1]))
    assert "Choose another port" in said
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_does_not_answer_is_one_line(tmp_path):
    said = serve(tmp_path, "--no-demo", "--port", str(free_port()), SECRET_KEY="k" * 40,
                 DATABASE_URL=f"postgresql://kanton@127.0.0.1:{free_port()}/kanton")
    assert "The database cannot be used" in said
    assert "Traceback" not in said


def test_somebody_who_came_by_another_name_is_told_ours(visitor):
    answer = visitor().client.get("/signin", base_url="http://192.168.1.5:8000")
    assert answer.status_code == 400
    assert setting.base_url in answer.get_data(as_text=True)


def test_ps_02_limits_are_off_on_this_machine_only(monkeypatch, tmp_path):
    monkeypatch.setenv("DATA", str(tmp_path))
    done = subprocess.run([sys.executable, "-m", "serve", "--no-demo", "--host", "0.0.0.0", "--data", str(tmp_path)],
                          cwd=ROOT, text=True, env=os.environ | {"RATE_LIMITS": "off"}, capture_output=True, timeout=60)
    assert done.returncode != 0
    assert "this machine only" in done.stderr


def test_ps_02_a_lost_key_is_not_replaced(tmp_path):
    (tmp_path / "kanton.db").write_bytes(b"")
    status, line = start(tmp_path)
    assert status != 0
    assert "Put the key back" in line


def test_a_new_folder_gets_a_key_only_its_owner_reads(tmp_path):
    assert start(tmp_path)[0] == 0
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600


def test_a_folder_we_make_is_nobody_elses(tmp_path):
    assert start(tmp_path / "new" / "data")[0] == 0
    assert stat.S_IMODE((tmp_path / "new" / "data").stat().st_mode) == 0o700


def test_bs_03_behind_https_we_lead_to_https(tmp_path):
    from app import create_app
    with setting.changed(base_url="https://kanton.example", data=tmp_path):
        answer = create_app().test_client().get("/o/lumen", base_url="http://kanton.example")
    assert answer.headers["Location"].startswith("https://kanton.example/o/lumen/")


def test_ps_01_and_bs_05_the_operators_link_works_once(visitor, cast):
    from accounts import links
    with db.transaction():
        link = links.make(links.SIGN_UP, email="boss@kanton.example", typed="boss@kanton.example", operator=True,
                          language="en")
    browser = visitor()
    browser.get(f"/signup/confirm/{link.token}")
    fields = {"first_name": "Bea", "last_name": "Boss", "password": "slow clouds over the harbour", "country": "CH",
              "language": "en", "organisation": ""}
    browser.post(f"/signup/confirm/{link.token}", **fields)
    assert browser.page.path == "/account/security/two-factor"
    visitor().get(f"/signup/confirm/{link.token}", expect=410)


@pytest.mark.parametrize("path", ["/.git/HEAD", "/.env", "/kanton.db", "/data/kanton.db", "/secret.key", "/backup",
                                  "/metrics", "/openapi.json", "/static/app.js.map", "/app.py", "/admin"])
def test_ps_03_nothing_lies_about(visitor, path):
    visitor().get(path, expect=404)


def test_ps_05_few_hash_at_once_and_few_wait(cast, monkeypatch):
    monkeypatch.setattr(passwords, "hasher", AS_DECIDED)
    outcomes = at_once(60, lambda: passwords.hashed("a password that is long"))
    busy = outcomes.count("Busy")
    assert busy <= 60 - passwords.WAITING
    assert all(outcome.startswith("$argon2id$") for outcome in outcomes if outcome != "Busy")


@pytest.mark.parametrize("text", ["a" * 9_000 + "@", "@" * 9_000, "a." * 4_500 + "@b.ch", "<" * 9_000,
                                  " " * 9_000 + "x"])
def test_ps_06_long_nonsense_is_answered_in_words(visitor, text):
    browser = visitor()
    browser.get("/signin")
    browser.post("/signin", expect=422, email=text, password="x")


def test_ps_12_health_tells_nothing(visitor, monkeypatch):
    browser = visitor()
    answer = browser.get("/healthz", **{"X-Anything": "x" * 900, "Cookie": "kanton=garbage"}).answer
    assert answer.get_data(as_text=True) == "ok\n"
    assert "Set-Cookie" not in answer.headers
    monkeypatch.setattr(type(db.database.obj), "execute_sql", lambda *_: 1 / 0)
    assert browser.client.get("/healthz", base_url=setting.base_url).status_code == 503


def test_bs_18_a_changed_seal_opens_nowhere():
    sealed = crypto.seal(b"secret", "here")
    assert crypto.unseal(sealed, "here") == b"secret"
    for position in range(len(sealed)):
        broken = bytearray(sealed)
        broken[position] ^= 1
        if position == 0:
            continue                            # the first byte names the form of the seal
        with pytest.raises(crypto.Unsealable):
            crypto.unseal(bytes(broken), "here")
    with pytest.raises(crypto.Unsealable):
        crypto.unseal(sealed, "elsewhere")


def test_settings_come_from_files_too(tmp_path):
    secret = tmp_path / "key"
    secret.write_text("s" * 40 + "\n")
    settings = Settings.from_environment({"SECRET_KEY_FILE": str(secret), "LANGUAGES": "de, en", "WORKERS": "2"})
    assert (settings.secret_key, settings.languages, settings.workers) == ("s" * 40, ("de", "en"), 2)
