"""The whole story, as the people of the demo live it, in a real browser: with JavaScript, and without."""
import re
import time

import pyotp
import pytest
from playwright.sync_api import Page, expect

import demo

MARA = pyotp.TOTP(demo.SECRET)
PASSPHRASE = "nubes lentas sobre el puerto"


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def script(request):
    return request.param


@pytest.fixture
def somebody(browser, running, script):
    """A new browser for each person."""
    contexts = []

    def open_browser() -> Page:
        contexts.append(browser.new_context(java_script_enabled=script, base_url=running.address, locale="en-GB"))
        return contexts[-1].new_page()

    yield open_browser
    for context in contexts:
        context.close()


def sign_in(page: Page, email: str, password: str = demo.PASSWORD, totp: pyotp.TOTP | None = None) -> None:
    page.goto("/signin")
    page.fill("[name=email]", email)
    page.fill("[name=password]", password)
    press(page, "form:has([name=password])")
    if totp:
        for ahead in (0, 30):       # a code works once: within the same half minute the next one is due
            page.fill("[name=code]", totp.at(int(time.time()) + ahead))
            press(page, "form[action='/signin/second-step']")
            if "second-step" not in page.url:
                break


def press(page: Page, form: str) -> None:
    page.locator(f"{form} button[type=submit]").last.click()
    page.wait_for_load_state()


def test_from_invitation_to_removal(somebody, running, script):
    address = f"inés-{'js' if script else 'html'}@taller.example".replace("é", "e")

    anne = somebody()
    sign_in(anne, "anne@lumen.example")
    expect(anne.locator("html")).to_have_attribute("lang", "fr")
    anne.goto("/o/lumen/members/invite")
    anne.fill("[name=email]", address)
    anne.fill("[name=first_name]", "Inés")
    anne.fill("[name=last_name]", "Duarte")
    anne.check("[name=role][value=collaborator]")
    anne.select_option("[name=language]", "es")
    anne.get_by_role("button", name="Envoyer l’invitation").click()
    expect(anne.locator("main")).to_contain_text(address)

    letter = running.sink.letter_to(address)
    text = letter.get_body(("plain",)).get_content()
    assert letter["Content-Language"] == "es"
    assert "Atelier Lumen Sàrl" in letter["Subject"]
    link = re.search(r"http://\S+/invitations/\S+", text)[0]

    ines = somebody()
    ines.goto(link)
    expect(ines.locator("html")).to_have_attribute("lang", "es")
    ines.fill("[name=password]", PASSPHRASE)
    press(ines, "form:has([name=password])")
    expect(ines).to_have_url(re.compile("/o/lumen/"))
    expect(ines.locator("body")).to_contain_text("Atelier Lumen Sàrl")

    ines.goto("/account/security/two-factor/app")
    secret = ines.locator("[data-secret]").inner_text().replace(" ", "")
    ines.fill("[name=code]", pyotp.TOTP(secret).now())
    press(ines, "form:has([name=code])")
    expect(ines.locator("main ol.codes li, main .codes li").first).to_be_visible()
    ines.goto("/o/lumen/")
    expect(ines.locator("h1")).to_be_visible()

    mara = somebody()
    sign_in(mara, "mara@bergquell.example", totp=MARA)
    expect(mara.locator("html")).to_have_attribute("lang", "de")
    mara.goto("/o/lumen/members")
    mara.locator("button.org").click()
    mara.locator("#orgs a", has_text="Verein Bergquell").click()
    expect(mara).to_have_url(re.compile("/o/bergquell/members"))
    mara.goto("/o/lumen/members?q=duarte")
    mara.locator("main a", has_text="Inés Duarte").first.click()
    mara.locator("main a[href$='/remove']").first.click()
    mara.check("[name=sure]")
    press(mara, "form[action$='/remove']")
    expect(mara.locator("main")).not_to_contain_text("Inés Duarte")

    ines.goto("/o/lumen/")
    expect(ines.locator("h1")).to_be_visible()
    assert ines.request.get("/o/lumen/").status == 404

    anne.goto("/o/lumen/activity")
    expect(anne.locator("main")).to_contain_text(re.compile("Mara Lehmann.*Inés Duarte", re.S))
    ines.goto("/account/activity")
    expect(ines.locator("main")).to_contain_text("Atelier Lumen Sàrl")
