"""axe finds nothing: every page that links lead to, light and wide or dark and narrow by turns.

A person's own pages are alike for everybody: they are looked at as Anne. `--all`: each page as each, in each language,
theme and width.
"""
from itertools import product

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
    for number, path in enumerate(one_of_each(page, start, routes).values()):
        if path.startswith("/account") and who != "Anne" and not thorough:
            continue
        for language, theme, width in EVERY_LOOK if thorough else (LOOKS[number % 2],):
            page.emulate_media(color_scheme=theme)
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(f"{path}{'&' if '?' in path else '?'}lang={language}")
            result = Axe().run(page)
            faults += [f"{path} {language} {theme} {width}: {fault['id']} {fault['nodes'][0]['html'][:120]}"
                       for fault in result.response["violations"]]
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            if wide > 0:
                faults.append(f"{path} {language} {width}: {wide} px wider than the window")
    page.context.close()
    assert not faults, "\n".join(faults)
