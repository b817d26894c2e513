"""What whoever runs the installation may do with an account: find it, call its owner back, suspend it, let it in
again, unlock it.

Never more: no secret is read, no second factor dropped, nobody acted for. What is done is told to the person,
and stands in three kinds of books: the person's, the installation's, and those of the person's organisations.
"""
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from peewee import JOIN, fn

import audit
import current
import db
import limits
import outbox
import rules
import spans
from accounts import acting, addresses, app_passwords, locking, lost_factor, sessions
from clock import now
from db import transaction
from i18n import _l
from models import Begun, Credential, Membership, Message, Organisation, Role, User
from rules import Conflict, Forbidden, NotHere, Refused
from tenancy import across_organisations, working_for

OPERATORS = "operators"                         # whoever takes one away waits for whoever else does

# What one can ask for, its name, and of which accounts it is so.
STATES = {"locked": (_l("Locked"), User.locked.is_null(False)),
          "suspended": (_l("Suspended"), User.suspended.is_null(False)),
          "operator": (_l("Operators"), User.operator),
          "unprotected": (_l("Without two-factor authentication"), ~User.two_factor)}


@dataclass(frozen=True)
class Filter:
    """Which accounts are looked for. Nothing given asks nothing."""

    q: str = ""                                 # part of the address or of a name
    state: str = ""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> "Filter":
        """From a query string; what is unknown asks nothing."""
        state = given.get("state", "")
        return cls(spans.words(given.get("q", "")), state if state in STATES else "")


def accounts(asked: Filter) -> Any:
    """Those that are asked for."""
    found = User.select()
    if asked.q:
        found = found.where(User.email.contains(asked.q) | User.first_name.contains(asked.q)
                            | User.last_name.contains(asked.q))
    return found.where(STATES[asked.state][1]) if asked.state else found


def counts() -> dict[str, int]:
    """The installation in figures, in one question."""
    def so_many(table: Any, which: Any) -> Any:
        return table.select(fn.COUNT(table.id)).where(which)

    each = User.alias()
    return dict(User.select(  # type: ignore[no-any-return]
        fn.COUNT(User.id).alias("accounts"), fn.COUNT(User.locked).alias("locked"),
        fn.COUNT(User.suspended).alias("suspended"), so_many(each, ~each.two_factor).alias("unprotected"),
        so_many(each, each.operator).alias("operators"),
        Organisation.select(fn.COUNT(Organisation.id)).alias("organisations"),
        so_many(Message, Message.state == Message.WAITING).alias("waiting"),
        so_many(Message, Message.state == Message.FAILED).alias("given_up")).dicts().get())


def one(public_id: str) -> User:
    """With `kinds`, of the second factors that are active: which there are, never what they hold."""
    active = (Credential.user == User.id) & (Credential.state == Credential.ACTIVE)
    rows = list(User.select(User, Credential.kind.alias("kind")).join(Credential, JOIN.LEFT_OUTER, on=active)
                .where(User.public_id == public_id).objects())
    if not rows:
        raise NotHere
    rows[0].kinds = sorted({row.kind for row in rows if row.kind})
    return rows[0]  # type: ignore[no-any-return]


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
        db.exclusively(OPERATORS)
        operator, person = require_operator(), _locked(public_id)
        if person.id == operator.id:
            raise Refused(_l("You cannot suspend your own account."))
        if person.suspended:
            raise Conflict(_l("This account is suspended already."))
        User.update(suspended=now()).where(User.id == person.id).execute()
        _take_back(person)
        _tell_everywhere(person, "suspended", reason=reason)
        outbox.post_everywhere(person, "account_suspended", reason=reason)
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
        outbox.post_everywhere(person, "account_reinstated")
        return person


def unlock(public_id: str) -> User:
    """It opens with its password again, in any browser: for somebody whom an operator has made sure of.

    Not within the times that organisations have for it: whoever used those up keeps nobody out for good.
    """
    with transaction():
        require_operator()
        if one(public_id).locked is None:
            raise Conflict(_l("This account is not locked."))
    limits.spend(limits.UNLOCK_OPERATOR, public_id)
    with transaction():
        require_operator()
        person = _locked(public_id)
        _tell_organisations(person, "unlocked")
        if not locking.open_again(person):
            raise Conflict(_l("This account is not locked."))
        audit.record_here("account.unlocked", person.public_id, person=person.name)
        return person


def remove_operator(public_id: str) -> User:
    """The account is one like any other from the next request on. Somebody who gets into the console always stays."""
    with transaction():
        db.exclusively(OPERATORS)
        require_operator()
        person = _locked(public_id)
        if not person.operator:
            raise NotHere
        others = User.select().where(User.operator, User.two_factor, User.suspended.is_null(), User.id != person.id)
        if not others.exists():
            raise Refused(_l("Nobody else could open the console. Add another operator first."))
        User.update(operator=False).where(User.id == person.id).execute()
        audit.record_for(person.id, "account.operator_removed")
        audit.record_here("operator.removed", person.public_id, person=person.name)
        outbox.post_everywhere(person, "operator_removed")
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
    _tell_organisations(person, what)
    with _from_nowhere():
        audit.record_for(person.id, f"account.{what}", **facts)
    audit.record_here(f"account.{what}", person.public_id, person=person.name, **facts)


def _tell_organisations(person: User, what: str) -> None:
    for membership in sorted(memberships(person), key=lambda each: each.organisation_id):
        with working_for(membership.organisation), _from_nowhere():
            audit.record(f"member.account_{what}", membership.public_id, person=person.name)


def _from_nowhere() -> Any:
    """Whoever was looked at reads that it was done, not in which network and browser an operator sits."""
    return current.acting_as(replace(current.actor(), address="", agent=""))
