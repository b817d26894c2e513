"""What somebody let an application have: begun as a code, ended for many reasons; and who is told of the end."""
from collections.abc import Iterable
from typing import Any

from peewee import JOIN

import audit
import crypto
import outbox
from accounts.sessions import BY_OWNER, SignedIn
from clock import DAY, MINUTE, now
from db import transaction
from models import Authorization, Client, Organisation, Session, User
from oidc import reading, writing
from oidc.reading import Held, Place
from tenancy import across_organisations, working_for

CODE_LIFE = MINUTE
LIFE = 90 * DAY                                 # of a family of tokens: absolute, whatever is refreshed (OP-07)
MOST = 500                                      # looked at in one go
CHANNEL, NOTICE = "backchannel", "signed_out"


def begin(who: SignedIn, client: reading.Known, place: Place, scopes: list[str], *, offline: bool, redirect_uri: str,
          challenge: str, nonce: str) -> str:
    """A code for the application, good once and for a minute. In a transaction."""
    code, at = crypto.token(), now()
    with working_for(place):
        writing.authorization(
            client, place, user=who.user_id, session=who.session_id, scopes=scopes, offline=offline,
            proofs=who.proofs, proved=who.signed_in, code=crypto.digest(code),
            code_expires=at + CODE_LIFE, redirect_uri=redirect_uri, challenge=challenge, nonce=nonce, at=at,
            expires=at + LIFE)
    return code


def session_id(session: str, client_id: str) -> str:
    """`sid`: what an application calls a session of ours; another application calls it something else."""
    return crypto.sign("sid", session, client_id) if session else ""


def end(why: str, *which: Any) -> int:
    """Whatever came of these opens nothing any more, and applications that want to be told are. How many.

    In a transaction, and across organisations where they are of several.
    """
    living = list(Authorization.select(Authorization, Client, User, Session.id, Session.public_id)
                  .join(Client).switch(Authorization).join(User, JOIN.LEFT_OUTER).switch(Authorization)
                  .join(Session, JOIN.LEFT_OUTER).where(Authorization.ended.is_null(), *which))
    if not living:
        return 0
    Authorization.update(ended=now(), ended_by=why).where(
        Authorization.id.in_([each.id for each in living]), Authorization.ended.is_null()).execute()
    _tell(living)
    return len(living)


def end_one(held: Held, why: str) -> None:
    with transaction(), working_for(held):
        end(why, Authorization.id == held.number)


def _tell(ended: Iterable[Authorization]) -> None:
    """One message for an application and session, to be tried until it is taken (OP-20)."""
    told: set[tuple[Any, ...]] = set()
    for each in ended:
        key = (each.client_id, each.user_id, each.session_id)
        if each.client.backchannel_uri and each.user_id and key not in told:
            told.add(key)
            sid = session_id(each.session.public_id if each.session_id else "", each.client.client_id)
            with working_for(Organisation(id=each.organisation_id)):
                outbox.post(NOTICE, each.client.backchannel_uri, channel=CHANNEL, language="en", user=each.user_id,
                            subject=each.client.client_id, sid=sid, sub=each.user.public_id,
                            algorithm=each.client.algorithm)


# --- the timetable -----------------------------------------------------------------------------


def end_with_sessions() -> int:
    """What was let in a session that is over is over, too. How many; the requests of before were refused anyway.

    What may go on without its session does so, unless that was ended from elsewhere: as of a browser that was stolen.
    """
    over = (Session.id.is_null() | (Session.ended.is_null(False) & (Session.ended_by != "expired"))
            | (Session.expires <= now()) | (Session.epoch != User.epoch) | User.suspended.is_null(False))
    with across_organisations("sessions that are over, whatever was let in them"), transaction():
        found = (Authorization.select(Authorization.id).join(User).switch(Authorization).join(Session, JOIN.LEFT_OUTER)
                 .where(Authorization.ended.is_null(),
                        (~Authorization.offline & over) | (Session.ended_by == BY_OWNER))
                 .limit(MOST))
        return _end_these("session", [number for (number,) in found.tuples()])


def look_where_written(read: dict[int, int]) -> int:
    """Who may no longer use a product is signed out of its application, where that wants to be told: at once, as
    whatever closes a way stands in the organisation's book. `read`: how far each was read; whoever asks keeps it."""
    written = reading.books()
    ended = sum(_look_at(each) for each, line in written.items() if read.get(each) != line)
    read.update(written)
    return ended


def look_again() -> int:
    """The same wherever there is such an application: access also ends by the clock."""
    return sum(_look_at(each) for each in reading.books())


def _look_at(organisation: int) -> int:
    return sum(_end_lost(numbers) for numbers in reading.lost(organisation) if numbers)


def _end_lost(numbers: list[int]) -> int:
    with across_organisations("an application may be shared by several"), transaction():
        return _end_these("access", numbers)


def _end_these(why: str, numbers: list[int]) -> int:
    return end(why, Authorization.id.in_(numbers)) if numbers else 0


def forget_old() -> None:
    """What has been over for a day says nothing any more; the books have what there is to remember."""
    long_ago = now() - DAY
    with across_organisations("throwing away what is over"), transaction():
        Authorization.delete().where((Authorization.expires < long_ago) | (Authorization.ended < long_ago)).execute()


def note_reuse(held: Held) -> None:
    """Somebody has a token that was used up: nothing that came of it opens anything, and the person reads of it."""
    with transaction(), working_for(held):
        if not end("reused", Authorization.id == held.number) or held.user_id is None:
            return
        audit.record_for(held.user_id, "application.reused", application=held.label)
        outbox.post_everywhere(User.get_by_id(held.user_id), "application_reused", application=held.label,
                               organisation=held.organisation_name)
