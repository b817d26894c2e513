"""Which sign-ins a person is told of: as they chose, and at once where somebody knows the password (G4)."""
import pytest
import time_machine

import clock
import db
import limits
import outbox
from accounts import alerts, signin
from demo import PASSWORD, acting
from models import Message, PersonalEvent, Session, User
from notices.channels.email import plugin as email
from rules import Refused
from settings import setting
from tests.accounts.test_signin import attempt


def choose(person, **some):
    with acting(person):
        alerts.choose(**{"alert_new_place": True, "alert_failure": True, "alert_success": False,
                         "lock_threshold": 10} | some)


def notices(person):
    return [message.notice for message in Message.select().where(Message.user == person.id).order_by(Message.id)
            if message.notice in ("new_sign_in", "sign_in", "failed_sign_ins")]


@pytest.fixture
def luc(cast):
    """Somebody who has signed in before, and the token of that browser."""
    person = cast.people["luc"]
    person.token = attempt("luc@lumen.example", PASSWORD).device
    return person


def test_au_07_a_new_browser_is_told_and_a_known_one_is_not(luc):
    attempt("luc@lumen.example", PASSWORD, device=luc.token)
    assert notices(luc) == []
    attempt("luc@lumen.example", PASSWORD)
    assert notices(luc) == ["new_sign_in"]


def test_every_sign_in_is_told_to_who_wants_it_and_each_once(luc):
    choose(luc, alert_success=True)
    attempt("luc@lumen.example", PASSWORD, device=luc.token)
    attempt("luc@lumen.example", PASSWORD)
    assert notices(luc) == ["sign_in", "new_sign_in"]


def test_nothing_is_told_to_who_wants_nothing(luc):
    choose(luc, alert_new_place=False, alert_failure=False)
    attempt("luc@lumen.example", PASSWORD)
    with pytest.raises(Refused):
        attempt("luc@lumen.example", "wrong wrong")
    assert notices(luc) == []


def test_au_07_a_wrong_password_is_told(luc):
    with pytest.raises(Refused):
        attempt("luc@lumen.example", "wrong wrong")
    assert notices(luc) == ["failed_sign_ins"]


def test_tf_04_the_owner_is_told_at_once_when_codes_are_guessed(cast):
    mara = cast.people["mara"]
    choose(mara, alert_failure=False)
    secret = attempt("mara@bergquell.example", PASSWORD).attempt
    for number in range(limits.SECOND_STEP.times):
        assert notices(mara) == [], number
        with pytest.raises(Refused):
            signin.with_second_step(secret, "totp", "000000")
    (letter,) = Message.select().where(Message.notice == "failed_sign_ins")
    assert letter.due <= clock.now()                # not in ten minutes


def test_tf_04_what_was_being_collected_leaves_at_once(cast):
    secret = attempt("mara@bergquell.example", PASSWORD).attempt
    for _number in range(limits.SECOND_STEP.times):
        with pytest.raises(Refused):
            signin.with_second_step(secret, "totp", "000000")
    (letter,) = Message.select().where(Message.notice == "failed_sign_ins")
    assert letter.facts["codes"] == limits.SECOND_STEP.times
    assert letter.due <= clock.now()


def test_the_page_keeps_what_is_chosen_and_writes_it_down(browse, cast):
    luc = browse("luc")
    luc.get("/account/notifications")
    page = luc.post("/account/notifications", alert_success="y", lock_threshold="3")
    assert page.path == "/account/notifications"
    person = User.get_by_id(cast.people["luc"].id)
    assert (person.alert_new_place, person.alert_failure, person.alert_success) == (False, False, True)
    assert person.lock_threshold == 3
    assert PersonalEvent.select().where(PersonalEvent.kind == "alerts.changed").count() == 1
    assert [each.get("name") for each in page.all("input") if "checked" in each] == ["alert_success"]


@pytest.mark.parametrize("number", ["2", "51", "-1", "many", "", "9" * 30])
def test_a_strange_threshold_is_refused_by_its_field(browse, cast, number):
    luc = browse("luc")
    luc.get("/account/notifications")
    page = luc.post("/account/notifications", expect=422, alert_failure="y", lock_threshold=number)
    assert page.errors
    assert User.get_by_id(cast.people["luc"].id).lock_threshold == 10


def test_a_browser_found_open_does_not_silence_the_alerts(browse, cast):
    luc = browse("luc")
    with time_machine.travel(clock.now() + 30 * clock.MINUTE):
        assert luc.get("/account/notifications").path == "/prove"


def test_lg_03_whoever_guesses_from_inside_a_session_is_told_of_and_waits(browse, cast):
    """A cookie alone, and the owner reads of it; other sessions of the owner go on."""
    luc, thief = cast.people["luc"], browse("luc")
    for _time in range(limits.PROOF.times):
        thief.get("/prove")
        thief.post("/prove", password="a guess that is wrong", expect=422)
    thief.post("/prove", password="a guess that is wrong", expect=429)
    (letter,) = [each for each in Message.select() if each.notice == "failed_sign_ins"]
    assert letter.user_id == luc.id and letter.facts["passwords"] == limits.PROOF.times
    assert not User.get_by_id(luc.id).failures
    owner = browse("luc")
    owner.get("/prove")
    owner.post("/prove", password=PASSWORD)


def test_lg_03_a_slow_drip_of_guesses_ends_too(browse, cast):
    thief, tried = browse("luc"), 0
    for hour in range(10):
        with time_machine.travel(clock.now() + hour * clock.MINUTE * 16, tick=False):
            Session.update(last_seen=clock.now()).execute()
            thief.get("/prove")
            for _time in range(limits.PROOF.times):
                page = thief.client.post("/prove", base_url=setting.base_url, data={
                    "csrf_token": thief.page.token, "password": "a guess that is wrong"})
                tried += page.status_code == 422
    assert tried == limits.PROOF_DAY.times


def test_lg_03_also_who_guesses_where_it_is_changed(browse, cast):
    thief = browse("luc")
    thief.get("/account/password")
    for _time in range(limits.PROOF.times):
        thief.post("/account/password", present="a guess that is wrong", password="three quiet rivers at night",
                   expect=422)
    thief.post("/account/password", present=PASSWORD, password="three quiet rivers at night", expect=429)
    (letter,) = [each for each in Message.select() if each.notice == "failed_sign_ins"]
    assert letter.facts["passwords"] == limits.PROOF.times


# --- what did not get through ------------------------------------------------------------------


@pytest.fixture
def unreached(luc, monkeypatch):
    """Luc, to whom a letter was tried in vain: nobody answers at the mail server."""
    monkeypatch.setitem(outbox.channels, "email", email.send)
    Message.delete().execute()
    with db.transaction():
        outbox.post_to(luc, "password_changed")
    with setting.changed(smtp_url="smtp://127.0.0.1:9"):
        outbox.deliver_due()
    return luc


def told(person, device):
    return attempt("luc@lumen.example", PASSWORD, device=device).undelivered


def test_who_could_not_be_reached_is_told_at_each_sign_in_until_it_is_through(unreached):
    assert told(unreached, unreached.token)
    with time_machine.travel(clock.now() + clock.HOUR):
        assert told(unreached, unreached.token)
        outbox.deliver_due()                    # the server is back
        assert not told(unreached, unreached.token)


def test_what_is_given_up_is_told_once_in_each_browser(unreached):
    """Whoever else signs in takes the word from nobody."""
    message = Message.get(Message.notice == "password_changed")
    outbox.give_up(message, "550 no such mailbox")
    with time_machine.travel(clock.now() + clock.HOUR):
        assert told(unreached, "")
        assert told(unreached, unreached.token)
        assert not told(unreached, unreached.token)


def test_what_has_not_been_tried_yet_alarms_nobody(luc):
    with time_machine.travel(clock.now() + clock.HOUR):
        with db.transaction():
            outbox.post_to(luc, "password_changed")
        assert not told(luc, luc.token)


def test_the_page_after_the_sign_in_says_it(unreached, visitor):
    browser = visitor()
    browser.get("/signin?lang=en")
    browser.post("/signin", email="luc@lumen.example", password=PASSWORD)
    assert "could not be delivered" in browser.page.flash
