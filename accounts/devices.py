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


def remember(user: User, token: str) -> Device:
    """This browser is the person's from now on. Inside the transaction of a sign-in."""
    who = current.actor()
    seen = {"label": who.agent, "network": network(who.address), "epoch": user.epoch, "last_seen": now()}
    device, new = Device.get_or_create(token_hash=crypto.digest(token), user=user, defaults=seen)
    if not new:
        Device.update(**seen).where(Device.id == device.id).execute()
    return device  # type: ignore[no-any-return]
