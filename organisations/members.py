"""The people of an organisation, and what they are in it (domain §1.5, G14)."""
from collections.abc import Callable, Sequence
from typing import Any

import audit
import db
import outbox
from accounts import acting, identities
from clock import DAY, now
from db import transaction
from i18n import _l
from models import AccessRequest, Grant, Membership, Organisation, Role, Team, TeamMember, User
from organisations.roles import Right, require, standing
from rules import Address, Conflict, Forbidden, NotHere, Refused, fold
from tenancy import at_work

AT_ONCE = 25                                    # people in one transaction of a bulk action
MOST = 500                                      # people in one bulk action
LAST_LEGAL = _l("An organisation needs at least one legal representative. Name a second one first.")


def find(public_id: str) -> Membership:
    """A present member of the organisation at work, held until the transaction ends; NotHere otherwise."""
    membership = db.locked(Membership.present().where(Membership.public_id == public_id)).first()
    if membership is None:
        raise NotHere
    return membership  # type: ignore[no-any-return]


def present(user_id: int) -> Membership | None:
    """Somebody's membership here, active or blocked."""
    return Membership.present().where(Membership.user == user_id).first()  # type: ignore[no-any-return]


def is_member(address: Address) -> bool:
    return bool(Membership.present().join(User).where(User.email == address.key).exists())


def add(person: User, role: str, *, accounting: bool = False, pref_billing: bool = False,
        pref_product_events: bool = False) -> Membership:
    """A new member. For verbs that have checked who may; records nothing themselves."""
    membership = Membership.create(
        user=person, role=role, accounting=accounting, pref_billing=pref_billing,
        pref_product_events=pref_product_events, two_factor=person.two_factor, **listed_as(person))
    _count_in(membership, +1)
    return membership  # type: ignore[no-any-return]


def listed_as(person: User) -> dict[str, str]:
    """What the list keeps of a person, to sort and search by."""
    return {"sort_name": fold(f"{person.last_name} {person.first_name}"),
            "search": fold(f"{person.first_name} {person.last_name} {person.email_typed}")}


def change_role(public_id: str, role: str, *, accounting: bool = False) -> Membership:
    """RI-1 to RI-7. Two people demoting each other at one instant: one of them is refused."""
    with transaction():
        one_at_a_time()
        chooser = require(Right.CHANGE_ROLES)
        member = find(public_id)
        before, money = member.role, accounting and role == Role.COLLABORATOR
        if role not in set(Role):
            raise Refused(_l("Choose a role."), "role")
        if role == Role.LEGAL and before != Role.LEGAL and not standing(chooser).may(Right.GIVE_LEGAL):
            raise Refused(_l("Only a legal representative can make somebody a legal representative."), "role")
        if before == Role.LEGAL and role != Role.LEGAL:
            may_take_legal(chooser, member, "role")
        if (role, money) == (before, member.accounting):
            return member
        member.role, member.accounting = role, money
        if before == Role.EXTERNAL:
            member.raised = now()
        if role == Role.EXTERNAL:
            member.pref_billing = False
        member.save()
        _count_role(before, role)
        audit.record("member.role_changed", member.public_id, person=member.user.name, before=before, role=role,
                     accounting=money)
        _tell_role(member, before)
        if {before, role} & {Role.LEGAL, Role.ADMIN}:
            tell_legal("member_role_changed", but=(member.user_id,), person=member.user.name, before=before, role=role)
        return member


def set_preferences(public_id: str, *, accounting: bool, pref_billing: bool, pref_product_events: bool) -> Membership:
    """Somebody else's permission for the accounting, and what they are written about (C8)."""
    with transaction():
        one_at_a_time()
        require(Right.SET_PREFERENCES)
        member = find(public_id)
        before = _preferences(member)
        _prefer(member, pref_billing, pref_product_events)
        member.accounting = accounting and member.role == Role.COLLABORATOR
        _keep_preferences(member, before)
        if member.accounting != before["accounting"]:
            _tell_role(member, member.role)
        return member


def set_own_preferences(*, pref_billing: bool, pref_product_events: bool) -> Membership:
    """What I am written about (C9)."""
    with transaction():
        one_at_a_time()
        member = require(Right.OWN_PREFERENCES)
        before = _preferences(member)
        _prefer(member, pref_billing, pref_product_events)
        _keep_preferences(member, before)
        return member


def remove(public_id: str) -> Membership:
    """Final; back in only by a new invitation (G14-R1). The account and other memberships stay."""
    with transaction():
        one_at_a_time()
        remover = require(Right.REMOVE_MEMBERS)
        member = find(public_id)
        if member.user_id == remover.user_id:
            raise Refused(_l("To go yourself, leave the organisation instead."))
        if member.role == Role.LEGAL:
            may_take_legal(remover, member)
        _go(member, Membership.REMOVED)
        audit.record("member.removed", member.public_id, person=member.user.name)
        audit.record_for(member.user_id, "organisation.removed", organisation=_here().name)
        outbox.post_to(member.user, "removed", organisation=_here().name)
        tell_administration("member_removed", but=(member.user_id, remover.user_id), person=member.user.name)
        return member


def leave() -> Membership:
    """Go oneself (A8). The last legal representative stays (RI-3)."""
    with transaction():
        one_at_a_time()
        member = require(Right.LEAVE)
        if member.role == Role.LEGAL and not others_legal(member):
            raise Conflict(LAST_LEGAL)
        _go(member, Membership.LEFT)
        audit.record("member.left", member.public_id, person=member.user.name)
        audit.record_for(member.user_id, "organisation.left", organisation=_here().name)
        outbox.post_to(member.user, "left", organisation=_here().name)
        tell_administration("member_left", but=(member.user_id,), person=member.user.name)
        return member


def alert(public_id: str) -> Membership:
    """A security alert to a member, at most one in 24 hours to a person here, whenever they joined (G10)."""
    with transaction():
        require(Right.ALERT_MEMBERS)
        member = find(public_id)
        if Membership.select().where(Membership.user == member.user_id, Membership.alerted > now() - DAY).exists():
            raise Conflict(_l("This person has had a security alert within the last 24 hours."))
        member.alerted = now()
        member.save()
        audit.record("member.alerted", member.public_id, person=member.user.name)
        outbox.post_to(member.user, "security_alert", organisation=_here().name, two_factor=member.two_factor)
        return member


def each(public_ids: Sequence[str], verb: Callable[[str], Any]) -> dict[str, Any]:
    """The same with several people, each checked by itself: {id: why not}. Who is refused does not stop the rest.

    A verb checks before it writes, so that a refusal leaves nothing half done in the common transaction.
    """
    refused: dict[str, Any] = {}
    for start in range(0, len(public_ids), AT_ONCE):
        with transaction():
            for public_id in public_ids[start:start + AT_ONCE]:
                try:
                    verb(public_id)
                except (Refused, Conflict) as error:
                    refused[public_id] = error.why
                except Forbidden:
                    refused[public_id] = _l("Your role does not allow this.")
                except NotHere:
                    refused[public_id] = _l("This person is no longer a member.")
    return refused


def out_of(member: Membership, team: Team) -> None:
    """No longer in a team, and no longer its leader. For verbs that have checked who may; records nothing itself."""
    TeamMember.delete().where(TeamMember.team == team.id, TeamMember.membership == member.id).execute()
    Team.update(people=Team.people - 1).where(Team.id == team.id).execute()
    Team.update(leader=None).where(Team.id == team.id, Team.leader == member.id).execute()


def others_legal(member: Membership) -> bool:
    """Is there another legal representative who can act? RI-1 counts nobody else."""
    return bool(Membership.legal_representatives().where(Membership.id != member.id).exists())


def one_at_a_time() -> None:
    """Whoever changes who is what waits for the one before (RI-1). SQLite's transactions do so by nature.

    The account of whoever acts is held first, as in every verb on it: nobody waits crosswise."""
    acting.require_open()
    if not db.on_sqlite():
        db.locked(Organisation.select(Organisation.id).where(Organisation.id == at_work().id)).scalar()


def may_take_legal(chooser: Membership, member: Membership, field: str | None = None) -> None:
    """Only one of them takes another one's place, and never the last (RI-3); Forbidden or Refused otherwise."""
    if not standing(chooser).may(Right.TAKE_LEGAL):
        raise Forbidden(Right.TAKE_LEGAL)
    if not others_legal(member):
        raise Refused(LAST_LEGAL, field)


def count(**changes: int) -> None:
    """Keep the organisation's stored counts: `count(invitations=+1)`."""
    Organisation.update({getattr(Organisation, name): getattr(Organisation, name) + change
                         for name, change in changes.items()}).where(Organisation.id == at_work().id).execute()


def close_requests(whose: Any) -> None:
    """What somebody asked for who has gone, or over a product that has: nobody answers it any more."""
    closed = AccessRequest.update(state=AccessRequest.CLOSED, answered=now()).where(
        whose, AccessRequest.state == AccessRequest.WAITING).execute()
    if closed:
        count(requests=-closed)


def tell_legal(notice: str, but: tuple[int, ...] = (), **facts: Any) -> None:
    """A word to every legal representative who can act."""
    _tell(Membership.legal_representatives(), notice, but, facts)


def tell_administration(notice: str, but: tuple[int, ...] = (), **facts: Any) -> None:
    """A word to legal representatives and administration that want to hear of it."""
    _tell(_responsible().where(Membership.pref_product_events), notice, but, facts)


def tell_responsible(notice: str, but: tuple[int, ...] = (), **facts: Any) -> None:
    """The same, whatever they want to hear of."""
    _tell(_responsible(), notice, but, facts)


def _responsible() -> Any:
    return Membership.present().select_extend(User).join(User).where(
        Membership.role.in_((Role.LEGAL, Role.ADMIN)), Membership.status == Membership.ACTIVE,
        User.suspended.is_null())


def _tell(whom: Any, notice: str, but: tuple[int, ...], facts: dict[str, Any]) -> None:
    organisation = _here().name
    for membership in whom.where(Membership.user.not_in(but or (0,))).limit(50):
        outbox.post_to(membership.user, notice, organisation=organisation, **facts)


def _prefer(member: Membership, pref_billing: bool, pref_product_events: bool) -> None:
    if member.role == Role.LEGAL and not pref_billing and not others_legal(member):
        raise Refused(_l("The only legal representative cannot switch off reminders about billing."), "pref_billing")
    member.pref_billing = pref_billing and member.role != Role.EXTERNAL
    member.pref_product_events = pref_product_events


def _preferences(member: Membership) -> dict[str, bool]:
    return {"accounting": bool(member.accounting), "pref_billing": bool(member.pref_billing),
            "pref_product_events": bool(member.pref_product_events)}


def _keep_preferences(member: Membership, before: dict[str, bool]) -> None:
    """What is as it was leaves no trace."""
    if (now_so := _preferences(member)) != before:
        member.save()
        audit.record("member.preferences_changed", member.public_id, person=member.user.name, **now_so)


def _tell_role(member: Membership, before: str) -> None:
    """RI-7: whoever is something else now is told."""
    outbox.post_to(member.user, "role_changed", organisation=_here().name, before=before, role=member.role,
                   accounting=bool(member.accounts))


def _go(member: Membership, status: str) -> None:
    """Ended, with everything that hangs on it (G14-R4)."""
    member.status, member.ended = status, now()
    member.accounting = False
    member.save()
    identities.leave(member.user_id, _here().public_id)
    close_requests(AccessRequest.membership == member.id)
    _count_in(member, -1)
    for team in list(Team.select().join(TeamMember).where(TeamMember.membership == member.id)):
        out_of(member, team)
    Grant.delete().where(Grant.membership == member.id).execute()


def _count_in(member: Membership, change: int) -> None:
    counts = {"externals" if member.role == Role.EXTERNAL else "members": change}
    if not member.two_factor:
        counts["unprotected"] = change
    count(**counts)


def _count_role(before: str, after: str) -> None:
    if (before == Role.EXTERNAL) != (after == Role.EXTERNAL):
        inward = +1 if before == Role.EXTERNAL else -1
        count(members=inward, externals=-inward)


def _here() -> Organisation:
    return Organisation.get_by_id(at_work().id)  # type: ignore[no-any-return]
