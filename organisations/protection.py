"""Who is protected by a second factor, as the organisations of that person count it.

The verbs on a person's factors live one room below; these wrap them, because
every list and every count of their organisations changes in the same transaction.
"""
from typing import Any

import audit
from accounts import acting, keepers, lost_factor, second_factors
from accounts.signin import Outcome
from db import transaction
from i18n import _l
from models import Membership, Organisation, User
from organisations import policy
from rules import Refused
from tenancy import across_organisations


def confirm(user: User, kind: str, answer: str, **more: Any) -> list[str]:
    """See `second_factors.confirm`."""
    with transaction():
        acting.hold_own(user)
        codes = second_factors.confirm(user, kind, answer, **more)
        recount(user)
        return codes


def remove(user: User, public_id: str, *, keep: int | None = None) -> bool:
    """See `second_factors.remove`. The last one stays while an organisation of theirs demands it (G10-R4)."""
    with transaction():
        acting.hold_own(user)
        demanding = needed_by(user.id)
        last = second_factors.remove(user, public_id, keep=keep)
        if last and demanding:                  # undone with everything before
            raise Refused(_l("%(organisation)s requires two-factor authentication. Replace this second factor, or "
                             "add another one before you remove it.", organisation=demanding[0]))
        if last:
            recount(user)
        return last


def needed_by(user_id: int) -> list[str]:
    """The organisations that demand two-factor authentication of this person, by name."""
    with across_organisations("a person's own organisations"):
        names = (Organisation.select(Organisation.name).join(Membership)
                 .where(Membership.user == user_id, Membership.status == Membership.ACTIVE,
                        Organisation.status == "active", policy.demanding())
                 .order_by(Organisation.name))
        return [name for (name,) in names.tuples()]


def enter_without(token: str, attempt: str, *, device: str = "", place: str = "") -> Outcome:
    """See `lost_factor.enter`."""
    with transaction():
        outcome = lost_factor.enter(token, attempt, device=device, place=place)
        if outcome.user:
            recount(outcome.user)
        return outcome


def reset(user: User) -> None:
    """Whoever runs the installation has identified the person, and says so at the machine (`flask operator`)."""
    with transaction():
        acting.hold(user)
        audit.record_here("factor.reset", user.public_id, person=user.name)
        keepers.tell(user, "member.factor_reset", "member_factor_reset")
        audit.record_for(user.id, "two_factor.reset")
        lost_factor.close(user)
        second_factors.reset(user)
        recount(user)


def recount(user: User) -> None:
    """Tell every organisation of this person how it is now, those that do not know it yet."""
    change = -1 if user.two_factor else +1
    with across_organisations("a person's second factor, in every organisation of theirs"):
        otherwise = ((Membership.user == user.id) & Membership.ended.is_null()
                     & (Membership.two_factor != user.two_factor))
        Organisation.update(unprotected=Organisation.unprotected + change).where(
            Organisation.id.in_(Membership.select(Membership.organisation).where(otherwise))).execute()
        Membership.update(two_factor=user.two_factor).where(Membership.user == user.id).execute()
