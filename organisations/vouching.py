"""A legal representative vouches that somebody who lost a second factor is who they say, or refuses (domain 3.11)."""
import audit
from accounts import lost_factor
from db import transaction
from i18n import _l
from models import Membership
from organisations import members, policy, protection
from organisations.policy import Demands
from organisations.roles import Right, require
from rules import Conflict, NotHere, Refused
from tenancy import at_work

CLOSED = _l("This request is no longer open.")


def asking(public_id: str) -> Membership:
    """A member who waits for somebody who vouches; NotHere for any other, and for externals or who is blocked here."""
    member = _belonging(public_id)
    if lost_factor.waiting(member.user_id) is None:
        raise NotHere
    return member


def under_way(public_id: str) -> Membership:
    """The same, also when somebody has vouched already: until the person is in, another may know better."""
    member = _belonging(public_id)
    if lost_factor.of(member.user_id) is None:
        raise NotHere
    return member


def vouch(public_id: str) -> Membership:
    """The second of the proofs: one alone never suffices (TF-25). Nobody vouches for themselves.

    For somebody of whom an organisation demands two steps, whoever vouches has done two as well: what is vouched
    for is the way past them. An external is nobody of theirs: they neither vouch nor refuse.
    """
    with transaction():
        voucher = require(Right.VOUCH)
        member = _belonging(public_id)
        if member.user_id == voucher.user_id:
            raise Refused(_l("You cannot vouch for yourself."))
        if lost_factor.waiting(member.user_id) is None:
            raise Conflict(CLOSED)
        if protection.needed_by(member.user_id):
            policy.act_in_two_steps(Demands.of(member.organisation))
        audit.record("member.vouched", member.public_id, person=member.user.name)
        if not lost_factor.approve(member.user, voucher.user_id, at_work().id):
            raise Conflict(CLOSED)
        return member


def refuse(public_id: str) -> Membership:
    """It comes to nothing, whoever vouched. One's own request is cancelled by its letter, not here."""
    with transaction():
        refuser = require(Right.VOUCH)
        member = _belonging(public_id)
        if member.user_id == refuser.user_id or not lost_factor.refuse(member.user):
            raise Conflict(CLOSED)
        return member


def _belonging(public_id: str) -> Membership:
    member = members.find(public_id)
    if not member.belongs:
        raise NotHere
    return member
