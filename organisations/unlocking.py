"""A member's account, locked after wrong passwords, is opened again by whoever sees to the members (C12)."""
import audit
import limits
from accounts import acting, locking
from db import transaction
from i18n import _l
from models import Membership
from organisations import members
from organisations.roles import Right, require
from rules import Conflict, NotHere


def unlock(public_id: str) -> Membership:
    """Whoever asked for it, on the phone perhaps, is somebody the administration knows: no external, and no
    newcomer (TF-25).

    All organisations together may do it a few times a month: each time ten more passwords can be tried (LG-03). A
    link to the mailbox opens it as well.
    """
    with transaction():
        require(Right.UNLOCK)
        member = members.find(public_id)
        if not member.belongs:
            raise NotHere
    if member.user.locked:
        limits.spend(limits.UNLOCK_MEMBER, member.user_id)
    with transaction():
        require(Right.UNLOCK)
        acting.hold(member.user)                # accounts before books: who writes several waits for nobody crosswise
        audit.record("member.unlocked", member.public_id, person=member.user.name)
        if not locking.open_again(member.user):
            raise Conflict(_l("This account is not locked."))
        return member
