"""App passwords: for programs that cannot do two steps, as of mail or calendars (G7-R4).

They open the doors made for them, and nothing else: not the sign-in page, no
fresh proof, no change of a password. 160 random bits need no slow hash.
"""
import secrets
from typing import Any

from peewee import fn

import audit
import crypto
import current
import limits
import outbox
import rules
from accounts import acting
from accounts.sessions import network
from clock import MINUTE, now
from db import transaction
from i18n import _l
from models import AppPassword, User
from rules import NotHere, Refused

PREFIX = "kap_"                                 # by which scanners for leaked secrets know it
SYMBOLS, SHOWN = 32, 4                          # of five bits each; so many are shown ever after
LONGEST, MOST = 60, 50
LIMITS = (limits.APP_PASSWORD, limits.APP_PASSWORD_NETWORK)


def create(user: User, name: str) -> str:
    """A new one; its secret, said once."""
    name = rules.name(name, "name", longest=LONGEST)
    if not name:
        raise Refused(_l("Enter a name."), "name")
    secret = PREFIX + "".join(secrets.choice(crypto.CROCKFORD) for _ in range(SYMBOLS))
    with transaction():
        acting.hold_own(user)
        if AppPassword.select().where(_living(user)).count() >= MOST:
            raise Refused(_l("You have %(n)s app passwords. Revoke one first.", n=MOST), "name")
        AppPassword.create(user=user, name=name, digest=crypto.digest(secret), hint=secret[:len(PREFIX) + SHOWN])
        audit.record_for(user.id, "app_password.created", name=name)
        outbox.post_everywhere(user, "app_password_created", label=name)
    return secret


def living(user_id: int) -> list[AppPassword]:
    """Those that open something, the latest first."""
    return list(AppPassword.select().where(_living(user_id)).order_by(AppPassword.id.desc()))


def living_count(user_id: int) -> Any:
    """How many they are, as a part of another question."""
    return AppPassword.select(fn.COUNT(AppPassword.id)).where(_living(user_id))


def own(user_id: int, public_id: str) -> AppPassword:
    """One that opens something; NotHere for anybody else's."""
    found = AppPassword.get_or_none(_living(user_id), AppPassword.public_id == public_id)
    if found is None:
        raise NotHere
    return found  # type: ignore[no-any-return]


def revoke(user: User, public_id: str) -> None:
    """From now on it opens nothing."""
    with transaction():
        acting.hold_own(user)
        found = own(user.id, public_id)
        if not AppPassword.update(revoked=now()).where(AppPassword.id == found.id,
                                                       AppPassword.revoked.is_null()).execute():
            raise NotHere
        audit.record_for(user.id, "app_password.revoked", name=found.name)
        outbox.post_everywhere(user, "app_password_revoked", label=found.name)


def revoke_mine() -> int:
    """All of the acting person's. How many there were."""
    with transaction():
        return revoke_all(acting.me())


def revoke_all(user: User) -> int:
    """None opens anything any more. How many there were. Joins the transaction of what else is ended with them."""
    with transaction():
        count = end_all(user)
        if count:
            audit.record_for(user.id, "app_password.all_revoked", count=count)
            outbox.post_everywhere(user, "app_passwords_revoked", count=count)
        return count


def end_all(user: User) -> int:
    """The same without a word of its own, for what tells of it. In a transaction."""
    return int(AppPassword.update(revoked=now()).where(_living(user)).execute())


def right(login: str, secret: str) -> User | None:
    """Whose app password this is, for a door that takes them: theirs who sign in as `login`, and not suspended.

    The same question is asked for every login there is or not, and wrong secrets are counted together, at whatever
    door: from one network for one login, and from one network for all. TooMany before anything is looked at (AP-05).
    """
    where = network(current.actor().address)
    subjects = (f"{login.casefold()[:254]} {where}", where)
    for limit, subject in zip(LIMITS, subjects, strict=True):
        limits.look(limit, subject)
    found = _found(login, secret)
    if found is None:
        for limit, subject in zip(LIMITS, subjects, strict=True):
            limits.spend(limit, subject)
        return None
    _note_use(found)
    return found.user  # type: ignore[no-any-return]


def _found(login: str, secret: str) -> AppPassword | None:
    try:
        key = rules.address(login).key
    except Refused:
        key = ""
    return (AppPassword.select(AppPassword, User).join(User)  # type: ignore[no-any-return]
            .where(AppPassword.digest == crypto.digest(secret), AppPassword.revoked.is_null(), User.email == key,
                   User.suspended.is_null()).first())


def _note_use(found: AppPassword) -> None:
    """When it was used last, to the minute: mail programs ask all day."""
    if found.last_used is None or now() - found.last_used >= MINUTE:
        AppPassword.update(last_used=now()).where(AppPassword.id == found.id).execute()


def _living(user: User | int) -> object:
    return (AppPassword.user == user) & AppPassword.revoked.is_null()
