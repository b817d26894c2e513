"""The first steps of an organisation, which tick themselves from what is there; and who waits for somebody's help."""
from dataclasses import dataclass
from typing import Any

from peewee import fn

import audit
from clock import now
from db import stored, transaction
from i18n import _l
from models import Membership, Organisation, Role
from organisations import directory
from organisations.roles import Right, require
from organisations.switching import Place
from questions import question, slot
from tenancy import at_work


@dataclass(frozen=True)
class Step:
    label: Any
    path: str                   # below the organisation, or of the account if it begins with a slash
    done: bool


@dataclass(frozen=True)
class Look:
    """What administration has to do: first steps, none when all are done or hidden; and for how many people."""

    steps: tuple[Step, ...]
    locked: int                 # their account, after wrong passwords
    lost: int                   # their second factor, and they ask to get in without it


def look(place: Place, two_factor: bool) -> Look:
    """All in one statement."""
    at = now()
    ((hidden, postcode, legal, locked, lost),) = _state()(now=stored(at), known=stored(at - Membership.KNOWN))
    all_of_them = (
        Step(_l("Complete the postal address"), "settings", bool(postcode)),
        Step(_l("Invite a first member"), "members/invite", place.members + place.externals + place.invitations > 1),
        Step(_l("Name a second legal representative"), "members", legal > 1),
        Step(_l("Protect your own account with two-factor authentication"), "/account/security/two-factor",
             bool(two_factor)),
        Step(_l("Require two-factor authentication for everybody"), "security", place.two_factor != Organisation.OFF),
    )
    return Look(() if hidden or all(step.done for step in all_of_them) else all_of_them, locked, lost)


@question
def _state() -> Any:
    return (Membership.select(Organisation.checklist_hidden, Organisation.postcode, fn.COUNT(Membership.id),
                              *directory.waiting(slot("now"), slot("known")))
            .join(Organisation).where(Membership.role == Role.LEGAL, Membership.status == Membership.ACTIVE,
                                      Membership.ended.is_null())
            .group_by(Organisation.id))


def hide() -> None:
    """For everybody of this organisation."""
    with transaction():
        require(Right.READ_ACTIVITY)
        Organisation.update(checklist_hidden=True).where(Organisation.id == at_work().id).execute()
        audit.record("organisation.checklist_hidden")
