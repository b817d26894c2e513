"""Every kind of door under every policy, for every kind of session: the table of `test_policy.py`, at the doors.

A page, a part of one, a file, a deed, a product; an application at sign-in, with a code, with its tokens; the gate by
its ticket, by an app password and on the way to it. What a person has apart from organisations asks none of them.
"""
import base64
import sys
from dataclasses import replace
from datetime import timedelta

import pytest

import web
from accounts import app_passwords
from clock import now
from demo import acting
from gate import secrets
from models import Authorization, Client, Organisation, Product, Session, User
from oidc import authorizations
from organisations import policy, switching
from organisations.policy import Demands, Proved
from products import evidence
from products.access import Why
from products.evidence import Evidence
from tenancy import across_organisations, working_for
from tests.applications import Application
from tests.doors import Visitor
from tests.gate.conftest import Proxy
from tests.organisations.test_policy import FORCED, POLICIES, SESSIONS, Person

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#people"}
STRONG = ("password", "totp")
PROGRAM = Proved(("app_password",))
OLD = timedelta(hours=5)

# What is stored of a policy, what it comes to, and how old the sessions are that knock.
STATES = {
    **{name: ({"two_factor": Organisation.ON if demands.two_factor else Organisation.OFF,
               "trusts_browsers": demands.trusts_browsers, "trusted_upstreams": sorted(demands.trusted_upstreams)},
              demands, timedelta()) for name, demands in POLICIES.items()},
    "announced": ({"two_factor": Organisation.ANNOUNCED, "from": timedelta(days=3)}, Demands(), timedelta()),
    "announced for three days ago": ({"two_factor": Organisation.ANNOUNCED, "from": -timedelta(days=3)}, FORCED,
                                     timedelta()),
    "hours": ({"session_hours": 4}, Demands(session_hours=4), OLD),
    "hours, and young": ({"session_hours": 4}, Demands(session_hours=4), timedelta(hours=3)),
    "forced, and hours": ({"two_factor": Organisation.ON, "session_hours": 4},
                          Demands(two_factor=True, session_hours=4), OLD),
}
PLAIN = {"two_factor": Organisation.OFF, "two_factor_from": None, "session_hours": None, "trusts_browsers": True,
         "trusted_upstreams": []}


class Doors:
    """Ways in of Anne, who may use the wiki, and of Chiara, who may use the planning. Each knock: does it open?"""

    def __init__(self, app, browse, cast, has_factor):
        self.lumen, self.has_factor = cast.organisations["lumen"].id, has_factor
        anne = cast.people["anne"]
        with acting(anne, *STRONG):
            secret = app_passwords.create(User.get_by_id(anne.id), "Calendar")
        with working_for(cast.organisations["lumen"]), acting(anne, *STRONG):
            wiki = Product.get(Product.label == "Wiki").public_id
            secrets.take_app_passwords(wiki)
            Client.update(backchannel_uri="https://planning.example/out").execute()
        self.chiara, self.planning = browse("chiara"), Application(app)
        self.open()
        self.tokens = self.planning.tokens(self.chiara)
        self.visitor, self.ticket, self.stranger = Visitor(app, anne), Proxy(app), Proxy(app)
        self.ticket.enter(browse("anne"))
        self.start = self.stranger.where()
        self.wiki = f"/o/lumen/products/{wiki}"
        pair = base64.b64encode(f"{anne.email_typed}:{secret}".encode()).decode()
        self.program = {"Authorization": f"Basic {pair}", "Sec-Fetch-Mode": None, "Accept": "*/*"}
        User.update(two_factor=has_factor).where(User.id.in_([anne.id, cast.people["chiara"].id])).execute()

    def open(self):
        """Nothing is demanded, and all has been proved."""
        self.stand({}, STRONG, timedelta())

    def stand(self, stored, proofs, age):
        self.now = stored, proofs, age
        begins = {"two_factor_from": now() + stored["from"]} if "from" in stored else {}
        Organisation.update(**PLAIN | {k: v for k, v in stored.items() if k != "from"} | begins).where(
            Organisation.id == self.lumen).execute()
        Session.update(proofs=" ".join(proofs), proved=now() - age).execute()

    # --- pages ---------------------------------------------------------------------------------

    def page(self):
        return self.visitor.get("/o/lumen/members").status_code == 200

    def part(self):
        return self.visitor.get("/o/lumen/members", **HTMX).status_code == 200

    def file(self):
        """Or a fresh proof is asked for, which is another question."""
        return self.visitor.get("/o/lumen/members.csv").status_code in (200, 303)

    def deed(self):
        return self.visitor.post("/o/lumen/preferences").status_code in (303, 422)

    def product(self):
        return self.visitor.get(self.wiki).status_code == 200

    # --- applications --------------------------------------------------------------------------

    def sign_in(self):
        page = self.chiara.get(self.planning.asking(), expect=None)
        return page.status in (302, 303) and "code" in self.planning.answer(page)

    def code(self):
        state = self.now
        self.open()
        code = self.planning.code(self.chiara)
        self.stand(*state)
        return self.planning.exchange(code).status_code == 200

    def refresh(self):
        answer = self.planning.refresh(self.tokens["refresh_token"])
        if answer.status_code == 200:
            self.tokens = answer.json
        return answer.status_code == 200

    def introspection(self):
        return self.planning.introspect(self.tokens["access_token"])["active"]

    def userinfo(self):
        return self.planning.userinfo(self.tokens["access_token"]).status_code == 200

    # --- the gate ------------------------------------------------------------------------------

    def by_ticket(self):
        return self.ticket.ask().status_code == 200

    def by_app_password(self):
        return self.stranger.ask(**self.program).status_code == 200

    def on_the_way(self):
        return self.visitor.get(self.start).status_code in (302, 303)

    # --- apart from organisations --------------------------------------------------------------

    def account(self):
        return self.visitor.get("/account").status_code == 200

    def approval(self):
        return self.visitor.get("/account/approvals/none").status_code != 403

    def is_signed_in_there(self):
        """An application that wants to be told is not told that somebody is out who only lacks a step."""
        authorizations.look_again()
        with across_organisations("a test that looks at all"):
            return not Authorization.select().where(Authorization.ended.is_null(False)).exists()


BY_SESSION = (Doors.page, Doors.part, Doors.file, Doors.deed, Doors.product, Doors.sign_in, Doors.code, Doors.refresh,
              Doors.introspection, Doors.userinfo, Doors.by_ticket, Doors.on_the_way)
ALWAYS_OPEN = (Doors.account, Doors.approval, Doors.is_signed_in_there)


def wrong(doors, state):
    """At which doors the answer is not the one of the table, with the session that knocked."""
    stored, demands, age = STATES[state]
    person, found = Person(doors.has_factor), []
    for proofs in SESSIONS:
        session = Proved(tuple(proofs.split()), age)
        missing = policy.missing_steps(person, demands, session)
        doors.stand(stored, session.proofs, age)
        found += [(door.__name__, proofs) for door in BY_SESSION if door(doors) is bool(missing)]
        found += [(door.__name__, proofs) for door in ALWAYS_OPEN if not door(doors)]
    if doors.by_app_password() is bool(policy.missing_steps(person, demands, PROGRAM)):
        found.append(("by_app_password", ""))
    return found


@pytest.mark.parametrize("has_factor", [True, False], ids=["has a factor", "has none"])
@pytest.mark.parametrize("state", STATES)
def test_tf_21_every_door_answers_as_the_table_says(app, browse, cast, state, has_factor):
    assert wrong(Doors(app, browse, cast, has_factor), state) == []


# --- that each door asks ------------------------------------------------------------------------

# Where the question is asked, and which doors are open for want of it.
ASKED = {
    ("oidc/asking.py", ""): {"sign_in"},
    ("oidc/reading.py", "standing"): {"code", "refresh", "introspection", "userinfo"},
    ("gate/reading.py", "welcome"): {"by_ticket"},
    ("blueprints/gate.py", "_decided"): {"on_the_way"},
    ("blueprints/gate.py", "_by_app_password"): {"by_app_password"},
}


@pytest.mark.parametrize("place", ASKED, ids=" ".join)
def test_tf_21_with_the_question_taken_away_in_one_place_its_doors_are_reported(app, browse, cast, monkeypatch, place):
    file, function = place
    decide = Evidence.decide

    def forgetful(self, *asked):
        caller = sys._getframe(1).f_code
        decision = decide(self, *asked)
        forgets = caller.co_filename.endswith(f"/{file}") and caller.co_name in (function or caller.co_name,)
        return replace(decision, steps=()) if forgets else decision
    monkeypatch.setattr(Evidence, "decide", forgetful)
    assert {door for door, _proofs in wrong(Doors(app, browse, cast, False), "forced")} == ASKED[place]


def test_tf_21_with_the_question_taken_away_from_pages_all_their_kinds_are_reported(app, browse, cast, monkeypatch):
    for name, steps in app.before_request_funcs.items():
        monkeypatch.setitem(app.before_request_funcs, name, [step for step in steps if step is not web.meet_demands])
    assert {door for door, _proofs in wrong(Doors(app, browse, cast, False), "forced")} == {
        "page", "part", "file", "deed", "product"}


def test_tf_21_without_a_look_at_the_clock_an_announcement_that_is_due_opens_every_door(app, browse, cast, monkeypatch):
    for module in (policy, evidence, switching):
        monkeypatch.setattr(module, "by_now", lambda state, _begins: state)
    assert {door for door, _proofs in wrong(Doors(app, browse, cast, False), "announced for three days ago")} == {
        *(door.__name__ for door in BY_SESSION), "by_app_password"}


def test_who_only_lacks_a_step_would_be_signed_out_elsewhere_if_that_were_asked_there(app, browse, cast, monkeypatch):
    decide = Evidence.decide

    def strict(self, *asked):
        decision = decide(self, *asked)
        return replace(decision, refusals=(*decision.refusals, *((Why.NOT_GRANTED,) if decision.steps else ())))
    monkeypatch.setattr(Evidence, "decide", strict)
    assert ("is_signed_in_there", "password") in wrong(Doors(app, browse, cast, False), "forced")
