"""An account locks after wrong passwords in a row (G4-R5). Browsers it knows, and passkeys, still open it (LG-18).

The row is counted in the account itself, by the transaction that writes the failure down: the counters of `limits`
stand in a file of their own, and forget.
"""
from typing import Any

import audit
import limits
import outbox
import rules
from accounts import keepers, links
from clock import now
from db import transaction
from models import Link, User
from questions import question, slot
from rules import Gone, TooMany


def holds(user: User) -> bool:
    """Is it locked, as of this instant? Also for a password that was being looked at when it locked."""
    return bool(_locked()(user=user.id))


@question
def _locked() -> Any:
    return User.select(User.locked).where(User.id == slot("user"), User.locked.is_null(False))


def count(user: User) -> bool:
    """One more wrong password, from a browser the account does not know. Does it lock? In a transaction.

    Of several at one instant, one locks: everybody is told once, and at once.
    """
    User.update(failures=User.failures + 1).where(User.id == user.id).execute()
    if not User.update(locked=now()).where(User.id == user.id, User.locked.is_null(), User.suspended.is_null(),
                                           User.failures >= User.lock_threshold).execute():
        return False
    keepers.tell(user, "member.locked", "member_locked")
    audit.record_for(user.id, "account.locked")
    outbox.post_everywhere(user, "account_locked", at=int(now().timestamp()))
    return True


def begin_anew(user: User) -> None:
    """A right one ends the row."""
    if user.failures:
        with transaction():
            User.update(failures=0).where(User.id == user.id).execute()


def open_again(user: User) -> bool:
    """In a transaction. Was it locked at all?"""
    links.end(user, links.UNLOCK)
    limits.forgive(limits.SIGN_IN_ACCOUNT, user.email)
    if not User.update(locked=None, failures=0).where(User.id == user.id, User.locked.is_null(False)).execute():
        return False
    audit.record_for(user.id, "account.unlocked")
    outbox.post_everywhere(user, "account_unlocked")
    return True


def ask(email: str) -> None:
    """A link, if that account is locked; its owner is told if it is not. Asked by `asked`, not by a request (SP-10).

    After three mails in an hour nothing more is sent, and nothing more is said.
    """
    address = rules.address(email)
    try:
        limits.spend(limits.UNLOCK_ADDRESS, address.key)
    except TooMany:
        return
    user = User.get_or_none(User.email == address.key)
    with transaction():
        if user is None or user.suspended:
            links.use_up(links.make(links.UNLOCK, email=address.key))
            return
        link = links.make(links.UNLOCK, user=user, email=user.email)
        if user.locked:
            outbox.post_everywhere(user, "unlock", **links.told(link))
        else:
            links.use_up(link)
            outbox.post_to(user, "unlock_needless")


def opened(token: str) -> Link:
    """The link, or Gone: also when its address is another one now, or nothing is locked any more."""
    link = links.opened(token, links.UNLOCK)
    if link.user.email != link.email or not link.user.locked:
        raise Gone
    return link


def unlock(token: str) -> User:
    """By the owner's link. Of two at once, one passes."""
    link = opened(token)
    with transaction():
        links.use_up(link)
        if not open_again(link.user):
            raise Gone
        return link.user  # type: ignore[no-any-return]
