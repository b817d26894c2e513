"""Keeping somebody out of the organisation for a while, without taking anything away (G8)."""
import audit
import outbox
import rules
from clock import now
from db import transaction
from i18n import _l
from models import Block, Membership, Organisation, Role, User
from organisations import members
from organisations.roles import Right, require, standing
from rules import Forbidden, Refused
from tenancy import at_work

LONGEST_REASON = 300


def block(public_id: str, reason: str) -> Membership:
    """Out at the next request, in every window; role, preferences and grants stay for the day it is lifted.

    Who is blocked already stays so, with the reason of before. Never oneself, never the last legal
    representative, and one of these only by another (RI-1, RI-3).
    """
    reason = rules.line(reason, "reason", longest=LONGEST_REASON)
    with transaction():
        members.one_at_a_time()
        blocker = require(Right.BLOCK_MEMBERS)
        member = members.find(public_id)
        if member.user_id == blocker.user_id:
            raise Refused(_l("Nobody can block themselves. Ask somebody else, or leave the organisation."))
        if member.status == Membership.BLOCKED:
            return member
        if member.role == Role.LEGAL:
            members.may_take_legal(blocker, member)
        if not reason:
            raise Refused(_l("Say in a few words why."), "reason")
        member.status = Membership.BLOCKED
        member.save()
        Block.create(membership=member, reason=reason, by=blocker.user_id)
        _tell(blocker, member, "blocked", reason=reason)
        return member


def unblock(public_id: str) -> Membership:
    """In again, as what one was before."""
    with transaction():
        members.one_at_a_time()
        lifter = require(Right.BLOCK_MEMBERS)
        member = members.find(public_id)
        if member.status == Membership.ACTIVE:
            return member
        if member.role == Role.LEGAL and not standing(lifter).may(Right.TAKE_LEGAL):
            raise Forbidden(Right.TAKE_LEGAL)
        member.status = Membership.ACTIVE
        member.save()
        Block.update(lifted=now(), lifted_by=lifter.user_id).where(
            Block.membership == member.id, Block.lifted.is_null()).execute()
        _tell(lifter, member, "unblocked")
        return member


def standing_block(member: Membership) -> Block | None:
    """Why somebody is blocked, since when and by whom."""
    if member.status != Membership.BLOCKED:
        return None
    return (Block.select(Block, User).join(User, on=Block.by)  # type: ignore[no-any-return]
            .where(Block.membership == member.id, Block.lifted.is_null()).first())


def _tell(actor: Membership, member: Membership, what: str, **reason: str) -> None:
    """The books, the person, and everybody responsible. The reason is for the latter and their log."""
    organisation = Organisation.get_by_id(at_work().id).name
    audit.record(f"member.{what}", member.public_id, person=member.user.name, **reason)
    audit.record_for(member.user_id, f"organisation.{what}", organisation=organisation)
    outbox.post_to(member.user, what, organisation=organisation)
    members.tell_responsible(f"member_{what}", but=(member.user_id,), by=actor.user.name,
                             person=member.user.name, **reason)
