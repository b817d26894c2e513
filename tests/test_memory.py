"""The books: only ever added to, whole, readable, erasable (group AU), and what the outbox keeps (ML-05)."""
import json
import re
from pathlib import Path

import peewee
import pytest
import time_machine

import audit
import clock
import db
import outbox
import stories
import verification
from accounts import activity as personal
from clock import DAY
from db import transaction
from demo import acting
from models import Event, EventFacts, Message, PersonalEvent, PersonalEventFacts, Role
from organisations import activity, invitations, members
from rules import Refused
from settings import setting
from tenancy import across_organisations


def faults():
    return list(verification.faults())


def test_a_played_cast_is_whole(cast):
    assert faults() == []


@pytest.mark.parametrize("deed", ["UPDATE event SET kind = 'x'", "DELETE FROM event",
                                  "UPDATE personal_event SET kind = 'x'", "DELETE FROM installation_event"])
def test_au_05_a_line_is_neither_changed_nor_deleted(cast, deed):
    with across_organisations("a test that tries to change the books"), pytest.raises(
            (peewee.IntegrityError, peewee.InternalError, peewee.DatabaseError)), transaction():
        db.database.execute_sql(deed)


def test_a_changed_line_shows(cast, lumen, request):
    if "postgresql" in request.node.name:
        return                                  # its triggers belong to another role, which is the point
    db.database.execute_sql("DROP TRIGGER event_no_update")
    db.database.execute_sql("UPDATE event SET kind = 'member.left' WHERE number = 3")
    assert any("line 3 does not follow" in fault for fault in faults())


def test_a_missing_line_shows(cast, lumen, request):
    if "postgresql" in request.node.name:
        return
    db.database.execute_sql("DROP TRIGGER event_no_delete")
    db.database.execute_sql("DELETE FROM event_facts WHERE event_id IN (SELECT id FROM event WHERE number = 2)")
    db.database.execute_sql("DELETE FROM event WHERE number = 2")
    assert any("number 2 is missing" in fault for fault in faults())


def test_changed_details_show_and_erased_ones_do_not(cast, lumen):
    first, second = list(EventFacts.select().order_by(EventFacts.id).limit(2))
    EventFacts.update(facts={"by": "somebody else"}).where(EventFacts.id == first.id).execute()
    assert any("its details were changed" in fault for fault in faults())
    EventFacts.delete().where(EventFacts.id.in_([first.id, second.id])).execute()
    assert faults() == []


def test_a_wrong_count_shows(cast, lumen):
    members.count(members=+1)
    assert any("members is kept as" in fault for fault in faults())


def test_au_06_no_memory_no_deed(cast, lumen, browse, monkeypatch):
    anne = browse("anne")
    anne.get("/o/lumen/members/invite")
    before = Message.select().count()

    def broken(*_arguments, **_more):
        raise peewee.OperationalError("the book cannot be written")

    monkeypatch.setattr(Event, "create", broken)
    answer = anne.post("/o/lumen/invitations", expect=503, email="new@lumen.example", role="external", language="de")
    assert answer.answer.headers["Retry-After"]
    db.database.connect(reuse_if_open=True)
    assert Message.select().count() == before
    with acting(cast.people["anne"]):
        assert members.present(cast.people["anne"].id)


def test_au_02_every_kind_that_is_written_has_its_sentence(cast):
    root = Path(audit.__file__).parent
    written = {"record": set(), "record_for": set(), "record_here": set()}
    for room in ("accounts", "organisations", "notices", "blueprints"):
        for path in (root / room).rglob("*.py"):
            text = path.read_text()
            for verb, kinds in written.items():
                kinds.update(re.findall(rf'audit\.{verb}\([^"]*?"([a-z_]+\.[a-z_]+)"', text))
    assert written["record"] <= set(stories.ORGANISATION), written["record"] - set(stories.ORGANISATION)
    assert written["record_for"] <= set(stories.PERSON), written["record_for"] - set(stories.PERSON)
    assert written["record_here"] <= set(stories.INSTALLATION), written["record_here"] - set(stories.INSTALLATION)


def test_au_01_what_a_browser_says_of_itself_is_text(visitor, cast):
    browser = visitor(**{"User-Agent": "Evil\x1b[31m\u2028" + "x" * 10_000})
    browser.sign_in("luc")
    facts = (PersonalEventFacts.select().join(PersonalEvent)
             .where(PersonalEvent.user == cast.people["luc"].id).order_by(PersonalEventFacts.id.desc()).get().facts)
    assert len(facts["agent"]) <= 300
    assert "Evil" in json.dumps(facts)
    browser.get("/account/activity")


def test_a_line_whose_details_are_erased_is_still_read(cast, lumen, browse):
    EventFacts.delete().execute()
    page = browse("anne").get("/o/lumen/activity?lang=en")
    assert "somebody" in page.text()


def kinds_told(book, details):
    with across_organisations("a test"):
        return {line.kind for line in book.select().join(details, on=(details.event == book.id))}


@pytest.mark.parametrize(("months", "ordinary", "security"), [(12, True, True), (14, False, True), (25, False, False)])
def test_old_lines_lose_their_details_and_the_books_stay_whole(cast, months, ordinary, security):
    """Those of an ordinary deed after 13 months, those about security after 24; the lines are there still."""
    with across_organisations("a test"):
        lines, last = Event.select().count(), Event.select().order_by(Event.at.desc()).first()
    with time_machine.travel(last.at + months * 365 / 12 * DAY):
        for sweep in (audit.forget_old, personal.forget_old, activity.forget_old):
            sweep()
        told, own = kinds_told(Event, EventFacts), kinds_told(PersonalEvent, PersonalEventFacts)
        assert ("product.added" in told, "member.joined" in told) == (ordinary, security)
        assert ("organisation.joined" in own, "account.created" in own) == (ordinary, security)
        assert faults() == []
    with across_organisations("a test"):
        assert Event.select().count() == lines


def test_how_long_details_are_kept_is_a_setting(cast):
    with setting.changed(activity_months=2), time_machine.travel(clock.now() + 70 * DAY):
        activity.forget_old()
        assert "product.added" not in kinds_told(Event, EventFacts)
        assert "member.joined" in kinds_told(Event, EventFacts)


def test_many_old_lines_are_erased_in_pieces(cast, monkeypatch):
    monkeypatch.setattr(audit, "PIECE", 3)
    with time_machine.travel(clock.now() + 800 * DAY):
        activity.forget_old()
        assert kinds_told(Event, EventFacts) == set()


def test_ml_05_a_letter_sent_leaves_no_facts_behind(cast, lumen, monkeypatch):
    with acting(cast.people["anne"]):
        invitation = invitations.invite("new@lumen.example", Role.EXTERNAL)
    told = str([message.facts for message in Message.select()])
    assert invitation.copied_token.partition(".")[2] not in told
    monkeypatch.setitem(outbox.channels, "email", lambda message: None)
    outbox.deliver_due()
    assert not Message.select().where(Message.facts.is_null(False)).exists()


def test_a_letter_that_cannot_be_sent_is_kept_tried_again_and_given_up(cast, lumen, monkeypatch):
    def down(_message):
        raise OSError("nobody answers")

    monkeypatch.setitem(outbox.channels, "email", down)
    with acting(cast.people["anne"]):
        invitations.invite("new@lumen.example", Role.EXTERNAL)
    for _attempt in range(outbox.ATTEMPTS + 1):
        Message.update(due=outbox.now()).where(Message.state == Message.WAITING).execute()
        outbox.deliver_due()
    message = Message.select().order_by(Message.id.desc()).get()
    assert (message.state, message.attempts, message.error) == ("failed", outbox.ATTEMPTS, "OSError: nobody answers")


@pytest.mark.parametrize("address", ["a@b.example,c@d.example", "Group: a@b.example;", "a@b.example c@d.example",
                                     "a@b.example\nBcc: c@d.example", "<a@b.example>"])
def test_ml_03_an_address_is_one_address(cast, lumen, address):
    with acting(cast.people["anne"]), pytest.raises(Refused):
        invitations.invite(address, Role.EXTERNAL)


def test_au_05_another_organisations_book_is_not_there(browse):
    chiara = browse("chiara")
    chiara.get("/o/bergquell/activity", expect=404)
    chiara.get("/o/lumen/activity", expect=403)
