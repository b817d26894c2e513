"""A legal representative vouches that somebody who lost a second factor is who they say (domain 3.11)."""
import audit
from accounts import lost_factor
from db import transaction
from i18n import _l
from models import Membership
from organisations import members
from organisations.roles import Right, require
from rules import Conflict, NotHere, Refused
from tenancy import at_work


def asking(public_id: str) -> Membership:
    """A member who waits for somebody who vouches; NotHere for any other, and for whoever is blocked here."""
    member = _active(public_id)
    if lost_factor.waiting(member.user_id) is None:
        raise NotHere
    return member


def vouch(public_id: str) -> Membership:
    """The second of the proofs: one alone never suffices (TF-25). Nobody vouches for themselves."""
    with transaction():
        voucher = require(Right.VOUCH)
        member = _active(public_id)
        if member.user_id == voucher.user_id:
            raise Refused(_l("You cannot vouch for yourself."))
        audit.record("member.vouched", member.public_id, person=member.user.name)
        if not lost_factor.approve(member.user, voucher.user_id, at_work().id):
            raise Conflict(_l("This request is no longer open."))
        return member


def _active(public_id: str) -> Membership:
    member = members.find(public_id)
    if member.status != Membership.ACTIVE:
        raise NotHere
    return member
