"""axe finds nothing: every page that links lead to, light and wide or dark and narrow by turns.

A person's own pages are alike for everybody: they are looked at as Anne. `--all`: each page as each, in each language,
theme and width.
"""
from itertools import product
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.walking import one_of_each, signed_in

LOOKS = (("fr", "light", 1440), ("de", "dark", 360))
EVERY_LOOK = tuple(product(("fr", "de", "en", "es", "it"), ("light", "dark"), (360, 1440)))
PEOPLE = {"a visitor": ("/signin", None, {}), "Anne": ("/o/lumen/", "anne@lumen.example", {}),
          "Chiara": ("/o/onda/", "chiara@onda.example", {}),
          "Grace": ("/o/lumen/", "grace@field.example", {})}


@pytest.fixture(scope="session")
def routes():
    from app import create_app
    return create_app().url_map.bind("localhost")


@pytest.mark.parametrize("who", PEOPLE)
def test_axe_finds_nothing(browser, running_on_sqlite, routes, request, who):
    start, email, proof = PEOPLE[who]
    page = signed_in(browser, running_on_sqlite.address, email, **proof)
    thorough, faults = request.config.getoption("--all"), []
    known = "\n" if thorough or who in ("Anne", "a visitor") else "/account"
    for number, path in enumerate(one_of_each(page, start, routes, without=known).values()):
        faults += found_on(page, path, EVERY_LOOK if thorough else (LOOKS[number % 2],))
    page.context.close()
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("label", ["Planning", "Wiki"])
def test_axe_finds_nothing_where_an_application_is_connected(browser, running_on_sqlite, label):
    """With a test that runs, or found something wrong, and all there is to copy unfolded."""
    page = signed_in(browser, running_on_sqlite.address, "anne@lumen.example")
    page.goto("/o/lumen/products")
    page.get_by_role("link", name=label, exact=True).first.click()
    page.locator("a[href$='/connection']").click()
    page.locator("form[action$='/connection/test'] button").click()
    page.locator("[aria-labelledby=test] .badge").first.wait_for()
    faults = found_on(page, urlsplit(page.url).path, LOOKS, unfolded=True)
    page.context.close()
    assert not faults, "\n".join(faults)


def found_on(page, path, looks, unfolded=False):
    faults = []
    for language, theme, width in looks:
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{path}{'&' if '?' in path else '?'}lang={language}")
        if unfolded:
            page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
        result = Axe().run(page)
        faults += [f"{path} {language} {theme} {width}: {fault['id']} {fault['nodes'][0]['html'][:120]}"
                   for fault in result.response["violations"]]
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            faults.append(f"{path} {language} {width}: {wide} px wider than the window")
    return faults
