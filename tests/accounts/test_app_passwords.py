"""App passwords: for the doors made for them only, shown once, dead when revoked (group AP)."""
import base64
import re

import pytest
import time_machine

import clock
import current
import limits
from accounts import addresses, app_passwords, recovery
from demo import PASSWORD, acting
from models import AppPassword, Link, Message, PersonalEvent, Session, User
from rules import Refused, TooMany
from settings import setting
from tests.applications import Application

LUC = "luc@lumen.example"


@pytest.fixture(autouse=True)
def in_english(database):
    """Everybody reads what the test reads."""
    User.update(language="en").execute()


@pytest.fixture
def luc(cast):
    return User.get_by_id(cast.people["luc"].id)


@pytest.fixture
def secret(luc):
    with acting(luc):
        return app_passwords.create(luc, "Mail on the phone")


def right(secret, login=LUC, address="192.0.2.1"):
    with current.acting_as(current.Actor(kind="visitor", address=address)):
        return app_passwords.right(login, secret)


def test_it_opens_a_door_for_its_owner_only(secret, luc):
    assert right(secret) == luc
    assert right(secret, " LUC@lumen.example") == luc
    assert right(secret, "anne@lumen.example") is None
    assert right(secret.upper()) is None
    assert right("") is None
    assert right(PASSWORD) is None


def test_it_says_when_it_was_used_last(secret, luc):
    assert app_passwords.living(luc.id)[0].last_used is None
    right(secret)
    assert app_passwords.living(luc.id)[0].last_used is not None


def test_ap_01_it_is_refused_where_people_sign_in(visitor, browse, secret):
    browser = visitor()
    browser.get("/signin")
    browser.post("/signin", expect=422, email=LUC, password=secret)
    luc = browse("luc")
    luc.get("/prove")
    luc.post("/prove", expect=422, password=secret)
    luc.get("/account/password")
    luc.post("/account/password", expect=422, present=secret, password="slow clouds over the harbour")


def test_ap_01_it_is_refused_on_the_way_into_an_application(app, visitor, browse, secret):
    """The door of OpenID Connect asks nobody for a password itself: it leads to the sign-in page and to the proof. As
    an application's own secret it is none either."""
    planning, browser = Application(app), visitor()
    page = browser.get(planning.asking())
    assert page.path == "/signin"
    browser.post("/signin", expect=422, email=LUC, password=secret)
    basic = "Basic " + base64.b64encode(f"{LUC}:{secret}".encode()).decode()
    answer = browser.client.get(planning.asking(), base_url=setting.base_url, headers={"Authorization": basic})
    assert answer.status_code == 303 and answer.headers["Location"].startswith("/signin")
    signed_in = browse("anne")
    page = signed_in.get(planning.asking(prompt="login"))
    assert page.path == "/prove"
    signed_in.post("/prove", expect=422, password=secret)
    assert Application(app, secret=secret).exchange("a code").status_code == 401


def test_ap_02_it_reaches_no_page_of_the_account(visitor, secret):
    """No page takes a login of this kind, so that none of them changes a credential with it."""
    basic = "Basic " + base64.b64encode(f"{LUC}:{secret}".encode()).decode()
    browser = visitor(Authorization=basic)
    for path in ("/account/address", "/account/security/two-factor", "/account/app-passwords/new", "/account/sessions"):
        answer = browser.client.get(path, base_url=setting.base_url, headers=browser.headers)
        assert answer.headers["Location"].startswith("/signin"), path
    browser.get("/signin")
    answer = browser.client.post("/account/app-passwords/new", base_url=setting.base_url, headers=browser.headers,
                                 data={"csrf_token": browser.page.token, "name": "one more"})
    assert answer.headers["Location"].startswith("/signin")
    assert AppPassword.select().count() == 1


def test_ap_04_what_is_revoked_opens_nothing(secret, luc):
    with acting(luc):
        other = app_passwords.create(luc, "Calendar")
        app_passwords.revoke(luc, app_passwords.living(luc.id)[1].public_id)
    assert right(secret) is None
    assert right(other) == luc
    with acting(luc):
        assert app_passwords.revoke_all(luc) == 1
    assert right(other) is None


def test_ap_04_a_reset_ends_it(secret):
    recovery.ask(LUC, "fr")
    recovery.renew(Link.select().order_by(Link.id.desc()).get().token, "slow clouds over the harbour")
    assert right(secret) is None
    assert Message.select().where(Message.notice == "app_passwords_revoked").count() == 1


def test_ap_04_undoing_a_change_of_address_ends_it(secret, luc):
    with acting(luc):
        addresses.ask("neu@lumen.example")
    addresses.revert(Link.get(Link.purpose == "address.revert").token)
    assert right(secret) is None


def test_ap_04_a_suspended_account_has_none(secret, luc):
    User.update(suspended=clock.now()).where(User.id == luc.id).execute()
    assert right(secret) is None


def test_ap_05_guesses_are_counted_together_for_a_login_that_is_there_or_not(secret):
    for login in (LUC, "nobody@nowhere.example"):
        for number in range(limits.APP_PASSWORD.times):
            assert right(f"kap_{number:032}", login) is None
        with pytest.raises(TooMany):
            right("kap_" + "0" * 32, login)
    with pytest.raises(TooMany):
        right(secret)                           # also the right one, from there
    assert right(secret, address="198.51.100.7")        # strangers elsewhere lock nobody out
    with time_machine.travel(clock.now() + 16 * clock.MINUTE):
        assert right(secret)


def test_ap_05_one_network_is_stopped_whatever_it_asks_for(secret):
    with pytest.raises(TooMany):
        for number in range(limits.APP_PASSWORD_NETWORK.times + 1):
            right("kap_" + "0" * 32, f"n{number}@nowhere.example")


def test_ap_05_a_login_that_is_there_costs_what_one_that_is_not_costs(secret, count):
    asked = []
    for login in (LUC, "nobody@nowhere.example", "no address at all"):
        count.clear()
        assert right("kap_" + "0" * 32, login) is None
        asked.append(list(count))
    assert asked[0] == asked[1] == asked[2]


def test_ap_06_it_is_shown_once_and_known_by_its_beginning(browse, luc, letters):
    browser = browse("luc")
    browser.get("/account/app-passwords/new")
    page = browser.post("/account/app-passwords/new", name="Mail on the phone")
    (secret,) = re.findall(r"\bkap_[0-9a-z]{32}\b", page.html)
    assert right(secret) == luc
    for path in ("/account/app-passwords", "/account/activity", "/account/security"):
        assert secret not in browser.get(path).html
    assert secret[:8] + "…" in browser.get("/account/app-passwords").text()
    row = AppPassword.get()
    assert secret not in str(row.__data__)
    assert secret not in str([event.__data__ for event in PersonalEvent.select()])
    message, letter = letters(LUC)[-1]
    assert message.notice == "app_password_created" and "Mail on the phone" in letter.text and secret not in letter.text
    browser.get("/account/app-passwords")
    browser.post(f"/account/app-passwords/{row.public_id}/revoke")
    assert right(secret) is None
    assert letters(LUC)[-1][0].notice == "app_password_revoked"
    assert "none" in browser.get("/account/app-passwords").text()


def test_making_one_asks_for_a_fresh_proof(browse):
    browser = browse("luc")
    Session.update(proved=clock.now() - clock.HOUR).execute()
    answer = browser.client.get("/account/app-passwords/new", base_url=setting.base_url)
    assert answer.headers["Location"].startswith("/prove")


def test_nobody_revokes_somebody_elses(browse, secret, luc):
    anne = browse("anne")
    public_id = app_passwords.living(luc.id)[0].public_id
    anne.get(f"/account/app-passwords/{public_id}/revoke", expect=404)
    anne.get("/account")
    anne.post(f"/account/app-passwords/{public_id}/revoke", expect=404)
    assert right(secret)


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "see evil.example"])
def test_a_name_is_a_name(luc, name):
    with acting(luc), pytest.raises(Refused):
        app_passwords.create(luc, name)


def test_there_are_at_most_fifty(luc, browse):
    with acting(luc):
        for number in range(app_passwords.MOST):
            app_passwords.create(luc, f"Number {number}")
        with pytest.raises(Refused):
            app_passwords.create(luc, "One more")
    browser = browse("luc")
    assert "/account/app-passwords/new" not in browser.get("/account/app-passwords").links
    browser.get("/account/app-passwords/revoke")
    assert "50 app passwords are revoked" in browser.post("/account/app-passwords/revoke").flash
