"""An account locks after wrong passwords in a row, and its owner still gets in (G4-R5, G4-R6)."""
import re

import pytest
import time_machine

import clock
import limits
from accounts import links, locking, passwords, recovery, signin
from demo import PASSWORD, acting
from models import Event, Link, Membership, Message, PersonalEvent, Session, User
from organisations import unlocking
from rules import Conflict, Forbidden, Gone, NotHere, Refused, TooMany
from tenancy import working_for
from tests.accounts.test_signin import attempt, told
from tests.together import at_once

pytestmark = pytest.mark.usefixtures("known_for_long")

EMAIL = "luc@lumen.example"


@pytest.fixture
def luc(cast):
    """Locks after three, and has a browser of his own."""
    person = cast.people["luc"]
    person.token = attempt(EMAIL, PASSWORD).device
    User.update(lock_threshold=3).where(User.id == person.id).execute()
    return person


def guess(times=3, **more):
    for number in range(times):
        with pytest.raises(Refused):
            attempt(EMAIL, f"wrong wrong {number}", **more)


def locked():
    return User.get(User.email == EMAIL).locked


def link_for(person):
    locking.ask(person.email_typed)
    return Link.select().where(Link.purpose == links.UNLOCK, Link.user == person.id).order_by(Link.id.desc()).get()


def test_lg_18_and_rl_11_strangers_lock_it_and_the_owner_still_gets_in(luc):
    guess(2)
    assert not locked()
    guess(1)
    assert locked()
    with pytest.raises(Refused) as refusal:
        attempt(EMAIL, PASSWORD)
    assert refusal.value.why == signin.WRONG
    assert attempt(EMAIL, PASSWORD, device=luc.token).session


def test_a_right_password_between_begins_the_row_anew(luc):
    guess(2)
    attempt(EMAIL, PASSWORD)
    guess(2)
    assert not locked()


def test_a_browser_that_is_known_does_not_lock(luc):
    guess(5, device=luc.token)
    assert not locked()


def test_lg_18_and_sp_10_a_locked_account_answers_like_any_other(visitor, luc):
    guess()
    answers = []
    for email, password in ((EMAIL, PASSWORD), (EMAIL, "wrong wrong wrong"), ("nobody@nowhere.example", PASSWORD)):
        browser = visitor()
        browser.get("/signin")
        browser.post("/signin", expect=422, email=email, password=password)
        answers.append(told(browser.page.answer))
    assert len(set(answers)) == 1


def test_lg_18_everybody_is_told_once_and_at_once(luc, cast):
    guess()
    for day in range(1, 4):
        with time_machine.travel(clock.now() + day * clock.DAY):
            guess()
    mine = Message.select().where(Message.user == luc.id, Message.notice == "account_locked")
    assert [message.due <= clock.now() for message in mine] == [True]
    theirs = Message.select().where(Message.notice == "member_locked")
    assert {message.user_id for message in theirs} == {cast.people["anne"].id, cast.people["mara"].id}
    assert theirs.count() == 2
    assert Message.select().where(Message.notice == "failed_sign_ins").count() == 1
    assert PersonalEvent.select().where(PersonalEvent.kind == "account.locked").count() == 1
    with working_for(cast.organisations["lumen"]):
        assert Event.select().where(Event.kind == "member.locked").count() == 1


def test_the_letters_about_it_have_no_link(luc, letters):
    guess()
    for message, letter in letters():
        if message.notice in ("account_locked", "member_locked", "failed_sign_ins"):
            assert not re.search(r"https?://\S+/\S+", letter.text), message.notice


def test_lg_03_of_guesses_at_one_instant_one_locks_and_tells(luc):
    at_once(8, lambda: signin.failed(User.get_by_id(luc.id), "password", strange=True))
    assert User.get_by_id(luc.id).failures == 8
    assert Message.select().where(Message.notice == "account_locked").count() == 1


def test_lg_03_a_password_that_was_being_looked_at_does_not_pass_the_lock(luc, monkeypatch):
    real = passwords.right

    def meanwhile(*told):
        right = real(*told)
        User.update(locked=clock.now()).where(User.id == luc.id).execute()
        return right
    monkeypatch.setattr(passwords, "right", meanwhile)
    with pytest.raises(Refused):
        attempt(EMAIL, PASSWORD)
    assert Session.select().where(Session.user == luc.id).count() == 1


# --- open again --------------------------------------------------------------------------------


def test_the_owners_link_unlocks_once_within_the_hour(visitor, luc, letters):
    guess()
    browser = visitor(**{"Accept-Language": "en"})
    browser.get("/unlock")
    browser.post("/unlock", email=EMAIL)
    (address,) = re.findall(r"http://localhost:8000(/unlock/\S+?)\?", letters(EMAIL)[-1][1].text)
    page = browser.get(address)
    assert locked()                                     # looking unlocks nothing
    page = browser.post(page.path)
    assert page.path == "/forgotten" and "choose a new one" in page.flash
    assert not locked()
    assert attempt(EMAIL, PASSWORD).session
    assert Message.select().where(Message.notice == "account_unlocked").count() == 1
    browser.get(address, expect=410)


def test_a_link_dies_after_an_hour_and_when_another_was_asked_for(luc):
    guess()
    first, second = link_for(luc), link_for(luc)
    with pytest.raises(Gone):
        locking.unlock(first.token)
    with time_machine.travel(clock.now() + 61 * clock.MINUTE), pytest.raises(Gone):
        locking.unlock(second.token)
    with pytest.raises(Gone):
        locking.unlock(second.token.replace(second.public_id, first.public_id))
    assert locked()


def test_of_many_who_open_it_at_one_instant_one_passes(luc):
    guess()
    token = link_for(luc).token
    outcomes = at_once(8, lambda: locking.unlock(token).email)
    assert sorted(outcomes) == ["Gone"] * 7 + [EMAIL]


def test_sp_10_the_form_says_the_same_whoever_has_the_address(visitor, luc):
    answers = set()
    for email in (EMAIL, "grace@field.example", "nobody@nowhere.example"):
        browser = visitor()
        browser.get("/unlock")
        page = browser.post("/unlock", email=email)
        answers.add((page.status, page.path, re.sub(r'csrf_token" value="[^"]+|<!--\w*-->', "",
                                                    page.html).replace(email, "")))
    assert len(answers) == 1


def test_sp_10_nobodys_mailbox_is_flooded(luc):
    guess()
    for _time in range(limits.UNLOCK_ADDRESS.times + 5):
        locking.ask(EMAIL)
    assert Message.select().where(Message.notice == "unlock").count() == limits.UNLOCK_ADDRESS.times


def test_sp_10_one_network_does_not_ask_for_everybody(visitor, luc):
    browser = visitor()
    browser.get("/unlock")
    for _number in range(limits.RESET_NETWORK.times):
        limits.spend(limits.RESET_NETWORK, "127.0.0.0/24")
    browser.post("/unlock", expect=429, email=EMAIL)


def test_a_new_password_by_mail_unlocks_too(luc):
    guess()
    recovery.ask(EMAIL, "en")
    recovery.renew(Link.select().where(Link.purpose == links.RESET).order_by(Link.id.desc()).get().token,
                   "slow clouds over the harbour")
    assert not locked()
    assert attempt(EMAIL, "slow clouds over the harbour").session


def test_lg_18_a_new_password_by_mail_ends_the_pause_too(luc):
    User.update(lock_threshold=50).where(User.id == luc.id).execute()
    guess(limits.SIGN_IN_ACCOUNT.times)
    with pytest.raises(TooMany):
        attempt(EMAIL, PASSWORD)
    recovery.ask(EMAIL, "en")
    recovery.renew(Link.select().where(Link.purpose == links.RESET).order_by(Link.id.desc()).get().token,
                   "slow clouds over the harbour")
    assert attempt(EMAIL, "slow clouds over the harbour").session


def member(cast):
    with working_for(cast.organisations["lumen"]):
        return Membership.get(Membership.user == cast.people["luc"].id).public_id


def test_an_administrator_unlocks_and_both_books_keep_it(browse, luc, cast):
    guess()
    mara = browse("mara")
    page = mara.get(f"/o/lumen/members/{member(cast)}")
    assert f"/o/lumen/members/{member(cast)}/unlock" in page.links
    mara.get(f"/o/lumen/members/{member(cast)}/unlock")
    mara.post(f"/o/lumen/members/{member(cast)}/unlock")
    assert not locked()
    with working_for(cast.organisations["lumen"]):
        assert Event.select().where(Event.kind == "member.unlocked", Event.actor == cast.people["mara"].id).exists()
    assert PersonalEvent.select().where(PersonalEvent.user == luc.id, PersonalEvent.kind == "account.unlocked",
                                        PersonalEvent.actor == cast.people["mara"].id).exists()
    assert Message.select().where(Message.user == luc.id, Message.notice == "account_unlocked").exists()
    page = mara.post(f"/o/lumen/members/{member(cast)}/unlock", expect=409)
    assert f"/o/lumen/members/{member(cast)}/unlock" not in page.links


def test_whoever_does_not_administer_unlocks_nobody(luc, cast):
    guess()
    for who in ("chiara", "esteban", "grace"):
        with working_for(cast.organisations["lumen"]), acting(cast.people[who]), pytest.raises(Forbidden):
            unlocking.unlock(member(cast))
    with working_for(cast.organisations["lumen"]), acting(cast.people["anne"]):
        unlocking.unlock(member(cast))
        with pytest.raises(Conflict):
            unlocking.unlock(member(cast))


def test_lg_03_the_pause_is_still_there_below_the_lock(luc):
    User.update(lock_threshold=50).where(User.id == luc.id).execute()
    guess(limits.SIGN_IN_ACCOUNT.times)
    with pytest.raises(TooMany):
        attempt(EMAIL, PASSWORD)
    assert not locked()


def test_lg_03_others_unlock_a_few_times_a_month_whoever_they_are(luc, cast):
    for _time in range(limits.UNLOCK_MEMBER.times):
        guess()
        with working_for(cast.organisations["lumen"]), acting(cast.people["anne"]):
            unlocking.unlock(member(cast))
        limits.forgive(limits.SIGN_IN_ACCOUNT, EMAIL)
    guess()
    with working_for(cast.organisations["lumen"]), acting(cast.people["mara"], "password", "totp"):
        with pytest.raises(TooMany) as refused:
            unlocking.unlock(member(cast))
        assert "mailbox" in str(refused.value.why)
    assert locked()
    locking.unlock(link_for(luc).token)                 # its owner may still
    assert not locked()


def test_tf_25_neither_externals_nor_newcomers_are_unlocked_by_an_organisation(luc, cast):
    guess()
    for changed in ({"role": "external"}, {"joined": clock.now()}):
        with working_for(cast.organisations["lumen"]):
            before = Membership.get(Membership.user == luc.id)
            Membership.update(**changed).where(Membership.id == before.id).execute()
            with acting(cast.people["anne"]), pytest.raises(NotHere):
                unlocking.unlock(member(cast))
            Membership.update(role=before.role, joined=before.joined).where(Membership.id == before.id).execute()
    assert locked()
