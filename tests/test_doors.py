"""Every door to a product asks the one decision: each is opened, then the decision says no, and it is closed.

A door is found by its address: whatever stands below /oauth/, /gate/ or a product. One that is added without an entry
here, or without asking, fails these tests.
"""
import base64
import sys

import pytest

from accounts import app_passwords
from app import create_app
from demo import acting
from gate import secrets
from models import Product, User
from products import access
from products.access import Decision, Why
from tenancy import across_organisations, working_for
from tests.applications import Application
from tests.doors import Visitor
from tests.gate.conftest import Proxy
from tests.test_routes import path_of, routes
from web import ANYONE, Blueprint

PREFIXES = ("/oauth/", "/gate/")
BELOW_A_PRODUCT = "/o/<organisation>/products/<id>"


class Doors:
    """Ways in, each as (what is done before, what then knocks: does it open?)."""

    def __init__(self, app, browse, cast):
        self.app, self.browse, self.cast = app, browse, cast

    def at_sign_in(self):
        planning, chiara = Application(self.app), self.browse("chiara")
        planning.code(chiara)                   # asked for consent
        return lambda: "code" in planning.answer(chiara.get(planning.asking(), expect=None))

    def with_a_code(self):
        planning = Application(self.app)
        code = planning.code(self.browse("chiara"))
        return lambda: planning.exchange(code).status_code == 200

    def with_a_refresh_token(self):
        planning = Application(self.app)
        tokens = planning.tokens(self.browse("chiara"))
        return lambda: planning.refresh(tokens["refresh_token"]).status_code == 200

    def at_introspection(self):
        planning = Application(self.app)
        tokens = planning.tokens(self.browse("chiara"))
        return lambda: planning.introspect(tokens["access_token"])["active"]

    def at_userinfo(self):
        planning = Application(self.app)
        token = planning.tokens(self.browse("chiara"))["access_token"]
        return lambda: planning.userinfo(token).status_code == 200

    def at_userinfo_by_form(self):
        planning = Application(self.app)
        token = planning.tokens(self.browse("chiara"))["access_token"]
        return lambda: planning.post("/oauth/userinfo", basic=False, access_token=token).status_code == 200

    def at_the_gate_with_a_ticket(self):
        wiki = Proxy(self.app)
        wiki.enter(self.browse("esteban"))
        return lambda: wiki.ask().status_code == 200

    def at_the_gate_with_an_app_password(self):
        esteban, wiki = self.cast.people["esteban"], Proxy(self.app)
        with acting(esteban, "password", "totp"):
            secret = app_passwords.create(User.get_by_id(esteban.id), "Sync")
        with working_for(self.cast.organisations["lumen"]), acting(self.cast.people["anne"], "password", "totp"):
            secrets.take_app_passwords(Product.get(Product.label == "Wiki").public_id)
        pair = base64.b64encode(f"{esteban.email_typed}:{secret}".encode()).decode()
        program = {"Authorization": f"Basic {pair}", "Sec-Fetch-Mode": None, "Accept": "*/*"}
        return lambda: wiki.ask(**program).status_code == 200

    def on_the_way_to_the_gate(self):
        wiki, esteban = Proxy(self.app), self.browse("esteban")
        where = wiki.where()
        return lambda: esteban.get(where, expect=None, follow=False).status in (302, 303)


DOORS = {
    "authorize.show": (Doors.at_sign_in,), "machines.token": (Doors.with_a_code, Doors.with_a_refresh_token),
    "machines.introspect": (Doors.at_introspection,), "machines.userinfo": (Doors.at_userinfo,),
    "machines.userinfo_by_form": (Doors.at_userinfo_by_form,),
    "gate.auth": (Doors.at_the_gate_with_a_ticket, Doors.at_the_gate_with_an_app_password),
    "gate.start": (Doors.on_the_way_to_the_gate,),
}
OPEN_NOTHING = {
    "authorize.by_form": "leads to the address that asks", "authorize.answer": "leads to the address that asks",
    "authorize.refused": "says no", "machines.jwks": "public keys", "machines.revoke": "closes",
    "end_session.show": "signs out", "end_session.by_form": "signs out", "end_session.leave": "signs out",
    "gate.callback": "a ticket opens nothing by itself: each request with it is asked about",
}


def ours(app):
    """The endpoints that an application, its proxy or a browser on the way to it knocks at."""
    return {rule.endpoint for rule, _method, _view in routes(app) if rule.rule.startswith(PREFIXES)}


@pytest.fixture
def refuse(monkeypatch):
    """From now on the decision says no, wherever it is asked."""
    def now(reason=Why.NOT_GRANTED):
        for module in list(sys.modules.values()):
            if getattr(module, "decide", None) is access_decide:
                monkeypatch.setattr(module, "decide", lambda *_asked: Decision((), (reason,), ()))
    access_decide = access.decide
    return now


@pytest.mark.parametrize("door", [door for doors in DOORS.values() for door in doors], ids=lambda door: door.__name__)
@pytest.mark.parametrize("asked", [True, False], ids=["open", "refused"])
def test_each_door_is_open_by_the_decision_and_closed_by_it(app, browse, cast, refuse, door, asked):
    knock = door(Doors(app, browse, cast))
    if not asked:
        refuse()
    assert knock() is asked


def test_each_door_is_named_here(app):
    assert ours(app) == set(DOORS) | set(OPEN_NOTHING)


def test_a_new_door_that_nobody_named_is_reported(cast):
    app, careless = create_app(), Blueprint("careless", __name__)

    @careless.page("/gate/side-entrance", needs=ANYONE, machine=True)
    def enter():
        return ""
    app.register_blueprint(careless)
    assert ours(app) - set(DOORS) - set(OPEN_NOTHING) == {"careless.enter"}


@pytest.mark.parametrize("label", ["Messagerie", "Wiki", "Planning"])
def test_no_page_below_a_product_opens_to_whom_the_decision_refuses(app, cast, refuse, label):
    """Esteban has rights over some of these; without the decision's yes, none of their pages is there for him."""
    with across_organisations("a test looks for a product"):
        product = Product.get(Product.label == label).public_id
    esteban = Visitor(app, cast.people["esteban"])
    below = [(rule, method) for rule, method, _view in routes(app) if rule.rule.startswith(BELOW_A_PRODUCT)]
    assert len(below) > 15
    if label == "Messagerie":
        assert esteban.get(f"/o/lumen/products/{product}").status_code == 200
    esteban.token()
    refuse()
    for rule, method in below:
        path = path_of(rule, id=product)
        answer = esteban.post(path) if method == "POST" else esteban.get(path)
        assert answer.status_code in (403, 404), (method, rule.rule, answer.status_code)
