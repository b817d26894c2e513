"""Browsers a person has used before. A cookie tells them again; strangers cannot lock them out (LG-18)."""
from typing import Any

from peewee import Select, fn

import audit
import crypto
import current
from accounts import acting, sessions
from accounts.sessions import network
from clock import DAY, now
from db import transaction
from models import Device, PersonalEvent, Session, User
from questions import question, slot
from rules import NotHere

LIFE = 400 * DAY                                # of the cookie: the most that browsers grant
LENT = -1                                       # no epoch: a browser that is known by no proof of one's own (FD-14)
SHOWN = 50                                      # of those an account knows
TRUST = 30 * DAY                                # so long a remembered browser spares the second step


def known(user: User, token: str) -> Device | None:
    """This browser, if this person signed in on it since the account's last epoch."""
    if not token:
        return None
    return Device.get_or_none(  # type: ignore[no-any-return]
        Device.token_hash == crypto.digest(token), Device.user == user.id, Device.epoch == user.epoch)


def spares(user: User) -> bool:
    """May a browser spare this person the second step? Whoever runs the installation is asked every time."""
    return bool(user.trusts_browsers and not user.operator)


def trusted(user: User, token: str) -> bool:
    """Is this a browser in which this person wanted not to be asked for the second step, and may it be (TF-14)?"""
    device = known(user, token)
    return bool(spares(user) and device and device.trusted_until and device.trusted_until > now())


def trust(user: User, device: Device) -> None:
    """The second step is not asked for in this browser for a while. In the transaction of a sign-in."""
    if spares(user):
        Device.update(trusted_until=now() + TRUST).where(Device.id == device.id).execute()
        audit.record_for(user.id, "browser.remembered")


def all_of(user_id: int) -> list[Device]:
    """The browsers the account knows, the latest first; those that only an organisation's provider let in are none."""
    return list(Device.select().join(User).where(Device.user == user_id, Device.epoch == User.epoch)
                .order_by(Device.last_seen.desc(), Device.id.desc()).limit(SHOWN))


def remembered(user_id: int) -> list[Device]:
    """The browsers in which the second step is not asked for, the latest first."""
    return list(Device.select().join(User).where(
        Device.user == user_id, Device.epoch == User.epoch, Device.trusted_until > now(),
    ).order_by(Device.last_seen.desc(), Device.id))


def forget(user: User, signed_id: str) -> None:
    """The second step is asked for again in one browser. NotHere for anybody else's."""
    with transaction():
        acting.hold_own(user)
        device = next((each for each in remembered(user.id) if each.signed_id == signed_id), None)
        if device is None or not sessions.forget_browsers(user, Device.id == device.id):
            raise NotHere
        audit.record_for(user.id, "browser.forgotten", count=1)


def forget_all(user: User) -> int:
    """The second step is asked for again in every browser. How many there were."""
    with transaction():
        acting.hold_own(user)
        count = sessions.forget_browsers(user)
        audit.record_for(user.id, "browser.forgotten", count=count)
        return count


def drop(user: User, signed_id: str) -> None:
    """A browser is known no more: what is signed in in it ends, and a sign-in from it is told of as from a new one.

    NotHere for anybody else's, and for the one that is acting.
    """
    with transaction():
        acting.hold_own(user)
        mine = Device.select().where(Device.user == user.id, Device.epoch == user.epoch)
        device = next((each for each in mine if each.signed_id == signed_id), None)
        if device is None or not sessions.end_in(user, device):
            raise NotHere
        Device.update(epoch=LENT, trusted_until=None).where(Device.id == device.id).execute()
        audit.record_for(user.id, "browser.dropped", browser=device.label)


def allow_trust(user: User, allowed: bool) -> None:
    """May browsers be remembered at all (G7-R7)? What was remembered is forgotten when they may not."""
    with transaction():
        acting.hold_own(user)
        User.update(trusts_browsers=allowed).where(User.id == user.id).execute()
        user.trusts_browsers = allowed
        if not allowed:
            sessions.forget_browsers(user)
        audit.record_for(user.id, "browser.trust_on" if allowed else "browser.trust_off")


def strange(user: User, token: str, *, lent: bool = False) -> bool:
    """Is this browser, or this network, one the person never signed in from? Not at the very first sign-in.

    `lent`: by an organisation's own provider. What was seen at such sign-ins alone is strange to any other.
    """
    ((earlier, browser, place),) = _seen()(user=user.id, token=crypto.digest(token), least=LENT if lent else 0,
                                           network=network(current.actor().address))
    return bool(earlier and not (token and browser and place))


@question
def _seen() -> Any:
    """Did this person sign in before; in this browser; from this network?"""
    mine = slot("user")
    return Select(columns=[fn.EXISTS(each) for each in (
        PersonalEvent.select(PersonalEvent.id).where(PersonalEvent.user == mine, PersonalEvent.kind == "sign_in.done"),
        Device.select(Device.id).where(Device.user == mine, Device.token_hash == slot("token"),
                                       Device.epoch >= slot("least")),
        Session.select(Session.id).where(Session.user == mine, Session.network == slot("network")))])


def forget_old() -> None:
    """Browsers whose own cookie has run out."""
    with transaction():
        Device.delete().where(Device.last_seen < now() - LIFE).execute()


def remember(user: User, token: str, *, lent: bool = False) -> tuple[Device, str]:
    """This browser is the person's from now on, under the token it has, or a new one if the person is new to it.

    A token that came from elsewhere, because somebody put it there, thus never becomes one this account knows
    (LG-18). Whoever else uses the browser is known by the new one. Inside the transaction of a sign-in.

    After one by an organisation's own provider it stays what it was: one that is new is told again the next time, and
    has no other standing, as whoever runs that provider may have been in it.
    """
    who = current.actor()
    seen = {"label": who.agent, "network": network(who.address), "epoch": LENT if lent else user.epoch,
            "last_seen": now()}
    old, mine = crypto.digest(token), None
    if token:
        mine = Device.get_or_none(Device.token_hash == old, Device.user == user.id)
    if mine and (lent or mine.epoch == user.epoch):
        Device.update(**seen | {"epoch": mine.epoch}).where(Device.id == mine.id).execute()
        return mine, token
    fresh = crypto.token()
    if token:
        Device.update(token_hash=crypto.digest(fresh)).where(Device.token_hash == old).execute()
    if mine:                                    # known before everything of this person ended
        Device.update(**seen).where(Device.id == mine.id).execute()
        return mine, fresh
    return Device.create(token_hash=crypto.digest(fresh), user=user, **seen), fresh
