"""Debian's mod_auth_openidc signs people in by us, and is told no."""
import re
import time
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

import oidc.lines
from oidc import clients
from products import grants
from tests import fronts
from tests.browser.clients.apache import apache
from tests.browser.clients.conftest import sign_in
from tests.browser.test_story import press
from tests.serving import free_port

WHO = "chiara@onda.example"


@pytest.fixture
def site(kanton, tmp_path):
    """Its address."""
    port = free_port()
    address = f"http://localhost:{port}"
    with kanton.by():
        client, secret = clients.create(kanton.product("Planning"), [f"{address}/back"],
                                        logout_uris=[f"{address}/out"],
                                        backchannel_uri=f"{address}/back?logout=backchannel")
        lines = oidc.lines.apache(client, secret)
    with fronts.echo() as application, apache(tmp_path, port, application, lines):
        yield address


def test_op_09_op_20_who_signs_out_or_loses_access_is_out_there_too(page, kanton, site):
    page.goto(f"{site}/page?tab=2")
    sign_in(page, WHO)
    page.click("button[value=allow]")
    expect(page).to_have_url(f"{site}/page?tab=2")
    told = page.locator("body")
    for line in ("email: chiara@onda.example", "name: Chiara Bernasconi", "role: collaborator", "groups: Bureau"):
        expect(told).to_contain_text(f"OIDC_CLAIM_{line}")

    page.goto(f"{kanton.address}/oauth/end-session")        # signed out with us: it is told so
    press(page, "form[action^='/oauth/end-session/yes']")
    until_asked_to_sign_in(page, f"{site}/page")
    sign_in(page, WHO)
    expect(told).to_contain_text("OIDC_CLAIM_email: chiara@onda.example")

    page.goto(f"{site}/back?{urlencode({'logout': f'{site}/out'})}")    # signed out there: here, too, and led on
    assert "/signin" in page.url
    sign_in(page, WHO)
    expect(page).to_have_url(f"{site}/out")

    for _request in range(2):                               # each with the refresh token of the one before
        page.goto(f"{site}/strict")
        expect(told).to_contain_text("OIDC_CLAIM_email: chiara@onda.example")
    with kanton.by():
        grants.save(grants.of_member(kanton.member(WHO)), "application-with-single-sign-on", [])
    page.goto(f"{site}/strict")
    expect(told).to_have_text("Logged Out")
    page.goto(f"{site}/page")
    expect(page.locator("h1")).to_have_text("Non ha accesso a Planning")
    page.click("a[href*='error=access_denied']")
    expect(page).to_have_url(re.compile(rf"^{site}/back\?error=access_denied"))
    expect(told).not_to_contain_text("OIDC_CLAIM")


def until_asked_to_sign_in(page, address, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        page.goto(address)
        if "/signin" in page.url:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"still signed in at {page.url}")
