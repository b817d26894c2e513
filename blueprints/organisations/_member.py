"""What all pages about one member share."""
from typing import Any

from flask import Response, g, url_for
from peewee import JOIN

from accounts import lost_factor
from i18n import _
from models import Membership, Role, Team, TeamMember, User
from organisations import blocking
from organisations.roles import LABELS, Right
from pages import page
from products import doors, rehearsals
from rules import Forbidden, NotHere


def one(id: str) -> Membership:
    member = (Membership.select(Membership, User).join(User)
              .where(Membership.public_id == id, Membership.ended.is_null()).first())
    if member is None:
        raise NotHere
    return member  # type: ignore[no-any-return]


def one_with_teams(id: str) -> Membership:
    """The same, with `in_teams`, by name; in one statement."""
    rows = list(Membership.select(Membership, User, Team).join(User).switch(Membership)
                .join(TeamMember, JOIN.LEFT_OUTER, on=TeamMember.membership == Membership.id,
                      attr="belonging")
                .join(Team, JOIN.LEFT_OUTER, on=TeamMember.team == Team.id, attr="one")
                .where(Membership.public_id == id, Membership.ended.is_null()).order_by(Team.key))
    if not rows:
        raise NotHere
    rows[0].in_teams = [row.belonging.one for row in rows if row.belonging]
    return rows[0]  # type: ignore[no-any-return]


def one_to_change(id: str) -> Membership:
    """The same; Forbidden where it is not for this person to change them."""
    member = one(id)
    if not changeable(member):
        raise Forbidden(Right.TAKE_LEGAL)
    return member


def one_rehearsed(id: str, change: rehearsals.Change) -> Membership:
    """The same, with `effects`: which doors would open and close for them."""
    member = rehearsals.one(id)
    if member is None:
        raise NotHere
    if not changeable(member):
        raise Forbidden(Right.TAKE_LEGAL)
    found = rehearsals.effects([member], rehearsals.products(), g.here.demands, change)
    member.effects = doors.told(found[0].change) if found else [_("No product opens or closes by it.")]
    return member


def changeable(member: Membership) -> bool:
    """Only a legal representative changes or removes one."""
    return member.role != Role.LEGAL or bool(g.may(Right.TAKE_LEGAL))


def about(member: Membership, template: str, status: int = 200, **more: Any) -> Response:
    """A page about a member, below the list of them."""
    return page(f"organisations/{template}.html", status, member=member,
                crumbs=((_("Members"), url_for("members.show")), (member.user.name, None)), **more)


def member_page(id: str, status: int = 200, why: Any = "") -> Response:
    member = one_with_teams(id)
    lost = lost_factor.of(member.user_id) if g.may(Right.VOUCH) and member.two_factor and member.belongs else None
    return about(member, "member", status, labels=LABELS, why=why, mine=member.user_id == g.me.user_id,
                 changeable=changeable(member), blocked=blocking.standing_block(member),
                 lost=lost, opens=lost.opens if lost and lost_factor.vouched(lost) else None)
