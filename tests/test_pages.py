"""Every page that links lead to, as somebody of the cast: it answers, in each language, with few questions."""
import re
from collections import deque
from urllib.parse import urlsplit

import pytest
from werkzeug.exceptions import HTTPException

import catalogues
from i18n import NAMES
from settings import setting

PEOPLE = {"anne": "/o/lumen/", "mara": "/o/bergquell/", "chiara": "/o/lumen/", "grace": "/o/lumen/",
          "otto": "/operator/", None: "/signin"}
MOST = 4                                        # statements a signed-in GET may make, of any kind


def one_of_each(browser, start, routes, look=lambda page: None):
    """{endpoint: path} of what can be reached by links; `look` is shown each page."""
    found, waiting = {}, deque([start])
    while waiting:
        path = waiting.popleft()
        parts = urlsplit(path)
        if parts.scheme or parts.netloc or not parts.path.startswith("/") or parts.path.startswith("/static"):
            continue
        try:
            endpoint, _values = routes.match(parts.path, method="GET")
        except HTTPException:
            pytest.fail(f"a link leads to {path}, where nothing is")
        if endpoint in found:
            continue
        page = browser.get(path)
        found[endpoint] = path
        look(page)
        if page.answer.mimetype == "text/html":
            waiting.extend(page.links)
    return found


@pytest.mark.parametrize("who", PEOPLE)
def test_every_page_answers_in_every_language_with_few_questions(who, app, browse, visitor, count):
    browser = browse(who) if who else visitor()
    routes = app.url_map.bind("localhost")
    found = one_of_each(browser, PEOPLE[who], routes)
    english = {message.id if isinstance(message.id, str) else message.id[0] for message in catalogues.extract()
               if message.id}
    # a word may be spelt alike
    known = {language: {message.string for message in catalogues.read(language)} for language in NAMES
             if language != "en"}
    faults = []
    for endpoint, path in found.items():
        browser.get(path)               # arriving in another organisation is remembered: once
        count.clear()
        page = browser.get(path)
        if who and page.path == urlsplit(path).path and len(count) > MOST:
            faults.append(f"{endpoint}: {len(count)} statements\n   " + "\n   ".join(count))
        if page.answer.mimetype != "text/html":
            continue
        for language in NAMES:
            spoken = browser.get(f"{path}{'&' if '?' in path else '?'}lang={language}")
            if spoken.path != urlsplit(path).path:
                continue            # it sends one elsewhere
            assert spoken.all("html")[0]["lang"] == language
            if language != "en":
                left = {" ".join(word.split()) for word in spoken.words} & english - known[language]
                if left:
                    faults.append(f"{endpoint} in {language}: {sorted(left)}")
    assert not faults, "\n".join(faults)
    if who == "anne":
        assert len(found) > 20, sorted(found)


def without_tokens(page):
    return re.sub(r'(?<=name="csrf_token" value=")[^"]+', "", page.html)


def test_a_page_that_is_put_together_once_has_each_visitors_own_token(visitor):
    one, other = visitor(), visitor()
    first, second = one.get("/signin"), other.get("/signin")
    assert without_tokens(first) == without_tokens(second) and first.token != second.token
    assert {field["value"] for field in second.all("input") if field.get("name") == "csrf_token"} == {second.token}
    other.post("/signin", token=first.token, email="a@b.ch", password="x", expect=403)


def test_a_page_that_is_put_together_once_speaks_to_each_in_their_language(visitor):
    said = [(language, visitor(**{"Accept-Language": language}).get("/signin")) for language in (*NAMES, *NAMES)]
    for language, page in said:
        assert page.all("html")[0]["lang"] == page.answer.headers["Content-Language"] == language
    assert len({without_tokens(page) for _language, page in said}) == len(NAMES)


def test_a_page_that_is_put_together_once_keeps_nothing_of_who_asked_for_more(visitor):
    """Neither where nobody came before, nor afterwards; and who asked for more gets it both times."""
    with setting.changed(instance="New"):       # put together by nobody yet
        for _time in range(2):
            assert "next=" in visitor().get("/signin?next=/o/lumen/").html
            told = visitor()
            with told.client.session_transaction(base_url=setting.base_url) as session:
                session["_flashes"] = [("warning", "A word for one")]
            assert "A word for one" in told.get("/signin").flash
            page = visitor().get("/signin")
            assert "next=" not in page.html and not page.flash


def test_a_page_that_is_put_together_once_says_what_the_settings_are(visitor):
    with setting.changed(signup="closed"):
        assert "/signup" not in visitor().get("/signin").links
    assert "/signup" in visitor().get("/signin").links
