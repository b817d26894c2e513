"""Telling the outside world, after the fact and at least once.

A message is a row of the transaction that caused it; the worker empties the
rows. A worker that dies lets its message fall due again after the lease; the
Message-ID is the same at every try, so that a doubled mail is recognised.
"""
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from clock import now
from db import database, transaction
from models import Message
from tenancy import NoTenant, at_work

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
ATTEMPTS = 8                                    # 1, 2, 4 … minutes apart: two hours in all
channels: dict[str, Callable[[Message], None]] = {}     # filled by app.py and worker.py
wake: list[Callable[[], Any]] = []              # how to nudge the worker; it finds the rows anyway


class Undeliverable(Exception):
    """The other side said never: trying again would not help."""


def post(notice: str, to: str, *, language: str, name: str = "", channel: str = "email", country: str = "",
         time_zone: str = "", user: Any = None, subject: str = "", **facts: Any) -> Message:
    """Write a message down. It leaves only if the transaction is kept. `to` is one address."""
    message = Message.create(channel=channel, recipient=to, name=name, notice=notice, facts=facts, language=language,
                             country=country, time_zone=time_zone, user=user, organisation_id=_errand(),
                             subject=subject)
    database.after_commit(_nudge)
    return message  # type: ignore[no-any-return]


def post_to(user: Any, notice: str, *, to: str = "", **facts: Any) -> Message:
    """Write to a person, in their language and their time."""
    return post(notice, to or user.email_typed, name=user.name, language=user.language, country=user.country,
                time_zone=user.time_zone, user=user.id, **facts)


def _errand() -> int | None:
    try:
        return getattr(at_work(), "id", None)
    except NoTenant:
        return None


def _nudge() -> None:
    for call in wake:
        try:
            call()
        except Exception:           # the sweep will find the row
            log.warning("could not wake the worker", exc_info=True)


def deliver_due(most: int = 500) -> int:
    """Deliver what is due, oldest first. How many left the house."""
    due = (Message.select(Message.id, Message.due)
           .where(Message.state == Message.WAITING, Message.due <= now()).order_by(Message.id).limit(most))
    return sum(deliver(identity, moment) for identity, moment in list(due.tuples()))


def deliver(identity: int, due: Any) -> bool:
    message = claim(identity, due)
    if message is None:
        return False
    try:
        channels[message.channel](message)
    except Undeliverable as error:
        give_up(message, str(error))
    except Exception as error:      # the edge of the worker: the row keeps the reason
        log.warning("message %s: %s", message.public_id, error)
        give_back(message, f"{type(error).__name__}: {error}")
    else:
        with transaction():
            Message.update(state=Message.SENT, sent=now(), facts=None, error="").where(Message.id == identity).execute()
        return True
    return False


def claim(identity: int, due: Any) -> Message | None:
    """Only one worker gets it; if that worker dies, the message falls due again."""
    with transaction():
        got = (Message.update(due=now() + LEASE, attempts=Message.attempts + 1)
               .where(Message.id == identity, Message.state == Message.WAITING, Message.due == due).execute())
        return Message.get_by_id(identity) if got else None  # type: ignore[no-any-return]


def give_back(message: Message, error: str) -> None:
    if message.attempts >= ATTEMPTS:
        give_up(message, error)
        return
    later = now() + timedelta(minutes=2 ** (message.attempts - 1))
    with transaction():
        Message.update(due=later, error=error[:500]).where(Message.id == message.id).execute()


def give_up(message: Message, error: str) -> None:
    with transaction():
        Message.update(state=Message.FAILED, error=error[:500], facts=None).where(Message.id == message.id).execute()


def retry(identity: int) -> None:
    """A person who may act wants another try now: a message waiting falls due."""
    with transaction():
        Message.update(due=now()).where(Message.id == identity, Message.state == Message.WAITING).execute()
