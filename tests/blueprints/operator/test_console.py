"""The operator's console: there for operators alone, behind two steps; what it may do, and what it never shows."""
import re

import pyotp
import pytest

import db
import limits
import rules
import schema
from accounts import app_passwords, fallbacks, locking, lost_factor, sessions, signin, signup, support
from db import transaction
from demo import PASSWORD, SECRET, Cast, acting
from models import Begun, Event, InstallationEvent, Membership, Message, PersonalEvent, Session, User
from organisations import members, operating
from rules import Forbidden, Refused, TooMany
from settings import setting
from tenancy import working_for
from tests.accounts.test_fallbacks import link_for
from tests.accounts.test_signin import attempt
from tests.browsing import Browser
from tests.doors import Visitor
from tests.operators import another

PAGES = ("/operator/", "/operator/accounts", "/operator/accounts?q=luc", "/operator/organisations",
         "/operator/activity", "/operator/support", "/operator/operators", "/operator/accounts?state=locked")


@pytest.fixture
def otto(browse):
    return browse("otto")


def account(cast, who):
    return f"/operator/accounts/{cast.people[who].public_id}"


@pytest.mark.parametrize("path", PAGES)
def test_bs_12_for_others_it_is_not_there(browse, path):
    browse("anne").get(path, expect=404)


def test_bs_12_without_a_second_factor_it_leads_to_setting_one_up(browse, cast):
    with transaction():
        User.update(operator=True).where(User.id == cast.people["luc"].id).execute()
    page = browse("luc").get("/operator/")
    assert page.path == "/account/security/two-factor" and page.flash


def test_bs_12_one_step_is_not_enough(otto, cast):
    Session.update(proofs="password").where(Session.user == cast.people["otto"].id).execute()
    assert otto.get("/operator/").path == "/prove"


def test_the_start_page_of_an_operator_is_the_console(otto):
    assert otto.get("/").path == "/operator/"


def test_a_new_installation_leads_its_operator_to_the_console(one_app, tmp_path):
    with setting.changed(data=tmp_path, database_url=""):
        schema.migrate()
        with db.database.connection_context():
            path = f"/signup/confirm/{signup.operator_link('boss@kanton.example')}"
            browser = Browser(one_app, Cast())
            browser.get(path)
            browser.post(path, first_name="Bea", last_name="Boss", password="slow clouds over the harbour",
                         country="CH", language="en", organisation="")
            page = browser.get("/account/security/two-factor/app")
            secret = next(each["text"] for each in page.all("code") if "data-secret" in each).replace(" ", "")
            page = browser.post("/account/security/two-factor/app", code=pyotp.TOTP(secret).now())
            saved = next(each for each in page.all("a") if each["text"] == "I have saved them")
            assert saved["href"] == browser.get("/").path == "/operator/"
            assert "There is no organisation yet" in browser.get("/operator/organisations").text("main")


def test_every_page_is_there_and_asks_little(otto, cast, count):
    for path in (*PAGES, account(cast, "luc")):
        otto.get(path)
        count.clear()
        otto.get(path)
        assert len([each for each in count if each.lstrip().startswith("SELECT")]) <= 4, path


def test_an_account_is_found_by_its_address_or_name(otto):
    assert "Luc Perrenoud" in otto.get("/operator/accounts?q=perren").text("main")
    assert "luc@lumen.example" in otto.get("/operator/accounts?q=LUC@").text("main")
    assert "Luc" not in otto.get("/operator/accounts?q=nobody").text("main")


def test_a_suspended_account_is_out_everywhere_and_everybody_concerned_can_read_it(otto, browse, cast, letters):
    luc = browse("luc")
    otto.get(account(cast, "luc"))
    page = otto.post(f"{account(cast, 'luc')}/suspension", reason="Spam was sent from it.")
    assert page.flash
    assert luc.client.get("/account", base_url="http://localhost:8000").status_code == 303
    luc.get("/signin")
    luc.post("/signin", email="luc@lumen.example", password="a quiet alpine lake at dawn", expect=422)
    assert "Spam was sent from it." in letters("luc@lumen.example")[-1][1].text
    with working_for(cast.organisations["lumen"]):
        assert Event.select().where(Event.kind == "member.account_suspended").count() == 1
    assert PersonalEvent.select().where(PersonalEvent.kind == "account.suspended").count() == 1
    assert InstallationEvent.select().where(InstallationEvent.kind == "account.suspended").count() == 1
    otto.get(account(cast, "luc"))
    otto.post(f"{account(cast, 'luc')}/reinstatement")
    assert browse("luc").get("/account").status == 200


def test_rl_11_letting_somebody_in_again_revives_nothing(cast, known_for_long):
    mara = cast.people["mara"]
    with acting(mara):
        app_passwords.create(mara, "Calendar")
        support.new_code()
    lost_factor.open_for(signin.half_way(attempt("mara@bergquell.example", PASSWORD).attempt))
    with acting(cast.people["otto"]):
        operating.suspend(mara.public_id, "Somebody else is in it.")
        operating.reinstate(mara.public_id)
    assert not app_passwords.living(mara.id)
    assert not lost_factor.of(mara.id)
    assert not Begun.select().where(Begun.user == mara.id).exists()


def test_a_suspended_account_hears_nothing_of_its_organisations(cast, letters):
    luc = cast.people["luc"]
    with working_for(cast.organisations["lumen"]):
        Membership.update(role="admin").where(Membership.user == luc.id).execute()
    with acting(cast.people["otto"]):
        operating.suspend(luc.public_id, "No.")
    before = len(letters("luc@lumen.example"))
    with acting(cast.people["mara"]), working_for(cast.organisations["lumen"]):
        members.leave()
    assert len(letters("luc@lumen.example")) == before


def test_ri_3_who_suspends_the_last_legal_representative_is_warned(otto, cast):
    warning = "Atelier Lumen Sàrl has no other legal representative"
    assert warning in otto.get(f"{account(cast, 'anne')}?lang=en").text("main")
    assert "no other legal representative" not in otto.get(f"{account(cast, 'luc')}?lang=en").text("main")
    with acting(cast.people["anne"]), working_for(cast.organisations["lumen"]):
        members.change_role(Membership.get(Membership.user == cast.people["mara"].id).public_id, "legal")
    assert warning not in otto.get(f"{account(cast, 'anne')}?lang=en").text("main")
    otto.post(f"{account(cast, 'mara')}/suspension", reason="Spam.")
    assert warning in otto.get(f"{account(cast, 'anne')}?lang=en").text("main")


def test_without_a_reason_nobody_is_suspended(otto, cast):
    otto.get(account(cast, "luc"))
    assert otto.post(f"{account(cast, 'luc')}/suspension", reason=" ", expect=422).errors
    assert User.get_by_id(cast.people["luc"].id).suspended is None


def test_nobody_suspends_themselves(otto, cast):
    page = otto.get(account(cast, "otto"))
    assert "suspension" not in page.html
    otto.post(f"{account(cast, 'otto')}/suspension", reason="No.", expect=422)


def test_who_is_no_operator_suspends_nobody(cast):
    for who in ("anne", "mara"):
        with acting(cast.people[who]), pytest.raises(Exception, match="operator"):
            operating.suspend(cast.people["luc"].public_id, "No.")
    assert not Message.select().where(Message.notice == "account_suspended").exists()


def test_an_old_proof_suspends_nobody(otto, cast):
    otto.get(account(cast, "luc"))
    Session.update(proved=sessions.now() - sessions.CREDENTIALS - 2 * sessions.MARGIN).execute()
    assert otto.post(f"{account(cast, 'luc')}/suspension", reason="Spam.").path == "/prove"
    assert User.get_by_id(cast.people["luc"].id).suspended is None


def test_sp_04_no_page_shows_a_secret(otto, cast):
    html = otto.get(account(cast, "mara")).html
    assert SECRET not in html
    assert not re.search(r"argon2|\$m=", html)


# --- whom to call back -------------------------------------------------------------------------


def test_the_recovery_phone_is_masked_until_it_is_looked_up_and_that_is_in_every_log(otto, cast):
    luc = cast.people["luc"]
    assert "Recovery" not in otto.get(f"{account(cast, 'luc')}?lang=en").text("main")
    with acting(luc):
        fallbacks.call("032 555 01 23")
    fallbacks.confirm(link_for(luc, "luc@elsewhere.example").token)
    masked = otto.get(f"{account(cast, 'luc')}?lang=en")
    assert "+41 … 23" in masked.text("main") and "Not confirmed" in masked.text("main"), masked.text("main")
    assert "555 01" not in masked.html and "luc@elsewhere" not in masked.html
    text = otto.post(f"{account(cast, 'luc')}/recovery").text("main")
    assert "+41 32 555 01 23" in text and "luc@elsewhere.example" in text
    with working_for(cast.organisations["lumen"]):
        assert Event.select().where(Event.kind == "member.account_recovery_shown").count() == 1
    for book in (PersonalEvent, InstallationEvent):
        assert book.select().where(book.kind == "account.recovery_shown").count() == 1


def test_where_there_is_nothing_to_look_up_nothing_is_written(otto, cast):
    otto.get(account(cast, "luc"))
    otto.post(f"{account(cast, 'luc')}/recovery", expect=404)
    assert not InstallationEvent.select().where(InstallationEvent.kind == "account.recovery_shown").exists()


def test_who_is_no_operator_looks_nothing_up(cast):
    with acting(cast.people["anne"]), pytest.raises(Exception, match="operator"):
        operating.show_recovery(cast.people["luc"].public_id)


# --- the support code --------------------------------------------------------------------------


def code_of(browse, who):
    person = browse(who)
    person.get("/account/support-code")
    return person.post("/account/support-code").text("code")


def test_a_code_says_who_speaks_and_no_more(otto, browse, cast):
    code = code_of(browse, "chiara")
    otto.get("/operator/support")
    page = otto.post("/operator/support", code=code.upper())
    text = page.text("main")
    assert "Chiara Bernasconi" in text and "Cooperativa Onda" in text and "Atelier Lumen" in text
    assert "chiara@onda.example" not in text
    assert PersonalEvent.select().where(PersonalEvent.kind == "support_code.checked").count() == 1


def test_sp_01_an_older_or_unknown_code_says_nothing(otto, browse):
    older, newer = code_of(browse, "chiara"), code_of(browse, "chiara")
    otto.get("/operator/support")
    for code in (older, "abcde-fghjk", ""):
        assert otto.post("/operator/support", code=code, expect=422).errors
    assert otto.post("/operator/support", code=newer).status == 200


def test_sp_01_codes_are_not_guessed(cast):
    with acting(cast.people["otto"]):
        for _time in range(limits.SUPPORT_CODE.times):
            with pytest.raises(Refused):
                support.person_of("abcde-fghjk")
        with pytest.raises(TooMany):
            support.person_of("abcde-fghjk")


# --- accounts, and what state they are in ------------------------------------------------------


def lock(person):
    """As by so many wrong passwords, from browsers it does not know."""
    with transaction():
        User.update(failures=person.lock_threshold - 1).where(User.id == person.id).execute()
        assert locking.count(User.get_by_id(person.id))


def test_accounts_are_listed_the_newest_first_and_in_pages(otto, cast):
    for number in range(30):
        signup.create(rules.address(f"n{number:02}@many.example"), "N", f"E{number:02}", None, language="en",
                      country="CH", time_zone="Europe/Zurich")
    first = otto.get("/operator/accounts")
    assert "n29@many.example" in first.text("main") and "n04@many.example" not in first.text("main")
    following = next(each["href"] for each in first.all("a") if each.get("rel") == "next")
    second = otto.get(following).text("main")
    assert "n04@many.example" in second and "luc@lumen.example" in second


@pytest.mark.parametrize(("state", "shown", "not_shown"), [
    ("locked", "luc@", "anne@"), ("suspended", "chiara@", "luc@"), ("operator", "operator@", "luc@"),
    ("unprotected", "luc@", "operator@")])
def test_accounts_are_filtered_by_their_state(otto, cast, state, shown, not_shown):
    lock(cast.people["luc"])
    with acting(cast.people["otto"]):
        operating.suspend(cast.people["chiara"].public_id, "Spam.")
    text = otto.get(f"/operator/accounts?state={state}").text("main")
    assert shown in text and not_shown not in text
    assert "Remove all filters" in otto.get(f"/operator/accounts?state={state}&q=nobody-at-all").text("main")


def test_a_lock_is_said_on_the_console_in_the_list_and_on_the_account(otto, cast):
    assert "Locked accounts0" in otto.get("/operator/?lang=en").text("main")
    lock(cast.people["luc"])
    text = otto.get("/operator/?lang=en").text("main")
    assert "Locked accounts1" in text and "Suspended0" in text and "Operators1" in text
    assert "Without two-factor authentication5" in text
    assert "Locked" in otto.get("/operator/accounts?q=perren&lang=en").text("people")
    text = otto.get(f"{account(cast, 'luc')}?lang=en").text("main")
    assert "Locked since:" in text and "10 wrong passwords in a row" in text and "It stays locked until" in text
    assert "Locked since:" not in otto.get(f"{account(cast, 'mara')}?lang=en").text("main")


def test_an_operator_unlocks_and_everybody_concerned_can_read_it(otto, cast, letters):
    lock(cast.people["luc"])
    otto.get(account(cast, "luc"))
    assert otto.post(f"{account(cast, 'luc')}/unlocking").flash
    luc = User.get_by_id(cast.people["luc"].id)
    assert luc.locked is None and luc.failures == 0
    letter = letters("luc@lumen.example")[-1][1]
    assert "déverrouillé" in letter.subject and "L’exploitant" in letter.text
    with working_for(cast.organisations["lumen"]):
        line = Event.get(Event.kind == "member.account_unlocked")
    assert line.actor_kind == "operator"
    assert PersonalEvent.select().where(PersonalEvent.kind == "account.unlocked").count() == 1
    assert InstallationEvent.select().where(InstallationEvent.kind == "account.unlocked").count() == 1
    assert otto.post(f"{account(cast, 'luc')}/unlocking", expect=409).status == 409


def test_lg_03_operators_together_unlock_an_account_a_few_times_a_month(cast):
    luc = cast.people["luc"]
    with acting(cast.people["otto"]):
        for _time in range(limits.UNLOCK_OPERATOR.times):
            lock(luc)
            operating.unlock(luc.public_id)
        lock(luc)
        with pytest.raises(TooMany):
            operating.unlock(luc.public_id)
    assert User.get_by_id(luc.id).locked


def test_who_is_no_operator_unlocks_nobody(cast):
    lock(cast.people["luc"])
    with acting(cast.people["anne"]), pytest.raises(Exception, match="operator"):
        operating.unlock(cast.people["luc"].public_id)
    assert User.get_by_id(cast.people["luc"].id).locked


# --- operators ---------------------------------------------------------------------------------


@pytest.fixture
def olga(cast):
    return cast.people.setdefault("olga", another())


def removal(person):
    return f"/operator/operators/{person.public_id}/removal"


def test_an_operator_is_removed_told_and_out_at_the_next_request(app, otto, olga, letters):
    assert "Olga Ops" in otto.get("/operator/operators").text("main")
    hers = Visitor(app, olga)
    assert hers.get("/operator/").status_code == 200
    otto.get(removal(olga))
    page = otto.post(removal(olga))
    assert page.path == "/operator/operators" and "Olga Ops" not in page.text("main")
    assert hers.get("/operator/").status_code == 404
    assert hers.get("/account").status_code == 200
    assert "no longer an operator" in letters("olga@kanton.example")[-1][1].subject
    assert PersonalEvent.select().where(PersonalEvent.kind == "account.operator_removed").count() == 1
    assert InstallationEvent.select().where(InstallationEvent.kind == "operator.removed").count() == 1


def test_the_last_operator_who_gets_in_stays(otto, cast, olga):
    User.update(two_factor=False).where(User.id == olga.id).execute()
    me = cast.people["otto"]
    otto.get(removal(me))
    assert otto.post(removal(me), expect=422).errors
    User.update(two_factor=True, suspended=sessions.now()).where(User.id == olga.id).execute()
    otto.get(removal(me))
    assert otto.post(removal(me), expect=422).errors
    assert User.get_by_id(me.id).operator
    User.update(suspended=None).where(User.id == olga.id).execute()
    otto.get(removal(me))
    assert otto.post(removal(me)).path == "/account"
    otto.get("/operator/", expect=404)


def test_who_is_no_operator_is_not_removed_and_removes_nobody(otto, cast, olga):
    otto.get(removal(cast.people["luc"]), expect=404)
    with acting(cast.people["anne"]), pytest.raises(Forbidden):
        operating.remove_operator(olga.public_id)
    assert User.get_by_id(olga.id).operator


def test_an_old_proof_removes_nobody(otto, olga):
    Session.update(proved=sessions.now() - sessions.CREDENTIALS - 2 * sessions.MARGIN).execute()
    assert otto.get(removal(olga)).path == "/prove"
    assert otto.post(removal(olga)).path == "/prove"
    assert User.get_by_id(olga.id).operator
