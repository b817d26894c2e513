"""A member's account, locked after wrong passwords, is opened again by whoever sees to the members (C12)."""
import audit
from accounts import locking
from db import transaction
from i18n import _l
from models import Membership
from organisations import members
from organisations.roles import Right, require
from rules import Conflict


def unlock(public_id: str) -> Membership:
    """Whoever asked for it, on the phone perhaps, is somebody the administration knows."""
    with transaction():
        require(Right.UNLOCK)
        member = members.find(public_id)
        audit.record("member.unlocked", member.public_id, person=member.user.name)
        if not locking.open_again(member.user):
            raise Conflict(_l("This account is not locked."))
        return member
