"""What an organisation has, as one of its people sees it: each product one has any right over, and which (D1).

The same function is asked as at the doors, in the session one looks in.
"""
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from peewee import JOIN, Case

from clock import now
from models import Category, Family, Grant, Product, Team, TeamMember
from organisations import seats
from organisations.policy import Demands, Proved
from products import catalogue, evidence, words
from products.access import Decision, Given, House, Person, decide
from rules import NotHere, fold


@dataclass(frozen=True)
class Seer:
    """Who looks: a membership, what it is, and the session."""

    membership: int
    role: str
    two_factor: bool
    sees_all: bool
    demands: Demands
    session: Proved

    def person(self, given: tuple[Given, ...]) -> Person:
        return Person(self.role, self.two_factor, given=given)


@dataclass
class Holding:
    """One product before one person."""

    product: Product
    person: Person
    house: House
    session: Proved
    at: datetime
    seats_taken: int = 0

    @cached_property
    def decisions(self) -> dict[str, Decision]:
        """What each right that can be granted over it says."""
        thing = evidence.thing(self.product)
        return {right: decide(self.person, self.house, thing, right, self.session, self.at) for right in thing.rights}

    @property
    def held(self) -> list[str]:
        """The rights one has, also those that something keeps closed at the moment."""
        return [right for right, decision in self.decisions.items() if decision.sources]

    def may(self, right: str) -> bool:
        return right in self.decisions and self.decisions[right].allowed

    @property
    def opens(self) -> bool:
        """May one use it now, and is there somewhere to go?"""
        return bool(self.product.address) and self.may(Grant.USE)

    @property
    def kind(self) -> Any:
        return catalogue.kind_of(self.product.category)

    @property
    def titles(self) -> list[str]:
        return [self.title(right) for right in self.held]

    def title(self, right: str) -> str:
        return words.right(right, self.product.category.kind)

    def why(self, right: str) -> list[str]:
        return words.why(self.decisions[right], self.person.role)

    @property
    def key(self) -> list[Any]:
        """Its place in the list: as the catalogue has it, then by name."""
        category = self.product.category
        return [category.family.position, category.family_id, category.position, category.id, fold(self.product.label),
                self.product.id]


def of(seer: Seer) -> list[Holding]:
    """All that somebody sees, in order."""
    person, house, at = seer.person(_given(seer.membership)), House(True, seer.demands), now()
    query = (Product.select(Product, Category, Family).join(Category).join(Family).where(Product.ended.is_null()))
    if not (seer.sees_all or any(given.right == Grant.EVERYTHING for given in person.given)):
        query = query.where(Product.id.in_([given.product for given in person.given]))
    found = [Holding(product, person, house, seer.session, at) for product in query]
    return sorted((each for each in found if seer.sees_all or each.held), key=lambda each: each.key)


def one(public_id: str, seer: Seer) -> Holding:
    """One of them, with the seats taken; NotHere for who has no right over it. In one statement."""
    people = Case(None, [(Category.seated, seats.people_of(Product.id))], None).alias("people")
    rows = list(Product.select(Product, Category, Family, Grant, Team, people)
                .join(Category).join(Family).switch(Product)
                .join(Grant, JOIN.LEFT_OUTER, attr="reaching", on=_reaches(seer.membership) & (
                    (Grant.product == Product.id) | (Grant.right == Grant.EVERYTHING)))
                .join(Team, JOIN.LEFT_OUTER, attr="by_team", on=Grant.team == Team.id)
                .where(Product.public_id == public_id, Product.ended.is_null()))
    if not rows:
        raise NotHere
    held = Holding(rows[0], seer.person(tuple(_reached(rows))), House(True, seer.demands), seer.session, now(),
                   rows[0].people)
    if not (seer.sees_all or held.held):
        raise NotHere
    return held


def used_by(membership: int) -> Callable[[Product], bool]:
    """Of a product read with its category: has this member the right to use it, whatever else keeps it closed?"""
    person, at = Person(given=_given(membership)), now()
    return lambda product: bool(decide(person, House(), evidence.thing(product), Grant.USE, Proved(()), at).sources)


def _reached(rows: list[Any]) -> Iterator[Given]:
    for row in rows:
        grant = getattr(row, "reaching", None)
        if grant is not None and grant.id is not None:
            team = getattr(grant, "by_team", None)
            yield Given(grant.right, grant.product_id, team.name or "" if team else "", grant.by_rule, grant.until)


def _given(membership: int) -> tuple[Given, ...]:
    """Whatever reaches somebody, over products there are."""
    rows = (Grant.select(Grant.right, Grant.product, Team.name, Grant.by_rule, Grant.until)
            .join(Team, JOIN.LEFT_OUTER, on=Grant.team == Team.id)
            .where(_reaches(membership), Grant.category.is_null()))
    return tuple(evidence.given_by(*row) for row in rows.tuples())


def _reaches(membership: int) -> Any:
    """One's own grants by their index, and those of one's teams by theirs."""
    joined = TeamMember.select(TeamMember.team).where(TeamMember.membership == membership)
    own, by_team = Grant.alias(), Grant.alias()
    return Grant.id.in_(own.select(own.id).where(own.membership == membership)
                        | by_team.select(by_team.id).where(by_team.team.in_(joined)))
