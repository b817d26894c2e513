"""The dialogs of blocking and maintenance, the badges, and what happens to who edits meanwhile."""
import pytest

from models import Product
from tenancy import across_organisations


@pytest.fixture
def path(cast):
    def of(label, below=""):
        with across_organisations("a test looks for a product"):
            return f"/o/lumen/products/{Product.get(Product.label == label).public_id}{below}"
    return of


def test_a_block_is_asked_for_with_its_effects_shown_as_a_badge_and_lifted(browse, path):
    anne = browse("anne")
    asked = anne.get(path("Wiki", "/block?lang=en")).text("main")
    assert "nobody can change" in asked and "no longer open it: Anne-Sophie de Montmollin" in asked
    anne.post(path("Wiki", "/block"), reason="", expect=422)
    page = anne.post(path("Wiki", "/block"), reason="Under review")
    assert "Under review" in page.text("main")
    assert not any(link.endswith(("/details", "/give-up", "/block")) for link in page.links)
    assert "blocked" in browse("esteban").get("/o/lumen/products?lang=en").text("products")
    anne.get(path("Wiki", "/unblock"))
    assert "Under review" not in anne.post(path("Wiki", "/unblock")).text("main")


def test_maintenance_takes_the_link_away_and_says_why(browse, path):
    anne, esteban = browse("anne"), browse("esteban")
    assert "https://mail.lumen.example" in esteban.get(path("Messagerie")).links
    anne.get(path("Messagerie", "/maintenance"))
    anne.post(path("Messagerie", "/maintenance"), reason="New server")
    page = esteban.get(path("Messagerie") + "?lang=en")
    assert "https://mail.lumen.example" not in page.links
    assert "New server" in page.text("main") and "The service is in maintenance." in page.text("main")
    anne.get(path("Messagerie", "/maintenance/end"))
    anne.post(path("Messagerie", "/maintenance/end"))
    assert "https://mail.lumen.example" in esteban.get(path("Messagerie")).links


def test_blocked_while_somebody_edits_the_save_is_refused_with_the_reason_and_what_was_typed(browse, path):
    esteban, anne, site = browse("esteban"), browse("anne"), "Site de l’atelier"
    esteban.get(path(site, "/details"))
    anne.get(path(site, "/block"))
    anne.post(path(site, "/block"), reason="Domain dispute")
    page = esteban.post(path(site, "/details?lang=en"), version="0", label="Nueva web", technical_name="", address="",
                        expect=409)
    assert "This product is blocked" in page.text("errors")
    assert "Nueva web" in [each.get("value") for each in page.all("input")]
    esteban.get(path(site, "/details"), expect=409)


def test_rl_02_a_collaborator_finds_no_way_to_block(browse, path):
    esteban = browse("esteban")
    assert not any(link.endswith("/block") for link in esteban.get(path("Site de l’atelier")).links)
    for below in ("/block", "/unblock", "/maintenance", "/maintenance/end"):
        esteban.get(path("Messagerie", below), expect=403)
        esteban.get("/o/lumen/products")
        esteban.post(path("Messagerie", below), expect=403)
