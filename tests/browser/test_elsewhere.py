"""A way from elsewhere in a real browser, under the page's own policy: linked, used, unlinked; and what axe says."""
import os

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.test_story import press, sign_in
from tests.provider import SECRET, Provider
from tests.serving import product

LINK = "/account/security/elsewhere/acme"


@pytest.fixture(scope="module")
def acme():
    with Provider() as running:
        yield running


@pytest.fixture(scope="module")
def address(tmp_path_factory, acme):
    with product(tmp_path_factory.mktemp("elsewhere"), BACKENDS="password oidc", UPSTREAM_OIDC="acme",
                 UPSTREAM_OIDC_ACME_ISSUER=acme.issuer, UPSTREAM_OIDC_ACME_CLIENT_ID="kanton",
                 UPSTREAM_OIDC_ACME_CLIENT_SECRET=SECRET, UPSTREAM_OIDC_ACME_LABEL="Acme") as address:
        yield address


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def page(request, browser, address):
    context = browser.new_context(java_script_enabled=request.param, base_url=address, locale="en-GB")
    yield context.new_page()
    context.close()


def test_a_way_is_linked_used_and_unlinked(page):
    sign_in(page, "grace@field.example")
    page.goto("/account/security")
    page.click(f"a[href='{LINK}']")
    press(page, f"form[action='{LINK}']")
    page.click("a[href*='/authorize?']")
    expect(page.locator("#elsewhere + *, ul.rows").last).to_contain_text("Acme")
    expect(page.locator(".toast").first).to_contain_text("The way is linked: Acme.")
    page.context.clear_cookies()
    page.goto("/signin?next=/account/security")
    page.click("a.method")
    expect(page).to_have_url(f"{page.url.partition('/account')[0]}/account/security")
    page.goto(f"{LINK}/unlink")
    press(page, f"form[action='{LINK}/unlink']")
    expect(page.locator(".toast").first).to_contain_text("The way is unlinked: Acme.")


def test_axe_finds_nothing_on_these_pages(browser, address, acme):
    context = browser.new_context(base_url=address, locale="en-GB")
    page, faults = context.new_page(), []

    def look(name):
        for language in ("en", "de"):
            for theme, width in (("light", 320), ("dark", 1440)):
                page.goto(f"{page.url.partition('?')[0]}?lang={language}") if page.url.count("callback") == 0 else None
                page.emulate_media(color_scheme=theme)
                page.set_viewport_size({"width": width, "height": 900})
                faults.extend(f"{name} {language} {theme} {width}: {fault['id']} {fault['nodes'][0]['html'][:120]}"
                              for fault in Axe().run(page).response["violations"])
                wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                faults.extend([f"{name} {language} {width}: {wide} px too wide"] if wide > 0 else [])
                if shots := os.environ.get("SHOTS"):
                    page.screenshot(path=f"{shots}/{name}-{language}-{theme}-{width}.png")

    acme.who["sub"] = "unknown"
    page.goto("/signin")
    look("signin")
    page.click("a.method")
    look("unlinked")
    sign_in(page, "chiara@onda.example")
    page.goto(LINK)
    look("link")
    press(page, f"form[action='{LINK}']")
    look("onward")
    page.click("a[href*='/authorize?']")
    page.goto("/account/security")
    look("security")
    page.goto(f"{LINK}/unlink")
    look("unlink")
    context.close()
    assert not faults, "\n".join(faults)
