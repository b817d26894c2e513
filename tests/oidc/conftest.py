"""The demonstration's application, and doing things in somebody's name."""
from contextlib import contextmanager

import pytest

from demo import acting
from models import Product
from tenancy import across_organisations, working_for
from tests.applications import Application


@pytest.fixture
def planning(app, database):
    """The demonstration's application: let in are Anne, Chiara and Grace."""
    return Application(app)


@pytest.fixture
def by(cast):
    """`with by("anne"): …` something is done in Lumen by her."""
    @contextmanager
    def inside(who, slug="lumen"):
        with working_for(cast.organisations[slug]), acting(cast.people[who], "password", "totp"):
            yield
    return inside


@pytest.fixture
def product(cast):
    def find(label):
        with across_organisations("a test that knows it by its label"):
            return Product.get(Product.label == label).public_id
    return find
