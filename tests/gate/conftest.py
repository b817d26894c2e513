"""A proxy before the demonstration's wiki, as one behaves that was set up as the README says; and the browser in it."""
from urllib.parse import urlsplit

import pytest

import demo
from demo import acting
from models import GateSecret, Product
from settings import setting
from tenancy import across_organisations, working_for

WIKI = "https://wiki.lumen.example"
PAGE = {"Accept": "text/html,application/xhtml+xml", "Sec-Fetch-Mode": "navigate"}


class Proxy:
    """Asks the gate about requests to one host, and hands on its answers; it keeps that host's cookies, as browsers do.

    Our own cookies are another jar's: those of `browser`.
    """

    def __init__(self, app, secret=demo.GATE_SECRET, host="wiki.lumen.example"):
        self.web, self.secret, self.host, self.jar = app.test_client(use_cookies=False), secret, host, {}

    def lead(self, path, **headers):
        """To the gate, with what the proxy says of itself and of the request. None leaves a header out."""
        said = {"X-Gate-Secret": self.secret, "X-Forwarded-Host": self.host,
                "Cookie": "; ".join(f"{name}={value}" for name, value in self.jar.items()), **headers}
        answer = self.web.get(path, headers={k: v for k, v in said.items() if v is not None},
                              base_url=setting.base_url)
        for cookie in answer.headers.getlist("Set-Cookie"):
            name, _is, rest = cookie.partition("=")
            self.jar[name] = rest.partition(";")[0]
        return answer

    def ask(self, uri="/pages/42?tab=2", **headers):
        return self.lead("/gate/auth", **{"X-Forwarded-Uri": uri, "X-Forwarded-Method": "GET", **PAGE, **headers})

    def where(self, uri="/pages/42?tab=2"):
        """Where somebody is sent to sign in, as a path of ours."""
        answer = self.ask(uri)
        assert answer.status_code == 401, answer.status_code
        return answer.headers["X-Gate-Location"].removeprefix(setting.base_url)

    def back(self, browser, uri="/pages/42?tab=2"):
        """Through our own host, to the address at the application's; with the code in it."""
        page = browser.get(self.where(uri), expect=None)
        return away(page)

    def enter(self, browser, uri="/pages/42?tab=2"):
        """The whole way in; the answer with the ticket."""
        address = self.back(browser, uri)
        answer = self.lead(f"/gate/callback?{urlsplit(address).query}")
        assert answer.status_code == 303, answer.status_code
        return answer


def away(page):
    found = page.answer.headers.get("Location") or next(
        (each["content"].partition("url=")[2] for each in page.all("meta") if each.get("http-equiv") == "refresh"), "")
    assert found, (page.status, page.text()[:300])
    return found


@pytest.fixture
def wiki(app, database):
    """Let in are Anne and Esteban."""
    return Proxy(app)


@pytest.fixture
def esteban(browse):
    return browse("esteban")


@pytest.fixture
def inside(wiki, esteban):
    """Esteban, who has come in."""
    wiki.enter(esteban)
    assert wiki.ask().status_code == 200
    return wiki


@pytest.fixture
def product(cast):
    """The wiki."""
    with across_organisations("a test that knows it by its label"):
        return Product.get(Product.label == "Wiki").public_id


@pytest.fixture
def by(cast):
    """`with by("anne"): …` something is done in Lumen by her."""
    from contextlib import contextmanager

    @contextmanager
    def at_work(who="anne", slug="lumen"):
        with working_for(cast.organisations[slug]), acting(cast.people[who], "password", "totp"):
            yield
    return at_work


@pytest.fixture
def secrets_kept():
    def read():
        with across_organisations("a test that looks at all"):
            return list(GateSecret.select().order_by(GateSecret.id))
    return read
