"""Every door of one person: which are open, by what, and what is missing where one is closed (G2, «effective access»).

The same function is asked as at the doors themselves. Nobody stands before them here, so the session is the best
that this person could sign in with; and what would be is asked by changing the person or the house.
"""
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clock import now
from i18n import _, ngettext
from models import Product
from organisations.policy import Demands, Proved
from products import catalogue, evidence, words
from products.access import Decision, House, Person, decide
from products.editor import Access

NAMED = 25                                      # doors of one person that a page says by name


@dataclass(frozen=True)
class Door:
    """One right over one product."""

    product: Product
    right: str
    decision: Decision

    @property
    def title(self) -> str:
        return words.right(self.right, self.product.category.kind)

    @property
    def category(self) -> str:
        return catalogue.told(self.product.category)


def of(access: Access, demands: Demands) -> list[Door]:
    """All of a member, in the catalogue's order."""
    return through((row.product for part in access.parts for section in part.sections for row in section.rows),
                   access.person, demands)


def through(products: Iterable[Product], person: Person, demands: Demands) -> list[Door]:
    """Those of some products, each read with its category."""
    house, session, at = House(True, demands), best(person), now()
    things = ((product, evidence.thing(product)) for product in products)
    return [Door(product, right, decide(person, house, thing, right, session, at))
            for product, thing in things for right in thing.rights]


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


def told(change: Rehearsal) -> list[str]:
    """As sentences: «Loses: Wiki (Use)»."""
    return ([_("Loses: %(doors)s", doors=named(change.lost))] if change.lost else []) + (
        [_("Gains: %(doors)s", doors=named(change.gained))] if change.gained else [])


def named(doors: Sequence[Door]) -> str:
    """Each product with its rights, up to so many of these."""
    rights: dict[str, list[str]] = {}
    for door in doors[:NAMED]:
        rights.setdefault(door.product.label, []).append(door.title)
    some = ", ".join(f"{label} ({', '.join(titles)})" for label, titles in rights.items())
    more = len(doors) - NAMED
    return some if more <= 0 else ngettext("%(doors)s and %(num)s more", "%(doors)s and %(num)s more", more, doors=some)


def rehearse(before: list[Door], after: list[Door]) -> Rehearsal:
    """Of the same doors, asked twice."""
    pairs = list(zip(before, after, strict=True))
    return Rehearsal([new for old, new in pairs if new.decision.allowed and not old.decision.allowed],
                     [old for old, new in pairs if old.decision.allowed and not new.decision.allowed])
