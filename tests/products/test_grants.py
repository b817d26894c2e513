"""Giving and taking: a box at a time, a category at a time, everything at once; and that doors obey."""
from datetime import timedelta

import pytest
import time_machine

from clock import HOUR, now
from demo import acting
from models import Grant, Membership, Product
from organisations.policy import Proved, Step
from products import evidence, grants, lifecycle
from rules import Conflict, Forbidden, NotHere, Refused
from tenancy import working_for


@pytest.fixture
def lumen(cast):
    with working_for(cast.organisations["lumen"]), acting(cast.people["anne"]):
        yield cast.organisations["lumen"]


def member(cast, who):
    return grants.of_member(Membership.get(Membership.user == cast.people[who].id).public_id)


def product(label):
    return Product.get(Product.label == label)


def opens(cast, who, label, right="use"):
    found = evidence.at_a_door(cast.people[who].id, product(label).public_id)
    return found.decide(right, Proved(("password",))).allowed


def boxes(*ticked):
    return [(product(label).public_id, right) for label, right in ticked]


def test_a_given_box_opens_and_a_taken_one_closes(cast, lumen):
    assert not opens(cast, "luc", "Wiki")
    grants.give(member(cast, "luc"), product("Wiki"), "use")
    assert opens(cast, "luc", "Wiki")
    grants.save(member(cast, "luc"), "protected-application", [])
    assert not opens(cast, "luc", "Wiki")


def test_saving_a_category_leaves_the_others_alone(cast, lumen):
    chiara = member(cast, "chiara")
    changes = grants.save(chiara, "e-mail", boxes(("Messagerie", "technical")))
    assert changes == grants.Changes((grants.Change("Messagerie", "technical", "mail"),),
                                     (grants.Change("Messagerie", "use", "mail"),))
    assert opens(cast, "chiara", "Planning")
    assert not opens(cast, "chiara", "Messagerie")


def ticked(*labels, future=()):
    return set(boxes(*labels)), set(future)


def rights(subject, label):
    return {each.right for each in Grant.select().where(subject.these, Grant.product == product(label).id)}


def test_what_others_have_changed_since_the_boxes_were_shown_stays(cast, lumen):
    luc, tickets = member(cast, "luc"), "Fête des lumières"
    grants.save(luc, "ticketing", boxes((tickets, "entry")), ["staff"])
    shown = ticked((tickets, "entry"), future=["staff"])
    first = grants.save(luc, "ticketing", *ticked((tickets, "entry"), (tickets, "staff"), future=["staff", "entry"]),
                        shown=shown)
    assert first.taken == () and {each.right for each in first.given} == {"staff", "entry"}
    second = grants.save(luc, "ticketing", *ticked((tickets, "statistics")), shown=shown)
    assert [each.right for each in second.given] == ["statistics"]
    assert [(each.right, each.future) for each in second.taken] == [("entry", False), ("staff", True)]
    assert rights(luc, tickets) == {"staff", "statistics"}
    assert [each.right for each in Grant.select().where(luc.these, Grant.category.is_null(False))] == ["entry"]


def test_what_others_have_taken_back_meanwhile_is_not_given_again(cast, lumen):
    luc = member(cast, "luc")
    shown = ticked(("Messagerie", "use"))
    grants.save(luc, "e-mail", shown[0])
    grants.save(luc, "e-mail", [])
    assert not grants.save(luc, "e-mail", shown[0], shown=shown)
    assert not opens(cast, "luc", "Messagerie")


def test_what_is_said_to_have_been_shown_gives_nothing_and_is_checked_all_the_same(cast, lumen):
    luc = member(cast, "luc")
    untrue = {*boxes(("Messagerie", "use"), ("Wiki", "use")), ("nothing", "use"), ("", "everything")}
    assert not grants.save(luc, "e-mail", [], shown=(untrue, {"use", "everything"}))
    unknown = ticked(("lumen.example", "statistics"))
    with pytest.raises(Refused):
        grants.save(luc, "domain-name", *unknown, shown=unknown)
    elsewhere = ticked(("Wiki", "technical"))
    with pytest.raises(Conflict):
        grants.save(luc, "domain-name", *elsewhere, shown=elsewhere)
    assert not Grant.select().where(luc.these).exists()


def test_a_rule_about_future_products_gives_when_one_comes(cast, lumen):
    luc = member(cast, "luc")
    grants.save(luc, "domain-name", [], ["technical"])
    assert not opens(cast, "luc", "lumen.example", "technical")
    lifecycle.add("domain-name", "fete.example", technical_name="fete.example")
    assert opens(cast, "luc", "fete.example", "technical")
    assert Grant.get(Grant.product == product("fete.example").id).by_rule
    grants.save(luc, "domain-name", boxes(("fete.example", "technical")))
    assert opens(cast, "luc", "fete.example", "technical"), "what a rule gave stays when the rule goes"


def test_everything_is_one_record_for_what_there_is_and_what_comes(cast, lumen):
    luc = member(cast, "luc")
    grants.give_everything(luc)
    assert Grant.select().where(luc.these).count() == 1
    lifecycle.add("team-chat", "Chat", address="https://chat2.lumen.example")
    assert opens(cast, "luc", "Chat")
    assert opens(cast, "luc", "Fête des lumières", "entry")
    grants.take_everything(luc)
    assert not opens(cast, "luc", "Chat")


def test_rl_08_an_end_date_closes_the_door_at_its_second(cast, lumen):
    end = now() + HOUR
    grants.give(member(cast, "luc"), product("Wiki"), "use", until=end)
    for moment, open in ((end - timedelta(seconds=1), True), (end, False)):
        with time_machine.travel(moment, tick=False):
            assert opens(cast, "luc", "Wiki") is open


def test_seats_are_counted_whoever_gives_them(cast, lumen):
    mail = product("Messagerie")
    lifecycle.change(mail.public_id, mail.version, mail.label, technical_name="", seats=4, address=mail.address)
    grants.give(member(cast, "luc"), mail, "use")
    with pytest.raises(Refused, match="Seats of Messagerie: 4"):
        grants.give(member(cast, "grace"), mail, "use")
    with pytest.raises(Refused, match="Seats of Messagerie: 4"):
        grants.give_everything(member(cast, "grace"))
    assert not opens(cast, "grace", "Messagerie")


def test_what_the_category_does_not_know_is_refused(cast, lumen):
    with pytest.raises(Refused):
        grants.save(member(cast, "luc"), "domain-name", boxes(("lumen.example", "statistics")))
    with pytest.raises(Conflict):
        grants.save(member(cast, "luc"), "domain-name", boxes(("Wiki", "technical")))
    assert not Grant.select().where(member(cast, "luc").these).exists()


def test_rl_02_a_collaborator_gives_nothing_and_a_stranger_finds_nothing(cast, lumen):
    luc = member(cast, "luc")
    with acting(cast.people["chiara"]), pytest.raises(Forbidden):
        grants.give_everything(luc)
    with working_for(cast.organisations["onda"]), acting(cast.people["chiara"]), pytest.raises(NotHere):
        grants.of_member(luc.public_id)


def test_a_door_of_another_organisation_knows_nobody(cast, lumen):
    assert not opens(cast, "esteban", "Planning")
    assert not opens(cast, "otto", "Planning")
    assert evidence.at_a_door(cast.people["anne"].id, "nothing").decide("use", Proved(())).refusals


def test_a_session_lent_by_another_organisation_opens_nothing_here(cast, lumen):
    found = evidence.at_a_door(cast.people["anne"].id, product("Wiki").public_id)
    assert found.decide("use", Proved(("upstream", f"company@{lumen.public_id}"))).allowed
    other = Proved(("upstream", f"company@{cast.organisations['onda'].public_id}"))
    assert found.decide("use", other).steps == (Step.OWN_WAY,)
