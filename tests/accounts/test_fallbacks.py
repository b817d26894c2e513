"""A recovery address and phone: confirmed, never the one to sign in with, told everywhere (G6, G11-R2)."""
import re

import pytest
import time_machine

import clock
import limits
from accounts import addresses, fallbacks, links, profile, recovery
from demo import PASSWORD, acting
from models import Link, Message, PersonalEvent, User
from organisations import people
from rules import Gone, Refused
from tests.together import at_once

SECOND = "Luc@Elsewhere.example"


@pytest.fixture
def luc(cast):
    return cast.people["luc"]


def person():
    return User.get(User.email == "luc@lumen.example")


def link_for(luc, email=SECOND):
    with acting(luc):
        fallbacks.ask(email)
    return Link.select().where(Link.purpose == links.RECOVERY_CONFIRM).order_by(Link.id.desc()).get()


@pytest.fixture
def second(luc):
    """Luc's recovery address is confirmed."""
    fallbacks.confirm(link_for(luc).token)
    return SECOND


def told(notice):
    return {message.recipient for message in Message.select().where(Message.notice == notice)}


def test_the_address_holds_once_its_link_is_opened_and_its_button_pressed(browse, visitor, luc, letters):
    browser = browse("luc")
    browser.get("/account/recovery")
    page = browser.post("/account/recovery", email=SECOND)
    assert SECOND.lower() in page.text().lower()
    (address,) = re.findall(r"http://localhost:8000(/account/recovery/confirm/\S+?)\?", letters(SECOND)[-1][1].text)
    elsewhere = visitor()                               # it may be opened in another browser
    page = elsewhere.get(address)
    assert not person().recovery_email
    elsewhere.post(page.path)
    assert (person().recovery_email, person().recovery_email_typed) == ("luc@elsewhere.example", SECOND)
    elsewhere.get(address, expect=410)


def test_au_07_both_addresses_hear_of_a_change_and_the_one_before_too(luc, second):
    assert told("recovery_changed") == {"luc@lumen.example", SECOND}
    fallbacks.confirm(link_for(luc, "third@elsewhere.example").token)
    assert told("recovery_changed") == {"luc@lumen.example", SECOND, "third@elsewhere.example"}
    with acting(luc):
        fallbacks.remove()
    assert not person().recovery_email
    assert PersonalEvent.select().where(PersonalEvent.kind == "recovery.address_removed").count() == 1


def test_g11_the_two_addresses_differ(luc, second):
    with acting(luc), pytest.raises(Refused):
        fallbacks.ask("LUC@lumen.example")
    with acting(luc), pytest.raises(Refused):
        addresses.ask("luc@ELSEWHERE.example")


def test_g11_they_differ_also_when_both_are_on_their_way(luc):
    one = link_for(luc, "same@elsewhere.example")
    with acting(luc):
        addresses.ask("same@elsewhere.example")
    other = Link.select().where(Link.purpose == links.ADDRESS_CONFIRM).get()
    fallbacks.confirm(one.token)
    with pytest.raises(Gone):
        people.confirm_address(other.token)
    assert person().recovery_email == "same@elsewhere.example"


def test_a_link_dies_after_two_days_and_when_the_address_moves_on(luc):
    link = link_for(luc)
    with time_machine.travel(clock.now() + 49 * clock.HOUR), pytest.raises(Gone):
        fallbacks.opened(link.token)
    newer = link_for(luc, "third@elsewhere.example")
    with pytest.raises(Gone):
        fallbacks.confirm(link.token)
    with acting(luc):
        fallbacks.remove()
    with pytest.raises(Gone):
        fallbacks.confirm(newer.token)


def test_of_many_at_one_instant_one_passes(luc):
    token = link_for(luc).token
    assert at_once(6, lambda: fallbacks.confirm(token)).count("Gone") == 5


def test_au_07_what_concerns_security_goes_to_both(luc, second):
    recovery.ask("luc@lumen.example", "en")
    with acting(luc):
        profile.change_password(PASSWORD, "slow clouds over the harbour", everywhere_else=False)
        addresses.ask("new@lumen.example")
    for notice in ("reset", "password_changed", "address_change_asked"):
        assert told(notice) == {"luc@lumen.example", SECOND}, notice


def test_a_link_sent_to_the_address_before_opens_nothing_any_more(luc, second):
    recovery.ask("luc@lumen.example", "en")
    link = Link.select().where(Link.purpose == links.RESET).get()
    fallbacks.confirm(link_for(luc, "third@elsewhere.example").token)
    with pytest.raises(Gone):
        recovery.opened(link.token)


def test_a_stale_proof_is_not_enough(browse):
    browser = browse("luc")
    with time_machine.travel(clock.now() + 12 * clock.MINUTE):
        assert browser.get("/account/recovery").path == "/prove"


# --- phone -------------------------------------------------------------------------------------


def test_a_number_is_of_ones_own_country_unless_it_says_otherwise(browse, luc):
    browser = browse("luc")
    for typed, kept in (("032 555 01 23", "+41325550123"), ("+49 30 901820", "+4930901820"), ("", "")):
        browser.get("/account/recovery")
        browser.post("/account/recovery/phone", phone=typed)
        assert person().recovery_phone == kept
    letter = Message.select().where(Message.notice == "recovery_phone_changed").order_by(Message.id).get()
    assert (letter.facts["before"], letter.facts["after"]) == ("", "+41 … 23")


@pytest.mark.parametrize("phone", ["12", "no number", "+999 1234567890123456"])
def test_what_is_no_number_is_refused_by_its_field(browse, phone):
    browser = browse("luc")
    browser.get("/account/recovery")
    page = browser.post("/account/recovery/phone", expect=422, phone=phone)
    assert page.errors
    assert phone in [each.get("value") for each in page.all("input")]


def test_the_same_number_again_changes_nothing(luc):
    for _time in range(2):
        with acting(luc):
            fallbacks.call("032 555 01 23")
    assert Message.select().where(Message.notice == "recovery_phone_changed").count() == 1


# --- a forgotten address -----------------------------------------------------------------------


def test_sp_10_the_recovery_address_is_told_with_which_one_signs_in(visitor, luc, second, letters):
    browser, answers = visitor(), set()
    for email in (SECOND, "nobody@nowhere.example", "luc@lumen.example"):
        browser.get("/forgotten/address")
        page = browser.post("/forgotten/address", email=email)
        answers.add((page.status, page.path, re.sub(r'csrf_token" value="[^"]+|<!--\w*-->', "",
                                                    page.html).replace(email, "")))
    assert len(answers) == 1
    notices = {message.recipient: letter.text for message, letter in letters()
               if message.notice in ("address_told", "address_unknown")}
    assert "luc@lumen.example" in notices[SECOND]
    assert set(notices) == {SECOND, "nobody@nowhere.example", "luc@lumen.example"}
    assert SECOND not in notices["luc@lumen.example"]


def test_sp_10_nobodys_mailbox_is_flooded(luc, second):
    for _time in range(limits.RECOVERY_ADDRESS.times + 5):
        recovery.ask_address(SECOND, "en")
    assert Message.select().where(Message.notice == "address_told").count() == limits.RECOVERY_ADDRESS.times


def test_an_address_that_is_not_confirmed_is_told_nothing(luc):
    link_for(luc)
    recovery.ask_address(SECOND, "en")
    assert told("address_told") == set()
