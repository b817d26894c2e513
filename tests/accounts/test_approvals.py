"""A sign-in that is approved in another browser: by a typed number, once, within a minute (TF-19, TF-20)."""
import re
from urllib.parse import urlencode

import pytest
import time_machine

import clock
import db
import demo
from accounts import approvals, second_factors, signin
from demo import PASSWORD, acting
from models import Approval, Attempt, Credential, Membership, Organisation, PersonalEvent, Session, User
from organisations import protection
from rules import Conflict, NotHere, Refused
from settings import setting
from tenancy import working_for
from tests.applications import Application
from tests.gate.conftest import Proxy
from tests.together import at_once

ADDRESS = "mara@bergquell.example"


@pytest.fixture(autouse=True)
def in_english(database):
    """Everybody reads what the test reads."""
    User.update(language="en").execute()


@pytest.fixture
def mara(cast):
    """Mara, who approves sign-ins in another browser."""
    person = User.get_by_id(cast.people["mara"].id)
    with acting(person):
        approvals.switch(person, True)
    return person


@pytest.fixture
def here(mara, browse):
    """The browser in which she is signed in."""
    browser = browse("mara")
    browser.get("/account")
    return browser


@pytest.fixture
def there(visitor, here):
    """Another browser, half-way in, that asks for her yes."""
    return asking(visitor())


def asking(browser, place="/account"):
    at = f"/signin?{urlencode({'next': place})}"
    browser.get(at)
    browser.post(at, email=ADDRESS, password=PASSWORD)
    browser.get("/signin/second-step?with=approval")
    return browser


def latest():
    return Approval.select().order_by(Approval.id.desc()).get()


def address(approval=None):
    return f"/account/approvals/{(approval or latest()).public_id}"


def wrong(approval):
    return "10" if approval.number != "10" else "11"


def go_on(browser, expect=200):
    return browser.post("/signin/second-step", expect=expect, factor="approval", code="approved")


def signed_in(browser):
    return browser.client.get("/account", base_url=setting.base_url).status_code == 200


def test_a_yes_with_the_number_lets_the_other_browser_in(here, there, mara):
    number = latest().number
    assert number in there.page.text()
    assert not signed_in(there)
    go_on(there, 422)
    assert "not approved yet" in there.page.text()
    assert "A sign-in to your account is waiting for your approval" in here.get("/account").text()
    page = here.get(address() + "")
    assert f">{number}<" not in page.html and f'"{number}"' not in page.html
    assert "is waiting for your approval" not in page.text()
    here.post(address(), number=number)
    assert here.page.path == "/account/sessions"
    go_on(there)
    assert signed_in(there)
    assert Session.select().order_by(Session.id.desc()).get().proofs == "password approval"
    assert not Approval.select().exists() and not Attempt.select().exists()
    assert "is waiting for you" not in here.get("/account").text()


def application_shown(here, visitor, place):
    """Which application a sign-in is said to lead to that was begun on the way to there."""
    asking(visitor(), place)
    return re.search(r"Application (.+) Browser", here.get(address()).text()).group(1)


def test_it_says_which_application_the_sign_in_leads_to(app, here, visitor):
    planning = Application(app).asking(state="Payroll", login_hint="Payroll")
    assert application_shown(here, visitor, planning) == "Planning (Atelier Lumen Sàrl)"


def test_it_says_which_application_behind_a_gate_the_sign_in_leads_to(app, here, visitor):
    assert application_shown(here, visitor, Proxy(app).where()) == "Wiki (Atelier Lumen Sàrl)"


def test_tf_20_what_a_stranger_calls_an_application_is_not_said(app, here, visitor, mara, cast):
    with working_for(cast.organisations["lumen"]):
        Membership.update(status=Membership.BLOCKED).where(Membership.user == mara.id).execute()
    assert application_shown(here, visitor, Application(app).asking()) == "Kanton"
    assert application_shown(here, visitor, Proxy(app).where()) == "Kanton"


@pytest.mark.parametrize("place", [
    "/account", "/oauth/authorize", "/oauth/authorize?client_id=Payroll&redirect_uri=https://payroll.example/",
    f"/oauth/authorize?client_id={demo.APP}&redirect_uri=https://payroll.example/", "/gate/start?gate=Payroll",
    "/gate/start"])
def test_what_an_address_claims_is_no_application(here, visitor, place):
    assert application_shown(here, visitor, place) == "Kanton"


def test_waiting_is_no_wrong_answer(here, there):
    for _time in range(2 * signin.TRIES):
        go_on(there, 422)
    assert Attempt.get().tries == 0
    assert Approval.select().count() == 1       # looking again asks nobody again


def test_the_page_looks_again_by_itself(there):
    block = there.client.get("/signin/second-step?with=approval", base_url=setting.base_url, headers={
        "HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#challenge"}).text
    assert "<html" not in block and latest().number in block
    Approval.update(state=Approval.APPROVED).execute()
    assert "data-go" in there.get("/signin/second-step?with=approval").html


def test_it_is_never_the_only_way(cast, mara):
    Organisation.update(two_factor=Organisation.OFF).execute()
    luc = User.get_by_id(cast.people["luc"].id)
    with acting(luc), pytest.raises(NotHere):
        approvals.switch(luc, True)
    with acting(mara):
        factor = Credential.get(Credential.user == mara.id, Credential.kind == "totp")
        assert [each.kind for each in second_factors.active(mara.id)] == ["totp"]
        assert protection.remove(mara, factor.public_id)        # the last, whatever stands beside it
    assert not Credential.select().where(Credential.user == mara.id).exists()


def test_it_is_switched_on_and_off_by_its_owner(browse, letters):
    browser = browse("mara")
    browser.get("/account/security/two-factor")
    browser.post("/account/security/approval", on="y")
    assert letters(ADDRESS)[-1][0].notice == "approval_on"
    assert "approval" in signin.factors_of(User.get(User.email == ADDRESS))
    browser.post("/account/security/approval")
    assert letters(ADDRESS)[-1][0].notice == "approval_off"
    assert "approval" not in signin.factors_of(User.get(User.email == ADDRESS))


def test_it_is_no_fresh_proof(here):
    page = here.get("/prove?with=approval")
    assert not [each for each in page.all("input") if each.get("value") == "approval"]
    here.post("/prove", expect=422, password=PASSWORD, factor="approval", code="approved")
    assert not Approval.select().exists()


# --- TF-19: nobody is worn down ----------------------------------------------------------------


def test_tf_19_three_may_wait_in_ten_minutes(visitor, here):
    for _time in range(6):
        browser = asking(visitor())
    assert Approval.select().count() == approvals.MOST
    assert "Several sign-ins have waited" in browser.page.text()
    assert "Authenticator app" in browser.page.text()
    with time_machine.travel(clock.now() + approvals.PERIOD + clock.MINUTE):
        asking(visitor())
    assert Approval.select().count() == approvals.MOST + 1


def test_tf_19_asking_once_more_in_one_sign_in_is_counted_too(there):
    for _time in range(5):
        there.post("/signin/second-step/again", factor="approval", code="approved")
    assert Approval.select().count() == approvals.MOST
    assert Approval.select().where(Approval.state == Approval.WAITING).count() == 1


def test_tf_19_at_one_instant_three_as_well(visitor, here, app):
    browser = visitor()
    browser.get("/signin")
    browser.post("/signin", email=ADDRESS, password=PASSWORD)
    attempt = Attempt.get()
    at_once(8, lambda: approvals.ask(Attempt.get_by_id(attempt.id)).public_id)
    assert Approval.select().count() == approvals.MOST


def test_tf_19_this_is_not_me_stops_it_tells_the_owner_and_pauses(here, there, mara, visitor, letters):
    here.get(address())
    here.post(address() + "/deny")
    assert here.page.path == "/account/password"
    assert "Somebody knows your password" in here.get("/account/password?lang=en").text("main")
    assert not Attempt.select().exists()
    go_on(there)
    assert there.page.path == "/signin" and not signed_in(there)
    assert User.get_by_id(mara.id).must_renew
    message, letter = letters(ADDRESS)[-1]
    assert message.notice == "approval_denied" and "http" not in letter.text.partition("\n-- \n")[0]
    assert PersonalEvent.select().where(PersonalEvent.kind == "approval.denied").count() == 1
    User.update(must_renew=False).execute()     # a new password is set, and somebody knows that one too
    assert asking(visitor()).page.text("code")
    assert Approval.select().count() == 1
    with time_machine.travel(clock.now() + approvals.PAUSE + clock.MINUTE):
        asking(visitor())
    assert Approval.select().count() == 2


def test_tf_19_a_no_needs_no_proof_and_comes_never_too_late(here, there):
    Session.update(proved=clock.now() - clock.HOUR).execute()
    Approval.update(expires=clock.now() - clock.MINUTE).execute()
    here.get("/account")
    here.client.post(address() + "/deny", base_url=setting.base_url, data={"csrf_token": here.page.token})
    assert latest().state == Approval.DENIED


# --- TF-20: by its owner, elsewhere, in time, once ---------------------------------------------


def test_tf_20_somebody_elses_is_not_there(browse, there):
    luc = browse("luc")
    luc.get(address(), expect=404)
    luc.get("/account")
    luc.post(address(), expect=404, number=latest().number)
    luc.get("/account")
    luc.post(address() + "/deny", expect=404)
    assert latest().state == Approval.WAITING
    assert "waits" not in luc.get("/account").text()


def test_tf_20_three_wrong_numbers_cancel_the_sign_in(here, there):
    approval = latest()
    here.get(address())
    for _time in range(2):
        here.post(address(), expect=422, number=wrong(approval))
    assert here.page.errors
    here.post(address(), expect=409, number=wrong(approval))
    assert not Attempt.select().exists()
    here.get("/account")
    assert here.client.post(address(), base_url=setting.base_url, data={
        "csrf_token": here.page.token, "number": approval.number}).status_code == 410
    go_on(there)
    assert not signed_in(there)


def test_tf_20_numbers_guessed_at_one_instant_are_three(here, there, mara):
    approval = latest()

    def guess():
        with acting(mara):
            approvals.approve(approval.public_id, wrong(approval))
    at_once(8, guess)
    assert latest().tries == approvals.TRIES
    assert latest().state == Approval.LAPSED


def test_tf_20_after_a_minute_it_is_too_late(here, there):
    here.get(address())
    with time_machine.travel(clock.now() + approvals.LIFE + clock.MINUTE / 6):
        here.post(address(), expect=410, number=latest().number)
        go_on(there, 422)
        assert "Nobody has approved" in there.get("/signin/second-step?with=approval").text()
        assert "is waiting for you" not in here.get("/account").text()
    assert not signed_in(there)


def test_tf_20_it_is_approved_once_and_used_once(here, there, mara):
    approval, number = latest(), latest().number
    here.get(address())
    here.post(address(), number=number)
    here.get("/account")
    here.post(address(approval), expect=409, number=number)
    here.get("/account")
    here.post(address(approval) + "/deny", expect=409)

    def use():
        with db.transaction():
            return approvals.use_up(mara.id, approval.public_id)
    assert at_once(5, use).count(True) == 1


def test_tf_20_not_in_the_browser_that_asks(here):
    """It knows the browser by its own cookie; there, the notice does not stand, either."""
    here.get("/cookies")
    here.post("/signin", email=ADDRESS, password=PASSWORD)
    here.get("/signin/second-step?with=approval")
    approval = latest()
    assert "waits" not in here.get("/account").text()
    here.get(address(), expect=404)
    here.get("/account")
    here.post(address(), expect=404, number=approval.number)
    assert latest().state == Approval.WAITING


def test_tf_20_an_old_proof_is_asked_for_again(here, there):
    Session.update(proved=clock.now() - clock.HOUR).execute()
    for answer in (here.client.get(address(), base_url=setting.base_url),
                   here.client.post(address(), base_url=setting.base_url, data={
                       "csrf_token": here.page.token, "number": latest().number})):
        assert answer.headers["Location"].startswith("/prove")
    assert latest().state == Approval.WAITING


def test_tf_20_a_yes_to_one_sign_in_opens_no_other(here, there, visitor):
    first = latest()
    other = asking(visitor())
    here.get(address(first))
    here.post(address(first), number=first.number)
    go_on(other, 422)
    go_on(there)
    assert signed_in(there) and not signed_in(other)


def test_tf_20_a_request_is_about_whoever_gave_the_password(there, mara, cast):
    there.post("/signin/second-step/again", factor="approval", code="approved", email="anne@lumen.example")
    assert {approval.user_id for approval in Approval.select()} == {mara.id}


def test_a_sign_in_that_was_given_up_waits_no_more(here, there):
    there.post("/signin/cancel")
    assert "is waiting for you" not in here.get("/account").text()
    here.get(address(), expect=410)


def test_old_requests_are_forgotten(there):
    with time_machine.travel(clock.now() + clock.DAY + clock.MINUTE):
        approvals.forget_old()
    assert not Approval.select().exists()


def test_answers_that_cross_are_conflicts(mara, here, there):
    approval = latest()
    with acting(mara):
        approvals.deny(approval.public_id)
        with pytest.raises(Conflict):
            approvals.approve(approval.public_id, approval.number)
        with pytest.raises(Refused, match="stopped"):
            approvals.ask(Attempt(user=mara.id))
