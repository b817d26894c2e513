"""A recovery address and phone: confirmed, never the one to sign in with, told everywhere (G6, G11-R2)."""
import re
from contextlib import suppress

import pytest
import time_machine

import clock
import db
import limits
import outbox
from accounts import addresses, app_passwords, asked, fallbacks, links, profile, recovery
from accounts.factors import sms
from demo import PASSWORD, acting
from models import Begun, Link, Message, PersonalEvent, User
from notices.channels.sms import plugin as channel
from organisations import operating, people
from rules import Gone, Refused, TooMany
from settings import setting
from tests.accounts.test_signin import attempt
from tests.sms_gateway import Gateway
from tests.together import at_once

SECOND, MOBILE = "Luc@Elsewhere.example", "+41 79 555 01 23"


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


def test_rs_12_what_opens_the_account_goes_to_a_recovery_address_of_a_week_ago_at_the_earliest(luc, second):
    """Whoever was in the account may have named it yesterday."""
    recovery.ask("luc@lumen.example", "en")
    assert told("reset") == {"luc@lumen.example"}
    with time_machine.travel(clock.now() + 7 * clock.DAY + clock.HOUR):
        recovery.ask("luc@lumen.example", "en")
    assert told("reset") == {"luc@lumen.example", SECOND}


def test_au_07_what_concerns_security_goes_to_both(luc, second):
    with acting(luc):
        profile.change_password(PASSWORD, "slow clouds over the harbour", everywhere_else=False)
        addresses.ask("new@lumen.example")
    for notice in ("password_changed", "address_change_asked"):
        assert told(notice) == {"luc@lumen.example", SECOND}, notice


def test_au_07_strange_and_failed_sign_ins_are_told_to_both_and_counted_for_each(luc, second):
    attempt("luc@lumen.example", PASSWORD)
    attempt("luc@lumen.example", PASSWORD)
    for _time in range(3):
        with pytest.raises(Refused):
            attempt("luc@lumen.example", "wrong wrong")
    for notice in ("new_sign_in", "failed_sign_ins"):
        assert told(notice) == {"luc@lumen.example", SECOND}, notice
    letters = list(Message.select().where(Message.notice == "failed_sign_ins"))
    assert [each.facts["passwords"] for each in letters] == [3, 3]


def test_au_07_other_ways_in_are_told_to_both(luc, second):
    with acting(luc):
        app_passwords.create(luc, "Calendar")
        app_passwords.revoke_all(luc)
    with acting(User.get(User.operator)):
        operating.suspend(luc.public_id, "Spam.")
    for notice in ("app_password_created", "app_passwords_revoked", "account_suspended"):
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
    for typed, kept in (("032 555 01 23", "+41325550123"), ("+49 30 901820", "+4930901820")):
        browser.get("/account/recovery")
        page = browser.post("/account/recovery/phone", phone=typed)
        assert (person().recovery_phone, person().recovery_phone_confirmed) == (kept, None)
        assert "Non confirmé" in page.text()
    browser.post("/account/recovery/phone/remove")
    assert (person().recovery_phone, person().recovery_phone_since) == ("", None)
    letter = Message.select().where(Message.notice == "recovery_phone_changed").order_by(Message.id).get()
    assert (letter.facts["before"], letter.facts["after"]) == ("", "+41 … 23")


@pytest.mark.parametrize("phone", ["", "12", "no number", "+999 1234567890123456"])
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


# --- a phone that is confirmed by a code -------------------------------------------------------


@pytest.fixture
def gateway(database, monkeypatch):
    User.update(language="en").execute()
    Message.delete().execute()
    monkeypatch.setitem(outbox.channels, "sms", channel.send)
    with Gateway() as gateway, setting.changed(sms_url=gateway.url, channels=("email", "sms")):
        yield gateway


def texts():
    """The worker gives what waits to the gateway."""
    Message.update(due=clock.now()).where(Message.state == Message.WAITING).execute()
    outbox.deliver_due()


def code(gateway):
    """What the last text message says."""
    texts()
    return gateway.taken[-1]["message"][:6]


def wrong(right):
    return f"{(int(right) + 1) % 1_000_000:06}"


def called(luc, gateway, number=MOBILE):
    """Luc confirms this number."""
    with acting(luc):
        fallbacks.call(number)
        fallbacks.confirm_phone(code(gateway))


def test_a_mobile_number_holds_once_its_code_is_typed(browse, luc, gateway):
    browser = browse("luc")
    browser.get("/account/recovery")
    page = browser.post("/account/recovery/phone", phone=MOBILE)
    assert "Sent to +41 79 555 01 23" in page.text() and "On its way" in page.text()
    given = code(gateway)
    assert gateway.taken[-1]["to"] == "+41795550123" and not person().recovery_phone
    page = browser.post("/account/recovery/phone/code", expect=422, code=wrong(given))
    assert "not right" in page.errors and "Sent" in page.text()
    page = browser.post("/account/recovery/phone/code", code=given)
    assert person().recovery_phone == "+41795550123" and person().recovery_phone_confirmed
    assert "Confirmed" in page.text() and not Begun.select().where(Begun.kind == fallbacks.PHONE).exists()
    assert told("recovery_phone_changed") == {"luc@lumen.example"}
    assert PersonalEvent.select().where(PersonalEvent.kind == "recovery.phone_confirmed").count() == 1


def test_a_number_that_waits_makes_the_page_ask_little(browse, luc, gateway, count):
    with acting(luc):
        fallbacks.call(MOBILE)
    browser = browse("luc")
    browser.get("/account/recovery")
    count.clear()
    browser.get("/account/recovery")
    assert len(count) <= 4


def test_the_number_before_holds_until_then_and_is_told(browse, luc, second, gateway):
    called(luc, gateway)
    with acting(luc):
        fallbacks.call("+41 79 555 01 99")
        assert person().recovery_phone == "+41795550123"
        fallbacks.cancel_phone()
        assert person().recovery_phone == "+41795550123" and not fallbacks.awaited(luc.id)
    Message.delete().execute()
    called(luc, gateway, "+41 79 555 01 99")
    assert person().recovery_phone == "+41795550199"
    assert told("recovery_phone_changed") == {"luc@lumen.example", SECOND}
    texts()
    assert gateway.taken[-1]["to"] == "+41795550123" and "no longer" in gateway.taken[-1]["message"]


def test_the_number_before_is_told_although_the_persons_own_messages_are_used_up(luc, gateway):
    called(luc, gateway)
    for _time in range(limits.SMS_PERSON.times):
        with suppress(TooMany):
            limits.spend(limits.SMS_PERSON, luc.id)
    with acting(luc):
        fallbacks.remove_phone()
    texts()
    assert "no longer" in gateway.taken[-1]["message"] and not person().recovery_phone


def test_a_number_that_nobody_confirmed_is_not_told(luc, gateway):
    with setting.changed(sms_url=""), acting(luc):
        fallbacks.call(MOBILE)
    with acting(luc):
        fallbacks.remove_phone()
    texts()
    assert not gateway.taken


@pytest.mark.parametrize(("phone", "why"), [("032 555 01 23", "mobile"), ("+44 7911 123456", "these countries"),
                                            ("no number", "no phone number"), ("", "Fill in")])
def test_tf_16_only_mobile_numbers_of_a_few_countries_are_sent_a_code(browse, gateway, phone, why):
    browser = browse("luc")
    browser.get("/account/recovery")
    page = browser.post("/account/recovery/phone", expect=422, phone=phone)
    assert why in page.errors and phone in [each.get("value") for each in page.all("input")]
    texts()
    assert not gateway.taken


def test_five_wrong_codes_and_one_begins_again(browse, luc, gateway):
    browser = browse("luc")
    browser.get("/account/recovery")
    browser.post("/account/recovery/phone", phone=MOBILE)
    given = code(gateway)
    for _time in range(fallbacks.TRIES - 1):
        browser.post("/account/recovery/phone/code", expect=422, code=wrong(given))
    with acting(luc):
        fallbacks.send_again()                  # does not begin the count anew (TF-16)
    given = code(gateway)
    browser.get("/account/recovery")
    page = browser.post("/account/recovery/phone/code", expect=422, code=wrong(given))
    assert "Too many wrong codes" in page.text()
    assert "+41 79 555 01 23" in [each.get("value") for each in page.all("input")]
    page = browser.post("/account/recovery/phone/code", expect=422, code=given)
    assert not person().recovery_phone


def test_a_code_lasts_ten_minutes_and_its_number_an_hour(luc, gateway):
    with acting(luc):
        fallbacks.call(MOBILE)
        late = code(gateway)
        with time_machine.travel(clock.now() + 11 * clock.MINUTE):
            with pytest.raises(Refused, match="ten minutes"):
                fallbacks.confirm_phone(late)
            fallbacks.send_again()
            newer = code(gateway)
            with pytest.raises(Refused):
                fallbacks.confirm_phone(late)
        with time_machine.travel(clock.now() + 12 * clock.MINUTE):
            fallbacks.confirm_phone(newer)
        fallbacks.call("+41 79 555 01 99")
        newest = code(gateway)
        with time_machine.travel(clock.now() + 61 * clock.MINUTE), pytest.raises(Refused, match="hour"):
            fallbacks.confirm_phone(newest)
    assert person().recovery_phone == "+41795550123"


def test_tf_16_three_codes_an_hour_to_a_number_and_no_fourth(browse, luc, gateway):
    browser = browse("luc")
    browser.get("/account/recovery")
    browser.post("/account/recovery/phone", phone=MOBILE)
    for _time in range(2):
        browser.post("/account/recovery/phone/again")
    page = browser.post("/account/recovery/phone/again", expect=422)
    assert "No further code" in page.text()
    texts()
    assert len(gateway.taken) == 3


def test_tf_17_a_code_of_one_person_confirms_nothing_for_another(cast, luc, gateway):
    anne = cast.people["anne"]
    with acting(luc):
        fallbacks.call(MOBILE)
        of_luc = code(gateway)
    with acting(anne):
        fallbacks.call("+41 79 555 01 99")
        with pytest.raises(Refused):
            fallbacks.confirm_phone(of_luc)


def test_of_many_right_codes_at_one_instant_one_is_taken(luc, gateway):
    with acting(luc):
        fallbacks.call(MOBILE)
    given = code(gateway)

    def confirm():
        with acting(luc):
            fallbacks.confirm_phone(given)
    assert at_once(6, confirm).count("Refused") == 5
    assert PersonalEvent.select().where(PersonalEvent.kind == "recovery.phone_confirmed").count() == 1


def test_the_same_confirmed_number_again_sends_nothing(luc, gateway):
    called(luc, gateway)
    with acting(luc):
        assert not fallbacks.call(MOBILE)
    texts()
    assert len(gateway.taken) == 1


def test_a_number_typed_before_there_was_a_gateway_can_be_confirmed(luc, gateway):
    with setting.changed(sms_url=""), acting(luc):
        fallbacks.call(MOBILE)
    since = person().recovery_phone_since
    called(luc, gateway)
    assert person().recovery_phone_confirmed and person().recovery_phone_since == since


def test_the_number_and_its_code_stand_in_no_message(luc, gateway):
    with acting(luc):
        fallbacks.call(MOBILE)
    row = str(Message.select().where(Message.channel == "sms").get().__data__)
    given = code(gateway)
    assert "795550123" not in row and given not in row


def test_em_02_undoing_a_change_of_address_ends_a_number_that_waits(luc, gateway):
    with acting(luc):
        fallbacks.call(MOBILE)
        given = code(gateway)
        with db.transaction():
            fallbacks.forget(person())
        with pytest.raises(Refused):
            fallbacks.confirm_phone(given)


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


# --- by phone ----------------------------------------------------------------------------------


def ask_by_phone(browser, number):
    browser.get("/forgotten/address")
    page = browser.post("/forgotten/address/phone", phone=number)
    return page.status, page.path, page.flash, re.sub(r'csrf_token" value="[^"]+|<!--\w*-->', "", page.html)


def answered(gateway):
    """What the gateway was given after the worker has answered: (to, message)."""
    before = len(gateway.taken)
    asked.answer_due()
    texts()
    return [(each["to"], each["message"]) for each in gateway.taken[before:]]


def test_sp_10_a_confirmed_phone_is_told_with_which_address_one_signs_in(visitor, luc, gateway):
    called(luc, gateway)
    browser = visitor()
    answers = {ask_by_phone(browser, number) for number in (MOBILE, "+41 79 555 01 99", "0041 79 555 01 23")}
    assert len(answers) == 1 and next(iter(answers))[1] == "/signin"
    told = answered(gateway)
    assert [to for to, _text in told] == ["+41795550123"] * 2
    assert "luc@lumen.example" in told[0][1]


def test_sp_10_a_phone_that_is_not_confirmed_is_told_nothing(visitor, luc, gateway):
    with setting.changed(sms_url=""), acting(luc):
        fallbacks.call(MOBILE)
    ask_by_phone(visitor(), MOBILE)
    assert answered(gateway) == []


def test_g6_a_phone_of_several_is_told_none_of_their_addresses(visitor, cast, luc, gateway):
    called(luc, gateway)
    called(cast.people["anne"], gateway)
    ask_by_phone(visitor(), MOBILE)
    (_to, text), = answered(gateway)
    assert "Several accounts" in text and "@lumen.example" not in text


def test_sp_10_nobodys_phone_is_flooded_and_its_owners_own_messages_are_not_used_up(luc, gateway):
    called(luc, gateway)
    left = limits.left(limits.SMS_PERSON, luc.id)
    for _time in range(limits.RECOVERY_NUMBER.times + 3):
        recovery.ask_by_phone("+41795550123")
    assert len(answered(gateway)) == limits.RECOVERY_NUMBER.times
    assert limits.left(limits.SMS_PERSON, luc.id) == left


def test_tf_16_strangers_do_not_use_up_the_days_last_messages(luc, gateway):
    called(luc, gateway)
    with setting.changed(sms_a_day=5):
        sms.spend_one()                         # beside the one that confirmed the number: half of five
        recovery.ask_by_phone("+41795550123")
        assert answered(gateway) == []
        sms.spend_one(theirs=True)


def test_without_a_gateway_it_is_not_offered(visitor):
    browser = visitor()
    assert "ecovery phone" not in browser.get("/forgotten/address").text()
    browser.post("/forgotten/address/phone", expect=404, phone=MOBILE)
