"""What was added to an account in the week before somebody turned out to have been in it (EM-02, BS-07).

Whatever of it lets somebody in may be theirs, and is taken away. What was there before stays: it is the owner's.
"""
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from peewee import JOIN

from accounts import app_passwords, fallbacks, identities, second_factors
from accounts.mailboxes import ADDRESS_NAMED, PHONE_NAMED, SUSPECT, named
from clock import now
from models import Credential, Identity, User


@dataclass(frozen=True)
class Added:
    """What «This was not me» would take away. `last`: the last second factor with it; `nothing_else`: every way in."""

    factors: list[Credential] = field(default_factory=list)
    codes: bool = False
    ways: list[Identity] = field(default_factory=list)
    address: bool = False
    phone: bool = False
    app_passwords: int = 0
    last: bool = False
    nothing_else: bool = False


def take_back(person: User, since: datetime, *, until: datetime | None = None) -> None:
    """Second factors and ways to sign in that were added since then prove nothing any more. In a transaction.

    `until`: from this moment on it was the owner who added them.
    """
    second_factors.take_back(person, since, until=until)
    identities.take_back(person, since, until=until)


def disown(person: User, until: datetime | None) -> None:
    """The same of the last week, with every app password and whatever would help somebody back in."""
    take_back(person, now() - SUSPECT, until=until)
    fallbacks.take_back(person, now() - SUSPECT)
    app_passwords.revoke_all(person)


def added(user_id: int, until: datetime) -> Added:
    """What `disown` finds, to be said before it is done: in two questions."""
    since = now() - SUSPECT
    credentials = list(Credential.select().where(Credential.user == user_id, Credential.state == Credential.ACTIVE))
    rows = list(_with_identities(user_id, since))
    person, mine = rows[0], [row.identity for row in rows if row.identity]
    ways = [each for each in mine if since <= each.created <= until]
    beside = second_factors.handed_out()
    own = [each for each in credentials if each.kind not in beside]
    factors = [each for each in own if since <= each.created <= until]
    opening = [each for each in own if each not in factors and each.facts.get("verified")]
    return Added(
        factors, any(each.kind in beside and each.created >= since for each in credentials), ways,
        bool(person.recovery_email and person.address_named), bool(person.recovery_phone and person.phone_named),
        person.app_passwords_left, last=bool(factors) and len(factors) == len(own),
        nothing_else=bool(factors or ways) and not (
            person.password or opening or [each for each in mine if each not in ways and "@" not in each.provider]))


def _with_identities(user_id: int, since: datetime) -> Any:
    lately = [named(user_id, what, since).alias(alias) for what, alias in (
        (ADDRESS_NAMED, "address_named"), (PHONE_NAMED, "phone_named"))]
    return (User.select(User, Identity, *lately, app_passwords.living_count(user_id).alias("app_passwords_left"))
            .join(Identity, JOIN.LEFT_OUTER, on=(Identity.user == User.id)).where(User.id == user_id))
