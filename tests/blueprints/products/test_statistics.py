"""The figures of a product, as charts with a table beside them; and for whom they are."""
import pytest

from demo import acting
from models import Product
from products import blocking, uses
from tenancy import across_organisations, working_for


@pytest.fixture
def site(cast):
    with across_organisations("a test looks for a product"):
        return Product.get(Product.label == "Site de l’atelier")


def test_nobody_yet_is_said_honestly(browse, site):
    page = browse("esteban").get(f"/o/lumen/products/{site.public_id}/statistics?lang=en")
    assert "Nobody has come in by us" in page.text("main") and "chart" not in page.html


def test_figures_stand_in_charts_and_in_a_table(browse, cast, site, count):
    for who, times in (("esteban", 3), ("anne", 1)):
        for _ in range(times):
            uses.note(site, cast.people[who].id, f"device of {who}")
    esteban, path = browse("esteban"), f"/o/lumen/products/{site.public_id}/statistics?lang=en"
    esteban.get(path)
    count.clear()
    page = esteban.get(path)
    assert len(count) <= 4, count
    charts = [each for each in page.all("svg") if each.get("role") == "img"]
    assert len(charts) == 3 and all(each["aria-labelledby"] for each in charts)
    assert "Sign-ins4in the last 30 days Active people2" in page.text("main")
    (row, ) = [each for each in page.all("tr") if "tbody" in each["inside"]]
    assert row["text"].endswith("422")
    assert f"/o/lumen/products/{site.public_id}/statistics" in esteban.get(f"/o/lumen/products/{site.public_id}").links


def test_rl_02_only_who_has_the_right_sees_them(browse, cast, site):
    with across_organisations("a test looks for products"):
        wiki, domain = (Product.get(Product.label == label).public_id for label in ("Wiki", "lumen.example"))
    browse("esteban").get(f"/o/lumen/products/{wiki}/statistics", expect=403)
    browse("luc").get(f"/o/lumen/products/{wiki}/statistics", expect=404)
    browse("anne").get(f"/o/lumen/products/{domain}/statistics", expect=404)
    with working_for(cast.organisations["lumen"]), acting(cast.people["anne"]):
        blocking.block(site.public_id, "Under review")
    browse("esteban").get(f"/o/lumen/products/{site.public_id}/statistics", expect=409)
