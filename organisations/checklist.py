"""The first steps of an organisation. They tick themselves from what is there."""
from dataclasses import dataclass
from typing import Any

from peewee import fn

import audit
from db import transaction
from i18n import _l
from models import Membership, Organisation, Role
from organisations.roles import Right, require
from organisations.switching import Place
from questions import question
from tenancy import at_work


@dataclass(frozen=True)
class Step:
    label: Any
    path: str                   # below the organisation, or of the account if it begins with a slash
    done: bool


def steps(place: Place, two_factor: bool) -> tuple[Step, ...]:
    """Those of administration; none when all are done, or hidden."""
    ((hidden, postcode, legal),) = _state()()
    all_of_them = (
        Step(_l("Complete the postal address"), "settings", bool(postcode)),
        Step(_l("Invite a first member"), "members/invite", place.members + place.externals + place.invitations > 1),
        Step(_l("Name a second legal representative"), "members", legal > 1),
        Step(_l("Protect your own account with two-factor authentication"), "/account/security/two-factor",
             bool(two_factor)),
        Step(_l("Require two-factor authentication for everybody"), "security", place.two_factor != Organisation.OFF),
    )
    return () if hidden or all(step.done for step in all_of_them) else all_of_them


@question
def _state() -> Any:
    return (Membership.select(Organisation.checklist_hidden, Organisation.postcode, fn.COUNT(Membership.id))
            .join(Organisation).where(Membership.role == Role.LEGAL, Membership.status == Membership.ACTIVE,
                                      Membership.ended.is_null())
            .group_by(Organisation.id))


def hide() -> None:
    """For everybody of this organisation."""
    with transaction():
        require(Right.READ_ACTIVITY)
        Organisation.update(checklist_hidden=True).where(Organisation.id == at_work().id).execute()
        audit.record("organisation.checklist_hidden")
