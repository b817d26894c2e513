"""Every door of one person: which are open, by what, and what is missing where one is closed (G2, «effective access»).

The same function is asked as at the doors themselves. Nobody stands before them here, so the session is the best
that this person could sign in with; and what would be is asked by changing the person or the house.
"""
from dataclasses import dataclass

from clock import now
from models import Product
from organisations.policy import Demands, Proved
from products import evidence
from products.access import Decision, House, Person, decide
from products.editor import Access, Section


@dataclass(frozen=True)
class Door:
    """One right over one product."""

    section: Section
    product: Product
    right: str
    decision: Decision

    @property
    def title(self) -> str:
        return self.section.title(self.right)


def of(access: Access, demands: Demands, *, person: Person | None = None) -> list[Door]:
    """All of a member, in the catalogue's order. `person`: as they would be."""
    who, house, at = person or access.person, House(True, demands), now()
    session = best(who)
    return [Door(section, row.product, right, decide(who, house, evidence.thing(row.product), right, session, at))
            for part in access.parts for section in part.sections for row in section.rows for right in section.rights]


def best(person: Person) -> Proved:
    """The strongest session that somebody could have at this moment."""
    return Proved(("passkey",) if person.two_factor else ("password",))


@dataclass(frozen=True)
class Rehearsal:
    """What a change would open and close."""

    gained: list[Door]
    lost: list[Door]

    def __bool__(self) -> bool:
        return bool(self.gained or self.lost)


def rehearse(before: list[Door], after: list[Door]) -> Rehearsal:
    """Of the same doors, asked twice."""
    pairs = list(zip(before, after, strict=True))
    return Rehearsal([new for old, new in pairs if new.decision.allowed and not old.decision.allowed],
                     [old for old, new in pairs if old.decision.allowed and not new.decision.allowed])
