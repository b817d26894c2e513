"""Who may do what: one table (domain §1.3), read by routes, verbs, pages and tests."""
import enum
from dataclasses import dataclass
from typing import Any

import current
from accounts import acting
from i18n import _l
from models import Membership, Role
from rules import Forbidden

LABELS = {
    Role.LEGAL: _l("Legal representative"),
    Role.ADMIN: _l("Administrator"),
    Role.COLLABORATOR: _l("Collaborator"),
    Role.EXTERNAL: _l("External"),
}
MEANINGS = {
    Role.LEGAL: _l("All rights, and the legal responsibility for the organisation."),
    Role.ADMIN: _l("All rights in daily work, without legal responsibility."),
    Role.COLLABORATOR: _l("Only the products granted, and the accounting where that is allowed."),
    Role.EXTERNAL: _l("A guest of the organisation, with access only to what is granted one by one."),
}


class Right(enum.StrEnum):
    """One line of the permission table. The number of domain §1.3 stands beside it."""

    SEE_ORGANISATION = "see the organisation"           # B1
    SEE_DETAILS = "see the details"                     # B2
    EDIT_DETAILS = "edit the details"                   # B3
    READ_ACTIVITY = "read the activity log"             # B4
    FORCE_TWO_FACTOR = "demand two-factor authentication"   # B6
    SEE_MEMBERS = "see the members"                     # C1
    INVITE = "invite"                                   # C2
    GIVE_LEGAL = "make somebody a legal representative" # C3
    CHANGE_ROLES = "change roles"                       # C4
    TAKE_LEGAL = "demote or remove a legal representative"  # C5
    REMOVE_MEMBERS = "remove members"                   # C6
    SET_PREFERENCES = "set the preferences of others"   # C8
    OWN_PREFERENCES = "set one's own preferences"       # C9
    ALERT_MEMBERS = "send a security alert"             # C10
    BLOCK_MEMBERS = "block members"                     # C11
    UNLOCK = "unlock the account of a member"           # C12
    VOUCH = "vouch for a member who lost a factor"      # 3.11
    EDIT_ACCESS = "edit product access"                 # C7
    MANAGE_TEAMS = "manage teams"                       # C13
    SEE_MEMBER_ACTIVITY = "see the activity of a member"    # C14
    SEE_ALL_PRODUCTS = "see every product"              # D1
    BLOCK_PRODUCTS = "block the management of products"     # D6
    MAINTAIN_PRODUCTS = "switch maintenance on and off"     # D7
    ADD_PRODUCTS = "add products"                       # D9
    ASK_ACCESS = "ask for access to a product"          # [D]
    LEAVE = "leave"                                     # A8


_LEGAL, _ADMIN, _ACCOUNTING, _COLLABORATOR, _EXTERNAL = "legal", "admin", "accounting", "collaborator", "external"
EVERYBODY = frozenset({_LEGAL, _ADMIN, _ACCOUNTING, _COLLABORATOR, _EXTERNAL})
ADMINISTRATION = frozenset({_LEGAL, _ADMIN})

TABLE: dict[Right, frozenset[str]] = {
    Right.SEE_ORGANISATION: EVERYBODY,
    Right.SEE_DETAILS: ADMINISTRATION | {_ACCOUNTING},
    Right.EDIT_DETAILS: frozenset({_LEGAL}),            # and administration, where the organisation says so
    Right.READ_ACTIVITY: ADMINISTRATION,
    Right.FORCE_TWO_FACTOR: ADMINISTRATION,
    Right.SEE_MEMBERS: ADMINISTRATION,
    Right.INVITE: ADMINISTRATION,
    Right.GIVE_LEGAL: frozenset({_LEGAL}),
    Right.CHANGE_ROLES: ADMINISTRATION,
    Right.TAKE_LEGAL: frozenset({_LEGAL}),
    Right.REMOVE_MEMBERS: ADMINISTRATION,
    Right.SET_PREFERENCES: ADMINISTRATION,
    Right.OWN_PREFERENCES: EVERYBODY,
    Right.ALERT_MEMBERS: ADMINISTRATION,
    Right.BLOCK_MEMBERS: ADMINISTRATION,
    Right.UNLOCK: ADMINISTRATION,
    Right.VOUCH: frozenset({_LEGAL}),
    Right.EDIT_ACCESS: ADMINISTRATION,
    Right.MANAGE_TEAMS: ADMINISTRATION,
    Right.SEE_MEMBER_ACTIVITY: ADMINISTRATION,
    Right.SEE_ALL_PRODUCTS: ADMINISTRATION,
    Right.BLOCK_PRODUCTS: ADMINISTRATION,
    Right.MAINTAIN_PRODUCTS: ADMINISTRATION,
    Right.ADD_PRODUCTS: ADMINISTRATION,
    Right.ASK_ACCESS: EVERYBODY - {_EXTERNAL},
    Right.LEAVE: EVERYBODY,
}


@dataclass(frozen=True)
class Standing:
    """What decides over rights: a role, the accounting permission, and what the organisation allows."""

    role: str
    accounting: bool = False
    admins_may_edit: bool = False

    def may(self, right: Right) -> bool:
        if right is Right.EDIT_DETAILS and self.role == Role.ADMIN and self.admins_may_edit:
            return True
        return self._column in TABLE[right]

    @property
    def _column(self) -> str:
        return _ACCOUNTING if self.role == Role.COLLABORATOR and self.accounting else str(self.role)


def require(right: Right) -> Membership:
    """The acting person's membership as it is now, inside the transaction; Forbidden without the right (RI-10).
    SignedOut when their session has ended since they came in."""
    acting.require_open()
    membership = mine()
    if membership is None or not standing(membership).may(right):
        raise Forbidden(right)
    return membership


def mine() -> Membership | None:
    """The acting person's active membership of the organisation at work."""
    return Membership.get_or_none(Membership.user == current.actor().user_id,  # type: ignore[no-any-return]
                                  Membership.status == Membership.ACTIVE)


def standing(membership: Membership) -> Standing:
    return Standing(membership.role, membership.accounting, membership.organisation.admins_may_edit)


def choices(chooser: Standing) -> list[tuple[Role, Any, Any, bool]]:
    """Roles to choose from: role, label, meaning, and whether this chooser may give it (G3: only LR gives LR)."""
    return [(role, LABELS[role], MEANINGS[role], role is not Role.LEGAL or chooser.may(Right.GIVE_LEGAL))
            for role in Role]
