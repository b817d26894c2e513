"""The access editor: ticked, looked at, saved; one category at a time."""
import pytest

from demo import acting
from models import Grant, Membership, Product, Role, Team, TeamMember
from organisations import invitations
from organisations.policy import Proved
from products import evidence, grants, lifecycle
from tenancy import across_organisations, working_for


@pytest.fixture
def luc(cast):
    with across_organisations("a test looks for somebody"):
        return Membership.get(Membership.user == cast.people["luc"].id).public_id


@pytest.fixture
def box(cast):
    def of(label, right="use"):
        with across_organisations("a test looks for a product"):
            return f"{Product.get(Product.label == label).public_id} {right}"
    return of


def opens(cast, who, label, right="use"):
    with across_organisations("a test looks for a product"):
        product = Product.get(Product.label == label).public_id
    return evidence.at_a_door(cast.people[who].id, product).decide(right, Proved(("password",))).allowed


def test_a_tick_opens_a_product_and_only_that(browse, cast, luc, box):
    anne, path = browse("anne"), f"/o/lumen/members/{luc}/access"
    assert "Wiki" in anne.get(path).text("main")
    page = anne.post(path, category="protected-application", box=box("Wiki"))
    assert page.path == path and page.flash
    assert opens(cast, "luc", "Wiki") and not opens(cast, "luc", "Planning")
    anne.post(path, category="protected-application")
    assert not opens(cast, "luc", "Wiki")


def test_what_will_change_is_shown_before_it_does_and_what_was_ticked_is_kept(browse, cast, luc, box):
    anne, path = browse("anne"), f"/o/lumen/members/{luc}/access"
    anne.get(path + "?lang=en")
    page = anne.post(f"{path}/preview?lang=en", category="e-mail", future="use",
                     box=[box("Messagerie"), box("Messagerie", "technical")])
    assert "Given: Messagerie" in page.text("diff") and "Future products: E-mail" in page.text("diff")
    assert {box("Messagerie"), box("Messagerie", "technical"), "use"} <= ticked(page)
    assert not opens(cast, "luc", "Messagerie")


def ticked(page):
    return {each["value"] for each in page.all("input") if "checked" in each}


def shown(page):
    return {each["value"] for each in page.all("input") if each.get("name") in ("shown", "shown_future")}


@pytest.mark.parametrize("whose", ["members", "teams", "invitations"])
def test_two_who_look_at_the_same_access_take_nothing_from_each_other(browse, cast, luc, box, whose):
    with working_for(cast.organisations["lumen"]), acting(cast.people["anne"]):
        of = {"members": lambda: Membership.get(Membership.public_id == luc),
              "teams": lambda: Team.create(name="Crew", key="crew", colour=""),
              "invitations": lambda: invitations.invite("operator@kanton.example", Role.COLLABORATOR)}[whose]()
    anne, path = browse("anne"), f"/o/lumen/{whose}/{of.public_id}/access"
    assert shown(anne.get(path)) == {""}, "nothing is ticked yet, and the form says so"
    use, technical = box("Messagerie"), box("Messagerie", "technical")
    anne.post(path, category="e-mail", shown="", box=use, future="use")
    page = anne.post(f"{path}/preview?lang=en", category="e-mail", shown="", box=technical)
    assert "Given: Messagerie" in page.text("diff") and "Taken back" not in page.text("diff")
    fields = [(each.get("name"), each["value"]) for each in page.all("input") if each.get("type") == "hidden"
              or "checked" in each]
    assert {("box", use), ("box", technical), ("shown", use), ("future", "use"), ("shown_future", "use")} <= {*fields}
    assert ("shown", technical) not in fields
    anne.post(path, category="e-mail", shown="", box=technical)
    assert shown(anne.get(path)) == {"", use, technical, "use"}, "future products too"
    anne.post(path, category="e-mail", shown=["", use, technical], shown_future="use", box=technical)
    assert shown(anne.get(path)) == {"", technical}


def test_what_a_script_is_given_is_what_changes(browse, luc, box):
    anne, path = browse("anne"), f"/o/lumen/members/{luc}/access"
    anne.get(path)
    part = anne.post(f"{path}/preview", category="e-mail", box=box("Messagerie"),
                     headers={"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "section#diff"})
    assert part.html.lstrip().startswith("<section") and "Messagerie" in part.html and "<html" not in part.html


def test_everything_in_one_click_and_back(browse, cast, luc):
    anne, path = browse("anne"), f"/o/lumen/members/{luc}/access"
    assert "New: 28 rights" in anne.get(f"{path}/everything?lang=en").text("main")
    page = anne.post(f"{path}/everything")
    assert opens(cast, "luc", "Fête des lumières", "staff")
    assert any("disabled" in each for each in page.all("input"))
    anne.post(f"{path}/everything/withdraw")
    assert not opens(cast, "luc", "Fête des lumières", "staff")


def test_boxes_of_a_role_are_locked_and_use_is_not(browse, cast):
    with across_organisations("a test looks for somebody"):
        mara = Membership.get(Membership.user == cast.people["mara"].id,
                              Membership.organisation == cast.organisations["lumen"].id).public_id
    page = browse("anne").get(f"/o/lumen/members/{mara}/access?lang=en")
    boxes = [each for each in page.all("input") if each.get("name") == "box"]
    assert all(("disabled" in each) == (not each["value"].endswith(" use")) for each in boxes)
    assert "sleeps until the role changes" in page.text("main")


def test_a_right_nobody_knows_and_a_product_that_has_gone(browse, cast, luc, box):
    anne, path = browse("anne"), f"/o/lumen/members/{luc}/access"
    anne.get(path)
    anne.post(path, category="domain-name", box=box("lumen.example", "statistics"), expect=422)
    anne.post(path, category="domain-name", box="nothing technical", expect=409)
    anne.get(path)
    anne.post(path, category="nothing", expect=404)
    with across_organisations("a test counts"):
        assert not Grant.select().join(Membership).where(Membership.public_id == luc).exists()


def test_rl_02_a_collaborator_edits_no_access_and_a_stranger_finds_none(browse, luc):
    path = f"/o/lumen/members/{luc}/access"
    browse("chiara").get(path, expect=403)
    browse("anne").get("/o/lumen/members/nobody/access", expect=404)
    browse("chiara").get(f"/o/onda/members/{luc}/access", expect=404)


def test_what_was_prepared_for_somebody_invited_is_theirs_when_they_join(browse, cast, box):
    with working_for(cast.organisations["lumen"]), acting(cast.people["anne"]):
        invitation = invitations.invite("operator@kanton.example", Role.COLLABORATOR)
    anne, path = browse("anne"), f"/o/lumen/invitations/{invitation.public_id}/access"
    anne.get(path)
    anne.post(path, category="protected-application", box=box("Wiki"), future="use")
    with acting(cast.people["otto"]):
        invitations.accept(invitation.copied_token)
    assert opens(cast, "otto", "Wiki")


def test_each_right_is_told_with_its_why(browse, cast):
    with across_organisations("a test looks for somebody"):
        esteban = Membership.get(Membership.user == cast.people["esteban"].id,
                                 Membership.organisation == cast.organisations["lumen"].id).public_id
    page = browse("anne").get(f"/o/lumen/members/{esteban}/access/effective?lang=en").text("main")
    assert "Wiki Protected application Use open Granted individually" in page
    assert "Planning Application with single sign-on Use closed Not granted." in page


def test_fifty_products_and_six_teams_ask_four_questions(browse, cast, luc, count):
    with working_for(cast.organisations["lumen"]), acting(cast.people["anne"]):
        member = Membership.get(Membership.public_id == luc)
        for number in range(40):
            lifecycle.add("team-chat", f"Chat {number}", address="https://chat.lumen.example")
        for number in range(6):
            team = Team.create(name=f"Team {number}", key=f"team {number}", colour="")
            TeamMember.create(team=team, membership=member)
            grants.give(grants.of_team(team.public_id), Product.get(Product.label == f"Chat {number}"), "use")
    anne, path = browse("anne"), f"/o/lumen/members/{luc}/access/effective?lang=en"
    anne.get(path)
    count.clear()
    assert "By the team Team 5" in anne.get(path).text("main")
    assert len([each for each in count if each.startswith("SELECT")]) <= 4, count
