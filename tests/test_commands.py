"""What the person who runs Kanton says to it, and what it answers."""
import os
import re
import subprocess
import sys
from datetime import timedelta
from urllib.parse import urlsplit

import click
import pytest
import time_machine

import commands
import db
import demo
import installation
import outbox
import plugins
import scale
import schema
import worker
from accounts import signup
from app import create_app
from clock import epoch, now
from db import transaction
from models import Event, Identity, InstallationEvent, Link, Membership, Message, Organisation, PersonalEvent, User
from notices import letters
from settings import Settings, Upstream, every, setting
from tenancy import working_for
from tests.serving import Sink, free_port


@pytest.fixture
def say(app):
    """`say("operator", "add", "a@b.example")`: what is printed. The connection of the test rests meanwhile."""
    def run(*words, status=0):
        db.database.close()
        try:
            done = app.test_cli_runner().invoke(args=words)
        finally:
            db.database.connect(reuse_if_open=True)
        assert done.exit_code == status, done.output
        return done.output
    return run


@pytest.fixture
def empty(tmp_path, one_app):
    """A folder in which nothing has been done yet."""
    worker.queue.cache_clear()
    with setting.changed(data=tmp_path / "new", database_url="", smtp_url="smtp://127.0.0.1:9"):
        (tmp_path / "new").mkdir()
        db.connect_to(setting.database)
        yield lambda *words: one_app.test_cli_runner().invoke(args=words)
        db.database.close()
    worker.queue.cache_clear()


@pytest.fixture
def ills(cast):
    """What doctor finds, in a well installation: nothing."""
    worker.queue.cache_clear()
    with Sink() as sink, setting.changed(smtp_url=sink.url, demo=True):
        worker.queue().put("seen", epoch())
        User.update(operator=True).where(User.id == cast.people["otto"].id).execute()

        def find():
            db.database.close()
            try:
                return list(commands._ailments())
            finally:
                db.database.connect(reuse_if_open=True)
        yield find
    worker.queue.cache_clear()


# --- what one reads ----------------------------------------------------------------------------


def test_settings_tells_each_setting_and_hides_the_secret_ones(say):
    acme = Upstream(name="acme", issuer="https://acme.example", client_id="kanton", client_secret="hidden")
    with setting.changed(smtp_url="smtp://me:hidden@mail.example", secret_key="k" * 40, ldap_bind_password="hidden",
                         upstreams=(acme,)):
        told, names = say("settings"), [each.name for each in every()]
    unsaid = ("upstreams", "name", "organisation")              # what no setting says by itself
    assert len(names) == len(Settings.__dataclass_fields__) + len(Upstream.__dataclass_fields__) - len(unsaid)
    assert all(re.search(rf"^{name} ", told, re.M) for name in names)
    assert "UPSTREAM_OIDC_ACME_ISSUER" in names
    assert "hidden" not in told
    assert "k" * 40 not in told


def test_settings_are_told_as_they_are_written(say):
    with setting.changed(languages=("de", "en"), ldap_join=True):
        told = say("settings")
    assert "now: de en\n" in told
    assert "now: on\n" in told
    assert not re.search(r"now: (\(?'|True|False)", told)


def test_every_plug_in_of_ours_is_named_where_it_is_set():
    helps = {each.name: f"{each.help} `{each.default.replace(' ', '` `')}`" for each in every()}
    for name, package in plugins.PLUGGED_IN.items():
        missing = [each for each in plugins._offered(package) if f"`{each}`" not in helps[name]]
        assert missing in ([], ["backchannel"]), name              # which nobody sets


def test_the_readme_has_the_table_of_settings(say):
    table = say("settings", "--markdown")
    readme = (schema.FOLDER.parent / "README.md").read_text()
    assert not [line for line in table.splitlines() if line not in readme]


def test_the_readme_knows_every_command(app):
    readme = (schema.FOLDER.parent / "README.md").read_text()
    for name, command in app.cli.commands.items():
        for words in [f"{name} {sub}" for sub in getattr(command, "commands", ())] or [name]:
            assert re.search(rf"^\|.*`{words}( |`)", readme, re.M), words


def test_the_examples_are_read_alike_by_a_shell_and_by_systemd():
    readme = (schema.FOLDER.parent / "README.md").read_text()
    examples = re.findall(r"^    ([A-Z]+_[A-Z_]+|DATA|BACKENDS)=(.*)$", readme, re.M)
    assert len(examples) > 12
    assert not [line for line in examples if not re.fullmatch(r"[\w:/.-]*|'[^'\\]*'", line[1])]


def test_routes_tells_of_each_route_on_whose_right_it_stands(say, app):
    told = say("routes", "--needs").splitlines()
    assert len(told) == len(list(app.url_map.iter_rules()))
    assert not [line for line in told if len(line.split()) < 3]
    invite = next(line for line in told if line.startswith("POST") and line.split()[1].endswith("/invitations"))
    assert "invite" in invite
    assert "proof of 20 min" in invite
    assert "200 in 3600 s" in invite


# --- doctor ------------------------------------------------------------------------------------


def test_a_well_installation_has_no_ills(ills):
    assert [ill for ill in ills() if not ill.startswith(("SQLite", "Less than"))] == []


def test_doctor_misses_the_worker(ills):
    worker.queue().put("seen", epoch() - 2 * worker.SILENT)
    assert any("No worker" in ill for ill in ills())


def test_doctor_misses_the_mail_server(ills):
    with setting.changed(smtp_url=f"smtp://127.0.0.1:{free_port()}"):
        assert any("mail server does not answer" in ill for ill in ills())
    with setting.changed(smtp_url="", demo=False):
        assert any("SMTP_URL is empty" in ill for ill in ills())


def test_doctor_misses_an_address_for_whoever_is_locked_out(ills):
    with setting.changed(support="", demo=False):
        assert any("SUPPORT is empty" in ill for ill in ills())
    with setting.changed(support="help@kanton.example", demo=False):
        assert not any("SUPPORT" in ill for ill in ills())


def test_doctor_tells_of_letters_given_up(ills):
    with transaction():
        outbox.give_up(outbox.post("left", "zoe@lumen.example", language="de"), "550 no such mailbox")
    assert any("1 messages" in ill and "550 no such mailbox" in ill for ill in ills())


def test_doctor_sees_a_clock_that_went_back(ills):
    with time_machine.travel(now() - timedelta(days=3)):
        assert any("clock is wrong" in ill for ill in ills())


def test_doctor_sees_a_key_others_may_read(ills, tmp_path):
    key = tmp_path / "secret.key"
    key.write_text("k" * 48)
    key.chmod(0o644)
    with setting.changed(secret_key=""):
        assert any("can be read by others" in ill for ill in ills())


def test_doctor_knows_the_demonstration_when_it_is_meant_for_real(ills):
    with setting.changed(demo=False):
        assert any("holds the demonstration" in ill for ill in ills())


def test_doctor_sees_another_key(ills):
    with setting.changed(secret_key="quite another key than the one there was"):
        assert any("not the one this database was made with" in ill for ill in ills())


def test_doctor_sees_an_operator_without_a_second_factor(ills, cast):
    User.update(two_factor=False).where(User.id == cast.people["otto"].id).execute()
    assert any(ill.startswith("1 of those who run this installation") for ill in ills())


def test_doctor_and_the_start_see_who_is_shut_out_by_the_settings(ills, cast):
    Identity.create(user=cast.people["luc"], provider="acme", subject="1")
    factors = tuple(name for name in setting.second_factors if name not in ("totp", "backup_codes"))
    with setting.changed(second_factors=factors):
        found = ills()
        told = greeting()
    for ill in ("SECOND_FACTORS does not name totp, which accounts have: 2.", "names none of their factors: 2.",
                "acme is no longer configured, but accounts are linked to it: 1."):
        assert any(line.endswith(ill) for line in found), found
        assert ill in told
    assert not any("SECOND_FACTORS" in ill for ill in ills())


def test_doctor_sees_a_folder_others_may_read(ills, tmp_path):
    tmp_path.chmod(0o755)
    assert any("Say: chmod 700" in ill for ill in ills())
    tmp_path.chmod(0o700)


def test_doctor_sees_a_role_the_second_wall_does_not_bind(ills, postgresql_only):
    owner = setting.database_url.replace("kanton_application", "postgres")
    with setting.changed(database_url=owner):
        db.connect_to(owner)
        assert any("row-level security does not bind it" in ill for ill in ills())


def test_doctor_says_that_the_database_does_not_answer(ills):
    db.database.close()
    nowhere = f"postgresql://kanton@127.0.0.1:{free_port()}/kanton"
    db.connect_to(nowhere)
    with setting.changed(database_url=nowhere):
        assert any("The database does not answer" in line for line in commands._ailments())
    db.connect_to(setting.database)


def test_doctor_asks_for_tls(ills):
    with setting.changed(base_url="http://kanton.example"):
        assert any("not https" in ill for ill in ills())


def test_doctor_ends_with_a_status(empty):
    done = empty("doctor")
    assert done.exit_code == 1
    assert "flask --app app migrate" in done.output


# --- operators ---------------------------------------------------------------------------------


def token_in(text):
    return re.search(r"/signup/confirm/(\S+)", text)[1]


ENTRY = {"first_name": "Bea", "last_name": "Boss", "password": "slow clouds over the harbour", "country": "CH",
         "language": "en", "organisation": ""}


def test_ps_01_the_link_of_operator_add_is_good_once_and_for_an_hour(say, visitor):
    token = token_in(say("operator", "add", "Boss@Kanton.example"))
    with time_machine.travel(now() + timedelta(minutes=61)):
        visitor().get(f"/signup/confirm/{token}", expect=410)
    browser = visitor()
    browser.get(f"/signup/confirm/{token}")
    browser.post(f"/signup/confirm/{token}", **ENTRY)
    assert browser.page.path == "/account/security/two-factor"          # BS-05: a second factor is asked for at once
    assert User.get(User.email == "boss@kanton.example").operator
    visitor().get(f"/signup/confirm/{token}", expect=410)


def test_operator_add_refuses_what_cannot_be(say):
    assert "Say another address" in say("operator", "add", "anne@lumen.example", status=1)
    assert "reset-factor operator@kanton.example" in say("operator", "add", "operator@kanton.example", status=1)
    assert "complete address" in say("operator", "add", "nonsense", status=1)


def test_sp_09_who_lost_every_mailbox_gets_a_new_address_a_day_after_the_old_one_was_told(say, cast, visitor):
    assert "24 hours" in say("operator", "change-address", "luc@lumen.example", "Luc@New.example", "--yes")
    told = {message.notice: message for message in Message.select().where(Message.user == cast.people["luc"].id)}
    assert told["address_change_vouched"].recipient == "luc@lumen.example"
    waits = told["address_confirm"]
    assert waits.recipient == "Luc@New.example" and waits.due > now() + timedelta(hours=23)
    with working_for(cast.organisations["lumen"]):
        assert Event.select().where(Event.kind == "member.account_address_asked").count() == 1
    for book in (PersonalEvent, InstallationEvent):
        assert book.select().where(book.kind == "account.address_asked").count() == 1
    with time_machine.travel(now() + timedelta(hours=25)):
        browser = visitor()
        browser.get(urlsplit(letters.link(waits)).path)
        browser.post(browser.page.path)
    assert User.get_by_id(cast.people["luc"].id).email == "luc@new.example"


def test_sp_09_who_reads_the_old_mailbox_says_no_meanwhile(say, cast, visitor):
    say("operator", "change-address", "luc@lumen.example", "luc@new.example", "--yes")
    said = {message.notice: message for message in Message.select().where(Message.user == cast.people["luc"].id)}
    browser = visitor()
    browser.get(urlsplit(letters.link(said["address_change_vouched"])).path)
    browser.post(browser.page.path)
    with time_machine.travel(now() + timedelta(hours=25)):
        visitor().get(urlsplit(letters.link(said["address_confirm"])).path, expect=410)
    assert User.get_by_id(cast.people["luc"].id).email == "luc@lumen.example"


def test_change_address_refuses_what_cannot_be(say):
    for email, new, why in (("nobody@lumen.example", "luc@new.example", "No account"),
                            ("luc@lumen.example", "anne@lumen.example", "another account"),
                            ("luc@lumen.example", "LUC@lumen.example", "your address already"),
                            ("luc@lumen.example", "nonsense", "complete address")):
        assert why in say("operator", "change-address", email, new, "--yes", status=1)
    assert not Message.select().where(Message.notice == "address_change_vouched").exists()


@pytest.fixture
def unrun(cast):
    """Nobody runs it."""
    User.update(operator=False).execute()


def greeting():
    db.database.close()
    told = "\n".join(installation.greeting())
    db.database.connect(reuse_if_open=True)
    return told


def test_bs_05_a_new_installation_offers_itself_to_whoever_reads_its_console(unrun, visitor):
    token = token_in(greeting())
    browser = visitor()
    page = browser.get(f"/signup/confirm/{token}")
    assert "email" in [each.get("name") for each in page.all("input")]
    browser.post(f"/signup/confirm/{token}", **ENTRY, email="", expect=422)
    browser.post(f"/signup/confirm/{token}", **ENTRY, email="anne@lumen.example", expect=409)
    browser.get(f"/signup/confirm/{token}")
    browser.post(f"/signup/confirm/{token}", **ENTRY, email="boss@kanton.example")
    assert [user.email for user in User.select().where(User.operator)] == ["boss@kanton.example"]
    assert "/signup/confirm/" not in greeting()


def test_ps_01_of_two_first_operators_there_is_one(unrun, visitor):
    first, second = token_in(greeting()), token_in(greeting())
    visitor().get(f"/signup/confirm/{first}", expect=410)               # a new start, a new link
    third = token_in(f"/signup/confirm/{signup.operator_link('boss@kanton.example')}")
    one, other = visitor(), visitor()
    one.get(f"/signup/confirm/{second}")
    other.get(f"/signup/confirm/{third}")
    other.post(f"/signup/confirm/{third}", **ENTRY)
    one.post(f"/signup/confirm/{second}", **ENTRY, email="late@kanton.example", expect=410)
    assert User.select().where(User.operator).count() == 1


def test_su_08_the_address_of_an_ordinary_link_is_not_chosen(visitor, cast):
    visitor().get("/signup")
    browser = visitor()
    browser.get("/signup")
    browser.post("/signup", email="new@lumen.example")
    token = Link.select().order_by(Link.id.desc()).get().token
    browser.get(f"/signup/confirm/{token}")
    browser.post(f"/signup/confirm/{token}", **ENTRY, email="other@lumen.example", expect=422)
    assert not User.select().where(User.email.in_(["other@lumen.example", "new@lumen.example"])).exists()


# --- what fills a database ---------------------------------------------------------------------


@pytest.mark.parametrize("words", [
    ("operator", "add", "boss@kanton.example"), ("operator", "reset-factor", "boss@kanton.example", "--yes"),
    ("operator", "change-address", "boss@kanton.example", "bea@kanton.example", "--yes"),
    ("verify",), ("doctor",), ("demo",), ("new-signing-keys",), ("worker",)])
def test_a_command_about_an_installation_that_is_elsewhere_makes_none(empty, words):
    done = empty(*words)
    assert done.exit_code == 1
    assert done.output.startswith(f"There is no installation in {setting.data}.")
    assert list(setting.data.iterdir()) == []


def test_what_only_reads_makes_no_folder(tmp_path):
    plain = {name: value for name, value in os.environ.items() if name not in ("SECRET_KEY", "DATABASE_URL")}
    done = subprocess.run([sys.executable, "-m", "flask", "--app", "app", "operator", "add", "boss@kanton.example"],
                          cwd=schema.FOLDER.parent, env=plain | {"DATA": str(tmp_path / "new")}, capture_output=True,
                          text=True, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"There is no installation in .*/new\. .*\n", done.stderr)
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_was_called_by_a_command_has_its_key():
    with click.Context(click.Command("granian")):
        assert create_app().secret_key


def test_migrate_makes_key_and_tables_once(empty):
    with setting.changed(secret_key=""):
        assert "0001_first" in empty("migrate").output
    assert {path.name for path in setting.data.iterdir()} >= {"kanton.db", "secret.key"}


def test_the_first_steps_of_an_operator_are_told(say):
    told = say("operator", "add", "boss@kanton.example")
    assert re.search(r"boss@kanton\.example, once, within an hour:\n  http://localhost:8000/signup/confirm/\S+\n", told)
    assert told.endswith("leads to the operator’s console:\n  http://localhost:8000/operator/\n")


def test_migrate_makes_the_tables_once(empty):
    assert "0001_first" in empty("migrate").output
    assert empty("migrate").output == ""


def test_demo_plays_into_an_empty_database_only(empty):
    empty("migrate")
    assert empty("demo").exit_code == 0
    with db.database.connection_context():
        assert User.select().count() == len(demo.PEOPLE)
    again = empty("demo")
    assert again.exit_code == 1
    assert "needs an empty database" in again.output


def test_seed_scale_makes_what_the_ruler_reads(empty, monkeypatch):
    monkeypatch.setattr(scale, "SIZES", (60, 70, 120))
    assert empty("seed-scale").exit_code == 0
    with db.database.connection_context():
        for size in scale.SIZES:
            organisation = Organisation.get(Organisation.slug == f"org{size}")
            with working_for(organisation):
                assert Membership.select().count() == organisation.members == size
        assert User.select().where(User.email.startswith("u")).count() == scale.SIGNERS
    assert "as it must be" in empty("verify").output
    assert empty("seed-scale").exit_code == 0           # a second time changes nothing
