"""What all pages about one member share."""
from typing import Any

from flask import Response, g, url_for

from accounts import lost_factor
from i18n import _
from models import Membership, Role, User
from organisations import blocking
from organisations.roles import LABELS, Right
from pages import page
from rules import Forbidden, NotHere


def one(id: str) -> Membership:
    member = (Membership.select(Membership, User).join(User)
              .where(Membership.public_id == id, Membership.ended.is_null()).first())
    if member is None:
        raise NotHere
    return member  # type: ignore[no-any-return]


def one_to_change(id: str) -> Membership:
    """The same; Forbidden where it is not for this person to change them."""
    member = one(id)
    if not changeable(member):
        raise Forbidden(Right.TAKE_LEGAL)
    return member


def changeable(member: Membership) -> bool:
    """Only a legal representative changes or removes one."""
    return member.role != Role.LEGAL or bool(g.may(Right.TAKE_LEGAL))


def about(member: Membership, template: str, status: int = 200, **more: Any) -> Response:
    """A page about a member, below the list of them."""
    return page(f"organisations/{template}.html", status, member=member,
                crumbs=((_("Members"), url_for("members.show")), (member.user.name, None)), **more)


def member_page(member: Membership, status: int = 200, why: Any = "") -> Response:
    lost = lost_factor.of(member.user_id) if g.may(Right.VOUCH) and member.two_factor and member.belongs else None
    return about(member, "member", status, labels=LABELS, why=why, mine=member.user_id == g.me.user_id,
                 changeable=changeable(member), blocked=blocking.standing_block(member),
                 lost=lost, opens=lost.opens if lost and lost_factor.vouched(lost) else None)
