"""Who is what, who may change it, and what is told and written down (domain §1.5, G14)."""
import pytest
import time_machine

import audit
from models import Event, EventFacts, Membership, Message, Organisation, PersonalEvent, Role
from organisations import invitations, members, operating
from rules import Conflict, Forbidden, NotHere, Refused
from tenancy import working_for


def last_event():
    return Event.select().order_by(Event.number.desc()).first()


def told():
    """(notice, to whom) of what waits, in order."""
    return [(message.notice, message.recipient) for message in Message.select().order_by(Message.id)]


def counts(lumen):
    now = Organisation.get_by_id(lumen.id)
    present = list(Membership.present())
    return ((now.members, now.externals, now.unprotected),
            (sum(m.role != Role.EXTERNAL for m in present), sum(m.role == Role.EXTERNAL for m in present),
             sum(not m.two_factor for m in present)))


# --- roles -------------------------------------------------------------------------------------


def test_a_new_role_is_written_down_and_the_person_told(cast, lumen, of, by):
    before = told()
    with by("mara"):
        members.change_role(of("luc").public_id, Role.EXTERNAL)
    assert of("luc").role == Role.EXTERNAL
    assert last_event().kind == "member.role_changed" and last_event().subject == of("luc").public_id
    assert told()[len(before):] == [("role_changed", "luc@lumen.example")]
    kept, counted = counts(lumen)
    assert kept == counted


def test_ri_7_legal_representatives_hear_of_administration(of, by):
    before = told()
    with by("mara"):
        members.change_role(of("luc").public_id, Role.ADMIN)
    assert told()[len(before):] == [("role_changed", "luc@lumen.example"),
                                    ("member_role_changed", "anne@lumen.example")]


def test_nothing_changed_leaves_no_trace(of, by):
    before, event = told(), last_event()
    with by("anne"):
        members.change_role(of("chiara").public_id, Role.COLLABORATOR, accounting=True)
        members.set_preferences(of("chiara").public_id, accounting=True, pref_billing=False, pref_product_events=False)
        members.set_own_preferences(pref_billing=True, pref_product_events=True)
    assert told() == before and last_event() == event


def test_rl_02_collaboration_changes_no_role(of, by):
    for who in ("chiara", "esteban", "grace", "luc"):
        with by(who), pytest.raises(Forbidden):
            members.change_role(of(who).public_id, Role.ADMIN)
        with by(who), pytest.raises(Forbidden):
            members.remove(of("esteban").public_id)


def test_rl_02_administration_makes_no_legal_representative_and_unmakes_none(of, by):
    with by("mara"):
        with pytest.raises(Refused) as refusal:
            members.change_role(of("mara").public_id, Role.LEGAL)
        assert refusal.value.field == "role"
        with pytest.raises(Forbidden):
            members.change_role(of("anne").public_id, Role.COLLABORATOR)
        with pytest.raises(Forbidden):
            members.remove(of("anne").public_id)
    assert of("anne").role == Role.LEGAL and of("mara").role == Role.ADMIN


def test_rl_01_there_are_no_other_roles(of, by):
    for role in ("", "owner", "LEGAL", "operator"):
        with by("anne"), pytest.raises(Refused):
            members.change_role(of("luc").public_id, role)


def test_rl_03_the_last_legal_representative_stays(of, by):
    with by("anne"):
        with pytest.raises(Refused, match="at least one"):
            members.change_role(of("anne").public_id, Role.ADMIN)
        with pytest.raises(Conflict, match="at least one"):
            members.leave()
        with pytest.raises(Refused, match="leave"):
            members.remove(of("anne").public_id)


def test_rl_03_a_blocked_legal_representative_does_not_count(of, by):
    with by("anne"):
        members.change_role(of("mara").public_id, Role.LEGAL)
        Membership.update(status=Membership.BLOCKED).where(Membership.id == of("mara").id).execute()
        with pytest.raises(Refused, match="at least one"):
            members.change_role(of("anne").public_id, Role.ADMIN)


def test_rl_03_ri_3_a_suspended_legal_representative_does_not_count(cast, of, by):
    with by("anne"):
        members.change_role(of("mara").public_id, Role.LEGAL)
    with by("otto"):
        operating.suspend(cast.people["mara"].public_id, "Somebody else is in it.")
    with by("anne"):
        for verb in (lambda: members.change_role(of("anne").public_id, Role.ADMIN), members.leave,
                     lambda: members.set_own_preferences(pref_billing=False, pref_product_events=False)):
            with pytest.raises((Refused, Conflict)):
                verb()
        members.remove(of("mara").public_id)    # whoever cannot act can be taken out, and is not the last one
    assert [each.user_id for each in Membership.legal_representatives()] == [cast.people["anne"].id]


def test_ri_3_first_a_second_one_then_the_first_goes(of, by):
    with by("anne"):
        members.change_role(of("mara").public_id, Role.LEGAL)
        members.leave()
    with pytest.raises(Refused), by("mara"):
        members.change_role(of("mara").public_id, Role.ADMIN)


def test_ri_5_ri_6_accounting_is_for_collaboration(of, by):
    with by("anne"):
        members.change_role(of("chiara").public_id, Role.EXTERNAL, accounting=True)
        assert not of("chiara").accounting and not of("chiara").pref_billing
        members.set_preferences(of("chiara").public_id, accounting=True, pref_billing=True, pref_product_events=True)
    chiara = of("chiara")
    assert (chiara.accounting, chiara.pref_billing, chiara.pref_product_events) == (False, False, True)


# --- preferences -------------------------------------------------------------------------------


def test_c9_the_only_legal_representative_hears_of_billing(of, by):
    with by("anne"), pytest.raises(Refused) as refusal:
        members.set_own_preferences(pref_billing=False, pref_product_events=False)
    assert refusal.value.field == "pref_billing"
    with by("mara"), pytest.raises(Refused):
        members.set_preferences(of("anne").public_id, accounting=True, pref_billing=False, pref_product_events=False)


def test_c8_who_may_see_to_money_is_told_so(of, by):
    before = told()
    with by("mara"):
        members.set_preferences(of("luc").public_id, accounting=True, pref_billing=True, pref_product_events=False)
    assert of("luc").accounts and last_event().kind == "member.preferences_changed"
    assert told()[len(before):] == [("role_changed", "luc@lumen.example")]


# --- going -------------------------------------------------------------------------------------


def test_g14_removed_is_gone_but_the_account_and_the_memory_stay(cast, lumen, of, by):
    before, member = told(), of("mara")
    with by("anne"):
        members.remove(member.public_id)
    member = Membership.get_by_id(member.id)
    assert (member.status, member.accounting) == (Membership.REMOVED, False) and member.ended
    assert last_event().kind == "member.removed"
    assert PersonalEvent.select().where(PersonalEvent.kind == "organisation.removed",
                                        PersonalEvent.user == cast.people["mara"].id).exists()
    assert told()[len(before):] == [("removed", "mara@bergquell.example")]
    kept, counted = counts(lumen)
    assert kept == counted
    assert not list(audit.broken_lines(Event, EventFacts))


def test_rl_05_who_was_removed_may_nothing_from_the_next_deed_on(of, by):
    with by("anne"):
        members.remove(of("mara").public_id)
    with by("mara"):
        for deed in (members.leave, lambda: members.remove(of("luc").public_id),
                     lambda: invitations.invite("x@y.example", Role.EXTERNAL)):
            with pytest.raises(Forbidden):
                deed()


def test_g14_nobody_is_removed_twice(of, by):
    id = of("luc").public_id
    with by("anne"):
        members.remove(id)
        with pytest.raises(NotHere):
            members.remove(id)
        with pytest.raises(NotHere):
            members.alert(id)


def test_a8_everybody_may_leave(cast, lumen, of, by):
    for who in ("grace", "luc", "mara"):
        with by(who):
            members.leave()
    kept, counted = counts(lumen)
    assert kept == counted == (3, 0, 3)


def test_who_was_removed_comes_back_by_a_new_invitation_only(cast, of, by):
    with by("anne"):
        members.remove(of("luc").public_id)
        invitation = invitations.invite("luc@lumen.example", Role.EXTERNAL)
    with by("luc"):
        fresh = invitations.accept(invitation.copied_token)
    assert fresh.role == Role.EXTERNAL
    assert Membership.select().where(Membership.user == cast.people["luc"].id).count() == 2


# --- alert, several ----------------------------------------------------------------------------


def test_g10_one_alert_a_day(of, by):
    with time_machine.travel("2026-12-01 08:00Z", tick=False) as clock, by("mara"):
        members.alert(of("luc").public_id)
        with pytest.raises(Conflict, match="24 hours"):
            members.alert(of("luc").public_id)
        clock.shift(86_400)
        members.alert(of("luc").public_id)
    assert [notice for notice, to in told() if to == "luc@lumen.example"].count("security_alert") == 2


def test_g10_one_alert_a_day_also_to_who_came_back_meanwhile(cast, lumen, of, by):
    with by("mara"):
        members.alert(of("luc").public_id)
        members.remove(of("luc").public_id)
        back = members.add(cast.people["luc"], Role.COLLABORATOR)
        with pytest.raises(Conflict, match="24 hours"):
            members.alert(back.public_id)
    with working_for(cast.organisations["bergquell"]), by("mara"):         # another one hears nothing of that
        members.alert(members.add(cast.people["luc"], Role.COLLABORATOR).public_id)


def test_several_each_is_checked_by_itself(of, by):
    ids = [of(who).public_id for who in ("anne", "luc", "esteban", "mara")]
    with by("mara"):
        refused = members.each([*ids, "0" * 16], members.remove)
    assert set(refused) == {ids[0], ids[3], "0" * 16}
    assert "role" in str(refused[ids[0]]) and "leave" in str(refused[ids[3]])
    assert {m.role for m in Membership.present()} == {Role.LEGAL, Role.ADMIN, Role.COLLABORATOR, Role.EXTERNAL}


def test_rl_03_several_legal_representatives_at_once_leave_one(of, by):
    with by("anne"):
        members.change_role(of("mara").public_id, Role.LEGAL)
        refused = members.each([of("mara").public_id, of("anne").public_id],
                               lambda id: members.change_role(id, Role.COLLABORATOR))
    assert list(refused) == [of("anne").public_id] and of("anne").role == Role.LEGAL


# --- invitations against members ---------------------------------------------------------------


def test_in_09_nobody_gives_more_than_they_have(of, by):
    with by("mara"), pytest.raises(Refused) as refusal:
        invitations.invite("x@y.example", Role.LEGAL)
    assert refusal.value.field == "role"
    with by("chiara"), pytest.raises(Forbidden):
        invitations.invite("x@y.example", Role.COLLABORATOR, accounting=True)


def test_in_10_an_invitation_changes_no_member(of, by):
    with by("anne"):
        for who in ("luc@lumen.example", "mara@bergquell.example"):
            with pytest.raises(Refused, match="already a member"):
                invitations.invite(who, Role.EXTERNAL)
        invitation = invitations.invite("other@lumen.example", Role.ADMIN, exact_address=False)
    with by("esteban"), pytest.raises(Conflict):
        invitations.accept(invitation.copied_token)
    assert of("esteban").role == Role.COLLABORATOR


def test_in_10_a_blocked_member_is_not_invited_back(of, by):
    Membership.update(status=Membership.BLOCKED).where(Membership.id == of("luc").id).execute()
    with by("anne"):
        with pytest.raises(Refused, match="already a member"):
            invitations.invite("luc@lumen.example", Role.COLLABORATOR)
        invitation = invitations.invite("other@lumen.example", Role.ADMIN, exact_address=False)
    with by("luc"), pytest.raises(Conflict):
        invitations.accept(invitation.copied_token)
    assert of("luc").status == Membership.BLOCKED


def test_in_11_what_goes_into_the_mail_is_plain_and_short(of, by):
    before = told()
    for field, text in (("first_name", "Your bank http://evil.test"), ("last_name", "evil.com"), ("note", "x" * 301),
                        ("note", "Kanton security: verify at https://evil.example/login"),
                        ("note", "Go to evil\u3002zip"), ("note", "right\u202eto left"), ("first_name", "n\x00l")):
        with by("anne"), pytest.raises(Refused) as refusal:
            invitations.invite("x@y.example", Role.EXTERNAL, **{field: text})
        assert refusal.value.field == field and told() == before
