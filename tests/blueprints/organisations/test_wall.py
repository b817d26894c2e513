"""The wall in front of an organisation that demands more than a session has proved (G10, TF-21)."""
from datetime import timedelta

import pyotp
import pytest

import outbox
import web
from app import create_app
from clock import epoch, now
from demo import PASSWORD, SECRET, acting
from models import Membership, Organisation, Role, Session, User
from organisations import demands, invitations, policy
from organisations.policy import Proved, Step
from settings import setting
from tenancy import working_for
from tests.doors import Visitor
from tests.lending import connect, lenders, link
from tests.organisations.test_policy import POLICIES, SESSIONS, Person
from tests.test_routes import ENTERED, inside, path_of, routes
from web import SIGNED_IN

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#people"}


@pytest.fixture
def forced(cast):
    """Lumen demands two-factor authentication; of its people Mara alone has it."""
    with working_for(cast.organisations["lumen"]) as lumen, acting(cast.people["mara"], "password", "totp"):
        demands.force()
    return lumen


@pytest.fixture
def walled(visitor, cast):
    """A browser somebody has signed in with, who goes to the account and not to the organisation."""
    def sign_in(who):
        browser = visitor()
        browser.get("/signin")
        browser.post("/signin?next=/account", email=cast.people[who].email_typed, password=PASSWORD)
        return browser
    return sign_in


# What the wall leads to, for each step that is missing.
WAYS_ON = {Step.SET_UP: 'href="/account/security/two-factor?next=', Step.TWO_STEPS: 'href="/prove?next=',
           Step.SIGN_IN: 'href="/prove?next='}


def is_wall(answer, *steps):
    page = answer.get_data(as_text=True)
    return answer.status_code == 403 and "Mara Lehmann" not in page and all(
        WAYS_ON[step] in page for step in steps or (Step.SET_UP,))


def knock(visitor, method, path, **headers):
    return visitor.post(path, **headers) if method == "POST" else visitor.get(path, **headers)


def open_doors(app, visitor, *steps):
    """The doors of the organisation at which somebody who lacks these steps does not meet the wall."""
    return {(method, path) for method, path, _view in inside(app) for headers in ({}, HTMX)
            if not is_wall(knock(visitor, method, path, **headers), *steps)}


# --- every door --------------------------------------------------------------------------------


@pytest.mark.parametrize(("who", "open_to_them"), [
    ("anne", set()), ("luc", set()), ("grace", {("GET", "/o/lumen/leave"), ("POST", "/o/lumen/leave")})])
def test_tf_21_every_route_of_the_organisation_meets_it(app, cast, forced, who, open_to_them):
    """Whoever the application comes to serve below an organisation: the doors are read off its own map."""
    assert len(inside(app)) > 40
    assert open_doors(app, Visitor(app, cast.people[who])) == open_to_them


def test_tf_21_every_route_meets_it_whatever_the_step_that_is_missing(app, cast, forced):
    mara = Visitor(app, cast.people["mara"])
    Session.update(proofs="password").execute()
    assert open_doors(app, mara, Step.TWO_STEPS) == set()
    Session.update(proofs="password totp", proved=now() - timedelta(hours=5)).execute()
    Organisation.update(session_hours=4).where(Organisation.id == forced.id).execute()
    assert open_doors(app, mara, Step.SIGN_IN) == set()


@pytest.fixture
def another_app(cast, monkeypatch):
    """The application once more, to take something away from it."""
    monkeypatch.setattr(outbox, "wake", [])
    return create_app()


def test_tf_21_with_the_question_taken_away_every_door_is_reported(another_app, cast, forced):
    """The same application but for one thing: its doors do not ask. Then each of them is open, and said to be."""
    for steps in another_app.before_request_funcs.values():
        if web.meet_demands in steps:
            steps.remove(web.meet_demands)
    anne = Visitor(another_app, cast.people["anne"])
    assert anne.get("/o/lumen/members").status_code == 200
    assert open_doors(another_app, anne) == {(method, path) for method, path, _view in inside(another_app)}


def test_tf_21_taken_away_at_some_doors_these_are_reported(another_app, cast, forced):
    another_app.before_request_funcs["settings"].remove(web.meet_demands)
    theirs = {path for _method, path, _view in inside(another_app) if path.startswith("/o/lumen/settings")}
    logo = {path for _method, path, _view in inside(another_app) if path.startswith("/o/lumen/logo")}
    assert {path for _method, path in open_doors(another_app, Visitor(another_app, cast.people["anne"]))} == (
        theirs | logo)


@pytest.mark.parametrize("has_factor", [True, False], ids=["has a factor", "has none"])
@pytest.mark.parametrize("demanded", POLICIES)
def test_tf_21_each_kind_of_door_answers_as_the_table_says(app, cast, demanded, has_factor):
    """A page, a part of one, a file and a deed, under every policy, for every kind of session (`test_policy.py`)."""
    lumen, mara = cast.organisations["lumen"], cast.people["mara"]
    demands = POLICIES[demanded]
    Organisation.update(two_factor=Organisation.ON if demands.two_factor else Organisation.OFF,
                        trusts_browsers=demands.trusts_browsers, trusted_upstreams=sorted(demands.trusted_upstreams),
                        ).where(Organisation.id == lumen.id).execute()
    visitor = Visitor(app, mara)
    User.update(two_factor=has_factor).where(User.id == mara.id).execute()
    for proofs in SESSIONS:
        Session.update(proofs=proofs).execute()
        missing = policy.missing_steps(Person(has_factor), demands, Proved(tuple(proofs.split())))
        for method, path, headers in (("GET", "/o/lumen/members", {}), ("GET", "/o/lumen/members", HTMX),
                                      ("GET", "/o/lumen/members/none", {}), ("POST", "/o/lumen/preferences", {})):
            answer = knock(visitor, method, path, **headers)
            stopped = is_wall(answer, *missing) if missing else answer.status_code in (200, 303, 404)
            assert stopped, (proofs, method, path, answer.status_code)


def test_tf_21_before_the_wall_is_leaving_for_externals_and_nothing_else(app):
    before = {rule.endpoint: view.before_wall for rule, _method, view in routes(app) if view.before_wall}
    assert before == {"membership.leaving": {Role.EXTERNAL}, "membership.leave": {Role.EXTERNAL}}


def test_tf_21_every_path_below_an_organisation_is_one_of_its_routes(app):
    """None is registered beside the blueprints that ask at the door."""
    asks = web.OrganisationBlueprint
    ours = {name for name, blueprint in app.blueprints.items() if isinstance(blueprint, asks)}
    for rule in app.url_map.iter_rules():
        assert not rule.rule.startswith("/o/") or rule.endpoint.partition(".")[0] in ours, rule


def test_tf_21_nothing_changes_behind_it(app, cast, forced):
    visitor = Visitor(app, cast.people["anne"])
    with working_for(forced):
        luc = Membership.get(Membership.user == cast.people["luc"].id)
    visitor.post(f"/o/lumen/members/{luc.public_id}/remove", {"sure": "y"})
    visitor.post("/o/lumen/leave", {"sure": "y"})
    with working_for(forced):
        assert Membership.present().count() == 6


def test_a_fragment_becomes_the_whole_page(app, cast, forced):
    answer = Visitor(app, cast.people["anne"]).get("/o/lumen/members", **HTMX)
    assert answer.headers["HX-Retarget"] == "body" and "<html" in answer.get_data(as_text=True)


# --- what another organisation has brought along ------------------------------------------------


@pytest.fixture
def lent(app, cast, tmp_path):
    """Chiara has come in by the provider of Onda, where she is legal representative: and she belongs to Lumen."""
    with lenders(tmp_path, "onda") as (running,):
        row = connect(cast, running, "onda", "chiara")
        User.update(language="en").where(User.id == cast.people["chiara"].id).execute()
        visitor = Visitor(app, link(row, cast.people["chiara"]))
        Session.update(proofs=f"upstream {row.way} mfa totp", elsewhere=row.way).execute()
        yield visitor


def test_fd_14_every_route_of_another_organisation_is_closed_to_what_one_has_brought_along(app, lent):
    for method, path, _view in inside(app):
        for headers in ({}, HTMX):
            answer = lent.post(path, **headers) if method == "POST" else lent.get(path, **headers)
            page = answer.get_data(as_text=True)
            assert answer.status_code == 403 and "another organisation, which opens" in page, (method, path)
            assert "Mara" not in page and 'href="/prove?next=' in page


def test_fd_14_its_own_is_open_but_for_what_asks_for_a_fresh_proof(app, lent):
    for method, path, view in inside(app):
        path = path.replace("/o/lumen", "/o/onda")
        answer = lent.post(path) if method == "POST" else lent.get(path)
        if view.fresh:
            assert answer.status_code == 303 and answer.headers["Location"].startswith("/prove"), (method, path)
        elif not path.endswith("/leave"):
            assert answer.status_code in ENTERED, (method, path, answer.status_code)


def test_fd_14_of_the_account_it_opens_what_leads_on_and_nothing_else(app, lent):
    rest = set()
    for rule, method, view in routes(app):
        if view.needs != SIGNED_IN:
            continue
        path = path_of(rule, name="onda", kind="app")
        answer = lent.post(path) if method == "POST" else lent.get(path)
        if answer.status_code != 303 or not answer.headers["Location"].startswith("/prove"):
            rest.add((method, rule.rule))
    assert rest == {("GET", "/prove"), ("POST", "/prove"), ("GET", "/account/organisations")}


# --- the ways out ------------------------------------------------------------------------------


def test_tf_21_the_ways_out_and_nothing_else(walled, forced):
    page = walled("anne").get("/o/lumen/members?lang=en", expect=403)
    assert {link.partition("?")[0] for link in page.links} == {
        "/", "/account/security/two-factor", "/account/organisations", "/cookies", "/messages"}
    assert {form["action"] for form in page.all("form")} == {"/signout", "/language"}
    assert "Atelier Lumen Sàrl" in page.text() and "Luc" not in page.text()


def test_g10_r2_externals_may_leave_and_others_may_not(walled, forced):
    grace = walled("grace")
    page = grace.get("/o/lumen/", expect=403)
    assert "/o/lumen/leave" in page.links
    grace.get("/o/lumen/leave")
    assert {link for link in grace.page.links if link.startswith("/o/lumen/")} == {"/o/lumen/", "/o/lumen/leave"}
    assert grace.post("/o/lumen/leave", sure="y").path == "/account/organisations"
    anne = walled("anne")
    assert "/o/lumen/leave" not in anne.get("/o/lumen/", expect=403).links
    anne.get("/o/lumen/leave", expect=403)
    anne.post("/o/lumen/leave", sure="y", expect=403)


def test_g10_r5_other_organisations_and_the_account_are_open(walled, forced):
    chiara = walled("chiara")
    page = chiara.get("/o/lumen/", expect=403)
    assert "/o/onda/" in page.links
    chiara.get("/o/onda/members")
    for path in ("/account", "/account/security", "/account/sessions", "/account/organisations"):
        chiara.get(path)


def test_the_language_can_be_changed_there_and_stays(walled, cast, forced):
    anne = walled("anne")
    page = anne.get("/o/lumen/", expect=403)
    assert page.all("html")[0]["lang"] == "fr"
    page = anne.post("/language", language="de", back="/o/lumen/", expect=403)
    assert page.all("html")[0]["lang"] == "de"
    assert User.get_by_id(cast.people["anne"].id).language == "de"


# --- through it --------------------------------------------------------------------------------


def test_setting_one_up_leads_back_and_in(walled, forced):
    anne = walled("anne")
    wall = anne.get("/o/lumen/members?q=luc", expect=403)
    there = next(link for link in wall.links if link.startswith("/account/security/two-factor"))
    ways = anne.get(there)
    enrol = anne.get(next(link for link in ways.links if "/two-factor/app" in link))
    secret = enrol.html.split('data-secret>')[1].split("<")[0].replace(" ", "")
    asked = next(link for link in ways.links if "/two-factor/app" in link)
    codes = anne.post(asked, code=pyotp.TOTP(secret).now())
    assert "/o/lumen/members?q=luc" in codes.links
    assert "Luc" in anne.get("/o/lumen/members?q=luc").text()


def test_who_comes_in_by_one_step_is_asked_for_the_second_one(browse, cast, forced):
    mara = browse("mara")
    mara.get("/o/lumen/")
    Session.update(proofs="password trusted").where(Session.user == cast.people["mara"].id).execute()
    mara.get("/o/lumen/")
    Organisation.update(trusts_browsers=False).where(Organisation.id == forced.id).execute()
    wall = mara.get("/o/lumen/members", expect=403)
    prove = next(link for link in wall.links if link.startswith("/prove"))
    mara.get(prove)
    page = mara.post(prove, password=PASSWORD, factor="totp",
                     code=pyotp.TOTP(SECRET).at(epoch() + 30))
    assert page.path == "/o/lumen/members"


def test_who_no_longer_has_the_factor_is_asked_for_one(browse, cast, forced):
    """The session in which it was removed once proved it; that counts no longer."""
    mara = browse("mara")
    User.update(two_factor=False).where(User.id == cast.people["mara"].id).execute()
    page = mara.get("/o/lumen/", expect=403)
    assert [link for link in page.links if link.startswith("/account/security/two-factor")]


def test_a_sign_in_is_good_for_so_many_hours_here(walled, cast, forced):
    Organisation.update(session_hours=4, two_factor=Organisation.OFF).where(Organisation.id == forced.id).execute()
    luc = walled("luc")
    luc.get("/o/lumen/")
    Session.update(proved=now() - timedelta(hours=5)).where(Session.user == cast.people["luc"].id).execute()
    wall = luc.get("/o/lumen/", expect=403)
    prove = next(link for link in wall.links if link.startswith("/prove"))
    luc.get(prove)
    assert luc.post(prove, password=PASSWORD).path == "/o/lumen/"


def test_tf_14_a_remembered_browser_has_signed_in_as_well_and_its_hours_count(visitor, cast):
    """It is no fresh proof, and still a sign-in: its hours begin with the session, not in the year 1970."""
    Organisation.update(session_hours=4).where(Organisation.id == cast.organisations["lumen"].id).execute()
    mara = visitor()
    for _time in range(2):
        mara.get("/signin")
        mara.post("/signin?next=/account", email="mara@bergquell.example", password=PASSWORD)
        if mara.page.path == "/signin/second-step":
            mara.post("/signin/second-step", factor="totp", code=pyotp.TOTP(SECRET).now(), remember="y")
            mara.post("/signout")
    newest = Session.select().order_by(Session.id.desc()).get()
    assert newest.proofs == "password trusted"
    mara.get("/o/lumen/")
    assert mara.get("/account/address").path == "/prove"        # where a fresh proof is due, it still is
    Session.update(created=now() - timedelta(hours=5)).where(Session.id == newest.id).execute()
    mara.get("/o/lumen/", expect=403)


def test_switched_off_everybody_is_in_again(walled, cast, forced):
    anne = walled("anne")
    anne.get("/o/lumen/", expect=403)
    with working_for(forced), acting(cast.people["mara"]):
        demands.lift()
    anne.get("/o/lumen/")


def test_g10_r7_a_new_member_meets_it_at_acceptance(walled, cast):
    with working_for(cast.organisations["bergquell"]), acting(cast.people["mara"]):
        token = invitations.invite("luc@lumen.example", Role.COLLABORATOR).copied_token
    luc = walled("luc")
    page = luc.get(f"/invitations/{token}?lang=en")
    assert "Required for everybody in this organisation" in page.text()
    page = luc.post(f"{page.path}/acceptance", expect=403)
    assert page.path == "/o/bergquell/" and "Verein Bergquell" in page.text("main")
    with working_for(cast.organisations["bergquell"]):
        assert Membership.present().where(Membership.user == cast.people["luc"].id).exists()


def test_who_has_proved_two_steps_notices_nothing(app, cast, forced):
    visitor = Visitor(app, cast.people["mara"])
    for path in ("/o/lumen/", "/o/lumen/members", "/o/lumen/members.csv", "/o/bergquell/"):
        assert visitor.get(path).status_code == 200, path


def test_the_wall_asks_little(app, cast, forced, count):
    visitor = Visitor(app, cast.people["anne"])
    visitor.get("/o/lumen/")
    count.clear()
    visitor.client.get("/o/lumen/members", base_url=setting.base_url)
    assert len(count) <= 2
