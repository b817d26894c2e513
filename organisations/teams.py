"""Teams: whoever joins one has what it carries, and whoever leaves it loses exactly that (domain §3.5)."""
from collections.abc import Iterable, Sequence
from typing import Any

from peewee import JOIN, IntegrityError, fn

import audit
import db
import outbox
import rules
from db import transaction
from i18n import _l
from models import Category, Grant, Membership, Organisation, Product, Team, TeamMember, User
from organisations import members, seats
from organisations.roles import Right, require
from rules import Conflict, NotHere, Refused
from tenancy import at_work

MOST = 200                                      # teams of one organisation
MOST_PEOPLE = 1_000                             # in one team
AT_ONCE = 100                                   # people who join or leave together
LONGEST_NAME = 60
COLOURS = {"petrol": _l("Petrol"), "amber": _l("Amber"), "blue": _l("Blue"), "green": _l("Green"), "rose": _l("Rose")}

Carried = list[list[Any]]                       # over what, which right, by whose words, in future: as letters say it


def find(public_id: str) -> Team:
    """A team of the organisation at work, held until the transaction ends; NotHere otherwise."""
    team = db.locked(Team.select().where(Team.public_id == public_id)).first()
    if team is None:
        raise NotHere
    return team  # type: ignore[no-any-return]


def create(name: str, colour: str) -> Team:
    with transaction():
        require(Right.MANAGE_TEAMS)
        if Team.select().count() >= MOST:
            raise Refused(_l("An organisation has at most %(n)s teams.", n=MOST))
        team = _keep(Team(), name, colour)
        audit.record("team.created", team.public_id, team=team.name)
        return team


def change(public_id: str, name: str, colour: str) -> Team:
    """What it is called, and its colour."""
    with transaction():
        require(Right.MANAGE_TEAMS)
        team = find(public_id)
        before = team.name, team.colour
        _keep(team, name, colour)
        if (team.name, team.colour) != before:
            audit.record("team.changed", public_id, team=team.name, before=before[0])
        return team


def lead(public_id: str, person: str) -> Team:
    """Name whom to ask: one of its people, by the membership's public id, or nobody. No right comes with it."""
    with transaction():
        members.one_at_a_time()
        require(Right.MANAGE_TEAMS)
        team = find(public_id)
        leader = members.find(person) if person else None
        if leader and not _is_in(team, leader):
            raise Refused(_l("Choose somebody of the team."), "leader")
        if team.leader_id != (leader and leader.id):
            team.leader = leader
            team.save()
            audit.record("team.led" if leader else "team.unled", public_id, team=team.name,
                         person=leader.user.name if leader else "")
        return team


def join(public_id: str, people: Sequence[str]) -> list[Membership]:
    """All of these members join, or none does. Who is in it already stays so. Those who are new."""
    with transaction(), db.database.atomic():   # a seat too few undoes this, not what is done beside it
        members.one_at_a_time()
        require(Right.MANAGE_TEAMS)
        team = find(public_id)
        new = [member for member in _present(people) if not _is_in(team, member)]
        carried = carried_by(team)
        for member in new:
            _enter(team, member, carried)
        if new:
            seats.enough(seats.used_through(Grant.team == team.id))
        return new


def leave(public_id: str, people: Sequence[str]) -> list[Membership]:
    """These members leave. Who is not in it is passed over."""
    with transaction():
        members.one_at_a_time()
        require(Right.MANAGE_TEAMS)
        team = find(public_id)
        gone = [member for member in _present(people) if _is_in(team, member)]
        carried = carried_by(team)
        for member in gone:
            _exit(team, member, carried)
        return gone


def set_of(person: str, chosen: Iterable[str]) -> Membership:
    """Exactly these teams are somebody's."""
    wanted = set(chosen)
    with transaction():
        members.one_at_a_time()
        require(Right.MANAGE_TEAMS)
        member = members.find(person)
        if Team.select().where(Team.public_id.in_(wanted)).count() != len(wanted):
            raise Conflict(_l("A team has gone in the meantime. Look at what is there now."))
        present = {team.public_id for team in of(member)}
        for public_id in sorted(present - wanted):
            leave(public_id, [person])
        for public_id in sorted(wanted - present):
            join(public_id, [person])
        return member


def delete(public_id: str) -> Team:
    """It is no more: its people lose what came from it alone. They stay members."""
    with transaction():
        members.one_at_a_time()
        require(Right.MANAGE_TEAMS)
        team = find(public_id)
        carried = carried_by(team)
        for member in people(team):
            _tell(team, member, "team_left", carried)
        team.delete_instance()
        audit.record("team.deleted", public_id, team=team.name, people=team.people)
        return team


def take_in(member: Membership, chosen: Iterable[str]) -> list[str]:
    """Somebody new joins the teams an invitation named, as far as they are still there.

    For the verb that accepts it. The names of those that have no seat left for one more: the rest goes on.
    """
    full = []
    for team in Team.select().where(Team.public_id.in_(list(chosen))).order_by(Team.key):
        try:
            with db.database.atomic():
                _enter(team, member, carried_by(team))
                seats.enough(seats.used_through(Grant.team == team.id))
        except Refused:
            full.append(team.name)
    return full


# --- what there is -----------------------------------------------------------------------------


def all_of_them() -> list[Team]:
    """By name, each with `led_by` and `rights`: how many it carries."""
    rights = Grant.select(fn.COUNT(Grant.id)).where(Grant.team == Team.id)
    found = list(Team.select(Team, Membership, User, rights.alias("rights"))
                 .join(Membership, JOIN.LEFT_OUTER, on=Team.leader, attr="led").join(User, JOIN.LEFT_OUTER)
                 .order_by(Team.key))
    for team in found:
        team.led_by = team.led.user.name if team.leader_id else ""
    return found


def of(member: Membership) -> list[Team]:
    """The teams of somebody, by name."""
    return list(Team.select().join(TeamMember).where(TeamMember.membership == member.id).order_by(Team.key))


def people(team: Team) -> Any:
    """Everybody in it, with their accounts."""
    return (Membership.present().select_extend(User).join(User).switch(Membership)
            .join(TeamMember, on=TeamMember.membership == Membership.id).where(TeamMember.team == team.id))


def carried_by(team: Team) -> Carried:
    """What comes with it, as `products.grants.Changes.facts` says it."""
    return _said(_with_their_names(Grant.select().where(Grant.team == team.id), Grant))


def look(public_id: str) -> Team:
    """A team as its page shows it, in one statement: with `led_by`, and `grants`, each with what it is over."""
    query = (Team.select(Team, Membership, User).join(Membership, JOIN.LEFT_OUTER, on=Team.leader, attr="led")
             .join(User, JOIN.LEFT_OUTER).switch(Team)
             .join(Grant, JOIN.LEFT_OUTER, on=Grant.team == Team.id, attr="given"))
    rows = list(_with_their_names(query.where(Team.public_id == public_id), Grant))
    if not rows:
        raise NotHere
    team = rows[0]
    team.led_by = team.led.user.name if team.leader_id else ""
    team.grants = [row.given for row in rows if row.given]
    return team  # type: ignore[no-any-return]


def _with_their_names(query: Any, grants: Any) -> Any:
    """With the product and the category of each grant."""
    return (query.select_extend(Grant, Product, Category).switch(grants).join(Product, JOIN.LEFT_OUTER).switch(grants)
            .join(Category, JOIN.LEFT_OUTER, on=(Category.id == Grant.category) | (Category.id == Product.category),
                  attr="over").order_by(Product.label, Grant.id))


def _said(grants: Iterable[Grant]) -> Carried:
    return [[each.product.label if each.product_id else each.over.code if each.category_id else "", each.right,
             each.over.kind if each.product_id or each.category_id else "", each.category_id is not None]
            for each in grants]


# --- what the verbs share ----------------------------------------------------------------------


def _keep(team: Team, name: str, colour: str) -> Team:
    name = rules.name(name, "name", longest=LONGEST_NAME)
    if not name:
        raise Refused(_l("Enter a name."), "name")
    if colour not in COLOURS:
        raise Refused(_l("Choose one of the offered values."), "colour")
    team.name, team.key, team.colour = name, rules.fold(name), colour
    try:
        with db.database.atomic():
            team.save()
    except IntegrityError:
        raise Refused(_l("There is a team of this name already."), "name") from None
    return team


def _present(people: Sequence[str]) -> list[Membership]:
    if not people:
        raise Refused(_l("Select at least one person."))
    if len(set(people)) > AT_ONCE:
        raise Refused(_l("Select at most %(n)s people at once.", n=AT_ONCE))
    return [members.find(public_id) for public_id in sorted(set(people))]


def _is_in(team: Team, member: Membership) -> bool:
    return bool(TeamMember.select().where(TeamMember.team == team.id, TeamMember.membership == member.id).exists())


def _enter(team: Team, member: Membership, carried: Carried) -> None:
    if not Team.update(people=Team.people + 1).where(Team.id == team.id, Team.people < MOST_PEOPLE).execute():
        raise Refused(_l("A team has at most %(n)s people.", n=MOST_PEOPLE))
    TeamMember.create(team=team, membership=member)
    audit.record("team.joined", member.public_id, team=team.name, person=member.user.name)
    _tell(team, member, "team_joined", carried)


def _exit(team: Team, member: Membership, carried: Carried) -> None:
    members.out_of(member, team)
    audit.record("team.left", member.public_id, team=team.name, person=member.user.name)
    _tell(team, member, "team_left", carried)


def _tell(team: Team, member: Membership, notice: str, carried: Carried) -> None:
    if not member.user.suspended:
        outbox.post_to(member.user, notice, organisation=Organisation.get_by_id(at_work().id).name, team=team.name,
                       carried=carried)
