"""Blocking and maintenance: what closes, what does not, who is told; and that no grant is touched (G8)."""
import pytest

from demo import acting
from models import Event, EventFacts, Grant, Membership, Product, Team, TeamMember
from organisations.policy import Proved
from products import blocking, evidence, grants, lifecycle
from rules import Conflict, Forbidden, NotHere, Refused
from tenancy import working_for


@pytest.fixture
def lumen(cast):
    with working_for(cast.organisations["lumen"]), acting(cast.people["anne"]):
        yield cast.organisations["lumen"]


def product(label):
    return Product.get(Product.label == label)


def opens(cast, who, label, right):
    return evidence.at_a_door(cast.people[who].id, product(label).public_id).decide(
        right, Proved(("password",))).allowed


def told(letters, notice):
    return {message.recipient for message, _letter in letters() if message.notice == notice}


def test_a_block_closes_the_management_for_everybody_and_keeps_every_grant(cast, lumen):
    before = Grant.select().count()
    site = product("Site de l’atelier")
    blocking.block(site.public_id, "Domain dispute")
    assert not opens(cast, "esteban", "Site de l’atelier", "technical")
    assert not opens(cast, "anne", "Site de l’atelier", "technical")
    blocking.unblock(site.public_id)
    assert opens(cast, "esteban", "Site de l’atelier", "technical")
    assert Grant.select().count() == before


def test_a_block_leaves_the_service_alone_and_maintenance_the_management(cast, lumen):
    blocking.block(product("Fichiers de l’équipe").public_id, "Under review")
    assert opens(cast, "chiara", "Fichiers de l’équipe", "use")
    blocking.maintain(product("Messagerie").public_id, "New server")
    assert not opens(cast, "esteban", "Messagerie", "use")
    assert opens(cast, "esteban", "Messagerie", "technical")
    blocking.resume(product("Messagerie").public_id)
    assert opens(cast, "esteban", "Messagerie", "use")


def test_a_block_closes_the_door_where_it_is_ours(cast, lumen):
    blocking.block(product("Wiki").public_id, "Under review")
    assert not opens(cast, "esteban", "Wiki", "use")
    blocking.unblock(product("Wiki").public_id)
    assert opens(cast, "esteban", "Wiki", "use")


def test_only_what_the_catalogue_says_can_be_blocked_or_maintained(lumen):
    with pytest.raises(Refused):
        blocking.block(product("Messagerie").public_id, "Because")
    with pytest.raises(Refused):
        blocking.maintain(product("lumen.example").public_id, "Because")
    with pytest.raises(Refused) as refusal:
        blocking.block(product("Wiki").public_id, " ")
    assert refusal.value.field == "reason"


def test_what_is_blocked_is_neither_changed_nor_given_up(lumen):
    wiki = product("Wiki")
    blocking.block(wiki.public_id, "Under review")
    with pytest.raises(Conflict):
        lifecycle.change(wiki.public_id, 0, "W", technical_name="", address=wiki.address, seats=None)
    with pytest.raises(Conflict):
        lifecycle.end(wiki.public_id)


def test_a_second_block_changes_nothing(cast, lumen, letters):
    blocking.block(product("Wiki").public_id, "First")
    number = len(letters())
    with acting(cast.people["mara"]):
        assert blocking.block(product("Wiki").public_id, "Second").blocked_reason == "First"
    assert len(letters()) == number
    assert Event.select().where(Event.kind == "product.blocked").count() == 1
    assert EventFacts.select().join(Event).where(Event.kind == "product.blocked").get().facts["reason"] == "First"


def test_those_responsible_are_always_told_and_others_if_they_have_a_right_and_want_to(cast, lumen, letters):
    Membership.update(pref_product_events=False).execute()
    Grant.delete().where(Grant.team.is_null(False)).execute()
    for who in ("grace", "chiara"):             # Chiara has no right over it
        Membership.update(pref_product_events=True).where(Membership.user == cast.people[who].id).execute()
    luc = Membership.get(Membership.user == cast.people["luc"].id)
    Membership.update(pref_product_events=True).where(Membership.id == luc.id).execute()
    team = Team.create(name="Wikis", key="wikis", colour="")
    TeamMember.create(team=team, membership=luc)
    grants.give(grants.of_team(team.public_id), product("Wiki"), "use")
    grants.give(grants.of_member(Membership.get(Membership.user == cast.people["grace"].id).public_id),
                product("Wiki"), "use")
    blocking.block(product("Wiki").public_id, "Under review")
    assert told(letters, "product_blocked") == {
        cast.people[who].email_typed for who in ("anne", "mara", "grace", "luc")}
    (letter, ) = [letter for message, letter in letters("grace@field.example") if message.notice == "product_blocked"]
    assert "Under review" in letter.text and "Wiki" in letter.subject


def test_sp_14_an_external_hears_of_no_product_that_is_not_granted(cast, lumen, letters):
    Membership.update(pref_product_events=True).execute()
    blocking.block(product("Wiki").public_id, "Under review")
    assert "grace@field.example" not in told(letters, "product_blocked")


def test_rl_02_only_administration_blocks_and_unblocks(cast, lumen):
    wiki = product("Wiki").public_id
    blocking.block(wiki, "Under review")
    for who in ("chiara", "esteban", "grace"):
        with acting(cast.people[who]):
            for verb in (lambda: blocking.block(wiki, "No"), lambda: blocking.unblock(wiki),
                         lambda: blocking.maintain(wiki, "No"), lambda: blocking.resume(wiki)):
                with pytest.raises(Forbidden):
                    verb()


def test_tn_03_a_neighbours_product_cannot_be_blocked(cast, lumen):
    wiki = product("Wiki").public_id
    with working_for(cast.organisations["bergquell"]), acting(cast.people["mara"]), pytest.raises(NotHere):
        blocking.block(wiki, "Mine now")
