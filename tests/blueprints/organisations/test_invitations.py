"""Asking people in: the list of who was asked, and what can be done about it."""
import pytest
import time_machine

import limits
from clock import now
from demo import acting
from models import Event, Invitation, Message, Role
from organisations import invitations
from rules import Forbidden
from settings import setting
from tests.doors import Visitor


@pytest.fixture
def asked(cast, lumen):
    with acting(cast.people["anne"]):
        return invitations.invite("nea@lumen.example", Role.COLLABORATOR, first_name="Nea", language="es")


def test_somebody_is_asked_and_asked_again(browse, lumen):
    browser = browse("anne")
    browser.get("/o/lumen/members/invite")
    page = browser.post("/o/lumen/invitations", email="nea@lumen.example", first_name="Nea", last_name="Nova",
                        role="collaborator", language="es", exact_address="y", note="", accounting=False)
    assert page.path == "/o/lumen/invitations" and "nea@lumen.example" in page.flash and "Nea Nova" in page.text()
    browser.get("/o/lumen/members/invite")
    page = browser.post("/o/lumen/invitations", expect=422, email="NEA@lumen.example", role="collaborator",
                        language="es", first_name="", last_name="", note="")
    assert page.errors and page.html.count("<title>Erreur") == 1


LIST = """ada@b.example
Zoë Byron <zoe@b.example>
Nea;Nova;nea@b.example

not an address, really
Luc,Perrenoud,luc@lumen.example"""


def test_many_are_asked_at_once_and_who_cannot_be_stays_in_the_list(browse, lumen, letters):
    browser = browse("anne")
    browser.get("/o/lumen/members/invite/several?lang=en")
    page = browser.post("/o/lumen/members/invite/several?lang=en", expect=422, people=LIST, role="external",
                        language="es", note="")
    assert "3 invitations are on their way." in page.text()
    assert "2 people could not be invited" in page.text()
    left = next(each for each in page.all("textarea"))["text"].strip().splitlines()
    assert left == ["not an address, really", "Luc,Perrenoud,luc@lumen.example"]
    asked = {each.email: each for each in Invitation.select().where(Invitation.state == Invitation.PENDING)}
    assert {(each.name, each.role, each.language) for each in asked.values()} == {
        ("ada@b.example", "external", "es"), ("Zoë Byron", "external", "es"), ("Nea Nova", "external", "es")}
    assert [letter.subject for message, letter in letters("zoe@b.example")]
    page = browser.post("/o/lumen/members/invite/several", people="uma@b.example", role="external", language="es",
                        note="")
    assert page.path == "/o/lumen/invitations" and page.flash


@pytest.mark.parametrize(("people", "said"), [
    ("  \n ", "Enter at least one address."), ("\n".join(f"p{n}@b.example" for n in range(101)), "at most 100"),
    ("a@b.example", "This hour you can invite 0 more people.")])
def test_a_list_that_is_empty_or_too_long_asks_nobody(browse, lumen, people, said):
    if "0 more" in said:
        for _time in range(limits.INVITE_ORGANISATION.times):
            limits.spend(limits.INVITE_ORGANISATION, f"organisation {lumen.id}")
    browser = browse("anne")
    browser.get("/o/lumen/members/invite/several")
    page = browser.post("/o/lumen/members/invite/several?lang=en", expect=422, people=people, role="external",
                        language="en", note="")
    assert said in page.text()
    assert not Invitation.select().where(Invitation.state == Invitation.PENDING).exists()


@pytest.mark.parametrize("line", ["(" * 500, "a <" + "(" * 500, "z" * 140_000, "a@b.example;" + "z" * 9_000])
def test_a_line_that_no_reader_can_read_stays_in_the_list(browse, lumen, line):
    browser = browse("anne")
    browser.get("/o/lumen/members/invite/several")
    browser.post("/o/lumen/members/invite/several", expect=422, people=line, role="external", language="en", note="")
    assert not Invitation.select().where(Invitation.state == Invitation.PENDING).exists()


def test_in_09_a_list_gives_no_role_above_ones_own(browse, lumen):
    browser = browse("mara")
    browser.get("/o/lumen/members/invite/several")
    browser.post("/o/lumen/members/invite/several", expect=422, people="ada@b.example", role="legal", language="en",
                 note="")
    assert not Invitation.select().where(Invitation.state == Invitation.PENDING).exists()


def test_g3_r6_an_invitation_is_changed_before_it_is_answered(browse, asked):
    browser, path = browse("mara"), f"/o/lumen/invitations/{asked.public_id}/change"
    browser.get(path)
    page = browser.post(path, role="external")
    assert page.path == "/o/lumen/invitations" and "nea@lumen.example" in page.flash
    changed = Invitation.get_by_id(asked.id)
    assert (changed.role, changed.generation) == (Role.EXTERNAL, asked.generation)
    assert Event.select().order_by(Event.number.desc()).first().kind == "invitation.changed"
    browser.get(path)
    assert browser.post(path, role="legal", expect=422).errors


def test_rl_02_administration_touches_no_invitation_of_a_legal_representative(app, cast, lumen):
    with acting(cast.people["anne"]):
        asked = invitations.invite("nea@lumen.example", Role.LEGAL)
    browser, path = Visitor(app, cast.people["mara"]), f"/o/lumen/invitations/{asked.public_id}/change"
    assert browser.get(path).status_code == 403
    assert browser.post(path, {"role": "external"}).status_code in (403, 422)
    assert path not in browser.get("/o/lumen/invitations").get_data(as_text=True)
    assert Invitation.get_by_id(asked.id).role == Role.LEGAL


def test_administration_sees_why_a_role_cannot_be_given(browse, lumen):
    page = browse("mara").get("/o/lumen/members/invite?lang=en")
    legal = next(each for each in page.all("input") if each.get("value") == "legal")
    assert "disabled" in legal and "Only a legal representative can give this role." in page.text()


def test_an_expired_one_says_so_and_can_be_sent_again_only(app, cast, asked):
    browser = Visitor(app, cast.people["anne"], **{"Accept-Language": "en"})
    with time_machine.travel(asked.expires, tick=False):
        invitations.expire_due()
    page = browser.get("/o/lumen/invitations?lang=en").get_data(as_text=True)
    path = f"/o/lumen/invitations/{asked.public_id}"
    assert "Expired" in page and f"{path}/resend" in page
    assert not [what for what in ("link", "change", "withdraw") if f"{path}/{what}" in page]
    assert browser.get(f"{path}/change").status_code == 409
    assert browser.post(f"{path}/withdraw").status_code == 410
    assert browser.post(f"{path}/resend").status_code == 303
    assert Invitation.get_by_id(asked.id).expires > now()


def test_the_state_of_the_mail_is_shown(app, cast, asked):
    browser = Visitor(app, cast.people["anne"])

    def shown(**state):
        Message.update(**state).where(Message.subject == asked.public_id).execute()
        return browser.get("/o/lumen/invitations?lang=en").get_data(as_text=True)
    assert "On its way" in shown(state=Message.WAITING, attempts=0)
    assert "Being tried again" in shown(attempts=2)
    assert "Sent" in shown(state=Message.SENT)
    assert "Not delivered" in shown(state=Message.FAILED)
    Invitation.update(seen=now()).execute()
    assert "Opened" in shown(state=Message.SENT)


def test_in_04_the_list_and_the_book_hold_no_link(app, cast, asked):
    browser = Visitor(app, cast.people["anne"])
    secrets = [asked.copied_token.partition(".")[2]]
    for path in ("/o/lumen/invitations", "/o/lumen/activity", "/o/lumen/members", "/o/lumen/members.csv"):
        page = browser.get(path).get_data(as_text=True)
        assert not [secret for secret in secrets if secret in page], path
    shown = browser.post(f"/o/lumen/invitations/{asked.public_id}/link")
    assert secrets[0] in shown.text and shown.headers["Cache-Control"] == "no-store"


def test_looking_at_the_page_of_a_link_shows_none_and_is_not_written_down(browse, asked):
    browser, path = browse("anne"), f"/o/lumen/invitations/{asked.public_id}/link"
    before, secret = Event.select().count(), asked.copied_token.partition(".")[2]
    browser.client.head(path, base_url=setting.base_url)
    assert secret not in browser.get(path).html
    assert Event.select().count() == before
    assert secret in browser.post(path).html
    assert Event.select().order_by(Event.number.desc()).first().kind == "invitation.link_copied"


def test_rl_02_administration_gets_no_link_that_makes_a_legal_representative(app, cast, lumen):
    """It could be answered with another account, where any address may answer."""
    with acting(cast.people["anne"]):
        asked = invitations.invite("nea@lumen.example", Role.LEGAL, exact_address=False)
    mara, path = Visitor(app, cast.people["mara"]), f"/o/lumen/invitations/{asked.public_id}/link"
    assert mara.get(path).status_code == mara.post(path).status_code == 403
    assert path not in mara.get("/o/lumen/invitations").text
    with acting(cast.people["mara"]), pytest.raises(Forbidden):
        invitations.link(asked.public_id)
    assert Visitor(app, cast.people["anne"]).post(path).status_code == 200


def test_in_07_what_was_withdrawn_meanwhile_is_not_changed(app, cast, asked):
    browser, path = Visitor(app, cast.people["anne"]), f"/o/lumen/invitations/{asked.public_id}"
    with acting(cast.people["mara"]):
        invitations.withdraw(asked.public_id)
    assert browser.post(f"{path}/change", {"role": "external"}).status_code == 409
    assert browser.post(f"{path}/resend").status_code == 409
