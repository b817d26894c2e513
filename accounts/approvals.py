"""A sign-in that waits for a yes in another browser of the same person (TF-19, TF-20).

Who signs in sees a number; who approves types it, within a minute, in a session
that was proved not long ago and not in the browser that asks. Each is answered
once: conditional updates decide.
"""
import hmac
import secrets

from peewee import JOIN

import audit
import current
import db
import outbox
from accounts import acting, pushes, signup
from accounts.sessions import network
from clock import DAY, MINUTE, now
from db import transaction
from i18n import _l
from models import Approval, Attempt, Credential, Session, User
from rules import Conflict, Gone, NotHere, Refused

KIND = "approval"
LIFE = MINUTE
MOST, PERIOD = 3, 10 * MINUTE                   # so many may wait in so long
PAUSE = 10 * MINUTE                             # after «this is not me»
TRIES = 3

ANSWERED = _l("This sign-in was answered already, or is cancelled.")


class TooLate(Gone):
    """It waited for its minute."""

    why = _l("A sign-in waits for one minute. Ask for it anew where you sign in.")


def switch(user: User, on: bool) -> None:
    """May a sign-in be approved in another browser? Beside another factor only: it is never the only one."""
    with transaction():
        if not acting.hold_own(user).two_factor:
            raise NotHere
        mine = (Credential.user == user.id) & (Credential.kind == KIND)
        Credential.delete().where(mine).execute()
        if on:
            Credential.create(user=user, kind=KIND, state=Credential.ACTIVE)
        else:
            pushes.forget(user)
        audit.record_for(user.id, "factor.added" if on else "factor.removed", factor=KIND)
        outbox.post_everywhere(user, "approval_on" if on else "approval_off")


def ask(attempt: Attempt) -> Approval:
    """A new request; the one before lapses. Refused when several have waited, or after «this is not me» (TF-19)."""
    who, mine = current.actor(), Approval.user == attempt.user_id
    with transaction():
        db.exclusively(f"approvals of {attempt.user_id}")
        if Approval.select().where(mine, Approval.state == Approval.DENIED, Approval.answered > now() - PAUSE).exists():
            raise Refused(_l("A sign-in was stopped a short while ago. Choose another way, or wait ten minutes."))
        if Approval.select().where(mine, Approval.created > now() - PERIOD).count() >= MOST:
            raise Refused(_l("Several sign-ins have waited for an answer. Choose another way, or wait ten minutes."))
        Approval.update(state=Approval.LAPSED).where(
            mine, Approval.attempt == attempt.id, Approval.state == Approval.WAITING).execute()
        approval = Approval.create(user=attempt.user_id, attempt=attempt, number=str(secrets.randbelow(90) + 10),
                                   agent=who.agent, network=network(who.address), expires=now() + LIFE)
        pushes.post(approval)
        audit.record_for(attempt.user_id, "approval.asked", approval.public_id)
        return approval  # type: ignore[no-any-return]


def found(public_id: str) -> Approval | None:
    return Approval.get_or_none(Approval.public_id == public_id)  # type: ignore[no-any-return]


def waiting(public_id: str) -> Approval:
    """One of the acting person's own, that can be answered here and now.

    NotHere: somebody else's, or asked for by this very browser. Conflict: answered. Gone: its minute is over.
    """
    approval = _own(public_id)
    if approval.state in (Approval.APPROVED, Approval.DENIED):
        raise Conflict(ANSWERED)
    if approval.state == Approval.LAPSED or approval.expires <= now() or approval.attempt is None:
        raise TooLate
    return approval


def approve(public_id: str, number: str) -> None:
    """Yes: the number is the one the other browser shows. A try is counted before it is looked at; three wrong ones
    cancel the sign-in."""
    approval = waiting(public_id)
    with transaction():
        acting.require_open()
        if not Approval.update(tries=Approval.tries + 1).where(
                Approval.id == approval.id, Approval.state == Approval.WAITING, Approval.expires > now(),
                Approval.tries < TRIES).execute():
            raise Conflict(ANSWERED)
    if not hmac.compare_digest(number.strip().encode(), approval.number.encode()):
        _wrong(approval)
    with transaction():
        acting.require_open()
        if not Approval.update(state=Approval.APPROVED, answered=now()).where(
                Approval.id == approval.id, Approval.state == Approval.WAITING, Approval.expires > now()).execute():
            raise Conflict(ANSWERED)
        audit.record_for(approval.user_id, "approval.given", approval.public_id)


def deny(public_id: str) -> None:
    """«This was not me», also when the minute is over: that sign-in ends, nobody asks this way for a while, and its
    owner is told that somebody has the password, which must be renewed."""
    approval = _own(public_id)
    with transaction():
        acting.require_open()
        if not _end(approval, Approval.DENIED):
            raise Conflict(ANSWERED)
        signup.demand_new_password(approval.user)
        audit.record_for(approval.user_id, "approval.denied", approval.public_id, network=approval.network)
        outbox.post_everywhere(approval.user, "approval_denied", at=int(approval.created.timestamp()),
                               agent=approval.agent, network=approval.network)


def use_up(user_id: int, public_id: str) -> bool:
    """Was it approved? Then it is gone: of two at once, one gets it. In a transaction."""
    return bool(Approval.delete().where(Approval.public_id == public_id, Approval.user == user_id,
                                        Approval.state == Approval.APPROVED).execute())


def forget_old() -> None:
    with transaction():
        Approval.delete().where(Approval.created < now() - DAY).execute()


def _own(public_id: str) -> Approval:
    who = current.actor()
    approval = (Approval.select(Approval, Attempt).join(Attempt, JOIN.LEFT_OUTER)
                .where(Approval.public_id == public_id, Approval.user == who.user_id).first())
    if approval is None or (approval.attempt and approval.attempt.device_id and Session.select().where(
            Session.id == who.session_id, Session.device == approval.attempt.device_id).exists()):
        raise NotHere
    return approval  # type: ignore[no-any-return]


def _wrong(approval: Approval) -> None:
    with transaction():
        audit.record_for(approval.user_id, "approval.failed", approval.public_id)
        tries = Approval.select(Approval.tries).where(Approval.id == approval.id).scalar()
        if over := tries >= TRIES:
            _end(approval, Approval.LAPSED)
    if over:
        raise Conflict(_l("Three wrong numbers: that sign-in is cancelled."))
    raise Refused(_l("This is not the number that the other browser shows."), "number")


def _end(approval: Approval, state: str) -> bool:
    """The request and its sign-in end, if nobody answered before."""
    ended = Approval.update(state=state, answered=now()).where(
        Approval.id == approval.id, Approval.state == Approval.WAITING).execute()
    if ended and approval.attempt_id:
        Attempt.delete().where(Attempt.id == approval.attempt_id).execute()
    return bool(ended)
