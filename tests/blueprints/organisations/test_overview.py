"""The organisation at a glance: what is to do, how far it is set up, what happened last."""
import pytest

from demo import acting, protect
from models import Invitation, Membership, Organisation, Role
from organisations import demands, invitations, members


def look(browser, slug="lumen"):
    return browser.get(f"/o/{slug}/?lang=en")


def test_what_is_counted_is_shown(browse, cast, lumen):
    with acting(cast.people["anne"]):
        invitations.invite("nea@lumen.example", Role.EXTERNAL)
    text = look(browse("anne")).text("main")
    assert "Members61 external among them" in text
    assert "Without two-factor authentication5" in text
    assert "Invitations1" in text
    assert "1 invitation is waiting for an answer" in text
    assert "Your own account has no second factor" in text


def test_what_is_done_is_no_work_any_more(browse):
    text = look(browse("mara"), "bergquell").text("main")
    assert "Nothing needs your attention" in text


def test_no_tile_is_about_what_does_not_exist_yet(browse):
    text = look(browse("anne")).text("main")
    for word in ("Products", "Prepaid", "Invoices", "Renewals", "Domain"):
        assert word not in text


def steps(page):
    """{label: is it done?}"""
    return {each["text"].partition(" –")[0].strip(): each.get("class") == "done" for each in page.all("li")
            if "progress" in page.html and each["inside"][-1] == "ul" and "svg" not in each["inside"]
            and any(word in each["text"] for word in ("postal address", "first member", "second legal", "Protect"))}


def test_the_first_steps_tick_themselves(browse, cast, lumen):
    anne = browse("anne")
    assert list(steps(look(anne)).values()) == [False, True, False, False]
    Organisation.update(postcode="2502").where(Organisation.id == lumen.id).execute()
    with acting(cast.people["anne"]):
        members.change_role(Membership.get(Membership.user == cast.people["luc"].id).public_id, Role.LEGAL)
    assert list(steps(look(anne)).values()) == [True, True, True, False]
    protect(cast.people["anne"])
    anne = browse("anne")
    assert "First steps" in look(anne).text()
    with acting(cast.people["anne"], "password", "totp"):
        demands.force()
    assert "First steps" not in look(anne).text()


def test_the_first_steps_can_be_hidden_for_all(browse):
    anne = browse("anne")
    page = look(anne)
    anne.post("/o/lumen/checklist/hidden", token=page.token)
    assert "First steps" not in look(anne).text()
    assert "First steps" not in look(browse("mara")).text()


def test_five_lines_of_what_happened(browse, cast, lumen):
    with acting(cast.people["mara"]):
        invitations.invite("nea@lumen.example", Role.EXTERNAL, first_name="Nea")
    page = look(browse("anne"))
    assert "Mara Lehmann invited Nea as External" in page.text("main")
    feed = page.html.split('class="rows feed"')[1].split("</ul>")[0]
    assert feed.count("<li>") == 5


@pytest.mark.parametrize("who", ["chiara", "esteban", "luc", "grace"])
def test_a_collaborator_and_an_external_see_what_they_are_and_no_more(browse, cast, lumen, who):
    with acting(cast.people["anne"]):
        invitations.invite("secret@lumen.example", Role.EXTERNAL)
    page = look(browse(who))
    text = page.text()
    assert "Your role in this organisation:" in text
    for hidden in ("secret", "Mara", "Without two-factor", "First steps", "Latest activity", "Invitations"):
        assert hidden not in text
    assert "Anne-Sophie de Montmollin" in page.text("main") and "mailto:anne@lumen.example" in page.links
    for way_on in ("/account", "/account/security", "/account/organisations", "/o/lumen/preferences", "/o/lumen/leave"):
        assert way_on in page.links
    assert not [link for link in page.links if link.startswith(("/o/lumen/members", "/o/lumen/activity"))]
    assert Invitation.select().count()
