"""Passkeys and security keys in a real browser, with the authenticators Chromium can pretend to have."""
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests import postgresql
from tests.browser.conftest import Running
from tests.browser.test_story import MARA, press, sign_in
from tests.conftest import SCRATCH
from tests.serving import Sink, product

ENROL = "/account/security/two-factor/webauthn"
PASSKEY = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
           "isUserVerified": True, "automaticPresenceSimulation": True}
USB_KEY = PASSKEY | {"transport": "usb", "hasResidentKey": False, "hasUserVerification": False,
                     "isUserVerified": False}
OLD_KEY = USB_KEY | {"protocol": "u2f"}
KNOWS_NONE = "delete window.PublicKeyCredential"
OFFERS_NONE = "PublicKeyCredential.isConditionalMediationAvailable = async () => false"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def house(request, tmp_path_factory):
    """A product of their own for these tests: people who get a key keep it."""
    with Sink() as sink:
        if request.param == "sqlite":
            with product(tmp_path_factory.mktemp("keys"), SMTP_URL=sink.url) as address:
                yield Running(address, sink)
        else:
            with postgresql.empty_database(SCRATCH) as (url, owner), product(
                    tmp_path_factory.mktemp("keys"), SMTP_URL=sink.url, DATABASE_URL=url,
                    DATABASE_OWNER_URL=owner) as address:
                yield Running(address, sink)


@pytest.fixture
def somebody(browser, house):
    """A new browser for each person, with what it lacks."""
    contexts = []

    def open_browser(*, script: bool = True, lacks: str = "") -> Page:
        contexts.append(browser.new_context(java_script_enabled=script, base_url=house.address, locale="en-GB"))
        page = contexts[-1].new_page()
        if lacks:
            page.add_init_script(lacks)
        return page

    yield open_browser
    for context in contexts:
        context.close()


class Device:
    """What a person holds in front of a page."""

    def __init__(self, page: Page, options: dict):
        self.cdp = page.context.new_cdp_session(page)
        self.cdp.send("WebAuthn.enable")
        self.id = self.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    def keys(self) -> list[dict]:
        return self.cdp.send("WebAuthn.getCredentials", {"authenticatorId": self.id})["credentials"]

    def take(self, key: dict) -> None:
        self.cdp.send("WebAuthn.addCredential", {"authenticatorId": self.id, "credential": key})

    def drop(self, key: dict) -> None:
        self.cdp.send("WebAuthn.removeCredential", {"authenticatorId": self.id, "credentialId": key["credentialId"]})

    def verifies(self, yes: bool) -> None:
        self.cdp.send("WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": yes})


def set_up(page: Page, email: str, options: dict, name: str = "") -> Device:
    """Sign in, and make a key."""
    device = Device(page, options)
    sign_in(page, email)
    page.goto(ENROL)
    page.fill("[name=label]", name)
    press(page, "form:has([name=code])")
    expect(page.locator("ol.codes li")).to_have_count(10)
    return device


def leave(page: Page) -> None:
    page.context.clear_cookies()


def by_passkey(page: Page) -> None:
    page.locator("form[action='/signin/with/passkey'] button").click()


def expect_inside(page: Page) -> None:
    expect(page).to_have_url(re.compile("/(o/|organisations|account)"))


def accessible(page: Page) -> None:
    """axe finds nothing, in the dark, on a small screen."""
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 320, "height": 700})
    assert not [(fault["id"], fault["nodes"][0]["html"]) for fault in Axe().run(page).response["violations"]]
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_a_passkey_is_made_and_signs_in_alone(somebody, house):
    page = somebody()
    device = set_up(page, "luc@lumen.example", PASSKEY, "My laptop")
    (key,) = device.keys()
    assert key["isResidentCredential"]
    assert key["rpId"] == "localhost"
    page.goto("/account/security/two-factor")
    expect(page.locator("main")).to_contain_text("My laptop")
    page.goto(ENROL)                            # the same key a second time
    press(page, "form:has([name=code])")
    expect(page.locator("[data-when=InvalidStateError]")).to_be_visible()
    leave(page)
    device.cdp.send("WebAuthn.setAutomaticPresenceSimulation", {"authenticatorId": device.id, "enabled": False})
    with page.expect_response(re.compile("/signin/with/passkey")):
        page.goto("/signin?next=/account/activity")     # the offer in the address field waits for its owner …

    def touched(route):
        device.cdp.send("WebAuthn.setAutomaticPresenceSimulation", {"authenticatorId": device.id, "enabled": True})
        route.continue_()

    page.route(re.compile("/signin/with/passkey"), touched)
    page.check("#stay")                         # it stands by the password, and holds for both
    by_passkey(page)                            # … and gives way to the button
    page.wait_for_url("/account/activity")
    assert [each["expires"] > 0 for each in page.context.cookies() if each["name"] == "kanton"] == [True]
    page.goto("/prove?next=/account/address")
    accessible(page)
    page.get_by_role("button", name=re.compile("passkey|clé d’accès")).click()
    page.wait_for_url("/account/address")


def test_a_passkey_is_offered_in_the_address_field(somebody):
    page = somebody()
    set_up(page, "chiara@onda.example", PASSKEY)
    leave(page)
    page.goto("/signin")                        # chosen there without a press, as the pretended device does at once
    expect_inside(page)


def test_a_usb_key_that_verifies_nobody_is_a_second_factor(somebody):
    page = somebody()
    set_up(page, "esteban@aurora.example", USB_KEY)
    leave(page)
    sign_in(page, "esteban@aurora.example")
    expect(page).to_have_url(re.compile("/signin/second-step"))
    press(page, "form[action='/signin/second-step']")
    expect_inside(page)
    page.goto("/prove")
    assert not page.locator("form:has([value=passkey])").count()


def test_a_key_of_the_first_generation_is_a_second_factor(somebody):
    page = somebody()
    set_up(page, "anne@lumen.example", OLD_KEY)
    leave(page)
    sign_in(page, "anne@lumen.example")
    accessible(page)
    press(page, "form[action='/signin/second-step']")
    expect_inside(page)


def test_no_27_a_new_key_takes_the_place_of_an_old_one(somebody):
    page = somebody()
    old = Device(page, USB_KEY)
    sign_in(page, "operator@kanton.example", totp=MARA)
    page.goto(ENROL)
    page.fill("[name=label]", "Old key")
    press(page, "form:has([name=code])")
    expect(page.locator("main")).to_contain_text("Old key")
    old.cdp.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": old.id})
    Device(page, USB_KEY)
    page.locator("li", has_text="Old key").get_by_role("link", name="Replace").click()
    accessible(page)
    page.fill("[name=label]", "New key")
    press(page, "form:has([name=code])")
    expect(page).to_have_url(re.compile("two-factor$"))
    expect(page.locator("main")).to_contain_text("New key")
    expect(page.locator("main")).not_to_contain_text("Old key")


def test_a_copied_key_is_refused_and_told_and_so_is_one_that_verifies_nobody(somebody, house):
    page = somebody(lacks=OFFERS_NONE)
    device = set_up(page, "grace@field.example", PASSKEY | {"transport": "usb"}, "Blue key")
    (key,) = device.keys()
    for _time in range(2):
        leave(page)
        page.goto("/signin")
        by_passkey(page)
        expect_inside(page)
    leave(page)
    device.drop(key)
    device.take(key)                            # the copy that was made at the beginning
    page.goto("/signin")
    by_passkey(page)
    expect(page.locator("#toasts .toast")).to_contain_text("did not work")
    assert house.sink.letter_to("grace@field.example", "copy of your key")
    device.verifies(False)
    page.goto("/signin")
    by_passkey(page)
    expect(page.locator("[data-when=NotAllowedError]")).to_be_visible()
    expect(page.locator("[name=email]")).to_be_visible()


def test_a_browser_without_passkeys_is_led_to_the_other_ways(somebody):
    mara = somebody()
    Device(mara, PASSKEY)
    sign_in(mara, "mara@bergquell.example", totp=MARA)
    mara.goto(ENROL)
    press(mara, "form:has([name=code])")
    expect(mara).to_have_url(re.compile("two-factor$"))
    accessible(mara)
    mara.goto("/account/security/codes")
    press(mara, "form[action$='/codes']")
    expect(mara.locator("ol.codes li")).to_have_count(10)
    codes = mara.locator("ol.codes li").all_inner_texts()

    for lacking in ({"lacks": KNOWS_NONE}, {"script": False}):
        page = somebody(**lacking)
        page.goto("/signin")
        expect(page.locator("ul.methods")).to_be_hidden()
        page.goto("/signin/with/passkey")
        led_on(page)
        page.locator("a.btn[href='/signin']").click()
        expect(page).to_have_url(re.compile("/signin$"))
        sign_in(page, "mara@bergquell.example")
        expect(page).to_have_url(re.compile("/signin/second-step"))
        led_on(page)
        page.locator("a[href$='with=backup_codes']").click()
        page.fill("[name=code]", codes.pop())
        press(page, "form[action='/signin/second-step']")
        expect_inside(page)
        page.goto(ENROL)
        led_on(page)
        expect(page.locator("[name=label]")).to_be_hidden()
        page.goto("/prove")
        expect(page.locator("form:has([value=passkey]) button")).to_be_hidden()
        expect(page.locator("a[href*='with=totp']")).to_be_visible()


def led_on(page: Page) -> None:
    """It says what this browser cannot do, and offers nothing that would need it."""
    expect(page.locator(".banner.warn:visible")).to_have_count(1)
    expect(page.locator("main [data-needs-passkeys]:visible")).to_have_count(0)
