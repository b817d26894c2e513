"""Links sent by mail: for one use, for a while, found by their signature."""
from datetime import timedelta
from typing import Any

from peewee import JOIN

import audit
import crypto
import db
from accounts import acting
from clock import DAY, HOUR, now
from models import Link, User
from rules import Gone

SIGN_UP, RESET, UNLOCK = "signup", "reset", "unlock"
ADDRESS_CONFIRM, ADDRESS_REVERT, RECOVERY_CONFIRM = "address.confirm", "address.revert", "recovery.confirm"
FACTOR_LOST, FACTOR_KEPT = "factor.lost", "factor.kept"
UNDOING = (ADDRESS_REVERT, FACTOR_KEPT)         # what keeps somebody else out lives on, whatever else ends
LIFE: dict[str, timedelta] = {SIGN_UP: DAY, RESET: HOUR, UNLOCK: HOUR, ADDRESS_CONFIRM: 48 * HOUR,
                              ADDRESS_REVERT: 7 * DAY, RECOVERY_CONFIRM: 48 * HOUR, FACTOR_LOST: HOUR,
                              FACTOR_KEPT: 7 * DAY}


def make(purpose: str, *, user: User | None = None, email: str = "", **facts: Any) -> Link:
    """A new link; older ones for the same purpose, person and address end. In a transaction."""
    owner = (Link.user == user.id) if user else Link.user.is_null() & (Link.email == email)
    if purpose != ADDRESS_REVERT:
        Link.update(used=now()).where(owner, Link.purpose == purpose, Link.used.is_null()).execute()
    life = HOUR if facts.get("operator") else LIFE[purpose]
    return Link.create(purpose=purpose, user=user, email=email, facts=facts,  # type: ignore[no-any-return]
                       epoch=user.epoch if user else 0, expires=now() + life)


def told(link: Link) -> dict[str, Any]:
    """The facts of a mail that carries this link: which one, never its token."""
    return {"token": [link.purpose, link.public_id], "until": int(link.expires.timestamp())}


def opened(token: str, purpose: str) -> Link:
    """The link, if it may still be used; Gone for every other one, all alike. Reading changes nothing (SU-11)."""
    public_id, _dot, signature = token.partition(".")
    link = (Link.select(Link, User).join(User, JOIN.LEFT_OUTER)
            .where(Link.public_id == public_id, Link.purpose == purpose).first())
    if link is None or not crypto.signed(signature, "link", purpose, public_id):
        raise Gone
    if link.used or link.expires <= now() or (link.user_id and _overtaken(link)):
        raise Gone
    return link  # type: ignore[no-any-return]


def use_up(link: Link) -> None:
    """Of twenty who come at once, one passes (RS-04), unless everything of its owner has ended meanwhile. In the
    transaction of what it is used for, which goes on with its owner as stored now."""
    if not db.database.in_transaction():
        raise RuntimeError("a link is used up in the transaction of its deed")
    overtaken = link.user_id and acting.hold(link.user) and _overtaken(link)
    if overtaken or not Link.update(used=now()).where(Link.id == link.id, Link.used.is_null()).execute():
        raise Gone


def end(user: User, *purposes: str) -> int:
    """What a person was sent for these purposes opens nothing any more. How many. In a transaction."""
    return int(Link.update(used=now()).where(Link.user == user.id, Link.purpose.in_(purposes),
                                          Link.used.is_null()).execute())


def alarm() -> None:
    """From one network so many links came that do not exist, that somebody seems to be trying them (RS-08)."""
    with db.transaction():
        audit.record_here("links.guessed")


def _overtaken(link: Link) -> bool:
    """Was everything of this person ended since? A link to undo a change lives on."""
    return link.purpose not in UNDOING and bool(link.epoch != link.user.epoch or link.user.suspended)
