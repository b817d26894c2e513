"""Two-factor authentication demanded of everybody, as people live it: rehearsed, switched on, met, set up, through."""
import time

import pyotp
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.test_story import MARA, press, sign_in
from tests.serving import Sink, product

SEEN = ("/o/lumen/security", "/o/lumen/security/two-factor", "/o/lumen/security/sessions")


@pytest.fixture
def address(tmp_path):
    """A product of its own: what is demanded here would stand in the way of other tests."""
    with Sink() as sink, product(tmp_path, SMTP_URL=sink.url) as address:
        yield address


def faults(page):
    found = []
    for theme in ("light", "dark"):
        for width in (320, 1440):
            page.emulate_media(color_scheme=theme)
            page.set_viewport_size({"width": width, "height": 900})
            found += [f"{page.url} {theme} {width}: {fault['id']}" for fault in Axe().run(page).response["violations"]]
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                found.append(f"{page.url} {width}: wider than the window")
    return found


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_tf_21_demanded_met_set_up_and_through(browser, address, script):
    mara, luc = (browser.new_context(java_script_enabled=script, base_url=address).new_page() for _ in range(2))
    wrong = []
    sign_in(luc, "luc@lumen.example")
    sign_in(mara, "mara@bergquell.example", totp=MARA)
    for path in SEEN if script else ():
        mara.goto(path)
        wrong += faults(mara)
    mara.goto("/o/lumen/security/two-factor")
    expect(mara.locator("main")).to_contain_text("Luc Perrenoud")
    press(mara, "form[action='/o/lumen/security/two-factor/on']")
    expect(mara).to_have_url(f"{address}/o/lumen/security")

    luc.goto("/o/lumen/preferences")
    expect(luc.locator("h1")).to_contain_text("Atelier Lumen Sàrl")
    expect(luc.locator("nav")).to_have_count(0)
    wrong += faults(luc) if script else []
    luc.click("a[href^='/account/security/two-factor']")
    luc.click("a[href*='/two-factor/app']")
    app = pyotp.TOTP(luc.locator("[data-secret]").inner_text().replace(" ", ""))
    luc.fill("[name=code]", app.at(int(time.time())))
    press(luc, "main form:has([name=code])")
    luc.click("a[href='/o/lumen/preferences']")
    expect(luc).to_have_url(f"{address}/o/lumen/preferences")
    expect(luc.locator("main form")).to_be_visible()
    assert not wrong, "\n".join(wrong)
    for page in (mara, luc):
        page.context.close()
