"""The applications one lets in: listed with when and for what, withdrawn with a confirmation."""
import pytest

from models import PersonalEvent
from tests.applications import Application


@pytest.fixture
def planning(app, database):
    return Application(app)


def test_bs_14_what_was_let_is_listed_and_withdrawn(planning, browse, cast):
    chiara = browse("chiara")
    page = chiara.get("/account/applications?lang=en")
    assert "There are none yet." in page.text("main")
    tokens = planning.tokens(chiara, scope="openid email")
    page = chiara.get("/account/applications?lang=en")
    assert "Planning" in page.text("main") and "Atelier Lumen" in page.text("main")
    assert "Know your e-mail address" in page.text("main") and "last used" in page.text("main")
    ask = next(link for link in page.links if link.endswith("/withdraw"))
    chiara.get(ask)
    assert planning.userinfo(tokens["access_token"]).status_code == 200, "asking alone takes nothing"
    page = chiara.post(ask)
    assert page.path == "/account/applications" and "Planning" in page.flash
    assert planning.userinfo(tokens["access_token"]).status_code == 401
    assert planning.answer(chiara.get(planning.asking(prompt="none"), expect=303))["error"] == "consent_required"
    chiara.get("/account")
    chiara.post(ask, expect=404)
    kinds = [event.kind for event in PersonalEvent.select().where(PersonalEvent.user == cast.people["chiara"].id)]
    assert "application.let" in kinds and "application.withdrawn" in kinds


def test_bs_14_what_somebody_else_let_is_nowhere(planning, browse):
    chiara, grace = browse("chiara"), browse("grace")
    planning.tokens(chiara)
    ask = next(link for link in chiara.get("/account/applications").links if link.endswith("/withdraw"))
    grace.get(ask, expect=404)
    grace.get("/account")
    grace.post(ask, expect=404)
    assert ask not in grace.get("/account/applications").links
