"""Two at one instant, in two processes, on both databases."""
import pytest

from db import database as ours
from settings import setting
from tests.organisations.racing import race


@pytest.fixture
def run(cast, tmp_path):
    """The same database for the runners; this process lets go of it."""
    settings = {"data": setting.data, "database_url": setting.database_url}

    def go(kind, rounds):
        ours.close()
        try:
            return race(kind, rounds, settings)
        finally:
            ours.connect()
    return go


def test_rl_03_two_legal_representatives_demote_each_other_and_one_always_remains(run):
    for one, other, legal in run("demoting", 200):
        assert legal == 1
        assert sorted((one, other)) in (["Forbidden", "done"], ["Refused", "done"])


def test_rl_03_two_legal_representatives_block_each_other_and_one_always_remains(run):
    for one, other, legal in run("blocking", 200):
        assert legal == 1
        assert sorted((one, other)) in (["Forbidden", "done"], ["Refused", "done"])


def test_removing_and_changing_the_role_at_once(run):
    for removed, changed, (there, counted) in run("removing", 20):
        assert removed == "done" and changed in ("done", "NotHere")
        assert not there and counted


def test_in_05_an_invitation_accepted_twice_at_once_makes_one_member(run):
    for one, other, (present, counted, pending) in run("accepting", 20):
        assert sorted((one, other)) in (["Conflict", "done"], ["Gone", "done"])
        assert (present, counted, pending) == (1, 0, 0)


@pytest.mark.parametrize("what", ["redeeming", "refreshing"])
def test_op_04_a_code_or_refresh_token_handed_in_twice_at_once_is_good_once_and_ends_what_came_of_it(run, what):
    for one, other, ended_by in run(what, 200):
        assert sorted((one, other)) == ["Refusal", "done"]
        assert ended_by == "reused"


def test_the_last_seat_is_given_once_to_a_team_or_to_somebody(run):
    for one, other, taken in run("seating", 20):
        assert sorted((one, other)) == ["Refused", "done"] and taken == 4
