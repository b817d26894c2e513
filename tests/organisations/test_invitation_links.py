"""What a link of an invitation opens, and for whom (group IN)."""
import re

import pytest

from demo import acting
from models import Invitation, Membership, Role, User
from organisations import invitations, members
from settings import setting

NEW = {"first_name": "Nea", "last_name": "Neu", "password": "slow clouds over the harbour", "country": "CH"}


def invited(cast, email, **more):
    with acting(cast.people["anne"]):
        return invitations.invite(email, Role.EXTERNAL, **more)


def mailed(letters, email):
    return re.search(r"http://localhost:8000(/invitations/[^?\s]+)", letters(email)[-1][1].text)[1]


def belongs(cast, who):
    return Membership.present().where(Membership.user == cast.people[who].id).exists()


def test_in_01_it_is_for_the_invited_address(cast, lumen, browse, letters):
    invited(cast, "new@lumen.example")
    path = mailed(letters, "new@lumen.example")
    chiara = browse("chiara")
    page = chiara.get(path)
    assert "n…@lumen.example" in page.text()
    assert "new@lumen.example" not in page.text()
    chiara.post(f"{path}/acceptance", expect=403)
    assert Invitation.get(Invitation.email == "new@lumen.example").state == "pending"


def test_in_02_a_copied_link_makes_no_account(cast, lumen, visitor, letters):
    invitation = invited(cast, "new@lumen.example")
    copied = f"/invitations/{invitation.copied_token}"
    browser = visitor()
    page = browser.get(copied)
    assert not [each for each in page.all("input") if each.get("name") == "password"]
    browser.post(f"{copied}/account", expect=410, **NEW)
    assert not User.select().where(User.email == "new@lumen.example").exists()
    browser.get(copied)
    browser.post(f"{copied}/mail")
    browser.get(mailed(letters, "new@lumen.example"))
    browser.post(mailed(letters, "new@lumen.example") + "/account", **NEW)
    assert browser.page.path == "/o/lumen/"


@pytest.mark.parametrize("extra", [{"role": "legal"}, {"organisation": "2"}, {"email": "evil@evil.example"},
                                   {"accounting": "y"}])
def test_in_03_the_row_decides_and_not_the_form(cast, lumen, visitor, letters, extra):
    invited(cast, "new@lumen.example")
    path = mailed(letters, "new@lumen.example")
    browser = visitor()
    browser.get(path)
    browser.post(f"{path}/account", expect=422, **NEW, **extra)
    assert not User.select().where(User.email == "new@lumen.example").exists()
    tampered = path[:-1] + ("A" if path[-1] != "A" else "B")
    browser.get(tampered, expect=410)


def test_in_05_an_answered_link_leads_its_owner_on_and_nobody_else(cast, lumen, visitor, browse, letters):
    invited(cast, "new@lumen.example")
    path = mailed(letters, "new@lumen.example")
    browser = visitor()
    browser.get(path)
    browser.post(f"{path}/account", **NEW)
    assert browser.get(path).path == "/o/lumen/"
    visitor().get(path, expect=410)
    browse("luc").get(path, expect=410)


def test_in_07_withdrawn_while_the_page_was_open(cast, lumen, visitor, letters):
    invitation = invited(cast, "new@lumen.example")
    path = mailed(letters, "new@lumen.example")
    browser = visitor()
    browser.get(path)
    with acting(cast.people["anne"]):
        invitations.withdraw(invitation.public_id)
    browser.post(f"{path}/account", expect=410, **NEW)
    assert not User.select().where(User.email == "new@lumen.example").exists()


def test_a_known_person_accepts_with_their_account_or_declines_without_one(cast, lumen, browse, visitor, letters):
    with acting(cast.people["anne"]):
        members.remove(Membership.get(Membership.user == cast.people["luc"].id).public_id)
    invited(cast, "luc@lumen.example")
    path = mailed(letters, "luc@lumen.example")
    luc = browse("luc")
    luc.get(path)
    luc.post(f"{path}/acceptance")
    assert belongs(cast, "luc")
    invited(cast, "new@lumen.example")
    browser = visitor()
    browser.get(mailed(letters, "new@lumen.example"))
    browser.post(mailed(letters, "new@lumen.example") + "/refusal")
    assert Invitation.get(Invitation.email == "new@lumen.example").state == "declined"


def test_any_address_may_accept_where_the_inviter_said_so(cast, lumen, browse, letters):
    with acting(cast.people["anne"]):
        members.remove(Membership.get(Membership.user == cast.people["luc"].id).public_id)
    invited(cast, "private@luc.example", exact_address=False)
    luc = browse("luc")
    luc.get(mailed(letters, "private@luc.example"))
    luc.post(mailed(letters, "private@luc.example") + "/acceptance")
    assert belongs(cast, "luc")


def test_an_invitation_waits_for_me_among_my_organisations(cast, lumen, browse):
    with acting(cast.people["anne"]):
        members.remove(Membership.get(Membership.user == cast.people["luc"].id).public_id)
    invitation = invited(cast, "luc@lumen.example")
    luc = browse("luc")
    page = luc.get("/account/organisations")
    assert "Atelier Lumen Sàrl" in page.text()
    browse("grace").client.get("/account/organisations", base_url=setting.base_url)
    luc.post(f"/account/invitations/{invitation.public_id}/acceptance")
    assert belongs(cast, "luc")
