"""What somebody may use across organisations: open, a step away, closed, and whom to ask."""
from datetime import timedelta

import pytest

from clock import HOUR, now
from demo import acting
from models import Grant, Membership, Product, Team, TeamMember
from organisations.policy import Proved, Step
from products import blocking, grants, lifecycle, mine
from products.access import Why
from tenancy import across_organisations, working_for

PASSWORD = Proved(("password",))


def labels(uses):
    return [use.product.label for use in uses]


@pytest.fixture
def bergquell(cast):
    """Bergquell, which demands two steps, has a link that Mara may use."""
    with working_for(cast.organisations["bergquell"]) as organisation, acting(
            cast.people["mara"], "password", "totp"):
        made = lifecycle.add("link", "Wanderwege", address="https://wege.example")
        mara = Membership.get(Membership.user == cast.people["mara"].id)
        grants.give(grants.of_member(mara.public_id), made, "use")
        yield organisation


def of(cast, who, session=PASSWORD, two_factor=False):
    return mine.of(cast.people[who].id, two_factor, session)


def test_what_is_granted_is_open_and_nothing_else_is_there(cast):
    found = of(cast, "esteban")
    assert labels(found.open) == ["Archives", "Messagerie", "Wiki"]
    assert not found.waiting and not found.closed
    assert [home.organisation.slug for home in found.homes] == ["lumen", "aurora"]
    assert labels(of(cast, "luc").uses) == ["Archives"] and not of(cast, "otto").homes


def test_a_step_that_a_house_demands_is_told(cast, bergquell):
    found = of(cast, "mara")
    assert labels(found.waiting) == ["Wanderwege"] and found.waiting[0].step is Step.SET_UP
    assert of(cast, "mara", two_factor=True).waiting[0].step is Step.TWO_STEPS
    assert labels(of(cast, "mara", Proved(("password", "totp")), two_factor=True).open) == ["Wanderwege"]


def test_maintenance_and_an_end_close_and_say_whom_to_ask(cast):
    with working_for(cast.organisations["lumen"]), acting(cast.people["anne"]):
        blocking.maintain(Product.get(Product.label == "Messagerie").public_id, "New server")
        Grant.update(until=now() - timedelta(seconds=1)).where(
            Grant.product == Product.get(Product.label == "Wiki").id).execute()
    found = of(cast, "esteban")
    assert labels(found.closed) == ["Messagerie", "Wiki"] and labels(found.open) == ["Archives"]
    assert [use.decision.refusals for use in found.closed] == [(Why.IN_MAINTENANCE,), (Why.OVER,)]
    assert [person.email for person in found.closed[0].home.responsible] == ["anne@lumen.example"]


def test_a_team_and_all_rights_open_as_well(cast):
    with working_for(cast.organisations["lumen"]), acting(cast.people["anne"]):
        team = Team.create(name="Planners", key="planners", colour="")
        TeamMember.create(team=team, membership=Membership.get(Membership.user == cast.people["luc"].id))
        grants.give(grants.of_team(team.public_id), Product.get(Product.label == "Planning"), "use",
                    until=now() + HOUR)
        assert labels(of(cast, "luc").open) == ["Archives", "Planning"]
        grants.give_everything(grants.of_team(team.public_id))
    assert "Discussions" in labels(of(cast, "luc").open)


def test_tn_13_who_is_blocked_or_gone_is_shown_nothing(cast):
    with across_organisations("a test blocks somebody"):
        Membership.update(status=Membership.BLOCKED).where(Membership.user == cast.people["grace"].id).execute()
    assert not of(cast, "grace").uses and not of(cast, "grace").homes


def test_it_takes_three_questions_for_one_organisation_and_for_several(cast, bergquell, count):
    with working_for(cast.organisations["lumen"]), acting(cast.people["anne"]):
        mara = Membership.get(Membership.user == cast.people["mara"].id)
        grants.give_everything(grants.of_member(mara.public_id))
        blocking.maintain(Product.get(Product.label == "Messagerie").public_id, "New server")
    count.clear()
    found = of(cast, "mara", Proved(("password", "totp")), two_factor=True)
    assert len(found.open) > 5 and found.closed and len(count) == 3, count
