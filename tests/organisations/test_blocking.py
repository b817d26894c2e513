"""Keeping somebody out of one organisation, and letting them in again (G8, RI-1, RI-3)."""
import pytest

from models import Block, Event, Membership, Message, Organisation, PersonalEvent, Role, User
from organisations import blocking, invitations, members
from organisations.switching import places
from rules import Conflict, Forbidden, Refused


def told(after=0):
    return [(message.notice, message.recipient) for message in Message.select().order_by(Message.id).offset(after)]


def slugs(cast, who):
    return [place.slug for place in places(cast.people[who].id)]


def test_sp_13_out_of_this_organisation_only_and_in_again_as_before(cast, of, by):
    chiara = of("chiara")
    before = (chiara.role, chiara.accounting, chiara.pref_billing, chiara.pref_product_events)
    with by("anne"):
        blocking.block(chiara.public_id, "A laptop is lost.")
    assert slugs(cast, "chiara") == ["onda"]
    with by("mara"):
        blocking.unblock(chiara.public_id)
    assert set(slugs(cast, "chiara")) == {"lumen", "onda"}
    chiara = of("chiara")
    assert (chiara.role, chiara.accounting, chiara.pref_billing, chiara.pref_product_events) == before


def test_it_is_kept_why_and_by_whom_and_everybody_concerned_is_told(cast, of, by):
    before = len(told())
    with by("anne"):
        blocking.block(of("luc").public_id, "  A laptop\n is lost. ")
    block = Block.get()
    assert (block.reason, block.by_id, block.lifted) == ("A laptop is lost.", cast.people["anne"].id, None)
    event = Event.select().order_by(Event.number.desc()).first()
    assert (event.kind, event.details.get().facts["reason"]) == ("member.blocked", "A laptop is lost.")
    own = PersonalEvent.select().order_by(PersonalEvent.id.desc()).first()
    assert (own.user_id, own.kind) == (cast.people["luc"].id, "organisation.blocked")
    assert sorted(told(before)) == [("blocked", "luc@lumen.example"), ("member_blocked", "anne@lumen.example"),
                                    ("member_blocked", "mara@bergquell.example")]
    with by("mara"):
        blocking.unblock(of("luc").public_id)
    assert Block.get().lifted_by_id == cast.people["mara"].id and Block.get().lifted
    assert sorted(told(before + 3)) == [("member_unblocked", "anne@lumen.example"),
                                        ("member_unblocked", "mara@bergquell.example"),
                                        ("unblocked", "luc@lumen.example")]
    with by("mara"):
        blocking.block(of("luc").public_id, "Once more.")
    assert Block.select().count() == 2


def test_the_reason_is_not_told_to_the_person(letters, of, by):
    with by("anne"):
        blocking.block(of("luc").public_id, "Suspected of selling the list.")
    assert "Suspected" not in letters("luc@lumen.example")[-1][1].text
    assert "Suspected" in letters("mara@bergquell.example")[-1][1].text


def test_blocked_already_and_not_blocked_leave_no_trace(of, by):
    with by("anne"):
        blocking.unblock(of("luc").public_id)
        blocking.block(of("luc").public_id, "First.")
        number, events = len(told()), Event.select().count()
        blocking.block(of("luc").public_id, "Second.")
        assert (len(told()), Event.select().count(), Block.get().reason) == (number, events, "First.")


@pytest.mark.parametrize("reason", ["", "   ", "x" * 301, "in\u202evisible"])
def test_g8_r6_a_reason_is_given(of, by, reason):
    with by("anne"), pytest.raises(Refused) as refusal:
        blocking.block(of("luc").public_id, reason)
    assert refusal.value.field == "reason" and of("luc").status == Membership.ACTIVE


def test_nobody_blocks_themselves(of, by):
    for who in ("anne", "mara"):
        with by(who), pytest.raises(Refused, match="themselves"):
            blocking.block(of(who).public_id, "A holiday.")


def test_sp_13_collaboration_and_externals_block_nobody_and_unblock_nobody(of, by):
    with by("anne"):
        blocking.block(of("luc").public_id, "A laptop is lost.")
    for who in ("chiara", "esteban", "grace", "luc"):
        with by(who), pytest.raises(Forbidden):
            blocking.block(of("esteban").public_id, "No reason.")
        with by(who), pytest.raises(Forbidden):
            blocking.unblock(of("luc").public_id)


def test_only_a_legal_representative_blocks_and_unblocks_one(of, by):
    with by("anne"):
        members.change_role(of("luc").public_id, Role.LEGAL)
    with by("mara"), pytest.raises(Forbidden):
        blocking.block(of("luc").public_id, "No reason.")
    with by("anne"):
        blocking.block(of("luc").public_id, "A laptop is lost.")
    with by("mara"), pytest.raises(Forbidden):
        blocking.unblock(of("luc").public_id)
    assert of("luc").status == Membership.BLOCKED


def test_rl_03_the_last_active_legal_representative_is_never_blocked(cast, of, by):
    with by("anne"):
        members.change_role(of("luc").public_id, Role.LEGAL)
        blocking.block(of("luc").public_id, "A laptop is lost.")
        with pytest.raises(Refused, match="at least one"):
            members.change_role(of("anne").public_id, Role.ADMIN)
        with pytest.raises(Conflict, match="at least one"):
            members.leave()
    with by("luc"), pytest.raises(Forbidden):
        blocking.block(of("anne").public_id, "Revenge.")
    assert of("anne").status == Membership.ACTIVE


def test_the_counts_stay_right(cast, lumen, of, by):
    def kept():
        now = Organisation.get_by_id(lumen.id)
        return now.members, now.externals, now.unprotected
    before = kept()
    with by("anne"):
        for who in ("luc", "grace"):
            blocking.block(of(who).public_id, "A laptop is lost.")
        assert kept() == before
        members.remove(of("grace").public_id)
        blocking.unblock(of("luc").public_id)
    assert kept() == (before[0], before[1] - 1, before[2] - 1)


def test_rl_11_an_invitation_is_no_way_round(cast, of, by):
    with by("anne"):
        members.remove(of("luc").public_id)
        first = invitations.invite("luc@lumen.example", Role.COLLABORATOR)
        second = invitations.invite("other@luc.example", Role.ADMIN, exact_address=False)
    with by("luc"):
        invitations.accept(first.copied_token)
    with by("anne"):
        blocking.block(Membership.get(Membership.user == cast.people["luc"].id, Membership.ended.is_null()).public_id,
                       "A laptop is lost.")
        with pytest.raises(Refused, match="already"):
            invitations.invite("luc@lumen.example", Role.COLLABORATOR)
    with by("luc"), pytest.raises(Conflict):
        invitations.accept(second.copied_token)
    assert "lumen" not in slugs(cast, "luc")


def test_rl_11_who_is_blocked_keeps_the_account(cast, of, by):
    with by("anne"):
        blocking.block(of("luc").public_id, "A laptop is lost.")
    assert User.get_by_id(cast.people["luc"].id).suspended is None
