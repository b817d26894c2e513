"""Who people are elsewhere, in a directory or at a provider; and that they are the same people here.

An identity is found by provider and subject, never by an address: an address
says where mail goes, not who somebody is (FD-03, FD-05). Somebody new is linked
from inside a session, or makes an account where the operator lets that happen.
"""
from collections.abc import Iterable
from typing import Any

from peewee import IntegrityError

import audit
import formats
import i18n
import limits
import outbox
import rules
from accounts import beginnings, sessions, signin, signup
from accounts.backends import Backend, Proof, Someone
from clock import now
from db import transaction
from i18n import _l
from models import Identity, Session, User
from rules import Conflict, NotHere, Refused

MOST_GROUPS, LONGEST_GROUP = 200, 200           # of one person, kept (FD-16)


class Unlinked(Exception):
    """Proved elsewhere, but no account here says that this is its owner."""


def proof(backend: Backend, who: Someone, *, join: bool = False, proofs: str = "") -> Proof:
    """Whose account this is. Unlinked when nobody's; with `join`, somebody new gets one."""
    with transaction():
        known = _known(backend.name, who)
        if known:
            Identity.update(email=who.email, groups=_groups(who), last_used=now()).where(
                Identity.id == known.id).execute()
        elif not (join and who.email_confirmed):
            raise Unlinked
        return Proof(known.user if known else _join(backend, who), proofs or backend.name, who.complete,
                     place(backend, who.session), who.at)


def place(backend: Backend, session: str = "") -> str:
    """What a session keeps of where it was opened, so that it can be ended from there."""
    return f"{backend.name} {session}".strip()


def _join(backend: Backend, who: Someone) -> User:
    """A new account for somebody new. Never one that is there already, whatever address they say (SU-04)."""
    try:
        address = rules.address(who.email)
        user = signup.create(address, who.first_name[:80], who.last_name[:80], None, language=i18n.voice().language,
                             country=i18n.voice().country, time_zone=formats.time_zone_of(i18n.voice().country))
    except (Refused, Conflict) as no:
        raise Unlinked from no
    _create(user, backend, who)
    return user


def link(user_id: int, backend: Backend, who: Someone, *, keep: int | None) -> None:
    """From inside a session with a fresh proof. Every other session ends, as with a new factor (SS-06)."""
    with transaction():
        user = User.get_by_id(user_id)
        if _of(user_id, backend.name):
            raise Refused(_l("This way is linked already. Unlink it first."))
        if _known(backend.name, who):
            raise Refused(_l("This is the way of another account."))
        _create(user, backend, who)
        audit.record_for(user_id, "identity.linked", way=backend.name, email=who.email)
        outbox.post_to(user, "identity_linked", way=called(user, [backend]))
        sessions.end_everything(user, "factor", keep=keep)


def with_password(user_id: int, backend: Backend, name: str, password: str, *, keep: int | None) -> None:
    """Link a typed one, with name and password there. Wrong ones count as failed proofs."""
    limits.spend(limits.PROOF, sessions.here())
    who = backend.recognise({}, {"name": name, "password": password})
    if who is None:
        with transaction():
            audit.record_for(user_id, "proof.failed", proof=backend.name)
        raise Refused(_l("Name and password do not match."), "password")
    limits.forgive(limits.PROOF, sessions.here())
    link(user_id, backend, who, keep=keep)


def unlink(user_id: int, backend: Backend, *, keep: int | None) -> None:
    """One way less; refused when it is the only one."""
    with transaction():
        user = User.get_by_id(user_id)
        identity = _of(user_id, backend.name)
        if identity is None:
            raise NotHere
        if not [other for other in signin.backends().values() if other.name != backend.name and other.opens(user)]:
            raise Refused(_l("This is your only way to sign in. Add another one first."))
        Identity.delete().where(Identity.id == identity.id).execute()
        audit.record_for(user_id, "identity.unlinked", way=backend.name, email=identity.email)
        outbox.post_to(user, "identity_unlinked", way=called(user, [backend]))
        sessions.end_everything(user, "factor", keep=keep)


def of(user_id: int) -> dict[str, Identity]:
    """A person's own, by provider; each knows whether the person has a password here."""
    mine = (Identity.select(Identity, User.password.is_null().alias("passwordless")).join(User)
            .where(Identity.user == user_id))
    return {identity.provider: identity for identity in mine.objects()}


def offered() -> dict[str, Backend]:
    """The ways that are switched on and can be linked."""
    return {name: backend for name, backend in signin.backends().items() if backend.linked}


def ways(user_id: int) -> list[tuple[Backend, Identity | None]]:
    """The ways that can be linked, each with the person's own identity there. Nothing is asked where there are none."""
    mine = of(user_id) if offered() else {}
    return [(way, mine.get(name)) for name, way in offered().items()]


def elsewhere(user: User) -> list[Backend]:
    """How somebody without a password here signs in; empty for everybody else, and when no such way is on."""
    return [way for way, identity in ways(user.id) if identity] if user.password is None else []


def called(user: User, ways: Iterable[Backend]) -> str:
    """What ways are called in their owner's language."""
    with i18n.speaking(i18n.Voice(user.language)):
        return formats.list_of([str(way.label) for way in ways])


def look_again() -> None:
    """Whom a directory no longer has is signed out here as well: from what they opened by it (FD-17)."""
    for backend in offered().values():
        here = {identity.subject: identity.user for identity in (
            Identity.select(Identity, User).join(User).join(Session)
            .where(Identity.provider == backend.name, Session.ended.is_null(), Session.expires > now()))}
        for subject in backend.gone(list(here)):
            with transaction():
                _end(backend, Session.user == here[subject].id)


def signed_out(backend: Backend, subject: str, session: str, number: str) -> int:
    """Somebody signed out elsewhere: what they opened by it ends here; with `session`, only by that one. How many.

    `number`: of the message, which is taken once. Refused the second time (FD-13).
    """
    whose = Identity.select(Identity.user).where(Identity.provider == backend.name, Identity.subject == subject)
    with transaction():
        beginnings.note(f"sign-out {backend.name}", number)
        return _end(backend, Session.user.in_(whose) if subject else Session.user.is_null(False), session)


def _end(backend: Backend, whose: Any, session: str = "") -> int:
    """In a transaction."""
    opened = Session.elsewhere == place(backend, session) if session else (
        (Session.elsewhere == backend.name) | Session.elsewhere.startswith(f"{backend.name} "))
    ended = sessions.end_elsewhere(whose & opened)
    for user_id in ended:
        audit.record_for(user_id, "session.ended_elsewhere", way=backend.name)
    return len(ended)


def _create(user: User, backend: Backend, who: Someone) -> None:
    try:
        Identity.create(user=user, provider=backend.name, subject=who.subject, email=who.email, groups=_groups(who),
                        last_used=now())
    except IntegrityError:                      # of two who come at once, one is linked
        raise Conflict(_l("This is the way of another account.")) from None


def _known(provider: str, who: Someone) -> Identity | None:
    return (Identity.select(Identity, User).join(User)  # type: ignore[no-any-return]
            .where(Identity.provider == provider, Identity.subject == who.subject).first())


def _of(user_id: int, provider: str) -> Identity | None:
    return Identity.get_or_none(Identity.user == user_id, Identity.provider == provider)  # type: ignore[no-any-return]


def _groups(who: Someone) -> list[str]:
    return [group[:LONGEST_GROUP] for group in who.groups[:MOST_GROUPS]]
