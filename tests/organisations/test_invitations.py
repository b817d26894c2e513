"""Asking people in: who may, whom, what is written down and who is told."""
import pytest

from demo import acting
from models import Event, Grant, Invitation, Membership, Message, Organisation, Product, Role, Team
from organisations import invitations, members, teams
from products import grants, lifecycle
from rules import Conflict, Forbidden, Gone, Refused
from tenancy import working_for


def counted(organisation):
    return Organisation.get_by_id(organisation.id).invitations


def test_an_invitation_is_a_row_a_line_in_the_book_and_a_message(cast, lumen):
    with acting(cast.people["anne"]):
        invitation = invitations.invite("new@lumen.example", Role.COLLABORATOR, first_name="Nea", language="es")
    event = Event.select().order_by(Event.number.desc()).first()
    message = Message.select().order_by(Message.id.desc()).first()
    assert (invitation.state, invitation.email, counted(lumen)) == ("pending", "new@lumen.example", 1)
    assert (event.kind, event.actor, event.subject) == ("member.invited", cast.people["anne"], invitation.public_id)
    assert (message.recipient, message.language, message.state) == ("new@lumen.example", "es", "waiting")
    assert invitation.copied_token not in str(message.facts)


@pytest.mark.parametrize(("email", "why"), [
    ("chiara@onda.example", "already a member"), ("Chiara@Onda.Example", "already a member"),
    ("nonsense", "complete address"), ("a@b@c.example", "complete address"),
])
def test_an_address_is_refused_by_its_field_and_nothing_happens(cast, lumen, email, why):
    before = Message.select().count()
    with acting(cast.people["anne"]), pytest.raises(Refused, match=why) as refusal:
        invitations.invite(email, Role.COLLABORATOR)
    assert refusal.value.field == "email"
    assert Message.select().count() == before and counted(lumen) == 0


def test_nobody_is_asked_twice(cast, lumen):
    with acting(cast.people["anne"]):
        invitations.invite("new@lumen.example", Role.EXTERNAL)
        with pytest.raises(Refused, match="already been invited"):
            invitations.invite("NEW@lumen.example", Role.EXTERNAL)
    assert counted(lumen) == 1


def test_only_a_legal_representative_makes_one(cast, lumen):
    with acting(cast.people["mara"]), pytest.raises(Refused) as refusal:
        invitations.invite("new@lumen.example", Role.LEGAL)
    assert refusal.value.field == "role"


@pytest.mark.parametrize("who", ["chiara", "esteban", "grace"])
def test_a_collaborator_may_not_invite(cast, lumen, who):
    with acting(cast.people[who]), pytest.raises(Forbidden):
        invitations.invite("new@lumen.example", Role.EXTERNAL)


def test_a_legal_role_given_by_somebody_who_lost_it_becomes_administration(cast, lumen):
    with acting(cast.people["anne"]):
        members.change_role(membership(cast, "mara").public_id, Role.LEGAL)
    with acting(cast.people["mara"]):
        invitation = invitations.invite(cast.people["esteban"].email.replace("esteban", "new"), Role.LEGAL,
                                        exact_address=False)
    with acting(cast.people["anne"]):
        members.change_role(membership(cast, "mara").public_id, Role.ADMIN)
        members.remove(membership(cast, "luc").public_id)
    with acting(cast.people["luc"]):
        assert invitations.accept(invitation.copied_token).role == Role.ADMIN


def test_a_link_works_once(cast, lumen):
    with acting(cast.people["anne"]):
        members.remove(membership(cast, "luc").public_id)
        invitation = invitations.invite("luc@lumen.example", Role.EXTERNAL)
    with acting(cast.people["luc"]):
        invitations.accept(invitation.copied_token)
        with pytest.raises((Gone, Exception)):
            invitations.accept(invitation.copied_token)


def test_it_is_not_for_another_address(cast, lumen):
    with acting(cast.people["anne"]):
        members.remove(membership(cast, "luc").public_id)
        invitation = invitations.invite("new@lumen.example", Role.EXTERNAL)
    with acting(cast.people["luc"]), pytest.raises(Forbidden):
        invitations.accept(invitation.copied_token)
    assert Invitation.get_by_id(invitation.id).state == "pending"


def test_sending_again_ends_the_older_link(cast, lumen):
    with acting(cast.people["anne"]):
        invitation = invitations.invite("new@lumen.example", Role.EXTERNAL)
        older = invitation.copied_token
        newer = invitations.resend(invitation.public_id).copied_token
    assert invitations.opened(newer).public_id == invitation.public_id
    with pytest.raises(Gone):
        invitations.opened(older)


def test_withdrawing_ends_it_and_tells_the_invitee(cast, lumen):
    with acting(cast.people["anne"]):
        invitation = invitations.invite("new@lumen.example", Role.EXTERNAL)
        invitations.withdraw(invitation.public_id)
    assert counted(lumen) == 0
    assert Message.select().order_by(Message.id.desc()).first().notice == "invitation_withdrawn"


# --- what is prepared with it ------------------------------------------------------------------


@pytest.fixture
def back(cast, lumen):
    """Luc, removed, is asked in again with so much prepared."""
    def ask(*chosen, everything=False):
        with acting(cast.people["anne"]):
            members.remove(membership(cast, "luc").public_id)
            invitation = invitations.invite("luc@lumen.example", Role.COLLABORATOR, teams=chosen)
            if everything:
                grants.give_everything(grants.of_invitation(invitation.public_id))
        return invitation
    return ask


def team(name):
    return Team.get(Team.name == name)


def seats(cast, label, number):
    with acting(cast.people["anne"]):
        found = Product.get(Product.label == label)
        lifecycle.change(found.public_id, found.version, label, technical_name="", address=found.address, seats=number)


def test_the_teams_of_an_invitation_are_joined_when_it_is_accepted(cast, back):
    invitation = back(team("Festival").public_id)
    assert (team("Festival").people, team("Festival").leader_id) == (1, None)
    with acting(cast.people["luc"]):
        luc = invitations.accept(invitation.copied_token)
    assert [each.name for each in teams.of(luc)] == ["Festival"]
    assert team("Festival").people == 2


def test_teams_chosen_anew_before_the_answer_are_those_that_count(cast, back):
    invitation = back(team("Festival").public_id)
    with acting(cast.people["anne"]):
        invitations.change(invitation.public_id, Role.EXTERNAL, teams=[team("Bureau").public_id])
        invitations.change(invitation.public_id, Role.COLLABORATOR)
    with acting(cast.people["luc"]):
        assert [each.name for each in teams.of(invitations.accept(invitation.copied_token))] == ["Bureau"]


def test_a_team_that_has_gone_meanwhile_is_passed_over(cast, back):
    invitation = back(team("Festival").public_id)
    with acting(cast.people["anne"]):
        teams.delete(team("Festival").public_id)
    with acting(cast.people["luc"]):
        assert teams.of(invitations.accept(invitation.copied_token)) == []


def test_tn_03_no_invitation_leads_into_a_neighbours_team(cast, lumen):
    with working_for(cast.organisations["bergquell"]), acting(cast.people["mara"]):
        theirs = teams.create("Choir", "blue").public_id
    with acting(cast.people["anne"]), pytest.raises(Conflict):
        invitations.invite("new@lumen.example", Role.EXTERNAL, teams=[theirs])
    assert counted(lumen) == 0


def test_what_has_no_seat_left_is_not_given_and_the_rest_is(cast, back, letters):
    invitation = back(team("Festival").public_id, everything=True)
    with acting(cast.people["anne"]):
        grants.give(grants.of_team(team("Festival").public_id), Product.get(Product.label == "Messagerie"), "use")
        grants.give(grants.of_invitation(invitation.public_id), Product.get(Product.label == "Wiki"), "use")
    seats(cast, "Messagerie", 3)                # Anne, Chiara and Esteban use it
    with acting(cast.people["luc"]):
        luc = invitations.accept(invitation.copied_token)
    assert [(each.right, each.product.label) for each in Grant.select().where(Grant.membership == luc.id)] == [
        ("use", "Wiki")]
    assert teams.of(luc) == [] and team("Festival").people == 1
    told = [letter.text for message, letter in letters("anne@lumen.example")
            if message.notice == "invitation_accepted"][-1]
    assert "Messagerie et Festival" in told


def membership(cast, who):
    return Membership.get(Membership.user == cast.people[who].id, Membership.ended.is_null())
