"""What a stranger asks for by an address or a number alone: the worker looks up whose it is, and writes.

The request leaves a row, and does the same work whoever has that address or number: its time tells nothing (RS-10,
SP-10).
"""
import logging
from collections.abc import Callable
from typing import Any

import crypto
import current
import outbox
import rules
from accounts import locking, recovery
from accounts.factors import sms
from clock import HOUR, now
from db import transaction
from models import Begun

log = logging.getLogger(__name__)

LIFE = HOUR                                     # who is not answered by then has asked again
PASSWORD, ADDRESS, UNLOCK, NUMBER = "asked password", "asked address", "asked unlock", "asked number"
ANSWERS: dict[str, Callable[[str, str], None]] = {
    PASSWORD: recovery.ask, ADDRESS: recovery.ask_address, UNLOCK: lambda email, _language: locking.ask(email),
    NUMBER: lambda number, _language: recovery.ask_by_phone(number)}


def note(kind: str, email: str, language: str) -> None:
    """For the worker, which is woken. Refused only when that is no address."""
    _keep(kind, rules.address(email).typed, language)


def note_number(phone: str, country: str) -> None:
    """The same, by a phone number. Refused only when it is none that messages can be sent to."""
    _keep(NUMBER, sms.mobile(phone, country, "phone"), "")


def _keep(kind: str, by: str, language: str) -> None:
    who = current.actor()
    facts = {"email": by, "language": language,
             "by": {"address": who.address, "agent": who.agent, "request_id": who.request_id}}
    with transaction():
        Begun.create(token_hash=crypto.digest(crypto.token()), kind=kind, facts=facts, expires=now() + LIFE)
        outbox.wake_worker()


def answer_due(stop: Callable[[], bool] = lambda: False) -> int:
    """Answer what was asked, in its order, until told to stop. How many. What goes wrong is tried again."""
    due = Begun.select().where(Begun.kind.in_(list(ANSWERS)), Begun.expires > now()).order_by(Begun.id)
    return sum(_answer(each) for each in list(due) if not stop())


def _answer(begun: Begun) -> bool:
    """Once: the row goes in the transaction of its answer, which stands in the books as the asker's deed."""
    facts: dict[str, Any] = begun.facts
    try:
        with current.acting_as(current.Actor(kind="visitor", **facts["by"])), transaction():
            if not Begun.delete().where(Begun.id == begun.id).execute():
                return False
            ANSWERS[begun.kind](facts["email"], facts["language"])
    except Exception:           # the edge of the worker: the next one is answered all the same
        log.exception("what was %s could not be answered", begun.kind)
        return False
    return True
