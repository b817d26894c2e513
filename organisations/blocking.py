"""Keeping somebody out of the organisation for a while, without taking anything away (G8)."""
from dataclasses import dataclass
from datetime import datetime

from peewee import JOIN

import audit
import outbox
import rules
from clock import now
from db import instant, transaction
from i18n import _l
from models import Block, Membership, Organisation, Role, User
from organisations import members
from organisations.roles import Right, require, standing
from rules import Forbidden, Refused
from tenancy import across_organisations, at_work

LONGEST_REASON = 300
TO_ASK = 5                                      # legal representatives by name


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


@dataclass(frozen=True)
class KeptOut:
    """From what, as the one who is blocked may know it: not why, which the organisation keeps to itself."""

    public_id: str
    slug: str
    name: str
    since: datetime | None
    ask: list[User]             # who answers for it


def keeping_out(user_id: int) -> list[KeptOut]:
    """The organisations in which somebody is blocked, by name, and whom to ask about it. In one statement."""
    legal = Membership.alias()
    query = (Membership.select(Organisation.public_id, Organisation.slug, Organisation.name, Block.at, User.public_id,
                               User.first_name, User.last_name, User.email_typed)
             .join(Organisation).switch(Membership)
             .join(Block, JOIN.LEFT_OUTER, on=(Block.membership == Membership.id) & Block.lifted.is_null())
             .join(legal, JOIN.LEFT_OUTER, on=(legal.organisation == Membership.organisation)
                   & (legal.role == Role.LEGAL) & (legal.status == Membership.ACTIVE))
             .join(User, JOIN.LEFT_OUTER, on=(legal.user == User.id) & User.suspended.is_null())
             .where(Membership.user == user_id, Membership.status == Membership.BLOCKED,
                    Organisation.status == "active")
             .order_by(Organisation.name, Organisation.id, legal.sort_name, legal.id))
    found: dict[str, KeptOut] = {}
    with across_organisations("a person's own memberships"):
        for public_id, slug, name, since, person, first, last, email in query.tuples():
            kept = found.setdefault(public_id, KeptOut(public_id, slug, name, instant(since), []))
            if person and len(kept.ask) < TO_ASK:
                kept.ask.append(User(public_id=person, first_name=first, last_name=last, email_typed=email))
    return list(found.values())


def _tell(actor: Membership, member: Membership, what: str, **reason: str) -> None:
    """The books, the person, and everybody responsible. The reason is for the latter and their log."""
    organisation = Organisation.get_by_id(at_work().id).name
    audit.record(f"member.{what}", member.public_id, person=member.user.name, **reason)
    audit.record_for(member.user_id, f"organisation.{what}", organisation=organisation)
    outbox.post_to(member.user, what, organisation=organisation)
    members.tell_responsible(f"member_{what}", but=(member.user_id,), by=actor.user.name,
                             person=member.user.name, **reason)
