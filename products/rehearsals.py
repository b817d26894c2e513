"""Before a change is made: who would lose which doors by it, and who would gain which (issue of product access, G2).

Two statements, however many people and products there are: the people with all that reaches them, and the products.
"""
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from peewee import JOIN

from models import Category, Grant, Membership, Product, Role, Team, TeamMember, User
from organisations.policy import Demands
from products import doors
from products.access import Given, Person
from products.doors import Rehearsal
from products.editor import Section
from products.grants import Box

NAMED = 25                                      # people whose doors a page says by name
Change = Callable[[Person], Person]


@dataclass(frozen=True)
class Effect:
    """What becomes of one of them."""

    member: Membership
    change: Rehearsal


def people(which: Any, most: int, *, over: Sequence[int] | None = None) -> list[Membership]:
    """Those present whom the condition names, on them or their accounts, by name, each with `person`, as a door sees
    them, and `in_teams`.

    `over`: only what reaches these products is wanted.
    """
    chosen = (Membership.present().select(Membership.id).join(User).where(which)
              .order_by(Membership.sort_name, Membership.id).limit(most))
    reaching = (Grant.membership == Membership.id) | (Grant.team == TeamMember.team)
    if over is not None:
        reaching &= Grant.product.in_(list(over)) | (Grant.right == Grant.EVERYTHING)
    rows = (Membership.select(Membership, User, TeamMember, Grant, Team).join(User).switch(Membership)
            .join(TeamMember, JOIN.LEFT_OUTER, on=TeamMember.membership == Membership.id, attr="belonging")
            .switch(Membership)
            .join(Grant, JOIN.LEFT_OUTER, on=reaching & Grant.category.is_null(), attr="reached")
            .join(Team, JOIN.LEFT_OUTER, on=Grant.team == Team.id, attr="by_team")
            .where(Membership.id.in_(chosen)).order_by(Membership.sort_name, Membership.id, Grant.id))
    found: dict[int, list[Membership]] = {}
    for row in rows:
        found.setdefault(row.id, []).append(row)
    return [_whole(rows) for rows in found.values()]


def one(public_id: str) -> Membership | None:
    return next(iter(people(Membership.public_id == public_id, 1)), None)


def of_team(public_id: str) -> Any:
    """The condition that names its people."""
    return Membership.id.in_(TeamMember.select(TeamMember.membership).join(Team).where(Team.public_id == public_id))


def products() -> list[Product]:
    """All there are, by name, each with its category."""
    return list(Product.present().select_extend(Category).join(Category).order_by(Product.label, Product.id))


def effects(of: Iterable[Membership], over: Sequence[Product], demands: Demands, change: Change, *,
            then: Demands | None = None) -> list[Effect]:
    """For whom something would change, and what. `then`: what the organisation would demand."""
    changes = ((member, doors.rehearse(doors.through(over, member.person, demands),
                                       doors.through(over, change(member.person), then or demands))) for member in of)
    return [Effect(member, found) for member, found in changes if found]


def told(effects: Sequence[Effect]) -> dict[str, list[str]]:
    """The sentences of the first of them, by the membership's public id."""
    return {effect.member.public_id: doors.told(effect.change) for effect in effects[:NAMED]}


# --- changes -----------------------------------------------------------------------------------


def role(name: str) -> Change:
    return lambda person: replace(person, role=name if name in set(Role) else person.role)


def blocking(person: Person) -> Person:
    return replace(person, blocked=True)


def going(_person: Person) -> Person:
    return Person()


def nothing(person: Person) -> Person:
    return person


def joining(team: Team, grants: Iterable[Grant]) -> Change:
    """`grants`: what it carries."""
    carried = tuple(_given(grant, team.name) for grant in grants if grant.category_id is None)
    return lambda person: replace(person, given=tuple(dict.fromkeys((*person.given, *carried))))


def leaving(team: Team) -> Change:
    return lambda person: replace(person, given=tuple(given for given in person.given if given.team != team.name))


def carrying(team: str, section: Section, boxes: Iterable[Box]) -> Change:
    """Of one category, a team of this name carries exactly these boxes."""
    here = {row.product.id: row.product.public_id for row in section.rows}
    wanted = {(id, right) for id, public_id in here.items() for box, right in boxes if box == public_id}

    def change(person: Person) -> Person:
        stays = tuple(each for each in person.given
                      if each.team != team or each.product not in here or (each.product, each.right) in wanted)
        new = wanted - {(each.product, each.right) for each in stays if each.team == team}
        return replace(person, given=(*stays, *(Given(right, product, team) for product, right in sorted(new))))
    return change


def teams_of(chosen: Iterable[str]) -> Change:
    """Exactly these teams, by their public ids."""
    carried = tuple(_given(grant, grant.team.name) for grant in Grant.select(Grant, Team).join(Team).where(
        Team.public_id.in_(list(chosen)), Grant.category.is_null()))
    return lambda person: replace(person, given=(*(each for each in person.given if not each.team), *carried))


def carried(grants: Iterable[Grant]) -> list[Product] | None:
    """Over which products these are, each with its category; None: over all of them."""
    grants = list(grants)
    if any(grant.right == Grant.EVERYTHING for grant in grants):
        return None
    found = {grant.product_id: grant.product for grant in grants if grant.product_id}
    for grant in grants:
        if grant.product_id:
            found[grant.product_id].category = grant.over
    return list(found.values())


def _whole(rows: list[Membership]) -> Membership:
    member = rows[0]
    given = dict.fromkeys(_given(row.reached, row.reached.by_team.name if row.reached.team_id else "")
                          for row in rows if row.reached)
    member.in_teams = {row.belonging.team_id for row in rows if row.belonging}
    member.person = Person(member.role, bool(member.user.two_factor), member.user.suspended is not None,
                           member.status == Membership.BLOCKED, tuple(given))
    return member


def _given(grant: Grant, team: str) -> Given:
    return Given(grant.right, grant.product_id, team, grant.by_rule, grant.until)
