"""To whom a product is open, and by what: page by page, as there may be a hundred thousand of them."""
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from peewee import JOIN

import audit
from clock import now
from db import transaction
from models import Category, Family, Grant, Invitation, Membership, Product, Role, Team, TeamMember, User
from organisations.policy import Demands
from organisations.roles import LABELS, Right, require
from products import doors, evidence, words
from products.access import Decision, Given, House, Person, decide
from questions import beyond
from rules import NotHere

PIECE = 500                                     # people read at once for a file


@dataclass
class Opened:
    """A product, with what its teams were given."""

    product: Product
    by_team: dict[int, list[Given]] = field(default_factory=dict)


@dataclass
class Somebody:
    """One person, and what every right over the product says of them. Nobody stands at the door, so the session is the
    best that they could have."""

    id: int
    public_id: str
    sort_name: str
    name: str
    email: str
    role: str
    person: Person
    decisions: dict[str, Decision]

    @property
    def held(self) -> list[tuple[str, Decision]]:
        """The rights they have, also those that something keeps closed."""
        return [(right, decision) for right, decision in self.decisions.items() if decision.sources]


class Granted(NamedTuple):
    """One ticked box over a product."""

    name: str                                   # of the person, the team, or somebody invited
    right: str                                  # in words


def opened(public_id: str) -> Opened:
    """The product with its category, and the grants of teams over it, in one statement; NotHere otherwise."""
    rows = list(Product.select(Product, Category, Family, Grant, Team).join(Category).join(Family).switch(Product)
                .join(Grant, JOIN.LEFT_OUTER, attr="given", on=Grant.team.is_null(False) & _over(Product.id))
                .join(Team, JOIN.LEFT_OUTER, attr="to", on=Grant.team == Team.id)
                .where(Product.public_id == public_id, Product.ended.is_null()))
    if not rows:
        raise NotHere
    found = Opened(rows[0])
    for row in rows:
        if (grant := getattr(row, "given", None)) is not None and grant.id is not None:
            found.by_team.setdefault(grant.team_id, []).append(
                Given(grant.right, grant.product_id, grant.to.name, grant.by_rule, grant.until))
    return found


def people(of: Opened, demands: Demands, most: int, *, backwards: bool = False,
           edge: Sequence[Any] | None = None, granted: Sequence[str] = ()) -> list[Somebody]:
    """So many who have any right over it, by name, with their teams and their own grants in one statement.

    `granted`: of these rights only.
    """
    up = not backwards
    by = [(Membership.sort_name, up), (Membership.id, up)]
    order = [key.asc() if up else key.desc() for key, up in by]
    these = _concerned(of)
    if granted:
        these = Membership.select(Membership.id).where(
            Membership.ended.is_null(), _reached(_over(of.product.id) & Grant.right.in_([*granted, Grant.EVERYTHING])))
    if edge is not None:
        these = these.where(beyond(by, edge))
    page = these.order_by(*order).limit(most)
    rows = (Membership.select(Membership.id, Membership.public_id, Membership.sort_name, Membership.role,
                              Membership.status, User.first_name, User.last_name, User.email_typed, User.two_factor,
                              User.suspended, Grant.right, Grant.product, Grant.by_rule, Grant.until, TeamMember.team)
            .join(User).switch(Membership)
            .join(Grant, JOIN.LEFT_OUTER, on=(Grant.membership == Membership.id) & _over(of.product.id))
            .switch(Membership)
            .join(TeamMember, JOIN.LEFT_OUTER, on=(TeamMember.membership == Membership.id)
                  & TeamMember.team.in_(list(of.by_team) or (0,)))
            .where(Membership.id.in_(page)).order_by(*order, Grant.id, TeamMember.id).tuples())
    gathered: dict[int, list[Any]] = {}
    for row in rows:
        gathered.setdefault(row[0], []).append(row)
    return [_somebody(of, demands, those) for those in gathered.values()]


def export(public_id: str, demands: Demands) -> Iterator[Sequence[Any]]:
    """All of them as lines of a file, a piece at a time. That the list leaves the house is written down first."""
    with transaction():
        require(Right.EDIT_ACCESS)
        of = opened(public_id)
        audit.record("product.access_exported", public_id, product=of.product.label)
    return _lines(of, demands)


def granted(product: Product) -> list[Granted]:
    """What is granted over this one product, by name: what goes with it."""
    rows = (Grant.select(Grant.right, User.first_name, User.last_name, Team.name, Invitation.first_name,
                         Invitation.last_name, Invitation.email_typed)
            .join(Membership, JOIN.LEFT_OUTER, on=Grant.membership == Membership.id)
            .join(User, JOIN.LEFT_OUTER, on=Membership.user == User.id).switch(Grant)
            .join(Team, JOIN.LEFT_OUTER, on=Grant.team == Team.id).switch(Grant)
            .join(Invitation, JOIN.LEFT_OUTER, on=Grant.invitation == Invitation.id)
            .where(Grant.product == product.id, Membership.ended.is_null(),
                   Invitation.id.is_null() | (Invitation.state == Invitation.PENDING))
            .order_by(Membership.sort_name, Team.key, Grant.id).tuples())
    return [Granted(_name(*subject), words.right(right, product.category.kind)) for right, *subject in rows]


def listeners(product: Product) -> list[User]:
    """Whom to write to about it: those responsible always, others with a right over it if they want to hear of
    products, externals too ([?10])."""
    living = _over(product.id) & (Grant.until.is_null() | (Grant.until > now()))
    concerned = Membership.pref_product_events & _reached(living)
    return list(User.select().join(Membership, on=Membership.user == User.id)
                .where(Membership.status == Membership.ACTIVE, User.suspended.is_null(),
                       Membership.role.in_((Role.LEGAL, Role.ADMIN)) | concerned).order_by(User.id))


def _over(product: Any) -> Any:
    """Grants over a product: its own, and those over everything."""
    return (Grant.product == product) | (Grant.right == Grant.EVERYTHING)


def _reached(these: Any) -> Any:
    """Members whom such grants reach, their own or by a team."""
    own = Grant.select(Grant.membership).where(these, Grant.membership.is_null(False))
    teams = Grant.select(Grant.team).where(these, Grant.team.is_null(False))
    by_team = TeamMember.select(TeamMember.membership).where(TeamMember.team.in_(teams))
    return Membership.id.in_(own) | Membership.id.in_(by_team)


def _concerned(of: Opened) -> Any:
    """Everybody present with any right over it, now or once: administration by its role, others by a grant."""
    return Membership.select(Membership.id).where(
        Membership.ended.is_null(), Membership.role.in_((Role.LEGAL, Role.ADMIN)) | _reached(_over(of.product.id)))


def _somebody(of: Opened, demands: Demands, rows: list[Any]) -> Somebody:
    """One person, out of a row for each of their own grants with each of their teams."""
    id, public_id, sort_name, role, status, first, last, email, two_factor, suspended, *_rest = rows[0]
    own = dict.fromkeys(Given(right, product, "", bool(by_rule), until)
                        for *_person, right, product, by_rule, until, _team in rows if right is not None)
    teams = dict.fromkeys(row[-1] for row in rows if row[-1] is not None)
    given = (*own, *(each for team in teams for each in of.by_team[team]))
    person = Person(role, bool(two_factor), suspended is not None, status == Membership.BLOCKED, given)
    thing, session, at = evidence.thing(of.product), doors.best(person), now()
    return Somebody(id, public_id, sort_name, f"{first} {last}".strip(), email, role, person,
                    {right: decide(person, House(True, demands), thing, right, session, at) for right in thing.rights})


def _lines(of: Opened, demands: Demands) -> Iterator[Sequence[Any]]:
    edge: Sequence[Any] | None = None
    while True:
        found = people(of, demands, PIECE, edge=edge)
        for each in found:
            for right, decision in each.held:
                yield (each.name, each.email, LABELS[Role(each.role)], words.right(right, of.product.category.kind),
                       words.state(decision), " ".join(words.why(decision, each.role)))
        if len(found) < PIECE:
            return
        edge = (found[-1].sort_name, found[-1].id)


def _name(first: str | None, last: str | None, team: str | None, invited_first: str | None, invited_last: str | None,
          address: str | None) -> str:
    invited = f"{invited_first or ''} {invited_last or ''}".strip()
    return f"{first or ''} {last or ''}".strip() or team or invited or address or ""
