"""Codes by text message in a real browser: the product's own worker hands them to a gateway, a phone shows them."""
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_story import press, sign_in
from tests.serving import Sink, product
from tests.sms_gateway import Gateway

ADDRESS = "grace@field.example"


@pytest.fixture
def gateway():
    with Gateway() as gateway:
        yield gateway


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def open_browser(request, browser, tmp_path, gateway):
    contexts = []
    with Sink() as sink, product(tmp_path, SMTP_URL=sink.url, SMS_URL=gateway.url) as address:
        def open_one() -> Page:
            contexts.append(browser.new_context(java_script_enabled=request.param, base_url=address, locale="en-GB"))
            return contexts[-1].new_page()
        yield open_one
        for context in contexts:
            context.close()


def give(page: Page, code: str) -> None:
    page.fill("[name=code]", code)
    page.get_by_role("button", name="Confirm", exact="two-factor" not in page.url).click()
    page.wait_for_load_state()


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def test_a_number_is_set_up_and_its_codes_let_in(open_browser, gateway):
    home = open_browser()
    sign_in(home, ADDRESS)
    home.goto("/account/security/two-factor/sms")
    home.fill("[name=number]", "+41 79 555 01 23")
    press(home, "form:has([name=number])")
    give(home, gateway.next()[:6])
    expect(home.locator("ol.codes li")).to_have_count(10)

    there = open_browser()
    sign_in(there, ADDRESS)
    expect(there.locator("main")).to_contain_text("Sent to +41 … 23.")
    first = gateway.next()[:6]
    give(there, wrong(first))
    expect(there.locator("#errors")).to_be_visible()
    there.get_by_role("button", name="Send another code").click()
    second = gateway.next()[:6]
    give(there, first)
    expect(there.locator("#errors")).to_be_visible()
    give(there, second)
    expect(there).to_have_url(re.compile("/(o/|organisations|account)"))
    assert {said["to"] for said in gateway.taken} == {"+41795550123"}


def test_without_the_gateway_the_other_ways_stand(open_browser, gateway):
    home = open_browser()
    sign_in(home, ADDRESS)
    home.goto("/account/security/two-factor/sms")
    home.fill("[name=number]", "+41 79 555 01 23")
    press(home, "form:has([name=number])")
    give(home, gateway.next()[:6])
    backup = home.locator("ol.codes li").first.inner_text()
    gateway.answer = 503

    there = open_browser()
    sign_in(there, ADDRESS)
    there.get_by_role("link", name="Backup code").click()
    give(there, backup)
    expect(there).to_have_url(re.compile("/(o/|organisations|account)"))
