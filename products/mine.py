"""What one person may use, wherever they belong: open, a step away, or closed for now and whom to ask."""
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from peewee import JOIN

from clock import now
from models import Category, Grant, Membership, Organisation, Product, Role, Team, TeamMember, User
from organisations.policy import Demands, Proved, Step
from products import catalogue, evidence
from products.access import Decision, Given, House, Person, Why, decide
from rules import fold
from tenancy import across_organisations


@dataclass
class Home:
    """One organisation of a person, and what reaches them there."""

    organisation: Organisation
    role: str
    given: list[Given] = field(default_factory=list)
    responsible: list[User] = field(default_factory=list)

    @property
    def everything(self) -> bool:
        return any(given.right == Grant.EVERYTHING for given in self.given)


@dataclass(frozen=True)
class Use:
    """One product that somebody may use, or could, or might."""

    home: Home
    product: Product
    decision: Decision

    @property
    def kind(self) -> Any:
        return catalogue.kind_of(self.product.category)

    @property
    def step(self) -> Step | None:
        """The first thing still to be done, where nothing else keeps it closed."""
        steps = self.decision.steps
        return steps[0] if steps and not self.decision.refusals else None

    @property
    def closed(self) -> bool:
        return bool(self.decision.refusals)


@dataclass(frozen=True)
class Mine:
    homes: list[Home]
    uses: list[Use]

    @property
    def open(self) -> list[Use]:
        return [use for use in self.uses if use.decision.allowed]

    @property
    def waiting(self) -> list[Use]:
        return [use for use in self.uses if use.step]

    @property
    def closed(self) -> list[Use]:
        return [use for use in self.uses if use.closed]


def of(user_id: int, two_factor: bool, session: Proved) -> Mine:
    """In three statements, however many organisations there are. It is asked about one person only."""
    with across_organisations("a person's own products"):
        homes = _homes(user_id)
        uses = [Use(home, product, decision) for home, product in _products(homes)
                if Why.NOT_GRANTED not in (decision := decide(
                    Person(home.role, two_factor, given=tuple(home.given)),
                    House(True, Demands.of(home.organisation)), evidence.thing(product), Grant.USE, session,
                    now())).refusals]
        _whom_to_ask([use.home for use in uses if use.closed])
    uses.sort(key=lambda use: (fold(use.product.label), use.product.id))
    return Mine(sorted(homes.values(), key=lambda home: fold(home.organisation.name)), uses)


def _homes(user_id: int) -> dict[int, Home]:
    joined = TeamMember.select(TeamMember.team).where(TeamMember.membership == Membership.id)
    rows = (Membership.select(Membership, Organisation, Grant, Team).join(Organisation).switch(Membership)
            .join(Grant, JOIN.LEFT_OUTER, attr="reaching", on=Grant.category.is_null() & (
                (Grant.membership == Membership.id) | Grant.team.in_(joined)))
            .join(Team, JOIN.LEFT_OUTER, attr="by_team", on=Grant.team == Team.id)
            .where(Membership.user == user_id, Membership.status == Membership.ACTIVE,
                   Organisation.status == "active"))
    homes: dict[int, Home] = {}
    for row in rows:
        home = homes.setdefault(row.organisation_id, Home(row.organisation, row.role))
        if (grant := getattr(row, "reaching", None)) is not None and grant.id is not None:
            team = getattr(grant, "by_team", None)
            home.given.append(Given(grant.right, grant.product_id, team.name or "" if team else "", grant.by_rule,
                                    grant.until))
    return homes


def _products(homes: dict[int, Home]) -> Iterator[tuple[Home, Product]]:
    named = [given.product for home in homes.values() for given in home.given if given.product]
    whole = [number for number, home in homes.items() if home.everything]
    for product in (Product.select(Product, Category).join(Category)
                    .where(Product.ended.is_null(), Category.used,
                           Product.id.in_(named or (0,)) | Product.organisation.in_(whole or (0,)))):
        yield homes[product.organisation_id], product


def _whom_to_ask(homes: list[Home]) -> None:
    """Who answers for the organisations: their legal representatives."""
    if not homes:
        return
    by_number = {home.organisation.id: home for home in homes}
    for member in (Membership.select(Membership, User).join(User)
                   .where(Membership.organisation.in_(list(by_number)), Membership.role == Role.LEGAL,
                          Membership.status == Membership.ACTIVE, User.suspended.is_null())
                   .order_by(Membership.sort_name)):
        by_number[member.organisation_id].responsible.append(member.user)
