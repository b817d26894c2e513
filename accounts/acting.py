"""Whoever acts is signed in still: asked in the transaction of their verbs, not at the door alone.

Between the door and the deed lies a slow hash, or somebody else who is waited for. A reset may have come between
them; what it ended does nothing any more. Both hold the account, so that one is the first: a deed that was done before
a reset is undone by it as any other, one that comes after it is none.
"""
import current
import db
from models import Session, User
from rules import SignedOut


def me() -> User:
    """The acting person's own row, to be changed: see `hold_own`."""
    return hold_own(User(id=current.actor().user_id))


def hold_own(person: User) -> User:
    """The account of somebody who acts for themselves, held. SignedOut when the session they act in is over."""
    hold(person)
    session = current.actor().session_id
    if session is not None and (person.suspended or not _open(session, person)):
        raise SignedOut
    return person


def require_open() -> None:
    """The same, for deeds on anything but the account itself. Pages, which ask for a right as well, open no
    transaction: they were asked at the door."""
    who = current.actor()
    if who.session_id is not None and db.database.in_transaction():
        hold_own(User(id=who.user_id))


def hold(person: User) -> User:
    """What is known of a person becomes what is stored now, and stays so until the transaction ends."""
    person.__data__ = db.held(User.select().where(User.id == person.id)).get().__data__
    return person


def _open(session: int, person: User) -> bool:
    return bool(Session.select().where(Session.id == session, Session.user == person.id, Session.ended.is_null(),
                                       Session.epoch == person.epoch).exists())
