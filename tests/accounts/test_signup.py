"""Making an account: nothing exists before the owner of the address says so (group SU)."""
import contextlib

import pytest

import limits
from accounts import links, signup
from models import Link, Message, Organisation, Session, User
from organisations import lifecycle
from rules import Gone, Refused, address
from settings import setting

FIELDS = {"first_name": "Nea", "last_name": "Neu", "password": "slow clouds over the harbour", "country": "DE",
          "language": "de", "organisation": ""}


def asked(visitor, email):
    browser = visitor()
    browser.get("/signup")
    browser.post("/signup", email=email)
    return browser


def the_link():
    return Link.select().where(Link.purpose == links.SIGN_UP).order_by(Link.id.desc()).get()


def test_an_account_and_an_organisation_in_ones_name(visitor, cast):
    browser = asked(visitor, "nea@neu.example")
    link = the_link()
    browser.get(f"/signup/confirm/{link.token}")
    browser.post(f"/signup/confirm/{link.token}", **FIELDS)
    person = User.get(User.email == "nea@neu.example")
    organisation = Organisation.get(Organisation.origin == "registration")
    assert (organisation.name, organisation.currency, organisation.kind) == ("Nea Neu", "EUR", "individual")
    assert (person.language, person.time_zone) == ("de", "Europe/Berlin")
    assert browser.page.path == f"/o/{organisation.slug}/"


def test_su_01_a_taken_address_looks_like_a_free_one(visitor, cast, letters):
    free, taken = asked(visitor, "nea@neu.example"), asked(visitor, "LUC@Lumen.example")
    assert free.page.text().replace("nea@neu.example", "") == taken.page.text().replace("LUC@Lumen.example", "")
    assert letters("luc@lumen.example")[-1][0].notice == "signup_known"
    with pytest.raises(Gone):
        signup.opened(the_link().token)         # the link made for both alike opens nothing


@pytest.mark.parametrize("look_alike", ["lu\u0441@lumen.example", "luc@lumen.ex\u0430mple", "\ufb01luc@lumen.example",
                                        "luc\u200b@lumen.example", "l\u0131uc@lumen.example"])
def test_su_02_a_look_alike_is_refused_or_somebody_else(cast, look_alike):
    with contextlib.suppress(Refused):
        assert address(look_alike).key != "luc@lumen.example"


@pytest.mark.parametrize("look_alike", ["grace@\ufb01eld.example", "grace@field\u3002example",
                                        "=?utf-8?q?a?=@x.example", f"{'a' * 65}@field.example"])
def test_su_02_what_a_mail_server_would_read_otherwise_is_refused(cast, look_alike):
    with pytest.raises(Refused):
        address(look_alike)


def test_su_02_two_mailboxes_are_two_people(cast):
    assert address("straße@x.example").key != address("strasse@x.example").key
    assert address("STRAßE@x.example").key == address("straße@X.example").key


def test_su_04_and_su_05_nothing_stands_there_before_it_is_confirmed(visitor, cast):
    browser = asked(visitor, "victim@neu.example")
    assert not User.select().where(User.email == "victim@neu.example").exists()
    assert not Session.select().where(Session.ended.is_null()).exists()
    assert browser.client.get("/account", base_url=setting.base_url).status_code == 303


def test_su_07_a_closed_door_is_not_there(visitor, cast):
    browser = visitor()
    browser.get("/signin")
    with setting.changed(signup="invited"):
        browser.get("/signup", expect=404)
        browser.get("/signin")
        assert "/signup" not in browser.page.html
        browser.post("/signup", expect=404, email="nea@neu.example")
    assert not Link.select().exists()


@pytest.mark.parametrize("extra", [{"is_admin": "1"}, {"operator": "on"}, {"email_verified": "1"}, {"org_id": "1"},
                                   {"role": "legal"}, {"created_at": "0"}])
def test_su_08_a_field_we_did_not_ask_for_is_refused(visitor, cast, extra):
    browser = visitor()
    browser.get("/signup")
    browser.post("/signup", expect=422, email="nea@neu.example", **extra)
    browser.get("/signup")
    browser.post("/signup", expect=422, email=["nea@neu.example", "evil@evil.example"])
    assert not Link.select().exists()


def test_su_09_one_mailbox_is_not_flooded(visitor, cast):
    pages = {asked(visitor, "nea@neu.example").page.text() for _time in range(6)}
    assert len(pages) == 1
    assert Message.select().where(Message.recipient == "nea@neu.example").count() == limits.SIGN_UP_ADDRESS.times


def test_su_09_one_network_is_stopped(visitor, cast):
    for number in range(limits.SIGN_UP_NETWORK.times):
        asked(visitor, f"n{number}@neu.example")
    browser = visitor()
    browser.get("/signup")
    page = browser.post("/signup", expect=429, email="one@more.example")
    assert int(page.answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("slug", ["admin", "api", "oauth", ".well-known", "static", "lumen", "a--b", "-a", "ä",
                                  "x" * 49, "lumen.", "LUMEN", "new"])
def test_su_10_some_addresses_are_not_to_be_had(cast, slug):
    with pytest.raises(Refused):
        lifecycle.checked_slug(slug)


def test_su_11_looking_at_a_link_uses_nothing_up(visitor, cast):
    asked(visitor, "nea@neu.example")
    link = the_link()
    scanner = visitor(**{"Purpose": "prefetch", "Sec-Purpose": "prefetch"})
    for _time in range(2):
        scanner.get(f"/signup/confirm/{link.token}")
        answer = scanner.client.head(f"/signup/confirm/{link.token}", base_url=setting.base_url, follow_redirects=True)
        assert answer.status_code == 200
    assert signup.opened(link.token).used is None
    assert not Session.select().where(Session.ended.is_null()).exists()
