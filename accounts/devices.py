"""Browsers a person has used before. A cookie tells them again; strangers cannot lock them out (LG-18)."""
import crypto
import current
from accounts.sessions import network
from clock import DAY, now
from db import transaction
from models import Device, PersonalEvent, Session, User

LIFE = 400 * DAY                                # of the cookie: the most that browsers grant


def known(user: User, token: str) -> Device | None:
    """This browser, if this person signed in on it since the account's last epoch."""
    if not token:
        return None
    return Device.get_or_none(  # type: ignore[no-any-return]
        Device.token_hash == crypto.digest(token), Device.user == user.id, Device.epoch == user.epoch)


def strange(user: User, token: str) -> bool:
    """Is this browser, or this network, one the person never signed in from? Not at the very first sign-in."""
    earlier = PersonalEvent.select().where(PersonalEvent.user == user.id, PersonalEvent.kind == "sign_in.done")
    browser = Device.select().where(Device.user == user.id, Device.token_hash == crypto.digest(token))
    place = Session.select().where(Session.user == user.id, Session.network == network(current.actor().address))
    return bool(earlier.exists() and not (token and browser.exists() and place.exists()))


def forget_old() -> None:
    """Browsers whose own cookie has run out."""
    with transaction():
        Device.delete().where(Device.last_seen < now() - LIFE).execute()


def remember(user: User, token: str) -> tuple[Device, str]:
    """This browser is the person's from now on, under the token it has, or a new one if the person is new to it.

    A token that came from elsewhere, because somebody put it there, thus never becomes one this account knows
    (LG-18). Whoever else uses the browser is known by the new one. Inside the transaction of a sign-in.
    """
    who = current.actor()
    seen = {"label": who.agent, "network": network(who.address), "epoch": user.epoch, "last_seen": now()}
    old = crypto.digest(token)
    device = Device.get_or_none(Device.token_hash == old, Device.user == user.id, Device.epoch == user.epoch)
    if device:
        Device.update(**seen).where(Device.id == device.id).execute()
        return device, token
    token = crypto.token()
    if old != crypto.digest(""):
        Device.update(token_hash=crypto.digest(token)).where(Device.token_hash == old).execute()
    device, new = Device.get_or_create(token_hash=crypto.digest(token), user=user, defaults=seen)
    if not new:                                 # known before everything of this person ended
        Device.update(**seen).where(Device.id == device.id).execute()
    return device, token
