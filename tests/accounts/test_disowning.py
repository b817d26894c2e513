"""«This was not me» cuts: whoever else signed in is out, and must know a new password (idea 20)."""
import pyotp
import pytest
import time_machine

import clock
from accounts import (
    app_passwords,
    devices,
    disowning,
    fallbacks,
    identities,
    links,
    passwords,
    recovery,
    second_factors,
    sessions,
    signin,
)
from accounts.factors import totp
from demo import PASSWORD, SECRET, acting
from models import (
    AppPassword,
    Credential,
    Device,
    Event,
    Identity,
    Link,
    Membership,
    Message,
    Organisation,
    PersonalEvent,
    Session,
    User,
)
from organisations import protection
from rules import NotHere
from settings import Upstream, setting
from tenancy import across_organisations, working_for
from tests.accounts.test_passkeys import opens, registered
from tests.accounts.test_signin import attempt

NEW = "slow clouds over the harbour"


@pytest.fixture
def thief(visitor, cast):
    """Somebody else in Luc's account, in a browser that is known and trusted by now."""
    browser = visitor().sign_in("luc")
    Device.update(trusted_until=clock.now() + clock.DAY).execute()
    return browser


def theirs(cast):
    return Session.select().where(Session.user == cast.people["luc"].id).order_by(Session.id).get().public_id


def disown(luc, cast):
    address = f"/account/sessions/{theirs(cast)}/not-me"
    assert address in luc.get("/account/activity").links
    assert address in luc.get("/account/sessions").links
    luc.get(address)
    return luc.post(address)


def test_bs_07_their_session_ends_and_mine_goes_on_to_a_new_password(thief, browse, cast):
    other = browse("luc")
    luc = browse("luc")
    page = disown(luc, cast)
    assert page.path == "/account/secure"
    assert thief.get("/account").path == "/signin"
    assert other.get("/account").path == "/signin"
    page = luc.post("/account/secure", present=PASSWORD, password=NEW)
    assert page.path == "/account/secure/sessions"
    assert luc.get("/account").path == "/account"


def test_nobody_else_is_known_or_trusted_afterwards(thief, browse, cast):
    luc = browse("luc")
    mine = luc.client.get_cookie("kanton_device").value
    their = thief.client.get_cookie("kanton_device").value
    disown(luc, cast)
    person = User.get_by_id(cast.people["luc"].id)
    assert devices.known(person, mine) and not devices.known(person, their)
    assert not Device.select().where(Device.trusted_until.is_null(False)).exists()


def test_ss_06_until_then_nothing_but_a_new_password_opens(thief, browse, cast):
    luc = browse("luc")
    assert disown(luc, cast).path == "/account/secure"
    for path in ("/account", "/o/lumen/", "/account/secure/sessions", "/account/notifications", "/account/recovery",
                 "/account/security/two-factor"):
        assert luc.get(path).path == "/account/secure", path
    luc.post("/account/name", first_name="Lucien", last_name="Perrenoud")
    assert User.get_by_id(cast.people["luc"].id).first_name == "Luc"
    luc.get("/account/secure")
    luc.post("/language", language="de", back="/account/secure")
    assert luc.page.path == "/account/secure"
    page = luc.post("/account/secure", expect=422, present=PASSWORD, password=PASSWORD)
    assert page.errors                                  # the old one is no new one
    luc.post("/account/secure", present=PASSWORD, password=NEW)
    assert luc.get("/o/lumen/").path == "/o/lumen/"


def test_bs_07_the_old_password_signs_in_nowhere_and_the_mailbox_hears_of_it(thief, browse, cast, letters):
    disown(browse("luc"), cast)
    thief.get("/signin?lang=en")
    page = thief.post("/signin?lang=en", expect=422, email="luc@lumen.example", password=PASSWORD)
    assert "A new password is due." in page.text()
    assert thief.get("/account").path == "/signin"
    assert [message.notice for message, _letter in letters("luc@lumen.example")][-1] == "reset"
    assert "A new password is due." not in thief.post(
        "/signin?lang=en", expect=422, email="luc@lumen.example", password="wrong wrong wrong").text()


def test_one_may_sign_out_without_choosing(thief, browse, cast):
    luc = browse("luc")
    disown(luc, cast)
    assert luc.post("/signout").path == "/signin"


def test_a_new_password_by_mail_will_do_as_well(thief, browse, cast):
    disown(browse("luc"), cast)
    recovery.ask("luc@lumen.example", "en")
    recovery.renew(Link.select().where(Link.purpose == links.RESET).order_by(Link.id.desc()).get().token, NEW)
    assert not User.get_by_id(cast.people["luc"].id).must_renew


def test_au_07_the_person_and_the_administration_are_told_and_both_books_keep_it(thief, browse, cast, letters):
    User.update(recovery_email="luc@elsewhere.example", recovery_email_typed="luc@elsewhere.example").where(
        User.id == cast.people["luc"].id).execute()
    disown(browse("luc"), cast)
    told = {(message.notice, message.recipient) for message in Message.select() if "disowned" in message.notice}
    assert told == {("disowned", "luc@lumen.example"), ("disowned", "luc@elsewhere.example"),
                    ("member_disowned", "anne@lumen.example"), ("member_disowned", "mara@bergquell.example")}
    assert PersonalEvent.select().where(PersonalEvent.kind == "session.disowned").count() == 1
    with working_for(cast.organisations["lumen"]):
        assert Event.select().where(Event.kind == "member.disowned").count() == 1
    for message, letter in letters():
        if "disowned" in message.notice:
            assert "http://localhost:8000/" not in letter.text


def test_ss_08_only_ones_own_and_never_this_one(browse, cast):
    luc = browse("luc")
    mine = theirs(cast)
    luc.get(f"/account/sessions/{mine}/not-me", expect=404)
    grace = browse("grace")
    grace.get("/account/sessions")
    grace.post(f"/account/sessions/{mine}/not-me", expect=404)
    with acting(cast.people["grace"]), pytest.raises(NotHere):
        disowning.disown(mine)
    assert luc.get("/account").path == "/account"


def test_a_stale_proof_is_not_enough(thief, browse, cast):
    luc = browse("luc")
    with time_machine.travel(clock.now() + 12 * clock.MINUTE):
        luc.get("/account")
        assert luc.get(f"/account/sessions/{theirs(cast)}/not-me").path == "/prove"
        luc.post(f"/account/sessions/{theirs(cast)}/not-me")
        assert not User.get_by_id(cast.people["luc"].id).must_renew


def test_the_line_of_a_sign_in_knows_its_session(cast):
    secret = attempt("luc@lumen.example", PASSWORD).session
    line = PersonalEvent.select().where(PersonalEvent.kind == "sign_in.done").order_by(PersonalEvent.id.desc()).get()
    assert line.subject == sessions.find(secret).session_public_id


# --- what a thief has added ----------------------------------------------------------------------


ACME = Upstream(name="acme", issuer="https://acme.example", client_id="kanton", label="Acme")


def app_of(person, secret=SECRET):
    """An authenticator app, set up as this person."""
    with acting(person):
        second_factors.begin(person, "totp", secret)
        return protection.confirm(person, "totp", pyotp.TOTP(secret).now())


def secret_of(person):
    return totp.secret_of(second_factors.pending(person, "totp"))


def kinds(person):
    return {each.kind for each in Credential.select().where(Credential.user == person.id)}


def yesterday(*models):
    """What was added was added then."""
    for model in models:
        model.update(created=clock.now() - clock.DAY).execute()


def signed_in(browse, cast, who="luc"):
    """The owner, after all that: by a way of their own, which needs no factor of the thief's."""
    person = User.get_by_id(cast.people[who].id)
    User.update(two_factor=False).where(User.id == person.id).execute()
    owner = browse(who)
    User.update(two_factor=person.two_factor).where(User.id == person.id).execute()
    return owner


def disowned(owner, cast):
    """The dialog, as it was read before."""
    page = owner.get(f"/account/sessions/{theirs(cast)}/not-me?lang=en")
    owner.post(page.path)
    return page


def test_bs_07_a_thiefs_passkey_opens_nothing_any_more(thief, browse, cast):
    luc = cast.people["luc"]
    key = registered(User.get_by_id(luc.id), label="A key of somebody")
    assert opens(key) == luc
    yesterday(Credential)
    page = disowned(signed_in(browse, cast), cast)
    assert "A key of somebody" in page.text() and "No second factor is left then" in page.text()
    assert opens(key) is None and kinds(luc) == set()


def test_bs_07_a_thiefs_key_and_codes_end_and_the_owners_older_app_stays(browse, cast):
    """Who has a factor keeps it: the week takes what was added to it."""
    mara = cast.people["mara"]
    stranger = browse("mara")
    strangers = Session.select().where(Session.user == mara.id).order_by(Session.id.desc()).get().public_id
    key = registered(mara)
    with acting(mara):
        codes = second_factors.renew_codes(mara)
    yesterday(Credential)
    Credential.update(created=clock.now() - 8 * clock.DAY).where(Credential.kind == "totp").execute()
    owner = signed_in(browse, cast, "mara")
    page = owner.get(f"/account/sessions/{strangers}/not-me?lang=en")
    assert "Backup codes" in page.text() and "No second factor is left then" not in page.text()
    owner.post(page.path)
    assert kinds(mara) == {"totp"} and User.get_by_id(mara.id).two_factor
    assert opens(key) is None
    assert not signin.prove(mara, "backup_codes", codes[0], {})
    assert stranger.get("/account").path == "/signin"


def test_bs_07_a_thiefs_app_that_was_the_only_factor_is_off_in_every_list_and_told(thief, browse, cast, letters):
    luc = cast.people["luc"]
    app_of(luc)
    yesterday(Credential)
    owner = signed_in(browse, cast)
    Message.delete().execute()
    disowned(owner, cast)
    assert kinds(luc) == set() and not User.get_by_id(luc.id).two_factor
    with across_organisations("a test"):
        assert not any(each.two_factor for each in Membership.select().where(Membership.user == luc.id))
    assert {"two_factor_off", "disowned"} <= {message.notice for message, _letter in letters("luc@lumen.example")}
    assert PersonalEvent.select().where(PersonalEvent.user == luc.id, PersonalEvent.kind == "two_factor.off").exists()
    owner.post("/account/secure", expect=422, present=PASSWORD, password="xk9-qpz7")     # it must stand alone now
    assert owner.page.errors


def test_tf_21_what_demands_a_factor_stays_closed_until_there_is_a_new_one(thief, browse, cast):
    luc = cast.people["luc"]
    app_of(luc)
    yesterday(Credential)
    owner = signed_in(browse, cast)
    Organisation.update(two_factor=Organisation.ON).execute()
    disowned(owner, cast)
    owner.post("/account/secure", present=PASSWORD, password=NEW)
    assert owner.get("/account").path == "/account"
    assert owner.get("/o/lumen/", expect=403).path == "/o/lumen/"


def test_bs_07_what_this_very_session_added_is_the_owners(thief, browse, cast):
    """Setting it up has ended every other session: nobody else was there to do it."""
    luc = cast.people["luc"]
    owner = browse("luc")
    Session.update(created=clock.now() - clock.HOUR).where(
        Session.user == luc.id, Session.ended.is_null()).execute()
    owner.get("/account/security/two-factor/app")
    owner.post("/account/security/two-factor/app", code=pyotp.TOTP(secret_of(luc)).now())
    page = owner.get(f"/account/sessions/{theirs(cast)}/not-me?lang=en")
    assert "Authenticator app" not in page.text() and "Backup codes" in page.text()
    owner.post(page.path)
    assert kinds(luc) == {"totp"} and User.get_by_id(luc.id).two_factor


def test_bs_07_a_way_that_a_thief_linked_opens_nothing_and_an_older_one_does(thief, browse, cast, letters):
    luc = cast.people["luc"]
    with setting.changed(upstreams=(ACME,), upstream_oidc=("acme",), backends=("password", "oidc")):
        for days, subject in ((1, "thief"), (9, "luc")):
            Identity.create(user=luc, provider="acme", subject=subject, created=clock.now() - days * clock.DAY)
        page = disowned(signed_in(browse, cast), cast)
        assert "Acme" in page.text()
        assert [each.subject for each in Identity.select().where(Identity.user == luc.id)] == ["luc"]
        with pytest.raises(identities.Unlinked):
            identities.proof(signin.backends()["acme"], identities.Someone("thief"))
        told = [letter.text for message, letter in letters() if message.notice == "identity_unlinked"]
    assert len(told) == 1 and "Acme" in told[0]
    assert PersonalEvent.select().where(PersonalEvent.kind == "identity.unlinked").count() == 1


def test_ap_04_no_app_password_opens_anything_afterwards(thief, browse, cast, letters):
    luc = cast.people["luc"]
    with acting(luc):
        secret = app_passwords.create(luc, "Mail")
    AppPassword.update(created=clock.now() - 30 * clock.DAY).execute()
    assert app_passwords.right("luc@lumen.example", secret)
    page = disowned(signed_in(browse, cast), cast)
    assert "1 app password stops working." in page.text()
    assert app_passwords.right("luc@lumen.example", secret) is None
    assert "app_passwords_revoked" in {message.notice for message, _letter in letters("luc@lumen.example")}


def test_rs_12_no_link_for_a_new_password_goes_to_a_mailbox_that_a_thief_named(thief, browse, cast):
    luc = cast.people["luc"]
    with acting(luc):
        fallbacks.ask("thief@elsewhere.example")
    fallbacks.confirm(Link.select().where(Link.purpose == links.RECOVERY_CONFIRM).get().token)
    page = disowned(signed_in(browse, cast), cast)
    assert "Recovery address" in page.text()
    Message.delete().execute()
    recovery.ask("luc@lumen.example", "en")
    assert {message.recipient for message in Message.select()} == {"luc@lumen.example"}


def test_a_recovery_address_of_long_ago_stays(thief, browse, cast):
    luc = cast.people["luc"]
    with time_machine.travel(clock.now() - 8 * clock.DAY):
        with acting(luc):
            fallbacks.ask("luc@elsewhere.example")
        fallbacks.confirm(Link.select().where(Link.purpose == links.RECOVERY_CONFIRM).get().token)
    page = disowned(signed_in(browse, cast), cast)
    assert "Recovery address" not in page.text()
    assert User.get_by_id(luc.id).recovery_email == "luc@elsewhere.example"


def test_whom_nothing_else_lets_in_reads_it_before(thief, browse, cast):
    luc = cast.people["luc"]
    Identity.create(user=luc, provider="acme", subject="thief", created=clock.now() - clock.DAY)
    owner = signed_in(browse, cast)
    User.update(password=None).where(User.id == luc.id).execute()
    assert "There is no other way into your account then." in disowned(owner, cast).text()
    recovery.ask("luc@lumen.example", "en")
    recovery.renew(Link.select().where(Link.purpose == links.RESET).order_by(Link.id.desc()).get().token, NEW)
    assert passwords.right(User.get_by_id(luc.id), NEW)
