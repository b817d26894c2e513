"""Signing in to an application on another port, in a real browser under our policy, with and without JavaScript."""
import base64
import hashlib
import json
import os
import secrets
import sqlite3
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

import demo
from tests.browser.test_story import press
from tests.serving import product


class Planner:
    """An application at an address of its own: sends people to us, takes their code, keeps their tokens."""

    def __init__(self):
        planner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                asked = urlsplit(self.path)
                if asked.path == "/":
                    self.send_response(302)
                    self.send_header("Location", planner.asking())
                    self.end_headers()
                    return
                page = planner.came_back(dict(parse_qsl(asked.query))) if asked.path == "/callback" else "?"
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(f"<!doctype html><title>Planner</title><h1>{page}</h1>".encode())

            def log_message(self, *_):
                """Nothing."""
        self.server = ThreadingHTTPServer(("localhost", 0), Handler)
        self.address = f"http://localhost:{self.server.server_port}"
        self.provider, self.tokens = "", {}

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def asking(self) -> str:
        self.state, self.verifier = secrets.token_urlsafe(), secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        return f"{self.provider}/oauth/authorize?" + urlencode({
            "client_id": demo.APP, "response_type": "code", "scope": "openid profile email", "state": self.state,
            "redirect_uri": f"{self.address}/callback", "code_challenge": challenge, "code_challenge_method": "S256",
            "nonce": secrets.token_urlsafe()})

    def came_back(self, said: dict) -> str:
        if "error" in said:
            return f"no: {said['error']}"
        assert said["state"] == self.state and said["iss"] == self.provider
        status, self.tokens = self.ask("/oauth/token", grant_type="authorization_code", code=said["code"],
                                       redirect_uri=f"{self.address}/callback", code_verifier=self.verifier)
        assert status == 200, self.tokens
        return f"Hello, {self.userinfo()[1]['name']}"

    def refresh(self):
        status, told = self.ask("/oauth/token", grant_type="refresh_token",
                                refresh_token=self.tokens["refresh_token"])
        if status == 200:
            self.tokens = told
        return status, told

    def userinfo(self):
        return self._fetch(urllib.request.Request(f"{self.provider}/oauth/userinfo", headers={
            "Authorization": f"Bearer {self.tokens['access_token']}"}))

    def ask(self, path, **form):
        pair = base64.b64encode(f"{demo.APP}:{demo.APP_SECRET}".encode()).decode()
        return self._fetch(urllib.request.Request(f"{self.provider}{path}", data=urlencode(form).encode(),
                                                  headers={"Authorization": f"Basic {pair}"}))

    def _fetch(self, request):
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or "{}")


@pytest.fixture(scope="module")
def planner():
    with Planner() as running:
        yield running


@pytest.fixture(scope="module")
def running(tmp_path_factory, planner):
    """The product, and its database, in which the planner's address stands and in which a grant can be taken."""
    data = tmp_path_factory.mktemp("applications")
    with product(data) as address:
        planner.provider = address
        with sqlite3.connect(data / "kanton.db", timeout=20) as rows:
            rows.execute("UPDATE client SET redirect_uris = ?", (json.dumps([f"{planner.address}/callback"]),))
        yield address, data


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def page(request, browser, running):
    context = browser.new_context(java_script_enabled=request.param, base_url=running[0], locale="en-GB")
    page = context.new_page()
    page.reports = []
    page.on("console", lambda message: page.reports.append(message.text))
    yield page
    context.close()


def sign_in(page, email):
    page.fill("[name=email]", email)
    page.fill("[name=password]", demo.PASSWORD)
    press(page, "form:has([name=password])")


def test_op_27_from_the_application_to_us_and_back_until_access_is_taken(page, planner, running, request):
    who = "grace@field.example" if "with JavaScript" in request.node.name else "anne@lumen.example"
    name = "Grace Field" if "grace" in who else "Anne-Sophie de Montmollin"
    page.goto(planner.address)
    assert "/signin" in page.url
    sign_in(page, who)
    page.click("button[value=allow]")
    expect(page.locator("h1")).to_have_text(f"Hello, {name}")
    assert page.url.startswith(f"{planner.address}/callback")
    page.goto(planner.address)                      # once more: nothing is asked
    expect(page.locator("h1")).to_have_text(f"Hello, {name}")
    page.context.clear_cookies()
    page.goto(planner.address)                      # signed out here: a form, and then straight on
    sign_in(page, who)
    expect(page.locator("h1")).to_have_text(f"Hello, {name}")
    assert not [each for each in page.reports if "Content Security Policy" in each], page.reports
    assert planner.refresh()[0] == 200
    with sqlite3.connect(running[1] / "kanton.db", timeout=20) as rows:
        taken = rows.execute("DELETE FROM access_grant WHERE \"right\" = 'use' AND membership_id IN (SELECT m.id "
                             "FROM membership m JOIN account a ON a.id = m.user_id WHERE a.email = ?)", (who,)).rowcount
    assert taken
    assert planner.refresh()[1]["error"] == "invalid_grant"
    assert planner.userinfo()[0] == 401
    page.goto(planner.address)
    expect(page.locator("main")).to_contain_text(who)
    page.click("a[href*='error=access_denied']")
    expect(page.locator("h1")).to_have_text("no: access_denied")
    assert not [each for each in page.reports if "Content Security Policy" in each], page.reports


def test_axe_finds_nothing_on_these_pages(browser, running, planner):
    context = browser.new_context(base_url=running[0], locale="en-GB")
    page, faults = context.new_page(), []

    def look(name, address):
        for language in ("en", "de"):
            for theme, width in (("light", 320), ("dark", 1440)):
                page.emulate_media(color_scheme=theme)
                page.set_viewport_size({"width": width, "height": 900})
                page.goto(f"{address}{'&' if '?' in address else '?'}lang={language}")
                faults.extend(f"{name} {language} {theme} {width}: {fault['id']} {fault['nodes'][0]['html'][:120]}"
                              for fault in Axe().run(page).response["violations"])
                wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                faults.extend([f"{name} {language} {width}: {wide} px too wide"] if wide > 0 else [])
                if shots := os.environ.get("SHOTS"):
                    page.screenshot(path=f"{shots}/{name}-{language}-{theme}-{width}.png", full_page=True)

    page.goto("/signin")
    sign_in(page, "chiara@onda.example")
    look("consent", planner.asking())
    look("untrusted", "/oauth/authorize?client_id=nobody")
    look("end-session", "/oauth/end-session?client_id=demo-app")
    page.goto(planner.asking())
    page.click("button[value=allow]")
    look("applications", f"{running[0]}/account/applications")
    ask = page.locator("a[href$='/withdraw']").first.get_attribute("href")
    look("withdraw", f"{running[0]}{ask}")
    page.context.clear_cookies()
    page.goto("/signin")
    sign_in(page, "anne@lumen.example")
    look("sign-outs", f"{running[0]}/o/lumen/security/sign-outs")
    page.context.clear_cookies()
    page.goto("/signin")
    sign_in(page, "luc@lumen.example")
    look("closed", planner.asking())
    page.context.clear_cookies()
    look("signed-out", f"{running[0]}/oauth/end-session?client_id=demo-app")
    context.close()
    assert not faults, "\n".join(faults)
