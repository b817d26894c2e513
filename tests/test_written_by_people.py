"""Whatever people write, in any field, is text wherever it is shown (WB-03, WB-12, ML-02)."""
import pytest

import i18n
from db import transaction
from demo import acting
from models import Membership, Organisation, Role, Session, User
from notices import letters
from organisations import details, invitations, lifecycle, teams
from tenancy import working_for
from tests.test_pages import one_of_each

MARKUP = ["<script>alert(1)</script>", "\" onmouseover=alert(1) x=\"", "' autofocus onfocus=alert(1) '",
          "<img src=x onerror=alert(1)>", "<a hx-get=/signout hx-trigger=load>", "<b data-hx-post=/a hx-on:click=x>",
          "</title></textarea><svg onload=alert(1)>", "<form id=csrf><input name=csrf_token>", "javascript:alert(1)",
          "--><!--<base href=/evil>"]
TEMPLATES = ["{{ 1789*1789 }}", "{% raw %}", "${1789*1789}", "{0.__class__}", "%(x)s", "%s %d %", "{{ config }}",
             "#{1789*1789}"]
PRODUCT = str(1789 * 1789)


@pytest.fixture
def written(cast):
    """Somebody wrote it into every field there is; returns the organisation and its letters."""
    def write(text):
        with transaction():
            User.update(first_name=text, last_name=text).where(User.id == cast.people["anne"].id).execute()
            Session.update(agent=text).execute()
        with acting(User.get_by_id(cast.people["anne"].id)):
            made = lifecycle.create(f"Org {text}", slug="written")
            with working_for(made):
                details.change(0, name=f"Org {text}", kind="other", country="CH", language="en", phone="",
                               vat_number="", time_zone="Europe/Zurich", admins_may_edit=False,
                               **dict.fromkeys(("street", "house_number", "address_line", "postcode", "town", "region"),
                                               text))
                invitations.invite("otto@text.example", Role.ADMIN, first_name=text, last_name=text, note=text)
                invitations.invite("operator@kanton.example", Role.ADMIN, note=text, language="en")
                team, anne = teams.create(text, "blue").public_id, Membership.get().public_id
                teams.join(team, [anne])
                teams.lead(team, anne)
        return made
    return write


@pytest.mark.parametrize("text", MARKUP + TEMPLATES)
def test_wb_03_and_wb_12_it_is_text_on_every_page(app, browse, written, sqlite_only, text):
    written(text)
    anne = browse("anne", **{"User-Agent": f"Mozilla {text}"})
    seen = set()

    def look(page):                             # its check() has found inline scripts, handlers and styles
        path = page.path
        if page.answer.mimetype != "text/html":
            return
        if text in page.text() or text in [each.get("value") for each in page.all("input")]:
            seen.add(path)
        assert PRODUCT not in page.html, path
        for each in page.elements:
            assert not [name for name in each if name.startswith(("hx-on", "data-hx", "on"))], (path, each)
            assert each["tag"] not in ("base", "iframe", "object", "embed"), path
            assert "javascript:" not in (each.get("href") or "").lower(), path
            assert each.get("src") is None or each["src"].startswith(("/static/", "/o/")), path
            assert each.get("hx-get") != "/signout" and each.get("id") != "csrf", path
    one_of_each(anne, "/o/written/", app.url_map.bind("localhost"), look)
    assert len(seen) > 8, seen


@pytest.mark.parametrize("text", MARKUP + TEMPLATES)
def test_ml_02_and_wb_12_it_is_text_in_every_letter(written, letters, sqlite_only, text):
    before = len(letters())
    written(text)
    for message, letter in letters()[before:]:
        if text.startswith("<") or "</" in text:
            assert text not in letter.html, message.notice
        assert PRODUCT not in letter.text, message.notice
        assert "\n" not in letter.subject
    assert any(text in letter.text for _message, letter in letters()[before:])


def test_wb_12_a_translation_is_no_template(cast):
    """A translator's braces are words, and a placeholder of nobody's falls back to English."""
    with i18n.speaking(i18n.Voice("de", "CH", "Europe/Zurich")):
        assert str(i18n._l("{{ 7*7 }} %(name)s", name="{{ config }}")) == "{{ 7*7 }} {{ config }}"
    assert Organisation.select().count() == 4
    assert letters.fields_told([["name", "{{ 7*7 }}", "{0.__class__}"]])[0][1] == "{{ 7*7 }} → {0.__class__}"
