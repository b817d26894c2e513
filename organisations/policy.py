"""What an organisation demands of whoever comes in: that two steps were proved, and not too long ago (G10).

Every door asks `missing_steps`, with plain values: that of the pages (web), and
those to come. Nothing of the answer is kept, so that nothing can be outdated.
"""
import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

import current
from accounts.sessions import SignedIn, lent_by
from clock import now
from db import instant
from i18n import _l
from models import Organisation, User
from rules import Refused
from settings import setting


class Step(enum.StrEnum):
    """What somebody still has to do, in this order."""

    SET_UP = "set up a second factor"
    TWO_STEPS = "prove two steps"
    SIGN_IN = "sign in again"
    OWN_WAY = "prove it by a way of one's own"


class Person(Protocol):
    """What a person has."""

    @property
    def two_factor(self) -> bool: ...


@dataclass(frozen=True)
class Demands:
    """What an organisation asks for, and which one it is."""

    two_factor: bool = False
    session_hours: int | None = None            # none: as long as sessions live everywhere
    trusts_browsers: bool = True                # is a remembered browser as good as a second step?
    trusted_upstreams: frozenset[str] = frozenset()     # providers whose own second step counts
    public_id: str = ""                         # what its own providers name; none: whoever else asks

    @classmethod
    def of(cls, organisation: Organisation) -> "Demands":
        return cls(by_now(organisation.two_factor, organisation.two_factor_from) == Organisation.ON,
                   organisation.session_hours,
                   organisation.trusts_browsers, frozenset(organisation.trusted_upstreams), organisation.public_id)


def by_now(state: str, begins: Any) -> str:
    """How it stands with two-factor authentication at this moment, of what is stored.

    An announcement whose moment has come is as good as switched on, everywhere at once: the worker only writes it down
    and tells of it.
    """
    due = state == Organisation.ANNOUNCED and begins is not None and instant(begins) <= now()  # type: ignore[operator]
    return Organisation.ON if due else state


def demanding() -> Any:
    """The same as a condition: organisations that demand it at this moment."""
    return (Organisation.two_factor == Organisation.ON) | due()


def due() -> Any:
    """What was announced for now."""
    return (Organisation.two_factor == Organisation.ANNOUNCED) & (Organisation.two_factor_from <= now())


@dataclass(frozen=True)
class Proved:
    """What a session proved, in order, and how long ago; and what counts as a second step at all.

    The words: «password», a second factor's kind, «passkey» (two steps in one), «trusted» (a remembered
    browser), «upstream company» and, where the provider said that it asked for two steps, «upstream company mfa».
    One that an organisation has brought along is called «provider@organisation».
    """

    proofs: tuple[str, ...]
    age: timedelta = timedelta()
    factors: frozenset[str] = frozenset({"totp", "webauthn", "backup_codes"})


_UPSTREAM = re.compile(r"\bupstream (\S+)( mfa)?(?!\S)")


def missing_steps(person: Person, organisation: Demands, session: Proved) -> tuple[Step, ...]:
    """What stands between a person, in this session, and an organisation. Nothing: the door is open.

    What rests on an organisation's own provider opens that organisation, and no other.
    """
    if lent_by(session.proofs) not in ("", organisation.public_id):
        return (Step.OWN_WAY,)
    steps: list[Step] = []
    if organisation.two_factor and not _two_steps(person, organisation, session):
        steps.append(Step.TWO_STEPS if person.two_factor else Step.SET_UP)
    if organisation.session_hours and session.age > timedelta(hours=organisation.session_hours):
        steps.append(Step.SIGN_IN)
    return tuple(steps)


def proved_by(who: SignedIn) -> Proved:
    """A session as a door sees it. A fresh proof is as good as signing in again (decision 11)."""
    return proved(who.proofs, who.signed_in)


def proved(proofs: Iterable[str], since: datetime | None) -> Proved:
    """The same, of what was proved at a moment; none: just now."""
    return Proved(tuple(proofs), now() - since if since else timedelta(0), frozenset(setting.second_factors))


def act_in_two_steps(organisation: Demands) -> None:
    """For deeds that weigh as much as the door: whoever acts has a second factor, and has proved it in this very
    session, in no remembered browser. Refused otherwise.
    """
    who = current.actor()
    missing = missing_steps(User.get_by_id(who.user_id), replace(organisation, two_factor=True, trusts_browsers=False),
                            Proved(who.proofs, factors=frozenset(setting.second_factors)))
    if Step.SET_UP in missing:
        raise Refused(_l("Set up two-factor authentication for your own account first."))
    if missing:
        raise Refused(_l("You signed in without your second factor. Sign out, and in again with it."))


def _two_steps(person: Person, organisation: Demands, session: Proved) -> bool:
    """A factor that the person no longer has counts no longer, whenever it was proved."""
    said = " ".join(session.proofs)
    upstream, here = _UPSTREAM.search(said), set(_UPSTREAM.sub("", said).split())
    if upstream and upstream[2] and upstream[1] in organisation.trusted_upstreams:
        return True
    remembered = organisation.trusts_browsers and "trusted" in here
    return person.two_factor and bool(here & {"passkey", *session.factors} or remembered)
