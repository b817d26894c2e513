"""The decision: what opens a door, what closes it, and that closing always wins."""
import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from models import Category, Grant, Role
from organisations.policy import Demands, Proved, Step
from products import access
from products.access import Given, House, Person, Thing, Why, decide
from tests.serving import ROOT

NOON = datetime(2027, 3, 28, 12, tzinfo=UTC)
FILES = Thing(7, active=True, rights=("use", "technical", "statistics"))
LUMEN = House(active=True)
SIGNED_IN = Proved(("password",))
LUC = Person(Role.COLLABORATOR, given=(Given("use", 7), Given("technical", 7, team="Festival")))


def asked(right="use", person=LUC, organisation=LUMEN, product=FILES, session=SIGNED_IN, at=NOON):
    return decide(person, organisation, product, right, session, at)


def why(*refusals, **question):
    answer = asked(**question)
    assert not answer.allowed
    assert answer.refusals == refusals


def test_what_is_granted_opens():
    assert asked().allowed
    assert asked().sources == (Given("use", 7),)


def test_what_a_team_carries_opens_for_its_people():
    assert asked("technical").sources == (Given("technical", 7, team="Festival"),)
    assert asked("technical").allowed


def test_using_gives_no_management_and_management_gives_no_use():
    why(Why.NOT_GRANTED, right="technical", person=replace(LUC, given=(Given("use", 7),)))
    why(Why.NOT_GRANTED, right="use", person=replace(LUC, given=(Given("technical", 7), Given("statistics", 7))))


def test_a_grant_over_another_product_opens_nothing_here():
    why(Why.NOT_GRANTED, person=replace(LUC, given=(Given("use", 8),)))


def test_everything_opens_each_right_of_each_product_there_is():
    everything = replace(LUC, given=(Given(Grant.EVERYTHING),))
    assert all(asked(right, everything).allowed for right in FILES.rights)
    why(Why.NO_SUCH_RIGHT, right="sales", person=everything)


@pytest.mark.parametrize("role", [Role.LEGAL, Role.ADMIN])
def test_administration_manages_everything_and_uses_what_it_is_given(role):
    assert asked("statistics", Person(role)).sources == (access.ROLE,)
    assert asked("statistics", Person(role)).allowed
    why(Why.NOT_GRANTED, person=Person(role))


@pytest.mark.parametrize(("own", "opens"), [
    ((), {"technical"}), ((Given("use", 7),), {"use"}), ((Given("use", 8),), {"technical"}),
    ((Given(Grant.EVERYTHING),), {"use", "technical", "statistics"})])
def test_where_ones_own_rights_stand_instead_of_a_teams(own, opens):
    person = replace(LUC, given=(*own, Given("technical", 7, team="Festival")))
    drive = replace(FILES, team_merge=Category.INDIVIDUAL)
    assert {right for right in FILES.rights if asked(right, person, product=drive).allowed} == opens


@pytest.mark.parametrize(("before", "open"), [(1, True), (0, False), (-1, False)])
def test_rl_08_a_grant_with_an_end_opens_until_that_second(before, open):
    person = replace(LUC, given=(Given("use", 7, until=NOON),))
    answer = asked(person=person, at=NOON - timedelta(seconds=before))
    assert answer.allowed is open
    assert answer.refusals == (() if open else (Why.OVER,))


CLOSING = {
    Why.SUSPENDED: {"person": replace(LUC, suspended=True)},
    Why.MEMBER_BLOCKED: {"person": replace(LUC, blocked=True)},
    Why.NO_ORGANISATION: {"organisation": replace(LUMEN, active=False)},
    Why.NO_PRODUCT: {"product": replace(FILES, active=False)},
    Why.IN_MAINTENANCE: {"product": replace(FILES, maintained=True)},
    Why.PRODUCT_BLOCKED: {"product": replace(FILES, blocked=True), "right": "technical"},
    Why.NO_SUCH_RIGHT: {"product": replace(FILES, rights=())},
}


@pytest.mark.parametrize("reason", CLOSING)
def test_each_reason_closes_by_itself(reason):
    why(reason, **CLOSING[reason])


def test_blocking_a_product_leaves_its_use_and_maintenance_its_management():
    assert asked("use", product=replace(FILES, blocked=True)).allowed
    assert asked("technical", product=replace(FILES, maintained=True)).allowed


def test_g2_r7_where_the_door_is_ours_a_block_closes_it_too():
    why(Why.PRODUCT_BLOCKED, right="use", product=replace(FILES, blocked=True, ours=True))


def test_a_blocked_product_is_managed_by_nobody():
    why(Why.PRODUCT_BLOCKED, right="technical", person=Person(Role.LEGAL), product=replace(FILES, blocked=True))


def test_a_step_that_the_organisation_demands_closes_what_is_granted():
    forced = House(True, Demands(two_factor=True))
    answer = asked(organisation=forced)
    assert (answer.allowed, answer.refusals, answer.steps) == (False, (), (Step.SET_UP,))
    able = replace(LUC, two_factor=True)
    assert asked(person=able, organisation=forced).steps == (Step.TWO_STEPS,)
    assert asked(person=able, organisation=forced, session=Proved(("password", "totp"))).allowed


def test_what_is_not_known_is_closed():
    answer = decide(Person(), House(), Thing(), "use", Proved(()), NOON)
    assert not answer.allowed
    assert answer.refusals == (Why.NO_ORGANISATION, Why.NO_MEMBER, Why.NO_PRODUCT, Why.NO_SUCH_RIGHT, Why.NOT_GRANTED)


# --- whatever the case -------------------------------------------------------------------------

rights = some.sampled_from(["use", "technical", "statistics", "sales", Grant.EVERYTHING])
moments = some.none() | some.timedeltas(timedelta(days=-2), timedelta(days=2)).map(NOON.__add__)
grants = some.builds(Given, rights, some.none() | some.integers(6, 8), some.sampled_from(["", "Festival"]),
                     some.booleans(), moments)
people = some.builds(Person, some.sampled_from(["", *Role]), some.booleans(), some.booleans(), some.booleans(),
                     some.lists(grants, max_size=5).map(tuple))
demands = some.builds(Demands, some.booleans(), some.none() | some.integers(1, 24), some.booleans())
houses = some.builds(House, some.booleans(), demands)
things = some.builds(Thing, some.just(7), some.booleans(),
                     some.lists(some.sampled_from(["use", "technical", "statistics"]), unique=True).map(tuple),
                     some.booleans(), some.booleans(), some.sampled_from([Category.UNION, Category.INDIVIDUAL]))
sessions = some.builds(Proved, some.lists(some.sampled_from(["password", "passkey", "totp", "trusted"])).map(tuple),
                       some.timedeltas(timedelta(0), timedelta(days=1)))
questions = some.tuples(people, houses, things, rights, sessions)


def stricter(question):
    """The same question with one more rule in force, each in turn."""
    person, house, thing, right, session = question
    yield replace(person, suspended=True), house, thing, right, session
    yield replace(person, blocked=True), house, thing, right, session
    yield replace(person, given=person.given[1:]), house, replace(thing, team_merge=Category.UNION), right, session
    yield person, replace(house, active=False), thing, right, session
    yield person, replace(house, demands=replace(house.demands, two_factor=True)), thing, right, session
    yield person, replace(house, demands=replace(house.demands, session_hours=1)), thing, right, session
    yield person, replace(house, demands=replace(house.demands, trusts_browsers=False)), thing, right, session
    yield person, house, replace(thing, blocked=True), right, session
    yield person, house, replace(thing, maintained=True), right, session
    yield person, house, replace(thing, active=False), right, session


@given(questions)
@settings(max_examples=200, deadline=None)
def test_no_block_and_no_policy_ever_opens_a_door(question):
    person, house, thing, right, session = question
    looser = (person, house, replace(thing, team_merge=Category.UNION), right, session)
    for harder in stricter(question):
        if decide(*harder, NOON).allowed:
            easier = looser if harder[0].given != person.given else question
            assert decide(*easier, NOON).allowed


@given(questions)
@settings(max_examples=200, deadline=None)
def test_an_open_door_has_a_source_and_a_closed_one_a_reason(question):
    answer = decide(*question, NOON)
    assert answer.allowed == (not answer.refusals and not answer.steps)
    assert not answer.allowed or answer.sources


@given(questions, some.timedeltas(timedelta(0), timedelta(days=9)))
@settings(max_examples=100, deadline=None)
def test_time_alone_never_opens_a_door(question, later):
    person = replace(question[0], given=tuple(replace(each, until=each.until) for each in question[0].given))
    if decide(person, *question[1:], NOON + later).allowed:
        assert decide(person, *question[1:], NOON).allowed


def test_the_tests_above_go_every_way_through_the_decision(tmp_path):
    """Each branch of it, measured in a process of its own."""
    run = subprocess.run([sys.executable, "-m", "coverage", "run", "--branch", "--include=products/access.py",
                          f"--data-file={tmp_path}/coverage", "-m", "pytest", "-q", "-p", "no:cacheprovider",
                          "-k", "not every_way", __file__],
                         cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout[-2000:]
    told = subprocess.run([sys.executable, "-m", "coverage", "json", f"--data-file={tmp_path}/coverage", "-o", "-"],
                          cwd=ROOT, capture_output=True, text=True)
    found = json.loads(told.stdout)["files"]["products/access.py"]
    assert found["summary"]["num_branches"] > 0
    assert (found["missing_lines"], found["missing_branches"]) == ([], [])
