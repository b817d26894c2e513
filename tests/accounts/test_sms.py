"""Codes by text message: to one's own mobile, for one occasion, within a budget (TF-16, TF-17)."""
import socket
from contextlib import suppress

import pytest
import time_machine

import clock
import commands
import current
import limits
import outbox
from accounts import second_factors, signin
from accounts.factors import sms
from demo import PASSWORD, acting
from models import Attempt, Begun, Credential, Message, PersonalEvent, User
from notices.channels.sms import plugin as channel
from organisations import protection
from rules import NotHere, Refused
from settings import Settings, setting
from tests.sms_gateway import Gateway

NUMBER = "+41 79 555 01 23"
FACTORS = ("totp", "sms", "backup_codes")


@pytest.fixture(autouse=True)
def in_english(database):
    """Everybody reads what the test reads, and no letter of before is in the way."""
    User.update(language="en").execute()
    Message.delete().execute()


@pytest.fixture
def gateway(database, monkeypatch):
    monkeypatch.setitem(outbox.channels, "sms", channel.send)
    with Gateway() as gateway, setting.changed(sms_url=gateway.url, second_factors=FACTORS, channels=("email", "sms")):
        yield gateway


@pytest.fixture
def luc(cast, gateway):
    """Luc with his number set up, an hour ago."""
    person = User.get_by_id(cast.people["luc"].id)
    with time_machine.travel(clock.now() - 2 * clock.DAY), acting(person):
        second_factors.begin(person, "sms", NUMBER)
        protection.confirm(person, "sms", code(gateway))
    return User.get_by_id(person.id)


def texts():
    return Message.select().where(Message.channel == "sms").order_by(Message.id)


def code(gateway):
    """What the last text message says, when it has left."""
    Message.update(due=clock.now()).where(Message.channel == "sms", Message.state == Message.WAITING).execute()
    outbox.deliver_due()
    return gateway.taken[-1]["message"][:6]


def half_way(email="luc@lumen.example"):
    with current.acting_as(current.Actor(kind="visitor", address="192.0.2.1")):
        secret = signin.with_password(email, PASSWORD).attempt
    return secret, signin.half_way(secret)


def asked(gateway):
    """Somebody half-way in, and the code sent to them."""
    secret, attempt = half_way()
    signin.ask(attempt, "sms")
    return secret, code(gateway)


def answer(secret, given):
    with current.acting_as(current.Actor(kind="visitor", address="192.0.2.1")):
        return signin.with_second_step(secret, "sms", given).session


def test_another_number_takes_the_place_of_the_one_that_was(luc, gateway, browse, cast):
    owner = cast.people["luc"]
    old = Credential.get(Credential.user == owner.id, Credential.kind == "sms")
    with acting(owner):
        second_factors.begin(owner, "sms", "+41795550199", replaces=old.public_id)
        assert Credential.select().where(Credential.kind == "sms", Credential.state == Credential.ACTIVE).get() == old
        protection.confirm(owner, "sms", code(gateway), replaces=old.public_id)
    assert [each.label for each in Credential.select().where(Credential.kind == "sms")] != [old.label]
    assert Credential.select().where(Credential.kind == "sms").count() == 1


def wrong(right):
    return f"{(int(right) + 1) % 1_000_000:06}"


def test_setting_up_and_signing_in_by_pages(browse, visitor, gateway, cast):
    grace = browse("grace")
    grace.get("/account/security/two-factor/sms")
    assert grace.page.path == "/account/security/two-factor/sms/begin"
    assert "weakest way" in grace.page.text()
    grace.post("/account/security/two-factor/sms/begin", number="079 555 01 23")
    assert "+41 … 23" in grace.page.text() and "On its way" in grace.page.text()
    given = code(gateway)
    assert gateway.taken[-1]["to"] == "+41795550123"
    assert "Sent" in grace.get("/account/security/two-factor/sms").text()
    grace.post("/account/security/two-factor/sms", expect=422, code=wrong(given))
    page = grace.post("/account/security/two-factor/sms", code=given)
    assert page.html.count("<code>") == 10

    phone = visitor()
    phone.get("/signin")
    phone.post("/signin", email="grace@field.example", password=PASSWORD)
    assert "Sent to +41 … 23" in phone.page.text()
    sent = texts().count()
    phone.get("/signin/second-step")            # looking again sends nothing
    phone.post("/signin/second-step", expect=422, factor="sms", code=wrong(code(gateway)))
    assert texts().count() == sent
    phone.post("/signin/second-step/again", factor="sms", code="")
    assert texts().count() == sent + 1
    phone.post("/signin/second-step", factor="sms", code=code(gateway))
    assert "csrf_token" in phone.page.html and phone.page.path != "/signin/second-step"
    assert PersonalEvent.select().where(PersonalEvent.kind == "sign_in.done").count() >= 2


def test_a_fresh_proof_by_text_message(browse, luc, gateway, visitor):
    phone = visitor()
    phone.get("/signin")
    phone.post("/signin", email="luc@lumen.example", password=PASSWORD)
    phone.post("/signin/second-step", factor="sms", code=code(gateway))
    phone.get("/prove?next=/account/address")
    sent = texts().count()
    given = code(gateway)
    phone.post("/prove?next=/account/address", expect=422, password="wrong wrong", factor="sms", code=given)
    phone.get("/prove?next=/account/address")
    assert texts().count() == sent              # the code still holds
    phone.post("/prove/again?next=/account/address", factor="sms")
    assert texts().count() == sent + 1
    with_old = phone.post("/prove?next=/account/address", expect=422, password=PASSWORD, factor="sms", code=given)
    assert "not right" in with_old.errors
    phone.post("/prove?next=/account/address", password=PASSWORD, factor="sms", code=code(gateway))
    assert phone.page.path == "/account/address"
    assert not Begun.select().exists()


# --- from the page to the phone and back -------------------------------------------------------


@pytest.fixture
def there(luc, visitor):
    """A browser in which Luc is half-way in: his phone has a code for it."""
    browser = visitor()
    browser.get("/signin")
    browser.post("/signin", email="luc@lumen.example", password=PASSWORD)
    return browser


def give(browser, given, expect=200):
    return browser.post("/signin/second-step", expect=expect, factor="sms", code=given)


def signed_in(browser):
    return browser.client.get("/account", base_url=setting.base_url).status_code == 200


def test_tf_17_five_wrong_codes_end_the_sign_in(there, gateway):
    right = code(gateway)
    for _time in range(signin.TRIES):
        give(there, wrong(right), 422)
    assert "Too many wrong codes" in there.page.text()
    give(there, right)
    assert there.page.path == "/signin" and not signed_in(there)


def test_tf_17_a_code_that_comes_too_late_opens_nothing(there, gateway):
    right = code(gateway)
    with time_machine.travel(clock.now() + sms.LIFE + clock.MINUTE):
        give(there, right)                      # and the sign-in itself has ended with it
        assert there.page.path == "/signin" and not signed_in(there)
    with time_machine.travel(clock.now() + sms.LIFE - clock.MINUTE):
        give(there, right)
        assert signed_in(there)


def test_tf_17_this_is_not_me_ends_the_sign_in_and_its_code(there, gateway):
    right = code(gateway)
    there.post("/signin/cancel")
    assert not Attempt.select().exists()
    give(there, right)
    assert there.page.path == "/signin" and not signed_in(there)


def test_tf_16_three_codes_in_ten_minutes_and_no_fourth(there, gateway):
    """The first came with the sign-in; a new sign-in begins no new count."""
    for _time in range(2):
        there.post("/signin/second-step/again", factor="sms", code="")
    code(gateway)
    sent = len(gateway.taken)
    page = there.post("/signin/second-step/again", factor="sms", code="")
    assert "Several codes were sent already" in page.flash
    assert "Backup code" in page.text()
    there.post("/signin/cancel")
    there.post("/signin", email="luc@lumen.example", password=PASSWORD)
    assert "Several codes were sent already" in there.page.text()
    outbox.deliver_due()
    assert len(gateway.taken) == sent


def test_the_number_stands_nowhere_in_full(browse, luc, gateway):
    rows = [str(row.__data__) for table in (Credential, Message, PersonalEvent, Attempt) for row in table.select()]
    assert not [row for row in rows if "795550123" in row]
    assert all(message.state == Message.SENT and message.facts is None for message in texts())


def test_the_code_stands_nowhere(luc, gateway):
    _secret, attempt = half_way()
    signin.ask(attempt, "sms")
    rows = [str(row.__data__) for table in (Message, Attempt, Credential) for row in table.select()]
    given = code(gateway)
    assert not [row for row in rows if given in row]


# --- TF-16: to whom, and how many --------------------------------------------------------------


@pytest.mark.parametrize("number", [
    "", "abc", "079", "+41 32 555 01 23", "+41 900 555 123", "+44 7911 123456", "+1 202 555 0123", "+33 899 12 34 56",
    "+882 16 123 456", "112", "+41 84 455 50 12"])
def test_tf_16_only_mobile_numbers_of_a_few_countries(gateway, cast, number):
    person = User.get_by_id(cast.people["luc"].id)
    with acting(person), pytest.raises(Refused) as refused:
        second_factors.begin(person, "sms", number)
    assert refused.value.field == "number"
    assert not texts().exists()


@pytest.mark.parametrize("number", ["079 555 01 23", "+33 6 12 34 56 78", "+32 470 12 34 56", "0049 1512 3456789"])
def test_tf_16_those_that_are_meant(gateway, number):
    assert sms.mobile(number, "CH").startswith("+")


def test_tf_16_a_number_not_proved_gets_no_code_at_sign_in(gateway, cast):
    person = User.get_by_id(cast.people["mara"].id)
    with acting(person):
        second_factors.begin(person, "sms", NUMBER)
    assert "sms" not in signin.factors_of(person)
    secret, _attempt = half_way("mara@bergquell.example")
    with pytest.raises(Refused):
        answer(secret, code(gateway))


def test_tf_16_three_in_an_hour_to_a_number_and_five_in_a_day_for_a_person(luc, gateway):
    _secret, attempt = half_way()
    for _time in range(3):
        assert "refused" not in signin.ask(attempt, "sms", anew=True)
    assert "refused" in signin.ask(attempt, "sms", anew=True)
    with time_machine.travel(clock.now() + clock.HOUR + clock.MINUTE):
        _secret, attempt = half_way()
        shown = [signin.ask(attempt, "sms", anew=True) for _time in range(3)]
    assert ["refused" in each for each in shown] == [False, False, True]
    assert texts().count() == 1 + 3 + 2


def test_tf_16_a_number_is_written_to_three_times_an_hour_whoever_asks(gateway, cast):
    for number, who in enumerate(("luc", "anne", "chiara", "grace")):
        person = User.get_by_id(cast.people[who].id)
        with acting(person):
            if number < 3:
                second_factors.begin(person, "sms", NUMBER)
            else:
                with pytest.raises(Refused, match="already"):
                    second_factors.begin(person, "sms", NUMBER)
    assert texts().count() == 3


def test_tf_16_strangers_who_set_up_a_number_do_not_keep_its_owner_out(luc, gateway, cast):
    for who in ("anne", "chiara", "grace"):
        person = User.get_by_id(cast.people[who].id)
        with acting(person), suppress(Refused):
            second_factors.begin(person, "sms", NUMBER)
    _secret, attempt = half_way()
    assert "refused" not in signin.ask(attempt, "sms", anew=True)


def setting_up(cast, *people):
    """Each begins with a number of their own."""
    for number, who in enumerate(people):
        person = User.get_by_id(cast.people[who].id)
        with acting(person):
            second_factors.begin(person, "sms", f"+41 79 555 01 {number + 10}")


def test_tf_16_the_days_budget_holds_for_all_together_and_rings(luc, gateway, cast, caplog):
    with setting.changed(sms_a_day=5):
        setting_up(cast, "anne", "chiara")
        _secret, attempt = half_way()
        for _time in range(3):
            assert "refused" not in signin.ask(attempt, "sms", anew=True)
        person = User.get_by_id(cast.people["mara"].id)
        with acting(person), pytest.raises(Refused, match="today"):
            second_factors.begin(person, "sms", "+41 79 555 01 99")
        assert texts().count() == 1 + 5
        assert [record.levelname for record in caplog.records if "text messages" in record.message] == [
            "WARNING", "ERROR"]
        assert "text messages 0 are left" in " ".join(commands._of_text_messages())
        assert limits.left(sms.budget(), sms.EVERYBODY) <= 0


def test_tf_16_new_numbers_use_up_half_of_the_days_budget_at_most(luc, gateway, cast):
    with setting.changed(sms_a_day=4):
        setting_up(cast, "anne", "chiara")
        with pytest.raises(Refused, match="today"):
            setting_up(cast, "grace")
        _secret, attempt = half_way()
        assert "refused" not in signin.ask(attempt, "sms", anew=True)


def test_tf_16_another_code_does_not_begin_a_new_count(luc, gateway):
    secret, attempt = half_way()
    for number in range(signin.TRIES):
        signin.ask(attempt, "sms", anew=number == 2)
        with pytest.raises(Refused):
            answer(secret, wrong(code(gateway)))
    with pytest.raises(NotHere):
        answer(secret, code(gateway))


# --- TF-17: one code, one occasion -------------------------------------------------------------


def test_tf_17_a_code_of_one_sign_in_opens_no_other(luc, gateway):
    first, of_first = asked(gateway)
    second, of_second = asked(gateway)
    with pytest.raises(Refused):
        answer(second, of_first)
    assert answer(second, of_second)
    assert answer(first, of_first)


def test_tf_17_a_code_that_was_not_asked_for_here_opens_nothing(luc, gateway):
    _first, of_first = asked(gateway)
    second, _other = half_way()
    with pytest.raises(Refused):
        answer(second, of_first)


def test_tf_17_the_code_that_proved_a_number_signs_nobody_in(luc, gateway):
    with acting(luc):
        second_factors.begin(luc, "sms", NUMBER)
    proof = code(gateway)
    secret, _given = asked(gateway)
    with pytest.raises(Refused):
        answer(secret, proof)


def test_tf_17_after_the_sign_in_is_cancelled_its_code_is_nothing(luc, gateway):
    secret, given = asked(gateway)
    signin.give_up(secret)
    with pytest.raises(NotHere):
        answer(secret, given)


def test_tf_17_a_code_works_once(luc, gateway):
    secret, given = asked(gateway)
    assert answer(secret, given)
    with pytest.raises(NotHere):
        answer(secret, given)


def test_tf_17_a_code_lasts_ten_minutes(luc, gateway):
    secret, attempt = half_way()
    with time_machine.travel(clock.now() - 5 * clock.MINUTE):
        signin.ask(attempt, "sms")
    given = code(gateway)
    with time_machine.travel(clock.now() + 6 * clock.MINUTE), pytest.raises(Refused):
        answer(secret, given)


# --- the gateway -------------------------------------------------------------------------------


def test_a_gateway_that_is_away_is_tried_again_while_the_code_lasts(luc, gateway, visitor):
    gateway.answer = 503
    phone = visitor()
    phone.get("/signin")
    phone.post("/signin", email="luc@lumen.example", password=PASSWORD)
    outbox.deliver_due()
    assert "Being tried again" in phone.get("/signin/second-step").text()
    assert "Backup code" in phone.page.text()   # and there is another way
    gateway.answer = 200
    phone.post("/signin/second-step", factor="sms", code=code(gateway))
    assert phone.page.path != "/signin/second-step"


def test_a_message_that_comes_too_late_is_not_sent(luc, gateway):
    _secret, attempt = half_way()
    signin.ask(attempt, "sms")
    before = len(gateway.taken)
    with time_machine.travel(clock.now() + 11 * clock.MINUTE):
        outbox.deliver_due()
    assert len(gateway.taken) == before
    assert texts().order_by(Message.id.desc()).get().state == Message.FAILED


@pytest.mark.parametrize(("url", "said"), [("twilio://sid:token@+41790000000", "{number}"),
                                           ("json://gateway.example/{number}", "in the clear")])
def test_a_setting_that_cannot_work_stops_the_start(url, said):
    with pytest.raises(SystemExit, match=said):
        Settings.from_environment({"SMS_URL": url})


def test_the_setting_of_a_gateway_brings_the_factor_before_the_codes():
    made = Settings.from_environment({"SMS_URL": "jsons://gateway.example/{number}"})
    assert made.second_factors[-2:] == ("sms", "backup_codes")
    assert made.channels == ("email", "push", "backchannel", "sms")
    assert "sms" not in Settings.from_environment({}).second_factors


def test_a_gateway_that_does_not_answer_holds_up_one_message(cast, monkeypatch):
    """Once it was waited for, what else is for it waits for the next time, and letters leave."""
    silent = socket.socket()
    silent.bind(("127.0.0.1", 0))
    silent.listen(9)
    with silent, setting.changed(second_factors=FACTORS, sms_url=f"json://127.0.0.1:{silent.getsockname()[1]}/"
                                 "{number}?rto=0.3"):
        monkeypatch.setitem(outbox.channels, "sms", channel.send)
        setting_up(cast, "anne", "chiara", "grace")
        outbox.deliver_due()
        assert [message.error.partition(":")[0] for message in texts()] == ["Unreachable"] * 3
        silent.setblocking(False)
        silent.accept()
        with pytest.raises(BlockingIOError):
            silent.accept()


def test_no_number_stands_in_the_log(luc, gateway, caplog):
    caplog.set_level("DEBUG")
    asked(gateway)
    assert gateway.taken[-1]["to"] not in caplog.text
