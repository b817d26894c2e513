"""Told at least once, after the fact: rows, their claims, what becomes of them."""
from datetime import timedelta

import pytest
import time_machine

import outbox
from clock import now
from db import transaction
from models import Message


@pytest.fixture
def message(cast):
    Message.delete().execute()
    with transaction():
        return outbox.post("left", "zoe@lumen.example", language="de", organisation="Lumen")


def now_is(message):
    return Message.get_by_id(message.id)


def test_nothing_is_told_of_what_did_not_happen(cast, monkeypatch):
    woken = []
    monkeypatch.setattr(outbox, "wake", [lambda: woken.append(1)])
    before = Message.select().count()
    with pytest.raises(ZeroDivisionError), transaction():
        outbox.post("left", "zoe@lumen.example", language="de", organisation="Lumen")
        raise ZeroDivisionError
    assert Message.select().count() == before
    assert not woken


def test_a_worker_that_cannot_be_woken_is_no_trouble(cast, monkeypatch):
    def gone():
        raise OSError("no queue")
    woken = []
    monkeypatch.setattr(outbox, "wake", [gone, lambda: woken.append(1)])
    with transaction():
        message = outbox.post("left", "zoe@lumen.example", language="de", organisation="Lumen")
    assert woken
    assert now_is(message).state == "waiting"


def test_one_worker_gets_it(message):
    assert outbox.claim(message.id, message.due)
    assert outbox.claim(message.id, message.due) is None


def test_it_falls_due_again_when_its_worker_died(message, monkeypatch):
    sent = []
    monkeypatch.setitem(outbox.channels, "email", lambda message: sent.append(message.public_id))
    outbox.claim(message.id, message.due)
    outbox.deliver_due()
    assert not sent
    with time_machine.travel(now() + outbox.LEASE + timedelta(seconds=1)):
        outbox.deliver_due()
    assert sent == [message.public_id]


@pytest.mark.parametrize("late", [outbox.give_back, outbox.give_up])
def test_rt_36_a_worker_that_was_too_slow_has_no_say(message, late):
    slow = outbox.claim(message.id, message.due)
    again = outbox.claim(message.id, now_is(message).due)
    late(slow, "too late")
    assert (now_is(message).state, now_is(message).error, now_is(message).due) == ("waiting", "", now_is(again).due)
    outbox.give_back(again, "in time")
    assert now_is(message).error == "in time"


def test_it_stops_between_two_messages(message, monkeypatch):
    with transaction():
        outbox.post("left", "luc@lumen.example", language="de", organisation="Lumen")
    sent = []
    monkeypatch.setitem(outbox.channels, "email", lambda message: sent.append(message.recipient))
    outbox.deliver_due(stop=lambda: bool(sent))
    assert sent == ["zoe@lumen.example"]


def test_rt_38_what_nobody_can_deliver_is_kept(message):
    Message.update(channel="pigeon").execute()
    outbox.deliver_due()
    assert (now_is(message).state, now_is(message).error) == ("waiting", "KeyError: 'pigeon'")


def test_old_ones_are_forgotten_unless_they_still_wait(message):
    with transaction():
        sent = outbox.post("left", "luc@lumen.example", language="de", organisation="Lumen")
    Message.update(state=Message.SENT).where(Message.id == sent.id).execute()
    outbox.forget_old()
    assert now_is(sent)
    with time_machine.travel(now() + outbox.KEPT + timedelta(days=1)):
        outbox.forget_old()
    assert [each.id for each in Message.select()] == [message.id]
