"""What is begun and not finished, kept as a row under a cookie of its own, for one use (decision 5)."""
from typing import Any

import crypto
from clock import MINUTE, now
from db import transaction
from models import Begun
from rules import NotHere

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
    begun = Begun.get_or_none(Begun.token_hash == crypto.digest(secret), Begun.kind == kind, Begun.expires > now())
    return dict(begun.facts) if begun and begun.session_id == session else {}


def take(secret: str, kind: str, *, session: int | None = None) -> Begun:
    """What was begun, now used up: of two at once, one gets it. NotHere for any other secret, kind or session."""
    with transaction():
        begun = Begun.get_or_none(Begun.token_hash == crypto.digest(secret), Begun.kind == kind,
                                  Begun.expires > now()) if secret else None
        if begun is None or begun.session_id != session or not Begun.delete().where(Begun.id == begun.id).execute():
            raise NotHere
        return begun  # type: ignore[no-any-return]


def forget_old() -> None:
    with transaction():
        Begun.delete().where(Begun.expires < now()).execute()
