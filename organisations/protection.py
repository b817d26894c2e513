"""Who is protected by a second factor, as the organisations of that person count it.

The verbs on a person's factors live one room below; these wrap them, because
every list and every count of their organisations changes in the same transaction.
"""
from typing import Any

from accounts import second_factors
from db import transaction
from models import Membership, Organisation, User
from tenancy import across_organisations


def confirm(user: User, kind: str, answer: str, **more: Any) -> list[str]:
    """See `second_factors.confirm`."""
    with transaction():
        before = user.two_factor
        codes = second_factors.confirm(user, kind, answer, **more)
        if user.two_factor != before:
            _count(user)
        return codes


def remove(user: User, public_id: str, *, keep: int | None = None) -> bool:
    """See `second_factors.remove`."""
    with transaction():
        last = second_factors.remove(user, public_id, keep=keep)
        if last:
            _count(user)
        return last


def _count(user: User) -> None:
    """Tell every organisation of this person that the state has changed."""
    change = -1 if user.two_factor else +1
    with across_organisations("a person's second factor, in every organisation of theirs"):
        mine = (Membership.user == user.id) & Membership.ended.is_null()
        Organisation.update(unprotected=Organisation.unprotected + change).where(
            Organisation.id.in_(Membership.select(Membership.organisation).where(mine))).execute()
        Membership.update(two_factor=user.two_factor).where(Membership.user == user.id).execute()
