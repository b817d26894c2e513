"""Asking people in (G3)."""
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from peewee import IntegrityError

import audit
import crypto
import db
import limits
import outbox
import rules
from accounts import acting
from clock import DAY, now
from db import transaction
from i18n import _l
from models import Grant, Invitation, Membership, Organisation, Role, Team, User
from organisations import members, seats, teams
from organisations.roles import Right, Standing, require, standing
from rules import Conflict, Forbidden, Gone, Refused
from tenancy import across_organisations, at_work, working_for

LIFE = 30 * DAY


def invite(email: str, role: str, *, first_name: str = "", last_name: str = "", accounting: bool = False,
           pref_billing: bool = False, pref_product_events: bool = False, exact_address: bool = True,
           language: str = "", note: str = "", teams: Sequence[str] = ()) -> Invitation:
    """Ask somebody in. Never tells whether the address has an account (G3).

    Refused by the field for a member, for somebody asked already, and for what cannot be read.
    """
    address = rules.address(email)
    first_name, last_name = rules.name(first_name, "first_name"), rules.name(last_name, "last_name")
    note = rules.note(note)
    with transaction():
        inviter = require(Right.INVITE)
        _may_give(role, standing(inviter))
        if members.is_member(address):
            raise Refused(_l("This person is already a member."), "email")
        organisation = Organisation.get_by_id(at_work().id)
        try:
            with db.database.atomic():
                invitation = Invitation.create(
                    email=address.key, email_typed=address.typed, first_name=first_name, last_name=last_name,
                    role=role, accounting=accounting and role == Role.COLLABORATOR,
                    pref_billing=pref_billing and role != Role.EXTERNAL, pref_product_events=pref_product_events,
                    exact_address=exact_address, language=language or organisation.language, note=note,
                    teams=_chosen(teams),
                    inviter=inviter.user_id, expires=now() + LIFE)
        except IntegrityError:
            raise Refused(_l("This person has already been invited."), "email") from None
        members.count(invitations=+1)
        audit.record("member.invited", invitation.public_id, person=invitation.name, email=address.typed, role=role)
        _send(invitation, organisation)
        return invitation  # type: ignore[no-any-return]


def resend(public_id: str) -> Invitation:
    """Once more, with a new term; the links of before end (G3-R5)."""
    with transaction():
        require(Right.INVITE)
        invitation = find(public_id)
        if invitation.state not in (Invitation.PENDING, Invitation.EXPIRED):
            raise Conflict(_l("This invitation has been answered or withdrawn in the meantime."))
        if invitation.state == Invitation.EXPIRED:
            if pending(invitation.email):
                raise Conflict(_l("This person has already been invited."))
            members.count(invitations=+1)
        invitation.state, invitation.closed = Invitation.PENDING, None
        invitation.generation += 1
        invitation.expires = now() + LIFE
        invitation.save()
        audit.record("invitation.resent", invitation.public_id, person=invitation.name, email=invitation.email_typed)
        _send(invitation, Organisation.get_by_id(at_work().id))
        return invitation


def withdraw(public_id: str) -> Invitation:
    """The link ends. The invitee is told, if the first mail may have been read."""
    with transaction():
        require(Right.INVITE)
        invitation = find(public_id)
        _close(invitation, Invitation.WITHDRAWN)
        audit.record("invitation.withdrawn", invitation.public_id, person=invitation.name,
                     email=invitation.email_typed)
        outbox.post("invitation_withdrawn", invitation.email_typed, language=invitation.language,
                    name=invitation.name, subject=invitation.public_id, organisation=_name_at_work())
        return invitation


def change(public_id: str, role: str, *, accounting: bool = False, pref_billing: bool = False,
           pref_product_events: bool = False, teams: Sequence[str] | None = None) -> Invitation:
    """What the invitee will be, changed before they answer (G3-R6). Without `teams` these stay as they are."""
    with transaction():
        inviter = require(Right.INVITE)
        invitation = find(public_id)
        if not invitation.open:
            raise Conflict(_l("This invitation has been answered or withdrawn in the meantime."))
        _may_give(invitation.role, standing(inviter))
        _may_give(role, standing(inviter))
        invitation.role, invitation.accounting = role, accounting and role == Role.COLLABORATOR
        invitation.pref_billing = pref_billing and role != Role.EXTERNAL
        invitation.pref_product_events = pref_product_events
        invitation.teams = invitation.teams if teams is None else _chosen(teams)
        invitation.save()
        audit.record("invitation.changed", invitation.public_id, person=invitation.name, role=role)
        return invitation


def link(public_id: str) -> Invitation:
    """For «copy link»: the invitation, whose `copied_token` is made on demand (decision 14).

    Whoever has the link may answer it: only those who may give its role get it (RL-02).
    """
    with transaction():
        inviter = require(Right.INVITE)
        invitation = find(public_id)
        if not invitation.open:
            raise Conflict(_l("This invitation has been answered or withdrawn in the meantime."))
        if invitation.role == Role.LEGAL and not standing(inviter).may(Right.GIVE_LEGAL):
            raise Forbidden(Right.GIVE_LEGAL)
        audit.record("invitation.link_copied", invitation.public_id, person=invitation.name)
        return invitation


def find(public_id: str) -> Invitation:
    """One of the organisation at work, held until the transaction ends; NotHere otherwise."""
    invitation = db.locked(Invitation.select().where(Invitation.public_id == public_id)).first()
    if invitation is None:
        raise rules.NotHere
    return invitation  # type: ignore[no-any-return]


def pending(key: str) -> Invitation | None:
    return Invitation.get_or_none(  # type: ignore[no-any-return]
        Invitation.email == key, Invitation.state == Invitation.PENDING)


# --- the invitee's side ------------------------------------------------------------------------


def opened(token: str) -> Invitation:
    """The invitation of a link, wherever it belongs, or Gone. Reading a link changes nothing (SU-11).

    Its `mailed` says whether the link came by mail, and so proves the mailbox.
    """
    public_id, _dot, signature = token.partition(".")
    with across_organisations("an invitation found by its token"):
        invitation = (Invitation.select(Invitation, Organisation, User)
                      .join(Organisation).switch(Invitation).join(User, on=Invitation.inviter)
                      .where(Invitation.public_id == public_id).first())
    if invitation is None:
        raise Gone
    invitation.mailed = crypto.signed(signature, "invitation", invitation.public_id, invitation.generation)
    if not invitation.mailed and not crypto.signed(signature, "invitation copied", invitation.public_id,
                                                   invitation.generation):
        raise Gone
    return invitation  # type: ignore[no-any-return]


def mail_again(token: str) -> Invitation:
    """Somebody holds a link that was copied and has no account: the mailbox is proved by the link mailed to it."""
    found = opened(token)
    if not found.open:
        raise Gone
    limits.spend(limits.SIGN_UP_ADDRESS, found.email)
    with transaction(), working_for(found.organisation):
        _post(find(found.public_id), found.organisation, "invitation")
    return found


def waiting_for(user_id: int) -> list[Invitation]:
    """The open invitations to a person's confirmed address."""
    invited = User.alias()
    mine = invited.select(invited.email).where(invited.id == user_id)
    with across_organisations("a person's own invitations"):
        return list(Invitation.select(Invitation, Organisation, User).join(Organisation).switch(Invitation)
                    .join(User, on=Invitation.inviter)
                    .where(Invitation.email.in_(mine), Invitation.state == Invitation.PENDING,
                           Invitation.expires > now()).order_by(Invitation.id).limit(20))


def mine(person: User, public_id: str) -> Invitation:
    """One of those, or NotHere."""
    found = next((invitation for invitation in waiting_for(person.id) if invitation.public_id == public_id), None)
    if found is None:
        raise rules.NotHere
    return found


def seen(invitation: Invitation) -> None:
    """Somebody looked at it in a browser: a small mark for the list, no more."""
    if invitation.seen is None and invitation.open:
        with transaction(), working_for(invitation.organisation):
            Invitation.update(seen=now()).where(Invitation.id == invitation.id, Invitation.seen.is_null()).execute()


def accept(token: str) -> Membership:
    """The person acting joins. Gone when answered, withdrawn, expired or replaced meanwhile (IN-05, IN-07).

    Forbidden when the invitation is for another address (IN-01).
    """
    found = opened(token)
    with transaction(), working_for(found.organisation):
        person, invitation = acting.me(), find(found.public_id)
        if invitation.generation != found.generation:
            raise Gone
        if invitation.exact_address and person.email != invitation.email:
            raise Forbidden("another address")
        if members.present(person.id):
            raise Conflict(_l("You are already a member of this organisation."))
        role = _role_still_given(invitation)
        _close(invitation, Invitation.ACCEPTED)
        membership = members.add(person, role, accounting=invitation.accounting and role == Role.COLLABORATOR,
                                 pref_billing=invitation.pref_billing,
                                 pref_product_events=invitation.pref_product_events)
        Invitation.update(membership=membership).where(Invitation.id == invitation.id).execute()
        left_out = _bring(invitation, membership)
        audit.record("member.joined", membership.public_id, person=person.name, role=role,
                     inviter=found.inviter.name)
        audit.record_for(person.id, "organisation.joined", organisation=found.organisation.name)
        _tell_inviter(found, "invitation_accepted", person=person.name, left_out=left_out)
        members.tell_administration("member_joined", but=(found.inviter_id, person.id), person=person.name, role=role)
        return membership


def decline(token: str) -> Invitation:
    """No, thank you. Needs no account."""
    found = opened(token)
    with transaction(), working_for(found.organisation):
        invitation = find(found.public_id)
        if invitation.generation != found.generation:
            raise Gone
        _close(invitation, Invitation.DECLINED)
        audit.record("invitation.declined", invitation.public_id, person=invitation.name)
        _tell_inviter(found, "invitation_declined", person=invitation.name)
    return found


# --- by the clock ------------------------------------------------------------------------------


def expire_due() -> int:
    """What nobody answered in time ends; the inviter is told. Returns how many."""
    with across_organisations("the sweep over invitations past their term"):
        due = list(Invitation.select(Invitation, Organisation, User).join(Organisation).switch(Invitation)
                   .join(User, on=Invitation.inviter)
                   .where(Invitation.state == Invitation.PENDING, Invitation.expires <= now()).limit(200))
    for found in due:
        with transaction(), working_for(found.organisation):
            invitation = find(found.public_id)
            if invitation.state == Invitation.PENDING and invitation.expires <= now():
                _end(invitation, Invitation.EXPIRED)
                audit.record("invitation.expired", invitation.public_id, person=invitation.name)
                _tell_inviter(found, "invitation_expired", person=invitation.name)
    return len(due)


def remind_due() -> int:
    """A word 7 days after sending and 3 days before the end. Returns how many."""
    sent = 0
    for after, mark in ((timedelta(days=7), 1), (LIFE - timedelta(days=3), 2)):
        with across_organisations("the sweep over invitations to be remembered"):
            due = list(Invitation.select(Invitation, Organisation).join(Organisation).where(
                Invitation.state == Invitation.PENDING, Invitation.last_sent <= now() - after,
                Invitation.expires > now(), Invitation.reminders < mark).limit(200))
        for found in due:
            with transaction(), working_for(found.organisation):
                invitation = find(found.public_id)
                if invitation.open and invitation.reminders < mark:
                    Invitation.update(reminders=mark).where(Invitation.id == invitation.id).execute()
                    _post(invitation, found.organisation, "invitation_reminder")
                    sent += 1
    return sent


# --- what the verbs share ----------------------------------------------------------------------


def _may_give(role: str, giver: Standing) -> None:
    if role not in set(Role):
        raise Refused(_l("Choose a role."), "role")
    if role == Role.LEGAL and not giver.may(Right.GIVE_LEGAL):
        raise Refused(_l("Only a legal representative can make somebody a legal representative."), "role")


def _role_still_given(invitation: Invitation) -> str:
    """RI-2: a legal representative made by somebody who no longer is one becomes an administrator."""
    if invitation.role != Role.LEGAL:
        return str(invitation.role)
    inviter = members.present(invitation.inviter_id)
    if inviter and inviter.status == Membership.ACTIVE and standing(inviter).may(Right.GIVE_LEGAL):
        return Role.LEGAL
    audit.record("invitation.role_lowered", invitation.public_id, person=invitation.name, role=Role.ADMIN)
    members.tell_legal("invitation_role_lowered", person=invitation.name)
    return Role.ADMIN


def _chosen(chosen: Sequence[str]) -> list[str]:
    """Teams of this organisation, chosen by somebody who may put people into them."""
    if chosen:
        require(Right.MANAGE_TEAMS)
    there = [team.public_id for team in Team.select().where(Team.public_id.in_(list(chosen))).order_by(Team.key)]
    if len(there) != len(set(chosen)):
        raise Conflict(_l("A team has gone in the meantime. Look at what is there now."))
    return there


def _bring(invitation: Invitation, member: Membership) -> list[str]:
    """What was prepared becomes theirs, as far as there are seats (G3-R7). The names of what has none left."""
    Grant.update(invitation=None, membership=member.id).where(Grant.invitation == invitation.id).execute()
    own = Grant.membership == member.id
    full = []
    for product in seats.used_through(own):
        try:
            seats.enough([product])
        except Refused:
            using = (Grant.product == product.id) & (Grant.right == Grant.USE)
            Grant.delete().where(own, using | (Grant.right == Grant.EVERYTHING)).execute()
            full.append(product.label)
    return full + teams.take_in(member, invitation.teams)


def _close(invitation: Invitation, state: str) -> None:
    if invitation.state != Invitation.PENDING or (state == Invitation.ACCEPTED and not invitation.open):
        raise Gone
    _end(invitation, state)


def _end(invitation: Invitation, state: str) -> None:
    done = (Invitation.update(state=state, closed=now())
            .where(Invitation.id == invitation.id, Invitation.state == Invitation.PENDING).execute())
    if not done:
        raise Gone
    members.count(invitations=-1)


def _send(invitation: Invitation, organisation: Organisation) -> None:
    Invitation.update(sent_count=Invitation.sent_count + 1, last_sent=now(), reminders=0,
                      seen=None).where(Invitation.id == invitation.id).execute()
    _post(invitation, organisation, "invitation")


def _post(invitation: Invitation, organisation: Organisation, notice: str) -> None:
    """The facts name the invitation, not its token: that is rebuilt when the letter is written."""
    known = User.get_or_none(User.email == invitation.email)
    language = known.language if known else invitation.language
    outbox.post(notice, invitation.email_typed, language=language, name=invitation.name,
                country=known.country if known else organisation.country,
                time_zone=known.time_zone if known else organisation.time_zone,
                subject=invitation.public_id, organisation=organisation.name,
                inviter=invitation.inviter.name,
                role=invitation.role, note=invitation.note, until=int(invitation.expires.timestamp()),
                token=["invitation", invitation.public_id, invitation.generation])


def _tell_inviter(invitation: Invitation, notice: str, **facts: Any) -> None:
    inviter = members.present(invitation.inviter_id)
    if inviter and inviter.status == Membership.ACTIVE and not invitation.inviter.suspended:
        outbox.post_to(invitation.inviter, notice, organisation=invitation.organisation.name, **facts)


def _name_at_work() -> str:
    return str(Organisation.get_by_id(at_work().id).name)
