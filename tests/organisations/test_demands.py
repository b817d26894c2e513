"""Demanding two-factor authentication: announced, switched on by day or at once, told, and undone (G10)."""
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from accounts import app_passwords, signup
from demo import acting, protect
from models import AppPassword, Event, Gate, Identity, Membership, Message, Organisation, Product, Role, User
from notices.letters import write
from organisations import demands, members, operating, protection, switching
from organisations.policy import Demands
from products import rehearsals
from rules import Conflict, Forbidden, Refused, address
from tenancy import working_for
from tests.days import in_days

TWO = ("password", "totp")


@pytest.fixture
def mara(cast, lumen):
    """She administers Lumen, has a second factor, and has proved it."""
    with acting(cast.people["mara"], *TWO):
        yield cast.people["mara"]


def now_so(lumen):
    return Organisation.get_by_id(lumen.id)


def told(notice):
    return [message.recipient for message in Message.select().order_by(Message.id) if message.notice == notice]


# --- who may, and how --------------------------------------------------------------------------


def test_b6_only_legal_representatives_and_administration(cast, lumen):
    for who in ("chiara", "esteban", "grace"):
        with acting(cast.people[who], *TWO):
            for verb in (demands.force, demands.lift, lambda: demands.announce(in_days(9, lumen)),
                         lambda: demands.limit_sessions(1, trusts_browsers=False)):
                with pytest.raises(Forbidden):
                    verb()
    assert now_so(lumen).two_factor == Organisation.OFF


def test_g10_r6_who_has_no_second_factor_demands_none(cast, lumen):
    with acting(cast.people["anne"], *TWO):
        for verb in (demands.force, lambda: demands.announce(in_days(9, lumen))):
            with pytest.raises(Refused, match="your own account"):
                verb()
    assert now_so(lumen).two_factor == Organisation.OFF


@pytest.mark.parametrize("proofs", [("password",), ("password", "trusted"), ("upstream", "company", "mfa")])
def test_g10_r6_who_came_in_without_it_demands_none(cast, lumen, proofs):
    with acting(cast.people["mara"], *proofs):
        for verb in (demands.force, lambda: demands.announce(in_days(9, lumen))):
            with pytest.raises(Refused, match="without your second factor"):
                verb()


# --- states ------------------------------------------------------------------------------------


def test_on_at_once_is_written_down_and_told(cast, lumen, mara):
    demands.force()
    assert now_so(lumen).two_factor == Organisation.ON
    event = Event.select().order_by(Event.number.desc()).first()
    assert (event.kind, event.details.get().facts["lacking"]) == ("organisation.two_factor_on", 5)
    assert told("two_factor_policy")[-1:] == ["anne@lumen.example"]
    assert told("two_factor_forced") == []
    assert demands.tell_lacking() == 5
    assert set(told("two_factor_forced")) == {f"{cast.people[who].email_typed}" for who in
                                              ("anne", "chiara", "esteban", "grace", "luc")}
    assert demands.tell_lacking() == 0


def test_on_twice_and_off_twice_leave_no_trace(lumen, mara):
    demands.lift()
    before = Event.select().count(), Message.select().count()
    demands.lift()
    assert (Event.select().count(), Message.select().count()) == before
    demands.force()
    after = Event.select().count(), Message.select().count()
    demands.force()
    assert (Event.select().count(), Message.select().count()) == after


def test_announced_for_a_day_it_is_on_that_day(cast, lumen, mara):
    with time_machine.travel(datetime(2026, 11, 20, 12, tzinfo=UTC), tick=False):
        demands.announce(date(2026, 12, 1))
        assert now_so(lumen).two_factor_from == datetime(2026, 11, 30, 23, tzinfo=UTC)     # midnight in Zurich
        demands.tell_lacking()
        assert len(told("two_factor_announced")) == 5
        assert demands.force_due() == 0
    with time_machine.travel(datetime(2026, 11, 30, 22, 59, tzinfo=UTC), tick=False):
        assert demands.force_due() == 0 and not Demands.of(now_so(lumen)).two_factor
    with time_machine.travel(datetime(2026, 11, 30, 23, tzinfo=UTC), tick=False):
        assert demands.force_due() == 1
        assert now_so(lumen).two_factor == Organisation.ON
        assert demands.force_due() == 0
        demands.tell_lacking()
    assert len(told("two_factor_forced")) == 5
    assert len(told("two_factor_policy")) == 3      # Bergquell's in the beginning, and both of ours


def test_an_announcement_whose_moment_has_come_holds_without_the_worker(cast, lumen, mara):
    begins = datetime(2026, 11, 30, 23, tzinfo=UTC)
    with time_machine.travel(begins - timedelta(days=9), tick=False):
        demands.announce(date(2026, 12, 1))
        assert "Atelier Lumen Sàrl" not in protection.needed_by(cast.people["mara"].id)
    for late in (timedelta(), timedelta(days=3)):
        with time_machine.travel(begins + late, tick=False):
            assert Demands.of(now_so(lumen)).two_factor
            assert "Atelier Lumen Sàrl" in protection.needed_by(cast.people["mara"].id)
            (place,) = (each for each in switching.places(cast.people["mara"].id) if each.slug == "lumen")
            assert (place.two_factor, place.announced, place.demands.two_factor) == ("on", None, True)
            assert now_so(lumen).two_factor == Organisation.ANNOUNCED
            with pytest.raises(Conflict):
                demands.announce(date(2026, 12, 24))
    with time_machine.travel(begins + timedelta(days=3), tick=False):
        demands.lift()
        assert not Demands.of(now_so(lumen)).two_factor
        assert now_so(lumen).two_factor_notice == "two_factor_lifted"


def test_the_deadline_is_one_moment_at_one_place_in_every_letter(cast, lumen, mara):
    """Luc reads it in Los Angeles, Chiara in Tokyo: the day and the hour are those of the organisation."""
    for who, zone in (("luc", "America/Los_Angeles"), ("chiara", "Asia/Tokyo")):
        User.update(time_zone=zone, language="en").where(User.id == cast.people[who].id).execute()
    with time_machine.travel(datetime(2026, 11, 20, 12, tzinfo=UTC), tick=False):
        demands.announce(date(2026, 12, 7))
        Organisation.update(time_zone="America/Lima").where(Organisation.id == lumen.id).execute()  # moved meanwhile
        demands.tell_lacking()
    letters = [write(message).text for message in Message.select() if message.notice == "two_factor_announced"
               and message.recipient in ("luc@lumen.example", "chiara@onda.example")]
    assert len(letters) == 2
    for letter in letters:
        assert "Required from: 7 Dec 2026, 00:00 (Central European Standard Time)" in letter


def test_who_was_told_is_told_when_it_is_withdrawn_or_lifted(cast, lumen, mara):
    demands.announce(in_days(9, lumen))
    demands.tell_lacking()
    protect(User.get_by_id(cast.people["luc"].id))      # he obeyed, and is told as well
    demands.lift()
    assert demands.tell_lacking() == 5
    assert sorted(told("two_factor_withdrawn")) == sorted(told("two_factor_announced"))
    assert demands.tell_lacking() == 0
    demands.announce(in_days(9, lumen))
    demands.lift()                                      # before anybody was told
    assert demands.tell_lacking() == 0
    demands.force()
    demands.tell_lacking()
    demands.lift()
    assert demands.tell_lacking() == 4
    assert sorted(told("two_factor_lifted")) == sorted(told("two_factor_forced"))


def test_an_announcement_can_be_moved_and_withdrawn(lumen, mara):
    demands.announce(in_days(9, lumen))
    demands.tell_lacking()
    demands.announce(in_days(20, lumen))
    assert demands.tell_lacking() == 5 and len(told("two_factor_announced")) == 10
    demands.announce(in_days(20, lumen))
    assert demands.tell_lacking() == 0
    demands.announce(in_days(30, lumen))
    demands.lift()
    assert now_so(lumen).two_factor == Organisation.OFF and now_so(lumen).two_factor_from is None
    assert demands.tell_lacking() == 5 and len(told("two_factor_withdrawn")) == 5
    with time_machine.travel(datetime.now(UTC) + timedelta(days=40)):
        assert demands.force_due() == 0


def test_an_announcement_is_for_a_day_to_come(lumen, mara):
    for number in (-1, 0, 400):
        with pytest.raises(Refused) as refusal:
            demands.announce(in_days(number, lumen))
        assert refusal.value.field == "day"
    demands.force()
    with pytest.raises(Conflict):
        demands.announce(in_days(9, lumen))


def test_many_people_are_told_in_pieces(cast, lumen, mara, monkeypatch):
    monkeypatch.setattr(demands, "AT_ONCE", 2)
    monkeypatch.setattr(demands, "EACH_TIME", 3)
    demands.force()
    stopped = iter([False, True])
    assert demands.tell_lacking(lambda: next(stopped)) == 2
    protect(User.get_by_id(cast.people["luc"].id))      # the last of those not told yet has one meanwhile
    assert demands.tell_lacking() == 2
    assert demands.tell_lacking() == 0
    assert sorted(told("two_factor_forced")) == ["anne@lumen.example", "chiara@onda.example",
                                                 "esteban@aurora.example", "grace@field.example"]


def test_who_is_blocked_or_gone_is_not_told(cast, lumen, mara):
    Membership.update(status=Membership.BLOCKED).where(Membership.user == cast.people["luc"].id).execute()
    members.remove(Membership.get(Membership.user == cast.people["grace"].id).public_id)
    demands.force()
    assert demands.tell_lacking() == 3


def test_who_is_suspended_is_not_told(cast, lumen, mara):
    demands.announce(in_days(9, lumen))
    with acting(cast.people["otto"]):
        operating.suspend(cast.people["luc"].public_id, "Somebody else is in it.")
    assert demands.tell_lacking() == 4
    demands.force()
    assert demands.tell_lacking() == 4
    assert {"two_factor_announced", "two_factor_forced"} <= {message.notice for message in Message.select()}
    assert "luc@lumen.example" not in told("two_factor_announced") + told("two_factor_forced")


# --- the rehearsal -----------------------------------------------------------------------------


def test_the_rehearsal_counts_who_would_meet_the_wall(cast, lumen, mara):
    assert demands.rehearse(Demands()).stopped == {Role.LEGAL: 1, Role.COLLABORATOR: 3, Role.EXTERNAL: 1}
    assert [each.user.last_name for each in demands.some_without(Demands(), 2)] == ["Bernasconi", "de Montmollin"]
    protect(User.get_by_id(cast.people["anne"].id))
    Membership.update(status=Membership.BLOCKED).where(Membership.user == cast.people["luc"].id).execute()
    assert demands.rehearse(Demands()).stopped == {Role.COLLABORATOR: 2, Role.EXTERNAL: 1}


def test_the_rehearsal_counts_nobody_who_is_suspended(cast, lumen, mara):
    with acting(cast.people["otto"]):
        operating.suspend(cast.people["luc"].public_id, "Somebody else is in it.")
    found = demands.rehearse(Demands())
    assert found.stopped == {Role.LEGAL: 1, Role.COLLABORATOR: 2, Role.EXTERNAL: 1} and found.number == 4
    assert "Luc" not in [each.user.first_name for each in demands.some_without(Demands(), 9)]


def test_the_rehearsal_names_apart_who_comes_in_by_a_trusted_provider_alone(cast, lumen, mara):
    """Luc has nothing but it; Chiara has a password beside it, with which she would meet the wall."""
    for who in ("luc", "chiara"):
        Identity.create(user=cast.people[who].id, provider="company", subject=who)
    User.update(password=None).where(User.id == cast.people["luc"].id).execute()
    assert demands.rehearse(Demands()).number == 5 and demands.rehearse(Demands()).by_provider == 0
    trusting = Demands(trusted_upstreams=frozenset({"company"}))
    found = demands.rehearse(trusting)
    assert (found.stopped, found.by_provider) == ({Role.LEGAL: 1, Role.COLLABORATOR: 2, Role.EXTERNAL: 1}, 1)
    names = [(each.user.first_name, bool(each.by_provider)) for each in demands.some_without(trusting, 9)]
    assert names[-1] == ("Luc", True) and ("Chiara", False) in names and len(names) == 5
    assert [each.user.first_name for each in rehearsals.people(demands.stopped(trusting), 9)] == [
        name for name, by_provider in names if not by_provider]
    Identity.create(user=cast.people["luc"].id, provider="onda@there", subject="luc")  # opens nothing here
    assert demands.rehearse(trusting).by_provider == 1
    Identity.create(user=cast.people["luc"].id, provider="directory", subject="luc")    # opens, with one step
    assert demands.rehearse(trusting).by_provider == 0


def test_the_rehearsal_counts_whose_programs_stop(cast, lumen, mara):
    """Also of those who have a factor: at the gate an app password is one step, whoever it belongs to."""
    for who in ("mara", "luc"):
        with acting(cast.people[who], *TWO):
            app_passwords.create(User.get_by_id(cast.people[who].id), "Calendar")
    assert demands.rehearse(Demands()).programs == 0        # no application takes them
    takes_programs(lumen)
    assert demands.rehearse(Demands()).programs == 2
    AppPassword.update(revoked=datetime.now(UTC)).where(AppPassword.user == cast.people["luc"].id).execute()
    assert demands.rehearse(Demands()).programs == 1


def test_letters_say_that_programs_stop_where_there_are_any(cast, lumen, mara):
    User.update(language="en").execute()
    demands.announce(in_days(9, lumen))
    demands.tell_lacking()
    takes_programs(lumen)
    demands.force()
    demands.tell_lacking()
    for notice, said in (("two_factor_announced", False), ("two_factor_forced", True)):
        letter = next(message for message in Message.select() if message.notice == notice)
        assert ("programs that use one stop" in write(letter).text) is said


def takes_programs(lumen):
    with working_for(lumen):
        product = Product.get(Product.label == "Wiki")
        if not Gate.update(app_passwords=True).where(Gate.product == product.id).execute():
            Gate.create(product=product, app_passwords=True)


def test_the_rehearsal_asks_as_much_for_many_as_for_few(cast, lumen, mara, count):
    for each in range(30):
        members.add(signup.create(address(f"r{each}@many.example"), "R", f"E{each}", "", language="en", country="CH",
                                  time_zone="Europe/Zurich"), Role.COLLABORATOR)
    count.clear()
    assert demands.rehearse(Demands()).stopped[Role.COLLABORATOR] == 33
    assert len(count) == 1


# --- sessions ----------------------------------------------------------------------------------


def test_sessions_are_only_ever_shortened(lumen, mara):
    for hours in (0, 2, 48, 336, -1):
        with pytest.raises(Refused):
            demands.limit_sessions(hours, trusts_browsers=True)
    demands.limit_sessions(8, trusts_browsers=False)
    assert (now_so(lumen).session_hours, now_so(lumen).trusts_browsers) == (8, False)
    number = Event.select().count()
    demands.limit_sessions(8, trusts_browsers=False)
    assert Event.select().count() == number
    demands.limit_sessions(None, trusts_browsers=True)
    assert now_so(lumen).session_hours is None


def test_the_demonstration_has_one_that_demands_it(cast):
    assert Organisation.get_by_id(cast.organisations["bergquell"].id).two_factor == Organisation.ON
