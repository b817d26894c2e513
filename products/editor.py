"""The access of one subject as a page shows it: families, categories, products, and a box for each right (G2)."""
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from peewee import JOIN

from models import Category, Family, Grant, Invitation, Membership, Product, Role, Team, TeamMember, User
from organisations.roles import LABELS
from products import catalogue, evidence, words
from products.access import Given, Person
from products.grants import Box, Changes, Ticked
from rules import NotHere


@dataclass(frozen=True)
class Held:
    """One grant that reaches the subject; `team`: by which, empty for its own."""

    right: str
    product: int | None
    category: int | None
    team: str
    by_rule: bool
    until: Any

    @property
    def given(self) -> Given:
        return Given(self.right, self.product, self.team, self.by_rule, self.until)


@dataclass(frozen=True)
class Cell:
    """A box. `locked`: by what it is ticked whatever one does here; unknown: the product has no such right."""

    right: str
    known: bool
    own: bool
    locked: tuple[str, ...] = ()
    until: Any = None


@dataclass(frozen=True)
class Row:
    product: Product
    cells: tuple[Cell, ...]

    @property
    def open(self) -> bool:
        return any(cell.own or cell.locked for cell in self.cells)

    @property
    def locked(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(by for cell in self.cells for by in cell.locked))


@dataclass
class Section:
    """A category: what is saved at once."""

    category: Category
    rights: tuple[str, ...]
    rows: list[Row]
    future: frozenset[str]

    @property
    def name(self) -> str:
        return catalogue.told(self.category)

    def title(self, right: str) -> str:
        return words.right(right, self.category.kind)

    @property
    def boxes(self) -> set[Box]:
        return {(row.product.public_id, cell.right) for row in self.rows for cell in row.cells if cell.own}

    @property
    def ticked(self) -> Ticked:
        return self.boxes, set(self.future)

    def changes(self, after: Ticked) -> Changes:
        """What saving would change."""
        labels = {row.product.public_id: row.product.label for row in self.rows}
        return Changes.between(self.category, labels, self.ticked, after)


@dataclass
class Part:
    """A family with its categories."""

    family: Family
    sections: list[Section]

    @property
    def name(self) -> str:
        return catalogue.told(self.family)

    @property
    def of(self) -> int:
        return sum(len(section.rows) for section in self.sections)

    @property
    def open(self) -> int:
        return sum(row.open for section in self.sections for row in section.rows)


@dataclass
class Access:
    """Whose it is, and what reaches them."""

    whose: str                                  # membership, team, invitation
    public_id: str
    name: str
    role: str = ""
    held: list[Held] = field(default_factory=list)
    person: Person = Person()                   # of a member: as a door sees them

    @property
    def manages_all(self) -> bool:
        return self.role in (Role.LEGAL, Role.ADMIN)

    @property
    def everything(self) -> bool:
        """Is there the one record of its own that gives all rights?"""
        return any(held.right == Grant.EVERYTHING and not held.team for held in self.held)

    @cached_property
    def parts(self) -> list[Part]:
        return _parts(self)

    def section(self, category: str) -> Section:
        found = (section for part in self.parts for section in part.sections if section.category.code == category)
        section = next(found, None)
        if section is None:
            raise NotHere
        return section


def of_member(public_id: str) -> Access:
    joined = TeamMember.select(TeamMember.team).where(TeamMember.membership == Membership.id)
    rows = list(
        Membership.select(User.first_name, User.last_name, Membership.role, Membership.status, User.two_factor,
                          User.suspended, *_HELD).join(User).switch(Membership)
        .join(Grant, JOIN.LEFT_OUTER, on=(Grant.membership == Membership.id) | Grant.team.in_(joined))
        .join(Team, JOIN.LEFT_OUTER, on=Grant.team == Team.id)
        .where(Membership.public_id == public_id, Membership.ended.is_null()).tuples())
    if not rows:
        raise NotHere
    first, last, role, status, two_factor, suspended, *_held = rows[0]
    held = _held_in(rows, 6)
    person = Person(role, bool(two_factor), suspended is not None, status == Membership.BLOCKED,
                    tuple(each.given for each in held if each.category is None))
    return Access("membership", public_id, f"{first} {last}".strip(), role, held, person)


def of_team(public_id: str) -> Access:
    rows = list(Team.select(Team.name, *_OWN).join(Grant, JOIN.LEFT_OUTER, on=Grant.team == Team.id)
                .where(Team.public_id == public_id).tuples())
    if not rows:
        raise NotHere
    return Access("team", public_id, rows[0][0], held=_held_in(rows, 1))


def of_invitation(public_id: str) -> Access:
    rows = list(Invitation.select(Invitation.first_name, Invitation.last_name, Invitation.email_typed, Invitation.role,
                                  *_OWN).join(Grant, JOIN.LEFT_OUTER, on=Grant.invitation == Invitation.id)
                .where(Invitation.public_id == public_id, Invitation.state == Invitation.PENDING).tuples())
    if not rows:
        raise NotHere
    first, last, email, role, *_held = rows[0]
    return Access("invitation", public_id, f"{first} {last}".strip() or email, role, _held_in(rows, 4))


_OWN = (Grant.right, Grant.product, Grant.category, Grant.by_rule, Grant.until)
_HELD = (*_OWN, Team.name)


def _held_in(rows: list[Any], start: int) -> list[Held]:
    return [Held(right, product, category, team[0] or "" if team else "", bool(by_rule), until)
            for right, product, category, by_rule, until, *team in (row[start:] for row in rows) if right is not None]


def _parts(access: Access) -> list[Part]:
    """All there is to tick. A category without products stands there for those to come, unless it is retired."""
    found: dict[int, Part] = {}
    sections: dict[int, Section] = {}
    query = (Category.select(Category, Family, Product).join(Family).switch(Category)
             .join(Product, JOIN.LEFT_OUTER, on=(Product.category == Category.id) & Product.ended.is_null(), attr="one")
             .where(Category.retired.is_null() | Product.id.is_null(False))
             .order_by(Family.position, Family.id, Category.position, Category.id, Product.label, Product.id))
    for category in query:
        part = found.setdefault(category.family_id, Part(category.family, []))
        if category.id not in sections:
            ruled = frozenset(held.right for held in access.held if held.category == category.id and not held.team)
            sections[category.id] = Section(category, evidence.rights_of(category.used, category.rights), [], ruled)
            part.sections.append(sections[category.id])
        product = getattr(category, "one", None)
        if product is not None and product.id is not None:
            product.category = category
            section = sections[category.id]
            section.rows.append(Row(product, tuple(_cell(access, product, right) for right in section.rights)))
    return list(found.values())


def _cell(access: Access, product: Product, right: str) -> Cell:
    here = [held for held in access.held if held.product == product.id and held.right == right]
    own = next((held for held in here if not held.team), None)
    locked = [held.team for held in here if held.team]
    locked += [held.team or str(words.EVERYTHING) for held in access.held if held.right == Grant.EVERYTHING]
    if access.manages_all and access.whose == "membership" and right != Grant.USE:
        locked.insert(0, str(LABELS[Role(access.role)]))
    return Cell(right, True, own is not None, tuple(locked), own.until if own else None)
