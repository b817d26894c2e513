"""Connecting an application: its values, its secrets said once, and who may."""
import pytest

from demo import acting
from models import GateSecret, Product
from oidc import clients
from products import lifecycle
from tenancy import across_organisations, working_for


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


def test_an_application_is_connected_and_gets_another_secret(browse, cast):
    with working_for(cast.organisations["lumen"]), acting(cast.people["anne"]):
        made = lifecycle.add("application-with-single-sign-on", "Notes", address="https://notes.lumen.example")
    anne, path = browse("anne"), f"/o/lumen/products/{made.public_id}/connection"
    anne.get(f"{path}?lang=en")
    anne.post(f"{path}?lang=en", redirect_uris="javascript:alert(1)", expect=422)
    page = anne.post(path, redirect_uris="https://notes.lumen.example/callback")
    first = page.text("secret")
    assert f"OIDCClientSecret {first} " in page.text("apache") and page.html.count(first) == 3
    assert "OIDCRedirectURI https://notes.lumen.example/callback OIDCRemoteUserClaim" in page.text("apache")
    assert 'http://localhost:8000/oauth/end-session' in page.html
    with working_for(cast.organisations["lumen"]):
        (client,) = clients.of_product(made.public_id)
    assert client.redirect_uris == ["https://notes.lumen.example/callback"] and client.client_id in page.html
    second = anne.post(f"{path}/secrets").text("secret")
    assert first != second and second not in anne.get(path).html


def test_a_secret_is_ended(browse, product):
    anne, path = browse("anne"), f"/o/lumen/products/{product('Wiki')}/connection"
    anne.get(path)
    with across_organisations("a test counts"):
        secret = GateSecret.get().public_id
    anne.post(f"{path}/secrets/{secret}/end")
    anne.post(f"{path}/secrets/{secret}/end", expect=404)


def test_rl_02_only_who_manages_the_product_connects_it(browse, product):
    browse("esteban").get(f"/o/lumen/products/{product('Wiki')}/connection", expect=403)
    browse("grace").get(f"/o/lumen/products/{product('Wiki')}/connection", expect=404)
    browse("anne").get(f"/o/lumen/products/{product('Messagerie')}/connection", expect=404)
    browse("chiara").get(f"/o/onda/products/{product('Wiki')}/connection", expect=404)
