"""What an organisation demands of its people's sign-in: announced, switched on and off, and told (G10)."""
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from peewee import SQL, Case, fn

import audit
import outbox
from clock import now
from db import locked, transaction
from i18n import _l
from models import AppPassword, Gate, Identity, Membership, Organisation, User
from organisations import members, policy
from organisations.policy import Demands, Proved
from organisations.roles import Right, require
from rules import Conflict, Refused
from tenancy import at_work, working_for

HOURS = (1, 4, 8, 12, 24)                       # how long sessions may be let live here
FURTHEST = timedelta(days=366)                  # an announcement for later than that is a slip of the finger
AT_ONCE, EACH_TIME = 100, 2_000                 # people written to in one transaction, and in one sweep
ANNOUNCED, FORCED, WITHDRAWN, LIFTED = (         # what members are told
    "two_factor_announced", "two_factor_forced", "two_factor_withdrawn", "two_factor_lifted")
NOTICES = {Organisation.ANNOUNCED: ANNOUNCED, Organisation.ON: FORCED}


# --- two-factor authentication -----------------------------------------------------------------


def announce(day: date) -> Organisation:
    """From the beginning of that day on, as the organisation's clock says it. Announced once more: another day."""
    with transaction():
        organisation = held(Right.FORCE_TWO_FACTOR)
        if policy.by_now(organisation.two_factor, organisation.two_factor_from) == Organisation.ON:
            raise Conflict(_l("Two-factor authentication is already required for everybody."))
        begins = datetime.combine(day, time(), ZoneInfo(organisation.time_zone))
        if not now() < begins < now() + FURTHEST:
            raise Refused(_l("Choose a day from tomorrow on, within a year."), "day")
        policy.act_in_two_steps(Demands.of(organisation))     # whoever shuts the door is inside (G10-R6)
        if organisation.two_factor_from == begins:
            return organisation
        return _become(organisation, Organisation.ANNOUNCED, begins, organisation.time_zone)


def force() -> Organisation:
    """From now on. Whoever lacks it meets the wall at the next request."""
    with transaction():
        organisation = held(Right.FORCE_TWO_FACTOR)
        if organisation.two_factor == Organisation.ON:
            return organisation
        policy.act_in_two_steps(Demands.of(organisation))     # whoever shuts the door is inside (G10-R6)
        return _become(organisation, Organisation.ON)


def lift() -> Organisation:
    """No longer demanded, or not to be: open again at once."""
    with transaction():
        organisation = held(Right.FORCE_TWO_FACTOR)
        if organisation.two_factor == Organisation.OFF:
            return organisation
        return _become(organisation, Organisation.OFF)


def _become(organisation: Organisation, state: str, begins: datetime | None = None, zone: str = "") -> Organisation:
    """The new state, in the books and told: legal representatives now, members by the sweep."""
    facts = {"lacking": organisation.unprotected, **_from(begins, zone)}
    Organisation.update(
        two_factor=state, two_factor_from=begins, two_factor_zone=zone, two_factor_told=0,
        two_factor_notice=_notice(organisation, state),
    ).where(Organisation.id == organisation.id).execute()
    audit.record(f"organisation.two_factor_{state}", organisation.public_id, **facts)
    members.tell_legal("two_factor_policy", state=state, **facts)
    return Organisation.get_by_id(organisation.id)  # type: ignore[no-any-return]


def _notice(organisation: Organisation, state: str) -> str:
    """What members are to be told of the new state: those who lack a factor, or those who were told of the old one."""
    if state == Organisation.OFF:
        was = policy.by_now(organisation.two_factor, organisation.two_factor_from)
        return LIFTED if was == Organisation.ON else WITHDRAWN
    return NOTICES[state] if organisation.unprotected else ""


def _from(begins: datetime | None, zone: str) -> dict[str, Any]:
    """The deadline, as messages and books carry instants: with the zone in which it is told to all."""
    return {"at": int(begins.timestamp()), "zone": zone} if begins else {}


# --- sessions ----------------------------------------------------------------------------------


def limit_sessions(hours: int | None, *, trusts_browsers: bool) -> Organisation:
    """How long a sign-in is good enough here, and whether a remembered browser is. Never longer than elsewhere."""
    with transaction():
        organisation = held(Right.FORCE_TWO_FACTOR)
        if hours is not None and hours not in HOURS:
            raise Refused(_l("Choose one of the offered values."), "hours")
        if (hours, trusts_browsers) == (organisation.session_hours, organisation.trusts_browsers):
            return organisation
        Organisation.update(session_hours=hours, trusts_browsers=trusts_browsers).where(
            Organisation.id == organisation.id).execute()
        audit.record("organisation.sessions_limited", organisation.public_id, hours=hours or 0,
                     trusts_browsers=trusts_browsers)
        return Organisation.get_by_id(organisation.id)  # type: ignore[no-any-return]


def held(right: Right) -> Organisation:
    """The organisation at work as it is now, held until the transaction ends, for somebody with that right."""
    require(right)
    return locked(Organisation.select().where(Organisation.id == at_work().id)).get()  # type: ignore[no-any-return]


# --- before it is switched on ------------------------------------------------------------------


@dataclass
class Rehearsal:
    """What would be today: how many of each role are stopped; how many come in by a provider whose second step counts,
    and by nothing else; and whose programs stop."""

    stopped: dict[str, int] = field(default_factory=dict)
    by_provider: int = 0
    programs: int = 0

    @property
    def number(self) -> int:
        return sum(self.stopped.values())


def rehearse(today: Demands) -> Rehearsal:
    """Who would meet the wall if it stood now, coming in again with all they have. Whoever is suspended comes nowhere.

    People who are alike in what counts are asked for once, however many there are.
    """
    found, wall = Rehearsal(), replace(today, two_factor=True)
    provider = min(today.trusted_upstreams, default="")
    for role, two_factor, by_provider, number, programs in _alike(today):
        coming = ("upstream", provider, "mfa") if by_provider else ("password", "totp") if two_factor else ("password",)
        if policy.missing_steps(User(two_factor=bool(two_factor)), wall, Proved(coming)):
            found.stopped[role] = found.stopped.get(role, 0) + number
        elif by_provider:
            found.by_provider += number
        found.programs += int(programs)
    return found


def stopped(today: Demands) -> Any:
    """Who they are, as a condition on the members with their accounts."""
    return _coming() & ~Membership.two_factor & ~_only_by(today.trusted_upstreams)


def some_without(today: Demands, most: int) -> list[Membership]:
    """The first people without a second factor, by name: those who would be stopped, then those who come in
    `by_provider`, with their accounts."""
    query = (Membership.present().select_extend(User, _only_by(today.trusted_upstreams).alias("by_provider")).join(User)
             .where(_coming(), ~Membership.two_factor)
             .order_by(SQL("by_provider"), Membership.sort_name, Membership.id).limit(most))
    return list(query)


def _alike(today: Demands) -> Any:
    has_program = fn.EXISTS(AppPassword.select(SQL("1")).where(AppPassword.user == User.id,
                                                               AppPassword.revoked.is_null()))
    takes_programs = fn.EXISTS(Gate.select(SQL("1")).where(Gate.app_passwords))
    return (Membership.present()
            .select(Membership.role, Membership.two_factor, _only_by(today.trusted_upstreams).alias("by_provider"),
                    fn.COUNT(Membership.id), fn.SUM(Case(None, [(has_program & takes_programs, 1)], 0)))
            .join(User).where(_coming())
            .group_by(Membership.role, Membership.two_factor, SQL("by_provider")).tuples())


def _coming() -> Any:
    """Who can come in at all."""
    return (Membership.status == Membership.ACTIVE) & User.suspended.is_null()


def _only_by(providers: Iterable[str]) -> Any:
    """No second factor, no password, no other directory or provider: one comes in by one of these or not at all.

    What another organisation has brought along opens nothing here (FD-14).
    """
    known = sorted(providers)
    mine = Identity.select(SQL("1")).where(Identity.user == User.id)
    others = mine.where(Identity.provider.not_in(known), ~Identity.provider.contains("@"))
    return (~User.two_factor & User.password.is_null() & fn.EXISTS(mine.where(Identity.provider.in_(known)))
            & ~fn.EXISTS(others))


# --- by the clock ------------------------------------------------------------------------------


def force_due() -> int:
    """What was announced for now holds already, at every door; here it is written down and told. How many."""
    found = list(Organisation.select().where(policy.due()))
    for organisation in found:
        with transaction(), working_for(organisation):
            fresh = locked(Organisation.select().where(Organisation.id == organisation.id, policy.due())).first()
            if fresh:
                _become(fresh, Organisation.ON)
    return len(found)


def tell_lacking(stop: Callable[[], bool] = lambda: False) -> int:
    """Write to those who lack a second factor, or were told so for nothing, a few at a time, so that nobody waits for a
    hundred thousand letters.

    How many; who has been told is noted with the letters, so that a worker that dies goes on where it was.
    """
    told = 0
    for organisation in list(Organisation.select().where(Organisation.two_factor_notice != "")):
        with working_for(organisation):
            while told < EACH_TIME and not stop() and (number := _tell_some()):
                told += number
    return told


def _tell_some() -> int:
    with transaction():
        organisation = locked(Organisation.select().where(Organisation.id == at_work().id)).get()
        if not (notice := organisation.two_factor_notice):
            return 0
        over = notice in (WITHDRAWN, LIFTED)
        programs = not over and Gate.select().where(Gate.app_passwords).exists()
        some = list(Membership.present().select_extend(User).join(User)
                    .where(Membership.status == Membership.ACTIVE, Membership.id > organisation.two_factor_told,
                           Membership.warned if over else ~Membership.two_factor, User.suspended.is_null())
                    .order_by(Membership.id).limit(AT_ONCE))
        for member in some:
            outbox.post_to(member.user, notice, organisation=organisation.name, programs=programs,
                           **_from(organisation.two_factor_from, organisation.two_factor_zone))
        Membership.update(warned=not over).where(Membership.id.in_([member.id for member in some])).execute()
        Organisation.update(
            two_factor_told=some[-1].id if some else 0,
            two_factor_notice=organisation.two_factor_notice if len(some) == AT_ONCE else "",
        ).where(Organisation.id == organisation.id).execute()
        return len(some)
