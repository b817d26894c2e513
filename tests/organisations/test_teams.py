"""Teams: who may make them, what joining gives and leaving takes, and that doors obey (domain §3.5, C13)."""
from datetime import timedelta

import pytest

import audit
from clock import HOUR, now
from models import Category, Event, EventFacts, Grant, Membership, Message, Product, Team, TeamMember
from organisations import members, teams
from organisations.policy import Proved
from products import evidence, grants, lifecycle
from rules import Conflict, Forbidden, NotHere, Refused
from tenancy import working_for


@pytest.fixture
def anne(by):
    with by("anne"):
        yield


@pytest.fixture
def crew(anne):
    """A team that carries nothing, with nobody in it."""
    return teams.create("Crew", "blue")


def product(label):
    return Product.get(Product.label == label)


def give(team, label, right="use", **more):
    grants.give(grants.of_team(team.public_id), product(label), right, **more)


def doors(cast, who):
    """Every right over every product that is open to somebody."""
    return {(each.label, right) for each in Product.present()
            for right in evidence.rights_of(each.category.used, each.category.rights)
            if evidence.at_a_door(cast.people[who].id, each.public_id).decide(right, Proved(("password",))).allowed}


def told():
    return [(message.notice, message.recipient) for message in Message.select().order_by(Message.id)
            if message.notice.startswith("team_")]


def kinds():
    return [each.kind for each in Event.select().order_by(Event.number)]


# --- making, changing, leading -----------------------------------------------------------------


def test_a_team_has_a_name_of_its_own_and_a_colour_of_the_list(anne, crew):
    with pytest.raises(Refused, match="already") as refused:
        teams.create("ÇREW", "amber")
    assert refused.value.field == "name"
    for name, colour, field in (("", "blue", "name"), ("Choir", "pink", "colour"), ("evil.example", "blue", "name")):
        with pytest.raises(Refused) as refused:
            teams.create(name, colour)
        assert refused.value.field == field
    assert teams.change(crew.public_id, "Crew", "green").colour == "green"
    assert kinds()[-2:] == ["team.created", "team.changed"]


def test_tn_06_a_name_is_taken_inside_one_organisation_only(cast, crew, by):
    with working_for(cast.organisations["bergquell"]), by("mara"):
        assert teams.create("Crew", "blue").key == crew.key


def test_an_organisation_has_so_many_teams_and_no_more(anne, monkeypatch):
    monkeypatch.setattr(teams, "MOST", 2)
    with pytest.raises(Refused, match="at most 2"):
        teams.create("Choir", "blue")


@pytest.mark.parametrize("who", ["chiara", "esteban", "grace", "luc"])
def test_rl_02_nobody_but_administration_keeps_teams(of, by, who):
    festival = Team.get(Team.key == "festival").public_id
    for deed in (lambda: teams.create("Choir", "blue"), lambda: teams.change(festival, "Choir", "blue"),
                 lambda: teams.lead(festival, of("luc").public_id), lambda: teams.delete(festival),
                 lambda: teams.join(festival, [of(who).public_id]), lambda: teams.leave(festival, [of(who).public_id]),
                 lambda: teams.set_of(of(who).public_id, [])):
        with by(who), pytest.raises(Forbidden):
            deed()


def test_tn_03_a_neighbours_team_and_a_neighbours_people_are_nowhere(cast, crew, by, of):
    with working_for(cast.organisations["bergquell"]), by("mara"):
        theirs = teams.create("Choir", "blue").public_id
        stranger = Membership.get(Membership.user == cast.people["mara"].id).public_id
    with pytest.raises(NotHere):
        teams.join(theirs, [of("luc").public_id])
    with pytest.raises(NotHere):
        teams.join(crew.public_id, [stranger])
    with pytest.raises(Conflict):
        teams.set_of(of("luc").public_id, [theirs])
    assert not TeamMember.select().where(TeamMember.team == crew.id).exists()


def test_rl_07_a_team_is_in_no_team(crew):
    """There are no teams of teams: what joins is a member, and a team is none."""
    with pytest.raises(NotHere):
        teams.join(crew.public_id, [crew.public_id])


def test_a_leader_is_one_of_them_and_has_no_right_by_it(cast, crew, of, by):
    with pytest.raises(Refused):
        teams.lead(crew.public_id, of("luc").public_id)
    teams.join(crew.public_id, [of("luc").public_id])
    before = doors(cast, "luc")
    assert teams.lead(crew.public_id, of("luc").public_id).leader_id == of("luc").id
    assert doors(cast, "luc") == before
    with by("luc"), pytest.raises(Forbidden):
        teams.join(crew.public_id, [of("esteban").public_id])
    teams.lead(crew.public_id, "")
    assert kinds()[-2:] == ["team.led", "team.unled"]
    assert Team.get_by_id(crew.id).leader_id is None


def test_a_leader_who_leaves_leads_no_more(crew, of):
    for away in (lambda: teams.leave(crew.public_id, [of("luc").public_id]),
                 lambda: members.remove(of("luc").public_id)):
        teams.join(crew.public_id, [of("luc").public_id])
        teams.lead(crew.public_id, of("luc").public_id)
        away()
        found = Team.get_by_id(crew.id)
        assert (found.leader_id, found.people) == (None, 0)


# --- joining and leaving -----------------------------------------------------------------------


def test_joining_opens_exactly_what_the_team_carries_and_leaving_closes_it(cast, crew, of):
    give(crew, "Wiki")
    give(crew, "Messagerie", "technical")
    before = doors(cast, "luc")
    teams.join(crew.public_id, [of("luc").public_id])
    assert doors(cast, "luc") - before == {("Wiki", "use"), ("Messagerie", "technical")}
    teams.leave(crew.public_id, [of("luc").public_id])
    assert doors(cast, "luc") == before


def test_what_is_ones_own_stays_when_the_team_goes(cast, crew, of):
    give(crew, "Wiki")
    teams.join(crew.public_id, [of("esteban").public_id])
    teams.leave(crew.public_id, [of("esteban").public_id])
    assert ("Wiki", "use") in doors(cast, "esteban")


def test_two_teams_with_the_same_right_both_have_to_be_left(cast, crew, of):
    other, luc = teams.create("Choir", "green"), of("luc").public_id
    for team in (crew, other):
        give(team, "Wiki")
        teams.join(team.public_id, [luc])
    teams.leave(crew.public_id, [luc])
    assert ("Wiki", "use") in doors(cast, "luc")
    teams.leave(other.public_id, [luc])
    assert ("Wiki", "use") not in doors(cast, "luc")


def test_everything_by_a_team_goes_with_it(cast, crew, of):
    before = doors(cast, "luc")
    grants.give_everything(grants.of_team(crew.public_id))
    teams.join(crew.public_id, [of("luc").public_id])
    assert len(doors(cast, "luc")) == sum(
        len(evidence.rights_of(each.category.used, each.category.rights)) for each in Product.present())
    teams.leave(crew.public_id, [of("luc").public_id])
    assert doors(cast, "luc") == before


def test_where_ones_own_rights_win_a_team_gives_nothing_beside_them(cast, crew, of):
    assert product("Archives").category.team_merge == Category.INDIVIDUAL
    grants.give(grants.of_member(of("esteban").public_id), product("Archives"), "statistics")
    give(crew, "Archives", "use")
    teams.join(crew.public_id, [of("esteban").public_id, of("chiara").public_id])
    assert {right for label, right in doors(cast, "esteban") if label == "Archives"} == {"statistics"}
    assert {right for label, right in doors(cast, "chiara") if label == "Archives"} == {"use"}


def test_rl_08_what_a_team_carries_until_a_moment_ends_then_for_its_people(cast, crew, of):
    give(crew, "Wiki", until=now() + HOUR)
    teams.join(crew.public_id, [of("luc").public_id])
    assert ("Wiki", "use") in doors(cast, "luc")
    Grant.update(until=now() - timedelta(seconds=1)).where(Grant.team == crew.id).execute()
    assert ("Wiki", "use") not in doors(cast, "luc")


def test_a_rule_of_a_team_about_future_products_reaches_its_people(cast, crew, of):
    grants.save(grants.of_team(crew.public_id), "team-chat", [], ["use"])
    teams.join(crew.public_id, [of("luc").public_id])
    lifecycle.add("team-chat", "Coulisses", address="https://coulisses.lumen.example")
    assert ("Coulisses", "use") in doors(cast, "luc")


def test_joining_twice_counts_once_and_tells_once(crew, of):
    people = [of("luc").public_id, of("grace").public_id, of("luc").public_id]
    assert len(teams.join(crew.public_id, people)) == 2
    assert teams.join(crew.public_id, people) == []
    assert Team.get_by_id(crew.id).people == 2
    assert told()[-2:] in ([("team_joined", "luc@lumen.example"), ("team_joined", "grace@field.example")],
                           [("team_joined", "grace@field.example"), ("team_joined", "luc@lumen.example")])


def test_who_joins_and_who_leaves_is_told_what_came_and_went(crew, of, letters):
    give(crew, "Wiki")
    grants.save(grants.of_team(crew.public_id), "domain-name", [], ["technical"])
    teams.join(crew.public_id, [of("grace").public_id])
    teams.leave(crew.public_id, [of("grace").public_id])
    came, went = [letter.text for message, letter in letters("grace@field.example")][-2:]
    assert "the team Crew" in came and "Given: Wiki: Use" in came
    assert "Given: Future products: Domain name: Technical rights" in came
    assert "Taken back: Wiki: Use" in went and "from elsewhere stays" in went
    assert kinds()[-2:] == ["team.joined", "team.left"]


def test_exactly_these_teams_are_somebodys(crew, of):
    luc = of("luc").public_id
    teams.set_of(luc, [crew.public_id])
    assert [team.name for team in teams.of(of("luc"))] == ["Crew"]
    assert Team.get(Team.key == "festival").people == 1


def test_nobody_and_too_many_at_once(crew, monkeypatch, of):
    with pytest.raises(Refused):
        teams.join(crew.public_id, [])
    monkeypatch.setattr(teams, "AT_ONCE", 1)
    with pytest.raises(Refused, match="at most 1"):
        teams.join(crew.public_id, [of("luc").public_id, of("grace").public_id])
    monkeypatch.setattr(teams, "AT_ONCE", 9)
    monkeypatch.setattr(teams, "MOST_PEOPLE", 1)
    with pytest.raises(Refused, match="at most 1"):
        teams.join(crew.public_id, [of("luc").public_id, of("grace").public_id])
    assert Team.get_by_id(crew.id).people == 0 == TeamMember.select().where(TeamMember.team == crew.id).count()


# --- the end -----------------------------------------------------------------------------------


def test_deleting_a_team_closes_what_came_from_it_and_nothing_else(cast, crew, of):
    give(crew, "Wiki")
    before = {who: doors(cast, who) for who in ("luc", "esteban")}
    teams.join(crew.public_id, [of("luc").public_id, of("esteban").public_id])
    teams.delete(crew.public_id)
    assert before == {who: doors(cast, who) for who in before}
    assert not Grant.select().where(Grant.team == crew.id).exists()
    assert told()[-2:] in ([("team_left", "luc@lumen.example"), ("team_left", "esteban@aurora.example")],
                           [("team_left", "esteban@aurora.example"), ("team_left", "luc@lumen.example")])
    with pytest.raises(NotHere):
        teams.find(crew.public_id)


@pytest.mark.parametrize("away", ["remove", "leave"])
def test_rl_05_who_goes_leaves_the_teams_and_every_grant(cast, of, by, away):
    luc = of("luc")
    if away == "remove":
        with by("anne"):
            members.remove(luc.public_id)
    else:
        with by("luc"):
            members.leave()
    assert not TeamMember.select().where(TeamMember.membership == luc.id).exists()
    assert not Grant.select().where(Grant.membership == luc.id).exists()
    festival = Team.get(Team.key == "festival")
    assert (festival.people, festival.leader_id) == (1, None)
    assert doors(cast, "luc") == set()


def test_the_story_of_a_team_can_be_read(anne, crew, of):
    import stories
    teams.join(crew.public_id, [of("luc").public_id])
    event = Event.select().order_by(Event.number.desc()).first()
    facts = audit.facts_as_stored(EventFacts.get(EventFacts.event == event.id).facts)
    assert stories.of_organisation(event, facts) == "Luc Perrenoud joined the team Crew"


# --- seats -------------------------------------------------------------------------------------


def seats(label, number):
    found = product(label)
    lifecycle.change(found.public_id, found.version, found.label, technical_name="", seats=number,
                     address=found.address)


def test_seats_hold_when_somebody_joins(cast, crew, of):
    give(crew, "Messagerie")
    seats("Messagerie", 4)
    teams.join(crew.public_id, [of("luc").public_id])
    with pytest.raises(Refused, match="Seats of Messagerie: 4"):
        teams.join(crew.public_id, [of("grace").public_id])
    teams.join(crew.public_id, [of("esteban").public_id])       # has a seat already
    assert Team.get_by_id(crew.id).people == 2
    assert ("Messagerie", "use") not in doors(cast, "grace")


def test_seats_hold_when_a_team_is_given_something(crew, of):
    seats("Messagerie", 4)
    teams.join(crew.public_id, [of("luc").public_id, of("grace").public_id])
    for deed in (lambda: give(crew, "Messagerie"), lambda: grants.give_everything(grants.of_team(crew.public_id)),
                 lambda: grants.save(grants.of_team(crew.public_id), "e-mail",
                                     [(product("Messagerie").public_id, "use")])):
        with pytest.raises(Refused, match="Seats of Messagerie: 4"):
            deed()
    assert not Grant.select().where(Grant.team == crew.id).exists()


def test_one_too_many_of_several_at_once_stops_nobody_else(crew, of):
    give(crew, "Messagerie")
    seats("Messagerie", 4)
    people = [of(who).public_id for who in ("luc", "grace", "esteban")]
    refused = members.each(people, lambda each: teams.join(crew.public_id, [each]))
    assert set(refused) == {of("grace").public_id}
    assert Team.get_by_id(crew.id).people == 2 == TeamMember.select().where(TeamMember.team == crew.id).count()
