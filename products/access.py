"""May somebody, in this session, do that with this product? One pure function, and every door asks it.

A door is whatever opens something: a page, a sign-in to an application, a token, the gate. The page
that says why, and the rehearsals that say what would be, are other questions to the same function.
"""
import enum
from dataclasses import dataclass
from datetime import datetime

from models import Category, Grant, Role
from organisations.policy import Demands, Proved, Step, missing_steps


class Why(enum.StrEnum):
    """Why a door is closed; what comes first is told first."""

    SUSPENDED = "the account is suspended"
    NO_ORGANISATION = "the organisation is not there"
    NO_MEMBER = "not a member"
    MEMBER_BLOCKED = "blocked in the organisation"
    NO_PRODUCT = "the product is not there"
    NO_SUCH_RIGHT = "the product knows no such right"
    NOT_GRANTED = "not granted"
    OVER = "granted until a moment that is past"
    PRODUCT_BLOCKED = "the product is blocked"
    IN_MAINTENANCE = "the service is in maintenance"


@dataclass(frozen=True)
class Given:
    """A grant as it reaches somebody: `product` none, over everything; `team`, by which team; none, one's own."""

    right: str
    product: int | None = None
    team: str = ""
    by_rule: bool = False
    until: datetime | None = None


@dataclass(frozen=True)
class Person:
    """Who asks, and what one is in the product's organisation: without a role, no member."""

    role: str = ""
    two_factor: bool = False
    suspended: bool = False
    blocked: bool = False
    given: tuple[Given, ...] = ()


@dataclass(frozen=True)
class House:
    """The organisation."""

    active: bool = False
    demands: Demands = Demands()


@dataclass(frozen=True)
class Thing:
    """The product, with the rights its category knows; «use» is one where it can be used.

    `ours`: people get to it by a door of ours, which a block closes, too (G2-R7). Other services go on (G8-R4).
    """

    id: int = 0
    active: bool = False
    rights: tuple[str, ...] = ()
    ours: bool = False
    blocked: bool = False
    maintained: bool = False
    team_merge: str = Category.UNION


@dataclass(frozen=True)
class Decision:
    """`sources`: what would open the door; `refusals` and `steps`: what keeps it closed all the same."""

    sources: tuple[Given, ...]
    refusals: tuple[Why, ...]
    steps: tuple[Step, ...]

    @property
    def allowed(self) -> bool:
        return not self.refusals and not self.steps


ROLE = Given("role")                            # the source of those who manage everything (RI-4)


def decide(person: Person, organisation: House, product: Thing, right: str, session: Proved, at: datetime) -> Decision:
    """Open only if nothing at all closes it: of several rules the strictest wins, and what is not known is closed."""
    ever = _reaching(person, product, right)
    sources = tuple(given for given in ever if given.until is None or at < given.until)
    closed = {
        Why.SUSPENDED: person.suspended,
        Why.NO_ORGANISATION: not organisation.active,
        Why.NO_MEMBER: not person.role,
        Why.MEMBER_BLOCKED: person.blocked,
        Why.NO_PRODUCT: not product.active,
        Why.NO_SUCH_RIGHT: right not in product.rights,
        Why.NOT_GRANTED: not ever,
        Why.OVER: bool(ever) and not sources,
        Why.PRODUCT_BLOCKED: product.blocked and (product.ours or right != Grant.USE),
        Why.IN_MAINTENANCE: product.maintained and right == Grant.USE,
    }
    return Decision(sources, tuple(why for why in Why if closed[why]),
                    missing_steps(person, organisation.demands, session))


def _reaching(person: Person, product: Thing, right: str) -> tuple[Given, ...]:
    """Whatever gives this right over this product, now or in the past."""
    if person.role in (Role.LEGAL, Role.ADMIN) and right != Grant.USE:
        return (ROLE,)
    here = [given for given in person.given if given.product in (None, product.id)]
    own = [given for given in here if not given.team]
    if own and product.team_merge == Category.INDIVIDUAL:
        here = own
    return tuple(given for given in here if given.right in (right, Grant.EVERYTHING))
