"""Sessions: secret, bounded, ended on the server (group SS)."""
from datetime import timedelta

import pytest
import time_machine

import clock
import crypto
import current
import web
from accounts import sessions, signin
from app import create_app
from demo import PASSWORD, acting
from models import Session, User
from organisations import protection
from settings import setting


def session_of(person):
    return Session.select().where(Session.user == person.id).order_by(Session.id.desc()).get()


def signed_in(browser, path="/account"):
    return browser.client.get(path, base_url=setting.base_url).status_code == 200


def secret(browser):
    with browser.client.session_transaction(base_url=setting.base_url) as kept:
        return kept.get("_user_id")


def test_ss_01_the_secret_changes_at_sign_in_proof_and_sign_out(visitor, cast):
    browser = visitor()
    browser.get("/signin")
    with browser.client.session_transaction(base_url=setting.base_url) as kept:
        kept["_user_id"] = "planted by somebody else"
    browser.sign_in("luc")
    first = secret(browser)
    assert first != "planted by somebody else"
    browser.get("/prove?next=/account")
    browser.post("/prove?next=/account", password=PASSWORD)
    second = secret(browser)
    assert second != first
    assert sessions.find(first) is None
    browser.get("/account")
    browser.post("/signout")
    assert sessions.find(second) is None


def test_ss_02_the_cookie_is_ours_alone(visitor, cast):
    browser = visitor().sign_in("luc")
    cookie = next(each for each in browser.client._cookies.values() if each.key == "kanton")
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    assert not cookie.domain or cookie.domain == "localhost"
    with setting.changed(base_url="https://kanton.example"):
        config = create_app().config
    assert config["SESSION_COOKIE_NAME"] == "__Host-kanton"
    assert config["SESSION_COOKIE_SECURE"]


def test_ss_03_what_was_signed_out_does_not_come_back(visitor, cast):
    browser = visitor().sign_in("luc")
    kept = secret(browser)
    browser.get("/account")
    browser.post("/signout")
    with browser.client.session_transaction(base_url=setting.base_url) as cookie:
        cookie["_user_id"] = kept
    assert not signed_in(browser)


def test_ss_04_half_way_in_is_not_in(app, visitor, cast):
    browser = visitor()
    browser.get("/signin")
    browser.post("/signin", email="mara@bergquell.example", password=PASSWORD)
    assert browser.page.path == "/signin/second-step"
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if view.needs == web.ANYONE or "GET" not in rule.methods:
            continue
        path = rule.rule.replace("<organisation>", "bergquell")
        answer = browser.client.get(path.replace("<", "").replace(">", ""), base_url=setting.base_url)
        assert answer.status_code in (303, 404), path


def test_ss_06_every_other_session_ends_when_the_factor_changes(browse, cast):
    other = browse("otto")                      # of whom no organisation demands one
    person = User.get_by_id(cast.people["otto"].id)
    with acting(person):
        factor = next(each for each in person.credentials if each.kind == "totp")
        protection.remove(person, factor.public_id)
    assert not signed_in(other)


def test_ss_06_every_other_session_ends_when_the_password_changes(browse):
    here, there = browse("luc"), browse("luc")
    here.get("/account/password")
    here.post("/account/password", present=PASSWORD, password="slow clouds over the harbour", everywhere_else="y")
    assert signed_in(here)
    assert not signed_in(there)


@pytest.mark.parametrize(("stay", "idle", "life"), [
    (False, sessions.IDLE, sessions.LIFE), (True, sessions.IDLE_STAYING, sessions.LIFE_STAYING)])
def test_ss_07_a_session_dies_of_idleness_and_of_age(cast, stay, idle, life):
    person = cast.people["luc"]
    with acting(person):
        left_alone, secret = (signin.welcome(person, "password", stay=stay).session for _ in range(2))
    begun = clock.now()
    with time_machine.travel(begun + idle + clock.MINUTE, tick=False):
        assert sessions.find(left_alone) is None
    assert sessions.find(left_alone) is None    # the clock goes back, and it stays dead
    moment = begun
    while moment < begun + life - idle / 2:
        moment += idle / 2
        with time_machine.travel(moment, tick=False):
            who = sessions.find(secret)
            assert who is not None
            sessions.touch(who)
    with time_machine.travel(begun + life + clock.MINUTE, tick=False):
        assert sessions.find(secret) is None
    assert sessions.find(secret) is None


def test_ss_08_nobody_ends_somebody_elses_session(browse, cast):
    luc, anne = browse("luc"), browse("anne")
    theirs = session_of(cast.people["luc"]).public_id
    anne.get("/account/sessions")
    anne.post(f"/account/sessions/{theirs}/end", expect=404)
    assert signed_in(luc)


def test_ss_01_signing_in_again_ends_who_was_signed_in_here(browse, cast):
    browser = browse("luc")
    first = session_of(cast.people["luc"])
    browser.get("/account")
    browser.post("/signin", email="grace@field.example", password=PASSWORD)
    assert browser.get("/account").text().count("grace@field.example")
    assert Session.get_by_id(first.id).ended is not None


def test_ss_02_behind_https_no_neighbour_sets_our_cookies(visitor):
    with setting.changed(base_url="https://kanton.example"):
        browser = visitor()
        browser.get("/signin")
        answer = browser.post("/signin", email="mara@bergquell.example", password=PASSWORD, expect=303,
                              follow=False).answer
        set_here = [each.partition("=")[0] for each in answer.headers.getlist("Set-Cookie")]
        assert "__Host-kanton_signin" in set_here
        assert not [name for name in set_here if name in ("kanton_signin", "kanton_device")]


def test_ss_09_secrets_are_long_random_and_not_what_is_shown(cast):
    made = [crypto.token() for _ in range(2_000)]
    assert len(set(made)) == 2_000
    assert all(len(each) >= 43 for each in made)
    assert sorted(made) != made
    with acting(cast.people["luc"]):
        secret = signin.welcome(cast.people["luc"], "password").session
    row = session_of(cast.people["luc"])
    assert secret not in (row.public_id, row.token_hash)
    assert sessions.find(row.public_id) is None
    assert sessions.find(row.token_hash) is None


@pytest.mark.parametrize("cookie", ["", "x", "x" * 4000, "é", "\x00", "eyJhIjoxfQ.aaaa.bbbb", "kanton=kanton"])
def test_ss_10_garbage_is_nobody(visitor, cookie):
    browser = visitor()
    browser.client.set_cookie("kanton", cookie)
    browser.client.set_cookie("kanton_signin", cookie)
    browser.client.set_cookie("kanton_device", cookie)
    assert browser.client.get("/account", base_url=setting.base_url).status_code == 303
    assert browser.client.get("/signin/second-step", base_url=setting.base_url).status_code in (200, 303)


def test_ss_11_nothing_of_a_person_is_kept_on_the_way(browse):
    answer = browse("luc").get("/account").answer
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Cookie" in answer.headers["Vary"]


def test_ss_14_the_oldest_of_too_many_sessions_end(cast):
    person = cast.people["luc"]
    with acting(person):
        secrets = [signin.welcome(person, "password").session for _ in range(sessions.MOST + 3)]
    assert sessions.find(secrets[0]) is None
    assert sessions.find(secrets[-1]) is not None
    assert len(sessions.living(person.id)) == sessions.MOST


def test_a_stolen_cookie_alone_changes_no_address(browse, cast):
    """EM-01: a proof that is too old is asked for again, when the form is opened and when it is sent."""
    luc = browse("luc")
    luc.get("/account/address")
    token = luc.page.token
    Session.update(proved=clock.now() - sessions.CREDENTIALS - sessions.MARGIN - clock.MINUTE).execute()
    assert luc.client.get("/account/address", base_url=setting.base_url).headers["Location"].startswith("/prove")
    answer = luc.client.post("/account/address", data={"csrf_token": token, "email": "evil@evil.example"},
                             base_url=setting.base_url)
    assert answer.headers["Location"].startswith("/prove")


def test_an_operator_is_kept_shorter(cast):
    person = User.get_by_id(cast.people["otto"].id)
    with current.acting_as(current.Actor(kind="visitor", address="192.0.2.1")):
        signin.welcome(person, "password totp", stay=True)
    assert session_of(person).idle_seconds == sessions.IDLE_OPERATOR.total_seconds()


def test_ss_07_a_proof_of_a_time_to_come_is_not_fresh(cast):
    """The clock was ahead, and was put right."""
    with time_machine.travel(clock.now() + timedelta(hours=6)):
        _session, secret = sessions.begin(User.get_by_id(cast.people["luc"].id), "password", stay=True, device=None)
    assert not sessions.find(secret).proved_within(sessions.CREDENTIALS)
