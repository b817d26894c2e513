"""A forgotten password: the mailbox gives a new one, and nothing else (group RS)."""
import re

import pytest
import time_machine

import clock
import limits
import web
from accounts import addresses, asked, links, passwords, recovery
from demo import PASSWORD, acting
from models import InstallationEvent, Link, Message, Session, User
from rules import Gone, Refused
from settings import setting
from tests.together import at_once

NEW = "slow clouds over the harbour"


def link_for(person):
    recovery.ask(person.email_typed, "en")
    return Link.select().where(Link.purpose == links.RESET, Link.user == person.id).order_by(Link.id.desc()).get()


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Host": "localhost:8000@evil.example"}])
def test_rs_01_a_strange_host_is_refused(app, cast, headers):
    assert app.test_client().get("/forgotten", base_url=setting.base_url, headers=headers).status_code == 400


def test_rs_01_a_mail_has_our_address_whatever_was_forwarded(visitor, cast, letters):
    browser = visitor(**{"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"})
    browser.get("/forgotten")
    browser.post("/forgotten", email="luc@lumen.example")
    text = letters("luc@lumen.example")[-1][1].text
    assert "evil" not in text
    assert re.search(r"http://localhost:8000/reset/\S+", text)


@pytest.mark.parametrize("email", ["luc@lumen.example,evil@evil.example", '["luc@lumen.example"]',
                                   "luc@lumen.example evil@evil.example"])
def test_rs_02_one_address_is_one_address(visitor, cast, email):
    browser = visitor()
    browser.get("/forgotten")
    browser.post("/forgotten", expect=422, email=email)
    browser.get("/forgotten")
    browser.post("/forgotten", expect=422, email=["luc@lumen.example", "evil@evil.example"])
    browser.get("/forgotten")
    browser.post("/forgotten", expect=422, **{"email[]": "luc@lumen.example"})
    assert not Message.select().where(Message.notice == "reset").exists()


def test_rs_03_a_link_works_once_for_an_hour_and_until_anything_changes(cast):
    person = User.get_by_id(cast.people["luc"].id)
    first, second = link_for(person), link_for(person)
    with pytest.raises(Gone):
        recovery.renew(first.token, NEW)        # a newer one was asked for
    with time_machine.travel(clock.now() + 61 * clock.MINUTE), pytest.raises(Gone):
        recovery.opened(second.token)
    recovery.renew(second.token, NEW)
    with pytest.raises(Gone):
        recovery.renew(second.token, NEW)
    third = link_for(person)
    User.update(email="other@lumen.example").where(User.id == person.id).execute()
    with pytest.raises(Gone):
        recovery.opened(third.token)            # EM-09: its address is another one now
    with pytest.raises(Gone):
        recovery.opened(third.token[:-1] + ("A" if third.token[-1] != "A" else "B"))


def test_rs_04_of_many_at_one_instant_one_passes(cast):
    person = User.get_by_id(cast.people["luc"].id)
    token = link_for(person).token
    words = [f"{NEW} {number}" for number in range(8)]

    def renew():
        word = words.pop()
        recovery.renew(token, word)
        return word

    (winner,) = [outcome for outcome in at_once(8, renew) if outcome != "Gone"]
    assert passwords.right(User.get_by_id(person.id), winner)


def test_rs_05_the_second_factor_is_still_asked_for(visitor, cast):
    person = User.get_by_id(cast.people["mara"].id)
    link = link_for(person)
    browser = visitor()
    page = browser.get(f"/reset/{link.token}")
    assert "8" in page.text()                   # a shorter one may do, as two factors are on
    browser.post(f"/reset/{link.token}", password=NEW)
    assert browser.page.path == "/signin"
    browser.post("/signin", email=person.email_typed, password=NEW)
    assert browser.page.path == "/signin/second-step"


def test_rs_08_trying_tokens_is_stopped(visitor, cast):
    token, browser = link_for(cast.people["luc"]).token, visitor()

    def status(token):
        return browser.client.get(f"/reset/{token}", base_url=setting.base_url, follow_redirects=True).status_code
    for number in range(limits.LINK_NETWORK.times):
        assert status(f"{number:016}.x") == 410
    assert status("0000000000000000.x") == status(token) == 429
    assert InstallationEvent.select().where(InstallationEvent.kind == "links.guessed").count() == 1


def test_a_whole_choir_may_open_good_links_at_once(visitor, cast):
    token, browser = link_for(cast.people["luc"]).token, visitor()
    browser.get(f"/reset/{token}")
    for _time in range(limits.LINK_NETWORK.times + 1):
        browser.get(browser.page.path)


def test_rs_09_a_secret_address_is_told_to_nobody(visitor, cast):
    token, browser = link_for(cast.people["luc"]).token, visitor()
    name, _dot, secret = token.partition(".")
    answer = browser.client.get(f"/reset/{token}?lang=de", base_url=setting.base_url)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/reset/{name}?lang=de")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    cookie = next(each for each in answer.headers.getlist("Set-Cookie") if each.startswith(web.LINK_COOKIE))
    assert {"HttpOnly", "SameSite=Lax", f"Path=/reset/{name}", f"Max-Age={web.LINK_LIFE}"} <= set(cookie.split("; "))
    page = browser.get(f"/reset/{name}?lang=de")
    assert secret not in page.html
    assert not [each for each in page.elements if each.get("src", "").startswith("http")]


def test_rs_09_another_browser_knows_nothing_of_it(visitor, cast):
    name = link_for(cast.people["luc"]).public_id
    page = visitor(**{"Accept-Language": "en"}).get(f"/reset/{name}", expect=410)
    assert "This browser does not know the link." in page.text()


def test_rs_09_two_links_in_two_windows_do_not_meet(visitor, cast):
    luc, grace = (link_for(cast.people[who]) for who in ("luc", "grace"))
    browser = visitor()
    browser.get(f"/reset/{luc.token}")
    browser.get(f"/reset/{grace.token}")
    browser.post(f"/reset/{luc.public_id}", password=NEW)
    assert passwords.right(User.get_by_id(cast.people["luc"].id), NEW)
    assert passwords.right(User.get_by_id(cast.people["grace"].id), PASSWORD)


def test_rs_10_the_answer_is_the_same_for_everybody(visitor, cast):
    User.update(suspended=clock.now()).where(User.email == "grace@field.example").execute()
    pages = []
    for email in ("nobody@nowhere.example", "luc@lumen.example", "grace@field.example"):
        browser = visitor()
        browser.get("/forgotten")
        browser.post("/forgotten", email=email)
        pages.append(browser.page.text().replace(email, ""))
    assert len(set(pages)) == 1
    assert asked.answer_due() == 3
    assert not Message.select().where(Message.recipient == "grace@field.example", Message.notice == "reset").exists()


def test_rs_11_no_page_of_an_administrator_shows_a_link(browse, cast):
    token = link_for(cast.people["luc"]).token
    anne = browse("anne")
    for path in ("/o/lumen/members", "/o/lumen/activity", "/o/lumen/members.csv"):
        assert token.partition(".")[2] not in anne.get(path).html


def test_rs_12_everything_signed_in_and_every_open_change_ends(browse, cast):
    luc = browse("luc")
    with acting(cast.people["luc"]):
        addresses.ask("new@lumen.example")
    recovery.renew(link_for(User.get_by_id(cast.people["luc"].id)).token, NEW)
    assert luc.client.get("/account", base_url=setting.base_url).status_code == 303
    assert addresses.asked(cast.people["luc"].id) is None
    assert not Session.select().where(Session.user == cast.people["luc"].id, Session.ended.is_null()).exists()
    assert not passwords.right(User.get_by_id(cast.people["luc"].id), PASSWORD)


@pytest.mark.parametrize("why", ["forgotten", "due"])
def test_rs_12_the_present_password_is_no_new_one(visitor, cast, why):
    """Whoever else knows it would be in again, where it was to be changed for that."""
    person = User.get_by_id(cast.people["luc"].id)
    link = link_for(person)
    User.update(must_renew=why == "due").where(User.id == person.id).execute()
    browser = visitor(**{"Accept-Language": "en"})
    browser.get(f"/reset/{link.token}")
    page = browser.post(f"/reset/{link.token}", expect=422, password=PASSWORD)
    assert "This is your current password" in page.errors
    with pytest.raises(Refused):
        recovery.renew(link.token, PASSWORD)
    recovery.renew(link.token, NEW)             # it is not used up by that
    assert not User.get_by_id(person.id).must_renew


def test_without_access_to_anything_there_are_words_and_an_address(visitor):
    browser = visitor()
    for page in ("/forgotten", "/forgotten/address"):
        assert "/forgotten/no-access" in browser.get(page).links
    with setting.changed(support="desk@kanton.example"):
        page = browser.get("/forgotten/no-access?lang=en")
    assert "legal representative" in page.text() and "mailto:desk@kanton.example" in page.html
    with setting.changed(support=""):
        assert "Write to the operator of" in visitor().get("/forgotten/no-access?lang=en").text()
