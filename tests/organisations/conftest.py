"""The people of Atelier Lumen, by their first names."""
import pytest

from demo import acting
from models import Membership


@pytest.fixture
def of(cast, lumen):
    """The membership of somebody, as it is now."""
    return lambda who: Membership.get(Membership.user == cast.people[who].id)


@pytest.fixture
def by(cast, lumen):
    """Somebody acts, at work for Lumen."""
    return lambda who: acting(cast.people[who])
