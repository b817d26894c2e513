"""Asking people in: who may, whom, what is written down and who is told."""
import pytest

from demo import acting
from models import Event, Invitation, Membership, Message, Organisation, Role
from organisations import invitations, members
from rules import Forbidden, Gone, Refused


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


def membership(cast, who):
    return Membership.get(Membership.user == cast.people[who].id)
