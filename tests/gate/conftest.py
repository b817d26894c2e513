"""Proxies before the demonstration's wiki: one that behaves as the README says, and real ones; the browser in it."""
import http.client
import re
import threading
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

import demo
from demo import acting
from gate import secrets
from models import GateSecret, Product
from settings import setting
from tenancy import across_organisations, working_for
from tests import fronts
from tests.serving import free_port

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


class AsServed(WSGIRequestHandler):
    """Reads names as the server does that the product runs on: X_Gate_Secret after X-Gate-Secret is what counts."""

    def make_environ(self):
        return super().make_environ() | {
            f"HTTP_{name.upper().replace('-', '_')}": said for name, said in self.headers.items() if "_" in name}


class Front:
    """A real proxy, and the browser's cookies of the application's host."""

    def __init__(self, port):
        self.port, self.address, self.jar = port, f"http://127.0.0.1:{port}", {}

    def get(self, path="/pages/42?tab=2&x=1", method="GET", **headers):
        """(status, headers, what the application saw)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        cookies = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        connection.request(method, path, headers={"Cookie": cookies, **PAGE, **headers})
        answer = connection.getresponse()
        seen = answer.read().decode()
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            name, _is, rest = cookie.partition("=")
            self.jar[name] = rest.partition(";")[0]
        connection.close()
        return answer.status, answer.headers, seen


def away(page):
    found = page.answer.headers.get("Location") or next(
        (each["content"].partition("url=")[2] for each in page.all("meta") if each.get("http-equiv") == "refresh"), "")
    assert found, (page.status, page.text()[:300])
    return found


def the_gate(product):
    """With its secrets, for whoever is at work in its organisation."""
    return secrets.of_product(Product.get(Product.public_id == product))


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
def place(app, sqlite_only, browse, product, tmp_path):
    """`place("nginx")` before the wiki, which has moved to this machine; its page has shown these lines, and a secret,
    once. `change`: what is done to the lines."""
    with ExitStack() as stack:
        def placed(name, change=str):
            kanton = make_server("127.0.0.1", 0, app, threaded=True, request_handler=AsServed)
            found = Front(free_port())
            found.stop = lambda: (kanton.shutdown(), kanton.server_close())
            threading.Thread(target=kanton.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
            stack.callback(found.stop)
            with across_organisations("a test moves the wiki to this machine"):
                Product.update(address=found.address).where(Product.public_id == product).execute()
            stack.enter_context(setting.changed(base_url=f"http://127.0.0.1:{kanton.server_port}"))
            found.anne, found.page = browse("anne"), f"/o/lumen/products/{product}/connection"
            found.anne.get(f"{found.page}?lang=en")
            said = found.anne.post(f"{found.page}/secrets")
            found.secret = said.text("secret")
            lines = next(each["text"] for each in said.elements if each.get("id") == name)
            assert found.secret in lines
            stack.enter_context(fronts.proxy(name, tmp_path, found.port, change(lines)))
            return found
        yield placed


@pytest.fixture(params=list(fronts.PROXIES))
def front(request, place):
    return place(request.param)


def without_the_lines_about_names(lines):
    """What a proxy is set up with whose lines let other spellings of our headers pass."""
    changed = re.sub(r" +request_header -\*.*\n", "", lines).replace("Strategy: delete", "Strategy: keep")
    return f"underscores_in_headers on;\n{lines}" if changed == lines else changed


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
