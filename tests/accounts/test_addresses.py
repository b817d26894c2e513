"""Another address to sign in with: the new one confirms, the old one can undo it (group EM)."""
import pytest
import time_machine

import clock
from accounts import addresses, links, recovery
from demo import acting
from models import Credential, Identity, Link, Membership, Message, Session, User
from organisations import people
from rules import Gone, Refused
from settings import setting
from tenancy import across_organisations
from tests.accounts.test_passkeys import opens, registered


def asked(person, new):
    with acting(person):
        addresses.ask(new)
    return addresses.asked(person.id)


def link(person, purpose):
    return Link.select().where(Link.user == person.id, Link.purpose == purpose).order_by(Link.id.desc()).get()


def test_em_01_a_proof_too_old_is_asked_for_again(browse, cast):
    luc = browse("luc")
    luc.get("/account/address")
    Session.update(proved=clock.now() - clock.HOUR).execute()
    answer = luc.client.post("/account/address", base_url=setting.base_url,
                             data={"csrf_token": luc.page.token, "email": "new@lumen.example"})
    assert answer.headers["Location"].startswith("/prove")
    assert addresses.asked(cast.people["luc"].id) is None


def test_em_02_the_old_address_holds_until_the_new_one_confirms_and_can_undo_it(cast):
    luc = cast.people["luc"]
    change = asked(luc, "Neu@Lumen.example")
    assert User.get_by_id(luc.id).email == "luc@lumen.example"
    people.confirm_address(change.token)
    assert User.get_by_id(luc.id).email == "neu@lumen.example"
    with across_organisations("a test"):
        assert "neu@lumen.example" in Membership.get(Membership.user == luc.id).search
    with time_machine.travel(clock.now() + 6 * clock.DAY):
        people.revert_address(link(luc, links.ADDRESS_REVERT).token)
    assert User.get_by_id(luc.id).email == "luc@lumen.example"
    told = [message.notice for message in Message.select().where(Message.user == luc.id).order_by(Message.id)]
    assert told[-5:] == ["address_change_asked", "address_confirm", "address_changed", "address_changed_here",
                         "address_reverted"]


def test_em_02_undoing_ends_after_seven_days(cast):
    luc = cast.people["luc"]
    people.confirm_address(asked(luc, "neu@lumen.example").token)
    back = link(luc, links.ADDRESS_REVERT).token
    with time_machine.travel(clock.now() + 8 * clock.DAY), pytest.raises(Gone):
        people.revert_address(back)


def test_em_04_two_who_want_one_address_do_not_both_get_it(cast):
    first, second = (asked(cast.people[who], "wanted@lumen.example") for who in ("luc", "grace"))
    people.confirm_address(first.token)
    with pytest.raises(Gone):
        people.confirm_address(second.token)
    assert User.select().where(User.email == "wanted@lumen.example").count() == 1


def test_em_05_a_change_left_open_does_not_take_what_somebody_has_since(cast):
    change = asked(cast.people["luc"], "victim@neu.example")
    User.update(email="victim@neu.example").where(User.id == cast.people["grace"].id).execute()
    with pytest.raises(Gone):
        people.confirm_address(change.token)
    assert addresses.asked(cast.people["luc"].id)   # who asked is told nothing of the new account


def test_em_06_a_taken_address_looks_like_a_free_one(browse, cast, letters):
    luc = browse("luc")
    pages = []
    for email in ("free@lumen.example", "grace@field.example"):
        luc.get("/account/address")
        luc.post("/account/address", email=email)
        pages.append(luc.page.text().replace(email, ""))
    assert pages[0].split("…")[0][:200] == pages[1].split("…")[0][:200]
    assert letters("grace@field.example")[-1][0].notice == "address_wanted"
    with pytest.raises(Gone):
        people.confirm_address(link(cast.people["luc"], links.ADDRESS_CONFIRM).token)


def test_em_07_nobody_else_changes_it(browse, cast):
    anne = browse("anne")
    anne.get("/account")
    anne.post("/account/address", expect=422, email="neu@lumen.example", user=str(cast.people["luc"].public_id))
    assert User.get_by_id(cast.people["luc"].id).email == "luc@lumen.example"


def test_em_09_older_links_open_nothing_after_the_change(cast):
    luc = User.get_by_id(cast.people["luc"].id)
    recovery.ask(luc.email_typed, "en")
    reset = link(luc, links.RESET).token
    people.confirm_address(asked(luc, "neu@lumen.example").token)
    with pytest.raises(Gone):
        recovery.opened(reset)


def test_ones_own_address_is_no_change(cast):
    with acting(cast.people["luc"]), pytest.raises(Refused):
        addresses.ask("LUC@lumen.example")


def test_em_02_undoing_takes_away_what_may_be_of_whoever_changed_it(cast):
    luc = cast.people["luc"]
    User.update(recovery_email="thief@elsewhere.example", recovery_email_typed="thief@elsewhere.example",
                recovery_phone="+41441234567").where(User.id == luc.id).execute()
    thiefs = registered(User.get_by_id(luc.id))
    assert opens(thiefs) == luc and User.get_by_id(luc.id).two_factor
    people.confirm_address(asked(User.get_by_id(luc.id), "thief@elsewhere.org").token)
    people.revert_address(link(luc, links.ADDRESS_REVERT).token)
    left = User.get_by_id(luc.id)
    assert (left.email, left.recovery_email, left.recovery_phone) == ("luc@lumen.example", "", "")
    assert not left.two_factor
    assert not Credential.select().where(Credential.user == luc.id).exists() and opens(thiefs) is None
    with across_organisations("a test"):
        assert not any(member.two_factor for member in Membership.select().where(Membership.user == luc.id))
    Message.delete().execute()
    recovery.ask("luc@lumen.example", "de")
    assert {message.recipient for message in Message.select()} == {"luc@lumen.example"}


def test_em_02_what_was_there_a_week_before_stays(cast):
    mara = cast.people["mara"]
    Credential.update(created=clock.now() - 8 * clock.DAY).where(Credential.user == mara.id).execute()
    people.confirm_address(asked(mara, "neu@lumen.example").token)
    people.revert_address(link(mara, links.ADDRESS_REVERT).token)
    assert User.get_by_id(mara.id).two_factor
    assert Credential.select().where(Credential.user == mara.id, Credential.kind == "totp").exists()


def test_em_02_what_was_linked_in_that_week_opens_nothing_any_more(cast):
    luc = cast.people["luc"]
    for days, subject in ((1, "thief"), (9, "luc")):
        Identity.create(user=luc, provider=f"way{days}", subject=subject, created=clock.now() - days * clock.DAY)
    people.confirm_address(asked(luc, "neu@lumen.example").token)
    people.revert_address(link(luc, links.ADDRESS_REVERT).token)
    assert [each.subject for each in Identity.select().where(Identity.user == luc.id)] == ["luc"]
