"""Securing an account in three steps, without JavaScript (G4-R7)."""
import pytest

from accounts import app_passwords, devices, identities, passwords
from clock import now
from demo import PASSWORD, acting
from models import AppPassword, Credential, Device, Identity, Message, PersonalEvent, Session, User
from rules import NotHere
from settings import setting
from tests.accounts.test_disowning import ACME
from tests.accounts.test_passkeys import opens, registered

NEW = "slow clouds over the harbour"


def test_three_steps_on_one_path(browse, cast):
    person, other, luc = cast.people["luc"], browse("luc"), browse("luc")
    AppPassword.create(user=person, name="Old phone", digest="d", hint="abcd")
    assert "/account/secure" in luc.get("/account/security").links
    page = luc.get("/account/secure?lang=en")
    assert "step 1 of 3" in page.text("progress")
    page = luc.post("/account/secure", present=PASSWORD, password=NEW)
    assert passwords.right(User.get_by_id(person.id), NEW)
    page = luc.get(page.path + "?lang=en")
    assert "step 2 of 3" in page.text("progress") and "Old phone" in page.text()
    page = luc.post("/account/secure/sessions")
    assert page.path == "/account/secure/factors"
    assert other.get("/account").path == "/signin"
    assert AppPassword.get().revoked
    assert Session.select().where(Session.user == person.id, Session.ended.is_null()).count() == 1
    assert {"/account/security/two-factor", "/account/recovery", "/account/security"} <= set(page.links)
    assert PersonalEvent.select().where(PersonalEvent.kind == "account.cleared").count() == 1
    assert Message.get(Message.notice == "account_cleared").facts["app_passwords"] == 1


def test_only_steps_that_were_taken_are_ticked(browse, cast):
    def ticked(page):
        return [step["text"].strip() for step in page.all("li") if step.get("class") == "done"]

    luc = browse("luc")
    luc.get("/account/secure")
    assert ticked(luc.get("/account/secure/sessions?lang=en")) == []        # the first was skipped
    luc.post("/account/secure/sessions")
    assert ticked(luc.get("/account/secure/factors?lang=en")) == ["Sign out everywhere else"]


def test_the_browser_one_is_in_stays_known(browse, cast):
    browse("luc")
    luc = browse("luc")
    luc.get("/account/secure/sessions")
    luc.post("/account/secure/sessions")
    person = User.get_by_id(cast.people["luc"].id)
    assert Device.select().where(Device.user == person.id, Device.epoch == person.epoch).count() == 1


def test_somebody_elses_app_passwords_live_on(browse, cast):
    AppPassword.create(user=cast.people["grace"], name="Hers", digest="d", hint="abcd")
    AppPassword.create(user=cast.people["luc"], name="Gone already", digest="e", hint="abcd", revoked=now())
    luc = browse("luc")
    page = luc.get("/account/secure/sessions")
    assert "Hers" not in page.text() and "Gone already" not in page.text()
    luc.post("/account/secure/sessions")
    assert not AppPassword.get(AppPassword.digest == "d").revoked


def test_who_has_no_password_goes_on_to_the_next_step(browse, cast):
    luc = browse("luc")
    User.update(password=None).where(User.id == cast.people["luc"].id).execute()
    page = luc.get("/account/secure")
    assert "/account/secure/sessions" in page.links
    assert not [each for each in page.all("input") if each.get("name") == "password"]


def test_bs_07_whatever_proves_who_one_is_stands_there_and_is_removed_from_there(browse, cast):
    """Also what is older than a week: the owner knows what is theirs."""
    luc = cast.people["luc"]
    Identity.create(user=luc, provider="acme", subject="thief", email="thief@acme.example")
    key = registered(luc, label="Not mine")
    User.update(two_factor=False).where(User.id == luc.id).execute()
    owner = browse("luc")
    User.update(two_factor=True).where(User.id == luc.id).execute()
    with setting.changed(upstreams=(ACME,), upstream_oidc=("acme",), backends=("password", "oidc")):
        page = owner.get("/account/secure/factors?lang=en")
        assert "Not mine" in page.text() and "thief@acme.example" in page.text()
        factor = f"/account/security/factors/{Credential.get(Credential.label == 'Not mine').public_id}/remove"
        for address in (factor, "/account/security/elsewhere/acme/unlink"):
            assert f"{address}?next=/account/secure/factors" in owner.get("/account/secure/factors").links
            owner.get(f"{address}?next=/account/secure/factors")
            action = next(form["action"] for form in owner.page.all("form") if "next=" in form["action"])
            assert owner.post(action).path == "/account/secure/factors"
        with pytest.raises(identities.Unlinked):
            identities.proof(identities.offered()["acme"], identities.Someone("thief"))
    assert opens(key) is None


def test_an_app_password_is_revoked_from_there(browse, cast):
    luc = cast.people["luc"]
    with acting(luc):
        secret = app_passwords.create(luc, "Old phone")
    owner = browse("luc")
    address = f"/account/app-passwords/{AppPassword.get().public_id}/revoke?next=/account/secure/sessions"
    assert address in owner.get("/account/secure/sessions").links
    owner.get(address)
    assert owner.post(address).path == "/account/secure/sessions"
    assert app_passwords.right("luc@lumen.example", secret) is None


def test_bs_07_a_known_browser_is_removed_with_what_is_signed_in_in_it(visitor, browse, cast):
    luc = cast.people["luc"]
    other = visitor(**{"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"})
    other.sign_in("luc")
    token = other.client.get_cookie("kanton_device").value
    owner = browse("luc")
    address = f"/account/secure/browsers/{devices.known(luc, token).signed_id}/remove"
    page = owner.get("/account/secure/sessions?lang=en")
    assert [form["action"] for form in page.all("form") if "/browsers/" in form["action"]] == [address]
    assert owner.post(address).path == "/account/secure/sessions"
    assert other.get("/account").path == "/signin"
    assert not devices.known(luc, token) and devices.strange(luc, token)
    assert PersonalEvent.select().where(PersonalEvent.kind == "browser.dropped").count() == 1


def test_ss_08_nobody_elses_browser_is_removed_nor_the_one_that_is_acting(browse, cast):
    owner, grace = browse("luc"), browse("grace")
    for who in (cast.people["luc"], cast.people["grace"]):
        device = Device.get(Device.user == who.id)
        owner.get("/account/secure/sessions")
        owner.post(f"/account/secure/browsers/{device.signed_id}/remove", expect=404)
    assert grace.get("/account").path == "/account"
    with acting(cast.people["luc"]), pytest.raises(NotHere):
        devices.drop(cast.people["luc"], "any")
