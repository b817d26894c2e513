"""Rehearsals: what is told before a change is what the doors say after it."""
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from clock import HOUR, now
from demo import acting
from models import Category, Grant, Membership, Product, Role, Team
from organisations import blocking, members, teams
from organisations.policy import Demands, Proved
from products import doors, editor, evidence, grants, rehearsals
from products.access import Given, House, Person, Thing, decide
from tenancy import working_for

FREE = Demands()


@pytest.fixture
def lumen(cast):
    with working_for(cast.organisations["lumen"]), acting(cast.people["anne"]):
        yield cast.organisations["lumen"]


def id_of(cast, who):
    return Membership.get(Membership.user == cast.people[who].id).public_id


def festival():
    return teams.look(Team.get(Team.key == "festival").public_id)


def product(label):
    return Product.get(Product.label == label)


def open_to(cast, who):
    """(product, right) of every open door, asked at the doors themselves."""
    return {(each.label, right) for each in Product.present()
            for right in evidence.rights_of(each.category.used, each.category.rights)
            if evidence.at_a_door(cast.people[who].id, each.public_id).decide(right, Proved(("password",))).allowed}


def rehearsed(cast, who, change):
    found = rehearsals.effects([rehearsals.one(id_of(cast, who))], rehearsals.products(), FREE, change)
    return ({(each.product.label, each.right) for effect in found for each in effect.change.gained},
            {(each.product.label, each.right) for effect in found for each in effect.change.lost})


DEEDS = {
    "a lower role": ("mara", lambda: rehearsals.role(Role.COLLABORATOR),
                     lambda id: members.change_role(id, Role.COLLABORATOR)),
    "a higher role": ("esteban", lambda: rehearsals.role(Role.ADMIN), lambda id: members.change_role(id, Role.ADMIN)),
    "a block": ("esteban", lambda: rehearsals.blocking, lambda id: blocking.block(id, "for a test")),
    "removal": ("esteban", lambda: rehearsals.going, members.remove),
    "joining": ("chiara", lambda: rehearsals.joining(festival(), festival().grants),
                lambda id: teams.join(festival().public_id, [id])),
    "leaving": ("luc", lambda: rehearsals.leaving(festival()), lambda id: teams.leave(festival().public_id, [id])),
    "the end of a team": ("luc", lambda: rehearsals.leaving(festival()), lambda id: teams.delete(festival().public_id)),
    "other teams": ("luc", lambda: rehearsals.teams_of([Team.get(Team.key == "bureau").public_id]),
                    lambda id: teams.set_of(id, [Team.get(Team.key == "bureau").public_id])),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_what_is_told_before_is_what_happens(cast, lumen, deed):
    who, change, do = DEEDS[deed]
    id, before = id_of(cast, who), open_to(cast, who)
    gained, lost = rehearsed(cast, who, change())
    assert gained or lost
    do(id)
    after = open_to(cast, who)
    assert (gained, lost) == (after - before, before - after)


def test_a_changed_team_is_rehearsed_for_its_people(cast, lumen):
    team = festival()
    section = editor.of_team(team.public_id).section("ticketing")
    boxes = [(product("Fête des lumières").public_id, right) for right in ("entry", "staff")]
    gained, lost = rehearsed(cast, "luc", rehearsals.carrying("Festival", section, boxes))
    assert gained == {("Fête des lumières", "staff")} and lost == {("Fête des lumières", "sales")}
    before = open_to(cast, "luc")
    grants.save(grants.of_team(team.public_id), "ticketing", boxes)
    after = open_to(cast, "luc")
    assert (gained, lost) == (after - before, before - after)


def test_what_would_meet_the_wall_closes_and_nothing_else_does(cast, lumen):
    wall = Demands(two_factor=True)
    for who, stopped in (("luc", True), ("mara", False)):
        found = rehearsals.effects([rehearsals.one(id_of(cast, who))], rehearsals.products(), FREE,
                                   rehearsals.nothing, then=wall)
        assert bool(found) is stopped
        if stopped:
            assert not found[0].change.gained and len(found[0].change.lost) == len(open_to(cast, who))


def test_whatever_there_is_it_takes_two_statements(cast, lumen, count):
    def asked():
        count.clear()
        found = rehearsals.people(Membership.ended.is_null(), 25)
        rehearsals.effects(found, rehearsals.products(), FREE, rehearsals.blocking)
        return len(count), len(found)
    assert asked() == (2, 6)
    for number in range(6):
        team = teams.create(f"Team {number}", "blue")
        grants.give(grants.of_team(team.public_id), product("Wiki"), "use", until=now() + HOUR)
        teams.join(team.public_id, [id_of(cast, who) for who in ("luc", "grace", "esteban")])
    assert asked() == (2, 6)


def test_only_so_many_people_and_doors_are_named(cast, lumen, monkeypatch):
    assert len(rehearsals.people(Membership.ended.is_null(), 2)) == 2
    grants.give_everything(grants.of_member(id_of(cast, "luc")))
    found = rehearsals.effects([rehearsals.one(id_of(cast, "luc"))], rehearsals.products(), FREE, rehearsals.blocking)
    monkeypatch.setattr(doors, "NAMED", 3)
    (sentence,) = rehearsals.told(found)[id_of(cast, "luc")]
    assert sentence.startswith("Loses: ") and sentence.endswith(f"and {len(open_to(cast, 'luc')) - 3} more")


def test_tn_06_a_rehearsal_knows_nothing_of_neighbours(cast, lumen):
    luc = id_of(cast, "luc")
    with working_for(cast.organisations["bergquell"]), acting(cast.people["mara"]):
        assert rehearsals.one(luc) is None
        assert rehearsals.products() == []
        assert len(rehearsals.people(Membership.ended.is_null(), 25)) == 1


# --- whatever the teams ------------------------------------------------------------------------

RIGHTS = ("use", "technical", "statistics")
carried = some.lists(some.builds(Given, some.sampled_from([*RIGHTS, Grant.EVERYTHING]), some.integers(6, 8)),
                     max_size=4)
crews = some.dictionaries(some.sampled_from(["Choir", "Crew", "Festival"]), carried, min_size=1)
own = some.lists(some.builds(Given, some.sampled_from([*RIGHTS, Grant.EVERYTHING]), some.integers(6, 8)), max_size=3)
roles = some.sampled_from(list(Role))
merges = some.sampled_from([Category.UNION, Category.INDIVIDUAL])


def seen(person, merge):
    return [decide(person, House(True), Thing(number, True, RIGHTS, team_merge=merge), right, Proved(("password",)),
                   now()).allowed for number in (6, 7, 8) for right in RIGHTS]


def moves(crew):
    """Joining and leaving each of these teams, as rehearsals put them."""
    for name, all_of_it in crew.items():
        team = SimpleNamespace(name=name)
        carries = [SimpleNamespace(right=each.right, product_id=each.product, category_id=None, by_rule=False,
                                   until=None) for each in all_of_it]
        yield rehearsals.joining(team, carries), rehearsals.leaving(team)


@given(crews, own, roles, merges)
@settings(max_examples=100, deadline=None)
def test_joining_then_leaving_leaves_every_door_as_it_was(crew, own, role, merge):
    person = Person(role, given=tuple(own))
    for join, leave in moves(crew):
        assert seen(leave(join(person)), merge) == seen(person, merge)


@given(crews, own, roles, merges, some.randoms())
@settings(max_examples=100, deadline=None)
def test_the_order_of_joining_does_not_matter(crew, own, role, merge, chance):
    joins = [join for join, _leave in moves(crew)]
    shuffled = chance.sample(joins, len(joins))
    one = other = Person(role, given=tuple(own))
    for join in joins:
        one = join(one)
    for join in shuffled:
        other = join(other)
    assert seen(one, merge) == seen(other, merge)


@given(crews, own, roles)
@settings(max_examples=100, deadline=None)
def test_where_rights_come_together_joining_never_closes_a_door(crew, own, role):
    person = Person(role, given=tuple(own))
    for join, _leave in moves(crew):
        assert all(after or not before for before, after in zip(
            seen(person, Category.UNION), seen(join(person), Category.UNION), strict=True))


@given(some.lists(some.sampled_from(["join", "leave"]), max_size=6), some.data())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_by_the_verbs_as_well_what_a_team_gave_is_gone_when_it_is_left(cast, lumen, sqlite_only, steps, data):
    luc, keys = id_of(cast, "luc"), ("festival", "bureau")
    before = {frozenset(key for key in keys if key in {each.key for each in teams.of(Membership.get(
        Membership.public_id == luc))}): open_to(cast, "luc")}
    for step in steps:
        team = Team.get(Team.key == data.draw(some.sampled_from(keys))).public_id
        (teams.join if step == "join" else teams.leave)(team, [luc])
        state = frozenset(each.key for each in teams.of(Membership.get(Membership.public_id == luc)))
        assert before.setdefault(state, open_to(cast, "luc")) == open_to(cast, "luc")
