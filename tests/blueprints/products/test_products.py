"""The list of products, one of them, a new one, changing and giving up."""
import pytest

from demo import acting
from models import Event, Grant, Membership, Product
from products import grants, lifecycle
from tenancy import across_organisations, working_for


@pytest.fixture
def path(cast):
    def of(label, below=""):
        with across_organisations("a test looks for a product"):
            return f"/o/lumen/products/{Product.get(Product.label == label).public_id}{below}"
    return of


@pytest.fixture
def lumen(cast):
    """At work for Lumen, as Anne."""
    with working_for(cast.organisations["lumen"]) as organisation, acting(cast.people["anne"]):
        yield organisation


def test_administration_sees_every_product_and_others_what_is_theirs(browse):
    everything = browse("anne").get("/o/lumen/products?lang=en").text("main")
    assert "lumen.example" in everything and "Wiki" in everything and "You: Use, Technical rights" in everything
    own = browse("grace").get("/o/lumen/products?lang=en")
    assert "Planning" in own.text("main") and "Wiki" not in own.text("main")
    assert "http://localhost:9000" in own.links


def test_the_list_is_narrowed_to_a_category(browse):
    anne = browse("anne")
    page = anne.get("/o/lumen/products?category=domain-name&lang=en").text("products")
    assert "atelier-lumen.example" in page and "Wiki" not in page
    assert anne.get("/o/lumen/products?category=").path == "/o/lumen/products"


def test_a_product_tells_each_right_with_its_why(browse, path):
    page = browse("esteban").get(path("Wiki") + "?lang=en")
    assert "Use openGranted individually" in page.text("main")
    assert "Technical rights closedNot granted." in page.text("main")
    assert "https://wiki.lumen.example" in page.links
    assert not any(link.endswith(("/details", "/give-up")) for link in page.links)


def test_tn_06_what_one_has_no_right_over_is_not_there(browse, path):
    browse("esteban").get(path("Planning"), expect=404)
    browse("luc").get(path("Wiki"), expect=404)
    assert "Wiki" not in browse("luc").get("/o/lumen/products").text()
    browse("mara").get(path("Wiki").replace("lumen", "bergquell"), expect=404)


def test_a_new_product_is_chosen_then_described(browse, lumen):
    anne = browse("anne")
    links = anne.get("/o/lumen/products/new").links
    assert "/o/lumen/products/new?category=e-mail" in links
    anne.get("/o/lumen/products/new?category=e-mail")
    page = anne.post("/o/lumen/products/new", category="e-mail", label="Newsletters", seats="0", expect=422)
    assert "Newsletters" in [each.get("value") for each in page.all("input")]
    page = anne.post("/o/lumen/products/new", category="e-mail", label="Newsletters", technical_name="news.example",
                     seats="3")
    assert "0 sur 3" in page.text("main") and page.flash
    assert Product.get(Product.label == "Newsletters").seats == 3


def test_rl_02_only_administration_adds_and_gives_up(browse, path):
    esteban = browse("esteban")
    esteban.get("/o/lumen/products/new", expect=403)
    esteban.get(path("Wiki", "/give-up"), expect=403)
    esteban.get(path("Wiki", "/details"), expect=403)
    esteban.get(path("Messagerie", "/details"))


def test_who_has_technical_rights_changes_details_and_a_lost_race_is_told(browse, path):
    esteban, anne, address = browse("esteban"), browse("anne"), path("Messagerie", "/details")
    esteban.get(address)
    anne.get(address)
    assert anne.post(address, version="0", label="Courrier", technical_name="lumen.example", address="").flash
    page = esteban.post(address + "?lang=en", version="0", label="Correo", technical_name="", address="", expect=409)
    assert "Somebody has changed this product in the meantime" in page.text("main") and "Courrier" in page.text("main")
    assert esteban.post(address, version="1", label="Correo", technical_name="", address="").flash


def test_rl_06_a_right_that_went_while_the_form_was_open_saves_nothing(browse, cast, path, lumen):
    esteban, address = browse("esteban"), path("Messagerie", "/details")
    esteban.get(address)
    who = Membership.get(Membership.user == cast.people["esteban"].id)
    grants.save(grants.of_member(who.public_id), "e-mail", [])
    esteban.post(address, version="0", label="Correo", technical_name="", address="", expect=404)
    assert not Product.select().where(Product.label == "Correo").exists()


def test_giving_up_tells_first_who_loses_what(browse, path, lumen):
    anne, address = browse("anne"), path("Wiki", "/give-up")
    page = anne.get(address + "?lang=en").text("main")
    assert "Esteban Ruiz: Use" in page and "Anne-Sophie de Montmollin: Use" in page
    anne.post(address, expect=422)
    assert anne.post(address, sure="y").path == "/o/lumen/products"
    assert not Grant.select().join(Product).where(Product.label == "Wiki").exists()
    assert Event.select().where(Event.kind == "product.ended").exists()
    anne.get(address, expect=404)


def test_many_products_are_paged_and_ask_as_little_as_few(browse, lumen, count):
    anne, luc = browse("anne"), Membership.get(Membership.sort_name == "perrenoud luc")
    for number in range(60):
        made = lifecycle.add("team-chat", f"Chat {number:02}", address="https://chat.lumen.example")
        grants.give(grants.of_member(luc.public_id), made, "use")
    anne.get("/o/lumen/products")
    count.clear()
    page = anne.get("/o/lumen/products")
    assert len(count) <= 4, count
    seen, after = [], [link for link in page.links if "after=" in link]
    while after:
        page = anne.get(after[0])
        seen += [each["text"] for each in page.all("b") if each["text"].startswith("Chat")]
        after = [link for link in page.links if "after=" in link]
    assert len(seen) == len(set(seen)) > 0
    before = anne.get([link for link in page.links if "before=" in link][0])
    assert "Chat 00" in before.text("products")
    other = browse("luc")
    other.get("/o/lumen/products")
    count.clear()
    assert "Chat 05" in other.get("/o/lumen/products").text("products")
    assert len(count) <= 4, count
