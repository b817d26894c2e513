"""A sign-in that is approved in another browser, in real ones: with JavaScript it goes on by itself."""
import pytest
from playwright.sync_api import Page, expect

from demo import PASSWORD
from tests.browser.test_story import MARA, sign_in

ADDRESS = "mara@bergquell.example"


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_number_typed_here_lets_the_browser_there_in(browser, running, script):
    def open_browser() -> Page:
        return browser.new_context(java_script_enabled=script, base_url=running.address, locale="en-GB").new_page()

    here, there = open_browser(), open_browser()
    sign_in(here, ADDRESS, totp=MARA)
    here.goto("/account/security/two-factor?lang=en")
    switch = here.locator("form[action='/account/security/approval']").get_by_role("button")
    if switch.inner_text().startswith("Switch on"):
        switch.click()

    there.goto("/signin")
    there.fill("[name=email]", ADDRESS)
    there.fill("[name=password]", PASSWORD)
    there.get_by_role("button", name="Sign in", exact=True).click()
    there.get_by_role("link", name="Another browser of yours").click()
    number = there.locator(".shown-number").inner_text()

    here.goto("/account?lang=en")
    here.get_by_text("A sign-in to your account is waiting for your approval.").wait_for()
    here.locator(".banner a").click()
    here.goto(here.url + "?lang=en")
    here.get_by_label("The number shown in that browser").fill(number)
    here.get_by_role("button", name="Approve this sign-in").click()
    expect(here).to_have_url(f"{running.address}/account/sessions")

    if not script:
        there.get_by_role("button", name="Confirm", exact=True).click()
    there.wait_for_url(lambda url: "signin" not in url, timeout=15_000)
    there.goto("/account?lang=en")
    expect(there.get_by_role("heading", level=1)).to_have_text("My profile")
    for page in (here, there):
        page.context.close()
