"""All of my organisations, none yet, and making one."""
import pytest

import clock
from clock import MINUTE
from demo import acting
from models import Event, Membership, Organisation, Role
from organisations import invitations
from organisations.lifecycle import just_made
from tenancy import across_organisations, working_for

NEW = {"name": "Chorgemeinschaft Öl & Wein", "kind": "association", "country": "CH", "slug": ""}


@pytest.fixture
def anne(browse):
    return browse("anne")


def make(browser, expect=200, **some):
    browser.get("/account/organisations/new")
    return browser.post("/account/organisations/new", expect=expect, **NEW | some)


def test_who_makes_one_is_its_legal_representative(anne, cast):
    page = make(anne)
    assert page.path == "/o/chorgemeinschaft-ol-wein/"
    made = Organisation.get(Organisation.slug == "chorgemeinschaft-ol-wein")
    assert (made.name, made.currency, made.origin, made.members) == (NEW["name"], "CHF", "created", 1)
    with working_for(made):
        assert Membership.get().role == Role.LEGAL
        assert [event.kind for event in Event.select().order_by(Event.number)] == ["organisation.created",
                                                                                  "member.joined"]
    assert anne.get("/").path == page.path


def test_an_individuals_is_called_like_the_person(anne):
    make(anne, name="", kind="individual")
    assert Organisation.select().where(Organisation.name == "Anne-Sophie de Montmollin").count() == 1


@pytest.mark.parametrize("slug", ["admin", "api", "oauth", ".well-known", "static", "lumеn", "x" * 255, "dot.",
                                  "UPPER", "-a", "a-", "a--b", "a/b", "a b", "new", "lumen", "ａ"])
def test_su_10_a_short_name_is_plain_free_and_not_ours(anne, slug):
    page = make(anne, expect=422, slug=slug)
    assert page.errors
    assert slug in [each.get("value") for each in page.all("input")]      # what was typed is kept
    assert Organisation.select().count() == 4


@pytest.mark.parametrize(("field", "value"), [("name", ""), ("name", "http://evil.example"), ("kind", "tyranny"),
                                              ("country", "XX"), ("name", "x" * 121), ("owner_id", "1"),
                                              ("currency", "EUR"), ("members", "9")])
def test_su_08_and_tn_05_what_is_wrong_or_not_asked_is_refused(anne, field, value):
    make(anne, expect=422, **{field: value})
    assert Organisation.select().count() == 4


def test_the_same_name_gets_a_short_name_of_its_own(anne, browse):
    make(anne)
    assert make(browse("luc")).path == "/o/chorgemeinschaft-ol-wein-2/"


def test_wb_17_a_double_click_makes_one(anne, cast, monkeypatch):
    page = anne.get("/account/organisations/new")
    for _click in range(2):
        anne.post("/account/organisations/new", token=page.token, **NEW)
    assert Organisation.select().where(Organisation.name == NEW["name"]).count() == 1
    later = clock.now() + 2 * MINUTE
    monkeypatch.setattr("organisations.lifecycle.now", lambda: later)
    assert just_made(cast.people["anne"], NEW["name"], "") is None     # later it is a wish of its own


def test_all_of_mine_with_what_i_am_there(browse):
    page = browse("mara").get("/account/organisations?lang=en")
    assert "Atelier Lumen SàrlAdministrator" in page.text("main")
    assert "Verein BergquellLegal representative" in page.text("main")
    assert "Cooperativa Onda" not in page.text()
    assert "/o/lumen/leave" in page.links


def test_ri_8_no_organisation_is_a_page_of_its_own(browse, cast):
    otto = browse("otto")
    page = otto.get("/account/organisations?lang=en")
    assert "You belong to no organisation yet" in page.text("main")
    assert "operator@kanton.example" in page.text("main")
    assert "/account/organisations/new" in page.links


def test_an_invitation_to_my_address_waits_there_and_shows_no_token(browse, cast):
    with working_for(cast.organisations["bergquell"]), acting(cast.people["mara"]):
        invitation = invitations.invite("OPERATOR@kanton.example", Role.ADMIN)
        other = invitations.invite("somebody@else.example", Role.ADMIN)
    otto = browse("otto")
    page = otto.get("/account/organisations?lang=en")
    assert "Mara Lehmann invites you as Administrator" in page.text("main")
    assert invitation.copied_token.partition(".")[2] not in page.html
    assert "/invitations/" + invitation.public_id + "." not in page.html
    otto.post(f"/account/invitations/{other.public_id}/acceptance", expect=404)
    page = otto.post(f"/account/invitations/{invitation.public_id}/acceptance", token=page.token)
    assert page.path == "/o/bergquell/"
    with across_organisations("a test that looks at a person's memberships"):
        assert Membership.get(Membership.user == cast.people["otto"].id).role == Role.ADMIN
    otto.post(f"/account/invitations/{invitation.public_id}/acceptance", expect=404)
