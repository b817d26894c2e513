"""A person's own book as its owner reads it: searched, by groups, by days."""
from dataclasses import replace
from importlib import import_module

import pytest

import current
import db
import stories
from accounts import activity, devices, sessions
from clock import now
from db import transaction
from demo import acting
from models import Device, EventFacts, PersonalEventFacts, User
from organisations import members
from tenancy import across_organisations


@pytest.fixture
def mara(browse):
    return browse("mara")


def read(browser, query):
    return browser.get(f"/account/activity?lang=en&{query}").text("lines")


def test_every_kind_of_line_is_in_a_group():
    beginnings = tuple(each for _label, kinds in activity.GROUPS.values() for each in kinds)
    assert [kind for kind in stories.PERSON if not kind.startswith(beginnings)] == []


@pytest.mark.parametrize(("query", "found", "not_found"), [
    ("q=SIGNED+in", "You signed in", "You created your account"), ("q=bergquell+joined", "", "You signed in"),
    ("q=mara%40", "You created your account", "You signed in"), ("q=%00%25", "Nothing fits", "You signed in"),
    ("q=127.0.0.1+signed", "You signed in", "Nothing fits"), ("q=nobody", "Nothing fits", "You signed in")])
def test_it_is_searched_by_what_it_says(mara, query, found, not_found):
    text = read(mara, query)
    assert found in text and not_found not in text


def test_it_is_searched_in_the_language_it_is_read_in(mara):
    assert "Sie haben sich angemeldet" in mara.get("/account/activity?lang=de&q=angemeldet").text("lines")


def test_what_is_erased_is_found_by_what_is_left(mara):
    PersonalEventFacts.delete().execute()
    assert "You created your account" in read(mara, "q=created")
    assert "Nothing fits" in read(mara, "q=mara")


def test_a_search_of_the_organisations_book_tells_nobodys_browser_or_address(cast, lumen):
    """Not to an administrator who tries one address after the other."""
    with acting(cast.people["luc"]) as luc, current.acting_as(replace(luc, address="192.0.2.7", agent="curl/8")):
        members.leave()
    line = EventFacts.select().order_by(EventFacts.id.desc()).get()
    assert line.facts["from"] == "192.0.2.7" and line.facts["agent"] == "curl/8"
    assert "luc perrenoud" in line.words and "192.0.2.7" not in line.words and "curl" not in line.words


def test_the_books_of_before_are_searched_as_well(cast, sqlite_only):
    """What the migration writes is what a new line is given."""
    def all_words():
        with across_organisations("a test"):
            return [(each.id, each.words) for book in (EventFacts, PersonalEventFacts)
                    for each in book.select().order_by(book.id)]
    before = all_words()
    assert any(words for _number, words in before)
    for table in ("event_facts", "personal_event_facts"):
        db.database.execute_sql(f'ALTER TABLE "{table}" DROP COLUMN "words"')
    import_module("migrations.0017_words").up(None, db.database.obj)
    assert all_words() == before


def test_the_browsers_that_are_known_stand_beside_the_sessions(mara, cast):
    person = User.get_by_id(cast.people["mara"].id)
    assert "Browsers the account knows" in mara.get("/account/sessions?lang=en").text("main")
    Device.update(label="Firefox/128.0 Linux", trusted_until=None).execute()
    text = mara.get("/account/sessions?lang=en").text("main")
    assert "Firefox, Linux" in text and "first seen" in text and "Browsers that are remembered" not in text
    Device.update(trusted_until=now() + devices.TRUST).execute()
    text = mara.get("/account/sessions?lang=en").text("main")
    assert "Browsers that are remembered" in text and "Browsers the account knows" not in text
    with transaction():
        sessions.end_everything(person, "owner")
    assert devices.all_of(User.get_by_id(person.id)) == []
