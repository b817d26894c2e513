"""Those who run the installation, at one instant and on both databases."""
import pytest

from accounts import locking
from db import transaction
from demo import acting
from models import User
from organisations import operating
from tests.operators import another
from tests.together import at_once


@pytest.fixture
def olga(cast):
    return another()


def done_by(somebody, do):
    with acting(somebody):
        do()


def test_two_operators_who_remove_each_other_leave_one(cast, olga):
    """Whoever comes second is no longer an operator."""
    pairs = [(cast.people["otto"], olga), (olga, cast.people["otto"])]

    def remove():
        one, other = pairs.pop()
        done_by(one, lambda: operating.remove_operator(other.public_id))
    assert sorted(at_once(2, remove), key=str) == ["Forbidden", None]
    assert User.select().where(User.operator).count() == 1


def test_two_operators_who_suspend_each_other_leave_one(cast, olga):
    pairs = [(cast.people["otto"], olga), (olga, cast.people["otto"])]

    def suspend():
        one, other = pairs.pop()
        done_by(one, lambda: operating.suspend(other.public_id, "Spam."))
    assert sorted(at_once(2, suspend), key=str) == ["Forbidden", None]
    assert User.select().where(User.operator, User.suspended.is_null()).count() == 1


def test_of_several_who_unlock_an_account_one_does(cast, olga):
    luc = cast.people["luc"]
    with transaction():
        User.update(failures=luc.lock_threshold).where(User.id == luc.id).execute()
        locking.count(User.get_by_id(luc.id))
    went = at_once(2, lambda: done_by(olga, lambda: operating.unlock(luc.public_id)))
    assert sorted(went, key=str) == ["Conflict", None]
    assert User.get_by_id(luc.id).locked is None


def test_accounts_are_found_by_what_is_asked_for(cast):
    """Alike on both databases, and in one question."""
    with acting(cast.people["otto"]):
        operating.suspend(cast.people["chiara"].public_id, "Spam.")
    of = {state: {each.first_name for each in operating.accounts(operating.Filter(state=state))}
          for state in operating.STATES}
    assert of["suspended"] == {"Chiara"} and of["operator"] == {"Otto"} and not of["locked"]
    assert "Luc" in of["unprotected"] and "Mara" not in of["unprotected"]
    assert [each.first_name for each in operating.accounts(operating.Filter.of({"q": "PERREN"}))] == ["Luc"]
    counts = operating.counts()
    assert (counts["suspended"], counts["operators"], counts["locked"]) == (1, 1, 0)
    assert counts["unprotected"] == len(of["unprotected"])
    assert operating.one(cast.people["mara"].public_id).kinds
