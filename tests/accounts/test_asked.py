"""What is asked for by an address alone is answered by the worker: a request tells nothing, not even by its work."""
import pytest
import time_machine

import clock
import db
from accounts import asked, beginnings
from models import Begun, Identity, Link, Message, PersonalEvent, PersonalEventFacts, User
from rules import Refused
from tests.accounts.test_second_factors import at_once
from tests.doors import Visitor

FORMS = {"/forgotten": asked.PASSWORD, "/forgotten/address": asked.ADDRESS, "/unlock": asked.UNLOCK}
LUC, NOBODY = "luc@lumen.example", "nobody@nowhere.example"


@pytest.fixture
def people(cast):
    """Addresses of every kind: ordinary, locked, suspended, of somebody who signs in elsewhere, to recover by, none."""
    User.update(locked=clock.now()).where(User.email == LUC).execute()
    User.update(suspended=clock.now()).where(User.email == "chiara@onda.example").execute()
    User.update(recovery_email="r@elsewhere.example", recovery_email_typed="r@elsewhere.example").where(
        User.email == "anne@lumen.example").execute()
    Identity.create(user=cast.people["grace"].id, provider="company", subject="1")
    return ("anne@lumen.example", LUC, "chiara@onda.example", "grace@field.example", "r@elsewhere.example", NOBODY)


@pytest.mark.parametrize("form", FORMS)
def test_rs_10_and_sp_10_a_request_does_the_same_whoever_has_the_address(app, people, count, form):
    visitor, done = Visitor(app), []
    visitor.token()
    for email in people:
        count.clear()
        assert visitor.post(form, {"email": email}).status_code == 303
        done.append(list(count))
    assert [statements for statements in done if statements != done[0]] == []
    assert not [each for each in done[0] if "account" in each], "it looks nobody up"
    assert Begun.select().where(Begun.kind == FORMS[form]).count() == len(people)


def test_each_is_answered_once_in_order(cast, people):
    for kind in FORMS.values():
        asked.note(kind, LUC, "en")
    assert asked.answer_due() == 3
    assert [message.notice for message in Message.select().order_by(Message.id)][-3:] == [
        "reset", "address_unknown", "unlock"]
    assert asked.answer_due() == 0
    assert not Begun.select().exists()


def test_two_workers_at_one_instant_answer_it_once(cast):
    for _time in range(3):
        asked.note(asked.PASSWORD, LUC, "en")
    assert sum(at_once(4, asked.answer_due)) == 3
    assert Message.select().where(Message.notice == "reset").count() == 3


def test_the_book_says_where_it_was_asked(app, cast):
    visitor = Visitor(app, **{"User-Agent": "Firefox/140.0"})
    visitor.post("/forgotten", {"email": LUC})
    asked.answer_due()
    line = PersonalEvent.select().where(PersonalEvent.kind == "password.reset_asked").get()
    facts = PersonalEventFacts.get(PersonalEventFacts.event == line.id).facts
    assert (line.actor_kind, facts["from"], facts["agent"]) == ("visitor", "127.0.0.1", "Firefox/140.0")


def test_one_that_cannot_be_answered_does_not_stop_the_next(cast):
    asked.note(asked.PASSWORD, LUC, "en")
    Begun.update(facts={"email": "no address", "language": "en", "by": {}}).execute()
    asked.note(asked.PASSWORD, LUC, "en")
    assert asked.answer_due() == 1
    assert Link.select().where(Link.purpose == "reset", Link.used.is_null()).count() == 1
    assert Begun.select().count() == 1          # it is tried again …
    with time_machine.travel(clock.now() + 2 * clock.HOUR):
        assert asked.answer_due() == 0          # … for an hour, and forgotten
        beginnings.forget_old()
    assert not Begun.select().exists()


def test_the_worker_stops_between_two(cast):
    for _time in range(2):
        asked.note(asked.PASSWORD, LUC, "en")
    assert asked.answer_due(stop=iter((False, True)).__next__) == 1


def test_what_is_no_address_is_refused_where_it_was_typed(cast):
    with pytest.raises(Refused) as refusal:
        asked.note(asked.UNLOCK, "nobody", "en")
    assert refusal.value.field == "email"


def test_an_answer_that_is_undone_leaves_the_question(cast, monkeypatch):
    """Both are one transaction: nothing is lost, and nothing is said twice."""
    asked.note(asked.PASSWORD, LUC, "en")
    before = Message.select().count()

    def breaks(*_arguments, **_more):
        raise db.FileTrouble("no room")
    with monkeypatch.context() as broken:
        broken.setattr(asked.recovery.outbox, "post_to", breaks)
        assert asked.answer_due() == 0
    assert (Begun.select().count(), Message.select().count()) == (1, before)
    assert asked.answer_due() == 1
