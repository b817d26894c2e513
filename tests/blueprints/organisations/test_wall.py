"""The wall in front of an organisation that demands more than a session has proved (G10, TF-21)."""
from datetime import timedelta

import pyotp
import pytest

import web
from clock import epoch, now
from demo import PASSWORD, SECRET, acting
from models import Membership, Organisation, Role, Session, User
from organisations import demands, invitations
from settings import setting
from tenancy import working_for
from tests.doors import Visitor
from tests.test_routes import inside

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


def is_wall(answer):
    page = answer.get_data(as_text=True)
    return answer.status_code == 403 and 'href="/account/security/two-factor?next=' in page and "Mara" not in page


# --- every door --------------------------------------------------------------------------------


def test_tf_21_every_route_of_the_organisation_meets_it(app, cast, forced):
    doors = inside(app)
    assert len(doors) > 40
    for who in ("anne", "luc", "grace"):
        visitor = Visitor(app, cast.people[who])
        for method, path, _view in doors:
            if who == "grace" and path.endswith("/leave"):
                continue
            for headers in ({}, HTMX):
                answer = visitor.post(path, **headers) if method == "POST" else visitor.get(path, **headers)
                assert is_wall(answer), (who, method, path, answer.status_code)


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


# --- the ways out ------------------------------------------------------------------------------


def test_tf_21_the_ways_out_and_nothing_else(walled, forced):
    page = walled("anne").get("/o/lumen/members?lang=en", expect=403)
    assert {link.partition("?")[0] for link in page.links} == {
        "/", "/account/security/two-factor", "/account/organisations", "/cookies"}
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
    assert "Demanded of everybody in this organisation" in page.text()
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
