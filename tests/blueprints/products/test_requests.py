"""Asking for access and answering, on their pages; and all that is one's own on one page."""
import pytest

from demo import acting
from models import AccessRequest, Product
from products import blocking
from tenancy import across_organisations, working_for


@pytest.fixture
def product(cast):
    def of(label):
        with across_organisations("a test looks for a product"):
            return Product.get(Product.label == label).public_id
    return of


def the_request():
    with across_organisations("a test looks for a request"):
        return AccessRequest.get().public_id


def test_a_member_asks_and_an_administrator_lets_them_in(browse, product, count):
    luc, anne = browse("luc"), browse("anne")
    assert "/o/lumen/products/ask" in luc.get("/account/products").links
    page = luc.get(f"/o/lumen/products/ask?product={product('Wiki')}&lang=en")
    assert {"Wiki", "Planning", "Horaires des trains"} == {
        each["text"] for each in page.all("option") if each.get("value")}
    page = luc.post("/o/lumen/products/ask?lang=en", product=product("Wiki"), reason="", expect=422)
    assert [each for each in page.all("option") if each.get("value") == product("Wiki") and "selected" in each]
    page = luc.post("/o/lumen/products/ask", product=product("Wiki"), reason="I write the minutes")
    assert "I write the minutes" in page.text("main")
    assert "/o/lumen/requests" in anne.get("/o/lumen/").links
    assert f"/o/lumen/requests/{the_request()}" in anne.get(f"/o/lumen/products/{product('Wiki')}").links
    anne.get("/o/lumen/requests")
    count.clear()
    anne.get("/o/lumen/requests")
    assert len(count) <= 4
    anne.get(f"/o/lumen/requests/{the_request()}")
    anne.post(f"/o/lumen/requests/{the_request()}/grant", until="2020-01-01", expect=422)
    page = anne.post(f"/o/lumen/requests/{the_request()}/grant", until="2027-01-31")
    assert page.path == "/o/lumen/requests"
    assert "https://wiki.lumen.example" in luc.get("/account/products").links


def test_a_second_answer_finds_the_list_as_it_is(browse, product):
    luc, anne, mara = browse("luc"), browse("anne"), browse("mara")
    luc.get("/o/lumen/products/ask")
    luc.post("/o/lumen/products/ask", product=product("Wiki"), reason="Minutes")
    path = f"/o/lumen/requests/{the_request()}"
    anne.get(path)
    mara.get(path)
    anne.post(f"{path}/refusal", answer="", expect=422)
    anne.post(f"{path}/refusal", answer="Not now")
    page = mara.post(f"{path}/grant?lang=en", expect=409)
    assert "answered or withdrawn in the meantime" in page.text("main")
    mara.get(path, expect=409)


def test_one_withdraws_what_one_asked(browse, product):
    luc = browse("luc")
    luc.get("/o/lumen/products/ask")
    luc.post("/o/lumen/products/ask", product=product("Wiki"), reason="Minutes")
    luc.post(f"/o/lumen/requests/{the_request()}/withdrawal")
    assert "Minutes" not in luc.get("/o/lumen/products/ask").text("main")


def test_rl_02_an_external_finds_nothing_to_ask_for_and_a_collaborator_no_answers(browse, product):
    grace = browse("grace")
    assert not any("/products/ask" in link for link in grace.get("/account/products").links)
    grace.get("/o/lumen/products/ask", expect=403)
    browse("luc").get("/o/lumen/requests", expect=403)


def test_my_products_say_what_is_open_and_what_is_closed_with_four_questions(browse, cast, product, count):
    with working_for(cast.organisations["lumen"]), acting(cast.people["anne"]):
        blocking.maintain(product("Messagerie"), "New server")
    esteban = browse("esteban")
    esteban.get("/account/products?lang=en")
    count.clear()
    page = esteban.get("/account/products?lang=en")
    assert len(count) <= 4, count
    assert "https://wiki.lumen.example" in page.links and "https://mail.lumen.example" not in page.links
    assert "The service is in maintenance. Reason: New server" in page.text("main")
    assert "mailto:anne@lumen.example" in page.links
