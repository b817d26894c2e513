"""«This was not me» cuts: whoever else signed in is out, and must know a new password (idea 20)."""
import pytest
import time_machine

import clock
from accounts import devices, disowning, links, recovery, sessions
from demo import PASSWORD, acting
from models import Device, Event, Link, Message, PersonalEvent, Session, User
from rules import NotHere
from tenancy import working_for
from tests.accounts.test_signin import attempt

NEW = "slow clouds over the harbour"


@pytest.fixture
def thief(visitor, cast):
    """Somebody else in Luc's account, in a browser that is known and trusted by now."""
    browser = visitor().sign_in("luc")
    Device.update(trusted_until=clock.now() + clock.DAY).execute()
    return browser


def theirs(cast):
    return Session.select().where(Session.user == cast.people["luc"].id).order_by(Session.id).get().public_id


def disown(luc, cast):
    address = f"/account/sessions/{theirs(cast)}/not-me"
    assert address in luc.get("/account/activity").links
    assert address in luc.get("/account/sessions").links
    luc.get(address)
    return luc.post(address)


def test_bs_07_their_session_ends_and_mine_goes_on_to_a_new_password(thief, browse, cast):
    other = browse("luc")
    luc = browse("luc")
    page = disown(luc, cast)
    assert page.path == "/account/secure"
    assert thief.get("/account").path == "/signin"
    assert other.get("/account").path == "/signin"
    page = luc.post("/account/secure", present=PASSWORD, password=NEW)
    assert page.path == "/account/secure/sessions"
    assert luc.get("/account").path == "/account"


def test_nobody_else_is_known_or_trusted_afterwards(thief, browse, cast):
    luc = browse("luc")
    mine = luc.client.get_cookie("kanton_device").value
    their = thief.client.get_cookie("kanton_device").value
    disown(luc, cast)
    person = User.get_by_id(cast.people["luc"].id)
    assert devices.known(person, mine) and not devices.known(person, their)
    assert not Device.select().where(Device.trusted_until.is_null(False)).exists()


def test_ss_06_until_then_nothing_but_a_new_password_opens(thief, browse, cast):
    luc = browse("luc")
    assert disown(luc, cast).path == "/account/secure"
    for path in ("/account", "/o/lumen/", "/account/secure/sessions", "/account/notifications", "/account/recovery",
                 "/account/security/two-factor"):
        assert luc.get(path).path == "/account/secure", path
    luc.post("/account/name", first_name="Lucien", last_name="Perrenoud")
    assert User.get_by_id(cast.people["luc"].id).first_name == "Luc"
    luc.get("/account/secure")
    luc.post("/language", language="de", back="/account/secure")
    assert luc.page.path == "/account/secure"
    page = luc.post("/account/secure", expect=422, present=PASSWORD, password=PASSWORD)
    assert page.errors                                  # the old one is no new one
    luc.post("/account/secure", present=PASSWORD, password=NEW)
    assert luc.get("/o/lumen/").path == "/o/lumen/"


def test_bs_07_the_old_password_signs_in_nowhere_and_the_mailbox_hears_of_it(thief, browse, cast, letters):
    disown(browse("luc"), cast)
    thief.get("/signin?lang=en")
    page = thief.post("/signin?lang=en", expect=422, email="luc@lumen.example", password=PASSWORD)
    assert "A new password is due." in page.text()
    assert thief.get("/account").path == "/signin"
    assert [message.notice for message, _letter in letters("luc@lumen.example")][-1] == "reset"
    assert "A new password is due." not in thief.post(
        "/signin?lang=en", expect=422, email="luc@lumen.example", password="wrong wrong wrong").text()


def test_one_may_sign_out_without_choosing(thief, browse, cast):
    luc = browse("luc")
    disown(luc, cast)
    assert luc.post("/signout").path == "/signin"


def test_a_new_password_by_mail_will_do_as_well(thief, browse, cast):
    disown(browse("luc"), cast)
    recovery.ask("luc@lumen.example", "en")
    recovery.renew(Link.select().where(Link.purpose == links.RESET).order_by(Link.id.desc()).get().token, NEW)
    assert not User.get_by_id(cast.people["luc"].id).must_renew


def test_au_07_the_person_and_the_administration_are_told_and_both_books_keep_it(thief, browse, cast, letters):
    User.update(recovery_email="luc@elsewhere.example", recovery_email_typed="luc@elsewhere.example").where(
        User.id == cast.people["luc"].id).execute()
    disown(browse("luc"), cast)
    told = {(message.notice, message.recipient) for message in Message.select() if "disowned" in message.notice}
    assert told == {("disowned", "luc@lumen.example"), ("disowned", "luc@elsewhere.example"),
                    ("member_disowned", "anne@lumen.example"), ("member_disowned", "mara@bergquell.example")}
    assert PersonalEvent.select().where(PersonalEvent.kind == "session.disowned").count() == 1
    with working_for(cast.organisations["lumen"]):
        assert Event.select().where(Event.kind == "member.disowned").count() == 1
    for message, letter in letters():
        if "disowned" in message.notice:
            assert "http://localhost:8000/" not in letter.text


def test_ss_08_only_ones_own_and_never_this_one(browse, cast):
    luc = browse("luc")
    mine = theirs(cast)
    luc.get(f"/account/sessions/{mine}/not-me", expect=404)
    grace = browse("grace")
    grace.get("/account/sessions")
    grace.post(f"/account/sessions/{mine}/not-me", expect=404)
    with acting(cast.people["grace"]), pytest.raises(NotHere):
        disowning.disown(mine)
    assert luc.get("/account").path == "/account"


def test_a_stale_proof_is_not_enough(thief, browse, cast):
    luc = browse("luc")
    with time_machine.travel(clock.now() + 12 * clock.MINUTE):
        luc.get("/account")
        assert luc.get(f"/account/sessions/{theirs(cast)}/not-me").path == "/prove"
        luc.post(f"/account/sessions/{theirs(cast)}/not-me")
        assert not User.get_by_id(cast.people["luc"].id).must_renew


def test_the_line_of_a_sign_in_knows_its_session(cast):
    secret = attempt("luc@lumen.example", PASSWORD).session
    line = PersonalEvent.select().where(PersonalEvent.kind == "sign_in.done").order_by(PersonalEvent.id.desc()).get()
    assert line.subject == sessions.find(secret).session_public_id
