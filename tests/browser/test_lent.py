"""An organisation's own provider in a real browser: connected, linked, used; open here, closed elsewhere."""
import os

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

import demo
from tests.browser.test_story import press, sign_in
from tests.certificates import Authority
from tests.provider import SECRET, Provider
from tests.serving import Sink, product

AT = "/o/lumen/security/providers"


@pytest.fixture(scope="module")
def acme(tmp_path_factory):
    authority = Authority(tmp_path_factory.mktemp("authority"))
    with Provider(tls=authority.sign("127.0.0.1")) as running:
        running.authority = authority
        yield running


@pytest.fixture(scope="module")
def address(tmp_path_factory, acme):
    with Sink() as sink, product(tmp_path_factory.mktemp("lent"), SMTP_URL=sink.url, BACKENDS="password oidc",
                                 PROVIDER_NETWORKS="127.0.0.1", PROVIDER_CA=str(acme.authority.file)) as address:
        yield address


@pytest.fixture
def somebody(browser, address, script):
    contexts = []

    def open_browser():
        contexts.append(browser.new_context(java_script_enabled=script, base_url=address, locale="en-GB",
                                            ignore_https_errors=True))
        return contexts[-1].new_page()
    yield open_browser
    for context in contexts:
        context.close()


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def script(request):
    return request.param


def faults(page, name):
    found = []
    for theme, width in (("light", 320), ("dark", 1440), ("light", 1440), ("dark", 320)):
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({"width": width, "height": 900})
        found += [f"{name} {theme} {width}: {fault['id']} {fault['nodes'][0]['html'][:120]}"
                  for fault in Axe().run(page).response["violations"]]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{name} {width}: wider than the window")
        if shots := os.environ.get("SHOTS"):
            page.screenshot(path=f"{shots}/{name}-{theme}-{width}.png", full_page=True)
    return found


def test_fd_14_connected_linked_used_and_kept_to_its_organisation(somebody, address, acme, script):
    wrong = []
    acme.who["sub"] = f"chiara {script}"

    def look(page, name):
        wrong.extend(faults(page, name) if script else ())

    anne = somebody()
    sign_in(anne, "anne@lumen.example")
    anne.goto("/o/lumen/security")
    anne.click(f"a[href='{AT}']")
    look(anne, "none yet")
    anne.click(f"a[href='{AT}/new']")
    for name, value in (("name", "Lumen ID"), ("issuer", "https://10.0.0.1"), ("client_id", "kanton"),
                        ("client_secret", SECRET)):
        anne.fill(f"[name={name}]", value)
    press(anne, f"form[action='{AT}/new']")
    expect(anne.locator("#issuer-error")).to_be_visible()
    look(anne, "refused")
    anne.fill("[name=issuer]", acme.issuer)
    anne.fill("[name=client_secret]", SECRET)
    press(anne, f"form[action='{AT}/new']")
    expect(anne.locator("h1")).to_contain_text("Lumen ID")
    here = anne.locator("#sign-in").input_value()
    look(anne, "provider")

    chiara = somebody()
    sign_in(chiara, "chiara@onda.example")
    chiara.goto("/account/security")
    chiara.click(f"a[href$='{here.rpartition('/')[2]}']")
    press(chiara, "main form")
    chiara.click("a[href*='/authorize?']")
    expect(chiara.locator("main")).to_contain_text("Lumen ID")
    look(chiara, "linked")
    chiara.locator("form[action='/signout'] button").first.evaluate("button => button.form.submit()")
    chiara.wait_for_url("**/signin")

    chiara.goto(here)
    expect(chiara.locator("h1")).to_contain_text("Atelier Lumen Sàrl")
    look(chiara, "way out")
    chiara.click("a[href*='/authorize?']")
    expect(chiara).to_have_url(f"{address}/o/lumen/")
    chiara.goto("/o/onda/")
    expect(chiara.locator("h1")).to_contain_text("Cooperativa Onda")
    expect(chiara.locator("nav")).to_have_count(0)
    look(chiara, "wall")
    chiara.click("a[href^='/prove']")
    chiara.fill("[name=password]", demo.PASSWORD)
    press(chiara, "main form:has([name=password])")
    expect(chiara).to_have_url(f"{address}/o/onda/")
    expect(chiara.locator("nav").first).to_be_attached()

    anne.goto(AT)
    look(anne, "providers")
    anne.locator(f"a[href^='{AT}/']", has_text="Lumen ID").first.click()
    anne.locator("a[href$='/remove']").click()
    expect(anne.locator("form.confirm")).to_contain_text("1")
    look(anne, "removal")
    press(anne, "form[action$='/remove']")
    expect(anne.locator(".toast").first).to_contain_text("Lumen ID")
    chiara.goto("/o/lumen/")
    expect(chiara).to_have_url(f"{address}/signin?next=/o/lumen/")
    assert not wrong, "\n".join(wrong)
