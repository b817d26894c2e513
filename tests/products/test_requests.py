"""Asking for access: who may, for what, once; and the answer, once, that opens a door or does not."""
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine

import verification
from demo import acting
from models import AccessRequest, Event, Grant, Membership, Organisation, Product
from organisations import members
from organisations.policy import Proved
from products import evidence, lifecycle, requests
from rules import Conflict, Forbidden, NotHere, Refused
from tenancy import working_for


@pytest.fixture
def lumen(cast):
    with working_for(cast.organisations["lumen"]), acting(cast.people["anne"]):
        yield cast.organisations["lumen"]


def product(label):
    return Product.get(Product.label == label).public_id


def opens(cast, who, label):
    return evidence.at_a_door(cast.people[who].id, product(label)).decide("use", Proved(("password",))).allowed


@pytest.fixture
def asked(cast, lumen):
    with acting(cast.people["luc"]):
        return requests.ask(product("Wiki"), "I write the minutes")


def waiting(organisation):
    return Organisation.get_by_id(organisation.id).requests


def test_those_responsible_read_the_reason_and_the_count_is_kept(asked, lumen, letters):
    told = {message.recipient: letter for message, letter in letters() if message.notice == "access_asked"}
    assert set(told) == {"anne@lumen.example", "mara@bergquell.example"}
    assert "I write the minutes" in told["anne@lumen.example"].text
    assert waiting(lumen) == 1 and not list(verification.faults())


def test_a_yes_opens_the_door_and_is_told(cast, asked, lumen, letters):
    requests.grant(asked.public_id)
    assert opens(cast, "luc", "Wiki") and waiting(lumen) == 0
    (letter, ) = [letter for message, letter in letters("luc@lumen.example") if message.notice == "access_changed"]
    assert "Wiki" in letter.text
    assert Event.select().where(Event.kind == "access.granted").exists()


def test_rl_08_a_yes_to_the_end_of_a_day_ends_where_the_organisation_is(cast, lumen):
    with time_machine.travel(datetime(2026, 3, 20, 12, tzinfo=ZoneInfo("UTC")), tick=False):
        with acting(cast.people["luc"]):
            made = requests.ask(product("Wiki"), "Until summer time")
        requests.grant(made.public_id, date(2026, 3, 29))       # clocks go forward that night
    midnight = datetime(2026, 3, 30, 0, 0, tzinfo=ZoneInfo("Europe/Zurich"))
    for moment, answer in ((midnight.timestamp() - 1, True), (midnight.timestamp(), False)):
        with time_machine.travel(moment, tick=False):
            assert opens(cast, "luc", "Wiki") is answer


def test_a_day_that_is_over_lets_nobody_in(asked, lumen):
    with pytest.raises(Refused) as refusal:
        requests.grant(asked.public_id, date(2020, 1, 1))
    assert refusal.value.field == "until"
    assert AccessRequest.get().state == AccessRequest.WAITING and waiting(lumen) == 1


def test_a_no_needs_a_word_and_is_told_with_it(cast, asked, lumen, letters):
    with pytest.raises(Refused):
        requests.refuse(asked.public_id, " ")
    requests.refuse(asked.public_id, "Ask the secretary")
    assert not opens(cast, "luc", "Wiki") and waiting(lumen) == 0
    (letter, ) = [letter for message, letter in letters("luc@lumen.example") if message.notice == "access_refused"]
    assert "Ask the secretary" in letter.text
    with pytest.raises(Conflict):
        requests.grant(asked.public_id)


def test_one_asks_once_and_only_for_what_has_a_door_and_is_not_open_yet(cast, asked):
    with acting(cast.people["luc"]):
        for label in ("Wiki", "lumen.example", "Messagerie"):
            with pytest.raises(Refused):
                requests.ask(product(label), "Once more")
        with pytest.raises(Refused):
            requests.ask("0" * 16, "Nothing")
    with acting(cast.people["esteban"]), pytest.raises(Refused):
        requests.ask(product("Wiki"), "I have it")


def test_rl_02_externals_do_not_ask_and_only_administration_answers(cast, asked):
    with acting(cast.people["grace"]), pytest.raises(Forbidden):
        requests.ask(product("Wiki"), "Me too")
    for who in ("luc", "chiara", "grace"):
        with acting(cast.people[who]):
            with pytest.raises(Forbidden):
                requests.grant(asked.public_id)
            with pytest.raises(Forbidden):
                requests.refuse(asked.public_id, "No")


def test_one_withdraws_ones_own_only(cast, asked, lumen):
    with acting(cast.people["chiara"]), pytest.raises(NotHere):
        requests.withdraw(asked.public_id)
    with acting(cast.people["luc"]):
        requests.withdraw(asked.public_id)
        requests.ask(product("Wiki"), "After all")
    assert waiting(lumen) == 1


def test_what_a_person_or_a_product_leaves_behind_waits_no_longer(cast, asked, lumen):
    with acting(cast.people["esteban"]):
        requests.ask(product("Planning"), "Shifts")
    members.remove(Membership.get(Membership.user == cast.people["luc"].id).public_id)
    lifecycle.end(product("Planning"))
    assert waiting(lumen) == 0 and not list(verification.faults())
    assert {each.state for each in AccessRequest.select()} == {AccessRequest.CLOSED}
    assert not Grant.select().where(Grant.membership == asked.membership_id).exists()


def test_tn_03_a_neighbour_cannot_answer(cast, asked):
    with working_for(cast.organisations["bergquell"]), acting(cast.people["mara"]), pytest.raises(NotHere):
        requests.grant(asked.public_id)
