"""Who can open one product and why: the page, page by page, and the file."""
import csv
import io

import pytest

from accounts import signup
from demo import acting
from models import Event, Membership, Product, Role, Team, TeamMember
from organisations import blocking, members
from products import grants
from rules import address
from tenancy import across_organisations, working_for


@pytest.fixture
def wiki(cast):
    with across_organisations("a test looks for a product"):
        return Product.get(Product.label == "Wiki").public_id


@pytest.fixture
def lumen(cast):
    with working_for(cast.organisations["lumen"]) as organisation, acting(cast.people["anne"]):
        yield organisation


def member(cast, who):
    return Membership.get(Membership.user == cast.people[who].id)


def crowd(number, product):
    """So many who may use it, each by a team of all of them."""
    team = Team.create(name="Crowd", key="crowd", colour="")
    grants.give(grants.of_team(team.public_id), product, "use")
    for each in range(number):
        person = signup.create(address(f"c{each}@crowd.example"), "C", f"Crowd{each:03}", "", language="en",
                               country="CH", time_zone="Europe/Zurich")
        TeamMember.create(team=team, membership=members.add(person, Role.COLLABORATOR))


def test_each_person_is_told_with_what_opens_or_closes_each_right(browse, cast, wiki, lumen):
    luc = member(cast, "luc")
    team = Team.create(name="Wikis", key="wikis", colour="")
    TeamMember.create(team=team, membership=luc)
    grants.give(grants.of_team(team.public_id), Product.get(Product.public_id == wiki), "statistics")
    blocking.block(member(cast, "esteban").public_id, "Lost laptop")
    page = browse("anne").get(f"/o/lumen/products/{wiki}/access?lang=en").text("main")
    assert "Esteban Ruiz Collaborator esteban@aurora.example Use closed Blocked in the organisation." in page
    assert "Luc Perrenoud Collaborator luc@lumen.example Statistics open By the team Wikis" in page
    assert "Mara Lehmann Administrator mara@bergquell.example Technical rights open By the role" in page
    assert "Grace" not in page


def test_many_people_are_paged_with_four_questions(browse, wiki, lumen, count):
    crowd(60, Product.get(Product.public_id == wiki))
    anne, path = browse("anne"), f"/o/lumen/products/{wiki}/access"
    anne.get(path)
    count.clear()
    page = anne.get(path)
    assert len(count) <= 4, count
    seen = []
    while True:
        seen += [each["text"] for each in page.all("a") if "/access" in each.get("href", "") and
                 each["text"].startswith("C Crowd")]
        more = [link for link in page.links if "after=" in link]
        if not more:
            break
        page = anne.get(more[0])
    assert seen == [f"C Crowd{number:03}" for number in range(60)]
    back = anne.get([link for link in page.links if "before=" in link][0])
    assert "C Crowd030" in back.text("main")


def test_the_file_has_everybody_and_is_written_down(browse, wiki, lumen, monkeypatch):
    monkeypatch.setattr("products.audience.PIECE", 7)
    crowd(30, Product.get(Product.public_id == wiki))
    answer = browse("anne").get(f"/o/lumen/products/{wiki}/access.csv?lang=en").answer
    rows = list(csv.reader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))
    assert rows[0] == ["Name", "E-mail address", "Role", "Right", "Open", "Why"]
    assert ["Esteban Ruiz", "esteban@aurora.example", "Collaborator", "Use", "open", "Granted individually"] in rows
    assert len([row for row in rows if row[1].endswith("@crowd.example")]) == 30
    assert Event.select().where(Event.kind == "product.access_exported").count() == 1


def test_tn_06_rl_02_the_list_is_for_administration_and_of_ours_only(browse, wiki):
    browse("esteban").get(f"/o/lumen/products/{wiki}/access", expect=403)
    browse("esteban").get(f"/o/lumen/products/{wiki}/access.csv", expect=403)
    mara = browse("mara")
    mara.get(f"/o/bergquell/products/{wiki}/access", expect=404)
    mara.get(f"/o/bergquell/products/{wiki}/access.csv", expect=404)
