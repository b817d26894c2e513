"""Signing in by password: one answer for everybody, limits that bite, and a way in for the owner (group LG)."""
import re
import unicodedata

import pytest
import time_machine

import clock
import current
import db
import limits
import web
from accounts import devices, passwords, profile, signin, signup
from demo import PASSWORD, acting
from models import Attempt, Device, PersonalEvent, Session, User
from rules import Refused, TooMany
from settings import setting
from tests.together import at_once

LONG = "slow clouds over the harbour"


def told(answer):
    """An answer without what differs each time."""
    return answer.status_code, re.sub(r'csrf_token" value="[^"]+|<!--\w*-->|value="[^"]*@[^"]*"', "", answer.text)


def attempt(email, password, *, device="", address="192.0.2.1"):
    with current.acting_as(current.Actor(kind="visitor", address=address)):
        return signin.with_password(email, password, device=device)


def test_lg_01_nobody_learns_whether_an_account_exists(visitor, cast):
    with db.transaction():
        User.update(suspended=clock.now()).where(User.email == "grace@field.example").execute()
        User.update(password=None).where(User.email == "esteban@aurora.example").execute()
    answers = []
    for email, password in (("nobody@nowhere.example", "x" * 20), ("luc@lumen.example", "x" * 20),
                            ("grace@field.example", PASSWORD), ("esteban@aurora.example", PASSWORD)):
        browser = visitor()
        browser.get("/signin")
        browser.post("/signin", expect=422, email=email, password=password)
        answers.append(told(browser.page.answer))
    assert len(set(answers)) == 1


def test_lg_02_a_hash_is_made_for_nobody_too(cast, monkeypatch):
    made = []
    real = passwords.hasher.verify
    monkeypatch.setattr(passwords, "hasher", type("Counting", (), {
        "verify": lambda self, *told: made.append(1) or real(*told), "hash": passwords.hasher.hash})())
    for email in ("nobody@nowhere.example", "luc@lumen.example"):
        with pytest.raises(Refused):
            attempt(email, "wrong wrong wrong")
    assert len(made) == 2


def test_tf_08_a_factor_that_is_switched_off_here_spares_nobody_the_step(visitor, cast):
    with setting.changed(second_factors=("webauthn",)):
        outcome = attempt("mara@bergquell.example", PASSWORD)
        assert outcome.attempt and not outcome.session
        browser = visitor()
        browser.get("/signin?lang=en")
        browser.post("/signin?lang=en", email="mara@bergquell.example", password=PASSWORD)
        assert "can be used here" in browser.page.text()
        assert browser.get("/account").path == "/signin"


def test_tf_08_nor_does_it_spare_the_fresh_proof(browse):
    mara = browse("mara")
    with setting.changed(second_factors=("webauthn",)):
        mara.get("/prove?lang=en")
        assert mara.post("/prove?lang=en", expect=422, password=PASSWORD, factor="", code="").errors


def test_rs_12_nobody_stays_half_way_in_by_an_old_password(cast):
    half = attempt("mara@bergquell.example", PASSWORD).attempt
    with db.transaction():
        signup.set_password(cast.people["mara"], passwords.hashed("slow clouds over the harbour"), long=True)
    assert signin.half_way(half) is None


def test_a_stolen_session_spoils_no_proof_in_another(browse, cast):
    thief, luc = browse("luc"), browse("luc")
    thief.get("/prove")
    for _time in range(limits.PROOF.times):
        thief.post("/prove", expect=422, password="wrong wrong wrong", factor="", code="")
    thief.post("/prove", expect=429, password=PASSWORD, factor="", code="")
    luc.get("/prove")
    assert luc.post("/prove", password=PASSWORD, factor="", code="").path != "/prove"


def test_lg_03_and_lg_18_strangers_are_stopped_and_the_owner_still_gets_in(cast):
    User.update(lock_threshold=50).execute()
    token = attempt("luc@lumen.example", PASSWORD).device       # of a browser Luc has used
    for number in range(limits.SIGN_IN_ACCOUNT.times):
        with pytest.raises(Refused):
            attempt("luc@lumen.example", "wrong", address=f"198.51.{number}.7")
    with pytest.raises(TooMany) as stopped:
        attempt("luc@lumen.example", PASSWORD, address="203.0.113.9")
    assert 0 < stopped.value.wait <= limits.SIGN_IN_ACCOUNT.seconds
    assert attempt("luc@lumen.example", PASSWORD, device=token).session
    with time_machine.travel(clock.now() + 16 * clock.MINUTE):
        assert attempt("luc@lumen.example", PASSWORD, address="203.0.113.9").session


def test_lg_18_a_token_put_there_by_somebody_else_is_never_known(cast):
    planted = attempt("grace@field.example", PASSWORD).device
    own = attempt("luc@lumen.example", PASSWORD, device=planted).device
    assert own != planted
    assert devices.known(cast.people["luc"], own)
    assert not devices.known(cast.people["luc"], planted)
    assert devices.known(cast.people["grace"], own)             # who shares the browser is still known in it
    assert not devices.known(cast.people["grace"], planted)
    assert attempt("luc@lumen.example", PASSWORD, device="x123456").device != "x123456"


def test_lg_03_a_network_through_many_accounts_is_stopped(cast):
    for _time in range(limits.SIGN_IN_NETWORK.times):
        limits.spend(limits.SIGN_IN_NETWORK, "198.51.100.0/24")
    with pytest.raises(TooMany):
        attempt("luc@lumen.example", PASSWORD, address="198.51.100.77")


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "True-Client-IP", "CF-Connecting-IP"])
def test_lg_04_a_visitor_does_not_choose_their_address(visitor, cast, header):
    browser = visitor(**{header: "203.0.113.200"})
    browser.sign_in("luc")
    facts = PersonalEvent.select().where(PersonalEvent.user == cast.people["luc"].id).order_by(
        PersonalEvent.id.desc()).get().details.get().facts
    assert facts["from"] == "127.0.0.1"


def test_lg_04_a_trusted_proxy_is_believed_for_the_last_address_it_saw(visitor, cast):
    with setting.changed(trusted_proxies=("127.0.0.1",)):
        visitor(**{"X-Forwarded-For": "203.0.113.1, 198.51.100.2"}).sign_in("luc")
    facts = PersonalEvent.select().where(PersonalEvent.user == cast.people["luc"].id).order_by(
        PersonalEvent.id.desc()).get().details.get().facts
    assert facts["from"] == "198.51.100.2"


@pytest.mark.parametrize(("peer", "forwarded", "told"), [
    ("::ffff:203.0.113.9", "", "203.0.113.9"), ("::ffff:127.0.0.1", "198.51.100.2", "198.51.100.2"),
    ("127.0.0.1", "::ffff:198.51.100.2", "198.51.100.2"), ("2001:db8::1", "", "2001:db8::1")])
def test_lg_04_an_address_of_ipv4_is_one_on_a_socket_for_both_kinds(app, peer, forwarded, told):
    """Else all of IPv4 would be one network, and its limits everybody's."""
    with setting.changed(trusted_proxies=("127.0.0.1",)), app.test_request_context(
            environ_base={"REMOTE_ADDR": peer}, headers={"X-Forwarded-For": forwarded}):
        assert web.client_address() == told


class WhileItLooks(passwords.Argon2id):
    """The hash, and what is done to the account while it takes its time."""

    def verify(self, phc, password):
        answer = super().verify(phc, password)
        with db.transaction():
            self.meanwhile()
        return answer


def test_rs_04_a_password_that_changes_while_it_is_looked_at_opens_nothing(cast, monkeypatch):
    new = passwords.hashed("slow clouds over the harbour")
    for who, deed in (("luc", lambda user: signup.set_password(user, new, long=True)),
                      ("mara", signup.demand_new_password)):
        looking = WhileItLooks(passwords.hasher.passes, passwords.hasher.memory)
        object.__setattr__(looking, "meanwhile", lambda who=who, deed=deed: deed(User.get_by_id(cast.people[who].id)))
        monkeypatch.setattr(passwords, "hasher", looking)
        with pytest.raises(Refused):
            attempt(cast.people[who].email, PASSWORD)
    assert not Attempt.select().exists()


def test_lg_06_every_spelling_of_an_address_has_one_limit(cast):
    spellings = ["luc@lumen.example", "LUC@lumen.example", " luc@LUMEN.example ", "luc@lumen.example."]
    left = []
    for spelling in spellings:
        with pytest.raises(Refused):
            attempt(spelling, "wrong")
        left.append(limits.left(limits.SIGN_IN_ACCOUNT, "luc@lumen.example"))
    assert left[:3] == [limits.SIGN_IN_ACCOUNT.times - n for n in (1, 2, 3)]


@pytest.mark.parametrize("path", ["//signin", "/signin/", "/LOGIN", "/./signin", "/signin;x", "/%73ignin%00"])
def test_lg_08_no_other_address_leads_to_the_door(visitor, path):
    assert visitor().client.post(path, base_url=setting.base_url).status_code in (303, 308, 400, 403, 404, 405)


def test_lg_09_guesses_at_one_instant_are_counted_exactly(cast):
    outcomes = at_once(40, lambda: limits.spend(limits.SIGN_IN_ACCOUNT, "luc@lumen.example"))
    assert outcomes.count("TooMany") == 40 - limits.SIGN_IN_ACCOUNT.times


def test_lg_10_a_long_password_is_not_hashed(visitor, cast, monkeypatch):
    monkeypatch.setattr(passwords, "hasher", None)              # whoever hashes now falls over
    for length in (257, 9_000):
        browser = visitor()
        browser.get("/signin")
        browser.post("/signin", expect=422, email="luc@lumen.example", password="x" * length)
    browser.post("/signin", expect=413, email="luc@lumen.example", password="x" * (5 << 20))


def test_lg_11_every_character_of_a_password_counts(cast):
    person = cast.people["luc"]
    long = "ein langer Satz mit vielen Zeichen, der weit über zweiundsiebzig Zeichen hinausgeht é 🏔 und endet"
    with acting(person):
        profile.change_password(PASSWORD, long, everywhere_else=False)
    person = User.get_by_id(person.id)
    assert passwords.right(person, long)
    assert passwords.right(person, unicodedata.normalize("NFD", long))      # the one documented normalisation
    for other in (long[:72] + "X" + long[73:], long + " ", " " + long, long.upper(), long + "\x00"):
        assert not passwords.right(person, other)


def test_lg_12_and_lg_13_strange_values_are_wrong_passwords(visitor, cast):
    for value in ("' OR 1=1 --", "*)(uid=*", "%", "{{7*7}}", "null", "[]", "0"):
        browser = visitor()
        browser.get("/signin")
        browser.post("/signin", expect=422, email=value, password=value)
    browser = visitor()
    browser.get("/signin")
    assert browser.client.post("/signin", json={"email": ["a"], "password": {}},
                               base_url=setting.base_url).status_code == 403


def test_lg_14_nobody_is_signed_in_from_elsewhere(visitor):
    browser = visitor()
    browser.get("/signin")
    browser.post("/signin", expect=403, headers={"Origin": "https://evil.example"}, email="luc@lumen.example",
                 password=PASSWORD)
    assert not Session.select().where(Session.ended.is_null()).exists()


@pytest.mark.parametrize("password", [
    "password12345678", "qwertyuiop123456", "123456789012345678", "Lumen2026!", "luc@lumen.example",
    "aaaaaaaaaaaaaaaaaa", "Perrenoud1234!!", "abcdefghijklmnop", "passwordpassword", "iloveyouiloveyou",
    "letmeinletmeinletmein", "Passw0rd!Passw0rd!", "kanton kanton kanton", "Correct Horse Battery Staple",
    "zaq12wsxzaq12wsx", "1q2w3e4r5t6y7u8i9o0p", "0123456789abcdef", "AtelierLumen2026!", "Lumen2026!Atelier"])
def test_lg_16_what_is_tried_first_is_refused(cast, password):
    with acting(cast.people["luc"]), pytest.raises(Refused) as refusal:
        profile.change_password(PASSWORD, password, everywhere_else=False)
    assert refusal.value.field == "password"


def test_lg_16_a_sentence_is_taken_without_composition_rules(cast):
    with acting(cast.people["luc"]):
        profile.change_password(PASSWORD, LONG, everywhere_else=False)


def test_lg_17_what_stands_in_the_address_is_ignored(visitor):
    page = visitor().get(f"/signin?email=luc@lumen.example&password={PASSWORD}")
    assert PASSWORD not in page.html
    assert "luc@lumen.example" not in [each.get("value") for each in page.all("input") if each.get("name") == "email"]


def test_a_known_device_is_one_row(cast):
    token = ""
    for _time in range(3):
        token = attempt("luc@lumen.example", PASSWORD, device=token).device
    assert Device.select().where(Device.user == cast.people["luc"].id).count() == 1
