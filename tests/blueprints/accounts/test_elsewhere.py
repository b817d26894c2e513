"""Linking a way from elsewhere to one's account, and unlinking it."""
import pytest

import clock
from accounts import identities, signin
from accounts.backends import Someone
from demo import acting
from models import Identity, Membership, PersonalEvent, Session, User
from organisations import members
from settings import setting
from tenancy import working_for
from tests.accounts.backends.test_oidc import come_back, leave, sign_in
from tests.certificates import Authority
from tests.directory import PASSWORD, Directory
from tests.lending import connect, lenders
from tests.lending import sign_in as lent_in
from tests.provider import Provider

LINK = "/account/security/elsewhere/acme"


@pytest.fixture
def acme(database):
    with Provider() as running, setting.changed(**running.settings()):
        yield running


def begun(browser):
    """Off to the provider, to be linked: the address on the page that leads there."""
    browser.get(LINK)
    page = browser.post(LINK)
    assert page.path == f"{LINK}/onward"
    return next(link for link in page.links if "/authorize?" in link)


def linked(browser, acme):
    return come_back(browser, acme.sign_in(begun(browser)))


def test_a_way_is_linked_and_then_opens_the_account(browse, visitor, acme, letters):
    browser = browse("grace")
    page = linked(browser, acme)
    assert "nora@acme.example" in page.text()
    assert sign_in(visitor(), acme).path != "/signin"
    text = next(letter.text for message, letter in letters("grace@field.example")
                if message.notice == "identity_linked")
    assert "Acme" in text and "http" not in text.partition("\n-- \n")[0]
    assert "Acme" in browser.get("/account/activity").text()


def test_whoever_was_left_signed_in_there_is_not_linked(browse, acme):
    """Somebody else's session at the provider, met in a browser that is shared."""
    acme.claims = {"auth_time": clock.epoch() - 3600}
    assert "long ago" in linked(browse("grace"), acme).flash
    assert not Identity.select().exists()


def test_the_other_sessions_end_when_a_way_is_linked(browse, acme):
    other, browser = browse("grace"), browse("grace")
    linked(browser, acme)
    assert other.get("/account").path == "/signin"
    assert browser.get("/account").path == "/account"


def test_fd_07_linking_is_begun_by_a_form_and_a_fresh_proof(browse, acme, cast):
    browser = browse("grace")
    browser.get(LINK)
    assert not acme.codes and not Identity.select().exists()
    browser.post(LINK, expect=403, token="nonsense")
    Session.update(proved=clock.now() - clock.HOUR).execute()
    assert browser.get(LINK).path == "/prove"


def test_fd_07_only_the_session_that_began_it_finishes_it(browse, visitor, acme):
    """An attacker begins to link their own, and has the victim's browser follow the answer."""
    attacker, victim = browse("esteban"), browse("grace")
    back = acme.sign_in(begun(attacker))
    assert come_back(victim, back).path != "/account/security"
    begun(victim)                               # even while the victim is about to link, too
    assert "linked" not in come_back(victim, back).flash
    assert come_back(visitor(), back).path == "/signin"
    assert not Identity.select().exists()
    assert "/token" not in acme.asked


def test_fd_07_what_was_begun_to_be_linked_signs_nobody_in(browse, acme):
    browser = browse("grace")
    back = acme.sign_in(begun(browser))
    browser.post("/signout")
    assert come_back(browser, back).path == "/signin"
    assert not Identity.select().exists()


def test_fd_07_who_comes_after_in_the_same_browser_links_nothing(browse, acme):
    browser = browse("grace")
    back = acme.sign_in(begun(browser))
    browser.post("/signout")
    browser.sign_in("esteban")
    come_back(browser, back)
    assert not Identity.select().exists()


def test_fd_07_what_was_begun_to_sign_in_links_nothing(browse, acme, cast):
    browser = browse("grace")
    come_back(browser, acme.sign_in(leave(browser)), expect=403)
    assert not Identity.select().exists()


def test_fd_07_an_answer_links_once(browse, acme):
    browser = browse("grace")
    back = acme.sign_in(begun(browser))
    come_back(browser, back)
    Identity.delete().execute()
    come_back(browser, back)
    assert not Identity.select().exists()


def test_a_way_of_somebody_else_stays_theirs(browse, acme, cast):
    linked(browse("esteban"), acme)
    page = linked(browse("grace"), acme)
    assert "This is the way of another account." in page.flash
    assert Identity.get().user == cast.people["esteban"]


def test_one_way_is_linked_once(browse, acme):
    browser = browse("grace")
    linked(browser, acme)
    acme.who["sub"] = "another"
    assert "This way is linked already. Unlink it first." in linked(browser, acme).flash


def test_the_onward_page_is_of_what_was_begun_here(browse, acme):
    browse("grace").get(f"{LINK}/onward", expect=404)


def test_what_is_not_switched_on_is_nowhere(browse, acme):
    browser = browse("grace")
    for path in ("/account/security/elsewhere/password", "/account/security/elsewhere/other"):
        browser.get(path, expect=404)
        browser.get(f"{path}/unlink", expect=404)
    browser.get(f"{LINK}/unlink", expect=404)   # not linked
    with setting.changed(backends=("password",), upstream_oidc=(), upstreams=()):
        assert "Other ways to sign in" not in browser.get("/account/security").text()


def test_a_way_is_unlinked_and_opens_nothing_any_more(browse, visitor, acme):
    browser, other = browse("grace"), visitor()
    linked(browser, acme)
    sign_in(other, acme)
    browser.get(f"{LINK}/unlink")
    assert "The way is unlinked: Acme." in browser.post(f"{LINK}/unlink").flash
    assert other.get("/account").path == "/signin"
    sign_in(visitor(), acme, expect=403)
    assert PersonalEvent.select().where(PersonalEvent.kind == "identity.unlinked").count() == 1


def test_the_only_way_in_stays(browse, visitor, acme, cast):
    linked(browse("grace"), acme)
    User.update(password=None).where(User.id == cast.people["grace"].id).execute()
    browser = visitor()
    sign_in(browser, acme)
    assert "You have none." in browser.get("/account/security").text()
    browser.get(f"{LINK}/unlink")
    page = browser.post(f"{LINK}/unlink", expect=422)
    assert "This is your only way to sign in." in page.errors
    assert Identity.select().exists()


def test_a_second_way_lets_the_first_go(browse, acme, cast):
    with Provider(name="other") as other, setting.changed(
            upstream_oidc=("acme", "other"), upstreams=(acme.upstream(), other.upstream(label="Other"))):
        browser, grace = browse("grace"), cast.people["grace"]
        linked(browser, acme)
        with acting(grace):
            identities.link(grace.id, signin.backends()["other"], Someone("there"), keep=Session.select().order_by(
                Session.id.desc()).get().id)
        User.update(password=None).where(User.id == grace.id).execute()
        browser.get(f"{LINK}/unlink")
        assert "The way is unlinked: Acme." in browser.post(f"{LINK}/unlink").flash


def test_a_provider_that_is_away_is_said(browse, database):
    with Provider() as gone:
        pass
    with setting.changed(**gone.settings()):
        browser = browse("grace")
        browser.get(LINK)
        assert "no answer just now" in browser.post(LINK).flash


def test_a_directory_is_linked_by_the_password_there(browse, visitor, database, tmp_path):
    with Directory(tmp_path, Authority(tmp_path / "authority")) as directory:
        directory.add("nora", "nora@lumen.example")
        with setting.changed(**directory.settings):
            browser = browse("grace")
            browser.get("/account/security/elsewhere/ldap")
            page = browser.post("/account/security/elsewhere/ldap", expect=422, name="nora", password="wrong")
            assert "Name and password do not match." in page.errors and "nora" in page.html
            page = browser.post("/account/security/elsewhere/ldap", name="nora", password=PASSWORD)
            assert "The way is linked: Directory." in page.flash
            other = visitor()
            field = next(each for each in other.get("/signin").all("input") if each.get("name") == "email")
            assert field["type"] == "text"      # a name has no @
            assert other.post("/signin", email="nora", password=PASSWORD).path != "/signin"
            User.update(password=None).execute()
            Session.update(proved=clock.now() - clock.HOUR).execute()
            assert other.get("/account/address").path == "/prove"
            assert other.post("/prove?next=/account/address", password=PASSWORD, factor="",
                              code="").path == "/account/address"


# --- what an organisation has brought along ----------------------------------------------------


@pytest.fixture
def lumens(database, tmp_path, cast):
    with lenders(tmp_path, "acme") as (running,):
        row = connect(cast, running)
        yield running, row, f"/account/security/elsewhere/{row.public_id}"


def test_a_member_links_it_from_their_own_page_and_unlinks_it(browse, visitor, lumens):
    running, row, at = lumens
    browser, other = browse("grace"), browse("grace")
    assert at in browser.get("/account/security").links
    browser.get(at)
    page = browser.post(at)
    away = next(link for link in page.links if "/authorize?" in link)
    page = come_back(browser, running.sign_in(away))
    assert "The way is linked: acme login." in page.flash and "nora@acme.example" in page.text()
    assert other.get("/account").path == "/signin"
    assert "acme login" in browser.get("/account/activity?lang=en").text()
    assert lent_in(visitor(), running, row).path == "/o/lumen/"
    browser.get(f"{at}/unlink")
    assert "The way is unlinked: acme login." in browser.post(f"{at}/unlink").flash
    lent_in(visitor(), running, row, expect=403)


def test_who_is_not_in_the_organisation_sees_nothing_of_it(browse, lumens, cast):
    _running, row, at = lumens
    with working_for(cast.organisations["lumen"]):
        Membership.update(status=Membership.BLOCKED).where(Membership.user == cast.people["grace"].id).execute()
    for who in ("otto", "grace"):
        browser = browse(who)
        assert row.public_id not in browser.get("/account/security").html
        for path in (at, f"{at}/onward", f"{at}/unlink"):
            browser.get(path, expect=404)
        browser.get("/account/security")
        browser.post(at, expect=404)
    assert not Identity.select().exists()


def test_who_left_while_away_links_nothing(browse, lumens, cast):
    running, _row, at = lumens
    browser = browse("grace")
    browser.get(at)
    away = next(link for link in browser.post(at).links if "/authorize?" in link)
    with working_for(cast.organisations["lumen"]), acting(cast.people["grace"]):
        members.leave()
    come_back(browser, running.sign_in(away), expect=404)
    assert not Identity.select().exists()


def test_fd_07_linking_it_is_begun_by_a_form_and_a_fresh_proof(browse, lumens):
    running, _row, at = lumens
    browser = browse("grace")
    browser.get(at)
    browser.post(at, expect=403, token="nonsense")
    assert not running.codes and not Identity.select().exists()
    Session.update(proved=clock.now() - clock.HOUR).execute()
    assert browser.get(at).path == "/prove"
