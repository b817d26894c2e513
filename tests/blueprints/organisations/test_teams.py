"""The pages of teams: made, filled, led, emptied, ended; and what is told before."""
import pytest

from demo import acting
from models import Membership, Product, Team, TeamMember, User
from products import grants, lifecycle
from tenancy import across_organisations, working_for
from tests.doors import Visitor

TEAMS = "/o/lumen/teams"


@pytest.fixture
def anne(browse, cast):
    """Anne, who reads English here."""
    User.update(language="en").where(User.id == cast.people["anne"].id).execute()
    return browse("anne")


def id_of(cast, who):
    with working_for(cast.organisations["lumen"]):
        return Membership.get(Membership.user == cast.people[who].id, Membership.ended.is_null()).public_id


def team(name):
    with across_organisations("a test looks for a team"):
        return Team.get_or_none(Team.name == name)


def in_it(name):
    with across_organisations("a test looks for people"):
        return {each.membership.user.first_name for each in TeamMember.select().where(TeamMember.team == team(name))}


def test_from_the_first_team_to_the_last(anne, cast):
    anne.get(f"{TEAMS}/new")
    page = anne.post(TEAMS, name="Choir", colour="green")
    path = page.path
    assert path == f"{TEAMS}/{team('Choir').public_id}" and "Choir 0 people · No leader" in page.text("main")
    assert "Nobody is in this team yet" in page.text("main")
    people = anne.get(f"{path}/people?q=perrenoud")
    assert id_of(cast, "luc") in people.html and id_of(cast, "grace") not in people.html
    asked = anne.get(f"{path}/joining?m={id_of(cast, 'luc')}")
    assert asked.text("modal-title") == "Add 1 person to the team Choir?"
    page = anne.post(f"{path}/joining", m=id_of(cast, "luc"))
    assert page.path == path and in_it("Choir") == {"Luc"}
    page = anne.post(f"{path}/leader", leader=id_of(cast, "luc"))
    assert team("Choir").leader_id and "Luc Perrenoud" in page.text("main")
    anne.get(f"{path}/leaving?m={id_of(cast, 'luc')}")
    anne.post(f"{path}/leaving", m=id_of(cast, "luc"))
    assert in_it("Choir") == set() and team("Choir").leader_id is None
    anne.get(f"{path}/delete")
    assert anne.post(f"{path}/delete").path == TEAMS and team("Choir") is None


def test_a_name_that_is_taken_is_told_by_the_field_and_kept(anne):
    anne.get(f"{TEAMS}/new")
    page = anne.post(TEAMS, name="festival", colour="green", expect=422)
    assert "There is a team of this name already" in page.errors
    assert next(each["value"] for each in page.all("input") if each.get("name") == "name") == "festival"


def test_a_changed_team_keeps_its_people(anne):
    path = f"{TEAMS}/{team('Festival').public_id}"
    assert "Festival" in anne.get(f"{path}/change").html
    anne.post(f"{path}/change", name="Fête", colour="rose")
    assert in_it("Fête") == {"Luc", "Esteban"}


def test_before_somebody_joins_it_is_told_what_opens(anne, cast):
    path = f"{TEAMS}/{team('Festival').public_id}"
    text = anne.get(f"{path}/joining?m={id_of(cast, 'grace')}&m={id_of(cast, 'luc')}").text("modal")
    assert "Grace Field" in text and "Gains: Archives (Use), Fête des lumières (" in text
    assert "Luc Perrenoud" not in text, "who is in it already is not concerned"
    assert "Nobody has been selected" in anne.get(f"{path}/joining?m=nobody").text("main")
    assert "Nobody has been selected" in anne.get(f"{path}/joining").text("main")


def test_before_somebody_leaves_and_before_a_team_ends_it_is_told_what_closes(anne, cast):
    path = f"{TEAMS}/{team('Festival').public_id}"
    for asked in (f"{path}/leaving?m={id_of(cast, 'luc')}", f"{path}/delete"):
        text = anne.get(asked).text("modal")
        assert "Luc Perrenoud" in text and "Loses: Archives (Use), Fête des lumières (" in text, asked


def test_a_dialog_is_what_a_script_asks_for(anne, cast):
    part = anne.get(f"{TEAMS}/{team('Festival').public_id}/delete", **{
        "HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "form#modal"})
    assert part.html.lstrip().startswith("<form") and "<html" not in part.html


def test_seats_too_few_are_told_on_the_page_that_asks(anne, cast):
    with working_for(cast.organisations["lumen"]), acting(cast.people["anne"]):
        mail = Product.get(Product.label == "Messagerie")
        grants.give(grants.of_team(team("Festival").public_id), mail, "use")
        lifecycle.change(mail.public_id, mail.version, mail.label, technical_name="", address=mail.address, seats=4)
    path = f"{TEAMS}/{team('Festival').public_id}/joining"
    anne.get(f"{path}?m={id_of(cast, 'grace')}")
    page = anne.post(path, m=id_of(cast, "grace"), expect=422)
    assert "Seats of Messagerie: 4" in page.errors and "Grace Field" in page.text("modal")
    assert in_it("Festival") == {"Luc", "Esteban"}


# --- members -----------------------------------------------------------------------------------


def test_a_members_teams_are_shown_rehearsed_and_changed(anne, cast):
    luc = f"/o/lumen/members/{id_of(cast, 'luc')}"
    assert "Festival Leader" in anne.get(luc).text("main")
    anne.get(f"{luc}/teams")
    page = anne.post(f"{luc}/teams/preview", teams=team("Bureau").public_id)
    assert "Loses: Archives (Use)" in page.text("diff") and "Gains: Discussions (Use)" in page.text("diff")
    assert in_it("Festival") == {"Luc", "Esteban"}
    anne.post(f"{luc}/teams", teams=team("Bureau").public_id)
    assert in_it("Festival") == {"Esteban"} and "Luc" in in_it("Bureau")
    anne.get(f"{luc}/teams")
    anne.post(f"{luc}/teams")
    assert "In no team" in anne.get(luc).text("main")


def test_the_list_shows_teams_and_filters_by_one(anne, cast):
    page = anne.get(f"/o/lumen/members?team={team('Festival').public_id}")
    assert page.html.count('class="c-who"') == 2 and "Team: Festival" in page.text("people")
    assert anne.get("/o/lumen/members?team=nothing").html.count('class="c-who"') == 0
    assert anne.get("/o/lumen/members?team=%27--").html.count('class="c-who"') == 6


def test_several_people_are_added_to_a_team_at_once(anne, cast):
    query = f"m={id_of(cast, 'luc')}&m={id_of(cast, 'grace')}"
    assert "Festival" in anne.get(f"/o/lumen/members/bulk?do=team&{query}").text("main")
    whom = f"{id_of(cast, 'luc')} {id_of(cast, 'grace')}"
    page = anne.post("/o/lumen/members/bulk", do="team", m=whom, expect=422)
    assert "Choose a team" in page.errors
    page = anne.post("/o/lumen/members/bulk/preview", do="team", m=whom, team=team("Festival").public_id)
    assert "Gains: Archives (Use)" in page.text("main")
    assert in_it("Festival") == {"Luc", "Esteban"}
    anne.post("/o/lumen/members/bulk", do="team", m=whom, team=team("Festival").public_id)
    assert in_it("Festival") == {"Luc", "Esteban", "Grace"}


@pytest.mark.parametrize(("what", "told"), [("role", "Gains: "), ("remove", "Loses: ")])
def test_before_several_change_it_is_told_what_opens_and_closes(anne, cast, what, told):
    anne.get(f"/o/lumen/members/bulk?do={what}&m={id_of(cast, 'luc')}")
    page = anne.post("/o/lumen/members/bulk/preview", do=what, m=id_of(cast, "luc"), role="admin")
    assert told in page.text("main") and page.all("form")


def test_before_a_role_a_block_and_a_removal_it_is_told_what_opens_and_closes(anne, cast):
    luc = f"/o/lumen/members/{id_of(cast, 'luc')}"
    assert "Choose, look at it here" in anne.get(f"{luc}/role").text("diff")
    page = anne.post(f"{luc}/role/preview", role="admin")
    assert "Gains: Archives (Technical rights" in page.text("diff") and "Loses" not in page.text("diff")
    assert next(each for each in page.all("input") if each.get("value") == "admin").get("checked", 0) is None
    anne.post(f"{luc}/role/preview", role="emperor", expect=422)
    for question in ("block", "remove"):
        assert "Loses: Archives (Use), Fête" in anne.get(f"{luc}/{question}").text("modal")


def test_before_two_factor_authentication_is_demanded_it_is_told_which_doors_close(anne, cast):
    assert "Show which ones" in anne.get("/o/lumen/security/two-factor").text("main")
    text = anne.get("/o/lumen/security/two-factor/doors").text("main")
    assert "Grace Field grace@field.example Loses: Planning (Use)" in text and "Mara" not in text


def test_before_a_team_carries_something_else_it_is_told_for_whom_what_opens(anne, cast):
    with across_organisations("a test looks for a product"):
        wiki = Product.get(Product.label == "Wiki").public_id
    path = f"{TEAMS}/{team('Festival').public_id}/access"
    anne.get(path)
    page = anne.post(f"{path}/preview", category="protected-application", box=f"{wiki} use")
    assert "Luc Perrenoud Gains: Wiki (Use)" in page.text("diff")
    assert "Esteban" not in page.text("diff"), "he has it already"


# --- invitations -------------------------------------------------------------------------------


def test_an_invitation_with_a_team_goes_on_to_the_product_access(anne, cast):
    anne.get("/o/lumen/members/invite")
    page = anne.post("/o/lumen/invitations", email="new@lumen.example", role="external", language="en",
                     teams=team("Festival").public_id, then="access")
    assert page.path.endswith("/access") and "new@lumen.example" in page.text("main")
    waiting = anne.get("/o/lumen/invitations")
    assert page.path in waiting.links
    change = page.path.replace("/access", "/change")
    ticked = [each for each in anne.get(change).all("input") if each.get("name") == "teams" and "checked" in each]
    assert [each["value"] for each in ticked] == [team("Festival").public_id]
    anne.post(change, role="external")
    ticked = [each for each in anne.get(change).all("input") if each.get("name") == "teams" and "checked" in each]
    assert not ticked


# --- strangers ---------------------------------------------------------------------------------


def test_tn_03_a_neighbours_team_is_not_found_and_collaboration_is_refused(app, cast):
    festival = team("Festival").public_id
    mara, chiara = Visitor(app, cast.people["mara"]), Visitor(app, cast.people["chiara"])
    for below in ("", "/change", "/people", "/joining", "/leaving", "/delete", "/access"):
        assert mara.get(f"/o/bergquell/teams/{festival}{below}").status_code == 404, below
        assert chiara.get(f"{TEAMS}/{festival}{below}").status_code == 403, below
    for below in ("/change", "/leader", "/joining", "/leaving", "/delete"):
        form = {"name": "x", "colour": "blue", "leader": ""}
        known = {"/change": ("name", "colour"), "/leader": ("leader",)}.get(below, ())
        answer = mara.post(f"/o/bergquell/teams/{festival}{below}", {name: form[name] for name in known})
        assert answer.status_code == 404, below
    assert in_it("Festival") == {"Luc", "Esteban"} and team("Festival").leader_id


@pytest.mark.parametrize("below", ["", "/people", "/joining?m=x", "/leaving?m=x", "/delete", "/change"])
def test_a_page_of_a_full_team_asks_four_questions(app, cast, count, below):
    anne, path = Visitor(app, cast.people["anne"]), f"{TEAMS}/{team('Festival').public_id}{below}"
    path = path.replace("m=x", f"m={id_of(cast, 'luc')}&m={id_of(cast, 'grace')}")
    anne.get(path)
    count.clear()
    assert anne.get(path).status_code == 200
    assert len(count) <= 4, count
