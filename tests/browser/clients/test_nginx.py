"""nginx before an application, with the lines of its product's page, and a real browser that comes by."""
import pytest
from playwright.sync_api import expect

import demo
import gate.lines
from models import Product
from organisations import blocking
from products import lifecycle
from tests import fronts
from tests.browser.clients.conftest import sign_in
from tests.serving import free_port

WHO = "esteban@aurora.example"


@pytest.fixture
def wiki(kanton, tmp_path):
    """Its address."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with kanton.by():
        product = Product.get(Product.label == "Wiki")
        lifecycle.change(product.public_id, product.version, "Wiki", technical_name="", address=address, seats=None)
        lines = gate.lines.of(address, demo.GATE_SECRET)["nginx"]
    with fronts.proxy("nginx", tmp_path, port, lines):
        yield address


def test_fw_08_who_is_blocked_is_out_at_the_next_request_and_reads_why(page, kanton, wiki):
    page.goto(f"{wiki}/pages/42?tab=2&x=1")
    sign_in(page, WHO)
    expect(page).to_have_url(f"{wiki}/pages/42?tab=2&x=1")
    expect(page.locator("body")).to_contain_text("Remote-Email: esteban@aurora.example")
    script = "fetch('/data').then(answer => answer.status)"
    assert page.evaluate(script) == 200
    with kanton.by():
        blocking.block(kanton.member(WHO), "A reason")
    assert page.evaluate(script) == 401
    assert page.goto(f"{wiki}/pages/42").status == 403
    assert page.url.startswith(f"{kanton.address}/gate/start?")
    expect(page.locator("h1")).to_have_text("No tiene acceso a Wiki")
