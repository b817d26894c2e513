"""Going from one organisation to another: one click, the same page, and nothing in the session (TN-08)."""
import html
import re

import pytest
import time_machine

from clock import HOUR, now
from demo import acting
from models import Organisation
from organisations import lifecycle
from tenancy import working_for


def switcher(page):
    """Where its entries lead."""
    menu = re.search(r'<ul id="my-organisations".*?</ul>', page.html, re.S)[0]
    return [html.unescape(href) for href in re.findall(r'href="(/o/[^"]+)"', menu)]


def way_to(page, slug):
    return next(href for href in switcher(page) if href.startswith(f"/o/{slug}/"))


@pytest.mark.parametrize(("path", "there"), [
    ("/o/lumen/", "/o/bergquell/"), ("/o/lumen/members", "/o/bergquell/members"),
    ("/o/lumen/members?q=a&sort=-seen", "/o/bergquell/members"), ("/o/lumen/activity", "/o/bergquell/activity"),
    ("/o/lumen/settings", "/o/bergquell/settings"), ("/o/lumen/members/invite", "/o/bergquell/members/invite")])
def test_the_switcher_leads_to_the_same_page_there(browse, path, there):
    mara = browse("mara")
    assert way_to(mara.get(path), "bergquell") == there
    assert mara.get(there).path == there


def test_where_the_other_has_no_such_object_it_leads_above_it(browse, cast):
    mara = browse("mara")
    page = mara.get("/o/lumen/members")
    one = next(link for link in page.links if link.startswith("/o/lumen/members/") and len(link) == 33)
    assert way_to(mara.get(one), "bergquell") == "/o/bergquell/members"
    assert way_to(mara.get(f"{one}/preferences"), "bergquell") == "/o/bergquell/members"


def test_from_a_refused_form_it_leads_to_where_that_form_is(browse):
    """Its address takes forms only; a link there would be 405."""
    mara = browse("mara")
    mara.get("/o/bergquell/settings")
    page = mara.post("/o/bergquell/settings/logo", expect=422)
    assert way_to(page, "lumen") == "/o/lumen/settings"


def test_where_that_page_is_not_open_it_leads_to_the_overview_and_says_so(browse):
    chiara = browse("chiara")
    way = way_to(chiara.get("/o/onda/members"), "lumen")
    page = chiara.get(way)
    assert page.path == "/o/lumen/"
    assert "Atelier Lumen" in page.flash
    assert "Atelier Lumen" not in chiara.get("/o/lumen/").flash      # once


def test_tn_08_two_tabs_do_not_fight(browse, cast):
    """A form of one organisation acts there, wherever another tab has gone since."""
    mara = browse("mara")
    form = mara.get("/o/bergquell/settings")
    mara.get("/o/lumen/")
    mara.post("/o/bergquell/checklist/hidden", token=form.token)
    hidden = {each.slug: each.checklist_hidden for each in Organisation.select()}
    assert hidden["bergquell"] is True
    assert hidden["lumen"] is False


def test_the_last_one_is_where_the_next_sign_in_leads(browse):
    chiara = browse("chiara")
    chiara.get("/o/lumen/")
    assert chiara.get("/").path == "/o/lumen/"
    chiara.get("/o/onda/members")
    chiara.post("/signout")
    chiara.sign_in("chiara")
    assert chiara.get("/").path == "/o/onda/"


def test_in_a_new_browser_it_is_where_one_was_last_at_all(browse):
    for hours, place in ((2, "/o/onda/"), (4, "/o/lumen/")):
        with time_machine.travel(now() + hours * HOUR) as clock:
            chiara = browse("chiara")
            clock.shift(10)
            chiara.get(place)
            assert browse("chiara").get("/").path == place


def test_looking_at_another_organisation_writes_nothing(browse, count):
    chiara = browse("chiara")
    chiara.get("/o/lumen/")
    chiara.get("/o/onda/")
    count.clear()
    chiara.get("/o/lumen/")
    assert [each for each in count if not each.lstrip().startswith("SELECT")] == []


def test_from_six_organisations_up_one_can_search(browse, cast):
    anne = browse("anne")
    assert "find-org" not in anne.get("/o/lumen/").html
    with acting(cast.people["anne"]):
        for name in ("Eins", "Zwei", "Drei", "Vier", "Fünf"):
            lifecycle.create(name)
    page = anne.get("/o/lumen/")
    assert "/account/organisations" in [each.get("action") for each in page.all("form")]
    assert len(switcher(page)) == 6
    found = anne.get("/account/organisations?q=FUNF")
    assert "Fünf" in found.text("main")
    assert "Zwei" not in found.text("main")


def test_a_closed_organisation_is_not_offered(browse, cast):
    with working_for(cast.organisations["lumen"]):
        Organisation.update(status="held").where(Organisation.slug == "lumen").execute()
    mara = browse("mara")
    assert "/o/lumen/" not in switcher(mara.get("/o/bergquell/"))
    mara.get("/o/lumen/", expect=404)
