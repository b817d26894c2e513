"""Browsers that spare the second step: whose, for how long, and what ends it (TF-14)."""
import pyotp
import pytest
import time_machine

import clock
from accounts import devices, profile, recovery, second_factors, sessions
from demo import PASSWORD, SECRET, acting
from models import Device, Link, PersonalEvent, Session, User
from organisations import protection
from settings import setting

NEW = "slow clouds over the harbour"


@pytest.fixture(autouse=True)
def in_english(database):
    """Everybody reads what the test reads."""
    User.update(language="en").execute()


@pytest.fixture
def mara(cast):
    """As she is now, whenever it is asked."""
    return lambda: User.get_by_id(cast.people["mara"].id)


@pytest.fixture
def remembered(visitor):
    """A browser that Mara has had remembered, signed out again."""
    browser = visitor()
    halfway(browser)
    browser.post("/signin/second-step", factor="totp", code=pyotp.TOTP(SECRET).now(), remember="y")
    browser.post("/signout")
    return browser


def halfway(browser, password=PASSWORD):
    """Signs in with the password, and says whether the second step is asked for."""
    browser.get("/signin")
    browser.post("/signin", email="mara@bergquell.example", password=password)
    return browser.page.path == "/signin/second-step"


def latest(person):
    return Session.select().where(Session.user == person.id).order_by(Session.id.desc()).get()


def test_tf_14_a_remembered_browser_spares_the_second_step_for_thirty_days(remembered, mara):
    assert not halfway(remembered)
    assert latest(mara()).proofs == "password trusted"
    with time_machine.travel(clock.now() + devices.TRUST + clock.MINUTE):
        remembered.get("/account")
        assert halfway(remembered)


def test_tf_14_without_the_tick_nothing_is_remembered(browse, visitor):
    browser = browse("mara")
    browser.post("/signout")
    assert halfway(browser)


def test_tf_14_another_browser_is_asked(remembered, visitor):
    assert halfway(visitor())


def test_tf_14_another_person_in_the_same_browser_is_asked(remembered, cast):
    remembered.get("/signin")
    remembered.post("/signin", email="operator@kanton.example", password=PASSWORD)
    assert remembered.page.path == "/signin/second-step"
    assert halfway(remembered) is False         # and Mara's stays hers


def test_tf_14_the_token_of_one_persons_browser_says_nothing_of_another(remembered, mara, cast):
    token = next(each.value for each in remembered.client._cookies.values() if each.key == "kanton_device")
    assert devices.trusted(mara(), token)
    assert not devices.trusted(User.get_by_id(cast.people["otto"].id), token)
    assert not devices.trusted(mara(), "")


def test_tf_14_a_wrong_password_is_wrong_in_a_remembered_browser(remembered):
    remembered.get("/signin")
    remembered.post("/signin", expect=422, email="mara@bergquell.example", password="wrong wrong wrong")


@pytest.mark.parametrize("everywhere_else", [True, False])
def test_tf_14_a_new_password_ends_it(remembered, mara, everywhere_else):
    assert not halfway(remembered)
    with acting(mara()):
        profile.change_password(PASSWORD, NEW, everywhere_else=everywhere_else)
    assert halfway(remembered, NEW)


def test_tf_14_a_reset_ends_it(remembered, mara):
    recovery.ask("mara@bergquell.example", "de")
    recovery.renew(Link.select().order_by(Link.id.desc()).get().token, NEW)
    assert halfway(remembered, NEW)


def test_tf_14_another_factor_ends_it_even_in_the_browser_that_goes_on(remembered, mara):
    assert not halfway(remembered)
    session = latest(mara())
    person = mara()
    with acting(person):
        second_factors.begin(person, "totp", SECRET[::-1])
        protection.confirm(person, "totp", pyotp.TOTP(SECRET[::-1]).now(), keep=session.id)
    remembered.get("/account")                  # still signed in
    remembered.post("/signout")
    assert halfway(remembered)


def test_tf_14_forgetting_one_browser_ends_it(remembered, mara, browse, visitor):
    other = visitor()
    other.get("/signin")
    other.post("/signin", email="mara@bergquell.example", password=PASSWORD)
    with time_machine.travel(clock.now() + clock.MINUTE):
        other.post("/signin/second-step", factor="totp", code=pyotp.TOTP(SECRET).now(), remember="y")
        page = other.get("/account/sessions")
        assert page.text().count("We do not ask for the second factor until") == 2
        (gone, kept) = sorted(devices.remembered(mara().id), key=lambda each: each.id)
        other.post(f"/account/sessions/browsers/{gone.signed_id}/forget")
    assert [each.id for each in devices.remembered(mara().id)] == [kept.id]
    assert halfway(remembered)


def test_tf_14_nobody_forgets_somebody_elses_browser(remembered, browse):
    device = Device.select().where(Device.trusted_until.is_null(False)).get()
    luc = browse("luc")
    luc.post(f"/account/sessions/browsers/{device.signed_id}/forget", expect=404)
    assert not halfway(remembered)


def test_tf_14_who_does_not_trust_browsers_is_never_offered_one(remembered, mara, visitor):
    """G7-R7: what was remembered is forgotten, and the tick is not there; sent all the same, it does nothing."""
    other = visitor()
    halfway(other)
    with time_machine.travel(clock.now() + clock.MINUTE):
        other.post("/signin/second-step", factor="totp", code=pyotp.TOTP(SECRET).now())
        other.get("/account/security/two-factor")
        assert "No browser is remembered" in other.post("/account/security/browsers").flash
    assert halfway(remembered)
    assert "Remember this browser" not in remembered.page.html
    with time_machine.travel(clock.now() + 2 * clock.MINUTE):
        remembered.post("/signin/second-step", factor="totp", code=pyotp.TOTP(SECRET).now(), remember="y")
    assert not devices.remembered(mara().id)


def test_tf_14_whoever_runs_the_installation_is_asked_every_time(visitor, cast):
    otto = visitor()
    otto.get("/signin")
    otto.post("/signin", email="operator@kanton.example", password=PASSWORD)
    assert "Remember this browser" not in otto.page.html
    otto.post("/signin/second-step", factor="totp", code=pyotp.TOTP(SECRET).now(), remember="y")
    assert not devices.remembered(cast.people["otto"].id)


def test_tf_14_a_remembered_browser_is_no_fresh_proof(remembered, mara):
    assert not halfway(remembered)
    answer = remembered.client.get("/account/address", base_url=setting.base_url)
    assert answer.headers["Location"].startswith("/prove")
    remembered.get("/prove?next=/account/address")
    remembered.post("/prove?next=/account/address", expect=422, password=PASSWORD)      # the second proof as well
    with time_machine.travel(clock.now() + clock.MINUTE):
        remembered.post("/prove?next=/account/address", password=PASSWORD, factor="totp",
                        code=pyotp.TOTP(SECRET).now())
    assert remembered.page.path == "/account/address"
    assert latest(mara()).proofs == "password totp"


def test_the_book_tells_of_it(remembered, mara):
    assert PersonalEvent.select().where(PersonalEvent.kind == "browser.remembered").count() == 1
    with acting(mara()):
        assert devices.forget_all(mara()) == 1
    assert not devices.remembered(mara().id)
    assert sessions.forget_browsers(mara()) == 0
