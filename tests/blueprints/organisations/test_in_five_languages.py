"""Demanded, announced, met, locked and unlocked: in every language, without a script, by a clock that moves."""
import re
from datetime import timedelta

import pytest
import time_machine

import catalogues
import i18n
from accounts import asked
from clock import now
from demo import PASSWORD
from i18n import NAMES
from models import Organisation, User
from organisations import demands
from tests.days import in_days

DAYS = 9


@pytest.fixture(params=NAMES)
def language(request, cast):
    """Everybody reads it."""
    User.update(language=request.param).execute()
    return request.param


@pytest.fixture
def said(language):
    """A sentence of ours as it is said in this language."""
    def say(sentence, **values):
        with i18n.speaking(i18n.Voice(language, "CH", "Europe/Zurich")):
            return i18n.gettext(sentence) % values if values else i18n.gettext(sentence)
    return say


@pytest.fixture
def read(language):
    """A page, when it is all in this language."""
    english = {message.id if isinstance(message.id, str) else message.id[0] for message in catalogues.extract()
               if message.id}
    alike = english if language == "en" else {message.string for message in catalogues.read(language)}

    def look(page):
        assert page.all("html")[0]["lang"].partition("-")[0] == language, page.path
        assert not {" ".join(word.split()) for word in page.words} & english - alike, page.path
        return page.text()
    return look


def come_in(browser, who, expect=200):
    browser.get("/signin")
    return browser.post("/signin?next=/o/lumen/", email=browser.cast.people[who].email_typed, password=PASSWORD,
                        expect=expect)


def test_from_the_rehearsal_to_the_wall(browse, visitor, cast, letters, language, said, read):
    mara = browse("mara")
    text = read(mara.get("/o/lumen/security/two-factor"))
    assert "Luc Perrenoud" in text                              # the rehearsal names who would be stopped
    day = in_days(DAYS, cast.organisations["lumen"])
    announced = mara.post("/o/lumen/security/two-factor/announcement", day=day.isoformat())
    assert said("The announcement is on its way to those without a second factor.") in announced.flash
    read(announced)
    demands.tell_lacking()
    luc = come_in(visitor(**{"Accept-Language": language}), "luc")
    assert "/account/security/two-factor?next=/o/lumen/" in luc.links and str(DAYS) in read(luc)

    with time_machine.travel(now() + timedelta(days=DAYS + 1)):
        demands.force_due()
        demands.tell_lacking()
        wall = come_in(visitor(**{"Accept-Language": language}), "luc", expect=403)
        text = read(wall)
        assert said("One more step for %(organisation)s", organisation="Atelier Lumen Sàrl") in text
        assert said("Set up two-factor authentication") in text
        assert not [each for each in wall.all("button") if each.get("data-needs-script")]
        told = [message for message, _letter in letters("luc@lumen.example")
                if message.notice in ("two_factor_announced", "two_factor_forced")]
        assert [(each.notice, each.language) for each in told] == [("two_factor_announced", language),
                                                                   ("two_factor_forced", language)]


def test_a_sign_in_that_was_too_long_ago(visitor, cast, language, said, read):
    Organisation.update(session_hours=1).where(Organisation.id == cast.organisations["lumen"].id).execute()
    luc = visitor(**{"Accept-Language": language})
    come_in(luc, "luc")
    with time_machine.travel(now() + timedelta(minutes=50)):
        luc.get("/o/lumen/")
    with time_machine.travel(now() + timedelta(minutes=61)):
        wall = luc.get("/o/lumen/", expect=403)
        assert said("Sign in again") in read(wall)


def test_locked_told_and_open_again(visitor, cast, letters, language, said, read):
    User.update(lock_threshold=3).execute()
    browser = visitor(**{"Accept-Language": language})
    for _time in range(4):
        browser.get("/signin")
        page = browser.post("/signin", email="luc@lumen.example", password="wrong wrong wrong", expect=422)
    assert said("The address and the password do not match, or this account cannot sign in this way.") in read(page)
    (lock,) = [message for message, _letter in letters("luc@lumen.example") if message.notice == "account_locked"]
    assert lock.language == language
    with time_machine.travel(now() + timedelta(hours=1)):
        come_in(browser, "luc", expect=422)                     # it does not open by itself
        browser.get("/unlock")
        assert said("Check your mailbox") in read(browser.post("/unlock", email="luc@lumen.example"))
        assert asked.answer_due() == 1
        (letter,) = [letter for message, letter in letters("luc@lumen.example") if message.notice == "unlock"]
        (address,) = re.findall(r"http://localhost:8000(/unlock/\S+?\?lang=\w+)", letter.text)
        assert address.endswith(f"lang={language}")
        page = browser.get(address)
        read(page)
        browser.post(page.path)
        assert come_in(browser, "luc").path == "/o/lumen/"
