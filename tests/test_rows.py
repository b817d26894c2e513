"""Rows are added by plain statements that mean what Peewee's do."""
from datetime import UTC, datetime

import pytest
from peewee import IntegrityError

import db
from demo import acting
from models import Event, Message, Session, User
from questions import question, records, slot
from tenancy import NoTenant, WrongTenant, across_organisations, working_for


@pytest.fixture
def anne(cast):
    return cast.people["anne"]


def letter(**more):
    return Message.create(recipient="a@lumen.example", notice="signed_out", language="fr", facts={}, **more)


def test_what_is_not_said_has_its_default_anew_each_time(cast):
    one, other = letter(), letter()
    assert one.public_id != other.public_id and one.state == Message.WAITING
    assert Message.get_by_id(one.id).public_id == one.public_id


def test_facts_instants_rows_and_nothing_come_back_as_they_were(anne):
    at = datetime(2026, 11, 27, 21, 5, tzinfo=UTC)
    told = Message.get_by_id(letter(user=anne, due=at, subject="Zürich's «?» %s").id)
    assert (told.user_id, told.due, told.organisation_id, told.subject) == (anne.id, at, None, "Zürich's «?» %s")
    facts = {"list": [1, {"deep": None}], "yes": True, "word": "l'été"}
    kept = Message.create(recipient="a", notice="n", language="fr", facts=facts)
    assert Message.get_by_id(kept.id).facts == facts


def test_a_column_that_wants_a_value_refuses_to_be_without(cast):
    with pytest.raises((IntegrityError, ValueError)), db.transaction():
        User.create(email=None)


def test_a_row_of_another_organisation_is_not_added(cast, anne):
    theirs = cast.organisations["bergquell"]
    with working_for(cast.organisations["lumen"]), pytest.raises(WrongTenant):
        Event.create(organisation=theirs, number=99, kind="x", actor_kind="user", commitment="", digest="")


def test_whole_rows_are_asked_for_by_kept_text(cast, anne):
    @records
    def of_address():
        return User.select().where(User.email == slot("key"))

    (found,) = of_address()(key=anne.email)
    assert found == anne and found.created == anne.created and not of_address()(key="nobody@lumen.example")


def test_a_question_about_organisations_rows_needs_one_at_work(cast):
    @question
    def events():
        return Event.select(Event.kind)

    with working_for(cast.organisations["lumen"]):
        assert events()()
    with pytest.raises(NoTenant):
        events()()
    with across_organisations("a test"), pytest.raises(NoTenant):
        events()()


def test_what_follows_a_transaction_follows_once_and_only_when_it_is_kept(cast):
    done = []
    follow = lambda: done.append(1)  # noqa: E731 - the same one, said several times
    with db.transaction():
        for _time in range(3):
            db.once_kept(follow)
        assert not done
    assert done == [1]
    with pytest.raises(ZeroDivisionError), db.transaction():
        db.once_kept(follow)
        raise ZeroDivisionError
    with db.transaction():
        pass
    assert done == [1]


def test_of_more_sessions_than_a_person_may_have_the_oldest_end(cast, anne):
    from accounts import sessions
    with acting(anne):
        begun = [sessions.begin(anne, "password", stay=False, device=None)[0].id for _ in range(sessions.MOST + 2)]
    living = [each.id for each in Session.select().where(Session.user == anne, Session.ended.is_null())]
    assert sorted(living) == begun[2:]
    assert Session.get_by_id(begun[0]).ended_by == "replaced"
