"""A directory's people, by a real slapd over TLS (group FD)."""
import socket
import socketserver
import threading

import pytest
from ldap.controls.simple import ManageDSAITControl

import current
import limits
from accounts import identities, sessions, signin
from accounts.backends import Someone
from accounts.backends.ldap import AWAY, plain, plugin, usable
from commands import _ailments
from demo import PASSWORD as LOCAL
from demo import acting
from models import Identity, Message, PersonalEvent, Session, User
from rules import Refused, TooMany
from settings import Settings, setting
from tests.certificates import Authority
from tests.directory import PASSWORD, PEOPLE, Directory

NORA = "nora@lumen.example"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A directory with one person, who is nobody here."""
    folder = tmp_path_factory.mktemp("directory")
    with Directory(folder, Authority(folder / "authority")) as running:
        running.nora = running.add("nora", NORA, groups=("choir", "board"))
        yield running


@pytest.fixture
def directory(house, database):
    with setting.changed(**house.settings):
        yield house


@pytest.fixture
def nora(directory, cast):
    """Luc here is Nora there."""
    return linked(cast.people["luc"], "nora")


def linked(person, name, password=PASSWORD):
    with acting(person):
        identities.with_password(person.id, plugin, name, password, keep=None)
    return User.get_by_id(person.id)


def attempt(email, password=PASSWORD):
    with current.acting_as(current.Actor(kind="visitor", address="192.0.2.1")):
        return signin.with_password(email, password)


def nobody_gets_in(email, password=PASSWORD, why=signin.WRONG):
    with pytest.raises(Refused) as refusal:
        attempt(email, password)
    assert str(refusal.value.why) == str(why)
    return True


@pytest.mark.parametrize("name", ["nora", "NORA", " nora ", NORA, "Nora@Lumen.Example"])
def test_somebody_linked_signs_in_by_name_or_address_there(nora, name):
    assert attempt(name).user == nora
    assert Session.select().order_by(Session.id.desc()).get().proofs == "ldap"


def test_fd_16_groups_are_kept_as_told_and_give_nothing(nora):
    attempt("nora")
    assert Identity.get().groups == ["board", "choir"]
    many = Someone(subject=Identity.get().subject, groups=tuple(f"group {n}" for n in range(500)))
    with acting(nora):
        identities.proof(plugin, many)
    assert len(Identity.get().groups) == identities.MOST_GROUPS


def test_the_local_password_goes_on(nora):
    assert attempt("luc@lumen.example", LOCAL).user == nora


@pytest.mark.parametrize("password", ["", " ", "   \t", "\x00", f"{PASSWORD}\x00", "x" * 257])
def test_fd_01_what_is_no_password_is_not_even_tried(nora, directory, password):
    before = len(directory.binds())
    assert nobody_gets_in("nora", password)
    assert len(directory.binds()) == before


@pytest.mark.parametrize("name", ["*", "a*", "nor*", "*@lumen.example", "*)(|(uid=*", "admin)(!(x=", "nora)(uid=nora",
                                  f"uid=nora,{PEOPLE}", "nöra", "ｎora", "x" * 5_000, "nora\\2a", ""])
def test_fd_02_a_name_finds_exactly_one_entry_or_nobody(nora, name):
    assert nobody_gets_in(name)


def test_fd_02_a_star_in_an_address_is_a_star(nora, directory):
    """An address may have one before the @: it is escaped."""
    assert plain("*@lumen.example") == "*@lumen.example"
    nobody_gets_in("*@lumen.example")
    assert 'mail=\\2A@lumen.example' in directory.said().replace("\\2a", "\\2A")


def test_lg_06_every_spelling_has_one_limit(nora):
    for spelling in ("nora", "NORA", " Nora "):
        nobody_gets_in(spelling, "wrong wrong wrong")
    assert limits.left(limits.SIGN_IN_ACCOUNT, "nora") == limits.SIGN_IN_ACCOUNT.times - 3
    assert plain("ｎora") == plain("nora ora") == ""


def test_fd_03_two_entries_are_nobody(nora, directory):
    twin = directory.add("twin", NORA)
    try:
        assert nobody_gets_in(NORA)
        assert attempt("nora").user == nora
    finally:
        directory.remove(twin)


def test_fd_03_an_address_of_somebody_here_opens_nothing(directory, cast):
    """Whoever runs the directory can write any address into it."""
    entry = directory.add("mallory", "anne@lumen.example")
    try:
        with setting.changed(ldap_join=True):
            assert nobody_gets_in("anne@lumen.example")
            assert nobody_gets_in("mallory")
        assert not Identity.select().exists()
    finally:
        directory.remove(entry)


def test_su_07_nobody_unknown_gets_an_account(directory, cast):
    before = User.select().count()
    assert nobody_gets_in("nora")
    assert User.select().count() == before


def test_the_operator_may_let_the_directory_make_accounts(directory, cast):
    with setting.changed(ldap_join=True, signup="invited"):
        person = attempt("nora").user
    assert (person.email, person.name, person.password) == (NORA, "Nora Nebel", None)
    assert attempt("nora").user == person       # known from now on, also when nobody new is let in


def test_fd_03_the_number_counts_not_the_name(nora, directory):
    """Somebody else under the same name and address later is somebody else."""
    first = directory.nora
    with directory.opened() as connection:
        connection.rename_s(first, "uid=nora.nebel", delold=1)
    other = directory.add("nora", "other@lumen.example")
    try:
        assert attempt("nora.nebel").user == nora
        assert nobody_gets_in("nora")
    finally:
        directory.remove(other)
        with directory.opened() as connection:
            connection.rename_s(f"uid=nora.nebel,{PEOPLE}", "uid=nora", delold=1)


def test_tf_08_a_second_factor_is_asked_for_here(directory, cast):
    linked(cast.people["mara"], "nora")
    outcome = attempt("nora")
    assert outcome.attempt and not outcome.session


def test_fd_03_a_suspended_account_stays_out(nora):
    User.update(suspended=nora.created).where(User.id == nora.id).execute()
    assert nobody_gets_in("nora")


# --- the line ----------------------------------------------------------------------------------


def test_start_tls_is_as_good(nora, directory):
    with setting.changed(ldap_url=directory.by_start_tls):
        assert attempt("nora").user == nora


def test_fd_03_bs_04_without_start_tls_nothing_is_said(database, tmp_path, house):
    with Directory(tmp_path, house.authority, tls=False) as bare:
        bare.add("nora", NORA)
        with setting.changed(**bare.settings | {"ldap_url": bare.by_start_tls}):
            assert nobody_gets_in("nora", why=AWAY)
        assert not bare.binds()


@pytest.mark.parametrize(("certificate", "days"), [("elsewhere.example", 30), ("127.0.0.1", -1)])
def test_bs_04_a_wrong_certificate_hears_no_password(database, tmp_path, certificate, days, caplog):
    authority = Authority(tmp_path / "authority")
    with Directory(tmp_path, authority, certificate=authority.sign(certificate, days=days)) as wrong:
        wrong.add("nora", NORA)
        for url in (wrong.settings["ldap_url"], wrong.by_start_tls):
            with setting.changed(**wrong.settings | {"ldap_url": url}):
                assert nobody_gets_in("nora", why=AWAY)
        assert not wrong.binds()
    assert caplog.text.count("cannot be asked") == 2


def test_bs_04_an_authority_we_do_not_know_hears_no_password(directory, tmp_path):
    other = Authority(tmp_path / "other")
    for ca in (str(other.file), ""):
        with setting.changed(ldap_ca=ca), pytest.raises(Refused):
            plugin.recognise({}, {"name": "nora", "password": PASSWORD})


@pytest.mark.parametrize("url", ["http://localhost", "ldapi:///tmp/x", "localhost"])
def test_bs_04_no_other_line_is_taken(url):
    with pytest.raises(SystemExit, match="LDAP_URL"):
        Settings.from_environment({"BACKENDS": "password ldap", "LDAP_URL": url, "LDAP_BASE": "dc=x"})


def test_a_directory_nobody_asks_is_a_mistake():
    for environment in ({"LDAP_URL": "ldaps://x"}, {"BACKENDS": "ldap"}):
        with pytest.raises(SystemExit, match="go together"):
            Settings.from_environment(environment)


def test_fd_03_a_referral_is_not_followed(database, tmp_path, house):
    """An entry that says «ask there» sends nobody's password there."""
    with Trap() as trap, Directory(tmp_path, house.authority) as referring:
        with referring.opened() as connection:
            connection.add_ext_s(f"cn=away,{PEOPLE}", [
                ("objectClass", [b"referral", b"extensibleObject"]), ("cn", [b"away"]),
                ("ref", [f"ldap://127.0.0.1:{trap.port}/{PEOPLE}".encode()])],
                serverctrls=[ManageDSAITControl()])
        with setting.changed(**referring.settings):
            assert nobody_gets_in("nora")
    assert not trap.caught


class Trap:
    """Where nobody should go: who comes is noted and sent away at once, so that nobody waits for an answer."""

    def __init__(self):
        self.caught = []
        note = type("Note", (socketserver.BaseRequestHandler,), {
            "handle": lambda handler: self.caught.append(handler.client_address)})
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), note)
        self.port = self.server.server_address[1]

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def test_a_directory_that_is_down_stops_nobody_else(database, house, caplog):
    with setting.changed(**house.settings | {"ldap_url": "ldaps://127.0.0.1:1", "backends": ("ldap", "password")}):
        assert attempt("luc@lumen.example", LOCAL).session
        assert "cannot be asked" in caplog.text
        assert [line for line in _ailments() if line.startswith("The directory ldaps://127.0.0.1:1 does not answer")]


def test_lg_01_a_directory_that_is_down_says_so_to_everybody_alike(nora, house, cast):
    """Whoever is linked, has a password here, is suspended or unknown: one sentence, and nobody is locked."""
    User.update(suspended=nora.created).where(User.id == cast.people["grace"].id).execute()
    User.update(password=None).where(User.id == nora.id).execute()
    with setting.changed(ldap_url="ldaps://127.0.0.1:1"):
        for name, password in ((nora.email, PASSWORD), ("anne@lumen.example", "wrong"), ("nobody@x.example", "wrong"),
                               ("grace@field.example", LOCAL), ("grace@field.example", "wrong")):
            assert nobody_gets_in(name, password, why=AWAY)
        assert attempt("anne@lumen.example", LOCAL).session
    assert not User.get_by_id(nora.id).failures
    assert User.get(User.email == "anne@lumen.example").failures == 0
    assert attempt("nora").user == nora


def test_a_directory_that_says_nothing_is_not_waited_for(database, house, monkeypatch):
    monkeypatch.setattr("accounts.backends.ldap.PATIENCE", 1)
    listener = socket.create_server(("127.0.0.1", 0))
    for scheme in ("ldap", "ldaps"):
        with setting.changed(**house.settings | {"ldap_url": f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"}):
            assert attempt("luc@lumen.example", LOCAL).session
    listener.close()


def test_the_doctor_is_content_with_one_that_answers(directory):
    assert plugin.ailment() == ""


# --- gone --------------------------------------------------------------------------------------


def test_fd_17_who_is_gone_is_signed_out(directory, cast):
    """An entry that is left out by the filter, and one that is removed."""
    kept = attempt_as(directory, cast, "luc", "kept")
    disabled = attempt_as(directory, cast, "esteban", "disabled")
    removed = attempt_as(directory, cast, "chiara", "removed")
    own = attempt("chiara@onda.example", LOCAL).session         # by the password here: no business of the directory's
    directory.change(f"uid=disabled,{PEOPLE}", "sn", "Disabled")
    directory.remove(f"uid=removed,{PEOPLE}")
    with setting.changed(ldap_filter="(&(objectClass=person)(!(sn=Disabled)))"):
        with setting.changed(ldap_url="ldaps://127.0.0.1:1"):
            identities.look_again()             # the directory is away: nobody is gone
        assert all(map(sessions.find, (kept, disabled, removed, own)))
        identities.look_again()
        assert [bool(sessions.find(each)) for each in (kept, disabled, removed, own)] == [True, False, False, True]
        assert nobody_gets_in("disabled")
        assert nobody_gets_in("removed")
    book = PersonalEvent.select().where(PersonalEvent.kind == "session.ended_elsewhere")
    assert sorted(event.user.first_name for event in book) == ["Chiara", "Esteban"]
    for uid in ("kept", "disabled"):
        directory.remove(f"uid={uid},{PEOPLE}")


def attempt_as(directory, cast, who, uid):
    directory.add(uid, f"{uid}@lumen.example")
    linked(cast.people[who], uid)
    return attempt(uid).session


# --- an account without a password -------------------------------------------------------------


def test_the_password_there_is_a_fresh_proof_here(nora):
    who = sessions.find(attempt("nora").session)
    with acting(nora):
        with pytest.raises(Refused):
            signin.prove_again(who, "wrong wrong wrong")
        assert sessions.find(signin.prove_again(who, PASSWORD)).proofs == ("ldap",)


def test_only_ones_own_entry_is_a_fresh_proof(nora, directory):
    other = directory.add("other", "luc@lumen.example", password="the password of somebody else")
    try:
        who = sessions.find(attempt("nora").session)
        with acting(nora), pytest.raises(Refused):
            signin.prove_again(who, "the password of somebody else")
    finally:
        directory.remove(other)


def test_what_is_usable():
    assert usable("x") and not usable("\n") and not usable("")


# --- guesses, by whatever name -----------------------------------------------------------------


@pytest.mark.parametrize("name", ["nora", NORA])
def test_lg_03_guesses_by_a_name_of_the_directory_lock_the_account_it_opens(nora, name):
    for _time in range(nora.lock_threshold):
        nobody_gets_in(name, "wrong wrong wrong")
    assert User.get_by_id(nora.id).locked
    assert Message.select().where(Message.notice == "account_locked", Message.user == nora.id).exists()
    limits.forgive(limits.SIGN_IN_ACCOUNT, name)
    nobody_gets_in(name)


def test_lg_03_guesses_by_several_names_of_somebody_who_has_no_account_count_together(directory):
    for number in range(limits.SIGN_IN_ACCOUNT.times):
        nobody_gets_in(("nora", NORA)[number % 2], "wrong wrong wrong")
    with pytest.raises(TooMany):
        attempt("nora")


def test_lg_03_guesses_where_one_links_count_for_whoever_they_are_about(nora, cast):
    """A new session has new proofs to try, and nobody else's password."""
    grace = cast.people["grace"]
    User.update(lock_threshold=5).where(User.id == nora.id).execute()
    for _time in range(5):
        with acting(grace), pytest.raises(Refused, match="do not match"):
            identities.with_password(grace.id, plugin, "nora", "wrong wrong wrong", keep=None)
    assert User.get_by_id(nora.id).locked
    with acting(grace), pytest.raises(Refused, match="do not match"):       # a locked one tells nothing
        identities.with_password(grace.id, plugin, "nora", PASSWORD, keep=None)
