"""What is begun and not finished, kept as a row under a cookie of its own, for one use (decision 5)."""
from typing import Any

from peewee import IntegrityError

import crypto
from clock import MINUTE, now
from db import transaction
from models import Begun
from rules import NotHere, Refused

LIFE = 10 * MINUTE


def begin(kind: str, facts: dict[str, Any], *, place: str = "", user: int | None = None,
          session: int | None = None) -> str:
    """The secret for the cookie, said once."""
    secret = crypto.token()
    with transaction():
        Begun.create(token_hash=crypto.digest(secret), kind=kind, facts=facts, place=place, user=user,
                     session=session, expires=now() + LIFE)
    return secret


def held(secret: str, kind: str, *, session: int | None = None) -> dict[str, Any]:
    """The facts of what was begun, not used up; nothing for any other secret, kind or session."""
    begun = _begun(secret, kind, session)
    return dict(begun.facts) if begun else {}


def take(secret: str, kind: str, *, session: int | None = None) -> Begun:
    """What was begun, now used up: of two at once, one gets it. NotHere for any other secret, kind or session."""
    with transaction():
        begun = look(secret, kind, session=session)
        if not Begun.delete().where(Begun.id == begun.id).execute():
            raise NotHere
        return begun


def look(secret: str, kind: str, *, session: int | None = None) -> Begun:
    """What was begun, to be shown; it stays as it is. NotHere as in `take`."""
    begun = _begun(secret, kind, session)
    if begun is None:
        raise NotHere
    return begun


def note(kind: str, number: str) -> None:
    """A message from elsewhere that is taken once; Refused for its like."""
    with transaction():
        try:
            Begun.create(token_hash=crypto.digest(f"{kind} {number}"), kind=kind, expires=now() + LIFE)
        except IntegrityError:
            raise Refused(f"{kind}: this was said before") from None


def forget_old() -> None:
    with transaction():
        Begun.delete().where(Begun.expires < now()).execute()


def _begun(secret: str, kind: str, session: int | None) -> Begun | None:
    begun = Begun.get_or_none(Begun.token_hash == crypto.digest(secret), Begun.kind == kind, Begun.expires > now())
    return begun if begun and begun.session_id == session else None
