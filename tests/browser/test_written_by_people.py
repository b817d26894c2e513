"""What people write does nothing in a browser (WB-03): no dialog, no blocked script, no request of its own."""
from urllib.parse import urlsplit

import pytest

from app import create_app
from tests.browser.test_story import press
from tests.browser.walking import one_of_each, signed_in
from tests.serving import product

# Together they close whatever a page may have opened, and try each way to run. At most 80 characters each.
PAYLOADS = ("\"><img src=/evil onerror=alert(1)><b hx-get=/evil hx-trigger=load>",
            "</title><svg onload=alert(1)><b data-hx-get=/evil data-hx-trigger=load>",
            "'><b hx-on:htmx:load=alert(1)><b hx-get=/evil hx-vals='js:{x:alert(1)}'>")


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with product(tmp_path_factory.mktemp("evil"), RATE_LIMITS="off") as running:
        yield running


@pytest.fixture(scope="module")
def routes():
    return create_app().url_map.bind("localhost")


def test_wb_03_nothing_of_it_runs(browser, address, routes):
    page = signed_in(browser, address, "anne@lumen.example")
    noticed = []
    page.on("dialog", lambda dialog: (noticed.append(dialog.message), dialog.dismiss()))
    page.on("console", lambda line: noticed.append(line.text) if "Content Security Policy" in line.text else None)
    page.on("pageerror", lambda error: noticed.append(str(error)))
    page.on("request", lambda asked: noticed.append(asked.url) if urlsplit(asked.url).path.startswith("/evil") or
            not asked.url.startswith(address) else None)
    for number, text in enumerate(PAYLOADS):
        page.goto("/account")
        page.fill("[name=first_name]", text)
        press(page, "form[action='/account/name']")
        page.goto("/account/organisations/new")
        page.fill("[name=name]", f"{number} {text}")
        page.fill("[name=slug]", f"evil-{number}")
        press(page, "form[action='/account/organisations/new']")
        page.goto(f"/o/evil-{number}/settings")
        for field in ("street", "address_line", "town", "region"):
            page.fill(f"[name={field}]", text)
        press(page, "form#details")
        page.goto(f"/o/evil-{number}/members/invite")
        page.fill("[name=email]", f"e{number}@evil.example")
        page.fill("[name=first_name]", text)
        page.fill("[name=note]", text)
        press(page, f"form[action='/o/evil-{number}/invitations']")
    for number in range(len(PAYLOADS)):
        for place in ("", "members", "invitations", "activity", "settings"):
            page.goto(f"/o/evil-{number}/{place}")
            page.wait_for_load_state("networkidle")
    assert len(one_of_each(page, "/o/evil-0/", routes)) > 20
    page.context.close()
    assert not noticed


def test_wb_05_the_page_tells_htmx_to_speak_to_us_only(browser, address):
    """An element somebody smuggled in reaches no other host: the policy stands even where htmx would ask."""
    page = signed_in(browser, address, "anne@lumen.example")
    page.goto("/o/lumen/members")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("""() => {
        const evil = document.createElement('div')
        evil.setAttribute('hx-get', 'http://127.0.0.1:9/evil'); evil.setAttribute('hx-trigger', 'load')
        document.body.append(evil); window.htmx && htmx.process(evil) }""")
    page.wait_for_load_state("networkidle")
    page.context.close()
    assert not [url for url in asked if "127.0.0.1:9" in url]
