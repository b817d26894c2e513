"""Connecting an application: its values, its secrets said once, and who may."""
import base64
from datetime import timedelta

import pytest
import time_machine

import catalogues
import demo
from accounts import app_passwords
from clock import now
from demo import acting
from limits import CONNECTION_TEST
from models import GateSecret, Product, User
from oidc import clients, reading, scopes
from products import lifecycle
from tenancy import across_organisations, working_for
from tests.applications import Application
from tests.gate.conftest import Proxy


@pytest.fixture
def product(cast):
    def of(label):
        with across_organisations("a test looks for a product"):
            return Product.get(Product.label == label).public_id
    return of


def test_a_gate_gets_a_secret_that_is_said_once(browse, product):
    anne, path = browse("anne"), f"/o/lumen/products/{product('Wiki')}/connection"
    assert "/gate/auth" in anne.get(path).text("main")
    secret = anne.post(f"{path}/secrets").text("secret")
    assert secret.startswith("kgs_") and secret in anne.page.text("nginx")
    again = anne.get(path)
    assert secret not in again.html and "X-Gate-Secret kgs_…;" in again.text("nginx")
    assert all("wiki.lumen.example" in again.text(proxy) for proxy in ("nginx", "caddy", "traefik"))
    assert "static configuration" in anne.get(f"{path}?lang=en").text("main")


def test_an_application_is_connected_and_gets_another_secret(browse, cast):
    with working_for(cast.organisations["lumen"]), acting(cast.people["anne"]):
        made = lifecycle.add("application-with-single-sign-on", "Notes", address="https://notes.lumen.example")
    anne, path = browse("anne"), f"/o/lumen/products/{made.public_id}/connection"
    anne.get(f"{path}?lang=en")
    anne.post(f"{path}?lang=en", redirect_uris="javascript:alert(1)", expect=422)
    page = anne.post(path, redirect_uris="https://notes.lumen.example/callback")
    first = page.text("secret")
    anne.post(path, redirect_uris="https://notes.lumen.example/callback", expect=409)
    assert f"OIDCClientSecret {first} " in page.text("apache") and page.html.count(first) == 3
    assert "OIDCRedirectURI https://notes.lumen.example/callback OIDCRemoteUserClaim" in page.text("apache")
    assert "?logout=backchannel" in page.text("main") and "Révoquer ce secret" in page.text("main")
    assert 'http://localhost:8000/oauth/end-session' in page.text("main")
    with working_for(cast.organisations["lumen"]):
        (client,) = clients.of_product(made.public_id)
    assert client.redirect_uris == ["https://notes.lumen.example/callback"] and client.client_id in page.html
    second = anne.post(f"{path}/secrets").text("secret")
    assert first != second and second not in anne.get(path).html


def test_whoever_looked_before_another_connected_it_is_told(browse, product, monkeypatch, cast):
    anne, planning, look = browse("anne"), product("Planning"), clients.of_product
    anne.get(f"/o/lumen/products/{planning}/connection")
    looks = iter([[]])
    monkeypatch.setattr(clients, "of_product", lambda id: next(looks, None) or look(id))
    anne.post(f"/o/lumen/products/{planning}/connection", redirect_uris="https://app.example/cb", expect=409)
    with working_for(cast.organisations["lumen"]):
        assert len(look(planning)) == 1


def test_the_addresses_of_an_application_are_changed_and_nothing_else(browse, product):
    anne, path = browse("anne"), f"/o/lumen/products/{product('Planning')}/connection"
    anne.get(f"{path}?lang=en")
    same = {"redirect_uris": demo.APP_BACK, "backchannel_uri": "https://app.example/out"}
    anne.post(f"{path}/addresses", version="0", redirect_uris="", expect=422)
    anne.post(f"{path}/addresses", version="0", logout_uris="https://app.example/*", **same, expect=422)
    page = anne.post(f"{path}/addresses", version="0", logout_uris="https://app.example/bye", **same)
    assert "https://app.example/bye" in page.html and "https://app.example/out" in page.html
    anne.post(f"{path}/addresses", version="0", **same, expect=409)
    anne.post(f"{path}/secrets")
    assert "https://app.example/bye" in anne.page.html, "the form beside a new secret has what is there"
    client = reading.client(demo.APP)
    assert (client.pkce, set(client.scopes)) == (False, set(scopes.ALL))


def test_apache_is_told_where_the_lines_belong_and_how_to_sign_out(browse, product):
    page = browse("anne").get(f"/o/lumen/products/{product('Planning')}/connection?lang=en")
    for told in ("inside the VirtualHost", f"{demo.APP_BACK}?logout=https%3A%2F%2F…", "?logout=backchannel",
                 "introspection_endpoint"):
        assert told in page.text("main")
    line = next(each for each in page.html.splitlines() if each.startswith("OIDCCryptoPassphrase"))
    assert "exec:" not in line and len(line) > 60, "a secret that lasts over a restart"


def test_a_test_of_an_application_shows_what_waits_and_what_was_seen(app, browse, product):
    anne, path, planning = browse("anne"), f"/o/lumen/products/{product('Planning')}/connection", Application(app)
    assert "Waiting" not in anne.get(f"{path}?lang=en").html
    anne.post(f"{path}/test")
    assert anne.get(f"{path}?lang=en").html.count(">Waiting<") == 5
    anne.get(planning.asking(redirect_uri="http://localhost:9000/x"), expect=400)
    assert "wants the answer at http://localhost:9000/x" in anne.get(f"{path}?lang=en").text("main")
    anne.get(planning.asking())
    page = anne.get(f"{path}?lang=en")
    assert (page.html.count(">Seen<"), page.html.count(">Waiting<"), page.html.count(">Failed<")) == (1, 4, 0)
    with time_machine.travel(now() + timedelta(minutes=11), tick=False):
        page = browse("anne").get(f"{path}?lang=en")
    assert (page.html.count(">Seen<"), page.html.count(">Not checked<")) == (1, 4)


@pytest.mark.parametrize("label", ["Wiki", "Planning"])
def test_a_page_with_a_test_asks_four_questions_in_every_language(browse, product, count, label):
    anne, path = browse("anne"), f"/o/lumen/products/{product(label)}/connection"
    anne.get(path)
    anne.post(f"{path}/test")
    anne.get(path)
    count.clear()
    page = anne.get(path)
    assert len(count) <= 4, "\n".join(count)
    english = {message.id for message in catalogues.extract() if isinstance(message.id, str) and message.id}
    for language in ("fr", "de", "es", "it"):
        page = anne.get(f"{path}?lang={language}")
        same = {message.string for message in catalogues.read(language)}
        assert not {" ".join(word.split()) for word in page.words} & english - same, language


def test_nobody_uses_up_the_tests_of_the_others(browse, product):
    """Whoever is refused counts too, but for themselves alone."""
    grace, path = browse("grace"), f"/o/lumen/products/{product('Planning')}/connection"
    token = grace.get("/account").token
    for _time in range(CONNECTION_TEST.times):
        grace.post(f"{path}/test", token=token, expect=403)
    grace.post(f"{path}/test", token=token, expect=429)
    anne = browse("anne")
    anne.get(path)
    anne.post(f"{path}/test")


def test_a_secret_is_ended(browse, product):
    anne, path = browse("anne"), f"/o/lumen/products/{product('Wiki')}/connection"
    anne.get(path)
    with across_organisations("a test counts"):
        secret = GateSecret.get().public_id
    assert f"{path}/secrets/{secret}/end" in anne.page.links
    assert "It is the only secret" in anne.get(f"{path}/secrets/{secret}/end?lang=en").text("main")
    anne.post(f"{path}/secrets/{secret}/end")
    for ask in (anne.post, anne.get):
        ask(f"{path}/secrets/{secret}/end", expect=404)


def test_rl_02_only_who_manages_the_product_connects_it(browse, product):
    browse("esteban").get(f"/o/lumen/products/{product('Wiki')}/connection", expect=403)
    browse("grace").get(f"/o/lumen/products/{product('Wiki')}/connection", expect=404)
    browse("anne").get(f"/o/lumen/products/{product('Messagerie')}/connection", expect=404)
    browse("chiara").get(f"/o/onda/products/{product('Wiki')}/connection", expect=404)


def test_programs_come_in_once_the_page_lets_them(app, browse, cast, product):
    anne, path = browse("anne"), f"/o/lumen/products/{product('Wiki')}/connection"
    with acting(cast.people["esteban"], "password"):
        secret = app_passwords.create(User.get_by_id(cast.people["esteban"].id), "Sync")
    pair = base64.b64encode(f"esteban@aurora.example:{secret}".encode()).decode()
    program = {"Authorization": f"Basic {pair}", "Sec-Fetch-Mode": None, "Accept": "*/*"}
    for tick, status in ((None, 401), ("y", 200), (None, 401)):
        anne.get(path)
        page = anne.post(f"{path}/programs", app_passwords=tick)
        (box,) = [each for each in page.all("input") if each.get("name") == "app_passwords"]
        assert ("checked" in box) is bool(tick)
        assert Proxy(app).ask(**program).status_code == status
    chiara = browse("chiara")
    chiara.get("/account")
    chiara.post(f"{path}/programs", app_passwords="y", expect=403)


@pytest.mark.parametrize("version", ["", "-1", "9" * 30, "2147483648", "\N{SUPERSCRIPT TWO}", "now"])
def test_a_version_that_never_was_is_another_one(browse, cast, product, version):
    anne, path = browse("anne"), f"/o/lumen/products/{product('Planning')}"
    for page, fields in ((f"{path}/connection/addresses", {"redirect_uris": demo.APP_BACK}),
                         (f"{path}/details", {"label": "Planning", "address": "http://localhost:9000"}),
                         ("/o/lumen/settings", {"name": "Atelier", "kind": "company", "country": "CH", "language": "fr",
                                                "time_zone": "Europe/Zurich"})):
        anne.get(path)
        anne.post(page, expect=409, version=version, **fields)
