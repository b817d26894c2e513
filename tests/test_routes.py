"""Every route says who may enter, and everybody else is told the same nothing (TN-01, TN-13, RL-09, RL-10)."""
import re

import pytest
from peewee import IntegrityError

from accounts import signup
from demo import acting
from models import Membership, Organisation, Role, User
from organisations import invitations, members
from organisations.roles import TABLE, Right, Standing
from rules import address
from tenancy import working_for
from tests.doors import Visitor
from web import ANYONE, CONSOLE, OPERATOR, SIGNED_IN

SLUG = "lumen"
VALUES = {"organisation": SLUG, "id": "0" * 16, "token": "0" * 16 + ".x"}
# One of each column of the permission table, by what they are in Lumen.
ROLES = {"anne": Standing(Role.LEGAL), "mara": Standing(Role.ADMIN), "chiara": Standing(Role.COLLABORATOR, True),
         "esteban": Standing(Role.COLLABORATOR), "grace": Standing(Role.EXTERNAL)}
# A POST without its form is refused by the form, a page about something that is not there is not found.
ENTERED = {200, 303, 404, 409, 410, 422}


def routes(app):
    """(rule, method, view) of all of them."""
    return [(rule, method, app.view_functions[rule.endpoint]) for rule in app.url_map.iter_rules()
            for method in sorted(rule.methods & {"GET", "POST"})]


def inside(app):
    """(method, path, view) of those below an organisation."""
    return [(method, path_of(rule), view) for rule, method, view in routes(app) if "organisation" in rule.arguments]


def path_of(rule, **more):
    values = VALUES | more
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: values.get(found[1], "nothing"), rule.rule)


@pytest.fixture
def knock(app):
    """Goes to a door with a valid token, so that nothing but the door itself says no."""
    def go(visitor, method, path):
        return visitor.post(path) if method == "POST" else visitor.get(path)
    return go


def told(answer):
    """An answer without what differs from one request to the next."""
    body = answer.get_data(as_text=True).replace(answer.headers["X-Request-Id"], "")
    headers = sorted((name, value) for name, value in answer.headers
                     if name not in ("X-Request-Id", "Set-Cookie", "Content-Length", "Date"))
    return answer.status_code, headers, re.sub(r"<!--\w*-->|lumen|nobody", "", body)


def test_every_route_says_who_may_enter(app):
    for rule, _method, view in routes(app):
        needs = getattr(view, "needs", None)
        assert needs in (ANYONE, SIGNED_IN, OPERATOR) or isinstance(needs, Right), rule
        if "organisation" in rule.arguments:
            assert isinstance(needs, Right), f"{rule}: inside an organisation a right is needed"
        assert (needs == OPERATOR) == rule.rule.startswith(f"{CONSOLE}/"), f"{rule}: the console is one place"


def test_every_right_is_in_the_table_and_asked_for_somewhere(app):
    assert set(TABLE) == set(Right)


def test_a_route_shows_or_changes(app):
    for rule in app.url_map.iter_rules():
        assert rule.methods & {"PUT", "PATCH", "DELETE"} == set(), rule
        assert len(rule.methods & {"GET", "POST"}) == 1, f"{rule}: one view, one method"
        assert re.fullmatch(r"[a-z0-9/.<>_:-]*", rule.rule.replace("<organisation>", "")), f"{rule}: kebab-case"


# --- strangers ---------------------------------------------------------------------------------


@pytest.fixture
def outsiders(app, cast):
    """Everybody who is no active member of Lumen."""
    lumen, anne = cast.organisations[SLUG], cast.people["anne"]
    with acting(anne), working_for(lumen):
        invitation = invitations.invite("pia@pending.example", Role.COLLABORATOR)
        members.remove(Membership.get(Membership.user == cast.people["luc"].id).public_id)
        Membership.update(status=Membership.BLOCKED).where(Membership.user == cast.people["grace"].id).execute()
    pia = signup.create(address("pia@pending.example"), "Pia", "Pending", "", language="en", country="CH",
                        time_zone="Europe/Zurich")
    assert invitation.open
    with working_for(cast.organisations["bergquell"]), acting(cast.people["mara"]):
        stranger = signup.create(address("sam@stranger.example"), "Sam", "Stranger", "", language="en", country="CH",
                                 time_zone="Europe/Zurich")
        members.add(stranger, Role.LEGAL)
    return {"another organisation's legal representative": stranger, "an ex-member": cast.people["luc"],
            "a blocked member": cast.people["grace"], "somebody invited": pia}


def test_tn_01_tn_13_an_organisation_is_nowhere_for_who_is_not_in_it(app, outsiders, knock, database):
    doors = inside(app)
    assert len(doors) > 20
    for who in outsiders.keys() - {"a blocked member"}:
        visitor = Visitor(app, outsiders[who])
        nowhere = told(visitor.get("/o/nobody/members"))
        posted = told(visitor.post("/o/nobody/leave"))
        assert nowhere[0] == posted[0] == 404
        for method, path, _view in doors:
            assert told(knock(visitor, method, path)) == (posted if method == "POST" else nowhere), (who, method, path)


def test_tn_01_who_is_blocked_reads_so_at_every_door_and_nothing_else(app, outsiders, knock, database):
    visitor = Visitor(app, outsiders["a blocked member"])
    for method, path, _view in inside(app):
        answer = knock(visitor, method, path)
        page = answer.get_data(as_text=True)
        assert answer.status_code == 403 and "has blocked your access" in page, (method, path)
        assert not [name for name in ("Lehmann", "Bernasconi", "Ruiz", "pending.example") if name in page], path


def test_tn_01_nothing_is_written_by_knocking(app, outsiders, knock, database):
    def picture():
        with working_for(database.organisations[SLUG]):
            return (list(Membership.select().order_by(Membership.id).tuples()),
                    list(Organisation.select().order_by(Organisation.id).tuples()))
    before = picture()
    for person in outsiders.values():
        visitor = Visitor(app, person)
        for method, path, _view in inside(app):
            knock(visitor, method, path)
    assert picture() == before


def test_anonymous_is_sent_to_sign_in(app, cast, knock):
    visitor = Visitor(app)
    for method, path, _view in inside(app):
        answer = knock(visitor, method, path)
        assert answer.status_code == 303 and answer.headers["Location"].startswith("/signin"), (method, path)
        answer = visitor.get(path, **{"HX-Request": "true"}) if method == "GET" else answer
        assert method == "POST" or (answer.status_code, answer.headers["HX-Redirect"][:7]) == (401, "/signin")


@pytest.mark.parametrize("who", ["anne", None])
def test_bs_12_for_others_the_console_is_like_an_address_that_is_not_there(app, cast, who):
    """By every method, without a token, without the last slash, and as a place to come back to."""
    visitor = Visitor(app, cast.people[who] if who else None)
    consoles = {CONSOLE, f"{CONSOLE}/nowhere", *(path_of(rule) for rule, _method, view in routes(app)
                                                 if view.needs == OPERATOR)}
    assert len(consoles) > 5
    for method in ("GET", "POST", "PUT", "OPTIONS"):
        nowhere = told(visitor.open(method, "/nowhere"))
        assert nowhere[0] == 404
        for path in consoles:
            there = told(visitor.open(method, path))
            assert (there[0], there[1], there[2].replace(path, "/nowhere")) == nowhere, (method, path)
    if not who:
        visitor.token()                         # from now on it is the same on every page
        back, nowhere = (told(visitor.get(f"/signin?next={path}")) for path in (f"{CONSOLE}/", "/nowhere/"))
        assert back[2].replace("operator", "nowhere") == nowhere[2]


def test_tn_03_a_neighbours_object_is_nowhere_in_mine(app, cast, knock):
    """Mara administers Lumen and Bergquell: what is Bergquell's is not found below Lumen, either."""
    with working_for(cast.organisations["bergquell"]), acting(cast.people["mara"]):
        theirs = {"member": Membership.get(Membership.user == cast.people["mara"].id).public_id,
                  "invitation": invitations.invite("x@y.example", Role.EXTERNAL).public_id}
    visitor = Visitor(app, cast.people["mara"])
    for rule, method, view in routes(app):
        if {"organisation", "id"} <= rule.arguments:
            for id in theirs.values():
                if "/sessions/" not in rule.rule:
                    answer = knock(visitor, method, path_of(rule, id=id))
                    nowhere = 404 if ROLES["mara"].may(view.needs) else 403     # not for her role, whatever the id
                    assert answer.status_code == nowhere, (method, path_of(rule, id=id))
                    assert theirs["member"] not in answer.get_data(as_text=True).replace(f"/{id}", "")


# --- roles -------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ROLES)
def test_rl_09_every_route_agrees_with_the_table(app, cast, knock, who):
    visitor = Visitor(app, cast.people[who])
    for method, path, view in inside(app):
        if path.endswith(("/leave", "/close", "/delete")) and method == "POST":
            continue
        answer = knock(visitor, method, path)
        if ROLES[who].may(view.needs):
            assert answer.status_code in ENTERED, (method, path, answer.status_code)
        else:
            assert answer.status_code == 403, (method, path, answer.status_code)


def test_a_stale_proof_is_asked_for_before_the_form(app, cast, knock):
    visitor = Visitor(app, cast.people["anne"], stale=True)
    asked = [(method, path) for method, path, view in inside(app) if view.fresh]
    assert asked
    for method, path in asked:
        answer = knock(visitor, method, path)
        assert answer.status_code == 303 and answer.headers["Location"].startswith("/prove"), (method, path)


def test_rl_10_other_verbs_are_refused(app, cast):
    visitor = Visitor(app, cast.people["anne"])
    for rule in app.url_map.iter_rules():
        path = path_of(rule)
        for method in ("PUT", "PATCH", "DELETE"):
            answer = visitor.open(method, path)
            nowhere = 404 if path.startswith(f"{CONSOLE}/") else 405
            assert answer.status_code == nowhere, (method, path)
    answer = visitor.open("POST", f"/o/{SLUG}/members", **{"X-HTTP-Method-Override": "GET"})
    assert answer.status_code == 405


def test_a_person_of_nowhere_is_nobody_special(app, cast):
    person = User.get_by_id(cast.people["grace"].id)
    visitor = Visitor(app, person)
    assert visitor.get("/o/bergquell/").status_code == 404
    assert visitor.get(f"/o/{SLUG}/").status_code == 200


# --- what answers tell -------------------------------------------------------------------------


def test_tn_10_nothing_of_an_organisation_is_kept_on_the_way(app, cast, knock):
    visitor = Visitor(app, cast.people["anne"])
    for method, path, _view in inside(app):
        if method == "GET" and (answer := knock(visitor, method, path)).status_code == 200:
            assert "no-store" in answer.headers["Cache-Control"], path
            assert "ETag" not in answer.headers and "Last-Modified" not in answer.headers, path
            assert {"Cookie", "HX-Target"} <= set(answer.headers["Vary"].split(", ")), path
            again = visitor.get(path, **{"If-None-Match": "*", "If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"})
            assert again.status_code == 200, path


def test_tn_15_a_trouble_with_the_database_tells_nothing_of_its_rows(app, cast, monkeypatch):
    def clash(_id):
        raise IntegrityError("UNIQUE constraint failed: membership.user_id, sam@stranger.example")
    monkeypatch.setattr(members, "remove", clash)
    visitor = Visitor(app, cast.people["anne"])
    with working_for(cast.organisations[SLUG]):
        luc = Membership.get(Membership.user == cast.people["luc"].id).public_id
    answer = visitor.post(f"/o/{SLUG}/members/{luc}/remove", {"sure": "y"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 500 and answer.headers["X-Request-Id"] in page
    assert not [word for word in ("UNIQUE", "membership", "stranger", "Traceback") if word in page]
