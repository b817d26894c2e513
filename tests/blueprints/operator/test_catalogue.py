"""The operator's catalogue: families and categories are added, changed, retired, brought back; and what that opens."""
import pytest

from models import (
    AccessRequest,
    Category,
    Client,
    Family,
    Gate,
    GateSecret,
    Grant,
    InstallationEvent,
    Product,
)
from organisations.policy import Proved
from products import evidence
from tenancy import across_organisations

LANGUAGES = ("en", "fr", "de", "es", "it")


def names(word, **others):
    return {f"name_{language}": f"{word} {language}" for language in LANGUAGES} | others


@pytest.fixture
def otto(browse):
    return browse("otto")


def test_the_whole_catalogue_is_shown_with_its_rights(otto, count):
    otto.get("/operator/catalogue?lang=en")
    count.clear()
    page = otto.get("/operator/catalogue?lang=en")
    assert "Ticketing · Technical rights, Ticket sales, Ticket control, Staff and Reports" in page.text("main")
    assert len(count) <= 4
    assert "/operator/catalogue" in otto.get("/operator/").links


def test_a_family_needs_a_name_in_each_language_and_keeps_what_was_typed(otto):
    path = "/operator/catalogue/families/new"
    otto.get(path)
    page = otto.post(path, **names("Printing", name_it=""), icon="star", expect=422)
    assert "name_it-error" in [each.get("id") for each in page.elements]
    assert "Printing fr" in [each.get("value") for each in page.all("input")]
    otto.post(path, **names("Printing"), icon="star")
    assert Family.get(Family.code == "printing-en").names["it"] == "Printing it"
    otto.get("/operator/catalogue/families/printing-en")
    otto.post("/operator/catalogue/families/printing-en", **names("Paper"), icon="folder")
    assert Family.get(Family.code == "printing-en").names["de"] == "Paper de"


def test_a_category_begins_with_what_its_kind_says_and_takes_what_is_chosen(otto, browse):
    path = "/operator/catalogue/families/applications/new"
    assert f"{path}?kind=gated_app" in otto.get(path).links
    page = otto.get(f"{path}?kind=gated_app")
    ticked = {each["value"] for each in page.all("input") if each.get("name") == "rights" and "checked" in each}
    assert ticked == {"technical", "statistics"}
    otto.post(path, **names("Printer"), kind="gated_app", used="y", team_merge="individual", expect=422)
    otto.post(path, **names("Printer"), kind="gated_app", rights="technical", used="y", team_merge="individual")
    made = Category.get(Category.code == "printer-en")
    assert (made.rights, made.used, made.blockable, made.team_merge) == (["technical"], True, False, "individual")
    assert "/o/lumen/products/new?category=printer-en" in browse("anne").get("/o/lumen/products/new").links


def test_a_retired_category_is_offered_no_more_and_comes_back(otto, browse):
    otto.get("/operator/catalogue")
    otto.post("/operator/catalogue/categories/e-mail/retirement")
    anne = browse("anne")
    assert "/o/lumen/products/new?category=e-mail" not in anne.get("/o/lumen/products/new").links
    anne.get("/o/lumen/products/new?category=e-mail", expect=404)
    assert "Messagerie" in anne.get("/o/lumen/products").text("products")
    otto.post("/operator/catalogue/categories/e-mail/return")
    anne.get("/o/lumen/products/new?category=e-mail")
    kinds = [event.kind for event in InstallationEvent.select()]
    assert kinds[-2:] == ["category.retired", "category.brought_back"]


def test_a_right_taken_from_a_category_closes_doors_at_once(otto, cast):
    with across_organisations("a test looks for a product"):
        site = Product.get(Product.label == "Site de l’atelier").public_id

    def opens():
        return evidence.at_a_door(cast.people["esteban"].id, site).decide("statistics", Proved(("password",))).allowed
    assert opens()
    path = "/operator/catalogue/categories/web-hosting"
    page = otto.get(path)
    written = {each["name"]: each["value"] for each in page.all("input") if each.get("name", "").startswith("name_")}
    otto.post(path, **written, kind="hosting", rights="technical", blockable="y", team_merge="union")
    assert not opens()


def test_an_empty_catalogue_offers_the_neutral_one(otto):
    with across_organisations("a test empties the catalogue"):
        for what in (AccessRequest, Grant, Client, GateSecret, Gate, Product):
            what.delete().execute()
    Category.delete().execute()
    Family.delete().execute()
    assert "neutral" in otto.get("/operator/catalogue").html
    otto.post("/operator/catalogue/neutral")
    assert Family.select().count() == 5
    otto.post("/operator/catalogue/neutral", expect=409)


def test_bs_12_the_catalogue_is_nowhere_to_all_but_operators(browse):
    anne = browse("anne")
    for path in ("/operator/catalogue", "/operator/catalogue/families/new", "/operator/catalogue/categories/e-mail"):
        anne.get(path, expect=404)
    anne.get("/account")
    anne.post("/operator/catalogue/categories/e-mail/retirement", expect=404)
    assert Category.get(Category.code == "e-mail").retired is None
