"""Telling the outside world, after the fact and at least once.

A message is a row of the transaction that caused it; the worker empties the
rows. A worker that dies lets its message fall due again after the lease; the
Message-ID is the same at every try, so that a doubled mail is recognised.
"""
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import current
import plugins
from clock import DAY, epoch, now
from db import once_kept, transaction
from models import Message
from settings import setting
from tenancy import number_at_work

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
ATTEMPTS, LONGEST_PAUSE = 25, timedelta(hours=4)        # 1, 2, 4 … minutes apart, then 4 hours: nearly three days
KEPT = 60 * DAY                                 # twice as long as an invitation lives
channels: dict[str, Callable[[Message], None]] = {}     # by name: what sends
wake: list[Callable[..., Any]] = []             # how to nudge the worker, now or in so many seconds; it finds the
                                                # rows anyway, a minute later


class Undeliverable(Exception):
    """The other side said never: trying again would not help."""


class Unreachable(Exception):
    """Nobody answers there, or nobody we trust: what else waits for this channel need not knock now.

    `where`: only at that address; others of the channel are somebody else's doors.
    """

    def __init__(self, why: str, where: str = ""):
        super().__init__(why)
        self.where = where


def open_channels() -> None:
    """Those of the setting. Found by name, as this stands below all of them."""
    channels.update({name: plugin.send for name, plugin in plugins.load("notices.channels", setting.channels).items()})


def post(notice: str, to: str, *, language: str, name: str = "", channel: str = "email", country: str = "",
         time_zone: str = "", user: Any = None, subject: str = "", due: datetime | None = None,
         **facts: Any) -> Message:
    """Write a message down. It leaves only if the transaction is kept, and not before `due`. `to` is one address.

    Who acts, and from where, goes with it as a fact: `deed`.
    """
    who = current.actor()
    facts["deed"] = {"account": who.user_id, "kind": who.kind, "name": who.name, "address": who.address,
                     "agent": who.agent}
    message = Message.create(channel=channel, recipient=to, name=name, notice=notice, facts=facts, language=language,
                             country=country, time_zone=time_zone, user=user, organisation_id=number_at_work(),
                             subject=subject, due=due or now())
    wake_worker()
    return message  # type: ignore[no-any-return]


def post_to(user: Any, notice: str, *, to: str = "", **facts: Any) -> Message:
    """Write to a person, in their language and their time."""
    return post(notice, to or user.email_typed, name=user.name, language=user.language, country=user.country,
                time_zone=user.time_zone, user=user.id, **facts)


def post_everywhere(user: Any, notice: str, **facts: Any) -> None:
    """Write to every address of a person that is confirmed: what concerns the security of the account (AU-07)."""
    for address in addresses(user):
        post_to(user, notice, to=address, **facts)


def addresses(user: Any) -> list[str]:
    """Where somebody is reached, and has proved to be."""
    return [address for address in (user.email_typed, user.recovery_email_typed) if address]


def wake_worker() -> None:
    """There is something for it to do, once this transaction is kept."""
    once_kept(_nudge)


def _nudge(*later: int) -> None:
    for call in wake:
        try:
            call(*later)
        except Exception:           # the sweep will find the row
            log.warning("could not wake the worker", exc_info=True)


def deliver_due(most: int = 500, stop: Callable[[], bool] = lambda: False) -> int:
    """Deliver what is due, oldest first, until told to stop. How many left the house."""
    due = (Message.select(Message.id, Message.due)
           .where(Message.state == Message.WAITING, Message.due <= now()).order_by(Message.id).limit(most))
    away: dict[str, str] = {}
    return sum(deliver(identity, moment, away) for identity, moment in list(due.tuples()) if not stop())


def deliver(identity: int, due: Any, away: dict[str, str]) -> bool:
    """One message, if nobody else has it. `away`: the channels and addresses nobody answers on just now, and why."""
    message = claim(identity, due)
    if message is None:
        return False
    try:
        _hand_over(message, away)
    except Undeliverable as error:
        give_up(message, str(error))
        return False
    except Exception as error:      # the edge of the worker: the row keeps the reason
        give_back(message, f"{type(error).__name__}: {error}")
        return False
    # Said even when somebody else has it by now, because we took longer than the lease: it is on its way.
    with transaction():
        _waiting(identity, state=Message.SENT, sent=now(), facts=None, error="")
    return True


def _hand_over(message: Message, away: dict[str, str]) -> None:
    if _ended(message):
        raise Undeliverable("its link ended before it could leave")
    for where in (message.channel, message.recipient):
        if where in away:
            raise Unreachable(away[where])
    try:
        channels[message.channel](message)
    except Unreachable as error:
        away[error.where or message.channel] = str(error)
        log.warning("nobody answers on %s: %s", message.channel, error)
        raise


def _ended(message: Message) -> bool:
    """A dead link is not sent: its owner asks for another (RT-25)."""
    until = (message.facts or {}).get("until")
    return isinstance(until, int) and until <= epoch()


def claim(identity: int, due: Any) -> Message | None:
    """Only one worker gets it; if that worker dies, the message falls due again."""
    with transaction():
        got = _waiting(identity, Message.due == due, due=now() + LEASE, attempts=Message.attempts + 1)
        return Message.get_by_id(identity) if got else None  # type: ignore[no-any-return]


def give_back(message: Message, error: str) -> None:
    """Once more, later; unless it has been tried for long enough, or somebody else has it by now (RT-36)."""
    if message.attempts >= ATTEMPTS:
        give_up(message, error)
        return
    pause = _pause(message)
    with transaction():
        _waiting(message.id, Message.attempts == message.attempts, due=now() + timedelta(seconds=pause),
                 error=error[:500])
    if pause < 60:                              # before the sweep comes by
        _nudge(pause)


def _pause(message: Message) -> int:
    """Seconds to the next try: more each time, but no more than a quarter of what is left to something that ends."""
    pause = int(min(timedelta(minutes=2 ** (message.attempts - 1)), LONGEST_PAUSE).total_seconds())
    until = (message.facts or {}).get("until")
    return max(1, min(pause, (until - epoch()) // 4)) if isinstance(until, int) else pause


def give_up(message: Message, error: str) -> None:
    log.warning("message %s is given up: %s", message.public_id, error)
    with transaction():
        _waiting(message.id, Message.attempts == message.attempts,
                 state=Message.FAILED, error=error[:500], facts=None)


def _waiting(identity: int, *conditions: Any, **changes: Any) -> int:
    """Change a message if it still waits. How many were changed: one or none."""
    return Message.update(**changes).where(  # type: ignore[no-any-return]
        Message.id == identity, Message.state == Message.WAITING, *conditions).execute()


def forget_old() -> None:
    """Who was written to about what is not our business for ever."""
    with transaction():
        Message.delete().where(Message.state != Message.WAITING, Message.created < now() - KEPT).execute()
