"""What whoever runs the installation may do with an account: find it, call its owner back, suspend it, let it in again.

Never more: no secret is read, no second factor dropped, nobody acted for. What is done is told to the person,
and stands in three kinds of books: the person's, the installation's, and those of the person's organisations.
"""
from typing import Any

from peewee import fn

import audit
import current
import db
import outbox
import rules
from accounts import acting, addresses, app_passwords, lost_factor, sessions
from clock import now
from db import transaction
from i18n import _l
from models import Begun, Credential, Membership, Organisation, Role, User
from rules import Conflict, Forbidden, NotHere, Refused
from tenancy import across_organisations, working_for

MOST = 25                                       # accounts that a search shows


def find(text: str) -> list[User]:
    """The first whose address or name has this in it; nobody for nothing."""
    text = text.strip()[:100]
    if not text or "\x00" in text:
        return []
    fits = User.email.contains(text) | User.first_name.contains(text) | User.last_name.contains(text)
    return list(User.select().where(fits).order_by(User.email).limit(MOST))


def one(public_id: str) -> User:
    person = User.get_or_none(User.public_id == public_id)
    if person is None:
        raise NotHere
    return person  # type: ignore[no-any-return]


def memberships(person: User) -> list[Membership]:
    """Where somebody belongs, and as what; `alone`: nobody else could act for it as legal representative (RI-3)."""
    other, account = Membership.alias(), User.alias()
    others = other.select(other.id).join(account).where(
        other.organisation == Membership.organisation, other.user != person.id, other.role == Role.LEGAL,
        other.status == Membership.ACTIVE, account.suspended.is_null())
    alone = (Membership.role == Role.LEGAL) & (Membership.status == Membership.ACTIVE) & ~fn.EXISTS(others)
    with across_organisations("an operator looking at where an account belongs"):
        return list(Membership.select(Membership, Organisation, alone.alias("alone")).join(Organisation)
                    .where(Membership.user == person.id, Membership.ended.is_null()).order_by(Organisation.name))


def factors(person: User) -> list[str]:
    """The kinds of second factors that are active: which there are, never what they hold."""
    kinds = Credential.select(Credential.kind).where(Credential.user == person.id, Credential.state == "active")
    return sorted({kind for (kind,) in kinds.tuples()})


def show_recovery(public_id: str) -> User:
    """Recovery address and phone in full, to call somebody back who has lost everything else. It is written down who
    looked; NotHere when there is nothing to see."""
    with transaction():
        require_operator()
        person = _locked(public_id)
        if not (person.recovery_email or person.recovery_phone):
            raise NotHere
        _tell_everywhere(person, "recovery_shown")
        return person


def change_address(person: User, email: str) -> None:
    """For somebody who reads none of their mailboxes any more: whoever runs the installation has identified them, and
    says so at the machine (`flask operator`). See `addresses.ask_for`."""
    with transaction():
        new = addresses.ask_for(person, email)
        _tell_everywhere(person, "address_asked", new=new.typed)


def suspend(public_id: str, reason: str) -> User:
    """Nothing of this account opens anything, from the next request on, until it is let in again."""
    reason = rules.line(reason, "reason", longest=300)
    if not reason:
        raise Refused(_l("Say why: the person reads it."), "reason")
    with transaction():
        operator, person = require_operator(), _locked(public_id)
        if person.id == operator.id:
            raise Refused(_l("You cannot suspend your own account."))
        if person.suspended:
            raise Conflict(_l("This account is suspended already."))
        User.update(suspended=now()).where(User.id == person.id).execute()
        _take_back(person)
        _tell_everywhere(person, "suspended", reason=reason)
        outbox.post_to(person, "account_suspended", reason=reason)
        return person


def reinstate(public_id: str) -> User:
    """It may sign in again. What was signed in before stays ended."""
    with transaction():
        require_operator()
        person = _locked(public_id)
        if not person.suspended:
            raise Conflict(_l("This account is not suspended."))
        User.update(suspended=None).where(User.id == person.id).execute()
        _tell_everywhere(person, "reinstated")
        outbox.post_to(person, "account_reinstated")
        return person


def require_operator() -> User:
    """The acting person, if they run the installation."""
    acting.require_open()
    me = User.get_or_none(User.id == current.actor().user_id, User.operator, User.suspended.is_null())
    if me is None:
        raise Forbidden("operator")
    return me  # type: ignore[no-any-return]


def _locked(public_id: str) -> User:
    person = db.held(User.select().where(User.public_id == public_id)).first()
    if person is None:
        raise NotHere
    return person  # type: ignore[no-any-return]


def _take_back(person: User) -> None:
    """Whatever opens the account, or would open it: letting it in again revives nothing of it (RL-11)."""
    sessions.end_everything(person, "suspended")
    lost_factor.close(person)
    app_passwords.end_all(person)
    Begun.delete().where(Begun.user == person.id).execute()


def _tell_everywhere(person: User, what: str, **facts: Any) -> None:
    """A line in each of the books, in the order of `keepers.tell`: who writes several waits for nobody crosswise."""
    for membership in sorted(memberships(person), key=lambda each: each.organisation_id):
        with working_for(membership.organisation):
            audit.record(f"member.account_{what}", membership.public_id, person=person.name)
    audit.record_for(person.id, f"account.{what}", **facts)
    audit.record_here(f"account.{what}", person.public_id, person=person.name, **facts)
