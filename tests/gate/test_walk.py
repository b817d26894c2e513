"""«Test now» before a gate: by way of real proxies, and before some that make each mistake there is to be seen."""
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from gate import secrets, walk
from models import ConnectionTest, Event, GateSecret, GateTicket, Product
from products import grants
from tenancy import across_organisations
from tests import fronts
from tests.gate.conftest import Proxy, without_the_lines_about_names
from tests.gate.test_gate import member

STEPS = list(walk.STEPS)


def kept():
    """(the steps that were seen right, what was wrong last) of the latest test."""
    with across_organisations("a test looks at all"):
        (test,) = ConnectionTest.select()
    right = [step for step in STEPS if test.seen.get(step, [None])[0] == ""]
    wrong = [what for what, _detail in test.seen.values() if what]
    return right, (wrong or [""])[0]


def tickets():
    """Those that open something."""
    with across_organisations("a test looks at all"):
        return GateTicket.select().where(GateTicket.browser == "").count()


def test_a_proxy_with_the_lines_of_the_page_passes_each_step(front, cast, by, product):
    front.anne.post(f"{front.page}/test")
    page = front.anne.get(f"{front.page}?lang=en")
    assert page.html.count(">Seen<") == len(STEPS) and f"Tested by {cast.people['anne'].name}" in page.text("main")
    assert kept() == (STEPS, "") and not tickets()
    with across_organisations("a test looks at all"):
        assert Event.select().where(Event.kind == "product.tested").count() == 1
    with by():
        secrets.end(product, GateSecret.get(GateSecret.hint == front.secret[:8]).public_id)
    front.anne.post(f"{front.page}/test")
    page = front.anne.get(f"{front.page}?lang=en")
    assert ">Seen<" not in page.html and "Put a secret that is good into its lines." in page.text("main")
    assert kept() == ([], "secret")
    front.stop()
    front.anne.post(f"{front.page}/test")
    assert kept() == ([], "other")


@pytest.mark.parametrize("proxy", fronts.PROXIES)
def test_a_proxy_that_passes_on_other_spellings_is_reported(proxy, place):
    front = place(proxy, without_the_lines_about_names)
    front.anne.post(f"{front.page}/test")
    assert kept() == (STEPS[:1], "spelled")
    assert "underscores_in_headers" in front.anne.get(f"{front.page}?lang=en").text("main")


class Careless:
    """A proxy that asks the gate, and makes one mistake."""

    def __init__(self, app):
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                status, headers = outer.answer(self.path, {name: self.headers[name] for name in self.headers})
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_more):
                """Nothing."""
        self.mistake, self.been_in = "", False
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        self.proxy = Proxy(app, host=f"127.0.0.1:{self.server.server_port}")
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def makes(self, mistake):
        self.mistake, self.been_in = mistake, False
        return self

    def answer(self, path, headers):
        """(status, headers) as a proxy would."""
        simple = {"open": (200, []), "secret": (403, []), "no_way": (401, []), "other": (502, []),
                  "elsewhere": (302, [("Location", "https://www.wiki.example/")]),
                  "strange": (302, [("Location", "//[")])}
        if self.mistake in simple:
            return simple[self.mistake]
        cookie = headers.get("Cookie", "")
        if urlsplit(path).path == "/.kanton/callback":
            if self.mistake == "callback":
                return 404, []
            cookie = "" if self.mistake == "lost" else cookie
            return self.handed_on(self.proxy.lead(f"/gate/callback?{urlsplit(path).query}", Cookie=cookie))
        if self.mistake == "claimed" and "Remote-User" in headers or self.mistake == "still" and self.been_in:
            return 200, []
        asked = self.proxy.ask(path, Cookie="kanton_gate_begun=x" if self.mistake == "ticket" else cookie)
        if asked.status_code == 200:
            self.been_in = True
            return (500 if self.mistake == "application" else 200), []
        status, told = self.handed_on(asked)
        return 302, [*told, ("Location", asked.headers["X-Gate-Location"])] if status == 401 else (status, told)

    def handed_on(self, answer):
        handed = ("Location",) if self.mistake == "cookie" else ("Location", "Set-Cookie")
        return answer.status_code, [(name, answer.headers[name]) for name in handed if name in answer.headers]


@pytest.fixture
def careless(app, product):
    found = Careless(app)
    with across_organisations("a test moves the wiki to this machine"):
        Product.update(address=f"{found.address}/start?x=1").where(Product.public_id == product).execute()
    yield found
    found.server.shutdown()
    found.server.server_close()


def test_no_step_is_passed_that_went_wrong(careless, browse, product, cast, by, sqlite_only):
    anne, page = browse("anne"), f"/o/lumen/products/{product}/connection"
    anne.get(f"{page}?lang=en")
    expected = {"open": 0, "secret": 0, "no_way": 0, "other": 0, "elsewhere": 0, "cookie": 0, "claimed": 1, "lost": 2,
                "callback": 2, "ticket": 3, "application": 3, "still": 4, "": 5}
    for mistake, passed in expected.items():
        careless.makes(mistake)
        anne.post(f"{page}/test")
        told = anne.get(f"{page}?lang=en")
        assert kept() == (STEPS[:passed], mistake), mistake
        assert told.html.count(">Seen<") == passed and told.html.count(">Failed<") == bool(mistake), mistake
        assert not tickets(), mistake
    careless.makes("strange")
    anne.post(f"{page}/test")
    assert kept() == ([], "elsewhere")
    with by():
        grants.save(grants.of_member(member(cast, "anne")), "protected-application", [])
    careless.makes("")
    anne.post(f"{page}/test")
    assert kept() == (STEPS[:2], "no_access")


def test_fd_11_an_address_that_is_not_public_is_not_gone_to(browse, product, app):
    anne, page = browse("anne"), f"/o/lumen/products/{product}/connection"
    anne.get(page)
    for address in ("https://10.0.0.1/", "https://169.254.169.254/latest", "http://127.0.0.1:1/"):
        with across_organisations("a test moves the wiki"):
            Product.update(address=address).where(Product.public_id == product).execute()
        anne.post(f"{page}/test")
        assert kept() == ([], "unreached"), address


def test_who_does_not_manage_the_product_tests_nothing(browse, product):
    page = f"/o/lumen/products/{product}/connection/test"
    for who, status in (("esteban", 403), ("grace", 404)):
        somebody = browse(who)
        somebody.post(page, expect=status)
    with across_organisations("a test looks at all"):
        assert not ConnectionTest.select().count()
