"""Kanton as people run it, before real applications; and what is changed in it while somebody is signed in there."""
from contextlib import ExitStack, contextmanager

import pytest

import db
import demo
from demo import acting
from models import Membership, Organisation, Product, Team, User
from settings import setting
from tenancy import working_for
from tests.browser.test_story import press
from tests.serving import product

KEY = "only for tests, and long enough for them"


class Kanton:
    """Its address, and its database, in which things are done beside it as a command does them."""

    def __init__(self, address, data):
        self.address, self.data = address, data

    @contextmanager
    def by(self, who="anne@lumen.example", slug="lumen"):
        with ExitStack() as stack:
            url = f"sqlite:///{self.data / 'kanton.db'}"
            stack.enter_context(setting.changed(data=self.data, database_url=url, secret_key=KEY,
                                                base_url=self.address))
            db.connect_to(url)
            stack.enter_context(db.database.connection_context())
            stack.enter_context(acting(User.get(User.email == who), "password", "totp"))
            stack.enter_context(working_for(Organisation.get(Organisation.slug == slug)))
            yield

    @staticmethod
    def product(label):
        return Product.get(Product.label == label).public_id

    @staticmethod
    def member(email):
        return Membership.get(Membership.user == User.get(User.email == email)).public_id

    @staticmethod
    def team(key):
        return Team.get(Team.key == key).public_id


@pytest.fixture(scope="session")
def kanton(tmp_path_factory):
    data = tmp_path_factory.mktemp("kanton")
    with product(data, SECRET_KEY=KEY) as address:
        yield Kanton(address, data)


@pytest.fixture
def page(browser, kanton):
    context = browser.new_context(base_url=kanton.address, locale="en-GB")
    yield context.new_page()
    context.close()


def sign_in(page, email):
    """On the page that an application led to."""
    page.fill("[name=email]", email)
    page.fill("[name=password]", demo.PASSWORD)
    press(page, "form:has([name=password])")
