"""Securing an account in three steps, without JavaScript (G4-R7)."""
from accounts import passwords
from clock import now
from demo import PASSWORD
from models import AppPassword, Device, Message, PersonalEvent, Session, User

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
