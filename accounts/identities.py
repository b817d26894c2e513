"""Who people are elsewhere, in a directory or at a provider; and that they are the same people here.

An identity is found by provider and subject, never by an address: an address
says where mail goes, not who somebody is (FD-03, FD-05). Somebody new is linked
from inside a session, or makes an account where the operator lets that happen.
"""
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from peewee import IntegrityError

import audit
import formats
import i18n
import outbox
import rules
from accounts import acting, beginnings, locking, sessions, signin, signup
from accounts.backends import Backend, Mistyped, Proof, Someone
from clock import now
from db import transaction
from i18n import _l
from models import Attempt, Identity, Session, User
from rules import Conflict, NotHere, Refused

MOST_GROUPS, LONGEST_GROUP = 200, 200           # of one person, kept (FD-16)


class Unlinked(Exception):
    """Proved elsewhere, but no account here says that this is its owner."""


def proof(backend: Backend, who: Someone, *, join: bool = False, proofs: str = "") -> Proof:
    """Whose account this is. Unlinked when nobody's; with `join`, somebody new gets one."""
    with transaction():
        identity = _known(backend.name, who)
        if identity:
            Identity.update(email=who.email, groups=_groups(who), last_used=now()).where(
                Identity.id == identity.id).execute()
        elif not (join and who.email_confirmed):
            raise Unlinked
        return Proof(identity.user if identity else _join(backend, who), proofs or backend.name, who.complete,
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
        user = acting.hold_own(User(id=user_id))
        if not backend.takes(user):
            raise NotHere
        if _of(user_id, backend.name):
            raise Refused(_l("This way is linked already. Unlink it first."))
        if who.at and who.at < now() - beginnings.LIFE:     # somebody else may have left it open there
            raise Refused(_l("%(way)s says that you signed in there long ago. Try to link it again, and sign in there "
                             "once more.", way=backend.label))
        if _known(backend.name, who):
            raise Refused(_l("This is the way of another account."))
        _create(user, backend, who)
        audit.record_for(user_id, "identity.linked", way=backend.written, email=who.email)
        outbox.post_everywhere(user, "identity_linked", way=called(user, [backend]))
        sessions.end_everything(user, "factor", keep=keep)


def with_password(user_id: int, backend: Backend, name: str, password: str, *, keep: int | None) -> None:
    """Link a typed one, with name and password there. Wrong ones count as failed proofs."""
    sessions.try_proof()
    who, theirs = _recognised(backend, name, password)
    if theirs and theirs.id != user_id:
        signin.failed(theirs, "password", strange=True)
    if who is None:
        with transaction():
            audit.record_for(user_id, "proof.failed", proof=backend.name)
        raise Refused(_l("Name and password do not match."), "password")
    sessions.proof_was_right()
    link(user_id, backend, who, keep=keep)


def known(provider: str, who: Someone) -> User | None:
    """Whose account they open here."""
    identity = _known(provider, who)
    return identity.user if identity else None


def _recognised(backend: Backend, name: str, password: str) -> tuple[Someone | None, User | None]:
    """Who that is there, or whose account here a wrong password is counted for: one that is locked tells nothing."""
    try:
        who = backend.recognise({}, {"name": name, "password": password})
    except Mistyped as mistyped:
        return None, mistyped.user
    theirs = known(backend.name, who) if who else None
    return (None, theirs) if theirs and locking.holds(theirs) else (who, None)


def unlink(user_id: int, backend: Backend, *, keep: int | None) -> None:
    """One way less; refused when it is the only one."""
    with transaction():
        user = acting.hold_own(User(id=user_id))
        identity = _of(user_id, backend.name)
        if identity is None:
            raise NotHere
        if not [other for other in signin.backends().values() if other.name != backend.name and other.opens(user)]:
            raise Refused(_l("This is your only way to sign in. Add another one first."))
        Identity.delete().where(Identity.id == identity.id).execute()
        audit.record_for(user_id, "identity.unlinked", way=backend.written, email=identity.email)
        outbox.post_everywhere(user, "identity_unlinked", way=called(user, [backend]))
        sessions.end_everything(user, "factor", keep=keep)


def take_back(user: User, since: datetime, *, until: datetime | None = None) -> None:
    """What was linked since then opens nothing any more: somebody else may have been in the account (EM-02). In a
    transaction. `until`: what was linked later is the owner's own."""
    for identity in list(Identity.select().where(Identity.user == user.id, Identity.created >= since,
                                                 Identity.created <= (until or now()))):
        way = next((way for way in offered_to(user.id) if way.name == identity.provider), None)
        Identity.delete().where(Identity.id == identity.id).execute()
        audit.record_for(user.id, "identity.unlinked", way=way.written if way else identity.provider,
                         email=identity.email)
        outbox.post_to(user, "identity_unlinked", way=called(user, [way]) if way else identity.provider)


def label(identity: Identity) -> str:
    """What is said of where somebody is known elsewhere, without asking whose provider it is."""
    way = signin.backends().get(identity.provider)
    return str(way.label if way else _l("The identity provider of an organisation")
               if "@" in identity.provider else identity.provider)


def of(user_id: int) -> dict[str, Identity]:
    """A person's own, by provider."""
    return {identity.provider: identity for identity in Identity.select().where(Identity.user == user_id)}


def offered() -> dict[str, Backend]:
    """The ways that are switched on for all and can be linked."""
    return {name: backend for name, backend in signin.backends().items() if backend.linked}


def offered_to(user_id: int) -> list[Backend]:
    """Those, and what the organisations of a person have brought along."""
    return [*offered().values(), *(way for folder in signin.folders() for way in folder.brought_for(user_id))]


def ways(user_id: int) -> list[tuple[Backend, Identity | None]]:
    """The ways a person can link, each with the identity there. Nothing is asked where there are none."""
    found = offered_to(user_id)
    mine = of(user_id) if found else {}
    return [(way, mine.get(way.name)) for way in found]


def elsewhere(user: User) -> list[Backend]:
    """How somebody without a password here signs in; empty for everybody else, and when no such way is on.

    What an organisation has brought along is none: it does not open the account.
    """
    if user.password is not None or not offered():
        return []
    mine = of(user.id)
    return [way for name, way in offered().items() if name in mine]


def find(token: str) -> sessions.SignedIn | None:
    """Whose session this is, as `sessions.find`. One that was opened by a way that is off by now ends (FD-10)."""
    who = sessions.find(token)
    if who is None or not who.elsewhere or _is_on(who.elsewhere.partition(" ")[0]):
        return who
    with transaction():
        _end(who.elsewhere.partition(" ")[0], Session.id == who.session_id)
    return None


def _is_on(name: str) -> bool:
    """What an organisation has brought along ends by its verbs, and where such ways are off altogether."""
    return name in signin.backends() or ("@" in name and any(folder.brings for folder in signin.folders()))


def close(name: str, written: str) -> int:
    """A way is over: what it opened ends, and whoever is half-way in by it begins anew. How many. In a transaction."""
    Attempt.delete().where(_opened(Attempt.elsewhere, name)).execute()
    return _end(name, Session.user.is_null(False), written=written)


def drop(name: str) -> None:
    """A way is gone for good, and who people are there says nothing any more. In a transaction."""
    Identity.delete().where(Identity.provider == name).execute()


def leave(user_id: int, organisation: str) -> None:
    """Whoever goes from an organisation keeps nothing that it has brought along. In a transaction."""
    for identity in Identity.select().where(Identity.user == user_id, Identity.provider.endswith(f"@{organisation}")):
        Identity.delete().where(Identity.id == identity.id).execute()
        sessions.end_elsewhere((Session.user == user_id) & _opened(Session.elsewhere, identity.provider))


def how_many(name: str) -> int:
    """How many people have linked it."""
    return int(Identity.select().where(Identity.provider == name).count())


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
                _end(backend.name, Session.user == here[subject].id)


def signed_out(backend: Backend, subject: str, session: str, number: str) -> int:
    """Somebody signed out elsewhere: what they opened by it ends here; with `session`, only by that one. How many.

    `number`: of the message, which is taken once. Refused the second time (FD-13).
    """
    whose = Identity.select(Identity.user).where(Identity.provider == backend.name, Identity.subject == subject)
    with transaction():
        beginnings.note(f"sign-out {backend.name}", number)
        which = Session.user.in_(whose) if subject else Session.user.is_null(False)
        return _end(backend.name, which, session, written=backend.written)


def _end(name: str, which: Any, session: str = "", *, written: str = "") -> int:
    """In a transaction."""
    opened = Session.elsewhere == f"{name} {session}" if session else _opened(Session.elsewhere, name)
    ended = sessions.end_elsewhere(which & opened)
    for user_id in ended:
        audit.record_for(user_id, "session.ended_elsewhere", way=written or name)
    return len(ended)


def _opened(elsewhere: Any, name: str) -> Any:
    return (elsewhere == name) | elsewhere.startswith(f"{name} ")


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
